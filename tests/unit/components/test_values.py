"""Args whose values are other resources' outputs, and values that are secret."""

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from ai_gateway_auth.program import run as stack_program

from lab.deployer import values
from tests.pulumi_program import Run, attempt
from tests.unit.components.build import (
    API_KEY,
    BOTH,
    CONSUMERS,
    DEX,
    OIDC,
    ROUTE,
    gateway,
    program,
    refused,
)
from tests.unit.components.programs import identities, objects


def out(value: object) -> pulumi.Output[Any]:
    """An output that is known later."""
    return pulumi.Output.from_input(value).apply(lambda known: known)


def late(args: Callable[[], dict[str, object]]) -> Run:
    """Run with args that can be made inside of the program only, because they hold outputs."""

    def build() -> None:
        program(args())()

    return attempt(build)


PLAIN: dict[str, object] = {
    "namespace": {"name": "late", "labels": {"team": "a"}},
    "oidc": {
        "listener": {"port": 443, "hostname": "a.example.com", "tls": {"certificate_refs": ["c"]}},
        "providers": {
            "kc": {
                "keycloak": {"address": "sso.example.com", "realm": "r"},
                "audiences": ["one", "two"],
            }
        },
        "client_cidrs": ["10.0.0.0/8"],
    },
    "route": ROUTE,
}


def late_args() -> dict[str, object]:
    certificates = {"certificate_refs": [out("c")]}
    keycloak = {"address": out("sso.example.com"), "realm": out("r")}
    return {
        "namespace": {"name": out("late"), "labels": {"team": out("a")}},
        "oidc": {
            "listener": {"port": 443, "hostname": out("a.example.com"), "tls": certificates},
            "providers": {"kc": {"keycloak": keycloak, "audiences": [out("one"), "two"]}},
            "client_cidrs": [out("10.0.0.0/8")],
        },
        "route": {
            "create": {
                "models": {"llama": {"backends": {"vllm": {}}}},
                "backends": {"vllm": {"service": {"name": out("vllm")}}},
            }
        },
    }


def test_outputs_reach_the_specs() -> None:
    done, plain = late(late_args), gateway(PLAIN)
    assert not done.error
    assert list(identities(objects(done))) == list(identities(objects(plain)))
    for ours, theirs in zip(objects(done), objects(plain), strict=True):
        assert ours.inputs == theirs.inputs


def test_an_output_decides_no_name() -> None:
    def args() -> dict[str, object]:
        return {**BOTH, "gateway": {"name": out("late")}, "consumers": {"a": {}, "b": out({})}}

    done = late(args)
    assert "\n  gateway.name\n    value:  [not known yet]\n" in done.error
    assert "\n  consumers.b\n" in done.error
    assert "this field is plain" in done.error
    assert done.names == ["maas"]


def test_an_output_that_turns_out_wrong_fails_before_anything_is_made_of_it() -> None:
    def args() -> dict[str, object]:
        return {**BOTH, "namespace": {"name": out("Not A Name")}}

    done = late(args)
    assert "the config has 1 mistake" in done.error
    assert '\n  namespace.name\n    value:  "Not A Name"\n    rule:   a DNS label' in done.error
    assert not objects(done)


def test_a_rule_over_two_fields_waits_for_both() -> None:
    def args() -> dict[str, object]:
        return {**BOTH, "namespace": {"name": out("envoy-gateway-system")}}

    done = late(args)
    assert "does not live in the controller's namespace" in done.error
    assert not objects(done)


def test_a_secret_that_turns_out_wrong_is_masked() -> None:
    def args() -> dict[str, object]:
        return {**BOTH, "namespace": {"name": pulumi.Output.secret("Hush Hush")}}

    done = late(args)
    assert "\n  namespace.name\n    value:  [secret]\n" in done.error
    assert "Hush" not in f"{done.error}{done.messages}"


def test_a_secret_stays_one_in_the_specs() -> None:
    def args() -> dict[str, object]:
        dex = {
            "dex": {"address": pulumi.Output.secret("hush.example.com")},
            "audiences": ["models"],
        }
        return {**BOTH, "oidc": {**OIDC, "providers": {"dex": dex}}}

    done = late(args)
    assert not done.error
    policy = done["maas-oidc-policy"]
    assert values.has_secret(policy.inputs["spec"])
    assert policy.spec["jwt"]["providers"][0]["issuer"] == "https://hush.example.com/dex"


def stack(config: dict[str, object], *secret_keys: str) -> Run:
    texts = {
        f"ai-gateway-auth:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
    }
    secrets = [f"ai-gateway-auth:{key}" for key in secret_keys]
    return attempt(stack_program, config=texts, secret_keys=secrets, stack="prod")


CONFIG: dict[str, object] = {"oidc": OIDC, "apiKey": API_KEY, "consumers": CONSUMERS}


def hush(address: str) -> dict[str, object]:
    dex = {"dex": {"address": address}, "audiences": ["models"]}
    return {**CONFIG, "oidc": {**OIDC, "providers": {"dex": dex}}}


def test_a_secret_of_the_config_is_secret_in_the_specs() -> None:
    done = stack(hush("hush.example.com"), "oidc")
    assert not done.error
    policy = done["maas-oidc-policy"]
    assert policy.spec["jwt"]["providers"][0]["issuer"] == "https://hush.example.com/dex"
    assert values.has_secret(policy.inputs["spec"])
    assert policy.plain["metadata"]["name"] == "maas-oidc-auth"
    for thing in objects(done):
        text = json.dumps([_open(value) for value in thing.inputs.values()])
        assert "hush.example.com" not in text, thing.name
    told = f"{done.messages}{[_open(value) for value in done.outputs.values()]}"
    assert "hush" not in told


def _open(value: Any) -> Any:  # noqa: ANN401 - JSON
    """What is readable in a preview: all but the secrets."""
    if values.is_secret(value):
        return "[secret]"
    if values.is_object(value):
        return {key: _open(entry) for key, entry in value.items()}
    return [_open(entry) for entry in value] if values.is_array(value) else value


def test_a_secret_of_the_config_is_masked_in_errors() -> None:
    done = stack(hush("https://hush.example.com/"), "oidc")
    assert done.error.startswith("stack prod: the config has 1 mistake; nothing was changed.")
    assert "\n  oidc.providers.dex.dex.address\n    value:  [secret]\n" in done.error
    assert "hush" not in done.error
    assert done.names == []


def test_every_mistake_of_a_stack_is_told_at_once() -> None:
    done = stack({**CONFIG, "attach": "nowhere", "wait": {"gateway": 0}, "gatewey": {}})
    for path in ("attach", "wait.gateway", "gatewey"):
        assert f"\n  {path}\n" in done.error
    assert "write gateway if that is what you mean" in done.error


def test_every_mistake_of_a_component_is_told_at_once() -> None:
    done = refused({"oidc": {**OIDC, "providers": {}, "policy_name": "A B"}, "gatewey": {}})
    for path in ("oidc.providers", "oidc.policy_name", "gatewey"):
        assert f"\n  {path}\n" in done.error
    assert done.names == ["maas"]


def test_texts_of_the_config_are_texts() -> None:
    done = stack({**CONFIG, "controllerNamespace": "[x", "kubeconfig": '{"a": 1}'})
    assert "\n  controllerNamespace\n" in done.error
    assert "\n  kubeconfig\n" not in done.error


@pytest.mark.parametrize("preview", [True, False])
def test_warnings_are_told_once(preview: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    groups = {**DEX, "claim_to_headers": {"groups": "x-groups"}}
    args = {"oidc": {**OIDC, "providers": {"dex": groups}}}
    done = attempt(program({**args, "wait": {"gateway": 1, "policies": 1}}), preview=preview)
    assert [text.partition(":")[0] for text in done.warnings] == [
        "oidc.listener.tls",
        "oidc.providers.dex.claimToHeaders.groups",
    ]
