"""The package as others install it: a wheel of components/, beside a `components` of their own."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import ai_gateway_auth, components.mine
from pathlib import Path
assert components.mine.HERE == "theirs"
assert "site-packages" in ai_gateway_auth.__file__, ai_gateway_auth.__file__
print(ai_gateway_auth.AuthenticatedGateway.__name__)
"""

pytestmark = pytest.mark.registry


def pip(*words: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--wheel-dir", folder, ROOT / "components")
    (made,) = folder.iterdir()
    return made


def test_the_wheel_has_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    folders = {name.split("/")[0] for name in names}
    assert folders == {"ai_gateway_auth", "ai_gateway_auth-0.1.0.dist-info"}
    assert "ai_gateway_auth/py.typed" in names
    assert "ai_gateway_auth-0.1.0.dist-info/METADATA" in names
    sources = {f"ai_gateway_auth/{path}" for path in _sources()}
    assert sources <= set(names)


def test_the_wheel_carries_its_readme_and_its_licence(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    metadata = archive.read("ai_gateway_auth-0.1.0.dist-info/METADATA").decode()
    assert "License-Expression: Apache-2.0" in metadata
    assert (ROOT / "components" / "README.md").read_text() in metadata
    licence = archive.read("ai_gateway_auth-0.1.0.dist-info/licenses/LICENSE").decode()
    assert licence == (ROOT / "LICENSE").read_text()


def test_it_is_imported_beside_somebody_elses_components(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    pip("--python", environment / "bin" / "python", "install", wheel)
    theirs = tmp_path / "project" / "components"
    theirs.mkdir(parents=True)
    (theirs / "__init__.py").touch()
    (theirs / "mine.py").write_text('HERE = "theirs"\n')
    run = subprocess.run(
        [environment / "bin" / "python", "-c", PROGRAM],
        cwd=tmp_path / "project",
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == "AuthenticatedGateway\n"


def _sources() -> list[Path]:
    package = ROOT / "components" / "ai_gateway_auth"
    return [path.relative_to(package) for path in package.rglob("*.py")]
