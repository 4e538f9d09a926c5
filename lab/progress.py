"""Show what takes long: a live line on a terminal, plain lines with seconds elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console

STILL_SECONDS = 30


class Progress:
    """Where steps are shown: standard error, so that the output of a command stays its own."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stderr, highlight=False)
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Print one line."""
        with self._lock:
            self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def step(self, what: str) -> Generator[Callable[[str], None]]:
        """Show a step while the block runs; the block may call what it gets with a detail."""
        began = time.monotonic()
        detail = ""
        ended = threading.Event()

        def line() -> str:
            return f"{what} ({time.monotonic() - began:.0f} s{', ' if detail else ''}{detail})"

        def update(text: str) -> None:
            nonlocal detail
            detail = text

        def live() -> None:
            with self._console.status(what) as status:
                while not ended.wait(0.25):
                    status.update(line())

        def plain() -> None:
            self.say(f"{what} ...")
            while not ended.wait(STILL_SECONDS):
                self.say(f"  still: {line()}")

        shown = threading.Thread(target=live if self._console.is_terminal else plain, daemon=True)
        shown.start()
        try:
            yield update
        except BaseException:
            ended.set()
            shown.join()
            self.say(f"{what}: failed after {time.monotonic() - began:.1f} s")
            raise
        ended.set()
        shown.join()
        self.say(f"{what}: {time.monotonic() - began:.1f} s")
