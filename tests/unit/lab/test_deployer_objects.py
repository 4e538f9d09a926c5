import copy

import pytest

from lab.deployer import objects, paths, ready
from lab.deployer.providers import settings
from lab.deployer.result import DeployError
from lab.deployer.values import Object, secret

POLICY: Object = {
    "apiVersion": "v1",
    "kind": "Policy",
    "metadata": {"generation": 2},
    "status": {
        "conditions": [{"type": "Ready", "status": "False"}],
        "ancestors": [{"conditions": [{"type": "Accepted", "status": "True"}]}],
        "programmed": True,
    },
}
ACCEPTED = 'jsonpath={.status.ancestors[*].conditions[?(@.type=="Accepted")].status}=True'


@pytest.mark.parametrize(
    ("expression", "satisfied"),
    [
        ("condition=Ready", False),
        ("condition=Ready=False", True),
        ("condition=Missing", False),
        (ACCEPTED, True),
        (ACCEPTED.replace("=True", "=False"), False),
        ("jsonpath={.status.programmed}=true", True),
        ("jsonpath={.status.programmed}", True),
        ("jsonpath={.status.missing}", False),
    ],
)
def test_what_is_waited_for(expression: str, *, satisfied: bool) -> None:
    assert ready.is_satisfied(expression, POLICY) is satisfied


def test_an_old_status_satisfies_nothing() -> None:
    old = copy.deepcopy(POLICY)
    old["status"]["observedGeneration"] = 1
    assert not ready.is_satisfied(ACCEPTED, old)


@pytest.mark.parametrize("expression", ["Ready", "jsonpath=.status", "jsonpath={.a[}", "delete"])
def test_an_unreadable_expression_is_refused(expression: str) -> None:
    with pytest.raises(DeployError, match="waitFor"):
        ready.is_satisfied(expression, POLICY)


def test_the_annotations_say_what_is_waited_for() -> None:
    def annotated(text: str, **more: str) -> list[str]:
        annotations = {"pulumi.com/waitFor": text, **more}
        return ready.expressions(
            {"apiVersion": "v1", "kind": "Policy", "metadata": {"annotations": annotations}}
        )

    assert annotated("condition=Ready") == ["condition=Ready"]
    assert annotated('["condition=A", "condition=B"]') == ["condition=A", "condition=B"]
    assert annotated("condition=Ready", **{"pulumi.com/skipAwait": "true"}) == []
    namespace: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {}}
    assert ready.expressions(namespace) == ["jsonpath={.status.phase}=Active"]


@pytest.mark.parametrize(
    ("text", "expected"), [("", 600), ("90s", 90), ("1m30s", 90), ("0.5h", 1800), ("250ms", 0.25)]
)
def test_timeouts(text: str, expected: float) -> None:
    assert ready.seconds(text, {}) == expected


def test_a_timeout_may_be_an_annotation() -> None:
    thing: Object = {"metadata": {"annotations": {"pulumi.com/timeoutSeconds": "60"}}}
    assert ready.seconds("", thing) == 60
    assert ready.seconds("5s", thing) == 5
    with pytest.raises(DeployError, match="isn't a duration"):
        ready.seconds("5 minutes", thing)


def test_ignored_paths_keep_the_live_value() -> None:
    live: Object = {"spec": {"a": 1, "list": [{"x": 1}], "odd.name": 2}}
    wanted: Object = {"spec": {"a": 9, "list": [{"x": 9}], "b": 9}}
    for path in ("spec.a", "spec.list[0].x", 'spec["odd.name"]', "spec.b", "other.deep"):
        paths.copy_over(live, wanted, path)
    assert wanted == {"spec": {"a": 1, "list": [{"x": 1}], "odd.name": 2}}
    with pytest.raises(DeployError, match="can't follow"):
        paths.parse("spec.*.x")


def test_ignored_paths_do_not_count_as_changes() -> None:
    one = objects.digests({"spec": {"a": 1, "b": 1}}, ["spec.a"])
    assert one == objects.digests({"spec": {"a": 2, "b": 1}}, ["spec.a"])
    assert one != objects.digests({"spec": {"a": 2, "b": 2}}, ["spec.a"])


def test_the_texts_of_a_secret_are_applied_as_base64() -> None:
    inputs: Object = {"kind": "Secret", "stringData": secret({"a": "x"}), "data": {"b": "eQ=="}}
    assert objects.wanted(inputs) == {"kind": "Secret", "data": {"a": "eA==", "b": "eQ=="}}


def test_which_changes_replace() -> None:
    fixed = settings({}, "kubeconfig")
    mutable = settings({"enableSecretMutable": "true"}, "kubeconfig")
    assert objects.must_replace("Secret", {"data"}, {}, fixed)
    assert not objects.must_replace("Secret", {"metadata"}, {}, fixed)
    assert not objects.must_replace("Secret", {"data"}, {}, mutable)
    assert objects.must_replace("Secret", {"data"}, {"immutable": True}, mutable)
    assert objects.must_replace("ConfigMap", {"data"}, {}, mutable)
    assert not objects.must_replace("Gateway", {"spec"}, {}, fixed)


def test_a_provider_setting_that_is_not_followed_is_refused() -> None:
    with pytest.raises(DeployError, match="renderYamlToDirectory"):
        settings({"renderYamlToDirectory": "out"}, "kubeconfig")
    with pytest.raises(DeployError, match="enableServerSideApply"):
        settings({"enableServerSideApply": "false"}, "kubeconfig")
