"""The keys of one consumer: the present one, and the one before while both are valid."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple, TypedDict

import pulumi
import pulumi_random as random

from ai_gateway_auth.models.consumer import Consumer
from ai_gateway_auth.models.fields import PREVIOUS, days
from ai_gateway_auth.models.keys import KEY_LENGTH
from ai_gateway_auth.objects.key_secret import (
    day,
    encoded,
    fingerprint,
    keeps_key_before,
    moment,
)

from .imported_keys import ImportedKeys

MADE = "made"
"""The keeper of a RandomPassword that tells when it was made."""
IMPORTED = "imported"
"""The keeper of a RandomPassword that holds, as a secret, the key to be used in its place."""

Keepers = Mapping[str, str]


class Key(NamedTuple):
    """One generation of a consumer's key."""

    value: pulumi.Output[str]
    """The key; secret."""
    made: pulumi.Output[str | None]
    """When `up` made it; None where it was imported, or made by release 0.1.0."""


class KeyFacts(TypedDict):
    """What may be told of a consumer's key."""

    clientId: str
    """The consumer's client id."""
    generation: int
    """Generation of its present key."""
    made: str | None
    """When `up` made it, in UTC; None where it was imported, or made by release 0.1.0."""
    expires: str | None
    """The first day on which it is gone."""
    previousUntil: str | None
    """The last day of the key before, while that is valid."""
    secret: str
    """Name of the Secret that holds it."""
    fingerprint: str
    """The first 12 hexadecimal digits of its SHA-256."""


class Run(NamedTuple):
    """This run of the program."""

    now: str
    """Its moment, the same for all keys."""
    today: date
    """Its day in UTC."""

    @classmethod
    def begin(cls) -> "Run":
        """A run that begins now."""
        now = datetime.now(UTC)
        return cls(moment(now), now.date())


def random_key(
    name: str, opts: pulumi.ResourceOptions, keepers: pulumi.Input[Keepers] | None = None
) -> random.RandomPassword:
    """A key that is made once; the state keeps the keepers of the run that made it."""
    return random.RandomPassword(
        name,
        length=KEY_LENGTH,
        special=False,
        upper=False,
        keepers=keepers,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=["keepers"])),
    )


class ConsumerKeys:
    """One consumer's keys."""

    def __init__(
        self,
        name: str,
        client_id: str,
        consumer: Consumer,
        *,
        imported: ImportedKeys,
        run: Run,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Make the keys that the consumer has on this day."""
        self.client_id = client_id
        self.consumer = consumer
        self._name = name
        self._imported = imported
        self._run = run
        self._opts = opts
        self.generation, *before = consumer.generations(run.today)
        self.present = self._key(self.generation, client_id)
        self.before = self._key(before[0], f"{client_id}{PREVIOUS}") if before else None

    def _key(self, generation: int, entry: str) -> Key:
        imported = self._imported.get(self.client_id, generation, entry)
        made = random_key(
            f"{self._name}-{self.client_id}-key-{generation}",
            self._opts,
            keepers=_keepers(self._run.now, imported),
        )
        value = made.keepers.apply(lambda keepers: _imported(keepers) or made.result)
        moment_made = pulumi.Output.unsecret(made.keepers.apply(_made))
        if self._imported.is_given(self.client_id, generation) and imported is not None:
            title = f"the key of {self.client_id} (generation {generation})"
            value = pulumi.Output.all(value, imported).apply(lambda both: _same(title, *both))
            # Known also where its Secret is still to be made: a preview then names all entries.
            moment_made = pulumi.Output.from_input(None)
        return Key(pulumi.Output.secret(value), moment_made)

    def before_is_valid(self) -> pulumi.Output[bool]:
        """Whether the key before is still accepted."""
        if self.before is None:
            return pulumi.Output.from_input(val=False)
        return pulumi.Output.all(self.present.made, self.before.made).apply(
            lambda both: keeps_key_before(self.consumer, both[0], both[1], self._run.today)
        )

    def entries(self) -> dict[str, pulumi.Output[str]]:
        """Entries of a Secret's data that are there for sure."""
        return {self.client_id: self.present.value.apply(encoded)}

    def entries_before(self) -> dict[str, pulumi.Output[str]]:
        """The entry of the key before, to be there while it is valid."""
        if self.before is None:
            return {}
        return {f"{self.client_id}{PREVIOUS}": self.before.value.apply(encoded)}

    def facts(self, secret: str, key: str, made: str | None, *, has_before: bool) -> KeyFacts:
        """What may be told of the present key, from what it is."""
        expires = self.consumer.expires
        return {
            "clientId": self.client_id,
            "generation": self.generation,
            "made": made,
            "expires": expires.isoformat() if expires else None,
            "previousUntil": self._previous_until(made) if has_before else None,
            "secret": secret,
            "fingerprint": fingerprint(key),
        }

    def _previous_until(self, made: str | None) -> str | None:
        if made is None or self.consumer.overlap_for is None:
            return None
        return (day(made) + days(self.consumer.overlap_for)).isoformat()


def _keepers(now: str, imported: pulumi.Output[str | None] | None) -> pulumi.Input[Keepers]:
    """What the state is to remember of a key: when it was made, or what it is."""
    if imported is None:
        return {MADE: now}
    return imported.apply(lambda key: {MADE: now} if key is None else {IMPORTED: key})


def _made(keepers: Keepers | None) -> str | None:
    return (keepers or {}).get(MADE)


def _imported(keepers: Keepers | None) -> str | None:
    return (keepers or {}).get(IMPORTED)


def _same(title: str, key: str, imported: str) -> str:
    if key != imported:
        raise pulumi.RunError(
            f"{title} is not the one that the config imports: it was made before, and no key "
            "changes unless its generation does. Nothing was changed. Remove the import, or raise "
            "rotation and import it with that generation by importFrom."
        )
    return key
