import json
from pathlib import Path

import pytest

from lab import bootstrap
from lab.bootstrap import Ports
from lab.errors import LabError
from lab.kubernetes_api import Object

PORTS = Ports(admin=20001, metrics=20002)
FOLDER = Path("/run/one")
BOOTSTRAP = """
admin:
  address: {socket_address: {address: 127.0.0.1, port_value: 19000}}
static_resources:
  listeners:
  - name: envoy-gateway-proxy-stats-0.0.0.0-19001
    address: {socket_address: {address: 0.0.0.0, port_value: 19001}}
  clusters:
  - name: prometheus_stats
    load_assignment:
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 19000}}}
  - name: xds_cluster
    load_assignment:
      endpoints:
      - lb_endpoints:
        - endpoint:
            address:
              socket_address:
                address: envoy-gateway.envoy-gateway-system.svc.cluster.local.
                port_value: 18000
    transport_socket: {path: /sds/xds-certificate.json, other: /sdsomething}
"""


def deployment(arguments: list[str]) -> Object:
    field = {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    container = {
        "name": "envoy",
        "args": arguments,
        "env": [{"name": "ENVOY_POD_NAME", **field}, {"name": "PLAIN", "value": "yes"}],
    }
    volumes = [
        {"name": "certs", "secret": {"secretName": "envoy"}},
        {"name": "sds", "configMap": {"name": "envoy-a"}},
    ]
    return {
        "metadata": {"name": "envoy-a", "namespace": "envoy-gateway-system"},
        "spec": {"template": {"spec": {"containers": [container], "volumes": volumes}}},
    }


def rewritten() -> Object:
    return bootstrap.envoy(deployment(["--config-yaml", BOOTSTRAP]), PORTS, FOLDER).bootstrap


def test_arguments() -> None:
    given = ["--service-node", "$(ENVOY_POD_NAME)/$(PLAIN)/$(UNKNOWN)", "--cpuset-threads"]
    given += ["--config-yaml", BOOTSTRAP, "--concurrency", "4", "--log-level", "warn"]
    found = bootstrap.envoy(deployment(given), PORTS, FOLDER).arguments
    assert found == [
        *("--service-node", "envoy-a-lab/yes/$(UNKNOWN)", "--log-level", "warn"),
        *("--concurrency", "1", "--disable-hot-restart"),
    ]


def test_ports_and_addresses() -> None:
    text = json.dumps(rewritten())
    assert "0.0.0.0" not in text.replace("stats-0.0.0.0", "")  # noqa: S104 - that it's not there
    assert "19000" not in text
    assert '"port_value": 19001' not in text
    assert text.count("20001") == 2
    assert text.count("20002") == 1


def test_controller_is_this_machine() -> None:
    xds = rewritten()["static_resources"]["clusters"][1]
    endpoint = xds["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    assert endpoint["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 18000}


def test_mounted_files() -> None:
    socket = rewritten()["static_resources"]["clusters"][1]["transport_socket"]
    assert socket == {"path": "/run/one/sds/xds-certificate.json", "other": "/sdsomething"}
    text = '{"filename": "/certs/tls.crt"}'
    assert bootstrap.local_text(text, FOLDER) == '{"filename": "/run/one/certs/tls.crt"}'


def test_volumes() -> None:
    made = deployment([])
    assert bootstrap.volume(made, "certs", "secret") == "envoy"
    assert bootstrap.volume(made, "sds", "configMap") == "envoy-a"
    with pytest.raises(LabError, match="no volume other from a secret"):
        bootstrap.volume(made, "other", "secret")


def test_no_bootstrap() -> None:
    with pytest.raises(LabError, match="no --config-yaml"):
        bootstrap.envoy(deployment([]), PORTS, FOLDER)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"app.kubernetes.io/name": "envoy", "app.kubernetes.io/component": "proxy"}, True),
        ({"app.kubernetes.io/name": "envoy-ratelimit"}, False),
        ({}, False),
    ],
)
def test_which_deployments(labels: dict[str, str], expected: bool) -> None:  # noqa: FBT001
    assert bootstrap.is_envoy({"metadata": {"labels": labels}}) is expected
