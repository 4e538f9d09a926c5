"""What `rotate` and `revoke` change in the config."""

from collections.abc import Collection, Mapping
from datetime import date

from ai_gateway_auth.models.consumer import Consumer
from ai_gateway_auth.models.fields import days

from .refusal import Refused, near
from .yaml_edit import Fields

Consumers = Mapping[str, Consumer]


def rotation(
    consumers: Consumers, client_ids: Collection[str], overlap_for: str | None, today: date
) -> dict[str, Fields]:
    """The fields that make a new key for each, by client id.

    Raises:
        Refused: One of them is unknown, or gets no new key this way.

    """
    return {
        client_id: _next_generation(client_id, known(consumers, client_id), overlap_for, today)
        for client_id in client_ids
    }


def _next_generation(
    client_id: str, consumer: Consumer, overlap_for: str | None, today: date
) -> Fields:
    refuse_without_key(client_id, consumer, today)
    if consumer.rotate_every is not None and consumer.since is not None:
        every = days(consumer.rotate_every)
        generation = consumer.generation(today)
        raise Refused(
            f"{client_id} is not rotated by hand.",
            f"Its generation is counted by rotateEvery, and the next `up` from "
            f"{consumer.since + generation * every} on rotates it.",
            f"For a new key today, set its since to {today - generation * every}.",
        )
    fields: dict[str, int | bool | str] = {"rotation": consumer.rotation + 1}
    if overlap_for is not None:
        fields["overlapFor"] = overlap_for
    return fields


def revocation(
    consumers: Consumers, client_ids: Collection[str], reason: str | None
) -> dict[str, Fields]:
    """The fields that take the keys of each, by client id; nobody of whom this is said already.

    Raises:
        Refused: One of them is unknown.

    """
    changes: dict[str, Fields] = {}
    for client_id in client_ids:
        consumer = known(consumers, client_id)
        fields: dict[str, int | bool | str] = {}
        if not consumer.revoked:
            fields["revoked"] = True
        if reason is not None and consumer.revoked_reason != reason:
            fields["revokedReason"] = reason
        if fields:
            changes[client_id] = fields
    return changes


def known(consumers: Consumers, client_id: str) -> Consumer:
    """The consumer of a client id.

    Raises:
        Refused: There is none.

    """
    if client_id in consumers:
        return consumers[client_id]
    raise Refused(
        f"There is no consumer {client_id}.",
        "The stack's config does not list it.",
        near(client_id, consumers) if consumers else "Add it to consumers.",
    )


def refuse_without_key(client_id: str, consumer: Consumer, today: date) -> None:
    """Refuse what only makes sense for a consumer with a key.

    Raises:
        Refused: The config gives it none.

    """
    if consumer.revoked:
        reason = f" ({consumer.revoked_reason})" if consumer.revoked_reason else ""
        raise Refused(
            f"{client_id} has no key.",
            f"The config says that it is revoked{reason}.",
            "Remove revoked and its reason to give it a key again, which is a new one.",
        )
    if not consumer.has_key(today):
        raise Refused(
            f"{client_id} has no key.",
            f"The config says that it expired on {consumer.expires}.",
            "Move or remove expires to give it a key again, which is a new one.",
        )
