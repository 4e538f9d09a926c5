"""The keys of a stack as a table: who has which, and what the next `up` does. Never a key."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from ai_gateway_auth.models.consumer import Consumer

from .outputs import DeployedKey

_HEAD = ("client id", "team", "gen", "made", "expires", "state", "Secret", "fingerprint")
_GOES = "its key goes with the next up"


class Row(NamedTuple):
    """One consumer."""

    client_id: str
    consumer: Consumer | None
    """What the config says; None where it says nothing any more."""
    key: DeployedKey | None
    """What is deployed; None where nothing is."""
    states: list[str]
    """In words, what holds for it."""


def rows(
    consumers: Mapping[str, Consumer],
    deployed: Mapping[str, DeployedKey] | None,
    expiry_warning: timedelta,
    today: date,
) -> list[Row]:
    """All consumers, by client id.

    Args:
        consumers: Those of the config.
        deployed: Their keys; None where nobody asked.
        expiry_warning: How long before a key expires its row says so.
        today: The day of the table, in UTC.

    """
    keys = deployed or {}
    found: list[Row] = []
    for client_id in sorted({*consumers, *keys}):
        consumer, key = consumers.get(client_id), keys.get(client_id)
        states = list(_states(consumer, key, expiry_warning, today))
        if deployed is not None and key is None and consumer and consumer.has_key(today):
            states.insert(0, "not deployed yet")
        found.append(Row(client_id, consumer, key, states or ["live" if key else "not asked"]))
    return found


def _states(
    consumer: Consumer | None, key: DeployedKey | None, expiry_warning: timedelta, today: date
) -> Iterator[str]:
    if consumer is None or not consumer.has_key(today):
        if consumer is None:
            yield "not in the config"
        elif consumer.revoked:
            reason = consumer.revoked_reason
            yield f"revoked: {_line(reason)}" if reason else "revoked"
        else:
            yield "expired"
        if key is not None:
            yield _GOES
        return
    if key is not None and key.generation != consumer.generation(today):
        yield "rotates with the next up"
    if consumer.expires is not None and consumer.expires <= today + expiry_warning:
        left = (consumer.expires - today).days
        yield f"expires in {left} day{'' if left == 1 else 's'}"
    if key is not None and key.previous_until is not None:
        if key.previous_until >= today:
            yield f"key before until {key.previous_until}"
        else:
            yield "key before goes with the next up"


def as_text(found: Sequence[Row], today: date) -> str:
    """The table for people. A line is as long as it needs to be."""
    lines = [_HEAD, *(_cells(row, today) for row in found)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cells(row: Row, today: date) -> tuple[str, ...]:
    key = row.key
    return (
        row.client_id,
        (row.consumer and row.consumer.team) or "-",
        str(_generation(row, today)),
        f"{key.made.date()} ({_age(key, today)} d)" if key and key.made else "-",
        str(_expires(row) or "-"),
        "; ".join(row.states),
        key.secret if key else "-",
        key.fingerprint if key else "-",
    )


def as_data(found: Sequence[Row], today: date) -> list[dict[str, object]]:
    """The table for machines, as JSON data."""
    return [_data(row, today) for row in found]


def _data(row: Row, today: date) -> dict[str, object]:
    consumer, key = row.consumer, row.key
    expires = _expires(row)
    return {
        "clientId": row.client_id,
        "team": consumer.team if consumer else None,
        "tier": consumer.tier if consumer else None,
        "generation": key.generation if key else None,
        "nextGeneration": (
            consumer.generation(today) if consumer and consumer.has_key(today) else None
        ),
        "made": key.made.isoformat() if key and key.made else None,
        "ageDays": _age(key, today) if key else None,
        "expires": expires.isoformat() if expires else None,
        "previousUntil": (key.previous_until.isoformat() if key and key.previous_until else None),
        "revoked": bool(consumer and consumer.revoked),
        "revokedReason": consumer.revoked_reason if consumer else None,
        "states": row.states,
        "secret": key.secret if key else None,
        "fingerprint": key.fingerprint if key else None,
    }


def _generation(row: Row, today: date) -> int | str:
    """That of the deployed key; before there is one, that of the config."""
    if row.key is not None:
        return row.key.generation
    return row.consumer.generation(today) if row.consumer else "-"


def _expires(row: Row) -> date | None:
    if row.consumer is not None:
        return row.consumer.expires
    return row.key.expires if row.key else None


def _age(key: DeployedKey, today: date) -> int | None:
    return (today - key.made.date()).days if key.made else None


def _line(text: str) -> str:
    """A text on one line, without what would steer a terminal."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())
