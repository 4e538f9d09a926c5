from typing import Any

from ai_gateway_auth.models.route import NewRoute
from ai_gateway_auth.objects.route import (
    ai_gateway_route_spec,
    missing_parents,
    redirect_route_spec,
)
from hypothesis import given, settings
from hypothesis import strategies as st

LISTENERS = ["oidc", "api-key"]
FEW = settings(max_examples=30)


def parent(listener: str | None = None, gateway: str = "maas") -> dict[str, str]:
    section = {} if listener is None else {"sectionName": listener}
    group = "gateway.networking.k8s.io"
    return {"group": group, "kind": "Gateway", "name": gateway, **section}


def spec(models: object, **more: object) -> Any:  # noqa: ANN401 - a spec
    service = {"service": {"name": "vllm"}}
    raw = {"models": models, "backends": {"a": service, "b": service}, **more}
    route = NewRoute.model_validate(raw)
    return ai_gateway_route_spec(route, gateway="maas", listeners=LISTENERS)


def match(model: str) -> object:
    return {"headers": [{"type": "Exact", "name": "x-ai-eg-model", "value": model}]}


def test_attached_to_every_listener_by_name() -> None:
    rendered = spec({"m": {"backends": {"a": {}}}})
    assert rendered["parentRefs"] == [parent("oidc"), parent("api-key")]


def test_models_with_the_same_backends_share_a_rule() -> None:
    rendered = spec(
        {
            "m2": {"backends": {"a": {}}},
            "m1": {"backends": {"a": {}}},
            "m3": {"backends": {"a": {}, "b": {}}},
        }
    )
    assert rendered["rules"] == [
        {
            "matches": [match("m1"), match("m2")],
            "backendRefs": [{"name": "a"}],
            "timeouts": {"request": "600s"},
        },
        {
            "matches": [match("m3")],
            "backendRefs": [{"name": "a"}, {"name": "b"}],
            "timeouts": {"request": "600s"},
        },
    ]


def test_weights_priorities_and_names_at_the_backend() -> None:
    (rule,) = spec(
        {"m": {"backends": {"a": {"weight": 0}, "b": {"priority": 0, "modelNameOverride": "x"}}}},
        requestTimeout="5s",
    )["rules"]
    assert rule["backendRefs"] == [
        {"name": "a", "weight": 0},
        {"name": "b", "priority": 0, "modelNameOverride": "x"},
    ]
    assert rule["timeouts"] == {"request": "5s"}


USES = st.dictionaries(
    st.sampled_from(["a", "b"]),
    st.fixed_dictionaries(
        {}, optional={"weight": st.integers(0, 2), "priority": st.integers(0, 1)}
    ),
    min_size=1,
)
MODELS = st.dictionaries(st.sampled_from(["m1", "m2", "m3", "m4"]), USES, min_size=1)


@FEW
@given(models=MODELS, data=st.data())
def test_order_of_the_config_does_not_matter(
    models: dict[str, dict[str, object]], data: st.DataObject
) -> None:
    def served(order: list[str], *, is_reversed: bool) -> dict[str, object]:
        step = -1 if is_reversed else 1
        return {name: {"backends": dict(list(models[name].items())[::step])} for name in order}

    shuffled = data.draw(st.permutations(sorted(models)))
    one = spec(served(sorted(models), is_reversed=False))
    other = spec(served(shuffled, is_reversed=True))
    assert one == other


@FEW
@given(models=MODELS)
def test_every_model_has_exactly_its_own_backends(models: dict[str, dict[str, object]]) -> None:
    rendered = spec({name: {"backends": uses} for name, uses in models.items()})
    found = {
        entry["headers"][0]["value"]: rule["backendRefs"]
        for rule in rendered["rules"]
        for entry in rule["matches"]
    }
    assert sum(len(rule["matches"]) for rule in rendered["rules"]) == len(models)
    assert found == {
        name: [
            {"name": backend, **given_use}
            for backend, given_use in sorted(uses.items())
            if isinstance(given_use, dict)
        ]
        for name, uses in models.items()
    }


def test_redirect_answers_nothing_else() -> None:
    redirect = {"scheme": "https", "port": 8443, "statusCode": 301}
    assert redirect_route_spec(gateway="maas", listener="oidc-redirect", port=8443) == {
        "parentRefs": [parent("oidc-redirect")],
        "rules": [{"filters": [{"type": "RequestRedirect", "requestRedirect": redirect}]}],
    }


def missing(*parents: dict[str, str]) -> list[str]:
    route: dict[str, object] = {"spec": {"parentRefs": list(parents)}}
    return missing_parents(route, gateway="maas", listeners=LISTENERS)


def test_parents_that_an_existing_route_lacks() -> None:
    assert missing(parent("oidc"), parent("api-key")) == []
    assert missing(parent("oidc")) == ["api-key"]
    assert missing(parent("oidc", gateway="other")) == LISTENERS
    assert missing(parent()) == []
    assert missing_parents({}, gateway="maas", listeners=LISTENERS) == LISTENERS
