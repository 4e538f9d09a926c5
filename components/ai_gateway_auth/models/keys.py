"""The keys of all consumers together: what no consumer can know alone."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from .base import Mistake, Note, Path, Pending, Warning_, pending
from .consumer import Consumer
from .delivery import DeliverTo
from .fields import LONGEST_KEY, PREVIOUS, days, is_resource_name
from .shards import MOST_SHARDS, Shards, secret_names

KEY_LENGTH = 64
"""Characters of a key that is made at random: small letters and digits, 330 bits."""
MOST_BYTES = 1_415_000
"""What fits into one Secret, counted by `entry_bytes`, with a margin of a tenth: etcd takes 1.5 MiB
(5,697 entries with ids of 63 characters and two field managers, Kubernetes 1.36.3)."""
MOST_VALUE_BYTES = 1_048_576
"""What Kubernetes takes for all values of one Secret."""
_MOST_NAMED = 20

Consumers = Mapping[str, Consumer]


def entry_bytes(client_id: str, value_length: int) -> int:
    """What an entry takes of a Secret.

    Its id also stands in `managedFields`, once for each field manager, and there are two after a
    stack was adopted or a backup restored.
    """
    return 3 * len(client_id) + value_length + 26


def import_mistakes(
    consumers: Consumers, imported_keys: Mapping[str, str], today: date, path: Path
) -> Iterator[Mistake]:
    """Imported keys have an owner and one value each; the path leads to `importedKeys`."""
    for client_id in imported_keys:
        consumer = consumers.get(client_id)
        if consumer is None:
            yield Mistake(
                ("consumers", client_id),
                None,
                "importedKeys has a key for it, and a key belongs to a consumer.",
                f"add {client_id} to consumers, or remove its imported key.",
            )
        elif any(existing.generation == 1 for existing in consumer.import_from):
            yield Mistake(
                ("consumers", client_id, "importFrom"),
                Note("given"),
                "a key of generation 1 has one value, and importedKeys gives one too.",
                "remove one of the two.",
            )
    yield from _equal_keys(consumers, imported_keys, today, path)


def _equal_keys(
    consumers: Consumers, imported_keys: Mapping[str, str], today: date, path: Path
) -> Iterator[Mistake]:
    owners: dict[str, list[str]] = defaultdict(list)
    for client_id, value in imported_keys.items():
        consumer = consumers.get(client_id)
        if not isinstance(value, Pending) and consumer is not None and consumer.has_key(today):
            owners[value].append(client_id)
    for equal in owners.values():
        for client_id in equal[1:]:
            yield Mistake(
                (*path, client_id),
                Note("[secret]"),
                f"this is the key of {equal[0]} too, and with one key for two client ids Envoy "
                "Gateway answers 500 to everybody.",
                "give one of them a key of its own.",
            )


def delivery_mistakes(
    consumers: Consumers, namespace: str, secret_name: str, shards: Shards
) -> Iterator[Mistake]:
    """Each delivered Secret is of one consumer, and none of the gateway's own."""
    owners = dict.fromkeys(
        ((namespace, name) for name in secret_names(secret_name, shards)), "the gateway's keys"
    )
    for client_id, deliver_to in _deliveries(consumers):
        place = (deliver_to.namespace, deliver_to.name)
        owner = owners.setdefault(place, client_id)
        if owner != client_id and not pending(namespace):
            yield Mistake(
                ("consumers", client_id, "deliverTo"),
                f"{deliver_to.namespace}/{deliver_to.name}",
                f"this Secret is that of {owner} already, and two would overwrite each other.",
                "choose another name or namespace.",
            )


def _deliveries(consumers: Consumers) -> Iterator[tuple[str, DeliverTo]]:
    for client_id, consumer in consumers.items():
        if consumer.deliver_to is not None:
            yield client_id, consumer.deliver_to


def push_mistakes(consumers: Consumers) -> Iterator[Mistake]:
    """The PushSecret is named after its consumer."""
    for client_id, consumer in consumers.items():
        if consumer.push_to is not None and not is_resource_name(client_id):
            yield Mistake(
                ("consumers", client_id, "pushTo"),
                client_id,
                "the PushSecret is named after the client id, which is no Kubernetes name.",
                "use a client id of a-z, 0-9, '-' and '.', e.g. ci-runner, or remove pushTo.",
            )


def group_mistakes(consumers: Consumers, *, lua: bool) -> Iterator[Mistake]:
    """Without Lua, the client id itself has to tell the team."""
    if lua:
        return
    for client_id, consumer in consumers.items():
        if consumer.team is not None and not client_id.startswith(f"{consumer.team}."):
            yield Mistake(
                ("consumers", client_id, "team"),
                consumer.team,
                "without apiKey.lua a limit knows a consumer's team by its client id only, "
                "because Envoy Gateway has no other way to add a header to an API key.",
                f"rename the consumer to {consumer.team}.{client_id}, or set apiKey.lua where "
                "Envoy Gateway has extensionApis.enableLua.",
            )
        if consumer.tier is not None:
            yield Mistake(
                ("consumers", client_id, "tier"),
                consumer.tier,
                "a tier reaches limits as a header, which takes apiKey.lua.",
                "set apiKey.lua where Envoy Gateway has extensionApis.enableLua, or remove tier.",
            )


def entries(
    consumers: Consumers, imported_keys: Mapping[str, str], today: date
) -> dict[str, dict[str, int]]:
    """The most that Secrets may have to hold: lengths of the values by entry, by client id."""
    found: dict[str, dict[str, int]] = {}
    for client_id, consumer in consumers.items():
        if consumer.has_key(today):
            is_imported = bool(consumer.import_from) or client_id in imported_keys
            length = LONGEST_KEY if is_imported else KEY_LENGTH
            found[client_id] = {client_id: length}
            if consumer.overlap_for is not None:
                found[client_id][f"{client_id}{PREVIOUS}"] = length
    return found


def message_bytes(lengths: Mapping[str, Mapping[str, int]], routes: int) -> int:
    """What Envoy Gateway sends to the AI Gateway: each route match carries every key."""
    each = sum(len(name) + length + 6 for own in lengths.values() for name, length in own.items())
    return (routes + 1) * each


def size_mistakes(
    lengths: Mapping[str, Mapping[str, int]], shards: Shards, path: Path
) -> Iterator[Mistake]:
    """Each Secret takes all of its keys; the path leads to `shards`."""
    sizes: Counter[int] = Counter()
    values: Counter[int] = Counter()
    for client_id, own in lengths.items():
        for shard in shards.of(client_id):
            sizes[shard] += sum(entry_bytes(name, length) for name, length in own.items())
            values[shard] += sum(own.values())
    fullness = {
        shard: max(size / MOST_BYTES, values[shard] / MOST_VALUE_BYTES)
        for shard, size in sizes.items()
    }
    fullest, fill = max(fullness.items(), key=lambda item: item[1], default=(0, 0.0))
    if fill > 1:
        yield Mistake(
            (*path, "count"),
            shards.count,
            f"the keys of Secret number {fullest} would fill it to {fill:.0%}, and the API server "
            "would refuse it.",
            _room(shards, fill),
        )


def _room(shards: Shards, fill: float) -> str:
    if shards.before is not None:
        return "add the new consumers when the change of count is done and before is removed."
    # A quarter more, since client ids don't spread evenly.
    enough = math.ceil(shards.count * fill * 1.25)
    if enough > MOST_SHARDS:
        return f"spread the consumers over several stacks of up to {MOST_SHARDS} Secrets."
    return (
        f"set count: {enough}. In a stack that has keys already, do so without the new consumers: "
        f"with before: {shards.count} in one `up`, and without before in the next."
    )


def key_warnings(
    consumers: Consumers, expiry_warning: str, shards: Shards, today: date, path: Path
) -> Iterator[Warning_]:
    """What `up` will do by itself, and what it waits for; the path leads to `shards`."""
    yield from _expiry_warnings(consumers, days(expiry_warning), today)
    if shards.before is not None:
        yield Warning_(
            (*path, "before"),
            f"keys are in their places among {shards.before} Secrets and among {shards.count}; "
            "remove before in the next `up`.",
        )


def _expiry_warnings(consumers: Consumers, within: timedelta, today: date) -> Iterator[Warning_]:
    soon: list[str] = []
    past: list[str] = []
    for client_id, consumer in sorted(consumers.items()):
        if consumer.expires is None or consumer.revoked:
            continue
        if consumer.expires <= today:
            past.append(f"{client_id} ({consumer.expires})")
        elif consumer.expires <= today + within:
            soon.append(f"{client_id} ({consumer.expires})")
    if soon:
        yield Warning_(
            ("consumers",),
            f"keys expire within {within.days} days: {_some(soon)}; from that day on, the next "
            "`up` removes them.",
        )
    if past:
        yield Warning_(("consumers",), f"keys have expired: {_some(past)}; they are removed.")


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    shown = ", ".join(names[:_MOST_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown
