"""A Pulumi project for the tests of the command."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ai_gateway_auth.cli.app import app
from typer.testing import CliRunner, Result

TODAY = datetime.now(UTC).date()
KEYS = {name: sha256(name.encode()).hexdigest() for name in ("alice", "bob", "old", "gone")}


def day(days: int) -> str:
    """A day from today, as a stack's file writes it."""
    return (TODAY + timedelta(days=days)).isoformat()


STACK = f"""\
# Production.  Do not reformat.
encryptionsalt: v1:avHr/a7M2IQ=:v1:x8rIWYKavYSfJ2XZ:Y74/r1YTxx5p1kGhDp1YJ4yD4y4Kvw==
config:
  kubernetes:suppressDeprecationWarnings:   "true"
  ai-gateway-auth:kubeconfig:
    secure: v1:3PmnZwhTvbDJpg5y:{"q+8vM2NNZu/" * 20}==
  ai-gateway-auth:apiKey:
    listener: {{port: 8080}}   # plain HTTP
  ai-gateway-auth:consumers:
    alice:   # at her desk
      # since the pilot
      description: "Alice,  {"who has a long line, " * 10}at her desk"
      team: null
    bob: {{rotation: 2, overlapFor: 7d}}
    carol: {{}}
    dora:
      rotateEvery: 90d
      since: {day(-100)}
    eve:
      expires: {day(9)}
    old:
      expires: {day(-1)}
    gone:
      revoked: true
      revokedReason: left the company
"""


def facts(client_id: str, generation: int = 1, **more: object) -> dict[str, object]:
    """What the stack's outputs tell of a key."""
    return {
        "clientId": client_id,
        "generation": generation,
        "made": f"{day(-5)}T10:00:00Z",
        "expires": None,
        "previousUntil": None,
        "secret": "maas-api-keys",
        "fingerprint": sha256(KEYS.get(client_id, client_id).encode()).hexdigest()[:12],
        **more,
    }


OUTPUTS: Mapping[str, object] = {
    "gatewayAddress": "192.0.2.1",
    "keyFacts": [
        facts("alice", made=None),
        facts("bob", previousUntil=day(2)),
        facts("dora", generation=2),
        facts("eve"),
        facts("gone"),
    ],
}

# What 3.259.0 printed for a stack of the local backend: secrets masked as one text, keys sorted, an
# unknown stack on stderr with exit code 6, a wrong passphrase with 1.
PULUMI = """
import json, pathlib, sys
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    print(json.dumps(sys.argv[1:]), file=calls)
if "--stack=prod" not in sys.argv:
    print("error: no stack named 'nope' found", file=sys.stderr)
    sys.exit(6)
answer = json.loads((here / "answer.json").read_text())
if (here / "fails").exists():
    print(json.dumps(answer["secrets"]))
    print("error: failed to decrypt: incorrect passphrase", file=sys.stderr)
    sys.exit(1)
secrets = answer["secrets"] if "--show-secrets" in sys.argv else "[secret]"
found = answer["plain"] and {**answer["plain"], "apiKeys": secrets}
print(json.dumps(found, indent=2, sort_keys=True))
"""


class Project(NamedTuple):
    """The project's folder, and that of its programs."""

    folder: Path
    programs: Path

    @property
    def file(self) -> Path:
        """The file of the stack prod."""
        return self.folder / "stacks" / "Pulumi.prod.yaml"

    def give(self, plain: Mapping[str, object], secrets: Mapping[str, str]) -> None:
        """Set the stack's outputs."""
        answer = {"plain": plain, "secrets": secrets}
        (self.programs / "answer.json").write_text(json.dumps(answer))

    def calls(self) -> list[list[str]]:
        """How `pulumi` was called."""
        file = self.programs / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def run(self, *words: str, stdin: str | None = None) -> Result:
        """Run `keys ...` for the stack."""
        words = ("keys", *words, "--cwd", str(self.folder))
        if "--stack" not in words:
            words = (*words, "--stack", "prod")
        return CliRunner().invoke(app, words, input=stdin)
