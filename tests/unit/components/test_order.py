"""Order is security: what closes a door is there before the door, and goes after it."""

from typing import Any

import pytest

from tests.pulumi_program import Registered, Run
from tests.unit.components.programs import Program, identities, identity, objects, stacks

STACKS = [stack for stack in stacks() if stack.name != "attach-route"]


def one(done: Run, kind: str, suffix: str = "") -> Registered:
    (found,) = (thing for thing in done.objects(kind) if thing.name.endswith(suffix))
    return found


def policies(done: Run) -> list[Registered]:
    """The policies of the listeners."""
    return [
        thing
        for thing in done.objects("SecurityPolicy")
        if "sectionName" in thing.spec["targetRefs"][0]
    ]


def _spec(thing: Registered) -> dict[str, Any]:
    return thing.spec


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
class TestOrder:
    """What holds for every stack with a Gateway."""

    def test_everything_is_denied_before_there_is_a_gateway(self, stack: Program) -> None:
        done = stack.run()
        closed = one(done, "SecurityPolicy", "-gateway-closed")
        assert closed.spec["authorization"] == {"defaultAction": "Deny"}
        assert done.comes_after(one(done, "Gateway"), closed)

    def test_the_anchor_is_there_before_there_is_a_gateway_and_denies(self, stack: Program) -> None:
        done = stack.run()
        policy = one(done, "SecurityPolicy", "-anchor-policy")
        route = one(done, "HTTPRoute", "-anchor")
        gateway = one(done, "Gateway")
        assert policy.spec["authorization"] == {"defaultAction": "Deny"}
        assert done.comes_after(route, policy)
        assert done.comes_after(gateway, route)
        authenticated = {ref["targetRefs"][0]["sectionName"] for ref in map(_spec, policies(done))}
        assert {parent["sectionName"] for parent in route.spec["parentRefs"]} == authenticated

    def test_headers_are_stripped_before_a_listener_opens(self, stack: Program) -> None:
        done = stack.run()
        assert policies(done)
        for policy in policies(done):
            assert done.comes_after(policy, one(done, "ClientTrafficPolicy"))
            assert done.comes_after(policy, one(done, "Gateway"))

    def test_keys_are_there_before_the_policy_that_reads_them(self, stack: Program) -> None:
        done = stack.run()
        for policy in policies(done):
            if "apiKeyAuth" in policy.spec:
                assert done.comes_after(policy, one(done, "Secret", "-api-keys-secret"))

    def test_the_route_is_the_last(self, stack: Program) -> None:
        done = stack.run()
        for route in done.objects("AIGatewayRoute"):
            for policy in policies(done):
                assert done.comes_after(route, policy)
            assert not [other for other in done.resources if done.comes_after(other, route)]
            kinds = {"Backend", "AIServiceBackend", "BackendTLSPolicy"}
            used = [thing for thing in done.resources if thing.parent == route.parent]
            for thing in used:
                if thing.inputs["kind"] in kinds:
                    assert done.comes_after(route, thing)

    def test_everything_in_the_namespace_comes_after_it(self, stack: Program) -> None:
        done = stack.run()
        (namespace,) = (thing for thing in done.resources if thing.type.endswith(":Namespace"))
        for thing in objects(done):
            if "namespace" in thing.plain["metadata"]:
                assert done.comes_after(thing, namespace)

    def test_no_two_resources_are_one_object(self, stack: Program) -> None:
        found = list(identities(objects(stack.run())))
        assert len(found) == len(set(found))

    def test_redirects_admit_everybody_to_nothing_but_the_redirect(self, stack: Program) -> None:
        done = stack.run()
        allowing = [
            thing
            for thing in done.objects("SecurityPolicy")
            if thing.spec.get("authorization", {}).get("defaultAction") == "Allow"
        ]
        routes = {
            identity(thing): thing
            for thing in done.objects("HTTPRoute")
            if thing.name.endswith("-redirect")
        }
        assert len(allowing) == len(routes)
        for policy in allowing:
            (target,) = policy.spec["targetRefs"]
            assert target["kind"] == "HTTPRoute"
            route = routes[f"{policy.plain['metadata']['namespace']}/{target['name']}"]
            assert [
                [entry["type"] for entry in rule["filters"]] for rule in route.spec["rules"]
            ] == [["RequestRedirect"]]
            assert all("backendRefs" not in rule for rule in route.spec["rules"])

    def test_every_object_is_written_by_the_provider_that_updates_secrets(
        self, stack: Program
    ) -> None:
        done = stack.run()
        assert {thing.provider for thing in objects(done)} == {"maas-kubernetes"}
        provider = done["maas-kubernetes"].plain
        assert provider["enableSecretMutable"] == "true"
        assert provider["enableServerSideApply"] == "true"
