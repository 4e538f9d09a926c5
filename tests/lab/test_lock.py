import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.folders import CACHE_VARIABLE, REPOSITORY
from lab.lock import LabLock
from lab.ports import free_port, is_free

HOLDER = """
import sys
from lab.lock import LabLock
lock = LabLock()
lock.acquire(())
print("held", flush=True)
sys.stdin.read()
"""


def test_lock_of_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        lock = LabLock()
        with pytest.raises(LabError, match=f"Another lab runs already .*process {holder.pid}"):
            lock.acquire(())
        holder.kill()
        holder.wait()
        lock.acquire(())
        owner = json.loads((tmp_path / "lab.owner.json").read_text())
        assert owner["pid"] == os.getpid()
        lock.release()


def test_port_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
        with pytest.raises(LabError, match=f"{port} of this machine's ports are in use"):
            LabLock().acquire((port,))
    assert is_free(port)
