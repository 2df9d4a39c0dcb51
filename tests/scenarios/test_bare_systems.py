"""Systems that lack what most have: /proc, pseudo-terminals. What cannot be had is said, and the jobs run."""

from collections.abc import Callable

from kit.gate import Gate
from kit.namespace import without
from kit.process import group_alive, kill, wait_until
from kit.repo import Repo
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
    assert not group_alive(group)
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
    assert commit.output.count(b"no pseudo-terminal can be opened (") == 1
    assert repo.finished("pre-commit").statuses() == {"one": "completed", "two": "completed"}
