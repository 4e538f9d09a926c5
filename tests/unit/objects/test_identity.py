import re
from collections.abc import Mapping

from ai_gateway_auth.objects.identity import (
    SCRIPT_LIMIT,
    identity_policy_spec,
    identity_script,
)
from hypothesis import given
from hypothesis import strategies as st

from tests import goldens

GROUP, TIER = "x-user-group", "x-user-tier"
CLIENT_IDS = st.text("abcXYZ019-._", min_size=1, max_size=63)
VALUES = st.text(max_size=20)


def script(
    consumers: Mapping[str, Mapping[str, str]], previous_suffix: str = ".previous", *headers: str
) -> str:
    return identity_script(
        consumers,
        headers=headers or (GROUP, TIER),
        client_id_header="x-user-id",
        previous_suffix=previous_suffix,
    )


def groups(text: str) -> dict[str, list[str]]:
    """The values of each line of the script's string, and who has them."""
    (lines,) = re.findall(r"\[\[\n(.*?)\]\]", text, re.DOTALL)
    split = [line.split(" ") for line in lines.splitlines()]
    return {values: ids for values, *ids in split}


def code(text: str) -> str:
    """The script without the string that holds the consumers."""
    return re.sub(r"\[\[\n.*?\]\]", "", text, flags=re.DOTALL)


def test_the_script_of_a_stack() -> None:
    consumers = {
        "search.bob": {GROUP: "search", TIER: "gold"},
        "search.alice": {GROUP: "search", TIER: "gold"},
        "carol": {GROUP: "research"},
        "dave": {TIER: "free"},
        "ci-runner": {},
    }
    goldens.check(goldens.GOLDEN / "identity" / "script.lua", script(consumers))


def test_the_order_of_the_consumers_makes_no_difference() -> None:
    consumers = {"b": {GROUP: "x"}, "a": {GROUP: "x"}, "c": {GROUP: "w"}}
    assert script(consumers) == script(dict(reversed(consumers.items())))


def test_consumers_of_one_group_share_a_line() -> None:
    consumers = {"b": {GROUP: "x"}, "a": {GROUP: "x"}, "c": {GROUP: "x", TIER: "y"}, "d": {}}
    assert groups(script(consumers)) == {"x//": ["a", "b"], "x/y/": ["c"]}


def test_thirty_thousand_consumers_are_below_the_limit() -> None:
    consumers = {
        f"team-{number % 100:03}.client-{number:07}": {GROUP: f"team-{number % 100:03}"}
        for number in range(30_000)
    }
    assert len(script(consumers).encode()) < SCRIPT_LIMIT


def test_without_headers_only_the_id_is_decided_on() -> None:
    text = identity_script({}, headers=(), client_id_header="x-id", previous_suffix=".old")
    assert "local headers = {}" in text
    assert 'local client_id_header = "x-id"' in text
    assert 'local previous_suffix = ".old"' in text


@given(st.dictionaries(CLIENT_IDS, st.fixed_dictionaries({}, optional={GROUP: VALUES}), max_size=8))
def test_no_value_leaves_its_place(consumers: dict[str, dict[str, str]]) -> None:
    """Whatever a value holds: the code stays as it is, and those have it who were given it."""
    text = script(consumers)
    assert code(text) == code(script({}))
    named = [client_id for ids in groups(text).values() for client_id in ids]
    assert sorted(named) == sorted(who for who, given in consumers.items() if given.get(GROUP))
    for values in groups(text):
        assert re.fullmatch(r"[A-Za-z0-9_.~%-]+//", values)


@given(st.text())
def test_no_setting_leaves_its_place(text: str) -> None:
    made = identity_script({}, headers=[text], client_id_header=text, previous_suffix=text)
    strings = re.findall(r'^local \w+ = \{?"([^"]*)"\}?$', made, re.MULTILINE)
    assert len(strings) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_.~%-]*", string) for string in strings)


def test_policy_is_on_one_listener() -> None:
    assert identity_policy_spec("script", gateway="maas", listener="api-key") == {
        "targetRefs": [
            {
                "group": "gateway.networking.k8s.io",
                "kind": "Gateway",
                "name": "maas",
                "sectionName": "api-key",
            }
        ],
        "lua": [{"type": "Inline", "inline": "script"}],
    }
