"""The Secret of keys is changed by hand: seen by a preview that refreshes, mended by `up`."""

import base64
import json
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager

import httpx
import pytest

from lab.kubernetes_api import KubernetesApi, Object
from lab.upstream import Upstream
from tests.engine.engine import cli, engine, logical_name
from tests.lab.callers import Caller, await_status
from tests.lab.plain_gateway import until
from tests.lab.stack import Stack, Stacks
from tests.leaks import leaks

pytestmark = [pytest.mark.lab, pytest.mark.real]

NAME = "maas-api-keys"
RESOURCE = "maas-api-keys-secret"
HAND_MADE = "handmade0123456789" * 3
LABEL = '~ app.kubernetes.io/part-of: "something-else" => "ai-gateway-auth"'
UP = ("up", "--yes", "--diff", "--skip-preview")
Edit = Callable[[Object], object]
Editor = Callable[[Stack, KubernetesApi, Edit], None]


@pytest.fixture(scope="module")
def stack(stacks: Stacks, http: httpx.Client) -> Stack:
    made = stacks.new("drift")
    made.deploy()
    await_status(200, http, made.url("apiKey"), _header(made.keys["alice"]))
    return made


def _by_kubectl(stack: Stack, api: KubernetesApi, edit: Edit) -> None:
    """What `kubectl edit` does; pulumi-kubernetes takes over what kubectl has written (4.32)."""
    changed = stack.read(api, "secrets", NAME)
    edit(changed)
    subprocess.run(
        [
            *(stack.lab.info["kubectl"], "--kubeconfig", stack.lab.kubeconfig),
            *("--cache-dir", stack.folder / "kubectl", "replace", "-f", "-"),
        ],
        input=json.dumps(changed),
        capture_output=True,
        text=True,
        check=True,
    )


def _by_another(stack: Stack, api: KubernetesApi, edit: Edit) -> None:
    """What any other client does: its fields conflict with those of Pulumi."""
    before = stack.read(api, "secrets", NAME)
    after = json.loads(json.dumps(before))
    edit(after)
    gone = dict.fromkeys(before["data"].keys() - after["data"].keys())
    labels = after["metadata"]["labels"]
    api.merge(
        stack.path("secrets", NAME),
        {"data": {**after["data"], **gone}, "metadata": {"labels": labels}},
    )


def _change_a_value(secret: Object) -> None:
    secret["data"]["alice"] = _encoded(HAND_MADE)


def _remove_an_entry(secret: Object) -> None:
    del secret["data"]["alice"]


def _change_a_label(secret: Object) -> None:
    secret["metadata"]["labels"]["app.kubernetes.io/part-of"] = "something-else"


def _add_a_key(secret: Object) -> None:
    secret["data"]["mallory"] = _encoded(HAND_MADE)


@pytest.mark.parametrize(
    ("edit", "editor", "line"),
    [
        pytest.param(_change_a_value, _by_kubectl, "~ alice: [secret] => [secret]", id="kubectl"),
        pytest.param(_change_a_value, _by_another, "~ alice: [secret] => [secret]", id="a value"),
        pytest.param(_remove_an_entry, _by_another, "+ alice: [secret]", id="an entry"),
        pytest.param(_change_a_label, _by_another, LABEL, id="a label"),
    ],
)
def test_an_edit_is_seen_and_mended_in_place(
    stack: Stack,
    api: KubernetesApi,
    http: httpx.Client,
    upstream: Upstream,
    edit: Edit,
    editor: Editor,
    line: str,
) -> None:
    alice, before = _header(stack.keys["alice"]), stack.read(api, "secrets", NAME)
    with _others_are_served(stack, upstream):
        editor(stack, api, edit)
        edited = stack.read(api, "secrets", NAME)
        assert _content(edited) != _content(before)
        is_locked_out = edited["data"].get("alice") != before["data"]["alice"]
        await_status(401 if is_locked_out else 200, http, stack.url("apiKey"), alice)
        assert _planned(stack, refresh=False) == []
        assert _planned(stack, refresh=True) == [("update", RESOURCE)]
        shown = _run(stack, *UP, "--refresh")
        await_status(200, http, stack.url("apiKey"), alice)
        await_status(401, http, stack.url("apiKey"), _header(HAND_MADE))
    after = stack.read(api, "secrets", NAME)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert _content(after) == _content(before)
    lines = {text.strip() for text in shown.splitlines()}
    assert line in lines
    outputs = {text for text in lines if text.startswith("apiKeys")}
    assert {text for text in lines if "[secret]" in text} - outputs <= {line}
    assert _planned(stack, refresh=True) == []


@pytest.mark.parametrize("editor", [_by_kubectl, _by_another])
def test_a_key_that_somebody_added_goes_with_the_next_up(
    stack: Stack, api: KubernetesApi, http: httpx.Client, upstream: Upstream, editor: Editor
) -> None:
    """Server-side apply leaves it, and no diff of pulumi-kubernetes 4.32 names it."""
    before = stack.read(api, "secrets", NAME)
    with _others_are_served(stack, upstream):
        editor(stack, api, _add_a_key)
        await_status(200, http, stack.url("apiKey"), _header(HAND_MADE))
        assert _planned(stack, refresh=True) == []
        told = _run(stack, "preview", "--diff")
        assert f"Secret {NAME} has mallory, which this stack did not make" in told
        assert f"removed from Secret {NAME}: mallory" in _run(stack, *UP)
        await_status(401, http, stack.url("apiKey"), _header(HAND_MADE))
    after = stack.read(api, "secrets", NAME)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert _content(after) == _content(before)
    assert "mallory" not in _run(stack, "preview", "--diff")


def test_a_consumer_goes_though_somebody_else_owns_the_entry_too(
    stack: Stack, api: KubernetesApi, http: httpx.Client, upstream: Upstream
) -> None:
    """As after a restored backup; server-side apply then leaves it (4.32), and her key works."""
    stack.config["consumers"]["dave"] = {}
    stack.deploy()
    dave = _header(stack.keys["dave"])
    data = stack.read(api, "secrets", NAME)["data"]
    stack.apply(api, "Secret", "secrets", NAME, data=data)
    await_status(200, http, stack.url("apiKey"), dave)
    with _others_are_served(stack, upstream):
        del stack.config["consumers"]["dave"]
        stack.deploy()
        await_status(401, http, stack.url("apiKey"), dave)
    assert stack.read(api, "secrets", NAME)["data"].keys() == stack.keys.keys()


def test_a_deleted_secret_comes_back_with_the_same_keys(
    stack: Stack, api: KubernetesApi, http: httpx.Client
) -> None:
    before, alice = stack.read(api, "secrets", NAME), _header(stack.keys["alice"])
    api.delete(stack.path("secrets", NAME))
    await_status(500, http, stack.url("apiKey"), alice)
    assert _planned(stack, refresh=False) == []
    assert _planned(stack, refresh=True) == [("create", RESOURCE)]
    _run(stack, *UP, "--refresh")
    await_status(200, http, stack.url("apiKey"), alice)
    assert _content(stack.read(api, "secrets", NAME)) == _content(before)


def test_an_old_copy_that_is_restored_brings_no_old_key_back(
    stack: Stack, api: KubernetesApi, http: httpx.Client
) -> None:
    before = stack.read(api, "secrets", NAME)
    path = stack.path("secrets", NAME)
    api.delete(path)
    copy = {key: before[key] for key in ("apiVersion", "kind", "type")}
    copy["data"] = dict(before["data"])
    copy["metadata"] = {key: before["metadata"][key] for key in ("name", "namespace", "labels")}
    _add_a_key(copy)
    api.create(path.rpartition("/")[0], copy)
    await_status(200, http, stack.url("apiKey"), _header(HAND_MADE))
    _run(stack, *UP, "--refresh")
    await_status(401, http, stack.url("apiKey"), _header(HAND_MADE))
    await_status(200, http, stack.url("apiKey"), _header(stack.keys["alice"]))
    assert _content(stack.read(api, "secrets", NAME)) == _content(before)


@contextmanager
def _others_are_served(stack: Stack, upstream: Upstream) -> Generator[None]:
    """Whose entry nobody has touched is answered all the time."""
    key = _header(stack.keys["ci-runner"])
    with Caller(stack.url("apiKey"), upstream, key) as caller:
        until(lambda: caller.statuses.total() > 0, "the first call is answered")
        yield
    assert caller.failures == {}


def _planned(stack: Stack, *, refresh: bool) -> list[tuple[str, str]]:
    """What a preview would change, by operation and logical name."""
    steps = engine(stack).preview_steps(refresh=refresh)
    return [
        (step.operation, logical_name(step.urn))
        for step in steps
        if step.operation not in ("same", "refresh")
    ]


def _run(stack: Stack, *words: str) -> str:
    """What a command says, which is no key."""
    done = cli(engine(stack), *words)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    state = cli(engine(stack), "stack", "export").stdout
    assert leaks(told + state, [*stack.keys.values(), HAND_MADE]) == []
    return told


def _content(secret: Object) -> tuple[object, object]:
    return secret["data"], secret["metadata"]["labels"]


def _encoded(key: str) -> str:
    return base64.b64encode(key.encode()).decode()


def _header(key: str) -> dict[str, str]:
    return {"x-api-key": key}
