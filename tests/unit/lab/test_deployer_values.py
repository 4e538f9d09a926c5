import base64

import pytest

from lab.deployer import values
from lab.deployer.result import Deployment, Secret, with_secrets
from lab.deployer.values import Object, Redactor, secret


def test_structs_survive_a_round_trip() -> None:
    thing: Object = {"a": [1, 2.5, True, None, "x"], "b": {"c": secret({"d": 3})}, "e": {}}
    assert values.from_struct(values.to_struct(thing)) == thing


def test_whole_numbers_become_ints() -> None:
    replicas = values.from_struct(values.to_struct({"replicas": 3.0}))["replicas"]
    assert isinstance(replicas, int)


def test_plain_takes_the_marks_away_at_every_depth() -> None:
    assert values.plain({"a": [secret("x"), {"b": secret([1])}]}) == {"a": ["x", {"b": [1]}]}


def test_outputs_are_marked_as_their_inputs_are() -> None:
    outputs: Object = {"spec": {"a": "x", "list": ["x", "y"], "b": 1}, "status": {}}
    inputs: Object = {"spec": {"a": secret("x"), "list": ["y", secret("x")], "b": 1}}
    values.mark_like(outputs, inputs)
    assert outputs == {
        "spec": {"a": secret("x"), "list": secret(["x", "y"]), "b": 1},
        "status": {},
    }


def test_the_data_of_a_secret_is_always_marked() -> None:
    outputs: Object = {"kind": "Secret", "data": {"a": "eA=="}}
    values.mark_like(outputs, {"kind": "Secret", "data": {"a": "eA=="}})
    assert outputs["data"] == secret({"a": "eA=="})


@pytest.mark.parametrize("text", ["s3cret-value", "cafe" * 8])
def test_a_redactor_knows_a_secret_and_its_base64(text: str) -> None:
    redactor = Redactor()
    redactor.learn({"keys": secret({"alice": text}), "name": "visible"})
    encoded = base64.b64encode(text.encode()).decode()
    assert redactor.clean(f"visible {text} {encoded}") == "visible [secret] [secret]"


def test_a_redactor_knows_what_a_secrets_base64_stands_for() -> None:
    redactor = Redactor()
    redactor.learn(secret({"alice": base64.b64encode(b"s3cret-value").decode()}))
    assert redactor.clean("it is s3cret-value") == "it is [secret]"


def test_a_redactor_leaves_short_words_alone() -> None:
    redactor = Redactor()
    redactor.learn(secret("true"))
    assert redactor.clean("it is true") == "it is true"


def test_a_digest_does_not_depend_on_marks_or_order() -> None:
    assert values.digest({"a": secret(1), "b": 2}) == values.digest({"b": 2, "a": 1})
    assert values.digest({"a": 1}) != values.digest({"a": 2})


def test_a_secret_shows_nothing() -> None:
    outputs = with_secrets({"keys": [secret("s3cret-value")], "name": "x"})
    made = Deployment(kind="test", stack="dev", outputs=outputs, created=2)
    assert "s3cret-value" not in f"{made} {made!r} {outputs['keys'][0]}"
    assert "[secret]" in repr(made)
    assert outputs["keys"][0].reveal() == "s3cret-value"
    assert outputs["keys"][0] == Secret("s3cret-value")
    assert str(made) == "test: stack dev: 2 created"
