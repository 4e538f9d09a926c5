"""ApiKeys: the keys of all consumers, and the Secrets that hold them."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi

from ai_gateway_auth.args import ApiKeysArgs
from ai_gateway_auth.models.components import ApiKeysConfig
from ai_gateway_auth.models.shards import secret_names
from ai_gateway_auth.objects.key_secret import encoded, shared_values

from .consumer_keys import ConsumerKeys, KeyFacts, Run, random_key
from .imported_keys import ImportedKeys
from .key_delivery import deliver, push
from .kubernetes_provider import require_adoption, require_mutable_secrets
from .live_secrets import LiveSecrets
from .resources import KeySecret, connection, name_of
from .settle import settle, warn

Data = Mapping[str, pulumi.Input[str]]
"""The data of a Secret, each entry of which is an output."""
PlainData = Mapping[str, Mapping[str, str]]
"""The data of all Secrets, by their name."""


class ApiKeys(pulumi.ComponentResource):
    """One `random.RandomPassword` per consumer and generation, which is the key.

    It is not a `random.RandomBytes`, because the id of that is the base64 of its bytes: the state
    holds an id in plain text, and the preview of a removed consumer shows it (pulumi-random 4.21.1,
    engine 3.259). The id of every RandomPassword is `none`.

    Adding a consumer creates one RandomPassword and updates one Secret in place. No other
    consumer's key changes. The data has one secret value per client id, so that a diff names who
    comes and goes and masks the keys; `stringData` would show as one masked line
    (pulumi-kubernetes 4.32).
    """

    secret_name: pulumi.Output[str]
    """Name of the first Secret."""
    keys: pulumi.Output[dict[str, str]]
    """Present keys by client id; secret."""
    facts: pulumi.Output[list[KeyFacts]]
    """What may be told of each present key, by client id; plain."""

    def __init__(
        self, name: str, args: ApiKeysArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the keys and their Secrets.

        Raises:
            pulumi.RunError: The args break rules, or the Kubernetes provider would replace the
                Secrets instead of updating them.

        """
        super().__init__("ai-gateway-auth:index:ApiKeys", name, None, opts)
        self._name = name
        self._shape, self._values = settle(
            f"ApiKeys {name}", ApiKeysConfig, cast("Mapping[str, object]", args)
        )
        warn(self, self._shape, opts)
        provider = require_mutable_secrets(self.get_provider("kubernetes:index:Provider"))
        require_adoption(provider, adopt=self._shape.adopt)
        self._names = secret_names(self._shape.secret_name, self._shape.shards)
        self._namespace = self._values.apply(lambda config: config.namespace)
        live = LiveSecrets(self, connection(self._values), self._namespace, self._names)
        consumers = self._consumers(live)
        self.secrets = self._make_secrets(consumers, live)
        self._hand_over(consumers)
        self.secret_name = name_of(self.secrets[0])
        self.keys = pulumi.Output.secret(
            pulumi.Output.all(**{keys.client_id: keys.present.value for keys in consumers})
        )
        self.facts = self._facts(consumers)
        self.register_outputs(
            {"secretName": self.secret_name, "keys": self.keys, "facts": self.facts}
        )

    def _consumers(self, live: LiveSecrets) -> list[ConsumerKeys]:
        """The keys of everybody who has one today, by client id."""
        run = Run.begin()
        opts = pulumi.ResourceOptions(parent=self)
        imported = ImportedKeys(
            self._name, self._shape, self._values, live=live, today=run.today, opts=opts
        )
        return [
            ConsumerKeys(self._name, client_id, consumer, imported=imported, run=run, opts=opts)
            for client_id, consumer in sorted(self._shape.consumers.items())
            if consumer.has_key(run.today)
        ]

    def _make_secrets(self, consumers: list[ConsumerKeys], live: LiveSecrets) -> list[KeySecret]:
        """Each Secret when the live ones allow it, and none with an entry of somebody else."""
        shards = self._shape.shards
        data = {
            name: _data([keys for keys in consumers if shard in shards.of(keys.client_id)])
            for shard, name in enumerate(self._names)
        }
        if not consumers:
            data[self._names[0]] = self._nobody()
        names = {name: entries.apply(sorted) for name, entries in data.items()}
        plain = pulumi.Output.all(**data).apply(lambda found: cast("PlainData", found))
        checks: list[pulumi.Output[None]] = [pulumi.Output.unsecret(plain.apply(_check_unique))]
        if self._shape.adopt:
            checks.append(live.may_be_adopted(plain))
        # In a preview the value of a new key is not known, and would hide all other entries.
        gates = [] if pulumi.runtime.is_dry_run() else checks
        allowed = pulumi.Output.all(live.may_be_written(pulumi.Output.all(**names)), *gates)
        secrets: list[KeySecret] = []
        for shard, name in enumerate(data):
            # One after the other: where a consumer's keys are in two Secrets, the second must not
            # name a key before which is still the present one of the first. Envoy Gateway then
            # sees one value for two client ids, and answers 500 to everybody (1.9.1).
            secret = self._secret(shard, allowed, data[name], after=secrets[-1:])
            live.without_foreign(secret, names[name])
            secrets.append(secret)
        return secrets

    def _nobody(self) -> pulumi.Output[Data]:
        """A key that nobody is told, for a gateway whose last consumer is gone.

        Envoy (1.39.1) replaces an empty list of keys by that of another route of the listener.
        """
        made = random_key(f"{self._name}-nobody", pulumi.ResourceOptions(parent=self))
        entry = pulumi.Output.secret(made.result.apply(encoded))
        return pulumi.Output.from_input(None).apply(lambda _: {"nobody": entry})

    def _secret(
        self,
        shard: int,
        allowed: pulumi.Output[object],
        data: pulumi.Output[Data],
        *,
        after: list[KeySecret],
    ) -> KeySecret:
        suffix = f"-{shard}" if shard else ""
        return KeySecret(
            f"{self._name}-secret{suffix}",
            name=self._names[shard],
            namespace=self._namespace,
            data=allowed.apply(lambda _: data),
            # A Secret of another name is made before the old one goes, so that no request finds
            # none: Envoy answers 500 to everybody then.
            opts=pulumi.ResourceOptions(
                parent=self,
                delete_before_replace=False,
                protect=self._shape.protect,
                depends_on=[*after],
            ),
        )

    def _home(self, keys: ConsumerKeys) -> str:
        return self._names[self._shape.shards.home(keys.client_id)]

    def _facts(self, consumers: list[ConsumerKeys]) -> pulumi.Output[list[KeyFacts]]:
        """What may be told, in one output: one for each of 30,000 consumers takes minutes."""

        # Any: the keys' values, moments and overlaps, one list of each.
        def tell(known: list[list[Any]]) -> list[KeyFacts]:
            return [
                keys.facts(self._home(keys), key, made, has_before=has_before)
                for keys, key, made, has_before in zip(consumers, *known, strict=True)
            ]

        known = pulumi.Output.all(
            pulumi.Output.all(*[keys.present.value for keys in consumers]),
            pulumi.Output.all(*[keys.present.made for keys in consumers]),
            pulumi.Output.all(*[keys.before_is_valid() for keys in consumers]),
        )
        return pulumi.Output.unsecret(known.apply(tell))

    def _hand_over(self, consumers: list[ConsumerKeys]) -> None:
        """After the gateway's own Secrets, so that nobody holds a key that is not valid yet."""
        opts = pulumi.ResourceOptions(parent=self, depends_on=[*self.secrets])
        for keys in consumers:
            deliver(self._name, keys, opts)
            push(self._name, keys, self._home(keys), self._values, opts)


def _check_unique(data: PlainData) -> None:
    shared = shared_values(data)
    if shared:
        raise pulumi.RunError(
            f"one key for two client ids: {'; '.join(shared)}. Envoy Gateway then answers 500 to "
            "everybody. Nothing was changed. Raise the rotation of one of them, or remove it."
        )


def _data(consumers: list[ConsumerKeys]) -> pulumi.Output[Data]:
    """The data of one Secret.

    Where an overlap may go on, only the state knows for how long. The entries stay outputs inside
    the output, so that a diff still names each of them.
    """
    overlaps = [keys for keys in consumers if keys.before is not None]

    def entries(are_valid: list[bool]) -> Data:
        data = {name: entry for keys in consumers for name, entry in keys.entries().items()}
        for keys, is_valid in zip(overlaps, are_valid, strict=True):
            if is_valid:
                data |= keys.entries_before()
        return dict(sorted(data.items()))

    return pulumi.Output.all(*[keys.before_is_valid() for keys in overlaps]).apply(entries)
