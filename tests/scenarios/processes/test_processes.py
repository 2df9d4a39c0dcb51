"""The process of a job: its start, its end, and when it counts as ended (R14 to R16)."""

import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from kit.gate import Gate
from kit.process import group_alive, is_alive, kill, processes, wait_until
from kit.repo import Done, Repo
from kit.terminal import Terminal

COMMIT = ("git", "commit", "--allow-empty", "-m", "work")
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not show processes so")


def commit(repo: Repo, check: bool = True) -> Done:
    return repo.git(*COMMIT[1:], check=check)


def stat_of(pid: int) -> list[str]:
    """State, parent, group, session, terminal, ... (proc(5), /proc/pid/stat)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


# What a job is given (R14)


@needs_proc
def test_r14_a_wave_has_no_terminal_and_each_job_a_group(
    repo: Repo, gate: Gate, terminal: Callable[..., Terminal]
) -> None:
    repo.settings(jobs=2)
    repo.hook("pre-commit", one=gate.command, two=gate.command)
    repo.install()
    git = terminal(*COMMIT)
    shells = {gate.wait(), gate.wait()}
    invocation = repo.begun("pre-commit")
    jobs = [invocation.wait_for_status(name, "running") for name in ("one", "two")]
    assert {job.pid for job in jobs} == shells
    (wave,) = {job.wave for job in jobs}
    assert stat_of(wave)[3:5] == [str(wave), "0"]
    for job in jobs:
        _, parent, group, session, tty = stat_of(job.pid)[:5]
        assert (parent, group, session, tty) == (str(wave), str(job.pid), str(wave), "0")
    gate.open()
    assert git.wait() == 0


START = """
import os, signal, sys
how, *argv = sys.argv[1:]
if how == "ignored":
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
elif how == "blocked":
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
else:
    for number in how.split():
        os.close(int(number))
os.execv(argv[0], argv)
"""
# Signals 32 and 33 are glibc's own, which no program can use; its posix_spawn leaves them ignored in every child
# (sysdeps/unix/sysv/linux/spawni.c).
OF_GLIBC = 0x1_8000_0000
LOOK = "grep -E '^Sig(Blk|Ign)' /proc/self/status; ls -l /proc/self/fd; echo err >&2"


@needs_proc
@pytest.mark.parametrize("program", ["shim", "run"])
@pytest.mark.parametrize("how", ["ignored", "blocked", "0", "1", "2", "0 1 2"])
def test_r14_jobs_start_the_same_whatever_we_were_started_with(repo: Repo, how: str, program: str) -> None:
    repo.hook("post-commit", check=LOOK, warm={"run": LOOK, "background": True})
    repo.install()
    manual = (sys.executable, "-m", "dodo_hooks", "run", "post-commit")
    repo.call(sys.executable, "-c", START, how, *(manual if program == "run" else (".git/hooks/post-commit",)))
    invocation = repo.finished("post-commit")
    assert invocation.statuses() == {"check": "completed", "warm": "completed"}
    for job in ("check", "warm"):
        blocked, ignored, *listed, error = invocation.log(job).decode().splitlines()
        assert int(blocked.split()[1], 16) == int(ignored.split()[1], 16) & ~OF_GLIBC == 0, job
        descriptors = {line.split()[-3]: line.split()[-1] for line in listed if " -> " in line}
        assert sorted(descriptors) == ["0", "1", "2", "3"], job  # 3 is the directory that `ls` reads
        assert descriptors["0"] == "/dev/null", job
        assert descriptors["1"] == descriptors["2"] != "/dev/null", job
        assert error == "err", job


@pytest.mark.parametrize("how", ["ignored", "blocked"])
def test_r14_a_run_started_with_odd_signals_sees_the_ends_of_its_jobs(repo: Repo, how: str) -> None:
    repo.hook("pre-commit", one="exit 3", two="kill -9 $$", three={"run": "touch ran", "needs": ["one"]})
    done = repo.call(sys.executable, "-c", START, how, sys.executable, "-m", "dodo_hooks", "run", "pre-commit")
    invocation = repo.finished("pre-commit")
    assert done.returncode == 1
    assert invocation.statuses() == {"one": "failed", "two": "failed", "three": "skipped"}
    assert (invocation.job("one").exit_code, invocation.job("two").signal) == (3, 9)


# How a job is ended (R14)


def test_r14_a_cancel_ends_the_whole_group(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", background=True, serve=f"sleep 1000 & sleep 1000 & {gate.command}; wait")
    commit(repo)
    shell = gate.wait()
    group = [one.pid for one in processes() if one.group == shell]
    assert len(group) == 3
    repo.run("jobs", "cancel", "serve", check=True)
    assert not any(map(is_alive, group)) and not group_alive(shell)
    job = repo.finished("post-commit").job("serve")
    assert (job.status, job.cause, job.exit_code, job.signal) == ("cancelled", "user", None, signal.SIGTERM)


def test_r14_cancelled_is_cancelled_whatever_the_exit_code(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", background=True, serve=f"trap 'exit 3' TERM; {gate.command}")
    commit(repo)
    gate.wait()
    assert repo.run("jobs", "cancel", "serve", check=True).stdout == "serve: cancelled\n"
    job = repo.finished("post-commit").job("serve")
    assert (job.status, job.cause, job.exit_code, job.signal) == ("cancelled", "user", 3, None)


def test_r14_the_answer_comes_when_the_last_of_the_group_is_gone(repo: Repo, make_gate: Callable[[str], Gate]) -> None:
    at_work, leaving = make_gate("work"), make_gate("leaving")
    child = f"trap '{leaving.command}; exit' TERM; {at_work.command}; {at_work.command}"
    repo.settings(jobs=2)
    repo.hook("post-commit", background=True, serve=f"( {child} ) & sleep 1000", other=at_work.command)
    commit(repo)
    at_work.wait()
    at_work.wait()
    invocation = repo.begun("post-commit")
    job = invocation.wait_for_status("serve", "running")
    asking = repo.start(sys.executable, "-m", "dodo_hooks", "jobs", "cancel", "serve")
    leaving.wait()
    wait_until(lambda: not is_alive(job.pid), what="the end of the job's shell")
    repo.run("jobs", "cancel", "other", check=True)  # the wave that ended this one has read that one, too
    assert invocation.statuses() == {"serve": "running", "other": "cancelled"} and asking.poll() is None
    leaving.open()
    out, _ = asking.communicate()
    assert out == b"serve: cancelled\n"
    assert not group_alive(job.pid)
    repo.finished("post-commit")


def test_r14_what_ignores_sigterm_is_killed_when_the_grace_is_over(repo: Repo, gate: Gate) -> None:
    stubborn = f"trap '' TERM; {gate.command}"
    repo.settings(jobs=2, grace_period="300ms")
    repo.hook("post-commit", background=True, alone=stubborn, child=f"( {stubborn} ) & sleep 1000")
    commit(repo)
    gate.wait()
    gate.wait()
    invocation = repo.begun("post-commit")
    jobs = [invocation.wait_for_status(name, "running") for name in ("alone", "child")]
    answer = repo.run("jobs", "cancel", f"@{invocation.id}", check=True)
    assert answer.stdout == "alone: cancelled\nchild: cancelled\n"
    assert not any(group_alive(job.pid) for job in jobs)
    repo.finished("post-commit")
    assert [invocation.job(name).signal for name in ("alone", "child")] == [signal.SIGKILL, signal.SIGTERM]
    assert all(invocation.job(name).duration_s >= 0.3 for name in ("alone", "child"))


@needs_proc
@pytest.mark.parametrize("stopped", ["$$", "$PPID"])
def test_r14_what_is_stopped_can_be_cancelled(repo: Repo, gate: Gate, stopped: str) -> None:
    """A job, and the wave process that would have to end it."""
    serve = f"trap 'exit 4' TERM; {gate.command}; kill -STOP {stopped}; while :; do sleep 0.01; done"
    repo.hook("post-commit", background=True, serve=serve)
    commit(repo)
    shell = gate.wait()
    pid = shell if stopped == "$$" else int(stat_of(shell)[1])
    gate.open()
    wait_until(lambda: stat_of(pid)[0] == "T", what="the job to stop it")
    repo.run("jobs", "cancel", "serve", check=True)
    assert not is_alive(shell)
    job = repo.finished("post-commit").job("serve")
    assert (job.status, job.exit_code) == ("cancelled", 4)


def test_r14_a_waiting_job_is_cancelled_without_ever_running(repo: Repo, gate: Gate) -> None:
    repo.hook(
        "post-commit",
        background=True,
        deps=gate.command,
        build={"run": "touch built", "needs": ["deps"]},
        publish={"run": "touch published", "needs": ["build"]},
    )
    commit(repo)
    gate.wait()
    repo.run("jobs", "cancel", "build", check=True)
    invocation = repo.begun("post-commit")
    invocation.wait_for_status("deps", "running")
    assert invocation.statuses() == {"deps": "running", "build": "cancelled", "publish": "skipped"}
    assert (invocation.job("build").pid, invocation.job("publish").root_cause) == (None, "build")
    gate.open()
    repo.finished("post-commit")
    assert invocation.statuses()["deps"] == "completed" and not repo.has("built")


# Timeouts (R15)


@pytest.mark.parametrize("background", [False, True])
def test_r15_a_job_that_takes_too_long_fails(repo: Repo, gate: Gate, background: bool) -> None:
    repo.hook(
        "post-commit",
        background=background,
        slow={"run": f"sleep 1000 & {gate.command}", "timeout": "100ms"},
        build={"run": "touch built", "needs": ["slow"]},
        docs="touch docs",
    )
    commit(repo)
    invocation = repo.finished("post-commit")
    slow, build = invocation.job("slow"), invocation.job("build")
    assert invocation.statuses() == {"slow": "failed", "build": "skipped", "docs": "completed"}
    assert (slow.cause, slow.signal, slow.exit_code) == ("timeout", signal.SIGTERM, None)
    assert slow.duration_s >= 0.1 and "0.1 s" in slow.reason
    assert (build.cause, build.root_cause) == ("need", "slow")
    assert not group_alive(slow.pid) and not repo.has("built")


def test_r15_the_timeout_of_a_hook_stops_what_runs_and_what_waits(repo: Repo, gate: Gate) -> None:
    repo.settings(jobs=1)
    repo.hook(
        "pre-commit",
        slow=gate.command,
        turn="touch ran",
        build={"run": "touch ran", "needs": ["slow"]},
        warm={"run": "touch ran", "background": True},
    )
    repo.hook_options("pre-commit", timeout="500ms")
    git = repo.start(*COMMIT)
    shell = gate.wait()
    git.communicate()
    invocation = repo.finished("pre-commit")
    assert git.returncode == 1 and not is_alive(shell) and not repo.has("ran")
    assert {job.name: (job.status, job.cause) for job in invocation.jobs()} == {
        "slow": ("failed", "timeout"),
        "turn": ("skipped", "timeout"),
        "build": ("skipped", "timeout"),
        "warm": ("skipped", "timeout"),
    }


def test_r15_the_timeout_of_a_hook_continues_in_the_background(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", check="true", slow={"run": gate.command, "background": True})
    repo.hook_options("post-commit", timeout="1s")
    commit(repo)
    shell = gate.wait()
    invocation = repo.finished("post-commit")
    assert (invocation.job("slow").status, invocation.job("slow").cause) == ("failed", "timeout")
    assert not is_alive(shell)


def test_r15_only_a_background_job_has_a_timeout_by_default(repo: Repo) -> None:
    repo.hook(
        "post-commit",
        check="true",
        promoted={"run": "true", "background": True},
        user={"run": "true", "needs": ["promoted"]},
        warm={"run": "true", "background": True},
        slow={"run": "true", "background": True, "timeout": "2h"},
    )
    (hook,) = json.loads(repo.run("list", "--format", "json", check=True).stdout)["hooks"]
    assert {job["name"]: job["timeout_s"] for job in hook["jobs"]} == {
        "check": None,
        "promoted": None,
        "user": None,
        "warm": 3600,
        "slow": 7200,
    }


# When a job has ended (R16)


@pytest.mark.parametrize("background", [False, True])
def test_r16_what_a_job_leaves_behind_does_not_hold_it_up(repo: Repo, background: bool) -> None:
    repo.hook("post-commit", background=background, serve="echo before; sleep 1000 & echo $! >server")
    commit(repo)
    invocation = repo.finished("post-commit")
    server = int(repo.read("server"))
    assert is_alive(server)
    kill(server)
    assert invocation.statuses() == {"serve": "completed"} and invocation.log("serve") == b"before\n"


def test_r16_in_the_background_it_can_continue_writing(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", background=True, serve=f"echo before; ( {gate.command}; echo after ) & exit 0")
    commit(repo)
    invocation = repo.finished("post-commit")
    gate.wait()
    assert invocation.log("serve") == b"before\n"
    gate.open()
    wait_until(lambda: invocation.log("serve") == b"before\nafter\n", what="the server's output")


def test_r16_not_even_one_that_never_stops_writing(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", serve=f"yes & yes & yes & echo $$ >group; {gate.command}")
    repo.install()
    git = repo.start("sh", "-c", 'exec "$@" >/dev/null 2>&1', "sh", *COMMIT)
    gate.wait()
    group = int(repo.read("group"))
    invocation = repo.begun("post-commit")
    log = invocation.job("serve").path.with_name("output.log")
    wait_until(lambda: log.exists() and log.stat().st_size > 100_000, what="the server's output")
    gate.open()
    try:
        assert git.wait(timeout=10) == 0
    finally:
        with suppress(ProcessLookupError):  # they may have met the closed pipe already
            os.killpg(group, signal.SIGKILL)
        git.communicate()
        log.unlink()  # it can be large
    assert repo.finished("post-commit").statuses() == {"serve": "completed"}
