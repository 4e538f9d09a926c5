from pathlib import Path

import pytest

from tests import goldens


@pytest.fixture(autouse=True)
def compare_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the caller's environment says."""
    monkeypatch.delenv("UPDATE_GOLDENS", raising=False)
    monkeypatch.delenv("CI", raising=False)


def test_a_missing_golden_fails(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="one is missing"):
        goldens.check(tmp_path / "one", "text")
    assert not list(tmp_path.iterdir())


def test_another_text_fails_and_shows_the_difference(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("old\n")
    goldens.check(tmp_path / "one", "old\n")
    with pytest.raises(AssertionError, match=r"(?s)-old.*\+new"):
        goldens.check(tmp_path / "one", "new\n")
    assert (tmp_path / "one").read_text() == "old\n"


def test_goldens_are_written_on_demand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPDATE_GOLDENS", "1")
    goldens.check(tmp_path / "folder" / "one", "new\n")
    assert (tmp_path / "folder" / "one").read_text() == "new\n"


def test_goldens_are_never_written_in_ci(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPDATE_GOLDENS", "1")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(AssertionError, match="never written"):
        goldens.check(tmp_path / "one", "new\n")
    assert not list(tmp_path.iterdir())


def test_unused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).touch()
    assert goldens.unused(tmp_path, [tmp_path / "a"]) == ["b"]
