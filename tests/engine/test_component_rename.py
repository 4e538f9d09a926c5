"""A component gets another logical name in somebody's program, with an alias and without."""

import httpx
import pytest

from lab.deployer import DeployError
from lab.folders import REPOSITORY
from lab.upstream import Upstream
from tests.engine.engine import engine
from tests.lab.callers import await_status, knocking
from tests.lab.stack import Stack, Stacks

pytestmark = [pytest.mark.lab, pytest.mark.real]

VARIANTS = REPOSITORY / "tests" / "engine" / "programs" / "variants"


def test_with_an_alias_nothing_is_replaced(
    deployed: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARIANT", "renamed-with-alias")
    steps = engine(deployed, VARIANTS).preview_steps()
    assert {step.operation for step in steps} <= {"same"}


def test_without_an_alias_it_fails_and_stays_closed(
    stacks: Stacks,
    http: httpx.Client,
    upstream: Upstream,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The engine makes the new before it deletes the old, and the names are taken.

    The failed `up` has recorded the component under its new name, so that an alias helps no more
    (3.259): first the old name, which removes what was made for the new one.
    """
    stack = stacks.new("renamed")
    made = stack.deploy()
    alice = {"x-api-key": stack.keys["alice"]}
    await_status(200, http, stack.url("apiKey"), alice)
    with knocking(stack, upstream):
        monkeypatch.setenv("VARIANT", "renamed")
        with pytest.raises(DeployError, match="already exists"):
            engine(stack, VARIANTS).up()
        await_status(200, http, stack.url("apiKey"), alice)
        mended = stack.deploy()
        assert mended.unchanged == made.created
        monkeypatch.setenv("VARIANT", "renamed-with-alias")
        assert engine(stack, VARIANTS).up().changed == 0
        await_status(200, http, stack.url("apiKey"), alice)
