"""The demo: deploy the dev stack in the lab, and show by requests that it is closed."""

import shlex
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple, cast

import httpx
from rich.console import Console
from rich.table import Table

from lab import stack_copy
from lab.attempt import CHAT_PATH, Attempt, Result, send
from lab.client import Lab
from lab.deployer import Deployment, Secret, choose
from lab.errors import LabError
from lab.folders import LAB, REPOSITORY, RUN
from lab.issuer import Issuer
from lab.progress import Progress
from lab.stack_copy import StackCopy
from lab.upstream import Upstream

STACK = REPOSITORY / "stacks" / "Pulumi.dev.yaml"
FOLDER = LAB / "demo"
CONSUMER = "alice"
MODEL = "llama-3.1-8b-instruct"
EMAIL = "bob@example.com"


class Deployed(NamedTuple):
    """The dev stack in the lab."""

    copy: StackCopy
    deployment: Deployment
    keys: Mapping[str, str]


def run(lab: Lab, console: Console, progress: Progress) -> list[Result]:
    """Deploy, send the requests, print the table.

    Returns:
        What came of each request.

    Raises:
        LabError: The deployment failed.

    """
    issuer, upstream = Issuer(RUN / "issuer"), Upstream(RUN / "upstream")
    deployed = deploy(lab, issuer, upstream, progress)
    console.print(f"Deployed by: {deployed.deployment}")
    console.print(f"AI Gateway:  {lab.info['ai_gateway']}")
    console.print("Overrides of stacks/Pulumi.dev.yaml, and no others:")
    for override in deployed.copy.overrides:
        console.print(f"  {override.key}: {override.value}")
    with httpx.Client() as client:
        results = [send(attempt, upstream, client) for attempt in attempts(deployed, issuer)]
    console.print(_table(results))
    return results


def deploy(lab: Lab, issuer: Issuer, upstream: Upstream, progress: Progress) -> Deployed:
    """Deploy the copy of the dev stack."""
    copy = stack_copy.copy(
        STACK,
        FOLDER / STACK.name,
        issuer=issuer.url,
        jwks_uri=issuer.jwks_uri,
        upstream=upstream.port,
    )
    deployer = choose()
    with progress.step(f"Deploying the dev stack by {deployer.kind}") as update:
        deployment = deployer.deploy(
            copy.path,
            program=REPOSITORY,
            kubeconfig=lab.kubeconfig,
            state=FOLDER / "state",
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
    kubectl = f"{shlex.quote(lab.info['kubectl'])} --kubeconfig {shlex.quote(str(lab.kubeconfig))}"
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


def _table(results: list[Result]) -> Table:
    table = Table(title="Real requests through Envoy")
    for column in ("listener", "credential", "must be", "status", "identity at the upstream", ""):
        table.add_column(column)
    for result in results:
        identity = ", ".join(
            f"{name}: {' | '.join(values)}" for name, values in sorted(result.identity.items())
        )
        table.add_row(
            result.attempt.listener,
            result.attempt.what,
            str(result.attempt.status),
            str(result.status),
            identity or ("not reached" if result.arrivals == 0 else "none"),
            "; ".join(result.problems) or "ok",
        )
    return table
