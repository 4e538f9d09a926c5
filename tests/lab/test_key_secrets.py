"""What Envoy Gateway and Envoy make of the Secrets that hold API keys; all objects are plain ones.

Each test states what the real programs do, the holes too: what this package writes must stay within
the good rows. Measured with Envoy Gateway 1.9.1 and Envoy 1.39.1.
"""

from collections.abc import Iterator

import httpx
import pytest

from lab.client import Lab
from lab.kubernetes_api import KubernetesApi
from lab.ports import free_port
from lab.upstream import Upstream
from tests.lab.key_gateway import (
    DENIED,
    NEIGHBOUR,
    Answer,
    KeyGateway,
    credential,
    new_key,
    renewals,
    skipped,
    write,
)
from tests.lab.plain_gateway import until

pytestmark = pytest.mark.lab

BROKEN = Answer(500, [])


@pytest.fixture(scope="module")
def deployed(api: KubernetesApi, upstream: Upstream) -> Iterator[KeyGateway]:
    made = KeyGateway(api, upstream, "key-secrets", free_port())
    made.deploy()
    yield made
    made.remove()


@pytest.fixture
def bob() -> str:
    """The key of somebody who has nothing to do with what a test does to others."""
    return new_key()


@pytest.fixture
def gateway(deployed: KeyGateway, bob: str, http: httpx.Client) -> KeyGateway:
    """The Gateway, where only Bob has a key."""
    write(deployed, http, {"bob": bob})
    return deployed


@pytest.mark.parametrize("where", ["one", "two"])
def test_one_value_of_two_consumers_breaks_everybody(
    where: str, gateway: KeyGateway, bob: str, http: httpx.Client
) -> None:
    value = new_key()
    if where == "one":
        gateway.write("first", {"bob": bob, "carol": value, "dave": value})
    else:
        gateway.write("first", {"bob": bob, "carol": value})
        gateway.await_status(200, http, value)
        gateway.write("second", {"dave": value})
    gateway.await_status(500, http, bob)
    for key in (bob, value, new_key(), None):
        assert gateway.call(http, key) == BROKEN
    assert gateway.condition() == ("False", "APIKeyAuth: duplicated API key.")
    write(gateway, http, {"bob": bob, "carol": value})
    assert gateway.call(http, bob) == Answer(200, [["bob"]])
    assert gateway.call(http, value) == Answer(200, [["carol"]])
    assert gateway.call(http) == DENIED


@pytest.mark.parametrize("gone", ["first", "second"])
def test_a_consumer_in_two_secrets_leaves_one_and_nobody_notices(
    gone: str, gateway: KeyGateway, bob: str, http: httpx.Client
) -> None:
    alice = new_key()
    write(gateway, http, {"bob": bob, "alice": alice}, {"alice": alice})
    assert gateway.call(http, alice) == Answer(200, [["alice"]])
    with gateway.caller(alice) as hers, gateway.caller(bob) as his:
        until(lambda: min(hers.statuses[200], his.statuses[200]) > 0, "both call")
        if gone == "first":
            write(gateway, http, {"bob": bob}, {"alice": alice})
        else:
            write(gateway, http, {"bob": bob, "alice": alice})
    assert hers.failures == his.failures == {}
    assert gateway.call(http, alice) == Answer(200, [["alice"]])


def test_of_two_values_of_one_consumer_the_first_secret_s_wins(
    gateway: KeyGateway, bob: str, http: httpx.Client
) -> None:
    first, second = new_key(), new_key()
    write(gateway, http, {"bob": bob, "alice": first}, {"alice": second})
    assert gateway.call(http, first) == Answer(200, [["alice"]])
    assert gateway.call(http, second) == DENIED
    assert gateway.call(http, bob) == Answer(200, [["bob"]])


def test_two_keys_of_one_consumer_are_two_ids(
    gateway: KeyGateway, bob: str, http: httpx.Client
) -> None:
    current, previous = new_key(), new_key()
    write(gateway, http, {"bob": bob, "alice": current, "alice.previous": previous})
    assert gateway.call(http, current) == Answer(200, [["alice"]])
    assert gateway.call(http, previous) == Answer(200, [["alice.previous"]])


def test_a_key_becomes_the_previous_one_and_no_request_fails(
    gateway: KeyGateway, bob: str, http: httpx.Client
) -> None:
    old, new = new_key(), new_key()
    write(gateway, http, {"bob": bob, "alice": old})
    with (
        gateway.caller(old) as olds,
        gateway.caller(new) as news,
        gateway.caller(bob) as bobs,
    ):
        until(lambda: news.statuses[401] > 0, "the new key is not yet known")
        write(gateway, http, {"bob": bob, "alice": new, "alice.previous": old})
        until(lambda: news.statuses[200] > 10, "the new key is in use")
        assert olds.failures == {}
        write(gateway, http, {"bob": bob, "alice": new})
        gateway.await_status(401, http, old)
        until(lambda: olds.statuses[401] > 0, "the old connection is denied too")
    assert olds.statuses.keys() == {200, 401}
    assert news.statuses.keys() == {200, 401}
    assert bobs.failures == {}
    assert olds.arrivals == olds.statuses[200]
    assert news.arrivals == news.statuses[200]


def test_the_second_of_two_secrets_must_not_hear_first_that_a_key_became_the_previous_one(
    gateway: KeyGateway, bob: str, http: httpx.Client
) -> None:
    old, new = new_key(), new_key()
    write(gateway, http, {"bob": bob, "alice": old}, {"alice": old})
    gateway.write("second", {"alice": new, "alice.previous": old})
    gateway.await_status(500, http, bob)
    rotated = {"alice": new, "alice.previous": old}
    write(gateway, http, {"bob": bob, **rotated}, rotated)
    assert gateway.call(http, old) == Answer(200, [["alice.previous"]])


def test_the_first_of_two_secrets_may_hear_first_that_a_key_became_the_previous_one(
    gateway: KeyGateway, bob: str, http: httpx.Client
) -> None:
    old, new = new_key(), new_key()
    write(gateway, http, {"bob": bob, "alice": old}, {"alice": old})
    rotated = {"alice": new, "alice.previous": old}
    with gateway.caller(old) as olds, gateway.caller(bob) as bobs:
        until(lambda: min(olds.statuses[200], bobs.statuses[200]) > 0, "both call")
        gateway.write("first", {"bob": bob, **rotated})
        gateway.await_status(200, http, new)
        write(gateway, http, {"bob": bob, **rotated}, rotated)
    assert olds.failures == bobs.failures == {}
    assert gateway.call(http, new) == Answer(200, [["alice"]])


def test_a_secret_without_data_denies_everybody(
    gateway: KeyGateway, bob: str, http: httpx.Client
) -> None:
    """As long as no other policy of the listener has keys; see the next test."""
    for secret in ("first", "second"):
        gateway.write(secret, {})
    gateway.await_status(401, http, bob)
    assert gateway.call(http) == gateway.call(http, new_key()) == gateway.call(http, bob) == DENIED
    assert gateway.condition()[0] == "True"


@pytest.fixture
def anna(gateway: KeyGateway, http: httpx.Client) -> Iterator[str]:
    """The key that a more exact route of the same listener demands, by a policy of its own."""
    key = new_key()

    def status() -> int:
        return http.get(gateway.url + NEIGHBOUR, headers=credential(key)).status_code

    gateway.add_neighbour(key)
    until(lambda: status() == 404, "the upstream, which has no such path, answers her")
    yield key
    gateway.remove_neighbour()
    until(lambda: status() == 401, "the neighbour is gone")


def test_without_any_entry_a_neighbour_s_key_gets_in(
    gateway: KeyGateway, anna: str, bob: str, http: httpx.Client
) -> None:
    """Envoy then takes the keys of the listener's filter: those of the most exact route."""
    assert gateway.call(http, anna) == DENIED
    for secret in ("first", "second"):
        gateway.write(secret, {})
    gateway.await_status(200, http, anna)
    assert gateway.call(http, anna) == Answer(200, [["anna"]])
    assert gateway.call(http, bob) == DENIED
    gateway.write("first", {"nobody": new_key()})
    gateway.await_status(401, http, anna)
    for key in (anna, bob, None):
        assert gateway.call(http, key) == DENIED


def test_a_missing_secret_breaks_everybody(
    gateway: KeyGateway, bob: str, http: httpx.Client, api: KubernetesApi
) -> None:
    api.delete(gateway.secret("second"))
    gateway.await_status(500, http, bob)
    assert gateway.call(http, bob) == gateway.call(http) == BROKEN
    write(gateway, http, {"bob": bob})
    assert gateway.call(http, bob) == Answer(200, [["bob"]])


@pytest.mark.parametrize(
    ("value", "sent", "status"),
    [
        pytest.param("{key}", "{key}", 200, id="as it is"),
        pytest.param("{key}\n", "{key}", 401, id="newline at the end"),
        pytest.param(" {key}", "{key}", 401, id="space before"),
        pytest.param("{key} ", "{key}", 401, id="space behind"),
        pytest.param("a {key}", "a {key}", 200, id="space within"),
        pytest.param("Bearer {key}", "{key}", 401, id="Bearer, bare key sent"),
        pytest.param("Bearer {key}", "Bearer {key}", 401, id="Bearer, the same sent"),
        pytest.param("{key}", "Bearer {key}", 200, id="Bearer sent"),
    ],
)
def test_a_value_counts_as_it_stands_in_the_secret(
    value: str, sent: str, status: int, gateway: KeyGateway, bob: str, http: httpx.Client
) -> None:
    key = new_key()
    write(gateway, http, {"bob": bob, "alice": value.format(key=key)})
    assert gateway.call(http, bob) == Answer(200, [["bob"]])
    seen = [["alice"]] if status == 200 else []
    assert gateway.call(http, sent.format(key=key)) == Answer(status, seen)


@pytest.mark.parametrize("value", [b"", b"\xff\xfe"], ids=["empty", "not UTF-8"])
def test_an_impossible_value_keeps_envoy_from_hearing_of_any_change(
    value: bytes, gateway: KeyGateway, bob: str, http: httpx.Client, lab: Lab
) -> None:
    """Who is revoked stays in, and the policy is Accepted all the same."""
    eve, later = new_key(), new_key()
    write(gateway, http, {"bob": bob, "eve": eve})
    before = skipped(lab)
    gateway.write("first", {"bob": bob, "broken": value, "later": later})
    until(lambda: skipped(lab) > before, "Envoy Gateway has read the Secret")
    assert gateway.call(http, eve) == Answer(200, [["eve"]])
    assert gateway.call(http, later) == DENIED
    assert gateway.condition()[0] == "True"
    write(gateway, http, {"bob": bob})
    assert gateway.call(http, eve) == DENIED


def test_a_change_of_a_key_renews_the_listener(
    gateway: KeyGateway, bob: str, http: httpx.Client, lab: Lab
) -> None:
    """Envoy closes what is left of the old one after its drain time: long streams are cut."""
    before = renewals(gateway, lab)
    write(gateway, http, {"bob": bob, "alice": new_key()})
    assert renewals(gateway, lab) > before


@pytest.mark.usefixtures("anna")
def test_a_change_of_a_key_leaves_the_listener_alone_when_a_more_exact_route_has_keys(
    gateway: KeyGateway, bob: str, http: httpx.Client, lab: Lab
) -> None:
    before = renewals(gateway, lab)
    for _ in range(3):
        write(gateway, http, {"bob": bob, "alice": new_key()})
    assert renewals(gateway, lab) == before
