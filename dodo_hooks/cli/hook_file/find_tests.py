"""The command that tests a project, as far as its files show it: for the first hook file."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from dodo_hooks.core.named_tuple import Record


class ProjectTest(Record):
    """A command that tests the project, and what it needs that is not in a commit."""

    run: str
    share: str = ""  # an ignored folder; "": none is there
    uptodate: str = ""  # prints what stands for that folder in a key
    env: str = ""  # in the form of YAML; "": nothing


def find_tests(top: str) -> ProjectTest | None:
    """Return the first of `make test`, npm, pytest, cargo and go that the project has."""
    if re.search(r"^test\s*:(?!=)", _read(f"{top}/Makefile"), re.MULTILINE):
        return _python(top, "make test") or ProjectTest("make test")
    if _npm_script(top):
        is_there = os.path.isfile(f"{top}/node_modules/.package-lock.json")
        shared = ("node_modules", "cat node_modules/.package-lock.json") if is_there else ()
        return ProjectTest("npm test", *shared)
    if _uses_pytest(top):
        return _python(top, ".venv/bin/python -m pytest") or ProjectTest("python3 -m pytest")
    for file, command in (("Cargo.toml", "cargo test"), ("go.mod", "go test ./...")):
        if os.path.isfile(f"{top}/{file}"):
            return ProjectTest(command)
    return None


def _python(top: str, run: str) -> ProjectTest | None:
    """Return the command with the project's virtual environment; None where it has none.

    A project that is installed there as editable would be imported from the working tree, so `src` comes first.
    """
    if not os.access(f"{top}/.venv/bin/python", os.X_OK):
        return None
    env = "{ PYTHONPATH: src }" if os.path.isdir(f"{top}/src") else ""
    return ProjectTest(run, ".venv", "ls .venv/lib/python*/site-packages", env)


def _npm_script(top: str) -> bool:
    try:
        package: Any = json.loads(_read(f"{top}/package.json"))
        return "no test specified" not in package["scripts"]["test"]  # what `npm init` writes
    except (ValueError, KeyError, TypeError):
        return False


def _uses_pytest(top: str) -> bool:
    files = ("pyproject.toml", "setup.cfg", "tox.ini", "requirements-dev.txt")
    return os.path.isfile(f"{top}/pytest.ini") or any("pytest" in _read(f"{top}/{name}") for name in files)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
