import json
from pathlib import Path

import pytest

from lab.deployer import stack_config
from lab.deployer.result import DeployError

PROJECT = """
name: shop
runtime: python
config:
  size: {type: integer, default: 3}
  cluster: {type: object, description: Where it runs}
  other:key: {value: x}
"""


def load(folder: Path, stack: str, project: str = PROJECT) -> stack_config.StackConfig:
    (folder / "Pulumi.yaml").write_text(project)
    stack_file = folder / "Pulumi.dev.yaml"
    stack_file.write_text(stack)
    return stack_config.load(stack_file, folder)


def test_values_are_texts_and_structures_are_json(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        "config:\n  shop:cluster: {a: [1, 2.5, true, null, off]}\n  open: true\n"
        "  shop:rate: 1.50\n  shop:answer: yes\n  shop:empty:\n",
    )
    assert (loaded.project, loaded.stack, loaded.main) == ("shop", "dev", tmp_path)
    assert json.loads(loaded.values.pop("shop:cluster")) == {"a": [1, 2.5, True, None, "off"]}
    assert loaded.values == {
        "other:key": "x",
        "shop:answer": "yes",
        "shop:empty": "",
        "shop:open": "true",
        "shop:rate": "1.5",
        "shop:size": "3",
    }


def test_dates_without_quotes_arrive_as_the_engine_writes_them(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        "config:\n  shop:until: 2026-12-01\n  shop:cluster: {at: 2026-12-01T10:00:00Z}\n",
    )
    assert loaded.values["shop:until"] == "2026-12-01 00:00:00 +0000 UTC"
    assert json.loads(loaded.values["shop:cluster"]) == {"at": "2026-12-01 10:00:00 +0000 UTC"}


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        ("config: {}", "lacks configuration: cluster"),
        ("config: {cluster: 3}", "cluster of stack dev isn't of type object"),
        ("config: {cluster: {}, size: true}", "size of stack dev isn't of type integer"),
        ("config: {cluster: {key: {secure: abc}}}", "shop:cluster.key in .* is encrypted"),
        ("config: {cluster: {list: [{secure: abc}]}}", r"cluster.list\[0\] in .* is encrypted"),
        ("environment: [shared]", "names an environment"),
        ("[1, 2]", "holds no mapping"),
        ("a: [", "can't be read"),
    ],
)
def test_what_is_refused(tmp_path: Path, stack: str, message: str) -> None:
    with pytest.raises(DeployError, match=message):
        load(tmp_path, stack)


def test_a_file_that_is_not_a_stacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"Pulumi\.<stack>\.yaml"):
        stack_config.load(tmp_path / "dev.yaml", tmp_path)
    with pytest.raises(DeployError, match="can't be read"):
        stack_config.load(tmp_path / "Pulumi.dev.yaml", tmp_path)


def test_a_simulated_secret_is_opened_and_known(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        "config:\n  cluster: {a: 1, list: [{secure: 'unencrypted:hush'}]}\n"
        "  shop:word: {secure: 'unencrypted:'}\n",
    )
    assert json.loads(loaded.values["shop:cluster"]) == {"a": 1, "list": ["hush"]}
    assert loaded.values["shop:word"] == ""
    assert loaded.secret_keys == ["shop:cluster", "shop:word"]
    assert loaded.secrets == ((("shop:cluster", "list", 0), "hush"), (("shop:word",), ""))


def test_a_project_gets_the_files_that_its_stack_names(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nstackConfigDir: stacks\n")
    stacks, project = tmp_path / "stacks", tmp_path / "project"
    (stacks / "more").mkdir(parents=True)
    (stacks / "more" / "a.yaml").write_text("a: 1\n")
    stack_file = stacks / "Pulumi.dev.yaml"
    stack_file.write_text("config:\n  a: {file: more/a.yaml}\n  b: {file: ../Pulumi.yaml}\n")
    stack_config.make_project(stack_file, tmp_path, project)
    assert stack_config.read_yaml(project / "Pulumi.yaml") == {"name": "shop"}
    assert (project / "more" / "a.yaml").read_text() == "a: 1\n"
    (stacks / "more" / "a.yaml").unlink()
    stack_config.make_project(stack_file, tmp_path, project)
    assert not (project / "more" / "a.yaml").exists()
