"""The edit of a stack's file: what is intended changes, and no other character."""

from typing import Any, cast

import pytest
from ai_gateway_auth.cli import yaml_edit
from ai_gateway_auth.cli.difference import difference
from ai_gateway_auth.cli.refusal import Refused
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

HEAD = "config:\n  ai-gateway-auth:consumers:\n"


def edit(text: str, **changes: yaml_edit.Fields) -> str:
    return yaml_edit.edited(text, yaml_edit.STACK_FILE, changes).after


def data(text: str) -> Any:  # noqa: ANN401 - plain data
    yaml: Any = YAML(typ="safe", pure=True)
    return yaml.load(text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    a: {}", "    a: {rotation: 2}"),
        ("    a: { }  # c", "    a: {rotation: 2 }  # c"),
        ("    a:", "    a: {rotation: 2}"),
        ("    a:   # c", "    a: {rotation: 2}   # c"),
        ("    a: ~", "    a: {rotation: 2}"),
        ("    a: {team: x}", "    a: {rotation: 2, team: x}"),
        ("    a: { team: x }", "    a: { rotation: 2, team: x }"),
        ("    a: {rotation: 1, team: x}", "    a: {rotation: 2, team: x}"),
        ("    a: {\n      team: x,\n    }", "    a: {\n      rotation: 2, team: x,\n    }"),
        ("    a:\n      rotation: 1 # c", "    a:\n      rotation: 2 # c"),
        ("    a:\n      rotation:", "    a:\n      rotation: 2"),
        ("    a:\n      rotation: &n 1", "    a:\n      rotation: 2"),
        ("    'a':\n        team: x", "    'a':\n        rotation: 2\n        team: x"),
        ("    a: &x\n      team: x", "    a: &x\n      rotation: 2\n      team: x"),
        ("    a: &x {team: x}", "    a: &x {rotation: 2, team: x}"),
        ("    a:\n    # c\n      team: x", "    a:\n      rotation: 2\n    # c\n      team: x"),
        ("    a:\n      <<: {team: x}", "    a:\n      rotation: 2\n      <<: {team: x}"),
        ("    {a: {team: x}, b: {}}", "    {a: {rotation: 2, team: x}, b: {}}"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_each_form(before: str, after: str, newline: str, mark: str) -> None:
    def whole(part: str) -> str:
        return mark + f"{HEAD}{part}\n  x:y: 1\n".replace("\n", newline)

    assert edit(whole(before), a={"rotation": 2}) == whole(after)


@pytest.mark.parametrize(
    "text",
    [
        "    a: &x {rotation: 1}\n    b: *x",
        "    b: &x {rotation: 1}\n    a: *x",
        "    a: &x {rotation: 1}\n    b: {<<: *x, team: x}",
        "    a:\n      rotation: &n 1\n    b: {rotation: *n}",
        "    b: {rotation: &n 1}\n    a: {rotation: *n}",
        "    ? a\n    : team: x",
        "    <<: {a: {}}",
        "    b: {}",
        "    a:\n      &x\n      team: x",
    ],
)
def test_what_has_no_place_is_left_to_a_person(text: str) -> None:
    with pytest.raises(Refused, match="set by hand: a: rotation: 2"):
        edit(f"{HEAD}{text}\n", a={"rotation": 2})


@pytest.mark.parametrize("text", ["", "config:", "[]", "config: [", "a: b", "config: {x: y}"])
def test_no_consumers_no_change(text: str) -> None:
    with pytest.raises(Refused):
        edit(text, a={"rotation": 2})


def test_a_block_scalar_is_replaced_whole() -> None:
    text = f"{HEAD}    a:\n      revokedReason: OLD\n\n      # c\n    b: {{}}\n"
    before = text.replace("OLD", "|\n        one\n        two")
    assert edit(before, a={"revokedReason": "new"}) == text.replace("OLD", '"new"')


def test_a_file_without_a_last_line_end() -> None:
    assert edit(f"{HEAD}    a: {{}}", a={"rotation": 2}) == f"{HEAD}    a: {{rotation: 2}}"


@given(st.text())
def test_any_reason_can_be_written(reason: str) -> None:
    after = edit(f"{HEAD}    a: {{}}\n", a={"revokedReason": reason})
    assert data(after)["config"]["ai-gateway-auth:consumers"]["a"] == {"revokedReason": reason}


comments = st.sampled_from(["", "  # c", "   # it's: {a} [b] & *c"])
blank = st.sampled_from(["", "", "\n", "    # about the next\n", "# flush\n\n", "      # deep\n"])
values = st.sampled_from(
    [
        "x",
        "'it''s'",
        '"a: \\"b\\" # c"',
        "a long " + "text " * 40 + "end",
        ">-\n{}  folded\n{}  text",
    ]
)


@st.composite
def consumers(draw: st.DrawFn) -> tuple[list[str], str]:
    """The client ids and the text of their consumers."""
    ids = draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, unique=True))
    text = ""
    for client_id in ids:
        fields = draw(st.permutations(["description", "rotation", "revoked"]))
        fields = fields[: draw(st.integers(0, 3))]
        name = draw(st.sampled_from(["{}", "'{}'", '"{}"'])).format(client_id)
        comment = draw(comments)
        text += draw(blank)
        if fields and draw(st.booleans()):
            indent = " " * draw(st.integers(5, 9))
            text += f"    {name}:{comment}\n"
            for field in fields:
                text += draw(blank)
                text += f"{indent}{field}: {_value(draw, field, indent)}\n"
        else:
            inner = ", ".join(f"{field}: {_value(draw, field, None)}" for field in fields)
            text += f"    {name}: {{{inner}}}{comment}\n"
    return ids, text


def _value(draw: st.DrawFn, field: str, indent: str | None) -> str:
    if field == "rotation":
        return str(draw(st.integers(1, 99)))
    if field == "revoked":
        return draw(st.sampled_from(["true", "false"]))
    value = draw(values.filter(lambda value: indent is not None or "\n" not in value))
    return value.format(indent, indent) if indent and "\n" in value else value


@settings(max_examples=300)
@given(
    consumers(),
    st.dictionaries(
        st.sampled_from(["rotation", "revoked", "revokedReason", "overlapFor"]),
        st.sampled_from(["new", "7d", 5, True]),
        min_size=1,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.data(),
)
def test_only_what_is_intended_changes(
    made: tuple[list[str], str], fields: dict[str, Any], newline: str, more: st.DataObject
) -> None:
    ids, text = made
    chosen = more.draw(st.lists(st.sampled_from(ids), min_size=1, unique=True))
    salt = "encryptionsalt: v1:aa==:v1:bb:cc/dd+ee==\n"
    secret = "  ai-gateway-auth:importedKeys:\n    x:\n        secure:   v1:q/w+e==\n"
    before = f"# head\n\n{salt}{HEAD}{text}{secret}".replace("\n", newline)
    edited = yaml_edit.edited(
        before, yaml_edit.STACK_FILE, dict.fromkeys(chosen, cast("yaml_edit.Fields", fields))
    )
    expected = data(before)
    for client_id in chosen:
        expected["config"]["ai-gateway-auth:consumers"][client_id].update(fields)
    assert data(edited.after) == expected
    _check_lines(edited, chosen, newline)


def _check_lines(edited: yaml_edit.Edited, chosen: list[str], newline: str) -> None:
    """Without the lines of the fields, and those of flow mappings, both texts are the same."""
    words = ("rotation:", "revoked:", "revokedReason:", "overlapFor:")

    def kept(text: str) -> list[str]:
        lines = text.split("\n")
        return [line for line in lines if not any(word in line for word in words)]

    before, after = kept(edited.before), kept(edited.after)
    flows = {f"{quote}{name}{quote}: {{" for name in chosen for quote in ("", "'", '"')}
    assert [line for line in before if not any(flow in line for flow in flows)] == [
        line for line in after if not any(flow in line for flow in flows)
    ]
    assert edited.after.count(newline) == edited.after.count("\n")


def test_line_numbers_of_a_diff_are_those_of_the_file() -> None:
    text = "# 1\n# 2\nconfig:\n  x:y: 1\n  consumers:\n    a: {}\n    b: {}\n  z:z: 2\n"
    edited = yaml_edit.edited(text, yaml_edit.STACK_FILE, {"b": {"revoked": True}})
    assert difference("f", edited).splitlines() == [
        "--- f",
        "+++ f",
        "@@ -5,3 +5,3 @@",
        "   consumers:",
        "     a: {}",
        "-    b: {}",
        "+    b: {revoked: true}",
    ]
