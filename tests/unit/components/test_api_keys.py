from collections.abc import Callable
from typing import Any, cast

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from ai_gateway_auth import ApiKeys, AuthenticatedGateway, KubernetesProvider
from ai_gateway_auth.objects.key_secret import encoded

from lab.deployer import values
from tests.pulumi_program import RANDOM_PASSWORD, Run, attempt, random_text, run
from tests.unit.components.build import BOTH, gateway, refused

KEYS = {
    "alice": random_text("keys-alice-key-1"),
    "ci-runner": random_text("keys-ci-runner-key-1"),
}


def keys(
    provider: Callable[[], pulumi.ProviderResource] | None = None, **args: object
) -> Callable[[], None]:
    given: dict[str, object] = {
        "namespace": "maas",
        "consumers": {"ci-runner": {}, "alice": {}},
        **args,
    }

    def build() -> None:
        made = provider() if provider else KubernetesProvider("cluster")
        opts = pulumi.ResourceOptions(providers=[made])
        found = ApiKeys("keys", cast("Any", given), opts)
        pulumi.export("keys", found.keys)
        pulumi.export("secretName", found.secret_name)

    return build


def test_one_random_key_per_consumer_and_one_secret() -> None:
    done = run(keys())
    random = [thing for thing in done.resources if thing.type == RANDOM_PASSWORD]
    assert sorted(thing.name for thing in random) == ["keys-alice-key-1", "keys-ci-runner-key-1"]
    for thing in random:
        plain = thing.plain
        assert plain.pop("keepers").keys() == {"made"}
        assert plain == {"length": 64, "special": False, "upper": False}
    secret = done["keys-secret"]
    assert secret.type == "kubernetes:core/v1:Secret"
    assert secret.parent == "keys"
    assert secret.plain["type"] == "Opaque"
    assert secret.plain["metadata"]["name"] == "maas-api-keys"
    assert secret.plain["metadata"]["namespace"] == "maas"
    assert secret.plain["data"] == {client: encoded(key) for client, key in KEYS.items()}
    assert "stringData" not in secret.inputs


def test_a_renamed_secret_is_made_before_the_old_one_goes() -> None:
    assert run(keys())["keys-secret"].delete_before_replace is False


def test_no_key_is_ever_told() -> None:
    done = run(keys())
    assert all(map(values.is_secret, done["keys-secret"].inputs["data"].values()))
    assert values.is_secret(done.outputs["keys"])
    assert values.is_secret(done.component_outputs["keys"]["keys"])
    assert values.plain(done.outputs["keys"]) == KEYS
    for thing in done.resources:
        if thing.type == RANDOM_PASSWORD:
            assert set(thing.secret_outputs) >= {"bcryptHash", "result"}
    _assert_only_in_secrets(done, KEYS)


def test_no_key_of_a_whole_stack_is_ever_told() -> None:
    done = gateway(BOTH)
    assert values.is_secret(done.component_outputs["maas"]["apiKeys"])
    names = ("alice", "ci-runner")
    _assert_only_in_secrets(
        done, {name: random_text(f"maas-api-keys-{name}-key-1") for name in names}
    )


def _assert_only_in_secrets(done: Run, found: dict[str, str]) -> None:
    told = [thing.inputs for thing in done.resources]
    told += [done.outputs, *done.component_outputs.values()]
    text = f"{[_without_secrets(thing) for thing in told]} {done.messages}"
    for key in found.values():
        assert key not in text
        assert encoded(key) not in text


def _without_secrets(value: Any) -> Any:  # noqa: ANN401 - JSON
    if values.is_secret(value):
        return None
    if values.is_object(value):
        return {key: _without_secrets(entry) for key, entry in value.items()}
    return [_without_secrets(entry) for entry in value] if values.is_array(value) else value


def test_a_new_consumer_leaves_the_others_alone() -> None:
    before = run(keys())
    after = run(keys(consumers={"alice": {}, "ci-runner": {}, "new": {}}))
    assert set(after.names) - set(before.names) == {"keys-new-key-1"}
    secret, kept = after["keys-secret"], before["keys-secret"].plain["data"]
    assert secret.urn == before["keys-secret"].urn
    assert {**secret.plain["data"], "new": None} == {**kept, "new": None}


def test_order_of_the_consumers_does_not_matter() -> None:
    one = run(keys(consumers={"alice": {}, "ci-runner": {}}))
    other = run(keys(consumers={"ci-runner": {}, "alice": {}}))
    assert one["keys-secret"] == other["keys-secret"]


def plain_provider() -> pulumi.ProviderResource:
    return kubernetes.Provider("cluster")


def mutable_but_silent_provider() -> pulumi.ProviderResource:
    return kubernetes.Provider("cluster", enable_secret_mutable=True)


@pytest.mark.parametrize("provider", [plain_provider, mutable_but_silent_provider])
def test_a_provider_that_may_replace_the_secret_is_refused(
    provider: Callable[[], pulumi.ProviderResource],
) -> None:
    done = attempt(keys(provider))
    assert "enable_secret_mutable" in done.error
    assert "Make the provider with ai_gateway_auth.KubernetesProvider" in done.error
    assert "keys-secret" not in done.names


def test_without_a_provider_it_is_refused() -> None:
    def build() -> None:
        ApiKeys("keys", {"namespace": "maas", "consumers": {"alice": {}}})

    assert "enable_secret_mutable" in attempt(build).error


def test_refused_within_a_whole_stack_before_anything_is_made() -> None:
    def build() -> None:
        opts = pulumi.ResourceOptions(providers=[kubernetes.Provider("cluster")])
        AuthenticatedGateway("maas", cast("Any", BOTH), opts)

    done = attempt(build)
    assert "enable_secret_mutable" in done.error
    assert done.names == ["cluster", "maas"]


def test_the_provider_of_the_caller_writes() -> None:
    done = run(keys())
    assert done["keys-secret"].provider == "cluster"
    assert done["cluster"].plain["enableSecretMutable"] == "true"


def test_mistakes_are_told_together() -> None:
    done = attempt(keys(namespace="Not A Name", secret_name="Neither", consumers={"a b": {}}))
    for path in ("namespace", "secret_name", "consumers.a b"):
        assert f"\n  {path}\n" in done.error
    assert done.error.startswith("ApiKeys keys: the config has 3 mistakes; nothing was changed.")


def test_a_consumer_is_needed() -> None:
    done = refused({**BOTH, "consumers": {}})
    assert "apiKey needs at least one consumer" in done.error
    assert done.names == ["maas"]
