"""Records that tell the truth: two locks, whole files only, and what is left when a process is killed (R18 to R20)."""

import json
import shutil
import signal
from collections.abc import Callable
from typing import Any

import pytest

from kit.gate import Gate
from kit.invocation import Invocation
from kit.process import group_alive, is_alive, kill, processes_with, wait_until
from kit.repo import TEST_ID, Repo

COMMIT = ("git", "commit", "--allow-empty", "-m", "work")


def listed(repo: Repo) -> list[dict[str, Any]]:
    """Return what `dodo-hooks jobs --format json` shows."""
    shown: list[dict[str, Any]] = json.loads(repo.run("jobs", "--format", "json", check=True).stdout)
    return shown


# Locks and files (R18, R19)


def test_r18_the_lock_goes_from_the_foreground_to_the_coordinator(repo: Repo, make_gate: Callable[[str], Gate]) -> None:
    fore, back = make_gate("fore"), make_gate("back")
    repo.hook("post-commit", check=fore.command, warm={"run": back.command, "background": True})
    git = repo.start(*COMMIT)
    fore.wait()
    invocation = repo.begun("post-commit")
    assert invocation.is_locked() and invocation.may_have_jobs()
    fore.open()
    git.communicate()
    back.wait()
    assert invocation.is_locked() and invocation.may_have_jobs()
    back.open()
    wait_until(lambda: not invocation.is_locked(), what="the end of the writer")
    assert invocation.record.finished_at is not None and not invocation.may_have_jobs()
    assert set(invocation.statuses().values()) == {"completed"}


def test_r18_every_job_has_its_record_from_the_start(repo: Repo, gate: Gate) -> None:
    repo.settings(jobs=1)
    repo.hook(
        "pre-commit",
        first=gate.command,
        second={"run": "true", "needs": ["first"]},
        third={"run": "true", "background": True},
    )
    git = repo.start(*COMMIT)
    gate.wait()
    invocation = repo.begun("pre-commit")
    invocation.wait_for_status("first", "running")
    assert invocation.statuses() == {"first": "running", "second": "pending", "third": "pending"}
    assert (invocation.record.finished_at, invocation.record.exit_code) == (None, None)
    (shown,) = listed(repo)
    assert [job["status"] for job in shown["jobs"]] == ["running", "pending", "pending"]
    gate.open()
    git.communicate()
    repo.finished("pre-commit")


def test_r18_a_wave_does_not_hold_the_writers_lock(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", background=True, held=f"trap '' TERM; {gate.command}")
    repo.git(*COMMIT[1:])
    gate.wait()
    invocation = repo.begun("post-commit")
    job = invocation.wait_for_status("held", "running")
    kill(invocation.record.coordinator)
    assert is_alive(job.wave) and is_alive(job.pid)
    assert not invocation.is_locked() and invocation.may_have_jobs()
    (shown,) = listed(repo)  # says so, and leaves the record open as long as the job's process is there
    assert shown["jobs"][0]["status"] == "crashed"
    assert invocation.record.finished_at is None
    kill(job.pid)
    wait_until(lambda: not invocation.may_have_jobs(), what="the end of the wave")
    listed(repo)
    assert invocation.record.finished_at is not None and invocation.outcomes() == {"held": ("crashed", "writer-died")}


def test_r19_an_unfinished_invocation_is_not_listed(repo: Repo) -> None:
    repo.hook("post-commit", background=True, warm="true")
    repo.git(*COMMIT[1:])
    invocation = repo.finished("post-commit")
    hidden = invocation.path.with_name("." + invocation.id[:-1] + "x")
    shutil.copytree(invocation.path, hidden)
    (hidden / "invocation.json").write_text('{"schema": 1, "id"')
    done = repo.run("jobs", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert [one["id"] for one in json.loads(done.stdout)] == [invocation.id]


def test_r19_a_reader_never_sees_half_a_record(repo: Repo) -> None:
    repo.settings(jobs=4)
    repo.hook("post-commit", background=True, **{f"job{n}": "echo x" for n in range(25)})
    repo.git(*COMMIT[1:])
    invocation = repo.begun("post-commit")
    rounds = 0
    seen: dict[str, list[str]] = {}
    while not invocation.has_ended():
        for job in invocation.jobs():  # parses each of them
            if seen.setdefault(job.name, []) == [] or seen[job.name][-1] != job.status:
                seen[job.name].append(job.status)
        rounds += 1
    order = ["pending", "running", "completed"]
    assert rounds > 5
    assert all(sorted(statuses, key=order.index) == statuses for statuses in seen.values())
    assert set(invocation.statuses().values()) == {"completed"}


# The death of any one process (R20)

CRASHED = {"held": ("crashed", "writer-died"), "build": ("skipped", "need"), "publish": ("skipped", "need")}
ITS_WAVE = {"held": ("crashed", "wave-died"), "build": ("skipped", "need"), "publish": ("skipped", "need")}
ITSELF = {"held": ("failed", "signal"), "build": ("skipped", "need"), "publish": ("skipped", "need")}
STOPPED = {name: ("skipped", "interrupted") for name in CRASHED} | {"held": ("cancelled", "interrupted")}


def story(repo: Repo, event: str, gate: Gate) -> None:
    """Start a job that is held, with a child that would outlive it; one that needs it; one that needs that one."""
    repo.hook(
        event,
        background=event == "post-commit",
        held=f"sleep 1000 & {gate.command}",
        build={"run": "touch ran", "needs": ["held"]},
        publish={"run": "touch ran", "needs": ["build"]},
    )
    repo.install()


def expect_the_truth(repo: Repo, invocation: Invocation, expected: dict[str, tuple[str, str]]) -> None:
    """Check that the job dies soon, that the next command closes the records, and that nothing of the run is alive."""
    group = invocation.job("held").pid
    wait_until(lambda: not group_alive(group), what="the end of the job")
    wait_until(lambda: not processes_with(TEST_ID, repo.env[TEST_ID]), what="the end of everything")
    (shown,) = listed(repo)
    assert {job["name"]: (job["status"], job["cause"]) for job in shown["jobs"]} == expected
    assert invocation.has_ended() and invocation.outcomes() == expected
    assert invocation.record.exit_code != 0
    if expected is not STOPPED:
        assert [invocation.job(name).root_cause for name in ("build", "publish")] == ["held", "held"]
        assert [invocation.job(name).need for name in ("build", "publish")] == ["held", "build"]
    assert not repo.has("ran")
    assert not list(repo.state.glob("dodo-hooks/jobs/*/live/*"))


@pytest.mark.parametrize(
    ("victim", "expected"),
    [("git", STOPPED), ("hook", CRASHED), ("wave", ITS_WAVE), ("job", ITSELF)],
)
def test_r20_kill_9_in_the_foreground(
    repo: Repo, gate: Gate, victim: str, expected: dict[str, tuple[str, str]]
) -> None:
    story(repo, "pre-commit", gate)
    git = repo.start(*COMMIT)
    gate.wait()
    invocation = repo.begun("pre-commit")
    job = invocation.wait_for_status("held", "running")
    kill({"git": git.pid, "hook": invocation.record.pid, "wave": job.wave, "job": job.pid}[victim])
    git.communicate()
    expect_the_truth(repo, invocation, expected)
    assert git.returncode == (-signal.SIGKILL if victim == "git" else 1)
    assert repo.call("git", "log", "--format=%s").stdout == "start\n"


@pytest.mark.parametrize(
    ("victim", "expected"),
    [("coordinator", CRASHED), ("wave", ITS_WAVE), ("job", ITSELF)],
)
def test_r20_kill_9_in_the_background(
    repo: Repo, gate: Gate, victim: str, expected: dict[str, tuple[str, str]]
) -> None:
    story(repo, "post-commit", gate)
    repo.git(*COMMIT[1:])
    gate.wait()
    invocation = repo.begun("post-commit")
    job = invocation.wait_for_status("held", "running")
    kill({"coordinator": invocation.record.coordinator, "wave": job.wave, "job": job.pid}[victim])
    expect_the_truth(repo, invocation, expected)


def test_r20_a_wave_costs_only_its_own_jobs(repo: Repo, make_gate: Callable[[str], Gate]) -> None:
    early, late, first = make_gate("early"), make_gate("late"), make_gate("first")
    repo.settings(jobs=3)
    repo.hook(
        "post-commit",
        background=True,
        early=early.command,
        first=first.command,
        late={"run": late.command, "needs": ["first"]},
    )
    repo.git(*COMMIT[1:])
    early.wait()
    first.wait()
    first.open()
    late.wait()  # in a wave of its own, since it was not ready with the others
    invocation = repo.begun("post-commit")
    waves = {name: invocation.wait_for_status(name, "running").wave for name in ("early", "late")}
    assert waves["early"] != waves["late"]
    kill(waves["late"])
    invocation.wait_for_status("late", "crashed")
    assert invocation.job("early").status == "running"
    early.open()
    repo.finished("post-commit")
    assert invocation.statuses() == {"early": "completed", "first": "completed", "late": "crashed"}


def test_r20_after_a_crash_the_next_hook_runs_as_ever(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", background=True, held=gate.command)
    repo.git(*COMMIT[1:])
    gate.wait()
    kill(repo.begun("post-commit").record.coordinator)
    wait_until(lambda: not processes_with(TEST_ID, repo.env[TEST_ID]), what="the end of everything")
    gate.open()
    repo.git(*COMMIT[1:])
    assert repo.finished("post-commit", n=2).statuses() == {"held": "completed"}
