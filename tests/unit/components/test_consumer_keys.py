"""Generations, overlaps and imports: which keys there are, and which of them open anything."""

from collections.abc import Callable
from typing import Any, cast

import pulumi
import pytest
from ai_gateway_auth import ApiKeys, AuthenticatedGateway, KubernetesProvider
from ai_gateway_auth.objects.key_secret import encoded, fingerprint

from lab.deployer import values
from tests.pulumi_program import RANDOM_PASSWORD, Run, attempt, random_text, run
from tests.unit.components.build import BOTH

OLD = "an-old-key-that-somebody-made-by-hand-1"


def keys(
    consumers: dict[str, object], late: dict[str, str] | None = None, **args: object
) -> Callable[[], None]:
    """A program; `late` are keys to import that are only known as outputs."""

    def build() -> None:
        given: dict[str, object] = {"namespace": "maas", "consumers": consumers, **args}
        if late is not None:
            imported = {name: pulumi.Output.secret(key) for name, key in late.items()}
            given["imported_keys"] = imported
        opts = pulumi.ResourceOptions(providers=[KubernetesProvider("cluster")])
        found = ApiKeys("keys", cast("Any", given), opts)
        pulumi.export("keys", found.keys)
        pulumi.export("facts", found.facts)

    return build


def made(done: Run) -> list[str]:
    return sorted(thing.name for thing in done.resources if thing.type == RANDOM_PASSWORD)


def data(done: Run, logical_name: str = "keys-secret") -> dict[str, str]:
    return done[logical_name].plain["data"]


def test_a_rotated_key_is_another_resource_of_the_same_client_id() -> None:
    done = run(keys({"alice": {"rotation": 2}}))
    assert made(done) == ["keys-alice-key-2"]
    assert data(done) == {"alice": encoded(random_text("keys-alice-key-2"))}


def test_with_an_overlap_the_key_before_stays_a_resource() -> None:
    done = run(keys({"alice": {"rotation": 2, "overlap_for": "7d"}}))
    assert made(done) == ["keys-alice-key-1", "keys-alice-key-2"]


def test_two_keys_of_one_moment_are_those_of_a_new_consumer_who_gets_one() -> None:
    done = run(keys({"alice": {"rotation": 2, "overlap_for": "7d"}}))
    assert data(done).keys() == {"alice"}


def test_the_first_key_has_none_before_it() -> None:
    done = run(keys({"alice": {"overlap_for": "7d"}}))
    assert made(done) == ["keys-alice-key-1"]


@pytest.mark.parametrize(
    "consumer", [{"revoked": True}, {"expires": "2020-01-01"}], ids=["revoked", "expired"]
)
def test_who_has_no_key_leaves_the_others_theirs(consumer: dict[str, object]) -> None:
    done = run(keys({"alice": {}, "bob": {**consumer, "overlap_for": "7d", "rotation": 3}}))
    assert made(done) == ["keys-alice-key-1"]
    assert data(done).keys() == {"alice"}
    assert values.plain(done.outputs["keys"]).keys() == {"alice"}


def test_an_imported_key_is_used_as_it_is_and_told_to_nobody() -> None:
    done = run(keys({"alice": {}}, late={"alice": OLD}))
    assert data(done) == {"alice": encoded(OLD)}
    assert values.is_secret(done["keys-alice-key-1"].inputs["keepers"])
    assert values.is_secret(done["keys-secret"].inputs["data"]["alice"])
    assert values.plain(done.outputs["keys"]) == {"alice": OLD}
    assert OLD not in f"{done.messages} {done.outputs['facts']}"


def test_an_imported_key_hides_nothing_else_of_a_stack() -> None:
    def build() -> None:
        args = {**BOTH, "imported_keys": {"alice": pulumi.Output.secret(OLD)}}
        AuthenticatedGateway("maas", cast("Any", args))

    done = run(build)
    outputs = done.component_outputs["maas"]
    hidden = {name for name, value in outputs.items() if values.is_secret(value)}
    assert hidden == {"apiKeys"}
    for thing in done.objects("SecurityPolicy"):
        assert not values.is_secret(thing.inputs["spec"]), thing.name


def test_a_random_key_follows_an_imported_one() -> None:
    consumers: dict[str, object] = {"alice": {"rotation": 2, "overlap_for": "7d"}}
    done = run(keys(consumers, imported_keys={"alice": OLD}))
    assert data(done) == {
        "alice": encoded(random_text("keys-alice-key-2")),
        "alice.previous": encoded(OLD),
    }


def test_each_entry_is_a_secret_of_its_own() -> None:
    consumers: dict[str, object] = {"alice": {"rotation": 2, "overlap_for": "7d"}, "bob": {}}
    done = run(keys(consumers, imported_keys={"alice": OLD}))
    entries = done["keys-secret"].inputs["data"]
    assert list(entries) == ["alice", "alice.previous", "bob"]
    assert all(map(values.is_secret, entries.values()))


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        ("Bearer " + OLD, "begins with `Bearer `"),
        ("a-key-of-a-few-bytes", "shorter than 32 bytes"),
        (OLD + "\n", "white space"),
    ],
)
def test_a_value_that_is_only_known_late_is_refused_before_the_secret(bad: str, rule: str) -> None:
    done = attempt(keys({"alice": {}}, late={"alice": bad}))
    assert rule in done.error
    assert bad not in done.error
    assert "keys-secret" not in done.names


def test_one_value_for_two_consumers_is_refused_before_the_secret() -> None:
    done = attempt(keys({"alice": {}, "bob": {}}, late={"alice": OLD, "bob": OLD}))
    assert "alice" in done.error
    assert "bob" in done.error
    assert "500 to everybody" in done.error
    assert OLD not in done.error
    assert "keys-secret" not in done.names


def test_imports_that_nobody_needs_today_are_not_looked_at() -> None:
    gone = [{"name": "gone", "namespace": "legacy"}]
    consumers: dict[str, object] = {
        "alice": {"rotation": 3, "overlap_for": "7d", "import_from": gone},
        "bob": {"revoked": True, "import_from": gone},
    }
    done = run(keys(consumers))
    assert not [thing.name for thing in done.resources if thing.is_read]


def test_facts_tell_no_key() -> None:
    done = run(keys({"alice": {"rotation": 3, "expires": "2999-01-31"}, "bob": {}}))
    assert not values.is_secret(done.outputs["facts"])
    first, second = values.plain(done.outputs["facts"])
    assert (first["clientId"], second["clientId"]) == ("alice", "bob")
    assert (first["generation"], second["generation"]) == (3, 1)
    assert (first["expires"], second["expires"]) == ("2999-01-31", None)
    assert first["secret"] == "maas-api-keys"
    assert first["previousUntil"] is None
    assert first["fingerprint"] == fingerprint(random_text("keys-alice-key-3"))


def test_shards_share_the_consumers_and_a_change_keeps_both_places() -> None:
    everybody: dict[str, object] = {f"consumer-{number}": {} for number in range(20)}
    one = run(keys(everybody))
    growing = run(keys(everybody, shards={"count": 3, "before": 1}))
    grown = run(keys(everybody, shards={"count": 3}))
    names = ["keys-secret", "keys-secret-1", "keys-secret-2"]
    assert growing["keys-secret"].plain == one["keys-secret"].plain
    parts = [data(grown, name) for name in names]
    assert all(parts)
    assert sum(map(len, parts)) == len(everybody)
    assert {**parts[0], **parts[1], **parts[2]} == data(one)
    for name, part in zip(names[1:], parts[1:], strict=True):
        assert data(growing, name) == part
    assert [grown[name].plain["metadata"]["name"] for name in names] == [
        "maas-api-keys",
        "maas-api-keys-1",
        "maas-api-keys-2",
    ]


def test_a_key_is_delivered_after_the_gateway_has_it() -> None:
    place = {"namespace": "search", "name": "models-key"}
    done = run(keys({"alice": {"deliver_to": place}}))
    delivered = done["keys-alice-delivery"]
    assert delivered.plain["metadata"]["namespace"] == "search"
    assert delivered.plain["data"] == {"api-key": data(done)["alice"]}
    assert values.is_secret(delivered.inputs["data"]["api-key"])
    assert done.comes_after(delivered, done["keys-secret"])


def test_a_key_is_pushed_from_the_secret_that_holds_it() -> None:
    done = run(keys({"alice": {"push_to": {"store": "vault", "remote_key": "models/alice"}}}))
    pushed = done["keys-alice-push"]
    assert pushed.inputs["kind"] == "PushSecret"
    assert pushed.spec["selector"] == {"secret": {"name": "maas-api-keys"}}
    assert done.comes_after(pushed, done["keys-secret"])
