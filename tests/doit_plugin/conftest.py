"""Repositories in which plain `doit` finds dodo-hooks as if it were installed."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
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
    """Two values of PYTHONPATH."""

    alone: str  # doit and nothing else
    with_hooks: str


@pytest.fixture(scope="session")
def module_paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    folder = tmp_path_factory.mktemp("installed")
    doit = link_doit(folder / "doit")
    hooks = link_dodo_hooks(folder / "hooks")
    return Paths(module_path(doit), module_path(hooks, doit, *dependencies()))


Commands = Callable[[Path, Mapping[str, str], list[list[str]]], list[Result]]


@contextlib.contextmanager
def many_doits(env: Mapping[str, str], *imported: str) -> Iterator[Commands]:
    """Start a process that runs command lines of doit, in any directory, with any environment but its own modules."""
    argv = [sys.executable, "-S", many_commands.__file__, *imported]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:

        def run(directory: Path, environ: Mapping[str, str], argvs: list[list[str]]) -> list[Result]:
            assert process.stdin and process.stdout
            print(json.dumps((str(directory), environ, argvs)), file=process.stdin, flush=True)
            return [Result(*result) for result in json.loads(process.stdout.readline())]

        yield run
        process.communicate()


@pytest.fixture(scope="session")
def commands(module_paths: Paths) -> Iterator[Commands]:
    """Run commands of a doit that has read what a hook file needs, since to read it takes 0.3 s."""
    env = {**os.environ, "PYTHONPATH": module_paths.with_hooks}
    with many_doits(env, "dodo_hooks.doit_plugin", "dodo_hooks.loader.load", "dodo_hooks.loader.tasks") as run:
        yield run


@pytest.fixture
def hooked(repo: Repo, module_paths: Paths) -> Repo:
    """Return a repository where `doit` finds dodo-hooks."""
    repo.env["PYTHONPATH"] = module_paths.with_hooks
    return repo


@pytest.fixture
def doit(hooked: Repo, commands: Commands) -> Callable[..., list[Result]]:
    """Return a function that runs command lines of doit one after the other, in the repository or a folder of it.

    None of them may fork.
    """

    def run(*argvs: list[str], folder: "Path | str" = ".") -> list[Result]:
        return commands(hooked.path / folder, hooked.env, list(argvs))

    return run
