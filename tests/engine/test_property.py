"""Random hooks, fired by real git: every rule of order and cascade, by the records and by the jobs' own journal.

Each example is one `git commit` with two hooks, a gate (`pre-commit`) and one that is none (`post-commit`). Their jobs
are in both phases, need each other in any way, and some of them fail or kill themselves. Each job writes a line into a
journal when it starts and when it ends: one file, opened for appending, so that the kernel puts all lines in order.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.chance import how_many
from kit.invocation import Invocation, RecordFile
from kit.repo import Repo

GATE, NO_GATE = "pre-commit", "post-commit"
COMPLETED = ("completed", None)
# What a job does at its end, and the (status, cause) that it then has.
ENDINGS = {"exit 0": COMPLETED, "exit 3": ("failed", "exit"), "kill -9 $$": ("failed", "signal")}
EXAMPLES = how_many(12, 250)


@dataclass(frozen=True)
class Sketch:
    """One job, as an example has it."""

    name: str
    needs: tuple[str, ...]
    is_background: bool
    ending: str
    takes_long: bool

    def body(self) -> dict[str, object]:
        journal = 'echo {} "$DODO_HOOK" "$DODO_JOB" >>"$JOURNAL"'
        wait = "sleep 0.02; " if self.takes_long else ""  # so that others run beside it
        run = f"{journal.format('start')}; {wait}{journal.format('end')}; {self.ending}"
        return {"name": self.name, "needs": list(self.needs), "background": self.is_background, "run": run}


@dataclass(frozen=True)
class Hook:
    """The jobs of a hook by name, and the outcomes that the rules give them."""

    name: str
    jobs: Mapping[str, Sketch]

    def needed_by(self, name: str) -> set[str]:
        direct = set(self.jobs[name].needs)
        return direct.union(*map(self.needed_by, direct))

    def promoted(self) -> set[str]:
        """Return the jobs that are promoted to the foreground (R9)."""
        in_front = [name for name, job in self.jobs.items() if not job.is_background]
        return {need for name in in_front for need in self.needed_by(name) if self.jobs[need].is_background}

    def phase(self, name: str) -> str:
        is_late = self.jobs[name].is_background and name not in self.promoted()
        return "background" if is_late else "foreground"

    def foreground_fails(self) -> bool:
        in_front = [name for name in self.jobs if self.phase(name) == "foreground"]
        return any(self.outcome(name)[0] == "failed" for name in in_front)

    def outcome(self, name: str) -> tuple[str, "str | None"]:
        """Return status and cause by R2, R3, R5 and R8."""
        if any(self.outcome(need)[0] == "failed" for need in self.needed_by(name)):
            return "skipped", "need"
        if self.name == GATE and self.phase(name) == "background" and self.foreground_fails():
            return "skipped", "gate"
        return ENDINGS[self.jobs[name].ending]


@st.composite
def hooks(draw: st.DrawFn, name: str, most: int = 5) -> Hook:
    names = [f"j{number}" for number in range(draw(st.integers(1, most)))]
    graph_order = draw(st.permutations(names))
    jobs = {}
    for place, job in enumerate(graph_order):
        needs = draw(st.lists(st.sampled_from(graph_order[:place]), unique=True, max_size=3)) if place else []
        ending = draw(st.sampled_from([*["exit 0"] * 4, *ENDINGS]))
        jobs[job] = Sketch(job, tuple(needs), draw(st.booleans()), ending, draw(st.booleans()))
    return Hook(name, {job: jobs[job] for job in names})


@pytest.fixture
def repos(repo: Repo) -> Iterator[Repo]:
    """Yield the same repository again and again, each time with an empty store and an empty journal."""
    repo.file("hooks: {pre-commit: {jobs: [{run: 'true'}]}, post-commit: {jobs: [{run: 'true'}]}}")
    repo.install()

    def fresh() -> Iterator[Repo]:
        for number in itertools.count():
            folder = repo.state / f"example-{number}"
            folder.mkdir(parents=True)
            yield Repo(
                repo.path, {**repo.env, "XDG_STATE_HOME": str(folder / "state"), "JOURNAL": str(folder / "journal")}
            )

    return fresh()


@pytest.mark.timeout(1800)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(hooks(GATE), hooks(NO_GATE), st.integers(1, 3))
def test_r1_r2_r3_r4_r5_r6_r7_r8_r9_hold_for_any_graph(
    repos: "Iterator[Repo]", gate: Hook, no_gate: Hook, slots: int
) -> None:
    repo = next(repos)
    bodies = {hook.name: {"jobs": [job.body() for job in hook.jobs.values()]} for hook in (gate, no_gate)}
    repo.file(yaml.safe_dump({"jobs": slots, "hooks": bodies}))
    done = repo.git("commit", "-q", "--allow-empty", "-m", "work", check=False)
    assert done.returncode == (1 if gate.foreground_fails() else 0), done.stderr
    fired = [gate] if gate.foreground_fails() else [gate, no_gate]
    ended = {hook.name: repo.finished(hook.name) for hook in fired}
    assert len(repo.invocations()) == len(fired)
    journal = Path(repo.env["JOURNAL"]).read_text().splitlines() if any(map(_anybody_runs, fired)) else []
    for hook in fired:
        invocation = ended[hook.name]
        try:
            _check(hook, invocation, [line for line in journal if line.split()[1] == hook.name], slots)
            for name in hook.jobs:
                announced = done.stderr.count(f"{hook.name}: {name} runs in the foreground")
                assert announced == (name in hook.promoted())  # R9
        except AssertionError as error:
            raise AssertionError(f"{error}\n{invocation.story()}\n{journal}\n{done.stderr}") from error


def _anybody_runs(hook: Hook) -> bool:
    return any(hook.outcome(name)[0] != "skipped" for name in hook.jobs)


def _check(hook: Hook, invocation: Invocation, journal: Sequence[str], slots: int) -> None:
    records = {record.name: record for record in invocation.jobs()}
    assert list(records) == list(hook.jobs)
    at = {line: place for place, line in enumerate(journal)}
    assert len(at) == len(journal)  # nobody ran twice
    assert invocation.record.error is None
    for name, record in records.items():
        assert (record.status, record.cause) == hook.outcome(name)  # R2, R5, R8
        assert record.phase == hook.phase(name)  # R9
        assert record.declared_background == hook.jobs[name].is_background
        if record.status == "skipped":
            _check_skipped(hook, records, name)
            assert f"start {hook.name} {name}" not in at  # R3
        else:
            _check_ran(hook, records, at, name)
    _check_phases(hook, journal)
    _check_slots(hook, records, journal, slots)
    _check_waves(invocation, records)


def _check_skipped(hook: Hook, records: "Mapping[str, RecordFile]", name: str) -> None:
    """Check the need that stopped a job, and the root cause (R3)."""
    record = records[name]
    assert (record.pid, record.wave, record.started_at, record.exit_code) == (None, None, None, None)
    assert record.finished_at is not None
    if record.cause != "need":
        assert (record.need, record.root_cause) == (None, None)
        return
    assert record.need in hook.jobs[name].needs
    stopped_by = records[record.need]
    assert stopped_by.status == "failed" or stopped_by.cause == "need"
    root = record.need if stopped_by.status == "failed" else stopped_by.root_cause
    assert record.root_cause == root and records[root].status == "failed"


def _check_ran(hook: Hook, records: "Mapping[str, RecordFile]", at: Mapping[str, int], name: str) -> None:
    """Check that a job started after the ends of its needs, by the journal and by the records (R1)."""
    record = records[name]
    assert at[f"start {hook.name} {name}"] < at[f"end {hook.name} {name}"]
    assert record.started_at <= record.finished_at
    for need in hook.jobs[name].needs:
        assert at[f"end {hook.name} {need}"] < at[f"start {hook.name} {name}"]
        assert records[need].finished_at <= record.started_at
    ending = hook.jobs[name].ending
    expected = (None, 9) if ending.startswith("kill") else (int(ending.split()[1]), None)
    assert (record.exit_code, record.signal) == expected


def _check_phases(hook: Hook, journal: Sequence[str]) -> None:
    """Check that the foreground phase is over when the background phase begins (R8)."""
    phases = [hook.phase(line.split()[2]) for line in journal]
    assert phases == sorted(phases, reverse=True)


def _check_slots(hook: Hook, records: "Mapping[str, RecordFile]", journal: Sequence[str], slots: int) -> None:
    """Check that never more than `slots` jobs run at once, by the journal and by the records (R6)."""
    ran = [record for record in records.values() if record.started_at]
    # An end sorts before a start of the same microsecond.
    moments = sorted([(record.started_at, 1) for record in ran] + [(record.finished_at, -1) for record in ran])
    by_records = itertools.accumulate(step for _, step in moments)
    by_jobs = itertools.accumulate(1 if line.startswith("start") else -1 for line in journal)
    assert max(by_records, default=0) <= slots and max(by_jobs, default=0) <= slots


def _check_waves(invocation: Invocation, records: "Mapping[str, RecordFile]") -> None:
    """Check that waves start the jobs, and are neither the process that git waits for nor the coordinator (R7)."""
    runners = {invocation.record.pid, invocation.record.coordinator}
    waves: dict[str, set[int]] = {"foreground": set(), "background": set()}
    for record in records.values():
        if record.started_at:
            assert record.wave not in runners and record.pid not in runners
            waves[record.phase].add(record.wave)
    assert not waves["foreground"] & waves["background"]
    assert not (waves["foreground"] | waves["background"]) & {record.pid for record in records.values()}
