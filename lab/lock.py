"""One lab at a time: some of its ports are fixed in the programs, and it has one folder."""

import json
import os
from pathlib import Path

from filelock import FileLock, Timeout

from lab.errors import LabError
from lab.folders import REPOSITORY, cache
from lab.ports import is_free


class LabLock:
    """Held by the server of the running lab; the kernel frees it when that ends."""

    def __init__(self) -> None:
        self._lock = FileLock(cache() / "lab.lock")

    def acquire(self, fixed_ports: tuple[int, ...]) -> None:
        """Take it, and look at the ports too: another user has another lock.

        Raises:
            LabError: a lab runs already, or a program has one of the ports.
        """
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise LabError(
                f"Another lab runs already ({_owner()}). "
                "Two can't run at once, since Envoy Gateway's ports are fixed. "
                "End it with `python -m lab down` there."
            ) from None
        taken = [port for port in fixed_ports if not is_free(port)]
        if taken:
            self._lock.release()
            raise LabError(
                f"The lab can't start: {', '.join(map(str, taken))} of this machine's ports are "
                "in use. Envoy Gateway's ports are fixed. End the program that has them "
                "(`ss -ltnp` names it; it may be another user's lab)."
            )
        _owner_file().write_text(json.dumps({"repository": str(REPOSITORY), "pid": os.getpid()}))

    def release(self) -> None:
        """Give it back."""
        _owner_file().unlink(missing_ok=True)
        self._lock.release()


def _owner_file() -> Path:
    return cache() / "lab.owner.json"


def _owner() -> str:
    try:
        owner: dict[str, str] = json.loads(_owner_file().read_text())
        return f"in {owner['repository']}, process {owner['pid']}"
    except (OSError, ValueError, KeyError):
        return "it's starting"
