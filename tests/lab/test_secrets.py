"""No key, token or credential in anything that is said, logged, passed on or left open.

Each place holds a canary, so that a search that finds nothing has looked at the right one. What the
engine itself prints is the subject of tests/engine/test_secrets.py.
"""

import json
import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from lab.attempt import CHAT_PATH
from lab.client import Lab
from lab.folders import LAB, LOGS
from lab.issuer import Issuer
from lab.kubernetes_api import KubernetesApi
from lab.upstream import REQUEST_HEADER, Upstream
from tests.lab.callers import await_status
from tests.lab.every_key import BAD, EveryKey
from tests.lab.plain_gateway import until
from tests.lab.rows import MODEL, bearer
from tests.lab.stack import LISTENERS, Stack, Stacks
from tests.lab.theirs import make_backend, make_route
from tests.leaks import check_silent, leaks, open_files_with

pytestmark = pytest.mark.lab

Headers = list[tuple[str, str]]
CANARY = f"canary-{secrets.token_hex(8)}"
BEGAN = time.time()


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The temporary folder of every program that a deployment starts."""
    folder = tmp_path_factory.mktemp("tmp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        yield folder


@pytest.fixture(scope="module")
def every(temporary: Path, stacks: Stacks, api: KubernetesApi) -> Iterator[EveryKey]:
    """Deployed, rotated, and served."""
    del temporary
    made = EveryKey(stacks.new("secrets"), api)
    made.deploy()
    made.rotate()
    made.deploy()
    with httpx.Client(trust_env=False) as http:
        for key in made.stack.keys.values():
            await_status(200, http, made.stack.url("apiKey"), {"x-api-key": key})
    yield made
    made.remove()


@pytest.fixture(scope="module")
def theirs(lab: Lab, stacks: Stacks, api: KubernetesApi, upstream: Upstream) -> Stack:
    """A stack beside a route of somebody else's, whose backend keeps every header."""
    del lab
    made = stacks.new("secrets-theirs")
    made.config["namespace"]["create"] = False
    made.make_namespace(api)
    make_backend(made, api, upstream)
    listeners = tuple(LISTENERS.values())
    make_route(made, api, "theirs", MODEL, gateway="maas", listeners=listeners)
    made.config["route"] = {"existing": {"name": "theirs"}}
    made.deploy()
    with httpx.Client(trust_env=False) as http:
        await_status(200, http, made.url("apiKey"), {"x-api-key": made.keys["alice"]})
    return made


def test_there_is_a_key_of_every_kind(every: EveryKey) -> None:
    assert len(every.credentials) == len(every.consumers) + 1, "alice has two"
    assert every.stack.keys["dave"] in every.credentials
    assert every.stack.keys["erin"] in every.credentials


def test_no_deployment_tells_a_key(every: EveryKey) -> None:
    check_silent("\n".join(every.told), every.credentials, every.canary)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_no_refusal_tells_a_key(every: EveryKey, bad: Callable[[EveryKey], str]) -> None:
    every.import_bad(bad(every))
    try:
        told = every.refused()
    finally:
        del every.consumers["mallory"]
    assert "can't be imported" in told
    check_silent(told, every.credentials, "mallory (generation 1)")


def test_an_error_of_the_api_server_tells_no_key(every: EveryKey) -> None:
    every.fill()
    every.consumers["erin"]["rotation"] = 2
    del every.stack.config["importedKeys"]
    told = every.refused()
    every.collect()
    every.empty()
    check_silent(told, every.credentials, "may not be more than 1048576 bytes")
    every.deploy()


WAYS: dict[str, tuple[int, Callable[[str, str, str], Headers]]] = {
    "X-API-Key": (200, lambda key, _, __: [("x-api-key", key)]),
    "Authorization": (200, lambda key, _, __: [("authorization", f"Bearer {key}")]),
    "X-API-Key with Bearer": (200, lambda key, _, __: [("x-api-key", f"Bearer {key}")]),
    "both, of one": (
        200,
        lambda key, _, __: [("x-api-key", key), ("authorization", f"Bearer {key}")],
    ),
    "both, of two": (
        200,
        lambda key, other, _: [("x-api-key", key), ("authorization", f"Bearer {other}")],
    ),
    "both, with a token": (
        200,
        lambda key, _, token: [("x-api-key", key), ("authorization", f"Bearer {token}")],
    ),
    "both, the second wrong": (
        200,
        lambda key, other, _: [("x-api-key", key), ("authorization", f"Bearer {other[::-1]}")],
    ),
    "both, the first empty": (
        200,
        lambda key, _, __: [("x-api-key", ""), ("authorization", f"Bearer {key}")],
    ),
    "X-API-Key twice": (200, lambda key, other, _: [("x-api-key", key), ("x-api-key", other)]),
    "both, the first wrong": (
        401,
        lambda key, other, _: [("x-api-key", other[::-1]), ("authorization", f"Bearer {key}")],
    ),
}
"""Ways to send a key, with the key of another or a token beside it; and the status."""


@pytest.mark.parametrize(("status", "way"), WAYS.values(), ids=WAYS)
def test_no_key_reaches_the_upstream(
    theirs: Stack,
    issuer: Issuer,
    upstream: Upstream,
    http: httpx.Client,
    status: int,
    way: Callable[[str, str, str], Headers],
) -> None:
    """Envoy removes each header that may carry a key, whichever did (1.39.1)."""
    key, other = theirs.keys["alice"], theirs.keys["ci-runner"]
    token = _token(theirs, issuer)
    found, arrived = _call(theirs, "apiKey", way(key, other, token), upstream, http)
    assert found == status
    if status == 200:
        check_silent(arrived, [key, other, other[::-1], _secret_part(token)], CANARY)
    else:
        assert arrived == ""


@pytest.mark.parametrize(
    "more",
    [
        [],
        ["x-api-key"],
    ],
    ids=["a token", "a token and a key"],
)
def test_no_token_reaches_the_upstream_of_our_route(
    every: EveryKey, issuer: Issuer, upstream: Upstream, http: httpx.Client, more: list[str]
) -> None:
    key, token = every.stack.keys["alice"], _token(every.stack, issuer)
    headers = [*bearer(token).items(), *((name, key) for name in more)]
    status, arrived = _call(every.stack, "oidc", headers, upstream, http)
    assert status == 200
    check_silent(arrived, [*every.credentials, _secret_part(token)], CANARY)


def test_no_log_has_a_credential(
    every: EveryKey, issuer: Issuer, upstream: Upstream, http: httpx.Client
) -> None:
    """Envoy's log is its access log; Envoy Gateway's and the AI Gateway's lie beside it."""
    stack, token = every.stack, _token(every.stack, issuer)
    refused = issuer.expired(sub="bob", aud=stack.audience)
    credentials = [*every.credentials, *map(_secret_part, (token, refused))]
    for method, credential in (
        *(("apiKey", key) for key in every.credentials),
        ("oidc", token),
        ("oidc", refused),
        ("oidc", every.stack.keys["alice"]),
        ("apiKey", token),
    ):
        _call(stack, method, list(bearer(credential).items()), upstream, http)
        _call(stack, method, [("x-api-key", credential)], upstream, http)
    last = f"canary-{secrets.token_hex(8)}"
    _call(stack, "apiKey", [("user-agent", last)], upstream, http)
    access_log = next(LOGS.glob(f"envoy-{stack.namespace}-*.log"))
    until(lambda: last in access_log.read_text(), "Envoy writes its log every 10 s")
    assert stack.namespace in (LOGS / "envoy-gateway.log").read_text()
    # Another stack's Envoy has requests of its own, with tokens that begin alike.
    others = set(LOGS.glob("envoy-*.log")) - {access_log, LOGS / "envoy-gateway.log"}
    logs = sorted(set(LOGS.rglob("*.log")) - others)
    assert any(log.name.startswith("ai-gateway") for log in logs)
    for log in logs:
        with log.open("a") as file:
            file.write(f"{CANARY}\n")
        text = log.read_bytes().decode("latin-1")
        assert "plain" in leaks(text, [CANARY])
        assert leaks(text, credentials) == [], log


def test_files_with_a_credential_are_only_ours_to_read(every: EveryKey, temporary: Path) -> None:
    """What the deployer keeps and leaves, and everything that the lab wrote meanwhile."""
    for folder in (every.stack.folder, temporary, LAB):
        canary = folder / "canary"
        canary.write_text(f"key: {CANARY}")
        found = open_files_with(folder, [CANARY, *every.credentials], written_after=BEGAN)
        canary.unlink()
        assert found.keys() - {canary} - _logs() == set()
        assert canary in found, "the search finds keys"


def _logs() -> set[Path]:
    """Our own canary stands in them."""
    return set(LOGS.rglob("*.log"))


def _token(stack: Stack, issuer: Issuer) -> str:
    return issuer.token(sub="bob", email="bob@example.com", aud=stack.audience)


def _secret_part(token: str) -> str:
    """A token without its header, which is that of all tokens."""
    return token.partition(".")[2]


def _call(
    stack: Stack, method: str, headers: Headers, upstream: Upstream, http: httpx.Client
) -> tuple[int, str]:
    """The status, and everything that the upstream recorded of the request."""
    request_id = uuid.uuid4().hex
    sent = [*headers, (REQUEST_HEADER, request_id), ("x-canary", CANARY)]
    answer = http.post(stack.url(method) + CHAT_PATH, headers=sent, json={"model": MODEL})
    received = upstream.requests(request_id)
    return answer.status_code, json.dumps([[r.path, r.headers] for r in received] or "")[1:-1]
