"""The provider that writes, and a namespace that somebody else made."""

import pytest

from lab.deployer import DeployError
from lab.folders import REPOSITORY
from lab.kubernetes_api import KubernetesApi, Object
from tests.engine.engine import cli, engine
from tests.lab.stack import Stack, Stacks

pytestmark = [pytest.mark.lab, pytest.mark.real]

VARIANTS = REPOSITORY / "tests" / "engine" / "programs" / "variants"


@pytest.fixture(scope="module")
def stack(stacks: Stacks) -> Stack:
    """A stack that is only previewed."""
    return stacks.new("provider")


def test_a_plain_provider_is_refused(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARIANT", "plain-provider")
    run = cli(engine(stack, VARIANTS), "preview")
    assert run.returncode != 0
    assert "enable_secret_mutable" in run.stdout
    assert "Make the provider with ai_gateway_auth.KubernetesProvider" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr
    assert "kubernetes:core/v1:Secret" not in run.stdout


def test_our_provider_is_used(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARIANT", "our-provider")
    steps = engine(stack, VARIANTS).preview_steps()
    providers = [step.urn for step in steps if "pulumi:providers:kubernetes" in step.urn]
    assert [urn.rpartition("::")[2] for urn in providers] == ["cluster"]
    assert any(step.urn.endswith("::maas-api-keys-secret") for step in steps)


def test_a_namespace_of_somebody_else_is_not_adopted(stacks: Stacks, api: KubernetesApi) -> None:
    stack = stacks.new("adopted")
    path = stack.path("namespaces", stack.namespace)
    metadata = {"name": stack.namespace, "labels": {"owner": "somebody-else"}}
    theirs: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    before = api.apply(path, theirs)
    pulumi = engine(stack)
    pulumi.environment["PULUMI_K8S_UPSERT_EXISTING_OBJECTS"] = "true"
    with pytest.raises(DeployError, match=f'namespaces "{stack.namespace}" already exists'):
        pulumi.up()
    stack.destroy()
    after = stack.read(api, "namespaces", stack.namespace)
    assert (
        after["metadata"]["labels"] == before["metadata"]["labels"] | theirs["metadata"]["labels"]
    )
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert "deletionTimestamp" not in after["metadata"]
