import textwrap
from pathlib import Path

import pytest

from tests.unit.cli.project import STACK, Project, day


def changed(project: Project, *words: str) -> str:
    """The diff of a command that changes the stack's file."""
    result = project.run(*words)
    assert result.exit_code == 0, result.stderr
    assert "run `pulumi up --stack prod`" in result.stderr
    assert project.calls() == [], "nothing is run"
    return result.stdout


def without(text: str, *added: str) -> list[str]:
    """The lines of a text without those that were added."""
    return [line for line in text.splitlines() if line not in added]


def test_rotate_raises_the_generation(project: Project) -> None:
    diff = changed(project, "rotate", "alice")
    after = project.file.read_text()
    assert without(after, "      rotation: 2") == STACK.splitlines()
    assert diff.splitlines() == [
        f"--- {project.file}",
        f"+++ {project.file}",
        "@@ -9,5 +9,6 @@",
        "   ai-gateway-auth:consumers:",
        "     alice:   # at her desk",
        "+      rotation: 2",
        *(f" {line}" for line in STACK.splitlines()[10:13]),
    ]


def test_rotate_several_with_an_overlap(project: Project) -> None:
    diff = changed(project, "rotate", "bob", "carol", "bob", "--overlap-for", "14d")
    after = project.file.read_text()
    assert "    bob: {rotation: 3, overlapFor: 14d}\n" in after
    assert "    carol: {rotation: 2, overlapFor: 14d}\n" in after
    assert len(after.splitlines()) == len(STACK.splitlines())
    assert diff.count("\n+    ") == 2


def test_a_key_without_overlap_is_told_to_end_at_once(project: Project) -> None:
    result = project.run("rotate", "alice", "bob")
    assert "ends at once, for lack of overlapFor: alice.\n" in result.stderr


def test_twice_is_two_generations(project: Project) -> None:
    changed(project, "rotate", "alice")
    changed(project, "rotate", "alice")
    assert without(project.file.read_text(), "      rotation: 3") == STACK.splitlines()


def test_rotate_refuses_who_rotates_by_itself(project: Project) -> None:
    result = project.run("rotate", "alice", "dora")
    assert result.exit_code == 1
    assert result.stderr == (
        "dora is not rotated by hand. Its generation is counted by rotateEvery, and the next `up` "
        f"from {day(80)} on rotates it. For a new key today, set its since to {day(-180)}.\n"
    )
    assert project.file.read_text() == STACK, "all of them or nobody"


def test_the_since_that_is_proposed_rotates_today(project: Project) -> None:
    project.file.write_text(STACK.replace(day(-100), day(-180)))
    assert f"from {day(90)} on" in project.run("rotate", "dora").stderr


@pytest.mark.parametrize(("client_id", "why"), [("gone", "revoked"), ("old", "expired")])
def test_rotate_refuses_who_has_no_key(project: Project, client_id: str, why: str) -> None:
    result = project.run("rotate", client_id)
    assert result.exit_code == 1
    assert f"{client_id} has no key. The config says that it" in result.stderr
    assert why in result.stderr
    assert project.file.read_text() == STACK


@pytest.mark.parametrize("command", ["rotate", "revoke"])
def test_unknown_consumers_are_told(project: Project, command: str) -> None:
    result = project.run(command, "alice", "bobb")
    assert result.exit_code == 1
    assert "There is no consumer bobb." in result.stderr
    assert "Did you mean bob?" in result.stderr
    assert project.file.read_text() == STACK


def test_the_result_is_checked_before_it_is_written(project: Project) -> None:
    result = project.run("rotate", "alice", "--overlap-for", "2 weeks")
    assert result.exit_code == 1
    assert "consumers.alice.overlapFor" in result.stderr
    assert "write e.g. 7d or 90d." in result.stderr
    assert project.file.read_text() == STACK
    assert [*project.file.parent.iterdir()] == [project.file]


def test_revoke_takes_the_key(project: Project) -> None:
    changed(project, "revoke", "alice", "bob", "--reason", 'lost "laptop": #3')
    after = project.file.read_text()
    reason = r'revokedReason: "lost \"laptop\": #3"'
    assert f"    bob: {{revoked: true, {reason}, rotation: 2, overlapFor: 7d}}\n" in after
    lines = without(after, "      revoked: true", f"      {reason}")
    assert [line for line in lines if "bob" not in line] == [
        line for line in without(STACK, "      revoked: true") if "bob" not in line
    ]


def test_revoke_twice_changes_nothing(project: Project) -> None:
    changed(project, "revoke", "alice", "--reason", "lost")
    once = project.file.read_text()
    for words in (["revoke", "alice", "--reason", "lost"], ["revoke", "alice", "gone"]):
        result = project.run(*words)
        assert (result.exit_code, result.stdout) == (0, "")
        assert "The config says so already; nothing was changed." in result.stderr
    assert project.file.read_text() == once


def test_a_reason_can_be_added_and_changed(project: Project) -> None:
    changed(project, "revoke", "gone", "--reason", "on leave")
    assert project.file.read_text() == STACK.replace("left the company", '"on leave"')


def test_who_expires_can_be_revoked(project: Project) -> None:
    changed(project, "revoke", "old")
    assert without(project.file.read_text(), "      revoked: true") == without(
        STACK, "      revoked: true"
    )


def test_windows_line_ends_stay(project: Project) -> None:
    project.file.write_bytes(STACK.replace("\n", "\r\n").encode())
    changed(project, "rotate", "alice")
    after = project.file.read_bytes()
    assert after.count(b"\r\n") == after.count(b"\n") == STACK.count("\n") + 1


def test_the_mode_and_a_link_stay(project: Project) -> None:
    target = project.folder / "elsewhere.yaml"
    project.file.rename(target)
    project.file.symlink_to(target)
    target.chmod(0o640)
    changed(project, "rotate", "alice")
    assert project.file.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert "rotation: 2" in target.read_text()


def test_the_diff_shows_the_consumers_only(project: Project) -> None:
    text = STACK.replace(
        "  ai-gateway-auth:apiKey:",
        "  kubernetes:kubeconfig: plain-secret\n  ai-gateway-auth:apiKey:",
    )
    lines = text.splitlines()
    lines.remove("    listener: {port: 8080}   # plain HTTP")
    text = "\n".join([*lines, "  ai-gateway-auth:oidc: null", "  other:token: plain-secret", ""])
    project.file.write_text(text.replace("apiKey:", "apiKey: {listener: {port: 8080}}"))
    diff = changed(project, "rotate", "alice") + changed(project, "revoke", "old")
    assert "plain-secret" not in diff
    assert "+      rotation: 2" in diff


def test_what_others_share_is_not_changed(project: Project) -> None:
    text = STACK.replace("    carol: {}", "    carol: &same {rotation: 4}\n    dave: *same")
    project.file.write_text(text)
    for client_id in ("carol", "dave"):
        result = project.run("rotate", client_id)
        assert result.exit_code == 1
        assert f"set by hand: {client_id}: rotation: 5." in result.stderr
    assert project.file.read_text() == text


def test_a_broken_config_is_told_as_up_tells_it(project: Project) -> None:
    project.file.write_text(STACK.replace("rotation: 2", "rotation: two"))
    result = project.run("rotate", "alice")
    assert result.exit_code == 1
    assert "consumers.bob.rotation" in result.stderr


def test_the_old_spelling_of_the_key_is_found(project: Project) -> None:
    text = STACK.replace("ai-gateway-auth:consumers", "consumers")
    project.file.write_text(text)
    changed(project, "rotate", "carol")
    assert project.file.read_text() == text.replace("carol: {}", "carol: {rotation: 2}")


@pytest.fixture
def consumers(project: Project) -> Path:
    """The consumers in a file of their own, which the stack's file names."""
    head, consumers = STACK.split("  ai-gateway-auth:consumers:\n")
    project.file.write_text(f"{head}  ai-gateway-auth:consumers: {{file: consumers.prod.yaml}}\n")
    file = project.file.with_name("consumers.prod.yaml")
    file.write_text(textwrap.dedent(consumers))
    return file


def test_a_consumers_file_is_the_one_that_changes(project: Project, consumers: Path) -> None:
    stack, before = project.file.read_text(), consumers.read_text()
    diff = changed(project, "rotate", "alice", "carol")
    after = consumers.read_text()
    assert diff.startswith(f"--- {consumers}\n+++ {consumers}\n@@ -1,")
    assert project.file.read_text() == stack
    assert without(after, "  rotation: 2") == (
        before.replace("carol: {}", "carol: {rotation: 2}").splitlines()
    )


def test_a_changed_consumers_file_is_checked(project: Project, consumers: Path) -> None:
    before = consumers.read_text()
    result = project.run("rotate", "alice", "--overlap-for", "soon")
    assert result.exit_code == 1
    assert "consumers.alice.overlapFor" in result.stderr
    assert "consumers.prod.yaml" in result.stderr
    assert consumers.read_text() == before
    assert {*consumers.parent.iterdir()} == {consumers, project.file}


def test_the_consumers_of_a_file_are_listed(project: Project, consumers: Path) -> None:
    assert consumers.exists()
    assert "carol" in project.run("list").stdout
