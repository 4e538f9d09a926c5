import json

import pytest

from tests.unit.cli.project import KEYS, OUTPUTS, Project, day, facts

FINGERPRINTS = {
    name: facts(name)["fingerprint"] for name in ("alice", "bob", "dora", "eve", "gone")
}


def states(text: str) -> dict[str, str]:
    """The column with the states, by client id; columns stand two spaces apart."""
    head, *lines = text.splitlines()
    start, end = head.index("state"), head.index("Secret")
    return {line.split()[0]: line[start:end].strip() for line in lines}


def test_each_consumer_has_a_row_with_its_state(project: Project) -> None:
    result = project.run("list")
    assert result.exit_code == 0, result.stderr
    assert states(result.stdout) == {
        "alice": "live",
        "bob": f"rotates with the next up; key before until {day(2)}",
        "carol": "not deployed yet",
        "dora": "live",
        "eve": "expires in 9 days",
        "gone": "revoked: left the company; its key goes with the next up",
        "old": "expired",
    }


def test_a_row_tells_what_is_deployed(project: Project) -> None:
    result = project.run("list")
    rows = {line.split()[0]: line for line in result.stdout.splitlines()[1:]}
    assert list(rows) == sorted(rows)
    assert f"{day(-5)} (5 d)" in rows["bob"]
    assert day(9) in rows["eve"]
    for client_id, fingerprint in FINGERPRINTS.items():
        assert rows[client_id].endswith(f"maas-api-keys  {fingerprint}")
    assert all(line == line.rstrip() for line in result.stdout.splitlines())


def test_pulumi_is_not_asked_for_secrets(project: Project) -> None:
    project.run("list")
    (call,) = project.calls()
    assert call[:3] == ["stack", "output", "--json"]
    assert "--show-secrets" not in call


def test_a_key_that_the_config_knows_no_more_is_told(project: Project) -> None:
    project.give({"keyFacts": [facts("frank")]}, KEYS)
    assert states(project.run("list").stdout)["frank"] == (
        "not in the config; its key goes with the next up"
    )


def test_a_key_before_that_is_due_is_told(project: Project) -> None:
    project.give({"keyFacts": [facts("alice", previousUntil=day(-1))]}, KEYS)
    assert states(project.run("list").stdout)["alice"] == "key before goes with the next up"


def test_the_stack_decides_when_expiry_is_told(project: Project) -> None:
    project.file.write_text(
        project.file.read_text().replace("{port: 8080}", "{port: 8080}\n    expiryWarning: 8d")
    )
    assert states(project.run("list").stdout)["eve"] == "live"


def test_the_last_day_is_one_day(project: Project) -> None:
    project.file.write_text(project.file.read_text().replace(day(9), day(1)))
    assert states(project.run("list").stdout)["eve"] == "expires in 1 day"


def test_json_is_for_machines(project: Project) -> None:
    found = json.loads(project.run("list", "--json").stdout)
    assert [row["clientId"] for row in found] == sorted(row["clientId"] for row in found)
    bob = found[1]
    assert bob == {
        "clientId": "bob",
        "team": None,
        "tier": None,
        "generation": 1,
        "nextGeneration": 2,
        "made": f"{day(-5)}T10:00:00+00:00",
        "ageDays": 5,
        "expires": None,
        "previousUntil": day(2),
        "revoked": False,
        "revokedReason": None,
        "states": ["rotates with the next up", f"key before until {day(2)}"],
        "secret": "maas-api-keys",
        "fingerprint": FINGERPRINTS["bob"],
    }


def test_a_stack_that_was_never_deployed_has_no_keys(project: Project) -> None:
    project.give({}, {})
    found = states(project.run("list").stdout)
    assert found["alice"] == "not deployed yet"
    assert found["gone"] == "revoked: left the company"


def test_offline_the_config_alone_tells(project: Project) -> None:
    found = states(project.run("list", "--offline").stdout)
    assert found["alice"] == "not asked"
    assert found["eve"] == "expires in 9 days"
    assert project.calls() == []


def test_a_reason_can_not_steer_the_terminal(project: Project) -> None:
    text = project.file.read_text().replace("left the company", r'"left\e[31m\nthe company"')
    project.file.write_text(text)
    assert states(project.run("list").stdout)["gone"].startswith("revoked: left[31m the company")


@pytest.mark.parametrize("source", ["file", "-"])
def test_outputs_may_be_handed_over(project: Project, source: str) -> None:
    text = json.dumps({**OUTPUTS, "apiKeys": KEYS})
    file = project.folder / "outputs.json"
    file.write_text(text)
    name = str(file) if source == "file" else "-"
    result = project.run("list", "--outputs", name, stdin=text if source == "-" else None)
    assert states(result.stdout)["alice"] == "live"
    assert project.calls() == []
