"""No message about a bad key holds a piece of it, in whichever layer it is refused."""

import json
import secrets
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest
from ai_gateway_auth import ApiKeys, KubernetesProvider, program, stack_file
from ai_gateway_auth.models import ConfigError, StackConfig, check
from ai_gateway_auth.models.fields import LONGEST_KEY
from pydantic import ValidationError
from pydantic.alias_generators import to_snake
from ruamel.yaml import YAML

from tests.leaks import check_silent
from tests.pulumi_program import attempt
from tests.unit.components.build import API_KEY, ROUTE
from tests.unit.config.cases import TODAY

KEY = f"sk-{secrets.token_hex(24)}+/={secrets.token_hex(8)}"
SHORT = secrets.token_hex(10)
LONG = secrets.token_hex(LONGEST_KEY)
NUMBER = secrets.randbelow(10**40) + 10**40
CONSUMER = "canary-of-the-consumers"

EVERYBODY: Mapping[str, object] = {CONSUMER: {}, "second": {}}

Layer = Callable[[Mapping[str, object], Path], None]
"""Takes a config, as a stack's file writes it, and refuses it."""

IMPORTED: Mapping[str, object] = {
    "too short": {CONSUMER: SHORT},
    "too long": {CONSUMER: LONG},
    "Bearer": {CONSUMER: f"Bearer {KEY}"},
    "a line end": {CONSUMER: f"{KEY}\n"},
    "not ASCII": {CONSUMER: f"{KEY}ä"},
    "one value for two": {CONSUMER: KEY, "second": KEY},
    "a consumer's that there is not": {CONSUMER + "-2": KEY},
    "a number": {CONSUMER: NUMBER},
    "a list": {CONSUMER: [KEY]},
    "a mapping": {CONSUMER: {"value": KEY}},
    "no client ids": KEY,
    "a list of all": [KEY],
    "the wrong way round": {KEY: CONSUMER},
}
SECRETS = [KEY, SHORT, LONG, str(NUMBER)]
OPEN: Mapping[str, Mapping[str, object]] = {
    **{name: {"importedKeys": value} for name, value in IMPORTED.items()},
    "in an unknown field of a consumer": {"consumers": {CONSUMER: {"key": KEY}}},
    "in a misspelt field": {"importedKey": {CONSUMER: KEY}},
}
"""Configs with a key in them, in a place where any value is silent."""
ENCRYPTED: Mapping[str, Mapping[str, object]] = {
    **OPEN,
    "in place of a consumer": {"consumers": {CONSUMER: KEY}},
    "in place of an existing Secret": {"consumers": {CONSUMER: {"importFrom": [KEY]}}},
    "as the name of an existing Secret": {"consumers": {CONSUMER: {"importFrom": [{"name": KEY}]}}},
    "in another field": {"namespace": {"name": KEY}},
}
"""Configs in which the key is known to be secret, wherever it stands."""

OUR_OWN = ("one value for two", "a consumer's that there is not")
"""Rules that pydantic knows nothing of."""


def config(bad: Mapping[str, object]) -> dict[str, object]:
    return {"apiKey": API_KEY, "consumers": EVERYBODY, "route": ROUTE, **bad}


def model(bad: Mapping[str, object], folder: Path) -> None:
    del folder
    check(StackConfig, config(bad), today=TODAY, secret_paths=[(key,) for key in bad])


def file_in_plain_text(bad: Mapping[str, object], folder: Path) -> None:
    _load(folder, {"importedKeys": {}, **bad})


def _load(folder: Path, bad: Mapping[str, object]) -> None:
    file = folder / "Pulumi.canary.yaml"
    values = {f"{stack_file.PROJECT}:{key}": value for key, value in config(bad).items()}
    with file.open("w") as opened:
        YAML(typ="safe").dump({"config": values}, opened)
    stack_file.load(file, today=TODAY)


def program_of_a_stack(bad: Mapping[str, object], folder: Path) -> None:
    del folder
    given: dict[str, str] = {
        f"{stack_file.PROJECT}:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in config(bad).items()
    }
    secret_keys = [f"{stack_file.PROJECT}:{key}" for key in bad]
    _run(program.run, config=given, secret_keys=secret_keys)


def component(bad: Mapping[str, object], folder: Path) -> None:
    """Values in the clear, of which only `imported_keys` are known to be secret."""
    del folder
    _run(lambda: _api_keys({to_snake(key): value for key, value in bad.items()}))


def component_with_outputs(bad: Mapping[str, object], folder: Path) -> None:
    del folder

    def build() -> None:
        late = _leaves(bad, pulumi.Output.secret)
        _api_keys({to_snake(key): value for key, value in cast("dict[str, object]", late).items()})

    _run(build)


def component_with_one_output(bad: Mapping[str, object], folder: Path) -> None:
    del folder
    _run(lambda: _api_keys({to_snake(key): pulumi.Output.secret(bad[key]) for key in bad}))


def _api_keys(args: Mapping[str, object]) -> None:
    given: dict[str, object] = {"namespace": "maas", "consumers": EVERYBODY, **args}
    opts = pulumi.ResourceOptions(providers=[KubernetesProvider("cluster")])
    pulumi.export("facts", ApiKeys("keys", cast("Any", given), opts).facts)


def _run(build: Callable[[], object], **options: Any) -> None:  # noqa: ANN401 - those of `attempt`
    done = attempt(build, **options)
    check_silent(f"{done.messages} {CONSUMER}", SECRETS, CONSUMER)
    if done.error:
        raise pulumi.RunError(done.error)


def _leaves(value: object, change: Callable[[object], object]) -> object:
    """The value with its texts and numbers changed."""
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return {key: _leaves(item, change) for key, item in items}
    if isinstance(value, list):
        return [_leaves(item, change) for item in cast("list[object]", value)]
    return change(value)


LAYERS: Mapping[Layer, Mapping[str, Mapping[str, object]]] = {
    model: ENCRYPTED,
    file_in_plain_text: OPEN,
    program_of_a_stack: ENCRYPTED,
    component: OPEN,
    component_with_outputs: ENCRYPTED,
    component_with_one_output: ENCRYPTED,
}


@pytest.mark.parametrize(
    ("layer", "bad"),
    [(layer, bad) for layer, configs in LAYERS.items() for bad in configs.values()],
    ids=[f"{layer.__name__}: {name}" for layer, configs in LAYERS.items() for name in configs],
)
def test_no_message_tells_a_key(layer: Layer, bad: Mapping[str, object], tmp_path: Path) -> None:
    with pytest.raises((ConfigError, pulumi.RunError)) as refused:
        layer(bad, tmp_path)
    assert "the config has" in str(refused.value)
    told = "".join(traceback.format_exception(refused.value))
    check_silent(f"{told} {CONSUMER}", SECRETS, CONSUMER)


@pytest.mark.parametrize("bad", [bad for name, bad in ENCRYPTED.items() if name not in OUR_OWN])
def test_the_texts_of_pydantic_hold_no_value(bad: Mapping[str, object]) -> None:
    """Nobody prints them: what is written where a name is due stands in their paths."""
    with pytest.raises(ValidationError) as refused:
        StackConfig.model_validate(config(bad))
    keys = [key for key in SECRETS if key not in "".join(map(str, _names(bad)))]
    check_silent(f"{refused.value} {refused.value!r} {CONSUMER}", keys, CONSUMER)


def _names(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        for name, item in cast("Mapping[object, object]", value).items():
            yield name
            yield from _names(item)
