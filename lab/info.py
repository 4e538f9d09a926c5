"""What is known about the running lab: written by its server, read by its clients."""

import json
import os
from typing import TypedDict, cast

from lab.folders import RUN, private_file

FILE = RUN / "lab.json"
HELD = RUN / "held"


class Proxy(TypedDict):
    """The Envoy of one Deployment."""

    pid: int
    admin_port: int
    metrics_port: int


class Info(TypedDict):
    """A running lab; the file has mode 0600 and holds no secret."""

    server_pid: int
    kubeconfig: str
    api_server: str
    logs: str
    versions_set: str
    versions: dict[str, str]
    kubectl: str
    ai_gateway: str
    ai_gateway_crds: str
    envoy_gateway_build: str
    controller_namespace: str
    issuer_url: str
    upstream_url: str
    upstream_port: int
    envoy_gateway_admin_port: int
    processes: dict[str, int]
    envoys: dict[str, Proxy]
    start_seconds: float


def write(info: Info) -> None:
    """Replace the file in one step."""
    private_file(FILE, json.dumps(info, indent=2) + "\n")


def read() -> Info | None:
    """What the running lab wrote, or None if none runs here."""
    try:
        info = cast("Info", json.loads(FILE.read_text()))
    except FileNotFoundError:
        return None
    return info if is_server(info["server_pid"]) else None


def is_server(pid: int) -> bool:
    """Whether the process is a lab's server (and not another one that got its number)."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123 - not a file of ours
            return b"lab.server" in file.read().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False


def process_exists(pid: int) -> bool:
    """Whether there's a process of that number that hasn't ended."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def parent(pid: int) -> int | None:
    """The parent of a process, or None if it's gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return int(file.read().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def held_file(name: str) -> str:
    """The name of the file that keeps the server from starting a process again."""
    return str(HELD / name.replace(os.sep, "_"))
