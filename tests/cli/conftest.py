import os
from collections.abc import Iterator

import pytest

from dodo_hooks.cli import root_command
from dodo_hooks.cli.plain_command import run_plain
from dodo_hooks.core.errors import HooksError
from dodo_hooks.host.world import World
from dodo_hooks.store.identity import repository_id
from kit.answer import Answer, Cli
from kit.history import History
from kit.repo import Repo


@pytest.fixture
def history(repo: Repo) -> Iterator[History]:
    """Return the history of `repo`."""
    history = History(repo.state, repository_id(os.path.realpath(repo.path / ".git")), os.path.realpath(repo.path))
    yield history
    history.close()


@pytest.fixture
def cli(repo: Repo, capfdbinary: pytest.CaptureFixture[bytes]) -> Cli:
    """Return a function that runs `dodo-hooks ARGV` in `repo`, in this process, with errors handled as in `main`."""

    def run(*argv: str, cwd: str | None = None, **environ: str) -> Answer:
        world = World({**repo.env, **environ}, cwd or str(repo.path))
        code: int | None = None
        error = ""
        try:
            code = run_plain(argv, world)
            code = root_command.run(argv, world) if code is None else code
        except HooksError as raised:
            code, error = raised.exit_code, f"{raised}\n"
        out, err = (output.decode("utf-8", "surrogateescape") for output in capfdbinary.readouterr())
        return Answer(code, out, err + error)

    return run
