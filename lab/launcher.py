"""Become a command that the kernel kills when the process that started it ends.

Called as `python -I -S launcher.py PARENT COMMAND...`; runs with the standard library only.
A `preexec_fn` would do the same, but isn't safe in a process that has threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask for the signal, then replace this process by the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel knew
        sys.exit(1)
    try:
        os.execv(command[0], command)  # noqa: S606 - the point of this file
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


main()
