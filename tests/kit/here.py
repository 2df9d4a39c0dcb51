"""Commands of ours in the test's own process: starting Python is most of what they cost, and tests run hundreds."""

import contextlib
import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from dodo_hooks import main
from dodo_hooks.core.errors import HooksError
from dodo_hooks.git.install import launcher
from dodo_hooks.host.world import World
from dodo_hooks.plans.plan_cache import load_compiled, note_fired

# They end with nobody left. `run`, `fire` and most of `jobs` fork, and what they fork must not have been pytest.
COMMANDS = {
    *("deny", "doctor", "dump", "graph", "init", "install", "list", "status", "trust", "uninstall", "validate", "why"),
}
STARTS_PYTHON = ("PYTHON", "LC_", "LANG", "TZ")  # what these say is settled when an interpreter starts
AS_EVER = {"PYTHONPATH": str(Path(main.__file__).parent.parent), "LC_ALL": "C.UTF-8"}

# Sources and packages do not change while tests run, and these need most of the time of an installation.
ONCE = {
    name: functools.cache(getattr(launcher, name))
    for name in ("compile_package", "bundle_content", "_hot_modules", "_is_in")
}


def can_run_here(argv: Sequence[str], env: Mapping[str, str]) -> bool:
    """Return whether a process of its own would do nothing else."""
    is_listing = argv[:1] == ("jobs",) and (len(argv) == 1 or argv[1].startswith("-") or argv[1] == "cancel")
    if not (is_listing or (argv and argv[0] in COMMANDS)) or "--short" in argv:
        return False
    return is_as_ever(env)


def is_as_ever(env: Mapping[str, str]) -> bool:
    """Return whether an interpreter that is started with this environment would be as this one is."""
    return {name: value for name, value in env.items() if name.startswith(STARTS_PYTHON)} == AS_EVER


def run_here(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run `dodo-hooks ARGV` as `python -m dodo_hooks` does, without standard input."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with _as_process(cwd, env), compiled_once(), _writing_to(out, err):
            code = main.main(argv)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="surrogateescape"))
    return subprocess.CompletedProcess(("dodo-hooks", *argv), code, *texts)


def cache_plan(top: Path, env: Mapping[str, str], *, is_installed: bool = False) -> None:
    """Read the hook file here, so that what is started next finds its plan: importing the loader takes 0.3 s.

    Where its hooks `is_installed`, the first that fires need not look for missing shims either, which takes 0.05 s.
    """
    with _as_process(top, env), contextlib.suppress(HooksError):
        world = World(env, os.getcwd())
        compiled, _ = load_compiled(world, os.getcwd())
        if is_installed:
            note_fired(world, os.getcwd(), compiled)


@contextlib.contextmanager
def compiled_once() -> Iterator[None]:
    """Let an installation in this process take what an earlier one has found, and the byte code that it has made."""
    before = {name: getattr(launcher, name) for name in ONCE}
    vars(launcher).update(ONCE)
    try:
        yield
    finally:
        vars(launcher).update(before)


@contextlib.contextmanager
def _as_process(cwd: Path, env: Mapping[str, str]) -> Iterator[None]:
    """Have this directory and this environment."""
    directory, environ = os.getcwd(), dict(os.environ)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environ)
        os.chdir(directory)


@contextlib.contextmanager
def _writing_to(out: BinaryIO, err: BinaryIO) -> Iterator[None]:
    """Have these as standard output and standard error, both as descriptors and as Python's streams."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(descriptor) for descriptor in range(3)]
    with open(os.devnull, "rb") as nothing:
        for descriptor, file in enumerate((nothing, out, err)):
            os.dup2(file.fileno(), descriptor)
    try:
        with (
            open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False) as stdout,
            open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False) as stderr,
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
        ):
            yield
    finally:
        for descriptor, one in enumerate(kept):
            os.dup2(one, descriptor)
            os.close(one)
