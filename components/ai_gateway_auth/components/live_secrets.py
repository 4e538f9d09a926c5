"""Looks at the live Secrets of keys before they are written, and once more after."""

from collections.abc import Mapping, Sequence
from typing import cast

import pulumi

from ai_gateway_auth.cluster.connection import Connection, Unreachable
from ai_gateway_auth.cluster.live_keys import (
    Live,
    changed_by_adoption,
    foreign_entries,
    moved_too_soon,
    read_all,
    remove_foreign,
)
from ai_gateway_auth.objects.key_secret import decoded

from .resources import KeySecret

Names = Mapping[str, Sequence[str]]
"""Names of entries, by the name of their Secret."""

_MOST_NAMED = 20


class LiveSecrets:
    """The Secrets of one `ApiKeys` as the cluster has them now."""

    def __init__(
        self,
        component: pulumi.Resource,
        cluster: pulumi.Output[Connection],
        namespace: pulumi.Output[str],
        names: Sequence[str],
    ) -> None:
        """Remember which; they are read when what is planned is known."""
        self._component = component
        self._cluster = cluster
        self._namespace = namespace
        self._names = names

    def entries(self) -> pulumi.Output[dict[str, str]]:
        """The keys that are in use, by the name of their entry; secret."""

        async def read(values: Sequence[object]) -> dict[str, str]:
            live = await self._read(values)
            found: dict[str, str] = {}
            for secret in live.values():
                for entry, value in secret.data.items():
                    key = decoded(value)
                    if key is not None:
                        found.setdefault(entry, key)
            return found

        return pulumi.Output.secret(pulumi.Output.all(self._cluster, self._namespace).apply(read))

    def may_be_written(self, planned: pulumi.Output[Names]) -> pulumi.Output[None]:
        """Fails where writing the entries would lock somebody out for a moment.

        A preview tells of entries that somebody else has made; `up` removes them.
        """

        async def look(values: Sequence[object]) -> None:
            wanted = cast("Names", values[2])
            live = await self._read(values)
            moved = moved_too_soon(live, wanted)
            if moved:
                raise pulumi.RunError(
                    f"{_some(moved)} would leave one Secret before Envoy has them from another, "
                    "so that requests fail in between. Nothing was changed. Set shards.before to "
                    "the number of Secrets that there are now, for one `up`, and remove it in the "
                    "next."
                )
            if pulumi.runtime.is_dry_run():
                self._warn_of_foreign(foreign_entries(live, wanted))

        return pulumi.Output.all(self._cluster, self._namespace, planned).apply(look)

    def may_be_adopted(
        self, planned: pulumi.Output[Mapping[str, Mapping[str, str]]]
    ) -> pulumi.Output[None]:
        """Fails where taking over the Secrets would change or remove a key that is in use."""

        async def look(values: Sequence[object]) -> None:
            wanted = cast("Mapping[str, Mapping[str, str]]", values[2])
            changed = changed_by_adoption(await self._read(values), wanted)
            if changed:
                raise pulumi.RunError(
                    f"adopting would change or remove keys that are in use: {_some(changed)}. "
                    "Nothing was changed. Give the config their values with importFrom, from a "
                    "copy of the Secret, or remove those entries by hand first."
                )

        # Only names come out of it.
        return pulumi.Output.unsecret(
            pulumi.Output.all(self._cluster, self._namespace, planned).apply(look)
        )

    def without_foreign(
        self, made: KeySecret, ours: pulumi.Output[Sequence[str]]
    ) -> pulumi.Output[None]:
        """In an `up`: remove what somebody else has put into a Secret that has been written."""

        async def remove(values: Sequence[object]) -> None:
            if pulumi.runtime.is_dry_run():
                return
            metadata = cast("Mapping[str, str]", values[1])
            try:
                removed = await remove_foreign(
                    cast("Connection", values[0]),
                    metadata["namespace"],
                    metadata["name"],
                    uid=metadata["uid"],
                    ours=cast("Sequence[str]", values[2]),
                )
            except (Unreachable, PermissionError) as error:
                raise pulumi.RunError(
                    f"Secret {metadata['name']} can't be looked at: {error}. A key in it that "
                    "somebody else has added, or that was to go, may open the gateway. Run "
                    "`pulumi up --refresh` if somebody has deleted or restored it; else give the "
                    "kubeconfig and context of the cluster that the provider writes to."
                ) from None
            if removed:
                pulumi.log.warn(
                    f"removed from Secret {metadata['name']}: {_some(removed)}, which this stack "
                    "did not make. Each was a key that opened the gateway.",
                    self._component,
                )

        metadata = made.metadata.apply(
            lambda found: {"namespace": found.namespace, "name": found.name, "uid": found.uid}
        )
        return pulumi.Output.all(self._cluster, metadata, ours).apply(remove)

    async def _read(self, values: Sequence[object]) -> Live:
        try:
            return await read_all(
                cast("Connection", values[0]), cast("str", values[1]), self._names
            )
        except (Unreachable, PermissionError) as error:
            if not pulumi.runtime.is_dry_run():
                raise pulumi.RunError(
                    f"the Secrets of keys can't be looked at: {error}. Nothing was changed. Give "
                    "the kubeconfig and context of the cluster that the provider writes to."
                ) from None
            pulumi.log.warn(
                f"a prerequisite was not checked: the Secrets of keys: {error}.", self._component
            )
            return {}

    def _warn_of_foreign(self, foreign: Mapping[str, Sequence[str]]) -> None:
        for name, entries in foreign.items():
            pulumi.log.warn(
                f"Secret {name} has {_some(entries)}, which this stack did not make: each is a key "
                "that opens the gateway. `pulumi up` removes them.",
                self._component,
            )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
