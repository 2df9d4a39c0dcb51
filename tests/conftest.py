"""The environment of every test, and the check of what it leaves behind."""

import gc
import os
import random
import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dodo_hooks.cli import root_command
from dodo_hooks.cli.plain_command import run_plain
from dodo_hooks.core.errors import HooksError
from dodo_hooks.host.world import World
from kit.answer import Answer, Cli
from kit.chance import chance_of
from kit.gate import Gate
from kit.history import History
from kit.process import Process, our_children, pids, processes_with, wait_until
from kit.repo import TEST_ID, Repo, clean_environment
from kit.terminal import Terminal

# A shell that starts pytest in the background of a script has it ignore what the keyboard sends, and so would all that
# a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)

# How long a process may take to leave after its invocation has ended. Not longer: what stays for good, such as the
# `sleep 1000` of a job, is found either way, and what stays for some seconds has to be found, too.
LEAVING_S = 10
COLOR_VARIABLES = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `./check --quick` leaves out: tests with an environment for processes, or more time than others."""
    for item in items:
        if "env" in getattr(item, "fixturenames", ()) or item.get_closest_marker("timeout"):
            item.add_marker("slow")


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what all tests need, which is most of what it would search."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def nobodys_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For code that runs in this process: a HOME that has to stay empty, and none of git's or our own variables."""
    home = tmp_path_factory.mktemp("nobodys-home")
    for name in list(os.environ):
        if name.startswith(("GIT_", "XDG_", "DODO_")) or name in ("CI", *COLOR_VARIABLES):
            del os.environ[name]
    os.environ |= {"HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return home


@pytest.fixture(autouse=True)
def _home_stays_empty(nobodys_home: Path) -> Iterator[None]:
    yield
    left = sorted(str(path.relative_to(nobodys_home)) for path in nobodys_home.rglob("*") if not path.is_dir())
    for name in left:
        (nobodys_home / name).unlink()  # so that the next test passes
    assert not left, f"this test wrote into the user's HOME: {left}"


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    """Fails a test that forked and did not see to the end of it."""
    before = our_children()
    yield
    _expect_none_left(lambda: [child for child in our_children() if child not in before])


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Return an environment with a HOME of its own for the processes of a test; fail it if one of them is left."""
    test_id = uuid.uuid4().hex
    home = tmp_path / "home"
    home.mkdir()
    others = pids()
    yield clean_environment(home, test_id)
    _expect_none_left(lambda: processes_with(TEST_ID, test_id, besides=others))


@pytest.fixture
def repo(tmp_path: Path, env: dict[str, str]) -> Repo:
    """Return a git repository with one commit."""
    return Repo.create(tmp_path / "repo", env)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """Yield an empty history of one repository."""
    history = History(tmp_path / "state")
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


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Return what a test draws with; it prints how to draw the same again."""
    return chance_of(request.node.name)


@pytest.fixture
def make_gate(tmp_path: Path, env: dict[str, str]) -> Iterator[Callable[[str], Gate]]:
    """Make gates by name. At the end of the test they open, before `env` checks which processes are left."""
    gates: list[Gate] = []

    def make(name: str) -> Gate:
        gates.append(Gate(tmp_path / f"gate-{name}"))
        return gates[-1]

    yield make
    for gate in gates:
        gate.close()


@pytest.fixture
def gate(make_gate: Callable[[str], Gate]) -> Gate:
    return make_gate("0")


@pytest.fixture
def terminal(repo: Repo) -> Iterator[Callable[..., Terminal]]:
    """Start a command at a terminal, in the repository."""
    terminals: list[Terminal] = []

    def start(*argv: str) -> Terminal:
        repo.prepare(argv[0])
        terminals.append(Terminal(*argv, cwd=repo.path, env={"TERM": "xterm", **repo.env}))
        return terminals[-1]

    yield start
    for one in terminals:
        one.close()


def _expect_none_left(find: Callable[[], list[Process]]) -> None:
    """Give what is about to end the time to do so, and fail if something stays; end that, for the next test's sake."""
    try:
        wait_until(lambda: not find(), deadline_s=LEAVING_S)
    except AssertionError:
        left = find()
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        pytest.fail(f"this test left processes behind: {left}")
