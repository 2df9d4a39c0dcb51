"""The program as a whole: which commands there are, and what a wrong command line says."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kit.answer import Cli
from kit.history import DONE, History, start
from kit.process import DEADLINE_S
from kit.repo import PACKAGES, Repo

BEGIN = "import sys; from dodo_hooks.cli import root_command as group; from dodo_hooks.host.world import make_world\n"
HEAVY = {"yaml", "doit"}

# A console script whose process gets a SIGINT when it is about to import a module, the first of its words; the last one
# may say in which odd place.
INTERRUPTED_AT = """
import os, signal, sys
class Interrupter:
    def find_spec(self, name, *_):
        if name == module:
            sys.meta_path.remove(self)
            if how == "unraisable":
                Unraisable()
            elif how == "in a class":  # before Python 3.12 a RuntimeError, which has the KeyboardInterrupt as its cause
                type("Class", (), {"attribute": Attribute()})
            else:
                os.kill(os.getpid(), signal.SIGINT)
class Attribute:
    def __set_name__(self, *_):
        os.kill(os.getpid(), signal.SIGINT)
class Unraisable:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
module, how = sys.argv.pop(1), sys.argv[-1]
sys.meta_path.insert(0, Interrupter())
from dodo_hooks.main import run_cli
run_cli()
"""


def modules_after(repo: Repo, program: str) -> set[str]:
    """Return the modules that are imported after Python code that may use `group` and `make_world`."""
    printed = repo.call(sys.executable, "-c", f"{BEGIN}{program}\nprint('modules:', *sys.modules)", check=True).stdout
    return set(printed.rpartition("modules:")[2].split())


def test_the_commands_are_not_imported_before_one_is_used(repo: Repo) -> None:
    modules = modules_after(repo, "")
    assert not modules & (HEAVY | {"dodo_hooks.store.reader"})
    assert {name for name in modules if name.startswith("dodo_hooks.cli.")} == {
        "dodo_hooks.cli.before_command",
        "dodo_hooks.cli.lazy_group",
        "dodo_hooks.cli.options",
        "dodo_hooks.cli.options.click_options",
        "dodo_hooks.cli.options.tables",
        "dodo_hooks.cli.root_command",
    }


def test_a_listing_for_a_program_needs_nothing_heavy(repo: Repo, history: History) -> None:
    history.finished({"a": DONE})
    modules = modules_after(repo, "group.run(['jobs'], make_world())")
    assert "dodo_hooks.cli.jobs.jobs" in modules
    assert not modules & HEAVY


def test_the_help_lists_every_command(cli: Cli) -> None:
    answer = cli("--help")
    assert answer.code == 0
    for command in ("install", "uninstall", "run", "list", "graph", "validate", "dump", "jobs", "completion"):
        assert f"\n  {command} " in answer.out


@pytest.mark.parametrize("group", ["", "jobs", "cache", "snapshots", "worktree"])
def test_no_line_in_the_list_of_commands_is_cut_off(cli: Cli, group: str) -> None:
    _, _, commands = cli(*group.split(), "--help").out.partition("\nCommands:\n")
    assert commands and "..." not in commands


@pytest.mark.parametrize("argv", [["-h"], ["jobs", "-h"], ["run", "-h"], ["wait", "-h"]])
def test_the_short_form_of_help(cli: Cli, argv: list[str]) -> None:
    answer = cli(*argv)
    assert answer.code == 0 and answer.out.startswith("Usage: dodo-hooks")


def test_the_commands_on_runs_have_short_forms(cli: Cli, history: History) -> None:
    history.finished({"a": DONE})
    assert cli("wait", "a").code == 0
    assert cli("logs", "a").err == cli("jobs", "logs", "a").err != ""
    assert cli("cancel", "a").out == "a: already ended (completed)\n"
    assert "did not fail" in cli("retry", "a").err
    assert "deleted" in cli("prune").out
    answer = cli("lgos")
    assert (answer.code, '"logs"' in answer.err) == (3, True)


def test_a_command_can_be_run_elsewhere(cli: Cli, history: History, repo: Repo) -> None:
    history.finished({"a": DONE})
    above = str(repo.path.parent)
    assert cli("-C", "repo", "wait", "a", cwd=above).code == 0
    assert cli("-C", above, "-C", "repo", "jobs", cwd="/").out != ""
    for argv in (["-C", "nowhere", "jobs"], ["-C"], ["jobs", "-C", "x"]):
        answer = cli(*argv)
        assert (answer.code, answer.err.count("\n")) == (3, 1)


def test_the_version(cli: Cli) -> None:
    (line,) = Path(PACKAGES, "dodo_hooks/__init__.py").read_text().splitlines()
    assert line == f'__version__ = "{cli("--version").out.split()[-1]}"'


def test_r22_no_command_is_a_wrong_command_line(cli: Cli) -> None:
    answer = cli()
    assert (answer.code, answer.out) == (3, "")
    assert "Usage: dodo-hooks" in answer.err


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (["lst"], '"list"'),
        (["jobs", "lgos"], '"logs"'),
        (["jobs", "--fialed"], "--failed"),
        (["jobs", "--last", "0"], "0"),
        (["jobs", "--last", "many"], "many"),
        (["jobs", "--status", "gone"], "gone"),
        (["jobs", "--format", "xml"], "xml"),
        (["jobs", "--failed", "logs", "x"], "logs"),
        (["jobs", "logs"], "ADDRESS"),
        (["run", "pre-commit", "--phase", "later"], "later"),
        (["run", "pre-commit", "-j", "0"], "0"),
        (["graph", "--format", "png"], "png"),
        (["completion", "tcsh"], "tcsh"),
        (["list", "too", "much"], "much"),
        (["cache"], "missing command"),
        (["worktree"], "missing command"),
        (["\x1b[2J\n"], "\\x1b"),
        (["jobs", "--\x1b[2J"], "\\x1b"),
    ],
)
def test_r22_a_wrong_command_line_is_one_line_and_exit_code_3(cli: Cli, argv: list[str], word: str) -> None:
    answer = cli(*argv)
    assert (answer.code, answer.out) == (3, "")
    assert answer.err.startswith("dodo-hooks: ") and answer.err.count("\n") == 1
    assert word in answer.err


@pytest.mark.parametrize(
    ("argv", "fix"),
    [
        ("run nope", "; choose from pre-commit, post-commit"),
        ("list nope", "; choose from pre-commit, post-commit"),
        ("graph nope", "; choose from pre-commit, post-commit"),
        ("run pre-commit --job nope", "; choose from lint, types"),
        ("run pre-commit --tag nope", "; choose from slow"),
        ("run pre-commit --skip nope", "; choose from lint, types, tag:slow"),
        ("why nope", "; choose from lint, types, test"),
        ("why pre-commit nope", "; choose from lint, types"),
        ("logs nope", "; list the runs with `dodo-hooks jobs`"),
        ("retry nope", "; list the runs with `dodo-hooks jobs`"),
    ],
)
def test_r22_an_unknown_name_is_answered_with_those_that_there_are(
    cli: Cli, repo: Repo, history: History, argv: str, fix: str
) -> None:
    repo.hook("pre-commit", lint={"run": "true", "tags": ["slow"]}, types="true")
    repo.hook("post-commit", test="true")
    history.finished({"lint": DONE})
    answer = cli(*argv.split())
    assert (answer.code, answer.out) == (3, "") and answer.err.endswith(f"{fix}\n")


@pytest.mark.parametrize("module", ["dodo_hooks.host.posix", "dodo_hooks.host.world", "dodo_hooks.cli.plain_command"])
def test_ctrl_c_at_the_very_start_of_a_command_is_130(repo: Repo, module: str) -> None:
    done = repo.call(sys.executable, "-c", INTERRUPTED_AT, module)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("place", ["unraisable", "in a class"])
def test_ctrl_c_where_python_does_not_raise_it_is_130(repo: Repo, place: str) -> None:
    done = repo.call(sys.executable, "-c", INTERRUPTED_AT, "dodo_hooks.cli.plain_command", place)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_ctrl_c_while_the_models_of_hook_files_are_made_is_130(repo: Repo) -> None:
    repo.hook("pre-commit", a="true")
    done = repo.call(sys.executable, "-c", INTERRUPTED_AT, "dodo_hooks.loader.schema.kinds", "fire", "pre-commit")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_ctrl_c_in_a_command_is_130(repo: Repo, history: History) -> None:
    start(history.begin({"a": ()}), "a")
    at_work = repo.start(sys.executable, "-c", f"{BEGIN}sys.exit(group.run(['jobs', 'logs', '-f', 'a'], make_world()))")
    assert at_work.stdout is not None and at_work.stdout.read(7) == b"working"
    at_work.send_signal(signal.SIGINT)
    _, err = at_work.communicate(timeout=DEADLINE_S)
    assert (at_work.returncode, err.strip()) == (130, b"")


@pytest.mark.parametrize("argv", [["jobs"], ["jobs", "logs", "short"], ["jobs", "logs", "long"], ["--help"]])
def test_a_closed_output_ends_the_command_without_a_word(repo: Repo, history: History, argv: list[str]) -> None:
    invocation = history.finished({"short": DONE, "long": DONE})
    (invocation.path / "jobs" / "0-short" / "output.log").write_bytes(b"x")
    (invocation.path / "jobs" / "1-long" / "output.log").write_bytes(b"x" * 1_000_000)
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", f"{BEGIN}sys.exit(group.run({argv}, make_world()))"]
    try:
        done = subprocess.run(command, cwd=repo.path, env=repo.env, stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("words", ["list", "run pre-commit --dry-run", "jobs", "--help"])
def test_r22_an_answer_that_cannot_be_written_is_an_error(repo: Repo, history: History, words: str) -> None:
    repo.hook("pre-commit", lint="true")
    history.finished({"lint": DONE})
    done = repo.call("sh", "-c", f'"$0" -m dodo_hooks {words} >/dev/full', sys.executable)
    assert (done.returncode, done.stderr) == (2, "dodo-hooks: cannot write: No space left on device\n")


@pytest.mark.parametrize("words", ["run pre-commit", "list", "graph", "validate", "dump", "why a", "checks", "install"])
def test_r22_without_a_hook_file_the_error_says_so(cli: Cli, repo: Repo, words: str) -> None:
    answer = cli(*words.split())
    said = f"no hook file in {repo.path}; run `dodo-hooks init` to create one\n"
    assert (answer.code, answer.out) == (3, "") and answer.err.endswith(said)


def test_outside_a_repository_the_error_says_so(cli: Cli, repo: Repo) -> None:
    for argv in (["jobs"], ["list"], ["graph"], ["jobs", "logs", "a"], ["run", "pre-commit"]):
        answer = cli(*argv, cwd=str(repo.path.parent))
        assert answer.code in (2, 3)
        assert "not in a git repository" in answer.err
