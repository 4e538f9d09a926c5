"""What is found out about the live Secrets of keys, and what is removed from them."""

import asyncio
from typing import Any

import pytest
from ai_gateway_auth.cluster.connection import Connection, Unreachable
from ai_gateway_auth.cluster.live_keys import (
    LiveSecret,
    changed_by_adoption,
    foreign_entries,
    moved_too_soon,
    read_all,
    remove_foreign,
)

from tests.api_server import ApiServer

SECRETS = "/api/v1/namespaces/maas/secrets"
NAMES = ["keys", "keys-1"]


def live(*entries: str, by_pulumi: tuple[str, ...] = ()) -> LiveSecret:
    return LiveSecret(
        "uid", {entry: f"value of {entry}" for entry in entries}, frozenset(by_pulumi)
    )


def secret(data: dict[str, str], manager: str = "pulumi-kubernetes-1234") -> dict[str, object]:
    fields: dict[str, Any] = {"f:data": {".": {}, **{f"f:{entry}": {} for entry in data}}}
    managed: list[dict[str, Any]] = [{"manager": manager, "fieldsV1": fields}]
    return {"metadata": {"uid": "uid", "managedFields": managed}, "data": data}


def test_what_nobody_planned_and_pulumi_did_not_write_is_foreign() -> None:
    found = {"keys": live("alice", "leaving", "mallory", by_pulumi=("alice", "leaving"))}
    assert foreign_entries(found, {"keys": ["alice", "bob"]}) == {"keys": ["mallory"]}


def test_an_entry_that_is_planned_is_not_foreign_whoever_wrote_it() -> None:
    assert foreign_entries({"keys": live("alice")}, {"keys": ["alice"]}) == {}


def test_an_entry_leaves_a_secret_only_when_it_is_in_another() -> None:
    planned = {"keys": ["bob"], "keys-1": ["alice"]}
    assert moved_too_soon({"keys": live("alice", "bob")}, planned) == ["alice"]
    both = {"keys": live("alice", "bob"), "keys-1": live("alice")}
    assert moved_too_soon(both, planned) == []


def test_an_entry_that_leaves_for_good_does_not_move() -> None:
    assert moved_too_soon({"keys": live("alice", "bob")}, {"keys": ["alice"]}) == []


def test_a_secret_that_goes_must_be_empty_or_copied() -> None:
    planned = {"keys": ["alice"]}
    assert moved_too_soon({"keys": live(), "keys-1": live("alice")}, planned) == ["alice"]
    assert moved_too_soon({"keys": live("alice"), "keys-1": live("alice")}, planned) == []


def test_adoption_changes_nothing() -> None:
    found = {"keys": live("alice", "bob", "carol")}
    planned = {"keys": {"alice": "value of alice", "bob": "another", "new": "value"}}
    assert changed_by_adoption(found, planned) == ["keys/bob", "keys/carol"]


def test_all_secrets_are_read_also_those_of_a_larger_number_before(server: ApiServer) -> None:
    for name in (*NAMES, "keys-2"):
        server.answer(f"{SECRETS}/{name}", secret({name: "value"}))
    found = asyncio.run(read_all(Connection(server.kubeconfig), "maas", NAMES))
    assert list(found) == ["keys", "keys-1", "keys-2"]
    assert found["keys"].written_by_pulumi >= {"keys"}


def test_one_that_is_missing_is_not_the_end(server: ApiServer) -> None:
    server.answer(f"{SECRETS}/keys-1", secret({"alice": "value"}))
    assert list(asyncio.run(read_all(Connection(server.kubeconfig), "maas", NAMES))) == ["keys-1"]


def test_what_is_not_ours_is_removed_whoever_wrote_it(server: ApiServer) -> None:
    path = f"{SECRETS}/keys"
    server.answer(path, secret({"alice": "a", "mallory": "m", "left-over": "l"}))
    assert remove(server, ["alice"]) == ["left-over", "mallory"]
    assert server.received("PATCH", path) == [
        {"metadata": {"uid": "uid"}, "data": {"left-over": None, "mallory": None}}
    ]


def test_nothing_is_written_where_nothing_is_foreign(server: ApiServer) -> None:
    server.answer(f"{SECRETS}/keys", secret({"alice": "a"}))
    assert remove(server, ["alice", "bob"]) == []
    assert server.received("PATCH", f"{SECRETS}/keys") == []


@pytest.mark.parametrize("answer", [404, 503], ids=["gone", "unavailable"])
def test_what_can_not_be_looked_at_is_said(server: ApiServer, answer: int) -> None:
    server.answer(f"{SECRETS}/keys", answer)
    with pytest.raises(Unreachable):
        remove(server, ["alice"])


def test_a_secret_of_another_life_is_not_touched(server: ApiServer) -> None:
    server.answer(f"{SECRETS}/keys", secret({"mallory": "m"}))
    with pytest.raises(Unreachable):
        remove(server, ["alice"], uid="another")
    assert server.received("PATCH", f"{SECRETS}/keys") == []


def test_without_the_right_to_write_it_is_said(server: ApiServer) -> None:
    path = f"{SECRETS}/keys"
    server.answer(path, secret({"mallory": "m"}), 403)
    with pytest.raises(PermissionError, match=r"changing .* is not allowed"):
        remove(server, ["alice"])


def remove(server: ApiServer, ours: list[str], uid: str = "uid") -> list[str]:
    connection = Connection(server.kubeconfig)
    return asyncio.run(remove_foreign(connection, "maas", "keys", uid=uid, ours=ours))
