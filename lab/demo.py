"""The demo: deploy the dev stack in the lab, and show by requests that it is closed."""

import shlex
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple, cast

import httpx
from rich.console import Console

from lab import info, stack_copy
from lab.attempt import CHAT_PATH, Attempt, Result, send
from lab.client import Lab
from lab.deployer import Deployment, Secret, choose
from lab.errors import LabError
from lab.folders import LAB, LOGS, REPOSITORY, RUN
from lab.issuer import Issuer
from lab.progress import Progress
from lab.stack_copy import StackCopy
from lab.upstream import Upstream

STACK = REPOSITORY / "stacks" / "Pulumi.dev.yaml"
FOLDER = LAB / "demo"
CONSUMER = "alice"
MODEL = "llama-3.1-8b-instruct"
EMAIL = "bob@example.com"
SERVED_SECONDS = 30
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Deployed:
    """The dev stack in the lab."""

    copy: StackCopy
    deployment: Deployment
    keys: Mapping[str, str] = field(repr=False)


class Shown(NamedTuple):
    """What the demo showed."""

    deployed: Deployed
    results: list[Result]


def command(*, keep: bool) -> int:
    """Run the demo in a lab of its own, and leave that running if `keep`.

    Returns:
        The exit code: 1 if a request had another outcome than it must have.

    Raises:
        LabError: A lab runs already, or a part failed.

    """
    if info.read() is not None:
        raise LabError(
            "A lab runs here already, perhaps kept by an earlier demo. Two can't run at once, and "
            "the demo starts with an empty cluster. End it with `make demo-down`."
        )
    shutil.rmtree(FOLDER, ignore_errors=True)  # what it says was deployed is gone with its etcd
    console, progress = Console(highlight=False), Progress()
    lab = Lab.start(progress=progress)
    kept = False
    try:
        shown = run(lab, console, progress)
        if keep:
            lab.keep()
            kept = True
            _say(console, "", *_how_to_go_on(shown.deployed, lab))
    finally:
        if not kept:
            with progress.step("Ending the lab"):
                lab.stop()
    return 1 if any(result.problems for result in shown.results) else 0


def run(lab: Lab, console: Console, progress: Progress, folder: Path = FOLDER) -> Shown:
    """Deploy into the folder's state, send the requests, print the table.

    Raises:
        LabError: The deployment failed.

    """
    issuer, upstream = Issuer(RUN / "issuer"), Upstream(RUN / "upstream")
    deployed = deploy(lab, issuer, upstream, progress, folder)
    rows = attempts(deployed, issuer)
    with httpx.Client(trust_env=False) as client:
        with progress.step("Waiting until Envoy serves the routes"):
            _await_served(rows, upstream, client)
        _say(
            console,
            f"Deployed by {deployed.deployment}",
            f"AI Gateway: {lab.info['ai_gateway']}",
            "",
            f"Overrides of stacks/{STACK.name}, and no others:",
            *(f"  {override.key}: {override.value}" for override in deployed.copy.overrides),
        )
        try:
            results = [send(attempt, upstream, client) for attempt in rows]
        except httpx.TransportError as error:
            raise LabError(
                f"Envoy doesn't answer ({error}). It ended, or has no such listener. "
                f"See the logs in {LOGS}."
            ) from error
    _say(console, "", *_table(results), "", *_verdict(results))
    return Shown(deployed, results)


def _await_served(rows: list[Attempt], upstream: Upstream, client: httpx.Client) -> None:
    """Until each good credential has passed once, or for 30 s: the rows then tell what is wrong.

    An accepted route is not yet a served one: with the real AI Gateway 1.1.0 a listener answered
    500 for a moment, to everybody, until its Envoy had the route.
    """
    deadline = time.monotonic() + SERVED_SECONDS
    for row in rows:
        if row.status == HTTPStatus.OK:
            while not _passes(row, upstream, client) and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)


def _passes(row: Attempt, upstream: Upstream, client: httpx.Client) -> bool:
    try:
        return not send(row, upstream, client).problems
    except httpx.TransportError:  # Envoy doesn't listen yet
        return False


def _say(console: Console, *lines: str) -> None:
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _how_to_go_on(deployed: Deployed, lab: Lab) -> list[str]:
    return [
        "The lab runs on. Without a credential (401), then with a consumer's key (200):",
        "",
        *curl_lines(deployed, lab),
        "",
        "End it with: make demo-down",
    ]


def deploy(
    lab: Lab, issuer: Issuer, upstream: Upstream, progress: Progress, folder: Path = FOLDER
) -> Deployed:
    """Deploy the copy of the dev stack."""
    copy = stack_copy.copy(
        STACK,
        folder / STACK.name,
        issuer=issuer.url,
        jwks_uri=issuer.jwks_uri,
        upstream=upstream.port,
    )
    deployer = choose()
    with progress.step("Deploying the dev stack") as update:
        deployment = deployer.deploy(
            copy.path,
            program=REPOSITORY,
            kubeconfig=lab.kubeconfig,
            state=folder / "state",
            say=update,
        )
    keys = deployment.outputs["apiKeys"]
    if not isinstance(keys, Secret):
        raise LabError("The output apiKeys is not a secret. It would be printed. Nothing is shown.")
    return Deployed(copy, deployment, cast("Mapping[str, str]", keys.reveal()))


def attempts(deployed: Deployed, issuer: Issuer) -> list[Attempt]:
    """Each method with a right, a wrong and a missing credential, and with stolen identities."""
    ports = deployed.copy.ports
    audience = deployed.copy.audiences[0]
    good = {"sub": "bob", "email": EMAIL, "aud": audience}
    bob = {"x-user-id": "bob", "x-user-email": EMAIL}
    alice = {"x-user-id": CONSUMER}
    stolen = {"x-user-id": "admin", "x-user-group": "admins"}

    def oidc(what: str, status: int, token: str | None, **more: dict[str, str]) -> Attempt:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return Attempt(
            "oidc",
            f"http://127.0.0.1:{ports['oidc']}",
            what,
            status,
            headers=headers | more.get("claimed", {}),
            identity=bob if status == HTTPStatus.OK else {},
            query=more.get("query", {}),
            model=MODEL,
        )

    def api_key(what: str, status: int, headers: dict[str, str]) -> Attempt:
        return Attempt(
            "api-key",
            f"http://127.0.0.1:{ports['apiKey']}",
            what,
            status,
            headers=headers,
            identity=alice if status == HTTPStatus.OK else {},
            model=MODEL,
        )

    key = deployed.keys[CONSUMER]
    token = issuer.token(**good)
    return [
        oidc("no token", 401, None),
        oidc("expired token", 401, issuer.expired(**good)),
        oidc("token for another audience", 403, issuer.wrong_audience(sub="bob")),
        oidc("token of another issuer", 401, issuer.wrong_issuer(**good)),
        oidc("token signed by a foreign key", 401, issuer.foreign(**good)),
        oidc("unsigned token (alg: none)", 401, issuer.unsigned(**good)),
        oidc("good token in the query string", 401, None, query={"access_token": token}),
        oidc("no token, claims to be admin", 401, None, claimed=stolen),
        oidc("good token", 200, token),
        oidc("good token, claims to be admin", 200, token, claimed=stolen),
        api_key("no key", 401, {}),
        api_key("wrong key", 401, {"x-api-key": "0" * 64}),
        api_key("the client id as key", 401, {"x-api-key": CONSUMER}),
        api_key("good token of the other method", 401, {"authorization": f"Bearer {token}"}),
        api_key("good key in X-API-Key", 200, {"x-api-key": key}),
        api_key("good key as Bearer", 200, {"authorization": f"Bearer {key}"}),
        api_key("good key, claims to be admin", 200, {"x-api-key": key, **stolen}),
    ]


def curl_lines(deployed: Deployed, lab: Lab) -> list[str]:
    """Lines to copy; the key is read from the cluster, so that none is printed."""
    kubectl = shlex.quote(lab.info["kubectl"])
    namespace = deployed.deployment.outputs["namespace"]
    body = f'-H \'content-type: application/json\' -d \'{{"model":"{MODEL}","messages":[]}}\''
    oidc = f"http://127.0.0.1:{deployed.copy.ports['oidc']}{CHAT_PATH}"
    api_key = f"http://127.0.0.1:{deployed.copy.ports['apiKey']}{CHAT_PATH}"
    secret = f"{kubectl} -n {namespace} get secret maas-api-keys"
    return [
        f"export KUBECONFIG={shlex.quote(str(lab.kubeconfig))}",
        f"curl -i {body} {oidc}",
        f"curl -i {body} {api_key}",
        f"KEY=$({secret} -o jsonpath='{{.data.{CONSUMER}}}' | base64 -d)",
        f'curl -i -H "X-API-Key: $KEY" {body} {api_key}',
    ]


def _table(results: list[Result]) -> list[str]:
    """Lines of at most 80 columns."""
    rows = [("listener", "credential", "status", "identity headers upstream")]
    for result in results:
        identity = [
            f"{name}: {' | '.join(values)}" for name, values in sorted(result.identity.items())
        ] or ["not reached" if result.arrivals == 0 else "none"]
        status = f"{result.status} {'BAD' if result.problems else 'ok'}"
        rows.append((result.attempt.listener, result.attempt.what, status, identity[0]))
        rows += [("", "", "", header) for header in identity[1:]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = tuple("-" * width for width in widths)
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (rows[0], rule, *rows[1:])]


def _verdict(results: list[Result]) -> list[str]:
    wrong = [result for result in results if result.problems]
    if not wrong:
        return [f"All {len(results)} requests ended as they must."]
    return [
        f"{len(wrong)} of {len(results)} requests did not end as they must:",
        *(
            f"  {result.attempt.listener}, {result.attempt.what}: {'; '.join(result.problems)}"
            for result in wrong
        ),
    ]
