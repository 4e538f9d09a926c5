"""The keys of all consumers together: what no consumer can know alone."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from .base import Mistake, Note, Path, Pending, Warning_, pending
from .consumer import Consumer
from .delivery import DeliverTo
from .fields import LONGEST_KEY, PREVIOUS, days
from .shards import Shards, secret_names

KEY_LENGTH = 64
"""Characters of a key that is made at random: small letters and digits, 330 bits."""
MOST_BYTES = 1_300_000
"""What may be in one Secret, counted as `entry_bytes`."""
_MOST_NAMED = 20

Consumers = Mapping[str, Consumer]


def entry_bytes(client_id: str, value_length: int) -> int:
    """What an entry takes of a Secret: its id twice, the second time in `managedFields`."""
    return 2 * len(client_id) + value_length + 32


def import_mistakes(
    consumers: Consumers, imported_keys: Mapping[str, str], today: date, path: Path
) -> Iterator[Mistake]:
    """Imported keys have an owner and one value each; the path leads to `importedKeys`."""
    for client_id in imported_keys:
        consumer = consumers.get(client_id)
        if consumer is None:
            yield Mistake(
                (*path, client_id),
                Note("given"),
                "an imported key belongs to a consumer.",
                f"add {client_id} to consumers, or remove its key here.",
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
                f"this Secret is that of {owner}, and a Secret is written by one.",
                "choose another name.",
            )


def _deliveries(consumers: Consumers) -> Iterator[tuple[str, DeliverTo]]:
    for client_id, consumer in consumers.items():
        if consumer.deliver_to is not None:
            yield client_id, consumer.deliver_to


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


def size_mistakes(
    consumers: Consumers,
    imported_keys: Mapping[str, str],
    shards: Shards,
    path: Path,
    today: date,
) -> Iterator[Mistake]:
    """Each Secret takes all of its keys; the path leads to `shards`."""
    sizes: Counter[int] = Counter()
    for client_id, consumer in consumers.items():
        if consumer.has_key(today):
            size = _consumer_bytes(client_id, consumer, imported_keys)
            for shard in shards.of(client_id):
                sizes[shard] += size
    fullest, size = max(sizes.items(), key=lambda item: item[1], default=(0, 0))
    if size > MOST_BYTES:
        enough = shards.count * -(-size * 5 // (MOST_BYTES * 4))
        yield Mistake(
            (*path, "count"),
            shards.count,
            f"the keys of Secret number {fullest} would take {size:,} bytes, and a Secret takes "
            f"{MOST_BYTES:,}, because etcd refuses a larger one with all that Kubernetes adds.",
            f"set count: {enough} and before: {shards.count} for one `up`, and remove before in "
            "the next.",
        )


def _consumer_bytes(client_id: str, consumer: Consumer, imported_keys: Mapping[str, str]) -> int:
    is_imported = bool(consumer.import_from) or client_id in imported_keys
    length = LONGEST_KEY if is_imported else KEY_LENGTH
    size = entry_bytes(client_id, length)
    if consumer.overlap_for is not None:
        size += entry_bytes(client_id + PREVIOUS, length)
    return size


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
