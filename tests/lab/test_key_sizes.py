"""How many keys the API server, and the way from Envoy Gateway to Envoy, hold.

Measured with kube-apiserver 1.36.3, Envoy Gateway 1.9.1 and their defaults.
"""

from collections.abc import Iterator

import httpx
import pytest

from lab.client import Lab
from lab.kubernetes_api import KubernetesApi
from lab.ports import free_port
from lab.upstream import Upstream
from tests.lab.key_gateway import DENIED, Answer, KeyGateway, new_key, skipped, write
from tests.lab.plain_gateway import until

pytestmark = pytest.mark.lab

TOO_LARGE = "received message larger than max"
ETCD_REQUEST = 1536 * 1024
"""Bytes of one request that an etcd takes unless it is told otherwise."""


@pytest.fixture(scope="module")
def gateway(api: KubernetesApi, upstream: Upstream) -> Iterator[KeyGateway]:
    made = KeyGateway(api, upstream, "key-sizes", free_port())
    made.deploy()
    yield made
    made.remove()


@pytest.fixture
def routes(gateway: KeyGateway) -> Iterator[None]:
    """Five routes more, of which each has a copy of all keys."""
    gateway.add_route("more", [f"/more-{number}" for number in range(5)])
    yield
    gateway.remove_route("more")


@pytest.mark.usefixtures("routes")
def test_keys_times_routes_beyond_4_mib_keep_envoy_from_hearing_of_any_change(
    gateway: KeyGateway, http: httpx.Client, lab: Lab
) -> None:
    """So large is a message between Envoy Gateway and the AI Gateway unless both are told."""
    eve, later = new_key(), new_key()
    write(gateway, http, {"eve": eve})
    before = skipped(lab, TOO_LARGE)
    many = {f"many-{number}": new_key() * 1500 for number in range(8)}
    gateway.write("first", {"later": later, **many})
    until(lambda: skipped(lab, TOO_LARGE) > before, "it is too large")
    assert gateway.call(http, eve) == Answer(200, [["eve"]])
    assert gateway.call(http, later) == DENIED
    assert gateway.condition()[0] == "True"
    write(gateway, http, {})
    assert gateway.call(http, eve) == DENIED


@pytest.mark.parametrize("managers", [1, 2])
def test_a_secret_holds_what_fits_into_one_request_to_etcd(
    managers: int, gateway: KeyGateway
) -> None:
    """An entry takes id, value and 7 bytes, and once more its id and 8 for each field manager.

    For ids and values of 64 characters at most; the object's other fields take less than 2 KiB.
    """
    entry = 63 + 64 + 7 + managers * (63 + 8)
    refused = ETCD_REQUEST // entry + 1
    with pytest.raises(httpx.HTTPStatusError, match="etcdserver: request is too large"):
        _fill(gateway, refused, managers)
    _fill(gateway, (ETCD_REQUEST - 2048) // entry, managers)


def _fill(gateway: KeyGateway, count: int, managers: int) -> None:
    """Write a Secret that no policy names, as one field manager or as two of the same entries."""
    gateway.api.delete(gateway.secret("full"))
    written = {f"{number:063}": f"{number:064}" for number in range(count)}
    if managers == 1:
        gateway.write("full", written)
        return
    gateway.write("full", dict.fromkeys(written, "9" * 64))
    gateway.edit("full", written)
    gateway.write("full", written)
