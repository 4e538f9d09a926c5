"""The data of the Secrets that hold the API keys, and what may be told of a key."""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime

from ai_gateway_auth.models.consumer import Consumer
from ai_gateway_auth.models.fields import imported_key_rule

FINGERPRINT_LENGTH = 12


def encoded(key: str) -> str:
    """A key as a Secret's `data` holds it."""
    return base64.b64encode(key.encode()).decode()


def decoded(entry: str) -> str | None:
    """A key from a Secret's `data`, or None where it is no text."""
    try:
        return base64.b64decode(entry, validate=True).decode()
    except ValueError:
        return None


def fingerprint(key: str) -> str:
    """What tells two keys apart and gives neither away: 12 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(key.encode()).hexdigest()[:FINGERPRINT_LENGTH]


def moment(now: datetime) -> str:
    """When a key was made, as the state keeps it: texts compare as the moments do."""
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def day(made: str) -> date:
    """The day of a moment."""
    return datetime.fromisoformat(made).date()


def keeps_key_before(
    consumer: Consumer, made: str | None, made_before: str | None, today: date
) -> bool:
    """Whether the key before a consumer's present one is still valid.

    Args:
        consumer: The consumer.
        made: Moment of the present key; None where it was imported or made by release 0.1.0.
        made_before: The same of the key before.
        today: The day of this `up`.

    The overlap counts from the `up` that made the present key, so that a late `up` cuts no key
    short. Two keys of one moment were made together, for a consumer who is new with a later
    generation: nobody was ever given the one before. Of two imported keys nobody knows when the
    later one came: both stay until the config names the first one no longer.

    """
    if made is None:
        return consumer.overlap_for is not None and made_before is None
    if made_before is not None and made_before >= made:
        return False
    return consumer.keeps_key_before(day(made), today)


def shared_values(data: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Entries that share a value with another one, by their names; `data` is by Secret.

    The same entry with the same value in two Secrets is fine: Envoy Gateway skips the second.
    """
    owners: dict[str, set[str]] = defaultdict(set)
    for entries in data.values():
        for name, value in entries.items():
            owners[value].add(name)
    return sorted(" and ".join(sorted(names)) for names in owners.values() if len(names) > 1)


def imported_key_mistakes(keys: Mapping[str, str]) -> list[str]:
    """What is wrong with imported keys, by whose they are; no text holds a key."""
    owners: dict[str, list[str]] = defaultdict(list)
    mistakes: list[str] = []
    for owner, key in keys.items():
        rule = imported_key_rule(key)
        if rule is not None:
            mistakes.append(f"the key of {owner} can't be imported: {rule}")
        owners[key].append(owner)
    mistakes += [
        f"{' and '.join(equal)} have one key, and Envoy Gateway then answers 500 to everybody"
        for equal in owners.values()
        if len(equal) > 1
    ]
    return sorted(mistakes)
