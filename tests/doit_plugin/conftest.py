"""Repositories in which plain `doit` finds dodo-hooks as if it were installed."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from doit_plugin import many_commands
from doit_plugin.installed import dependencies, link_dodo_hooks, link_doit, module_path
from kit.repo import Repo


class Result(NamedTuple):
    code: int
    out: str
    err: str


class Paths(NamedTuple):
    """Two values of PYTHONPATH, and the directory for compiled files, which must not lie beside their source."""

    alone: str  # doit and nothing else
    with_hooks: str
    compiled: str


@pytest.fixture(scope="session")
def module_paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    folder = tmp_path_factory.mktemp("installed")
    doit = link_doit(folder / "doit")
    hooks = link_dodo_hooks(folder / "hooks")
    return Paths(module_path(doit), module_path(hooks, doit, *dependencies()), str(folder / "compiled"))


@pytest.fixture
def hooked(repo: Repo, module_paths: Paths) -> Repo:
    """Return a repository where `doit` finds dodo-hooks."""
    repo.env["PYTHONPATH"] = module_paths.with_hooks
    return repo


@pytest.fixture
def doit(hooked: Repo) -> Callable[..., list[Result]]:
    """Return a function that runs command lines of doit one after the other, in the repository or a folder of it.

    None of them may fork.
    """

    def run(*argvs: list[str], folder: "Path | str" = ".") -> list[Result]:
        there = Repo(hooked.path / folder, hooked.env)
        script = many_commands.__file__
        done = there.call(sys.executable, "-S", script, input=json.dumps(argvs), check=True)
        return [Result(*result) for result in json.loads(done.stdout)]

    return run
