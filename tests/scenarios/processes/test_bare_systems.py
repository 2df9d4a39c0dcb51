"""Systems that lack what most have: /proc, pseudo-terminals, locks. What cannot be had is said, and the jobs run."""

import errno
from collections.abc import Callable

import pytest

from kit.gate import Gate
from kit.process import group_alive, kill, wait_until
from kit.repo import Repo
from kit.system.namespace import without
from kit.system.no_flock import without_flock
from kit.terminal import Terminal

COMMIT = ("git", "commit", "--allow-empty", "-qm", "work")


def test_r20_without_proc_hooks_run_and_say_so(repo: Repo) -> None:
    bare = without("/proc")
    repo.hook("pre-commit", check="touch checked")
    repo.hook("post-commit", background=True, deps="true", build={"run": "touch built", "needs": ["deps"]})
    repo.install()
    done = repo.call(*bare, *COMMIT, check=True)
    assert done.stderr.count("/proc is not mounted") == 2 and "Traceback" not in done.stderr  # once for each hook
    assert repo.finished("pre-commit").statuses() == {"check": "completed"}
    assert repo.finished("post-commit").statuses() == {"deps": "completed", "build": "completed"}
    assert repo.has("checked") and repo.has("built")


def test_r14_without_proc_a_cancelled_job_is_gone_with_its_whole_group(repo: Repo, gate: Gate) -> None:
    bare = without("/proc")
    repo.settings(grace_period="200ms")
    repo.hook("post-commit", background=True, held=f"(trap '' TERM; sleep 1000) & {gate.command}")
    repo.install()
    repo.call(*bare, *COMMIT, check=True)
    gate.wait()
    invocation = repo.begun("post-commit")
    group = invocation.wait_for_status("held", "running").pid
    wait_until((invocation.path / "s").exists, what="the socket")
    assert repo.run("jobs", "cancel", "held", check=True).stdout == "held: cancelled\n"
    wait_until(lambda: not group_alive(group))  # it has had SIGKILL; the kernel may still be at it
    assert repo.finished("post-commit").job("held").cause == "user"


def test_r20_without_proc_a_wave_that_dies_takes_its_job_along(repo: Repo, gate: Gate) -> None:
    bare = without("/proc")
    repo.hook("pre-commit", held=gate.command)
    repo.install()
    git = repo.start(*bare, *COMMIT)
    gate.wait()
    job = repo.begun("pre-commit").wait_for_status("held", "running")
    kill(job.wave)
    git.communicate()
    assert git.returncode == 1 and not group_alive(job.pid)
    assert repo.finished("pre-commit").job("held").cause == "wave-died"


def test_r23_without_pseudo_terminals_jobs_write_to_a_pipe(repo: Repo, terminal: Callable[..., Terminal]) -> None:
    bare = without("/dev/pts")
    repo.hook("pre-commit", one="test ! -t 1 && echo one has run", two="echo two has run")
    repo.install()
    commit = terminal(*bare, *COMMIT)
    assert commit.wait() == 0, commit.output
    assert b"one has run" in commit.output and b"two has run" in commit.output
    assert commit.output.count(b"cannot open a pseudo-terminal, jobs write to a pipe: ") == 1
    assert repo.finished("pre-commit").statuses() == {"one": "completed", "two": "completed"}


# No flock (R18)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_r18_without_flock_gates_run_and_the_background_runs_attached(repo: Repo, number: int) -> None:
    repo.env |= without_flock(repo.path.parent, number)
    repo.hook("pre-commit", check="touch checked")
    repo.hook("post-commit", background=True, deps="true", build={"run": "touch built", "needs": ["deps"]})
    repo.install()
    done = repo.call(*COMMIT, check=True)
    assert repo.has("checked") and repo.has("built")  # at once: nothing has continued without git
    assert done.stderr.count("background jobs run attached") == 1 and "Traceback" not in done.stderr
    assert [one.statuses() for one in repo.invocations()] == [
        {"check": "completed"},
        {"deps": "completed", "build": "completed"},
    ]


def test_r18_without_flock_a_gate_that_would_have_to_hide_changes_refuses(repo: Repo) -> None:
    repo.env |= without_flock(repo.path.parent, errno.ENOLCK)
    repo.hook("pre-commit", check="touch checked")
    repo.install()
    repo.write("f", "staged\n")
    repo.git("add", "f")
    repo.write("f", "staged\nunstaged\n")
    refused = repo.call(*COMMIT)
    (sentence,) = [line for line in refused.stderr.splitlines() if line.startswith("dodo-hooks: ")]
    assert refused.returncode == 1 and not repo.has("checked")
    assert "cannot be locked: stage or stash them" in sentence and "No locks available" in sentence
    assert repo.read("f") == "staged\nunstaged\n"
    repo.git("add", "f")
    repo.call(*COMMIT, check=True)
    assert repo.has("checked")


def test_g6_without_flock_fixes_are_committed_and_stay_in_the_index(repo: Repo) -> None:
    repo.env |= without_flock(repo.path.parent, errno.ENOLCK)
    job = {"run": "sed -i s/bad/good/ {staged_files}", "glob": "*", "stage_fixed": True}
    repo.hook("pre-commit", fix=job)
    repo.write("f", "good\n")
    repo.git("add", "f")
    repo.git("commit", "-qm", "f")
    repo.write("f", "bad\nmore\n")
    repo.git("commit", "-qm", "only f", "--", "f")
    assert repo.git("show", "HEAD:f").stdout == repo.git("show", ":f").stdout == "good\nmore\n"


def test_r18_without_flock_many_hooks_at_once_have_a_record_each(repo: Repo) -> None:
    repo.env |= without_flock(repo.path.parent, errno.ENOLCK)
    repo.hook("commit-msg", check="true")
    repo.install()
    hooks = [repo.start(".git/hooks/commit-msg", "message") for _ in range(6)]
    assert [hook.communicate() and hook.returncode for hook in hooks] == [0] * 6
    assert [one.statuses() for one in repo.invocations()] == [{"check": "completed"}] * 6
