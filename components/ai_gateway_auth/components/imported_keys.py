"""Keys that exist already: from the stack's secret config, or from Secrets of somebody else."""

from collections.abc import Mapping
from datetime import date
from typing import cast

import pulumi
import pulumi_kubernetes as kubernetes

from ai_gateway_auth.models.base import pending
from ai_gateway_auth.models.components import ApiKeysConfig
from ai_gateway_auth.models.existing_key import ExistingKey
from ai_gateway_auth.objects.key_secret import decoded, imported_key_mistakes

from .live_secrets import LiveSecrets

Place = tuple[str, int]
"""A client id and a generation."""


class ImportedKeys:
    """The values of imported keys, all checked before any of them is used."""

    def __init__(
        self,
        name: str,
        shape: ApiKeysConfig,
        values: pulumi.Output[ApiKeysConfig],
        *,
        live: LiveSecrets,
        today: date,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Read the Secrets; a value that can't be a key fails whatever is made of any.

        Keys of generations that are not valid today are not looked at.
        """
        self._name = name
        self._values = values
        self._opts = opts
        self._live = live.entries() if shape.adopt else None
        self._secrets: dict[str, kubernetes.core.v1.Secret] = {}
        found: dict[Place, pulumi.Output[str]] = {}
        for client_id, consumer in sorted(shape.consumers.items()):
            used = consumer.generations(today)
            if client_id in shape.imported_keys and 1 in used:
                found[client_id, 1] = self._of_config(client_id)
            for index, existing in enumerate(consumer.import_from):
                if existing.generation in used:
                    place = (client_id, existing.generation)
                    found[place] = self._of_secret(client_id, index, existing)
        self._places = {place: number for number, place in enumerate(found)}
        titles = [_title(place) for place in found]
        self._checked = pulumi.Output.all(*found.values()).apply(
            lambda keys: _check(dict(zip(titles, cast("list[str]", keys), strict=True)))
        )

    def is_given(self, client_id: str, generation: int) -> bool:
        """Whether the config says where this key comes from."""
        return (client_id, generation) in self._places

    def get(self, client_id: str, generation: int, entry: str) -> pulumi.Output[str | None] | None:
        """The value of one generation of a consumer's key, if it is imported; secret.

        Where the stack adopts, a key that the config does not import is that of the live entry.
        """
        number = self._places.get((client_id, generation))
        if number is not None:
            return pulumi.Output.secret(self._checked.apply(lambda keys: keys[number]))
        if self._live is None:
            return None
        return self._live.apply(lambda entries: entries.get(entry))

    def _of_config(self, client_id: str) -> pulumi.Output[str]:
        return pulumi.Output.secret(
            self._values.apply(lambda config: config.imported_keys[client_id])
        )

    def _of_secret(self, client_id: str, index: int, existing: ExistingKey) -> pulumi.Output[str]:
        secret = self._secret(client_id, index, existing)
        data_key = existing.key or client_id
        return pulumi.Output.secret(
            pulumi.Output.all(secret.id, secret.data).apply(
                lambda both: _entry(both[0], both[1], data_key)
            )
        )

    def _secret(
        self, client_id: str, index: int, existing: ExistingKey
    ) -> kubernetes.core.v1.Secret:
        """The Secret, read once however many keys come from it."""
        names = (existing.namespace or "", existing.name)
        is_known = not pending(*names)
        logical = "-".join(part for part in names if part) if is_known else f"{client_id}-{index}"
        if logical not in self._secrets:
            # Looked up, not made: it is never changed and never destroyed.
            self._secrets[logical] = kubernetes.core.v1.Secret.get(
                f"{self._name}-existing-{logical}",
                self._values.apply(lambda config: _id(config, client_id, index)),
                opts=self._opts,
            )
        return self._secrets[logical]


def _id(config: ApiKeysConfig, client_id: str, index: int) -> str:
    existing = config.consumers[client_id].import_from[index]
    return f"{existing.namespace or config.namespace}/{existing.name}"


def _entry(secret: str, data: Mapping[str, str] | None, data_key: str) -> str:
    entry = (data or {}).get(data_key)
    key = None if entry is None else decoded(entry)
    if key is None:
        raise pulumi.RunError(
            f"Secret {secret} has no key {data_key} that is a text, so it can't be imported. "
            "Nothing was changed. Mend importFrom, or make that entry."
        )
    return key


def _title(place: Place) -> str:
    client_id, generation = place
    return f"{client_id} (generation {generation})"


def _check(keys: Mapping[str, str]) -> list[str]:
    mistakes = imported_key_mistakes(keys)
    if mistakes:
        raise pulumi.RunError(
            "keys can't be imported; nothing was changed.\n  - "
            + "\n  - ".join(mistakes)
            + "\nImport other keys, or leave the import out and hand over new ones."
        )
    return list(keys.values())
