import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab import info
from lab.errors import LabError
from lab.folders import REPOSITORY
from lab.process import Process
from tests.lab import plain_gateway

PARENT = """
import sys, threading
from pathlib import Path
from lab.process import Process
process = Process("sleeper", ["sleep", "1000"], log=Path(sys.argv[1]))
starter = threading.Thread(target=process.start)
starter.start()
starter.join()
print(process.pid, flush=True)
threading.Event().wait()
"""


def test_stop_ends_it(tmp_path: Path) -> None:
    process = Process("sleeper", ["sleep", "1000"], log=tmp_path / "log")
    process.start()
    assert process.running
    assert process.pid is not None
    assert os.getpgid(process.pid) == process.pid
    process.stop()
    process.stop()
    assert not process.running


def test_deaf_process_is_killed(tmp_path: Path) -> None:
    script = "trap '' TERM; echo deaf; while true; do sleep 0.1; done"
    process = Process("deaf", ["sh", "-c", script], log=tmp_path / "log")
    process.start()
    process.wait_until(lambda: "deaf" in process.log_tail(), timeout=10)
    process.stop(timeout=0.2)
    assert process.exit_code == -signal.SIGKILL


def test_early_end_shows_the_log(tmp_path: Path) -> None:
    process = Process("failing", ["sh", "-c", "echo because; exit 3"], log=tmp_path / "log")
    process.start()
    with pytest.raises(LabError, match=r"(?s)failing ended with code 3.*because"):
        process.wait_until(lambda: False, timeout=10)


def test_time_limit(tmp_path: Path) -> None:
    process = Process("sleeper", ["sleep", "1000"], log=tmp_path / "log")
    process.start()
    with pytest.raises(LabError, match=r"sleeper wasn't ready after 0\.1 s"):
        process.wait_until(lambda: False, timeout=0.1)
    process.stop()


def test_missing_program(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no program"):
        Process("nothing", [tmp_path / "nothing"], log=tmp_path / "log").start()


def test_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log")]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert info.process_exists(pid)
        parent.kill()
    plain_gateway.until(lambda: not info.process_exists(pid), "the orphan ends")
