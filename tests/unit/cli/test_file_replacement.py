import resource
from pathlib import Path

import pytest
from ai_gateway_auth.cli.file_replacement import replace


def test_the_new_text_is_checked_beside_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("old")
    seen: list[tuple[Path, bytes, bytes]] = []
    replace(file, "new\r\n", lambda new: seen.append((new, new.read_bytes(), file.read_bytes())))
    ((beside, new, old),) = seen
    assert (beside.parent, new, old) == (tmp_path, b"new\r\n", b"old")
    assert file.read_bytes() == b"new\r\n"
    assert [*tmp_path.iterdir()] == [file]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ValueError])
def test_the_old_file_stays_whatever_comes(tmp_path: Path, error: type[BaseException]) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("old")

    def fail(_: Path) -> None:
        raise error

    with pytest.raises(error):
        replace(file, "new", fail)
    assert file.read_text() == "old"
    assert [*tmp_path.iterdir()] == [file]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """The system's limit of a file's size fails the write in its middle, as a full disk does."""
    file = tmp_path / "a.yaml"
    file.write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            replace(file, "newer", lambda _: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert file.read_text() == "old"
    assert [*tmp_path.iterdir()] == [file]
