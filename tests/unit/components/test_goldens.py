"""What the stacks and the examples render, as a reviewer reads it.

Names are part of the interface: a release that changes a logical name, a type or the name of an
object replaces what users have, and a policy that is replaced is a door that is open meanwhile.
"""

from typing import Any

import pytest
import yaml

from lab.deployer import values
from tests import goldens
from tests.goldens import GOLDEN
from tests.unit.components.programs import Program, examples, identity, objects, stacks

PROGRAMS = [*stacks(), *examples()]
OBJECTS = GOLDEN / "objects"
RESOURCES = GOLDEN / "resources"


def masked(value: Any) -> Any:  # noqa: ANN401 - JSON
    """The value with each secret replaced by a word; the keys of a secret mapping stay."""
    if values.is_secret(value):
        inner = value["value"]
        return dict.fromkeys(inner, "[secret]") if values.is_object(inner) else "[secret]"
    if values.is_object(value):
        return {key: masked(entry) for key, entry in value.items()}
    return [masked(entry) for entry in value] if values.is_array(value) else value


class _Dumper(yaml.SafeDumper):
    """YAML as people write it."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def rendered(program: Program) -> str:
    things = [masked(thing.inputs) for thing in objects(program.run())]
    return yaml.dump_all(things, Dumper=_Dumper, explicit_start=True, width=100)


def registered(program: Program) -> str:
    done = program.run()
    listed = [
        {
            "urn": thing.urn,
            **({"object": identity(thing)} if "kind" in thing.inputs else {}),
            **({"after": sorted(thing.dependencies)} if thing.dependencies else {}),
        }
        for thing in sorted(done.resources, key=lambda thing: thing.name)
    ]
    return yaml.safe_dump(listed, sort_keys=False, width=1000)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_objects(program: Program) -> None:
    goldens.check(OBJECTS / f"{program.name}.yaml", rendered(program))


def test_names_of_the_dev_stack() -> None:
    (dev,) = (program for program in PROGRAMS if program.name == "dev")
    goldens.check(RESOURCES / "dev.yaml", registered(dev))


def test_no_golden_is_unused() -> None:
    used = [OBJECTS / f"{program.name}.yaml" for program in PROGRAMS]
    assert goldens.unused(OBJECTS, used) == []
    assert goldens.unused(RESOURCES, [RESOURCES / "dev.yaml"]) == []


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_no_key_is_in_a_golden(program: Program) -> None:
    done = program.run()
    secrets = list(values.secret_texts(done.outputs["apiKeys"])) if done.outputs else []
    text = rendered(program)
    assert not [secret for secret in secrets if secret in text]
    has_keys = any(thing.inputs.get("data") for thing in done.objects("Secret"))
    assert ("[secret]" in text) == has_keys
