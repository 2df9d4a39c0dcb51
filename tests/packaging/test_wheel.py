"""The content of the wheel and the sdist: the same as that of the tree. The build needs no network."""

import configparser
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NOT_SOURCE = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info")


def test_the_wheel_holds_each_file_of_the_tree_once_however_it_is_built(tmp_path: Path) -> None:
    """By way of an sdist, and from a tree that has lost its link. It is one test, since each build takes seconds."""
    tree = tmp_path / "tree"
    shutil.copytree(ROOT, tree, symlinks=True, ignore=NOT_SOURCE)
    by_sdist = _build(tree, "by-sdist")
    (tree / "dodo_hooks" / "loader").unlink()
    assert _checksums(by_sdist) == _checksums(_build(tree, "without-link", "--wheel"))
    packages = [*_sources(ROOT / "dodo_hooks", "dodo_hooks"), *_sources(ROOT / "loader", "dodo_hooks/loader")]
    assert sorted(_packed(by_sdist)) == sorted(packages)
    _expect_entry_points(by_sdist)


def _expect_entry_points(wheel: zipfile.ZipFile) -> None:
    """Check that every entry point names a file of the wheel."""
    (name,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    entry_points = configparser.ConfigParser()
    entry_points.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    entry_points.read_string(wheel.read(name).decode())
    modules = {target.partition(":")[0] for group in entry_points.values() for target in group.values()}
    assert modules, "no entry point at all"
    assert {module.replace(".", "/") + ".py" for module in modules} <= set(wheel.namelist())


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
