"""The parts around the real AI Gateway that can be tried without its binaries."""

import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.ai_gateway_real.hook import CLUSTER, gateway_of, local, socket_path
from lab.ai_gateway_real.pods import arguments, extproc, files
from lab.envoy_protos import PostTranslateModifyRequest, PostTranslateModifyResponse
from lab.errors import LabError
from lab.folders import REPOSITORY
from lab.kubernetes_api import Object
from lab.ports import free_port
from lab.process import Process

SERVER = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]


def served(port: int) -> bool:
    """Whether an HTTP server answers, and not only a relay in front of it."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=1).is_success
    except httpx.TransportError:
        return False


def test_a_command_is_reached_and_reaches_only_by_relays(tmp_path: Path) -> None:
    outside, outer, inner = free_port(), free_port(), free_port()
    machine = Process("machine", [*SERVER, str(outside)], log=tmp_path / "machine.log")
    machine.start()
    machine.wait_until(lambda: served(outside), timeout=20)
    # The command asks the machine by its relay, and serves on a port that the machine has too.
    ask = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{outside}/').read()"
    command = f'{sys.executable} -c "{ask}" && exec {" ".join(SERVER)} {inner}'
    taken = Process("taken", [*SERVER, str(inner)], log=tmp_path / "taken.log")
    taken.start()
    taken.wait_until(lambda: served(inner), timeout=20)
    process = Process(
        "command",
        [
            *(sys.executable, "-m", "lab.ai_gateway_real.namespace", "--in", str(outside)),
            *("--out", f"{outer}:{inner}", "--", "/bin/sh", "-c", command),
        ],
        log=tmp_path / "command.log",
        directory=REPOSITORY,
    )
    process.start()
    process.wait_until(lambda: served(outer), timeout=20)
    for part in (process, taken, machine):
        part.stop()
    assert not served(outer)


def test_the_code_of_the_command_is_passed_on(tmp_path: Path) -> None:
    process = Process(
        "command",
        [sys.executable, "-m", "lab.ai_gateway_real.namespace", "--", "/bin/sh", "-c", "exit 3"],
        log=tmp_path / "command.log",
        directory=REPOSITORY,
    )
    process.start()
    with pytest.raises(LabError, match="code 3"):
        process.wait_until(lambda: False, timeout=20)


def container() -> Object:
    return {
        "name": "ai-gateway-extproc",
        "args": [
            *("-configBundlePath", "/etc/filter-config-bundle", "-rootPrefix", "/"),
            *("-extProcAddr", "unix:///etc/ai-gateway-extproc-uds/run.sock"),
        ],
        "volumeMounts": [
            {"name": "bundle", "mountPath": "/etc/filter-config-bundle"},
            {"name": "uds", "mountPath": "/etc/ai-gateway-extproc-uds"},
        ],
    }


@pytest.mark.parametrize("kind", ["initContainers", "containers"])
def test_the_webhooks_container_is_found_where_either_version_puts_it(kind: str) -> None:
    spec: Object = {"containers": [{"name": "envoy"}]}
    spec[kind] = [*spec.get(kind, []), container()]
    assert extproc({"spec": spec}) == container()
    assert extproc({"spec": {"containers": [{"name": "envoy"}]}}) is None


def test_the_arguments_get_the_paths_of_this_machine() -> None:
    assert arguments(container(), Path("/run/pod"), Path("/run/s/1.sock")) == [
        *("-configBundlePath", "/run/pod/etc/filter-config-bundle", "-rootPrefix", "/"),
        *("-extProcAddr", "unix:///run/s/1.sock"),
    ]


def test_a_volume_has_the_items_of_the_secrets_that_exist() -> None:
    index = {"name": "index", "items": [{"key": "index.yaml", "path": "index.yaml"}]}
    part = {"name": "part", "items": [{"key": "chunk", "path": "parts/000"}]}
    gone = {"name": "gone", "optional": True, "items": [{"key": "chunk", "path": "parts/001"}]}
    volume = {"projected": {"sources": [{"secret": s} for s in (index, part, gone)]}}
    secrets: dict[str, Object] = {
        "index": {"data": {"index.yaml": "aQ=="}},
        "part": {"data": {"chunk": "cA==", "other": "eA=="}},
    }
    assert files(volume, secrets) == {"index.yaml": "aQ==", "parts/000": "cA=="}
    assert files({"secret": {"secretName": "part"}}, secrets) == {"chunk": "cA==", "other": "eA=="}
    assert files({"emptyDir": {}}, secrets) == {}


def test_only_the_extprocs_cluster_gets_the_path() -> None:
    pipe = {"address": {"pipe": {"path": "/etc/run.sock"}}}
    assignment: dict[str, Any] = {"endpoints": [{"lb_endpoints": [{"endpoint": pipe}]}]}
    clusters = [{"name": name, "load_assignment": assignment} for name in (CLUSTER, "other")]
    response = PostTranslateModifyResponse(clusters=clusters)
    local(response, Path("/run/s/1.sock"))
    paths = [
        cluster.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.pipe.path
        for cluster in response.clusters
    ]
    assert paths == ["/run/s/1.sock", "/etc/run.sock"]


def test_the_gateway_is_known_by_its_listeners() -> None:
    names = ["envoy-gateway-proxy-ready-127.0.0.1-19003", "ns/gw/http"]
    request = PostTranslateModifyRequest(listeners=[{"name": name} for name in names])
    assert gateway_of(request) == ("ns", "gw")
    assert gateway_of(PostTranslateModifyRequest(listeners=[{"name": names[0]}])) is None


def test_a_path_too_long_for_a_socket_is_said_clearly() -> None:
    assert socket_path(Path("/run"), "a", "b") != socket_path(Path("/run"), "a", "c")
    with pytest.raises(LabError, match="shorter path"):
        socket_path(Path("/" + "x" * 100), "a", "b")
