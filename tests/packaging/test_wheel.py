"""What is built is what is in the tree, however it is built. Needs no network: it builds with what is installed."""

import configparser
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NOT_SOURCE = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info")


@dataclass(frozen=True, slots=True)
class Wheels:
    """The wheel built by way of an sdist, and the one built from a tree that has lost its link."""

    by_sdist: zipfile.ZipFile
    without_link: zipfile.ZipFile


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    tree = tmp_path_factory.mktemp("build") / "tree"
    shutil.copytree(ROOT, tree, symlinks=True, ignore=NOT_SOURCE)
    by_sdist = _build(tree, "by-sdist")
    (tree / "dodo_hooks" / "loader").unlink()
    return Wheels(by_sdist, _build(tree, "without-link", "--wheel"))


def test_the_wheel_holds_each_file_of_the_tree_once(wheels: Wheels) -> None:
    packages = [*_sources(ROOT / "dodo_hooks", "dodo_hooks"), *_sources(ROOT / "loader", "dodo_hooks/loader")]
    assert sorted(_packed(wheels.by_sdist)) == sorted(packages)


def test_the_wheel_is_the_same_however_it_is_built(wheels: Wheels) -> None:
    assert _checksums(wheels.by_sdist) == _checksums(wheels.without_link)


def test_every_entry_point_names_a_file_of_the_wheel(wheels: Wheels) -> None:
    (name,) = [name for name in wheels.by_sdist.namelist() if name.endswith("entry_points.txt")]
    entry_points = configparser.ConfigParser()
    entry_points.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    entry_points.read_string(wheels.by_sdist.read(name).decode())
    modules = {target.partition(":")[0] for group in entry_points.values() for target in group.values()}
    assert modules, "no entry point at all"
    assert {module.replace(".", "/") + ".py" for module in modules} <= set(wheels.by_sdist.namelist())


def _build(tree: Path, name: str, *options: str) -> zipfile.ZipFile:
    out = tree.parent / name
    command = [sys.executable, "-m", "build", "--no-isolation", *options, "--outdir", str(out), str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""})
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(tree / "build", ignore_errors=True)  # setuptools would put what lies there into the next wheel
    (wheel,) = out.glob("*.whl")
    return zipfile.ZipFile(wheel)


def _sources(folder: Path, package: str) -> list[str]:
    """Return the files of a folder that belong into the wheel, by their names there (`rglob` follows no link)."""
    files = [path for path in folder.rglob("*") if path.suffix in (".py", ".json") or path.name == "py.typed"]
    named = [f"{package}/{path.relative_to(folder).as_posix()}" for path in files]
    return [name for name in named if package != "dodo_hooks" or not name.startswith("dodo_hooks/loader/")]


def _packed(wheel: zipfile.ZipFile) -> list[str]:
    return [name for name in wheel.namelist() if ".dist-info/" not in name]


def _checksums(wheel: zipfile.ZipFile) -> dict[str, int]:
    return {entry.filename: entry.CRC for entry in wheel.infolist()}
