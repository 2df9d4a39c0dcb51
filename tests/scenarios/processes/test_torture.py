"""Kill -9 at random moments: whoever dies, and whenever, the records tell the truth and nobody is left (R18 to R20).

The numbers are random, the rules are not. The seed is printed, and is the same each time by default: kit/chance.py.
"""

import json
import os
import random
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from kit.chance import how_many
from kit.process import Process, processes_with, wait_until
from kit.repo import TEST_ID, Repo

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="the system does not show environments"),
]

LANE = "TORTURE_LANE"
LANES = 6  # runs that are alive at once
PARTS = how_many(2, 4)
KILLS = how_many(12, 100, "TORTURE_KILLS")  # in each part
ENDED = ("completed", "up-to-date", "failed", "cancelled", "skipped", "crashed")
SATISFIED = ("completed", "up-to-date")

NEEDS = {
    "check": [],
    "lint": ["check"],
    "deps": ["lint"],
    "stubborn": [],
    "parent": [],
    "build": ["deps"],
    "publish": ["build", "parent"],
    "docs": [],
    "report": ["docs", "stubborn"],
}
WORK = {
    "lint": "sleep 0.03",
    "stubborn": "trap '' TERM; sleep 0.2",
    "parent": "sleep 0.3 & sleep 0.1",
    "deps": "sleep 0.1",
    "build": "sleep 0.05",
}


class Lane:
    """One run at a time, whose processes are distinguished from those of other lanes by a variable."""

    def __init__(self, repo: Repo, number: int, chance: random.Random) -> None:
        self._repo, self._name, self._chance = repo, f"{repo.env[TEST_ID]}-{number}", chance
        self._hook: subprocess.Popen[bytes] | None = None
        self._targets: list[str] = []

    def fire(self) -> None:
        """Run git; the hook itself is one of the processes that may die."""
        self._hook = subprocess.Popen(
            [".git/hooks/post-commit"],
            cwd=self._repo.path,
            env={**self._repo.env, LANE: self._name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # R20 is about the death of one process at a time. When the runner and then its wave die, nobody is left who
        # knows the jobs: so a run loses its runner once, or waves as often as it likes; and jobs in any case.
        self._targets = self._chance.choice((["runner", "job"], ["wave", "job"], ["runner"], ["wave"]))

    def strike(self) -> str | None:
        """Kill somebody; what it was."""
        alive: dict[str, list[Process]] = {}
        for process in processes_with(LANE, self._name):
            alive.setdefault(_role(process), []).append(process)
        roles = [role for role in self._targets if role in alive]
        if not roles:
            return None
        role = self._chance.choice(roles)
        if role == "runner":
            self._targets = ["job"]
        with suppress(ProcessLookupError):
            os.kill(self._chance.choice(alive[role]).pid, signal.SIGKILL)
        return role

    def alive(self) -> list[Process]:
        return processes_with(LANE, self._name)

    def reap(self) -> None:
        if self._hook is not None:
            self._hook.wait()


def _role(process: Process) -> str:
    """Return the role: who holds `lock` is the runner, a session's leader without it is a wave, the rest are jobs."""
    with suppress(OSError):
        descriptors = Path(f"/proc/{process.pid}/fd")
        held = {os.readlink(one).rpartition("/")[2] for one in descriptors.iterdir()}
        if "lock" in held:
            return "runner"
        return "wave" if process.session == process.pid else "job" if process.group == process.pid else "other"
    return "other"


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """Make the directory where each job leaves a mark at its begin, and another at its end."""
    (tmp_path / "ran").mkdir()
    return tmp_path / "ran"


@pytest.fixture
def tortured(repo: Repo, ran: Path) -> Iterator[Repo]:
    mark = f'"{ran}/$DODO_INVOCATION.$DODO_JOB'
    jobs = {
        name: {
            "run": f': >{mark}.began"; {WORK.get(name, "true")}; : >{mark}.ended"',
            "needs": needs,
            "background": name not in ("check", "lint"),
        }
        for name, needs in NEEDS.items()
    }
    repo.settings(jobs=3, grace_period="100ms")
    repo.hook("post-commit", **jobs)  # type: ignore[arg-type]
    repo.install()
    yield repo
    for process in processes_with(TEST_ID, repo.env[TEST_ID]):  # of a test that failed
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def expect_the_truth(repo: Repo, ran: Path) -> list[dict[str, Any]]:
    """One ordinary command has closed all records, and what they say is what happened."""
    # A process that is being killed loses its environment, by which it is found, before its locks (Linux, do_exit).
    wait_until(lambda: not any(one.is_locked() or one.may_have_jobs() for one in repo.invocations()))
    done = repo.run("jobs", "--all", "--format", "json", check=True)
    assert all("background" in line for line in done.stderr.splitlines())  # what failed is reported, and nothing else
    runs: list[dict[str, Any]] = json.loads(done.stdout)
    for run in runs:
        jobs = {job["name"]: job for job in run["jobs"]}
        assert run["finished_at"] and list(jobs) == list(NEEDS), run
        for job in jobs.values():
            mark = ran / f"{run['id']}.{job['name']}"
            expect_one_truth(jobs, job, mark.with_name(mark.name + ".began").exists(), run)
            if job["status"] == "completed":
                assert mark.with_name(mark.name + ".ended").exists(), run
    for invocation in repo.invocations():  # the same on disk, and nobody holds a lock
        assert invocation.has_ended() and not invocation.may_have_jobs()
        assert set(invocation.statuses().values()) <= set(ENDED)
    return runs


def expect_one_truth(jobs: dict[str, dict[str, Any]], job: dict[str, Any], has_begun: bool, run: object) -> None:
    status, cause = job["status"], job["cause"]
    bad = [need for need in NEEDS[job["name"]] if jobs[need]["status"] not in SATISFIED]
    assert status in ENDED, run
    if has_begun:  # R1: all that it needs had succeeded; and nobody says that it never ran
        assert not bad and status != "skipped", (job, run)
    if status == "completed":
        assert has_begun, (job, run)
    if bad and cause != "writer-died":  # R3
        assert status == "skipped" and cause in ("need", "error"), (job, run)
    if cause == "need":
        need = jobs[job["need"]]
        assert job["need"] in bad, (job, run)
        assert job["root_cause"] == (need["root_cause"] or need["name"]), (job, run)


@pytest.mark.parametrize("part", range(PARTS))
def test_r18_r19_r20_kill_9_at_random_moments(part: int, tortured: Repo, ran: Path, chance: random.Random) -> None:
    lanes = [Lane(tortured, number, chance) for number in range(LANES)]
    killed: list[str] = []
    while len(killed) < KILLS:
        for lane in lanes:
            lane.fire()
        for _ in range(2 * LANES):
            select.select([], [], [], chance.uniform(0, 0.06))  # the random moment
            struck = (lane.strike() for lane in chance.sample(lanes, LANES))
            killed += [role for role in [next(filter(None, struck), None)] if role]
        wait_until(lambda: not any(lane.alive() for lane in lanes), what="the end of everything")
        for lane in lanes:
            lane.reap()
    runs = expect_the_truth(tortured, ran)
    print(f"{killed} in {len(runs)} runs")
    # And nothing has to be repaired manually: the next run is as good as the first.
    tortured.call(".git/hooks/post-commit", check=True)
    last = tortured.finished("post-commit")
    wait_until(last.has_ended)
    assert set(last.statuses().values()) == {"completed"}
    expect_the_truth(tortured, ran)


def test_r18_the_restart_of_the_machine(tortured: Repo, ran: Path, chance: random.Random) -> None:
    """It takes every process away in one moment, and leaves the files."""
    lane = Lane(tortured, 0, chance)
    for n in range(1, 5):
        lane.fire()
        tortured.begun("post-commit", n)
        select.select([], [], [], chance.uniform(0, 0.4))
        while alive := lane.alive():  # a process may be forking while we look
            for process in alive:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
        lane.reap()
    assert len(expect_the_truth(tortured, ran)) == 4
