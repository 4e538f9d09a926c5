"""The AI Gateway of the lab, whichever it is, on a real Envoy Gateway and a real Envoy."""

import os
import uuid
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from ruamel.yaml import YAML

from lab.ai_gateway import CONTROLLER_VARIABLE
from lab.client import Lab
from lab.folders import RUN
from lab.issuer import Issuer
from lab.kubernetes_api import KubernetesApi, Object
from lab.ports import free_port
from lab.upstream import Upstream
from tests import goldens
from tests.lab import ai_gateway_rows as rows
from tests.lab.ai_gateway_answers import answer
from tests.lab.ai_gateway_rows import AI_GATEWAY_API, FILTER_ORDER, GATEWAY_API, NAME, ROWS, Row
from tests.lab.plain_gateway import until

pytestmark = pytest.mark.lab


class Rows:
    """What the rows need."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.issuer = Issuer(RUN / "issuer")
        self.upstream = Upstream(RUN / "upstream")
        self.ports = {listener: free_port() for listener in ("oidc", "api-key", "open")}

    def ask(self, row: Row) -> tuple[httpx.Response, str]:
        """Send the row's request; the answer and the request's id at the upstream."""
        request_id = uuid.uuid4().hex
        headers = {"x-lab-request": request_id, "content-type": "application/json"} | row.headers
        if row.token:
            make = cast("Callable[[], str]", getattr(self.issuer, row.token))
            headers["authorization"] = f"Bearer {make()}"
        url = f"http://127.0.0.1:{self.ports[row.listener]}{row.path}"
        with httpx.Client(headers=headers, trust_env=False) as client:
            if row.model is None:
                return client.get(url), request_id
            if isinstance(row.model, bytes):
                return client.post(url, content=row.model), request_id
            body: dict[str, Any] = {
                "model": row.model,
                "messages": [{"role": "user", "content": "x"}],
            }
            return client.post(url, json=body), request_id

    def status(self, row: Row) -> int:
        """The status of the answer; 0 when nobody answers."""
        try:
            return self.ask(row)[0].status_code
        except httpx.TransportError:
            return 0


OPEN, GOOD_TOKEN, GOOD_KEY = (
    next(row for row in ROWS if row.name == name)
    for name in ("nothing, open listener", "good token, backend that removes it", "good key")
)


@pytest.fixture(scope="module")
def deployed(lab: Lab) -> Iterator[Rows]:
    api = lab.api()
    deployed = Rows(lab)
    rows.deploy(api, deployed.issuer, deployed.upstream.port, deployed.ports)
    for row in (OPEN, GOOD_TOKEN, GOOD_KEY):
        until(lambda row=row: deployed.status(row) == 200, f"{row.name} is served")
    yield deployed
    api.delete(f"/api/v1/namespaces/{NAME}")
    api.delete(f"{GATEWAY_API}/gatewayclasses/{NAME}")
    api.close()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(deployed: Rows, row: Row) -> None:
    answer, request_id = deployed.ask(row)
    assert answer.status_code == row.status, answer.text
    received = deployed.upstream.requests(request_id)
    from_upstream = row.status == 200 and row.path.startswith(rows.CHAT)
    assert len(received) == (1 if from_upstream else 0)
    if received:
        assert received[0].path == rows.CHAT
        assert received[0].header("x-ai-eg-original-path") == [row.path]
        assert len(received[0].header("x-ai-eg-internal-req-id")) == 1
    for header, values in row.at_upstream.items():
        assert received[0].header(header) == values


def test_models_are_those_of_the_route(deployed: Rows) -> None:
    row = next(row for row in ROWS if row.name == "good token, list of models")
    content = deployed.ask(row)[0].json()
    assert [model["id"] for model in content["data"]] == ["kept", "removed"]


def test_answers_are_those_of_the_real_one(deployed: Rows, api: KubernetesApi) -> None:
    """The golden was recorded on Envoy AI Gateway 1.1.0, and should be again on the real one only.

    Whichever the lab runs has to give it: the stand-in is so compared with the real one, by row.
    """
    orders = _filter_orders(deployed, api)
    # For metadata of the access log, behind all others: only the real one has it.
    filters = [[name for name in order if "header_to_metadata" not in name] for order in orders]
    found: list[object] = [{"filters": order} for order in filters]
    for row in ROWS:
        response, request_id = deployed.ask(row)
        found.append(answer(row, response, deployed.upstream.requests(request_id)))
    text = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 10_000
    yaml.dump(found, text)
    goldens.check(goldens.GOLDEN / "ai_gateway" / "answers.yaml", text.getvalue())


def test_the_filter_stands_behind_authentication(deployed: Rows, api: KubernetesApi) -> None:
    orders = _filter_orders(deployed, api)
    chains = [order for order in orders if "envoy.filters.http.ext_proc/aigateway" in order]
    assert len(chains) == len(deployed.ports)
    for order in chains:
        assert [name for name in order if name in FILTER_ORDER] == [
            name for name in FILTER_ORDER if name in order
        ]


def _filter_orders(deployed: Rows, api: KubernetesApi) -> list[list[str]]:
    """The HTTP filters of each listener, sorted; an instance's own suffix is cut off."""
    label = f"gateway.envoyproxy.io/owning-gateway-name={NAME}"
    listed = api.get(f"/apis/apps/v1/deployments?labelSelector={label}")
    assert listed is not None
    (deployment,) = listed["items"]
    envoy = deployed.lab.info["envoys"][deployment["metadata"]["name"]]
    url = f"http://127.0.0.1:{envoy['admin_port']}/config_dump?resource=dynamic_listeners"
    with httpx.Client(trust_env=False) as client:
        listeners = client.get(url).json()["configs"]
    return sorted(
        [next((e for e in FILTER_ORDER if name.startswith(e)), name) for name in names_of(listener)]
        for listener in listeners
    )


def names_of(listener: Object) -> Iterator[str]:
    """The names of the HTTP filters of a listener's chains, in their order."""
    content = listener["active_state"]["listener"]
    chains = [*content.get("filter_chains", []), content.get("default_filter_chain", {})]
    for chain in chains:
        for network_filter in chain.get("filters", []):
            for http_filter in network_filter["typed_config"].get("http_filters", []):
                yield http_filter["name"]


def test_the_kind_says_which_one_runs(lab: Lab) -> None:
    kind = lab.info["ai_gateway"]
    real = CONTROLLER_VARIABLE in os.environ
    assert ("simulated" in kind) is not real
    assert kind.startswith("Envoy AI Gateway 1.1.") is real


def test_a_change_of_the_route_is_followed(deployed: Rows, api: KubernetesApi) -> None:
    path = f"{AI_GATEWAY_API}/namespaces/{NAME}/aigatewayroutes/{NAME}"
    spec = (api.get(path) or {})["spec"]
    header = {"type": "Exact", "name": "x-ai-eg-model", "value": "new"}
    rule = {"matches": [{"headers": [header]}], "backendRefs": [{"name": "kept"}]}
    added = Row("new model", "open", 200, model="new")
    assert deployed.status(added) == 404
    rows.apply(
        api, AI_GATEWAY_API, "AIGatewayRoute", NAME, spec | {"rules": [*spec["rules"], rule]}
    )
    until(lambda: deployed.status(added) == 200, "the added rule is served")
    rows.apply(api, AI_GATEWAY_API, "AIGatewayRoute", NAME, spec)
    until(lambda: deployed.status(added) == 404, "the removed rule is gone")


@pytest.mark.usefixtures("deployed")
def test_a_missing_backend_is_in_the_status(api: KubernetesApi) -> None:
    path = f"{AI_GATEWAY_API}/namespaces/{NAME}/aigatewayroutes/broken"
    header = {"type": "Exact", "name": "x-ai-eg-model", "value": "broken"}
    rule = {"matches": [{"headers": [header]}], "backendRefs": [{"name": "gone"}]}
    parent = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": NAME}
    spec = {"parentRefs": [parent | {"sectionName": "open"}], "rules": [rule]}
    rows.apply(api, AI_GATEWAY_API, "AIGatewayRoute", "broken", spec)

    def conditions() -> list[tuple[str, str]]:
        status = (api.get(path) or {}).get("status", {})
        return [(c["type"], c["message"]) for c in status.get("conditions", [])]

    until(lambda: any(kind == "NotAccepted" for kind, _ in conditions()), "NotAccepted")
    assert "gone" in conditions()[0][1]
    assert api.get(f"{GATEWAY_API}/namespaces/{NAME}/httproutes/broken") is None
    api.delete(path)
    until(lambda: api.get(path) is None, "the route is deleted")


def test_a_deleted_route_takes_its_http_route_along(deployed: Rows, api: KubernetesApi) -> None:
    path = f"{AI_GATEWAY_API}/namespaces/{NAME}/aigatewayroutes"
    spec = (api.get(f"{path}/{NAME}") or {})["spec"]
    made = f"{GATEWAY_API}/namespaces/{NAME}/httproutes/second"
    rows.apply(api, AI_GATEWAY_API, "AIGatewayRoute", "second", spec)
    until(lambda: api.get(made) is not None, "the HTTPRoute is generated")
    # AI Gateway 1.1.0 takes its finalizer off once only, and fails while it writes a status.
    until(lambda: "status" in (api.get(f"{path}/second") or {}), "the route has a status")
    api.delete(f"{path}/second")
    until(lambda: api.get(made) is None, "the HTTPRoute is collected")
    until(lambda: deployed.status(OPEN) == 200, "the first route serves on")


def test_nothing_passes_while_ext_proc_is_down(deployed: Rows, lab: Lab) -> None:
    """A denial becomes 500 too: the answer of the filters before ext_proc goes back through it."""

    def names() -> list[str]:
        """The stand-in has one for all Gateways, the real one has one for each."""
        started = lab.info["processes"]
        return [name for name in started if "ext-proc" in name or f"extproc {NAME}/" in name]

    until(lambda: len(names()) == 1, "the lab tells of its ext_proc")
    (name,) = names()
    no_key = next(row for row in ROWS if row.name == "no key")
    lab.kill(name, hold=True)
    try:
        for row in (GOOD_KEY, no_key, OPEN):
            answer, request_id = deployed.ask(row)
            assert answer.status_code == 500
            assert deployed.upstream.count(request_id) == 0
    finally:
        lab.release(name)
    until(lambda: deployed.status(GOOD_KEY) == 200, "it serves again")
    assert deployed.status(no_key) == 401


def test_no_log_holds_a_credential(deployed: Rows, lab: Lab) -> None:
    token = deployed.issuer.token()
    with httpx.Client(trust_env=False) as client:
        url = f"http://127.0.0.1:{deployed.ports['oidc']}{rows.CHAT}"
        client.post(url, json={"model": "kept"}, headers={"authorization": f"Bearer {token}"})
    for log in sorted(Path(lab.info["logs"]).glob("ai-gateway*.log")):
        content = log.read_text(errors="replace")
        assert token not in content, log
        assert rows.API_KEY not in content, log
