"""Waves: which wave starts which jobs and when, and the effects of a wave's death (R5, R6, R7)."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.gate import Gate
from kit.invocation import Invocation
from kit.process import (
    PROC,
    children_of,
    group_alive,
    is_alive,
    kill,
    processes,
    processes_of_session,
    wait_until,
)
from kit.repo import Repo

MakeGate = Callable[[str], Gate]
needs_proc = pytest.mark.skipif(not PROC.exists(), reason="the system does not show what this reads")


def commit(repo: Repo) -> None:
    repo.git("commit", "-q", "--allow-empty", "-m", "work")


def job(run: str, *needs: str) -> dict[str, Any]:
    return {"run": run, "needs": list(needs)}


# R6: as soon as a slot is free


def test_r6_a_fast_chain_is_not_held_up_by_a_slow_sibling(repo: Repo, gate: Gate) -> None:
    repo.settings(jobs=2)
    repo.hook("post-commit", background=True, slow=gate.command, a="true", b=job("true", "a"), c=job("true", "b"))
    repo.hook("post-commit", d=job("true", "c"))
    commit(repo)
    invocation = repo.begun("post-commit")
    invocation.wait_for_status("d", "completed")
    invocation.wait_for_status("slow", "running")
    gate.open()
    repo.finished("post-commit")
    assert set(invocation.statuses().values()) == {"completed"}


def test_r6_a_fast_chain_is_not_held_up_in_the_foreground(repo: Repo, gate: Gate) -> None:
    repo.settings(jobs=2)
    repo.hook("pre-commit", slow=gate.command, a="true", b=job("true", "a"), c=job("true", "b"))
    git = repo.start("git", "commit", "-q", "--allow-empty", "-m", "work")
    invocation = repo.begun("pre-commit")
    invocation.wait_for_status("c", "completed")
    invocation.wait_for_status("slow", "running")
    gate.open()
    git.communicate()
    assert git.returncode == 0


def test_r6_the_chains_last_job_and_its_sibling_meet_in_the_one_that_needs_both(repo: Repo, gate: Gate) -> None:
    repo.settings(jobs=2)
    repo.hook("post-commit", background=True, slow=gate.command, a="true", both=job("true", "slow", "a"))
    commit(repo)
    invocation = repo.begun("post-commit")
    gate.wait()
    invocation.wait_for_status("a", "completed")
    assert invocation.job("both").status == "pending"
    gate.open()
    repo.finished("post-commit")
    assert invocation.job("both").started_at >= invocation.job("slow").finished_at


def test_r6_no_more_jobs_run_than_there_are_slots(repo: Repo, gate: Gate) -> None:
    repo.settings(jobs=2)
    repo.hook("post-commit", background=True, a=gate.command, b=gate.command, c=gate.command)
    commit(repo)
    gate.wait(), gate.wait()
    invocation = repo.begun("post-commit")
    invocation.wait_for_status("a", "running")
    invocation.wait_for_status("b", "running")
    assert invocation.job("c").status == "pending" and gate.is_empty()
    gate.let_one_go()
    gate.wait()
    invocation.wait_for_status("c", "running")
    assert sorted(invocation.statuses().values()) == ["completed", "running", "running"]
    gate.open()
    repo.finished("post-commit")


# R7: each wave a process of its own


@needs_proc
def test_r7_a_wave_leads_a_session_and_each_of_its_jobs_a_group_in_it(repo: Repo, gate: Gate) -> None:
    repo.settings(jobs=3)
    repo.hook(
        "post-commit", background=True, a=gate.command, b=gate.command, quick="true", c=job(gate.command, "quick")
    )
    commit(repo)
    shells = {gate.wait() for _ in range(3)}
    invocation = repo.begun("post-commit")
    records = {name: invocation.wait_for_status(name, "running") for name in ("a", "b", "c")}
    assert {record.pid for record in records.values()} == shells
    assert records["a"].wave == records["b"].wave != records["c"].wave
    at = {one.pid: one for one in processes()}
    coordinator = invocation.record.coordinator
    for record in records.values():
        wave, shell = at[record.wave], at[record.pid]
        assert (wave.parent, wave.session) == (coordinator, wave.pid)
        assert (shell.parent, shell.session, shell.group) == (wave.pid, wave.pid, shell.pid)
    assert at[coordinator].session == coordinator
    gate.open()
    repo.finished("post-commit")


@needs_proc
def test_r7_there_is_one_thread_in_the_runner_the_coordinator_and_the_waves(repo: Repo, gate: Gate) -> None:
    repo.hook("pre-commit", front=gate.command)
    repo.hook("post-commit", background=True, late=gate.command)
    git = repo.start("git", "commit", "-q", "--allow-empty", "-m", "work")
    gate.wait()
    first = repo.begun("pre-commit")
    front = first.wait_for_status("front", "running")
    assert {pid: _threads(pid) for pid in (first.record.pid, front.wave)} == {first.record.pid: 1, front.wave: 1}
    gate.let_one_go()
    git.communicate()
    gate.wait()
    second = repo.begun("post-commit")
    late = second.wait_for_status("late", "running")
    assert [_threads(pid) for pid in (second.record.coordinator, late.wave)] == [1, 1]
    gate.open()
    repo.finished("post-commit")


def _threads(pid: int) -> int:
    return len(os.listdir(PROC / str(pid) / "task"))


def test_r7_a_killed_wave_costs_only_its_running_jobs(repo: Repo, make_gate: MakeGate) -> None:
    dying, safe = make_gate("dying"), make_gate("safe")
    repo.settings(jobs=4)
    repo.hook(
        "post-commit",
        background=True,
        quick="true",
        a=dying.command,
        b=dying.command,
        after_a=job("touch ran", "a"),
        other=job(safe.command, "quick"),
        after_other=job("true", "other"),
        last=job("true", "after_a"),
    )
    commit(repo)
    shells = {dying.wait(), dying.wait()}
    safe.wait()
    invocation = repo.begun("post-commit")
    invocation.wait_for_status("other", "running")
    wave = invocation.wait_for_status("a", "running").wave
    assert invocation.wait_for_status("b", "running").wave == wave != invocation.job("other").wave
    kill(wave)
    invocation.wait_for_status("last", "skipped")
    wait_until(lambda: not any(map(group_alive, shells)) and not processes_of_session(wave), what="their end")
    invocation.wait_for_status("other", "running")
    safe.open()
    repo.finished("post-commit")
    assert invocation.statuses() == {
        "quick": "completed",
        "a": "crashed",
        "b": "crashed",
        "after_a": "skipped",
        "other": "completed",
        "after_other": "completed",
        "last": "skipped",
    }
    assert {invocation.job(name).cause for name in ("a", "b")} == {"wave-died"}
    assert invocation.job("last").root_cause == "a"
    assert invocation.record.error is None and not repo.has("ran")


def test_r7_what_a_killed_wave_had_not_started_runs_in_another(repo: Repo, gate: Gate) -> None:
    repo.settings(jobs=1)
    repo.hook("post-commit", background=True, a=gate.command, b="true", c="true")
    commit(repo)
    gate.wait()
    invocation = repo.begun("post-commit")
    wave = invocation.wait_for_status("a", "running").wave
    kill(wave)
    repo.finished("post-commit")
    assert invocation.statuses() == {"a": "crashed", "b": "completed", "c": "completed"}
    assert wave not in (invocation.job("b").wave, invocation.job("c").wave)


# The session of a job is its wave, also when that is dead and somebody else has become the job's parent.
KILL_WAVE = "read -r _ _ _ _ _ wave _ </proc/self/stat; kill -9 $wave"


@needs_proc
@pytest.mark.parametrize("ending", [KILL_WAVE, f"{KILL_WAVE}; sleep 1000", f"setsid sleep 0 & {KILL_WAVE}"])
def test_r7_a_wave_that_dies_at_its_jobs_first_step(repo: Repo, ending: str) -> None:
    """The job kills the wave that has just started it, most likely before that was reported."""
    jobs = {f"kill-{number}": ending for number in range(4)}
    repo.settings(jobs=2)
    # Of another niceness, so that it is in no wave with one of those that kill.
    last = {**job("true", "first"), "nice": 11}
    repo.hook("post-commit", background=True, first="true", **jobs, last=last)
    repo.hook("post-commit", never=job("touch ran", "kill-0"))
    commit(repo)
    invocation = repo.finished("post-commit")
    statuses = invocation.statuses()
    assert statuses.pop("first") in ("completed", "crashed")  # it shares the wave of the first one
    assert statuses.pop("last") in ("completed", "skipped")
    assert statuses.pop("never") == "skipped" and not repo.has("ran")
    assert set(statuses.values()) == {"crashed"}
    assert invocation.record.error is None


@needs_proc
def test_r7_a_wave_killed_before_its_first_report(repo: Repo, gate: Gate) -> None:
    # A log that is a FIFO without a reader: the wave hangs in `open` and can report nothing, whenever it is killed.
    trap = 'mkfifo "$DODO_INVOCATION_DIR/jobs/1-stuck/output.log"'
    repo.settings(jobs=2)
    repo.hook("post-commit", prepare=trap, stuck={"run": "touch ran", "background": True})
    repo.hook("post-commit", quick={"run": "true", "background": True})
    repo.hook("post-commit", then={**job("touch ran", "stuck"), "background": True})
    repo.hook("post-commit", other={**job(gate.command, "quick"), "background": True})
    repo.git("commit", "-q", "--allow-empty", "-m", "work")
    invocation = repo.begun("post-commit")

    def kill_until_it_was_granted() -> bool:
        for wave in children_of(invocation.record.coordinator):
            if wave.pid != invocation.job("other").wave:
                os.kill(wave.pid, signal.SIGKILL)
        return bool(invocation.job("stuck").status == "crashed")

    wait_until(kill_until_it_was_granted)
    assert invocation.job("stuck").pid is None
    invocation.wait_for_status("then", "skipped")
    gate.open()
    repo.finished("post-commit")
    assert invocation.record.error is None and not repo.has("ran")


def test_r7_in_the_foreground_a_killed_wave_fails_the_hook_and_shows_what_its_jobs_had_printed(
    repo: Repo, gate: Gate
) -> None:
    repo.hook("pre-commit", a=f"echo from a; {gate.command}", b=f"echo from b; {gate.command}", c=job("true", "a"))
    repo.settings(jobs=2)
    git = repo.start("git", "commit", "-q", "--allow-empty", "-m", "work")
    shells = {gate.wait(), gate.wait()}
    invocation = repo.begun("pre-commit")
    invocation.wait_for_status("b", "running")
    wave = invocation.wait_for_status("a", "running").wave
    wait_until(lambda: invocation.log("a") and invocation.log("b"))
    kill(wave)
    _, printed = git.communicate()
    assert git.returncode == 1
    assert b"[a]\nfrom a\n" in printed and b"[b]\nfrom b\n" in printed
    assert invocation.statuses() == {"a": "crashed", "b": "crashed", "c": "skipped"}
    wait_until(lambda: not any(map(is_alive, shells)), what="the end of the jobs")  # SIGKILL takes its time


# R5: who else continues


def test_r5_independent_jobs_continue_after_a_failure(repo: Repo, gate: Gate) -> None:
    repo.hook("pre-commit", bad="exit 1", slow=gate.command, then=job("true", "slow"), other="true")
    git = repo.start("git", "commit", "-q", "--allow-empty", "-m", "work")
    gate.wait()
    invocation = repo.begun("pre-commit")
    invocation.wait_for_status("bad", "failed")
    gate.open()
    git.communicate()
    assert git.returncode == 1
    assert invocation.statuses() == {"bad": "failed", "slow": "completed", "then": "completed", "other": "completed"}


@pytest.mark.parametrize("background", [False, True])
def test_r5_fail_fast_cancels_what_runs_and_skips_the_rest(repo: Repo, make_gate: MakeGate, background: bool) -> None:
    hook = "post-commit" if background else "pre-commit"
    bad, slow = make_gate("bad"), make_gate("slow")
    repo.settings(jobs=2)
    repo.hook(hook, background=background, bad=f"{bad.command}; exit 1", slow=slow.command, waits="true")
    repo.hook(hook, by_need=job("true", "bad"), later=job("true", "slow"))
    repo.hook_options(hook, fail_fast=True)
    git = repo.start("git", "commit", "-q", "--allow-empty", "-m", "work")
    bad.wait()
    shell = slow.wait()
    bad.open()
    git.communicate()
    invocation = repo.finished(hook)
    assert git.returncode == (0 if background else 1)
    assert {record.name: (record.status, record.cause) for record in invocation.jobs()} == {
        "bad": ("failed", "exit"),
        "slow": ("cancelled", "fail-fast"),
        "waits": ("skipped", "fail-fast"),
        "by_need": ("skipped", "need"),
        "later": ("skipped", "fail-fast"),
    }
    assert not is_alive(shell)


@pytest.mark.parametrize("background", [False, True])
def test_r5_r7_under_fail_fast_all_that_a_dead_wave_ran_has_crashed(
    repo: Repo, make_gate: MakeGate, background: bool
) -> None:
    hook = "post-commit" if background else "pre-commit"
    dying, safe = make_gate("dying"), make_gate("safe")
    repo.settings(jobs=4)
    repo.hook(hook, background=background, quick="true", a=dying.command, b=dying.command, c=dying.command)
    repo.hook(hook, other=job(safe.command, "quick"), then=job("true", "a", "b", "c"), last=job("true", "other"))
    repo.hook_options(hook, fail_fast=True)
    git = repo.start("git", "commit", "-q", "--allow-empty", "-m", "work")
    for gate in (dying, dying, dying, safe):
        gate.wait()
    invocation = repo.begun(hook)
    invocation.wait_for_status("other", "running")
    assert len({invocation.wait_for_status(name, "running").wave for name in "abc"}) == 1
    kill(invocation.job("a").wave)
    _, printed = git.communicate()
    repo.finished(hook)
    assert git.returncode == (0 if background else 1) and b"Traceback" not in printed
    assert invocation.record.error is None
    assert {name: invocation.job(name).cause for name in "abc"} == dict.fromkeys("abc", "wave-died")
    assert invocation.statuses() | dict.fromkeys("abc") == {
        **dict.fromkeys("abc"),
        "quick": "completed",
        "other": "cancelled",
        "then": "skipped",
        "last": "skipped",
    }


def test_r5_piped_stops_at_the_first_failure(repo: Repo, tmp_path: Path) -> None:
    repo.hook("pre-commit", a=f"echo a >>{tmp_path}/ran", b="exit 4", c=f"echo c >>{tmp_path}/ran", d="true")
    repo.hook_options("pre-commit", piped=True)
    assert repo.git("commit", "--allow-empty", "-m", "work", check=False).returncode == 1
    invocation = repo.finished("pre-commit")
    assert invocation.statuses() == {"a": "completed", "b": "failed", "c": "skipped", "d": "skipped"}
    assert _stopped_by(invocation, "c") == ("b", "b") and _stopped_by(invocation, "d") == ("c", "b")
    assert (tmp_path / "ran").read_text() == "a\n"


def _stopped_by(invocation: Invocation, name: str) -> "tuple[str, str]":
    record = invocation.job(name)
    return record.need, record.root_cause
