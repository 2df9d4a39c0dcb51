"""Other writers while the jobs of a commit run (G5, G6).

Editors save, background jobs write, and others commit.
"""

import os
import shutil
import signal
import sys

import pytest

from kit.commits.partial import COMMIT, MakeGate, expect_nobody_at, head, make_partial
from kit.commits.unstaged import STAGED, TEXT, index_of, snapshot, unstaged_text, write
from kit.gate import Gate
from kit.process import processes_with, wait_until
from kit.repo import TEST_ID, Repo

SAVED = ("line 10\n", "line ten, from an editor\n")


def expect_no_journal(repo: Repo) -> None:
    assert not repo.has(".git/dodo-hooks-aside")


def test_g5_what_an_editor_saves_during_a_slow_hook_is_not_lost(repo: Repo, gate: Gate) -> None:
    make_partial(repo, "apart", "clash", "same")
    repo.hook("pre-commit", slow=gate.command)
    git = repo.start(*COMMIT)
    gate.wait()
    assert repo.read("apart") == STAGED  # as the jobs see it
    clash = unstaged_text(", in another way")
    write(repo, b"apart", STAGED.replace(*SAVED))
    write(repo, b"clash", clash)
    gate.open()
    said = git.communicate()[1].decode()
    assert git.returncode == 0 and "clash: changed by job slow, or while it ran: saved as clash.during-hook" in said
    assert {head(repo, name) for name in ("apart", "clash", "same")} == {STAGED}
    assert repo.read("apart") == unstaged_text().replace(*SAVED)
    assert (repo.read("clash"), repo.read("clash.during-hook")) == (unstaged_text(), clash)
    assert repo.read("same") == unstaged_text()
    expect_no_journal(repo)


@pytest.mark.parametrize("ends", ["succeeds", "fails", "times out"])
def test_g5_what_an_editor_saves_while_a_fixer_runs_is_not_lost(repo: Repo, gate: Gate, ends: str) -> None:
    make_partial(repo, "text")
    repo.write("whole", TEXT)
    repo.git("add", "whole")
    end = {"succeeds": "true", "fails": "false", "times out": "sleep 60"}[ends]
    job = {"run": f"{gate.command}; : {{staged_files}}; {end}", "stage_fixed": True, "timeout": "2s"}
    repo.hook("pre-commit", fix=job if ends == "times out" else {**job, "timeout": "60s"})
    git = repo.start(*COMMIT)
    gate.wait()
    saved = unstaged_text(" and an hour of work")
    write(repo, b"text", saved)
    write(repo, b"whole", TEXT + "saved\n")
    gate.open()
    said = git.communicate()[1].decode()
    assert git.returncode == 1, said
    if ends == "succeeds":  # then it cannot be distinguished from what the job did, and the commit is refused
        assert (repo.read("text"), repo.read("whole")) == (unstaged_text(), TEXT)
        (place,) = (repo.path / ".git/dodo-hooks-kept").iterdir()
        assert str(place) in said
        assert ((place / "text").read_text(), (place / "whole").read_text()) == (saved, TEXT + "saved\n")
    else:
        assert (repo.read("text"), repo.read("text.during-hook")) == (unstaged_text(), saved)
        assert repo.read("whole") == TEXT + "saved\n" and not repo.has(".git/dodo-hooks-kept")
    expect_no_journal(repo)


def test_g5_what_a_background_job_of_an_earlier_commit_writes_is_not_lost(repo: Repo, make_gate: MakeGate) -> None:
    slow, writer, written = make_gate("slow"), make_gate("writer"), make_gate("written")
    repo.write("late.txt", STAGED.replace(*SAVED))
    code = f"{writer.command}; cp late.txt apart; cp late.txt new; {written.command}"
    repo.hook("post-commit", background=True, write=f"test -e .git/slow || {{ {code}; }}")
    repo.git("commit", "-q", "--allow-empty", "-m", "earlier")
    writer.wait()
    repo.write(".git/slow", "")
    make_partial(repo, "apart")
    repo.hook("pre-commit", slow=slow.command)
    git = repo.start(*COMMIT)
    slow.wait()
    writer.open()
    written.wait()
    slow.open()
    git.communicate()
    written.open()
    assert git.returncode == 0 and head(repo, "apart") == STAGED
    assert repo.read("apart") == unstaged_text().replace(*SAVED)
    assert repo.read("new") == STAGED.replace(*SAVED)
    expect_no_journal(repo)


def test_g5_no_background_job_is_started_while_work_is_hidden(repo: Repo, make_gate: MakeGate) -> None:
    slow, first, second = make_gate("slow"), make_gate("first"), make_gate("second")
    repo.hook(
        "post-commit",
        background=True,
        first=f"test -e .git/slow || {{ {first.command}; }}",
        second={"run": f"cp apart .git/seen; {second.command}", "needs": ["first"]},
    )
    repo.git("commit", "-q", "--allow-empty", "-m", "earlier")
    first.wait()
    repo.hook("pre-commit", slow=f"{slow.command}; exit 1")
    repo.install()
    make_partial_without_hooks(repo, "apart")
    git = repo.start(*COMMIT)
    slow.wait()
    first.open()
    repo.begun("post-commit").wait_for_status("first", "completed")
    expect_nobody_at(second)
    slow.open()
    git.communicate()
    second.wait()
    assert repo.read(".git/seen") == unstaged_text()
    second.open()
    assert set(repo.finished("post-commit").statuses().values()) == {"completed"}


def make_partial_without_hooks(repo: Repo, *names: str) -> None:
    repo.env["DODO_HOOKS"] = "0"
    make_partial(repo, *names)
    del repo.env["DODO_HOOKS"]


def test_g5_a_second_commit_waits_in_this_worktree_and_not_in_another(repo: Repo, gate: Gate) -> None:
    make_partial(repo, "text")
    repo.write("note", "staged\n")
    repo.hook(
        "pre-commit", slow=f"test ! -d .git || {{ cat text >>.git/seen; {gate.command}; exit $(cat .git/code); }}"
    )
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-qm", "hooks", "--no-verify", "--", "hooks.dodo")
    other = repo.worktree("other")
    repo.write(".git/code", "1")
    first = repo.start(*COMMIT)
    gate.wait()
    second = repo.start("git", "commit", "--allow-empty", "-qm", "second")
    expect_nobody_at(gate)

    other.write("text", STAGED)
    other.git("add", "text")
    other.write("text", unstaged_text())
    other.git(*COMMIT[1:])
    assert (head(other, "text"), other.read("text")) == (STAGED, unstaged_text())
    assert first.poll() is None and second.poll() is None

    gate.let_one_go()
    first.communicate()
    gate.wait()
    repo.write(".git/code", "0")
    gate.open()
    second.communicate()
    assert (first.returncode, second.returncode) == (1, 0)
    assert repo.read(".git/seen") == STAGED * 2
    assert (head(repo, "text"), repo.read("text")) == (STAGED, unstaged_text())
    expect_no_journal(repo)


@pytest.mark.parametrize(
    "command",
    [
        "git add new",
        "git stash -q && git stash pop -q --index",
        "echo changed >other && git commit -qm inner -- other",
        "git commit -q --allow-empty -m inner",
        "dodo run pre-commit",
        "dodo status",
    ],
)
def test_g5_g6_a_job_that_calls_git_itself_does_not_wait_for_itself(repo: Repo, command: str) -> None:
    repo.write("other", "other\n")
    repo.git("add", "other")
    make_partial(repo, "text")
    repo.write("new", "by a job\n")
    command = command.replace("dodo", f"{sys.executable} -m dodo_hooks")
    repo.hook(
        "pre-commit",
        inner=f'test -n "$INNER" || {{ export INNER=1; {command}; }}',
        fix={"run": "true {staged_files}", "glob": "text", "stage_fixed": True, "needs": ["inner"]},
    )
    repo.install()
    done = repo.git(*COMMIT[1:], check=False)
    job = repo.invocations("pre-commit")[0].job("inner")
    assert job.status == "completed", repo.invocations("pre-commit")[0].story()
    # Where the job has made a commit, git finds that HEAD has moved, and refuses the outer one.
    assert done.returncode == 0 or "commit" in command
    assert repo.read("text") == unstaged_text()
    assert repo.git("show", ":text").stdout == STAGED
    expect_no_journal(repo)


def test_g5_g6_nor_does_one_that_calls_git_with_another_environment(repo: Repo) -> None:
    """As tox and sudo do: nothing tells the inner hooks that they run inside a job, but who their ancestors are."""
    make_partial(repo, "text")
    bare = 'env -i PATH="$PATH" HOME="$HOME" XDG_STATE_HOME="$XDG_STATE_HOME" GIT_CONFIG_GLOBAL="$GIT_CONFIG_GLOBAL"'
    there_and_back = (
        f"cp text .git/text; echo >>text; {bare} INNER=1 git commit -q --allow-empty -m inner; cp .git/text text"
    )
    repo.hook(
        "pre-commit",
        inner=f'test -n "$INNER" || {{ {bare} git checkout -q -b inner; {there_and_back}; }}',
        fix={"run": "true {staged_files}", "glob": "text", "stage_fixed": True, "needs": ["inner"]},
    )
    repo.hook("post-checkout", seen="true")
    repo.git(*COMMIT[1:], check=False)
    assert set(repo.invocations("pre-commit")[0].statuses().values()) == {"completed"}
    assert repo.git("log", "-1", "--format=%s", "inner").stdout == "inner\n"
    assert (repo.read("text"), repo.git("show", ":text").stdout) == (unstaged_text(), STAGED)
    expect_no_journal(repo)


@pytest.mark.parametrize("command", ["run pre-commit", "status", "jobs", "list"])
def test_g5_the_next_manual_command_restores_what_a_killed_commit_left(repo: Repo, gate: Gate, command: str) -> None:
    make_partial(repo, "text")
    repo.hook("pre-commit", slow=gate.command, fix={"run": "true {staged_files}", "stage_fixed": True})
    before = snapshot(repo.path), index_of(repo)
    kill_at(repo, gate)
    assert repo.read("text") == STAGED
    gate.open()
    done = repo.run(*command.split(), check=True)
    assert "restored the unstaged changes of 1 file, hidden by a commit that was killed" in done.stderr
    assert (snapshot(repo.path), index_of(repo)) == before
    expect_no_journal(repo)


def test_g5_a_manual_run_waits_for_a_living_one(repo: Repo, gate: Gate) -> None:
    make_partial(repo, "text")
    repo.hook("pre-commit", slow=f"cat text >>.git/seen; {gate.command}")
    git = repo.start(*COMMIT)
    gate.wait()
    manual = repo.start(sys.executable, "-m", "dodo_hooks", "run", "pre-commit")
    expect_nobody_at(gate)
    gate.open()
    git.communicate()
    manual.communicate()
    assert (git.returncode, manual.returncode) == (0, 0)
    assert repo.read(".git/seen") == STAGED * 2 and repo.read("text") == unstaged_text()
    expect_no_journal(repo)


def test_g5_a_command_that_only_looks_does_not_wait_for_a_living_hook(repo: Repo, gate: Gate) -> None:
    make_partial(repo, "text")
    repo.hook("pre-commit", slow=gate.command)
    git = repo.start(*COMMIT)
    gate.wait()
    repo.run("status", check=True)
    repo.run("jobs", check=True)
    assert git.poll() is None and repo.read("text") == STAGED
    gate.open()
    git.communicate()
    assert (git.returncode, repo.read("text")) == (0, unstaged_text())


def kill_at(repo: Repo, gate: Gate) -> None:
    """Start a commit, and kill its git and hook while a job is held at the gate."""
    git = repo.start(*COMMIT)
    gate.wait()
    os.kill(repo.begun("pre-commit").record.pid, signal.SIGKILL)
    git.communicate()
    wait_until(lambda: not processes_with(TEST_ID, repo.env[TEST_ID]), what="the end of its jobs")


def test_g5_a_merge_that_is_killed_is_no_conflict(repo: Repo) -> None:
    make_partial(repo, "text")
    repo.hook("pre-commit", write="sed -i.bak 's/^line 10$/line ten, from an editor/' text; rm text.bak")
    repo.install()
    wrapper = repo.path.parent / "bin/git"
    repo.write("../bin/git", KILLED_ONCE.format(mark=repo.path.parent / "once", git=shutil.which("git")))
    wrapper.chmod(0o755)
    repo.call(*COMMIT, env={"GIT_EXEC_PATH": str(wrapper.parent)}, check=True)
    assert (repo.path.parent / "once").exists()
    assert repo.read("text") == unstaged_text().replace(*SAVED) and not repo.has("text.during-hook")


# git puts the directory of this one in front of the PATH of its hooks.
KILLED_ONCE = """\
#!/bin/sh
case "$*" in *"diff --no-index"*) mkdir {mark} 2>/dev/null && kill -9 $$;; esac
exec {git} "$@"
"""


@pytest.mark.parametrize("is_killed", [False, True])
def test_g5_what_a_job_leaves_running_holds_nothing_up(repo: Repo, make_gate: MakeGate, is_killed: bool) -> None:
    gate, server = make_gate("job"), make_gate("server")
    make_partial(repo, "text")
    leave = f"import os; os.setsid(); os.execlp('sh', 'sh', '-c', {server.command!r})"
    repo.write(".git/server.py", leave)
    repo.hook("pre-commit", job=f"{sys.executable} .git/server.py >/dev/null 2>&1 & {gate.command}; exit 1")
    git = repo.start(*COMMIT)
    server.wait()
    gate.wait()
    if is_killed:
        os.kill(repo.begun("pre-commit").record.pid, signal.SIGKILL)
    gate.open()
    git.communicate()
    repo.hook_options("pre-commit", skip=True)
    repo.git(*COMMIT[1:])  # and not when the server ends
    assert (head(repo, "text"), repo.read("text")) == (STAGED, unstaged_text())
    expect_no_journal(repo)
    server.open()
