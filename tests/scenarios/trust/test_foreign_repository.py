"""In a repository of somebody else nothing is run and nothing is obeyed, whatever the command (section 8)."""

from pathlib import Path

import pytest

from kit.answer import Cli
from kit.gate import Gate
from kit.process import kill, wait_until
from kit.repo import Repo
from kit.system.foreign import allow, give_away, needs_root, plant_traps

pytestmark = needs_root

Env = dict[str, str]
FOREIGN = "detected dubious ownership in repository at"
REFUSED = 3

COMMANDS = [
    ("init",),
    ("migrate",),
    ("install",),
    ("uninstall",),
    ("run", "pre-commit"),
    ("run", "pre-commit", "--dry-run"),
    ("run", "pre-commit", "--all-files"),
    ("list",),
    ("why", "check"),
    ("checks",),
    ("push", "origin", "main"),
    ("snapshots",),
    ("status",),
    ("trust",),
    ("deny",),
    ("jobs",),
    ("jobs", "logs", "check"),
    ("jobs", "cancel", "check"),
    ("jobs", "retry", "check"),
    ("jobs", "wait", "check"),
    ("jobs", "watch"),
    ("jobs", "prune"),
    ("worktree", "remove", "."),
]
READING = [
    ("validate",),
    ("dump",),
    ("graph",),
    ("graph", "--format", "svg"),
    ("completion", "bash"),
    ("cache", "prune"),
]
DOIT = [("list",), ("run", "bg"), ("list", "-f", "hooks.dodo")]


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "was-run"


@pytest.fixture
def foreign(repo: Repo, marker: Path, gate: Gate) -> Repo:
    """With a job, programs in its configuration, and unstaged changes that a killed commit has left hidden."""
    repo.write("file", "first\n")
    repo.git("add", "file")
    repo.git("commit", "-qm", "first")
    repo.hook("pre-commit", check=f"echo job >>'{marker}'; {gate.command}")
    repo.hook("post-commit", background=True, later=f"echo later >>'{marker}'")
    repo.write("file", "staged\n")
    repo.git("add", "file")
    repo.write("file", "unstaged\n")
    commit = repo.start("git", "commit", "-qm", "second")
    gate.wait()
    kill(repo.begun("pre-commit").record.pid)
    commit.communicate()
    wait_until(lambda: not repo.invocations()[0].may_have_jobs())
    marker.unlink()
    assert repo.read("file") == "staged\n"
    plant_traps(repo, marker)
    give_away(repo.path)
    return repo


def test_every_command_that_does_something_is_in_these_tests(cli: Cli) -> None:
    known = {words[words[0] == "jobs" and len(words) > 1] for words in (*COMMANDS, *READING)}  # `logs`: `jobs logs`
    _, _, listed = cli("--help").out.partition("\nCommands:\n")
    assert known | {"doctor"} == {line.split()[0] for line in listed.splitlines()}


def test_no_command_runs_or_obeys_anything(foreign: Repo, marker: Path, cli: Cli) -> None:
    for words in COMMANDS:
        answer = cli(*words)
        assert (answer.code, answer.out) == (REFUSED, "") and FOREIGN in answer.err, words
    done = foreign.run("list")
    assert (done.returncode, done.stdout) == (REFUSED, "")
    assert done.stderr.startswith(f"dodo-hooks: {FOREIGN} '{foreign.path}'\n")
    assert f"git config --global --add safe.directory {foreign.path}\n" in done.stderr
    _expect_untouched(foreign, marker)


def test_what_only_reads_says_what_is_there(foreign: Repo, marker: Path, cli: Cli) -> None:
    for words in READING:
        answer = cli(*words)
        assert answer.code == 0 and answer.out and not answer.err, words
    answer = cli("doctor")
    assert answer.code == 1
    assert answer.out.startswith(f"error: {FOREIGN} '{foreign.path}'") and "safe.directory" in answer.out
    answer = cli("status", "--short")
    assert (answer.code, answer.out, answer.err) == (0, "", "")  # a shell's prompt is no place for it
    _expect_untouched(foreign, marker)


def test_plain_doit_refuses_too(foreign: Repo, marker: Path) -> None:
    for words in DOIT:
        done = foreign.doit(*words)
        assert done.returncode == REFUSED and FOREIGN in done.stderr, (words, done)
        assert "Traceback" not in done.stderr
    _expect_untouched(foreign, marker)


def test_a_hook_that_is_started_manually_runs_nothing(foreign: Repo, marker: Path) -> None:
    """git itself fires none here."""
    assert FOREIGN in foreign.git("commit", "--allow-empty", "-m", "x", check=False).stderr
    kept = foreign.write(".git/hooks/kept", f"#!/bin/sh\necho kept >>'{marker}'\n")
    kept.chmod(0o755)
    done = foreign.run("fire", "--kept", str(kept), "pre-commit")
    assert done.returncode == REFUSED and FOREIGN in done.stderr
    _expect_untouched(foreign, marker)


def test_the_repository_of_another_command_line_is_asked_about_as_well(foreign: Repo, marker: Path, env: Env) -> None:
    own = Repo.create(foreign.path.parent / "own", env)
    done = own.run("jobs", "--repo", str(foreign.path))
    assert done.returncode == REFUSED and FOREIGN in done.stderr
    assert foreign.run("jobs", "--repo", str(own.path)).returncode == 0  # and where we stand does not matter then
    _expect_untouched(foreign, marker)


def test_where_git_makes_an_exception_all_is_as_ever(foreign: Repo, marker: Path, gate: Gate) -> None:
    gate.open()
    for key in ("core.fsmonitor", "filter.trap.smudge", "filter.trap.clean", "diff.trap.command"):
        foreign.git("config", "--file", ".git/config", "--unset", key)
    allow(foreign)
    assert "file" in foreign.run("status", check=True).stderr  # what was hidden is restored
    assert foreign.read("file") == "unstaged\n"
    assert foreign.run("run", "pre-commit").returncode == 0
    assert marker.read_text() == "job\n"


def test_r11_an_exception_of_gits_command_line_reaches_background_jobs(repo: Repo, tmp_path: Path) -> None:
    """Else a job could not even ask git what was committed."""
    repo.hook("post-commit", background=True, ask=f"git log -1 --format=%s >'{tmp_path}/subject'")
    repo.install()
    give_away(repo.path)
    repo.git("-c", "safe.directory=*", "commit", "-qm", "third", "--allow-empty")
    assert repo.finished("post-commit").statuses() == {"ask": "completed"}
    assert (tmp_path / "subject").read_text() == "third\n"


def test_nothing_is_retried_in_a_working_tree_that_is_somebody_elses_by_now(repo: Repo, marker: Path) -> None:
    repo.hook("pre-commit", check=f"echo job >>'{marker}'; false")
    repo.install()
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-qm", "file", "--no-verify")
    linked = repo.worktree("linked")
    assert linked.run("run", "pre-commit").returncode == 1
    give_away(linked.path)
    done = repo.run("jobs", "retry", "check")
    assert done.returncode == REFUSED and f"{FOREIGN} '{linked.path}'" in done.stderr
    assert marker.read_text() == "job\n"


def _expect_untouched(foreign: Repo, marker: Path) -> None:
    assert not marker.exists(), marker.read_text()
    assert foreign.read("file") == "staged\n"
