from ai_gateway_auth.cluster.conditions import (
    Ancestor,
    gateway_unmet,
    object_unmet,
    policy_unmet,
    reported_ancestors,
    route_unmet,
)
from ai_gateway_auth.cluster.connection import Json
from ai_gateway_auth.components.policy import expected_ancestors
from ai_gateway_auth.models.components import PolicyTarget
from hypothesis import given
from hypothesis import strategies as st

OIDC = Ancestor("Gateway", "maas", "oidc")
API_KEY = Ancestor("Gateway", "maas", "api-key")


def condition(
    kind: str, status: str = "True", *, generation: int | None = 3, reason: str = "", text: str = ""
) -> Json:
    observed = {} if generation is None else {"observedGeneration": generation}
    return {"type": kind, "status": status, "reason": reason, "message": text, **observed}


ACCEPTED = condition("Accepted")


def thing(status: object, generation: int = 3) -> Json:
    return {"metadata": {"generation": generation}, "status": status}


def entry(ref: str, listener: str | None, *conditions: Json, **more: str) -> Json:
    section = {} if listener is None else {"sectionName": listener}
    return {
        ref: {"kind": "Gateway", "name": "maas", **section, **more},
        "conditions": [*conditions],
    }


def policy(*entries: Json) -> Json:
    return thing({"ancestors": [*entries]})


def on(listener: str | None, *conditions: Json, **more: str) -> Json:
    return entry("ancestorRef", listener, *conditions, **more)


def test_accepted_by_all() -> None:
    found = policy(on("oidc", ACCEPTED), on("api-key", ACCEPTED))
    assert policy_unmet(found, [OIDC, API_KEY]) == []


def test_no_status_at_all() -> None:
    unseen: list[Json] = [{"metadata": {"generation": 1}}, {}, thing(None), thing({})]
    for found in [*unseen, thing({"ancestors": None})]:
        assert policy_unmet(found, [OIDC]) == ["Gateway maas, listener oidc: no status yet"]


def test_an_ancestor_is_missing() -> None:
    found = policy(on("oidc", ACCEPTED))
    assert policy_unmet(found, [OIDC, API_KEY]) == ["Gateway maas, listener api-key: no status yet"]


def test_other_ancestors_prove_nothing() -> None:
    found = policy(on("oidc", ACCEPTED, name="other"), on("oidc", ACCEPTED, kind="HTTPRoute"))
    assert policy_unmet(found, [OIDC]) == ["Gateway maas, listener oidc: no status yet"]


def test_the_whole_gateway_does_not_stand_for_a_listener() -> None:
    assert policy_unmet(policy(on(None, ACCEPTED)), [OIDC])
    assert policy_unmet(policy(on(None, ACCEPTED)), [Ancestor("Gateway", "maas")]) == []


def test_status_of_an_older_generation() -> None:
    found = policy(on("oidc", condition("Accepted", generation=2)))
    assert policy_unmet(found, [OIDC]) == [
        "Gateway maas, listener oidc: Accepted is reported for an older generation only"
    ]


def test_a_controller_that_reports_no_generation_is_believed() -> None:
    assert policy_unmet(policy(on("oidc", condition("Accepted", generation=None))), [OIDC]) == []


def test_conflicted() -> None:
    text = "Unable to target Listener oidc, another SecurityPolicy has already attached to it"
    refused = condition("Accepted", "False", reason="Conflicted", text=text)
    assert policy_unmet(policy(on("oidc", refused)), [OIDC]) == [
        f"Gateway maas, listener oidc: Accepted=False, Conflicted: {text}"
    ]


def test_unknown_is_not_true() -> None:
    found = policy(on("oidc", condition("Accepted", "Unknown", reason="Pending", text="wait")))
    assert policy_unmet(found, [OIDC]) == [
        "Gateway maas, listener oidc: Accepted=Unknown, Pending: wait"
    ]


def test_other_conditions_prove_nothing() -> None:
    found = policy(on("oidc", condition("Programmed")))
    assert policy_unmet(found, [OIDC]) == [
        "Gateway maas, listener oidc: Accepted is not reported yet"
    ]


def test_route_needs_its_references_too() -> None:
    parents = [
        entry("parentRef", "oidc", ACCEPTED, condition("ResolvedRefs")),
        entry(
            "parentRef",
            "api-key",
            ACCEPTED,
            condition("ResolvedRefs", "False", reason="BackendNotFound", text="no vllm"),
        ),
    ]
    assert route_unmet(thing({"parents": parents}), [OIDC, API_KEY]) == [
        "Gateway maas, listener api-key: ResolvedRefs=False, BackendNotFound: no vllm"
    ]


def listener(name: str, *conditions: Json) -> Json:
    return {"name": name, "conditions": [*conditions]}


PROGRAMMED = (ACCEPTED, condition("Programmed"))


def test_gateway() -> None:
    status = {
        "conditions": [*PROGRAMMED],
        "listeners": [listener("oidc", *PROGRAMMED, condition("ResolvedRefs"))],
    }
    assert gateway_unmet(thing(status), ["oidc"]) == []
    assert gateway_unmet(thing(status), ["oidc", "api-key"]) == ["listener api-key: no status yet"]
    assert gateway_unmet(thing(status, generation=4), ["oidc"]) == [
        "Gateway: Accepted is reported for an older generation only",
        "Gateway: Programmed is reported for an older generation only",
        "listener oidc: Accepted is reported for an older generation only",
        "listener oidc: Programmed is reported for an older generation only",
        "listener oidc: ResolvedRefs is reported for an older generation only",
    ]


def test_gateway_without_an_address() -> None:
    no_address = condition("Programmed", "False", reason="AddressNotAssigned", text="no address")
    status = {
        "conditions": [ACCEPTED, no_address],
        "listeners": [
            listener(
                "oidc",
                *PROGRAMMED,
                condition("ResolvedRefs", "False", reason="InvalidCertificateRef", text="no tls"),
            )
        ],
    }
    assert gateway_unmet(thing(status), ["oidc"]) == [
        "Gateway: Programmed=False, AddressNotAssigned: no address",
        "listener oidc: ResolvedRefs=False, InvalidCertificateRef: no tls",
    ]


def test_plain_conditions() -> None:
    assert object_unmet(thing({"conditions": [ACCEPTED]}), ["Accepted"]) == []
    assert object_unmet({}, ["Accepted"]) == ["Accepted is not reported yet"]


def test_who_must_accept_a_policy() -> None:
    target = PolicyTarget(gateway="maas", listener="oidc")
    assert expected_ancestors(target, policy()) == [OIDC]


def test_every_reported_gateway_must_accept_the_policy_of_a_route() -> None:
    target = PolicyTarget(route="theirs")
    found = policy(on(None, ACCEPTED), on("b", ACCEPTED, name="other"))
    assert reported_ancestors(found) == [
        Ancestor("Gateway", "maas"),
        Ancestor("Gateway", "other", "b"),
    ]
    assert expected_ancestors(target, found) == reported_ancestors(found)
    assert policy_unmet(policy(), expected_ancestors(target, policy()))


STATUSES = st.sampled_from(["True", "False", "Unknown"])
GENERATIONS = st.integers(0, 5)


@given(status=STATUSES, observed=GENERATIONS, generation=GENERATIONS)
def test_met_only_by_true_for_this_generation(status: str, observed: int, generation: int) -> None:
    found = policy(on("oidc", condition("Accepted", status, generation=observed)))
    found["metadata"] = {"generation": generation}
    is_met = status == "True" and observed >= generation
    assert (policy_unmet(found, [OIDC]) == []) == is_met
