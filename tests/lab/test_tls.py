"""HTTPS listeners with a certificate of our own, and the plain port that only redirects."""

import base64
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from lab.attempt import send
from lab.certificates import Authority
from lab.issuer import Issuer
from lab.kubernetes_api import KubernetesApi
from lab.ports import free_port
from lab.upstream import REQUEST_HEADER, Upstream
from tests.lab.callers import await_status
from tests.lab.rows import Row, Wallet, api_key, oidc
from tests.lab.stack import Stack, Stacks
from tests.lab.test_closed_policy import foreign_route

pytestmark = pytest.mark.lab

CERTIFICATE = "web-certificate"
ROWS = (
    Row("oidc", "no token", 401, lambda _: {}),
    oidc("wrong audience", 403, lambda w: w.issuer.wrong_audience(sub="bob")),
    oidc("good token", 200, lambda w: w.good_token),
    api_key("no key", 401, lambda _: {}),
    api_key("wrong key", 401, lambda _: {"x-api-key": "0" * 64}),
    api_key("good key", 200, lambda w: {"x-api-key": w.key}),
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "authority of the test")


@pytest.fixture(scope="module")
def https(authority: Authority) -> Iterator[httpx.Client]:
    """Trusts that authority and follows no redirect."""
    context = ssl.create_default_context(cafile=str(authority.certificate))
    with httpx.Client(trust_env=False, verify=context) as client:
        yield client


@pytest.fixture(scope="module")
def stack(stacks: Stacks, api: KubernetesApi, authority: Authority, https: httpx.Client) -> Stack:
    made = stacks.new("tls")
    made.config["namespace"]["create"] = False
    made.make_namespace(api)
    signed = authority.sign("web", common_name="web", server_names=["127.0.0.1"])
    data = {"tls.crt": _encoded(signed.certificate), "tls.key": _encoded(signed.key)}
    made.apply(api, "Secret", "secrets", CERTIFICATE, type="kubernetes.io/tls", data=data)
    for method in ("oidc", "apiKey"):
        made.config[method]["listener"]["tls"] = {"certificateRefs": [CERTIFICATE]}
    made.config["oidc"]["listener"]["tls"]["redirectFromPort"] = free_port()
    made.deploy()
    await_status(200, https, made.url("apiKey"), {"x-api-key": made.keys["alice"]})
    return made


@pytest.fixture(scope="module")
def plain_url(stack: Stack) -> str:
    """Base URL of the port that only redirects."""
    return f"http://127.0.0.1:{stack.config['oidc']['listener']['tls']['redirectFromPort']}"


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(
    row: Row, stack: Stack, issuer: Issuer, upstream: Upstream, https: httpx.Client
) -> None:
    wallet = Wallet(issuer, stack.audience, stack.keys)
    result = send(row.attempt(stack.url(row.method), wallet), upstream, https)
    assert not result.problems


def test_the_plain_port_redirects_and_does_nothing_else(
    stack: Stack, plain_url: str, issuer: Issuer, upstream: Upstream, http: httpx.Client
) -> None:
    await_status(301, http, plain_url)
    good = Wallet(issuer, stack.audience, stack.keys)
    request_id = str(uuid4())
    for headers in ({}, {"authorization": f"Bearer {good.good_token}"}, {"x-api-key": good.key}):
        answer = http.get(
            f"{plain_url}/v1/models?a=1", headers={**headers, REQUEST_HEADER: request_id}
        )
        assert answer.status_code == 301
        assert answer.headers["location"] == f"{stack.url('oidc')}/v1/models?a=1"
    assert upstream.count(request_id) == 0


def test_a_foreign_route_on_the_plain_port_is_closed(
    stack: Stack, plain_url: str, api: KubernetesApi, http: httpx.Client, upstream: Upstream
) -> None:
    foreign_route(stack, api, "foreign", "oidc-redirect")
    request_id = str(uuid4())
    answer = http.get(f"{plain_url}/foreign", headers={REQUEST_HEADER: request_id})
    assert answer.status_code == 403
    assert upstream.count(request_id) == 0


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_tls_1_1_is_refused_and_1_2_is_not(
    stack: Stack, authority: Authority, https: httpx.Client
) -> None:
    await_status(401, https, stack.url("oidc"))
    assert _handshake(stack, authority, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):  # the server's own alert
        _handshake(stack, authority, ssl.TLSVersion.TLSv1_1)


def _handshake(stack: Stack, authority: Authority, version: ssl.TLSVersion) -> str | None:
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.set_ciphers("DEFAULT@SECLEVEL=0")  # OpenSSL 3 itself offers no TLS 1.1 otherwise
    context.minimum_version = version
    context.maximum_version = version
    port = stack.config["oidc"]["listener"]["port"]
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
        context.wrap_socket(connection, server_hostname="127.0.0.1") as secured,
    ):
        return secured.version()


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
