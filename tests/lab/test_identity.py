"""The identity of an API-key client, with and without the script, as the upstream sees it."""

import base64
import secrets
import ssl
import uuid
from collections.abc import Sequence

import httpx
import pytest
from ai_gateway_auth.objects.identity import identity_policy_spec, identity_script

from lab.attempt import CHAT_PATH
from lab.issuer import Issuer
from lab.kubernetes_api import KubernetesApi
from lab.upstream import REQUEST_HEADER, Upstream
from tests.lab.plain_gateway import until
from tests.lab.rows import MODEL
from tests.lab.stack import API_VERSIONS, Stack, Stacks

pytestmark = pytest.mark.lab

Headers = Sequence[tuple[str, str]]

# httpx 0.28 loads the certificate bundle for each client (40 ms), though no listener here has TLS.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
STEADY = 200
GROUPS = {"alice": {"x-user-group": "search", "x-user-tier": "gold"}}
ALICE = [("x-user-group", "search"), ("x-user-id", "alice"), ("x-user-tier", "gold")]
NOBODY_S = [("x-user-id", "ci-runner")]
IDS = ("alice", "alice.previous", "ci-runner")
CLAIMS: dict[str, Headers] = {
    "nothing": (),
    "a group": [("x-user-group", "admins")],
    "a group in capitals": [("X-USER-GROUP", "admins")],
    "two groups": [("x-user-group", "admins"), ("X-User-Group", "root")],
    "groups in one header": [("x-user-group", "admins,root")],
    "an empty group": [("x-user-group", "")],
    "its own group": [("x-user-group", "search")],
    "a tier": [("X-User-Tier", "platinum")],
    "another id": [("x-user-id", "root")],
    "two ids": [("x-user-id", "root"), ("X-User-Id", "alice.previous")],
    "its headers are of one hop": [("connection", "x-user-group, x-user-tier, x-user-id")],
}


class Deployed:
    """A stack whose consumer alice has two keys, and what its upstream receives."""

    def __init__(self, stack: Stack, api: KubernetesApi, upstream: Upstream) -> None:
        self.stack, self.api, self.upstream = stack, api, upstream
        stack.deploy()
        self.keys = {**stack.keys, "alice.previous": secrets.token_hex(32)}
        data = {who: base64.b64encode(key.encode()).decode() for who, key in self.keys.items()}
        stack.apply(api, "Secret", "secrets", "maas-api-keys", data=data)
        for who in IDS:
            until(lambda who=who: self.ask(who)[0] == 200, f"{who} is served")
        # The filter of AI Gateway 1.1.0 can be away once more after the first good answers.
        until(lambda: all(self.ask("alice")[0] == 200 for _ in range(STEADY)), "it serves steadily")

    def ask(
        self, who: str, claims: Headers = (), *, model: str = MODEL
    ) -> tuple[int, list[list[tuple[str, str]]]]:
        """The status, and the identity headers of each request that reached the upstream."""
        return self.send("apiKey", [("x-api-key", self.keys[who]), *claims], model=model)

    def send(
        self, method: str, headers: Headers, *, model: str | None = MODEL
    ) -> tuple[int, list[list[tuple[str, str]]]]:
        """Call the model on a new connection, or list the models without one."""
        request_id = uuid.uuid4().hex
        sent = [(REQUEST_HEADER, request_id), *headers]
        url = self.stack.url(method)
        with httpx.Client(trust_env=False, timeout=20, verify=NO_TLS) as client:
            if model is None:
                answer = client.get(f"{url}/v1/models", headers=sent)
            else:
                answer = client.post(url + CHAT_PATH, headers=sent, json={"model": model})
        received = self.upstream.requests(request_id)
        return answer.status_code, [
            sorted(header for header in request.headers if header[0].startswith("x-user"))
            for request in received
        ]

    @property
    def policy(self) -> str:
        """The path of the policy that runs the script."""
        home = f"/apis/gateway.envoyproxy.io/v1alpha1/namespaces/{self.stack.namespace}"
        return f"{home}/envoyextensionpolicies/identity"

    def run(self, script: str) -> None:
        """Apply the policy, without awaiting anything."""
        self.api.apply(
            self.policy,
            {
                "apiVersion": "gateway.envoyproxy.io/v1alpha1",
                "kind": "EnvoyExtensionPolicy",
                "metadata": {"name": "identity", "namespace": self.stack.namespace},
                "spec": identity_policy_spec(script, gateway="maas", listener="api-key"),
            },
        )

    def accepted(self) -> tuple[str, str]:
        """Status and message of the policy's condition of its newest generation."""
        found = self.api.get(self.policy) or {}
        for ancestor in found.get("status", {}).get("ancestors", []):
            for condition in ancestor["conditions"]:
                is_new = condition["observedGeneration"] == found["metadata"]["generation"]
                if condition["type"] == "Accepted" and is_new:
                    return condition["status"], condition["message"]
        return "", ""

    def is_alice(self) -> bool:
        """Whether the key before is already alice's."""
        return self.ask("alice.previous") == (200, [ALICE])


def script(groups: dict[str, dict[str, str]] | None = None) -> str:
    return identity_script(
        GROUPS if groups is None else groups,
        headers=["x-user-group", "x-user-tier"],
        client_id_header="x-user-id",
        previous_suffix=".previous",
    )


@pytest.fixture(scope="module")
def plain(stacks: Stacks, api: KubernetesApi, upstream: Upstream) -> Deployed:
    """Without the script."""
    return Deployed(stacks.new("plain-identity"), api, upstream)


@pytest.fixture(scope="module")
def scripted(stacks: Stacks, api: KubernetesApi, upstream: Upstream) -> Deployed:
    """With the script in force."""
    made = Deployed(stacks.new("identity"), api, upstream)
    made.run(script())
    until(made.is_alice, "the script is in force")
    assert made.accepted()[0] == "True"
    return made


def test_without_the_script_each_key_is_somebody_else(plain: Deployed) -> None:
    assert plain.ask("alice") == (200, [[("x-user-id", "alice")]])
    assert plain.ask("alice.previous") == (200, [[("x-user-id", "alice.previous")]])


@pytest.mark.parametrize("claim", CLAIMS)
def test_without_the_script_nobody_has_a_group(plain: Deployed, claim: str) -> None:
    assert plain.ask("alice", CLAIMS[claim]) == (200, [[("x-user-id", "alice")]])


@pytest.mark.parametrize("claim", CLAIMS)
def test_both_keys_are_one_consumer_with_a_group_and_a_tier(scripted: Deployed, claim: str) -> None:
    assert scripted.ask("alice", CLAIMS[claim]) == (200, [ALICE])
    assert scripted.ask("alice.previous", CLAIMS[claim]) == (200, [ALICE])


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_consumer_without_a_group_has_none(scripted: Deployed, claim: str) -> None:
    assert scripted.ask("ci-runner", CLAIMS[claim]) == (200, [NOBODY_S])


@pytest.mark.parametrize("header", ["x_user_group", "X_User_Id", "x-user_group"])
def test_a_header_with_underscores_is_refused(scripted: Deployed, header: str) -> None:
    assert scripted.ask("ci-runner", [(header, "admins")]) == (400, [])


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_the_ai_gateway_answers_itself_is_as_without_the_script(
    scripted: Deployed, claim: str
) -> None:
    for who in IDS:
        assert scripted.ask(who, CLAIMS[claim], model="unknown") == (404, [])
        headers = [("x-api-key", scripted.keys[who]), *CLAIMS[claim]]
        assert scripted.send("apiKey", headers, model=None) == (200, [])


@pytest.mark.parametrize("claim", CLAIMS)
def test_without_a_key_nobody_gets_in(scripted: Deployed, claim: str) -> None:
    assert scripted.send("apiKey", CLAIMS[claim]) == (401, [])
    assert scripted.send("apiKey", [("x-api-key", "wrong"), *CLAIMS[claim]]) == (401, [])


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_other_listener_is_not_touched(scripted: Deployed, issuer: Issuer, claim: str) -> None:
    token = issuer.token(sub="alice.previous", aud=scripted.stack.audience)
    headers = [("authorization", f"Bearer {token}"), *CLAIMS[claim]]
    status, (identity,) = scripted.send("oidc", headers)
    assert status == 200
    assert ("x-user-id", "alice.previous") in identity
    assert {name for name, _ in identity} <= {"x-user-id", "x-user-email"}


def test_a_group_of_thirty_thousand(scripted: Deployed) -> None:
    ids = (f"search.client-{number:05}" for number in range(30_000))
    many = {client_id: {"x-user-group": "search"} for client_id in ids}
    last = {"ci-runner": {"x-user-group": "search"}}
    wanted = [("x-user-group", "search"), *NOBODY_S]
    scripted.run(script({**many, **last, **GROUPS}))
    until(lambda: scripted.ask("ci-runner") == (200, [wanted]), "the long script is in force")
    assert scripted.accepted()[0] == "True"
    assert scripted.is_alice()
    scripted.run(script())
    until(lambda: scripted.ask("ci-runner") == (200, [NOBODY_S]), "the short one is back")


@pytest.mark.parametrize(
    "broken", ["function envoy_on_request(", "x = nil + 1\n" + script()], ids=["syntax", "error"]
)
def test_a_refused_script_lets_nothing_through(
    scripted: Deployed, issuer: Issuer, broken: str
) -> None:
    scripted.run(broken)
    until(lambda: scripted.accepted()[0] == "False", "Envoy Gateway refuses the script")
    assert "validation failed for lua body" in scripted.accepted()[1]
    until(lambda: scripted.ask("alice")[0] == 500, "the listener is shut")
    for who in IDS:
        for claims in CLAIMS.values():
            assert scripted.ask(who, claims) == (500, [])
    token = issuer.token(sub="bob", aud=scripted.stack.audience)
    assert scripted.send("oidc", [("authorization", f"Bearer {token}")])[0] == 200
    scripted.run(script())
    until(scripted.is_alice, "the script is in force again")


@pytest.mark.parametrize("claim", [name for name in CLAIMS if name != "nothing"])
def test_nothing_strips_headers_but_the_policy_for_client_traffic(
    stripless: Deployed, claim: str
) -> None:
    """Authentication itself replaces the client id only; the script replaces what it decides on."""
    status, (identity,) = stripless.ask("alice", CLAIMS[claim])
    claimed = [(name.lower(), value) for name, value in CLAIMS[claim] if "-user-" in name.lower()]
    believed = [(name, value) for name, value in claimed if name != "x-user-id"]
    assert (status, identity) == (200, sorted([*believed, ("x-user-id", "alice")]))


def test_a_script_without_a_policy_for_client_traffic_holds_its_own_headers(
    stripless: Deployed,
) -> None:
    stripless.run(script())
    until(stripless.is_alice, "the script is in force")
    for claims in CLAIMS.values():
        assert stripless.ask("alice", claims) == (200, [ALICE])
        assert stripless.ask("ci-runner", claims) == (200, [NOBODY_S])
    stripless.api.delete(stripless.policy)
    until(lambda: not stripless.is_alice(), "the script is gone")


def test_without_its_policy_a_listener_serves_on_without_groups(scripted: Deployed) -> None:
    """Who deletes the policy takes the group away, and so the limits that count by it."""
    scripted.api.delete(scripted.policy)
    until(lambda: scripted.ask("alice") == (200, [[("x-user-id", "alice")]]), "no group")
    assert scripted.ask("alice.previous") == (200, [[("x-user-id", "alice.previous")]])
    scripted.run(script())
    until(scripted.is_alice, "the script is in force again")


@pytest.fixture(scope="module")
def stripless(stacks: Stacks, api: KubernetesApi, upstream: Upstream) -> Deployed:
    """A stack whose ClientTrafficPolicy somebody deleted."""
    made = Deployed(stacks.new("stripless"), api, upstream)
    home = API_VERSIONS["clienttrafficpolicies"]
    policies = f"/{home}/namespaces/{made.stack.namespace}/clienttrafficpolicies"
    (policy,) = (api.get(policies) or {})["items"]
    api.delete(f"{policies}/{policy['metadata']['name']}")
    claim = [("x-user-mark", "1")]
    until(lambda: claim[0] in made.ask("alice", claim)[1][0], "headers are not stripped")
    return made
