"""The Secrets of keys as they are on the cluster, compared with what is about to be written.

Only names of entries are told, never a value.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, cast

from .connection import Cluster, Connection, Json, Unreachable
from .paths import secret_path

PULUMI_MANAGER = "pulumi-kubernetes"
"""Beginning of the field manager's name of everything that pulumi-kubernetes writes (4.32)."""


class LiveSecret(NamedTuple):
    """A Secret of keys on the cluster."""

    uid: str
    """Its UID."""
    data: Mapping[str, str]
    """Its entries, in base64."""
    written_by_pulumi: frozenset[str]
    """Names of the entries that Pulumi wrote."""


Live = Mapping[str, LiveSecret]
"""The Secrets that are there, by name."""


async def read_all(connection: Connection, namespace: str, names: Sequence[str]) -> Live:
    """The Secrets of these names, and those with the next numbers that an `up` before has left.

    Raises:
        Unreachable: The cluster does not answer.
        PermissionError: The cluster does not let us read them.

    """
    cluster = Cluster(connection)
    found: dict[str, LiveSecret] = {}
    number = 0
    while True:
        name = names[number] if number < len(names) else f"{names[0]}-{number}"
        live = await cluster.get(secret_path(namespace, name))
        if live is not None:
            found[name] = _live_secret(live)
        elif number >= len(names):
            return found
        number += 1


async def remove_foreign(
    connection: Connection, namespace: str, name: str, *, uid: str, ours: Collection[str]
) -> list[str]:
    """Remove what somebody else put into a Secret of keys, since Envoy takes it for keys.

    Server-side apply leaves what another field manager owns, and pulumi-kubernetes does not even
    show it (4.32): neither `up` nor `refresh` would ever remove a smuggled key, nor the key of a
    revoked consumer that a stack whose state was lost has written.

    Returns:
        Names of the removed entries.

    Raises:
        Unreachable: The cluster does not answer, or is another one.
        PermissionError: The cluster does not let us read or write it.

    """
    cluster = Cluster(connection)
    path = secret_path(namespace, name)
    found = await cluster.get(path)
    live = None if found is None else _live_secret(found)
    if live is None or live.uid != uid:
        raise Unreachable("the cluster of the kubeconfig has another one, or none")
    foreign = sorted(live.data.keys() - set(ours))
    if not foreign:
        return []
    # With the UID, so that a Secret of another life is not touched.
    gone = {"metadata": {"uid": uid}, "data": dict.fromkeys(foreign)}
    await cluster.merge_patch(path, gone)
    return foreign


def foreign_entries(live: Live, planned: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """Entries, by Secret, that neither this config nor an `up` before has made."""
    found = {
        name: sorted(secret.data.keys() - set(planned.get(name, ())) - secret.written_by_pulumi)
        for name, secret in sorted(live.items())
    }
    return {name: entries for name, entries in found.items() if entries}


def moved_too_soon(live: Live, planned: Mapping[str, Collection[str]]) -> list[str]:
    """Entries that would leave a Secret before Envoy has them from their new one."""
    moved: set[str] = set()
    for name, secret in live.items():
        for entry in secret.data.keys() - set(planned.get(name, ())):
            homes = [home for home, entries in planned.items() if entry in entries]
            if homes and not any(home in live and entry in live[home].data for home in homes):
                moved.add(entry)
    return sorted(moved)


def changed_by_adoption(live: Live, planned: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Entries, as Secret/entry, whose live value would be replaced or removed."""
    return sorted(
        f"{name}/{entry}"
        for name, secret in live.items()
        for entry, value in secret.data.items()
        if planned.get(name, {}).get(entry) != value
    )


def _live_secret(found: Json) -> LiveSecret:
    metadata = cast("Mapping[str, object]", found["metadata"])
    managed = cast("Sequence[Mapping[str, object]]", metadata.get("managedFields") or [])
    written = {
        field.removeprefix("f:")
        for entry in managed
        if str(entry.get("manager", "")).startswith(PULUMI_MANAGER)
        for field in _data_fields(entry)
    }
    data = cast("Mapping[str, str]", found.get("data") or {})
    return LiveSecret(str(metadata["uid"]), data, frozenset(written))


def _data_fields(entry: Mapping[str, object]) -> Mapping[str, object]:
    fields = cast("Mapping[str, Mapping[str, object]]", entry.get("fieldsV1") or {})
    return fields.get("f:data") or {}
