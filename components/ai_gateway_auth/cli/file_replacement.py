"""Writing a file anew: all of it or nothing."""

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path


def replace(path: Path, text: str, check: Callable[[Path], object]) -> None:
    """Write a file beside the old one, check it, and put it in the old one's place.

    Whatever comes in between (a full disk, Ctrl-C, a check that raises), the old file stays. The
    new one has its mode; a symbolic link stays one.
    """
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        check(temporary)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
