"""The command that tests a project, as far as its files show it: for the first hook file."""

from __future__ import annotations

import json
import os
import re

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.posix import try_read

_SAYS_PYTEST = ("pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini", "requirements-dev.txt")


class ProjectTest(Record):
    """A command that tests the project, and what it needs that is not in a commit."""

    run: str
    share: str = ""  # an ignored folder; "": none is there
    uptodate: str = ""  # prints what stands for that folder
    env: str = ""  # in the form of YAML; "": nothing


def find_test(top: str) -> ProjectTest | None:
    """Return the first of `make test`, npm, pytest, cargo and go that the project has."""
    has_python = os.access(f"{top}/.venv/bin/python", os.X_OK)
    # Where the project is installed as editable, Python would import the sources of the working tree.
    env = "{ PYTHONPATH: src }" if os.path.isdir(f"{top}/src") else ""
    venv = (".venv", "ls .venv/lib/python*/site-packages", env) if has_python else ()
    if re.search(r"^test\s*:(?!=)", _read(top, "Makefile"), re.MULTILINE):
        return ProjectTest("make test", *venv)
    if _has_npm_test(top):
        has_modules = os.path.isfile(f"{top}/node_modules/.package-lock.json")
        return ProjectTest(
            "npm test", *(("node_modules", "cat node_modules/.package-lock.json") if has_modules else ())
        )
    if any("pytest" in _read(top, name) for name in _SAYS_PYTEST):
        return ProjectTest(f"{'.venv/bin/python' if has_python else 'python3'} -m pytest", *venv)
    if os.path.isfile(f"{top}/Cargo.toml"):
        return ProjectTest("cargo test")
    return ProjectTest("go test ./...") if os.path.isfile(f"{top}/go.mod") else None


def _has_npm_test(top: str) -> bool:
    try:
        return "no test specified" not in json.loads(_read(top, "package.json"))["scripts"]["test"]  # as `npm init` has
    except (ValueError, KeyError, TypeError):
        return False


def _read(top: str, name: str) -> str:
    return try_read(f"{top}/{name}").decode("utf-8", "replace")
