"""actionlint, which checks the workflows: built once into the user cache folder."""

from pathlib import Path

from lab import binaries, golang
from lab.progress import Progress

VERSION = "1.7.12"
MODULE = f"github.com/rhysd/actionlint@v{VERSION}"


def install(progress: Progress) -> Path:
    """The program; built on first use.

    Raises:
        LabError: a download or the build failed.
    """

    def build(go: golang.Go, output: Path) -> None:
        source = golang.download(go, MODULE)
        golang.build(
            go, source, ("./cmd/actionlint",), linked={}, output=output, update=lambda _: None
        )

    folder = binaries.made_once(
        f"actionlint-{VERSION}",
        f"Building actionlint {VERSION}",
        lambda output, _update: build(golang.toolchain(progress), output),
        progress,
    )
    return folder / "actionlint"
