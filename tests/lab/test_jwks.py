"""Signing keys from a server in the cluster, whose certificate a CA of its own has signed."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from lab.attempt import send
from lab.certificates import Authority
from lab.issuer import Issuer
from lab.kubernetes_api import KubernetesApi
from lab.upstream import Upstream
from tests.lab.callers import await_status
from tests.lab.rows import Row, Wallet, oidc
from tests.lab.stack import Stack, Stacks

pytestmark = pytest.mark.lab

HOST = "jwks.localhost"
AUTHORITY = "jwks-authority"
ROWS = (
    Row("oidc", "no token", 401, lambda _: {}),
    oidc("signed by a foreign key", 401, lambda w: w.issuer.foreign(**w.bob)),
    oidc("good token", 200, lambda w: w.good_token),
)


@pytest.fixture(scope="module")
def keys(issuer: Issuer) -> bytes:
    """The issuer's public keys."""
    return httpx.get(issuer.jwks_uri, trust_env=False).content


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "authority of the JWKS server")


@pytest.fixture(scope="module")
def jwks_uri(authority: Authority, keys: bytes) -> Iterator[str]:
    """A server that gives out the keys over TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(keys)))
            self.end_headers()
            self.wfile.write(keys)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    signed = authority.sign("jwks", common_name=HOST, server_names=[HOST])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed.certificate, signed.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"https://{HOST}:{server.server_address[1]}/keys"
        server.shutdown()
        thread.join()


def _stack(
    stacks: Stacks, api: KubernetesApi, http: httpx.Client, jwks_uri: str, ca: Path
) -> Stack:
    """Its provider's keys come from the server, checked with the CA in a ConfigMap."""
    made = stacks.new("jwks")
    made.config["namespace"]["create"] = False
    made.make_namespace(api)
    made.apply(api, "ConfigMap", "configmaps", AUTHORITY, data={"ca.crt": ca.read_text()})
    made.config["oidc"]["providers"]["dex"]["jwks"] = {"uri": jwks_uri, "caConfigMap": AUTHORITY}
    made.deploy()
    await_status(200, http, made.url("apiKey"), {"x-api-key": made.keys["alice"]})
    return made


@pytest.fixture(scope="module")
def stack(
    stacks: Stacks, api: KubernetesApi, http: httpx.Client, jwks_uri: str, authority: Authority
) -> Stack:
    return _stack(stacks, api, http, jwks_uri, authority.certificate)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(
    row: Row, stack: Stack, issuer: Issuer, upstream: Upstream, http: httpx.Client
) -> None:
    wallet = Wallet(issuer, stack.audience, stack.keys)
    if row.status == 200:
        token = {"authorization": f"Bearer {wallet.good_token}"}
        await_status(200, http, stack.url("oidc"), token)
    result = send(row.attempt(stack.url("oidc"), wallet), upstream, http)
    assert not result.problems


@pytest.fixture
def doubting(
    stacks: Stacks, api: KubernetesApi, http: httpx.Client, jwks_uri: str, tmp_path: Path
) -> Stack:
    """A stack whose CA has not signed the server's certificate."""
    return _stack(stacks, api, http, jwks_uri, Authority(tmp_path, "another").certificate)


def test_keys_from_a_server_of_another_authority_are_not_believed(
    doubting: Stack, issuer: Issuer, upstream: Upstream, http: httpx.Client
) -> None:
    wallet = Wallet(issuer, doubting.audience, doubting.keys)
    row = oidc("good token, keys not believed", 401, lambda w: w.good_token)
    result = send(row.attempt(doubting.url("oidc"), wallet), upstream, http)
    assert not result.problems
