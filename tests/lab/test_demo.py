"""The demo: every row is as it must be, and the README shows what it prints."""

import io
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from lab import demo
from lab.ai_gateway_stand_in import NAME as STAND_IN
from lab.client import Lab
from lab.demo import Shown
from lab.deployer import choose
from lab.deployer.in_process import KIND as IN_PROCESS
from lab.folders import REPOSITORY
from lab.progress import Progress
from tests.leaks import check_silent

pytestmark = pytest.mark.lab

WIDTH = 80


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def shown(lab: Lab, folder: Path) -> Iterator[tuple[Shown, str]]:
    """What the demo did and printed, on a console of 80 columns that is no terminal."""
    printed = io.StringIO()
    progress = io.StringIO()
    console = Console(file=printed, width=WIDTH, highlight=False)
    done = demo.run(lab, console, Progress(Console(file=progress)), folder)
    yield done, printed.getvalue()
    _check_silent(done, progress.getvalue(), "Deploying the dev stack")
    choose().destroy(
        folder / demo.STACK.name,
        program=REPOSITORY,
        kubeconfig=lab.kubeconfig,
        state=folder / "state",
    )


def test_every_request_ends_as_it_must(shown: tuple[Shown, str]) -> None:
    assert [result.problems for result in shown[0].results if result.problems] == []
    assert {result.attempt.listener for result in shown[0].results} == {"oidc", "api-key"}
    assert {result.status for result in shown[0].results} == {200, 401, 403}


def test_every_output_says_what_ran(shown: tuple[Shown, str], lab: Lab) -> None:
    done, printed = shown
    assert done.deployed.deployment.kind in printed
    assert lab.info["ai_gateway"] in printed


def test_no_credential_is_printed(shown: tuple[Shown, str], lab: Lab) -> None:
    done, printed = shown
    _check_silent(done, printed, "unsigned token (alg: none)")
    _check_silent(done, "\n".join(demo.curl_lines(done.deployed, lab)), "get secret maas-api-keys")
    _check_silent(done, repr(done), "unsigned token (alg: none)")


def _check_silent(done: Shown, text: str, canary: str) -> None:
    """The keys of all consumers, and every token that was sent, without its header."""
    sent = [value for result in done.results for value in result.attempt.headers.values()]
    tokens = [value.partition(".")[2] for value in sent if value.startswith("Bearer ey")]
    assert len(tokens) > 5
    check_silent(text, [*done.deployed.keys.values(), *tokens], canary)


def test_the_table_fits(shown: tuple[Shown, str]) -> None:
    table = shown[1][shown[1].index("\nlistener  ") :]
    assert max(map(len, table.splitlines())) <= WIDTH


def test_the_curl_lines_do_what_they_say(shown: tuple[Shown, str], lab: Lab) -> None:
    """The commands themselves are run by the shell that their reader has."""
    lines = demo.curl_lines(shown[0].deployed, lab)
    script = "\n".join(lines).replace("curl -i", "curl -s -o /dev/null -w '%{http_code}\\n'")
    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert run.stdout.split() == ["401", "401", "200"], run.stderr


def test_the_readme_shows_this_output(shown: tuple[Shown, str]) -> None:
    readme = (REPOSITORY / "README.md").read_text()
    (block,) = re.findall(r"```text\n\$ make demo\n(.*?)```", readme, flags=re.DOTALL)
    assert normal(shown[1]) in normal(block)


def normal(text: str) -> str:
    """Without ports and times, and without which parts ran: the README shows the simulated ones."""
    text = re.sub(r"\d+\.\d s", "N s", text)
    text = re.sub(r"(?<=:)( ?)\d{5}\b", r"\1PORT", text)
    text = re.sub(
        r"(?m)^Deployed by .*(: stack dev: )\d+ created", r"Deployed by X\1N created", text
    )
    return re.sub(r"(?m)^AI Gateway: .*", "AI Gateway: X", text)


def test_the_readme_shows_the_simulated_parts() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    assert f"Deployed by {IN_PROCESS}" in readme
    assert f"AI Gateway: {STAND_IN}" in readme


def test_a_wrong_result_is_told(shown: tuple[Shown, str], lab: Lab) -> None:
    """A request that must be denied, sent as one that must not, has a problem."""
    del lab
    right = shown[0].results[0]
    assert right.attempt.status == httpx.codes.UNAUTHORIZED
    wrong = type(right)(right.attempt, httpx.codes.OK, 1, {}, "")
    assert wrong.problems == [
        "status 200 instead of 401",
        "reached the upstream 1 times instead of 0",
    ]
