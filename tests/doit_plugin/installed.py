"""Python environments made of links: doit as it is installed alone, and doit with dodo-hooks beside it.

doit finds plugins in the metadata of installed packages. A directory on the module path with a `dist-info` in it is
enough for that, so the entry points of pyproject.toml can be tested without building anything.
"""

import os
import re
import sys
from importlib.metadata import distribution
from pathlib import Path

from kit.repo import PACKAGES

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
ENTRY_POINT = re.compile(r'^([\w-]+) = "([\w.]+:\w+)"$', re.MULTILINE)
TABLE = re.compile(r'^\[project\.entry-points\."([\w.]+)"\]\n((?:.+\n)+)', re.MULTILINE)


def link_doit(folder: Path) -> Path:
    """Fill a new folder with doit, and with the TOML parser that it needs before Python 3.11.

    doit works without its other, optional packages.
    """
    folder.mkdir()
    for name in ("doit",) if sys.version_info >= (3, 11) else ("doit", "tomli"):
        package = distribution(name)
        for entry in {file.parts[0] for file in package.files or () if file.parts[0] != ".."}:
            (folder / entry).symlink_to(Path(str(package.locate_file(entry))))
    return folder


def link_dodo_hooks(folder: Path) -> Path:
    """Fill a new folder with dodo-hooks as an installer would, with the entry points of pyproject.toml."""
    folder.mkdir()
    (folder / "dodo_hooks").symlink_to(Path(PACKAGES) / "dodo_hooks")
    metadata = folder / "dodo_hooks-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: dodo-hooks\nVersion: 0\n")
    (metadata / "entry_points.txt").write_text(_entry_points())
    return folder


def dependencies() -> list[str]:
    """Return the directories of the packages that dodo-hooks imports."""
    return [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]


def module_path(*folders: "Path | str") -> str:
    return os.pathsep.join(str(folder) for folder in folders)


def _entry_points() -> str:
    tables = TABLE.findall(PYPROJECT.read_text())
    lines: list[str] = []
    for group, body in tables:
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in ENTRY_POINT.findall(body))]
    assert "dodo-hooks = dodo_hooks.doit_plugin:HookDB" in lines
    return "\n".join(lines) + "\n"
