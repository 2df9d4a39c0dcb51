"""`dodo-hooks status`: one screen; and with `--short` a few words for a shell's prompt, at next to no cost."""

import sys

import pytest

from kit.answer import Cli
from kit.gate import Gate
from kit.history import DONE, LOST, History, end, start
from kit.repo import PACKAGES, Repo

# What may be imported of others, besides what a bare `python -I -S` has. Imports are counted, since times are noise.
OF_OTHERS = {"_collections", "fcntl"}


def short(repo: Repo) -> str:
    return repo.run("status", "--short", check=True).stdout


def test_the_short_status_counts_runs(repo: Repo, history: History) -> None:
    assert short(repo) == ""
    first, second = history.begin({"a": (), "b": ()}), history.begin({"a": ()})
    start(first, "a")
    assert short(repo) == "2 running\n"
    end(second, 0, LOST)
    history.notify(second.identity, "post-commit: a failed")
    second.finish(1)
    assert short(repo) == "1 running, 1 failed\n"
    first.release()  # as after a kill: a free lock under an open record
    assert short(repo) == "2 failed\n"


def test_the_short_status_reports_nothing_away(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", background=True, a=f"{gate.command}; exit 7")
    repo.git("commit", "--allow-empty", "-m", "work")
    gate.wait()
    assert short(repo) == "1 running\n"
    gate.open()
    repo.finished("post-commit")
    assert short(repo) == short(repo) == "1 failed\n"
    assert "a failed" in repo.run("jobs").stderr
    assert short(repo) == ""


def test_the_short_status_is_silent_where_nothing_is(repo: Repo) -> None:
    for cwd in (repo.path, repo.path.parent):
        done = Repo(cwd, repo.env).run("status", "--short")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not repo.has(".git/dodo-hooks")


def test_the_short_status_with_other_words_is_the_same(cli: Cli, history: History) -> None:
    history.begin({"a": ()})
    assert cli("status", "--short").out == "1 running\n"


def test_the_short_status_imports_next_to_nothing(repo: Repo, history: History) -> None:
    history.begin({"a": ()})
    program = f"import sys; sys.path.insert(0, {PACKAGES!r}); before = set(sys.modules)\n"
    program += "from dodo_hooks.main import main\nmain(['status', '--short'])\nprint(*(set(sys.modules) - before))"
    said, _, modules = repo.call(sys.executable, "-I", "-S", "-c", program, check=True).stdout.partition("\n")
    assert said == "1 running"
    imported = set(modules.split())
    assert {name for name in imported if not name.startswith("dodo_hooks")} <= OF_OTHERS
    assert not {name for name in imported if name.startswith(("dodo_hooks.engine", "dodo_hooks.loader"))}
    assert len(imported) <= 26


def test_one_screen_of_all_there_is(repo: Repo, history: History, cli: Cli) -> None:
    repo.hook("pre-commit", quick="true")
    repo.install()
    repo.hook("post-checkout", background=True, deps="true", build="true")
    history.finished({"x": LOST})
    writer = history.begin({"deps": (), "build": ("deps",)}, hook="post-checkout")
    start(writer, "deps")
    answer = cli("status")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0] == "hook file  hooks.dodo: 2 hooks, 3 jobs"
    assert lines[1] == "hooks      installed: pre-commit"
    assert lines[2] == "           not installed: post-checkout, post-rewrite (`dodo-hooks install`)"
    assert lines[3] == f"running    {writer.identity} post-checkout: deps running, build pending"
    assert lines[4].startswith("failed     ") and lines[4].endswith(" post-commit: x failed, exit code 7")
    assert len(lines) == 5


def test_a_failure_counts_until_the_same_job_has_run_again(history: History, cli: Cli) -> None:
    history.finished({"x": LOST, "y": LOST})
    history.finished({"x": DONE})
    history.finished({"y": DONE}, worktree="/home/me/topic")
    history.finished({"y": DONE}, hook="post-merge")
    (failed,) = [line for line in cli("status").out.splitlines() if line.startswith("failed")]
    assert "y failed" in failed and "x failed" not in failed
    newest = history.finished({"y": LOST})
    (failed,) = [line for line in cli("status").out.splitlines() if "y failed" in line]
    assert newest.id in failed
    history.finished({"y": DONE})
    assert cli("status").out.splitlines()[-1] == "failed     nothing"


def test_a_run_that_died_counts_until_all_its_jobs_have_run_again(history: History, cli: Cli) -> None:
    died = history.orphan({"x": (), "y": ()}, running=("x", "y"))
    history.finished({"x": DONE})
    (failed,) = [line for line in cli("status").out.splitlines() if line.startswith("failed")]
    assert died.id in failed
    history.finished({"y": DONE})
    assert cli("status").out.splitlines()[-1] == "failed     nothing"


def test_where_nothing_is_set_up_a_line_reports_it(repo: Repo, cli: Cli) -> None:
    assert cli("status").out.splitlines() == [
        f"hook file  none in {repo.path} (`dodo-hooks init`)",
        "hooks      none installed",
        "running    nothing",
        "failed     nothing",
    ]


@pytest.mark.parametrize("text", ["hooks: [", "hooks: {pre-comit: {}}"])
def test_a_hook_file_that_is_wrong_is_no_obstacle(repo: Repo, cli: Cli, text: str) -> None:
    repo.file(text)
    answer = cli("status")
    assert answer.code == 0 and "hook file  1 error (`dodo-hooks validate`)" in answer.out


def test_hooks_that_are_not_this_repositorys_alone_are_reported(repo: Repo, cli: Cli) -> None:
    repo.git("config", "core.hooksPath", str(repo.path))
    assert "under version control" in cli("status").out
