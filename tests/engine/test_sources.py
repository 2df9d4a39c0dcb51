"""The equality of the graph that the prompt runs and the graph that doit runs (section 9 of the design).

Both sources of ready jobs get the same ends, without a process, and must return the same each time.
"""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import GraphError
from dodo_hooks.core.plan import Hook, Plan
from dodo_hooks.core.schedule import UNKNOWN_S, CountingSource, in_order, remaining_paths
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.doit_runner.database import open_database
from dodo_hooks.doit_runner.runner import WaveRunner, control_of
from dodo_hooks.doit_runner.source import DispatchSource
from dodo_hooks.engine.loop import Loop
from dodo_hooks.engine.recorder import Recorder
from dodo_hooks.engine.waves.job import TO_FILE, Context
from dodo_hooks.loader.tasks import task_name, tasks_of
from dodo_hooks.store.writer import InvocationWriter
from engine.graphs import COMPLETED, FAILED, OUTCOMES, beginnings, hooks, make_hook
from kit.chance import how_many

INTERRUPTED = Outcome(statuses.SKIPPED, statuses.INTERRUPTED, "interrupted (SIGTERM)")
CANCELLED = Outcome(statuses.CANCELLED, statuses.USER, "cancelled")
EXAMPLES = how_many(150, 2000)  # they are cheap, and this is what holds section 9
Change = tuple[list[int], list[tuple[int, Outcome]]]


def doits_source(
    hook: Hook,
    names: "list[str]",
    decided: "dict[int, Outcome]",
    database: Any,
    always: bool = False,
    unchanged: tuple[int, ...] = (),
) -> DispatchSource:
    """Return the source over doit's own dispatcher, for a selection of tasks of this hook."""
    control = control_of(tasks_of(Plan("", None, (hook,)), lambda hook, job: lambda: True), names)
    context = Context(hook, "/", {}, "/", TO_FILE, 1.0, 0, True)
    idle = Loop(context, Recorder(InvocationWriter("/", "1", hook, b"")), 1, ())
    runner = WaveRunner(database, None, idle, decided, always)
    dispatcher = control.task_dispatcher()
    runner._tasks = dispatcher.tasks  # as run_tasks does before it calls the loop
    for number in unchanged:
        dispatcher.tasks[f"{hook.name}:{hook.jobs[number].name}"].uptodate = [(True, (), {})]
    return DispatchSource(runner.nodes, runner.choose, dispatcher, hook, decided)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return open_database(str(tmp_path_factory.mktemp("doit") / "doit.json"))


class Pair:
    """Both sources with the same calls. Every answer is compared, and the ready jobs that have not ended are kept."""

    def __init__(self, ours: CountingSource, doits: DispatchSource) -> None:
        self.ours = ours
        self.doits = doits
        self.may_run: set[int] = set()
        self._agree(ours.start(), doits.start())

    def ended(self, number: int, outcome: Outcome) -> None:
        self.may_run.discard(number)
        self._agree(self.ours.ended(number, outcome), self.doits.ended(number, outcome))

    def stop(self, running: "set[int]") -> None:
        """Stop both sources: jobs that do not run get this outcome, and nothing else will start."""
        self.may_run = set(running)
        assert self.ours.stop(running, INTERRUPTED) == self.doits.stop(running, INTERRUPTED)
        assert self.ours.open_jobs() == self.doits.open_jobs() == running

    def _agree(self, ours: Change, doits: Change) -> None:
        assert ours == doits  # the ready jobs in order; the skipped ones in order, with need, root cause and reason
        assert self.ours.open_jobs() == self.doits.open_jobs()
        self.may_run.update(ours[0])


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_r1_r6_the_prompts_graph_and_doits_graph_are_one(database: Any, data: st.DataObject) -> None:
    hook = data.draw(hooks())
    selected, decided = data.draw(beginnings(hook))
    names = [task_name(hook, hook.jobs[number]) for number in data.draw(st.permutations(sorted(selected)))]
    pair = Pair(CountingSource(hook, selected, decided), doits_source(hook, names, decided, database))
    while to_do := sorted(pair.ours.open_jobs()):
        assert pair.may_run, f"nothing runs, and {to_do} are still to be done"
        what = data.draw(st.sampled_from(["end"] * 6 + ["cancel", "cancel", "stop"]))
        if what == "end":
            pair.ended(data.draw(st.sampled_from(sorted(pair.may_run))), data.draw(st.sampled_from(OUTCOMES)))
        elif what == "cancel":  # of a job that runs, is ready, or is not even known to doit yet
            pair.ended(data.draw(st.sampled_from(to_do)), CANCELLED)
        else:
            pair.stop(data.draw(st.sets(st.sampled_from(sorted(pair.may_run)))))


@given(hooks(), st.randoms(use_true_random=False))
def test_r1_r6_they_are_one_when_doit_was_asked_for_the_whole_hook(database: Any, hook: Hook, random: Any) -> None:
    doits = doits_source(hook, [hook.name], {}, database)  # a group task: `doit run post-commit`
    pair = Pair(CountingSource(hook, range(len(hook.jobs)), {}), doits)
    while pair.ours.open_jobs():
        pair.ended(random.choice(sorted(pair.may_run)), random.choice(OUTCOMES))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_r6_both_start_the_same_jobs_in_the_same_order_where_durations_are_known(
    database: Any, data: st.DataObject
) -> None:
    hook = data.draw(hooks())
    selected, decided = data.draw(beginnings(hook))
    usual_s = data.draw(st.dictionaries(st.sampled_from([job.name for job in hook.jobs]), st.floats(0, 9)))
    slots = data.draw(st.integers(1, 3))
    names = [task_name(hook, hook.jobs[number]) for number in sorted(selected)]
    sources = CountingSource(hook, selected, decided), doits_source(hook, names, decided, database)
    ours, doits = (started(source, hook, usual_s, slots) for source in sources)
    assert ours == doits


def started(
    source: "CountingSource | DispatchSource", hook: Hook, usual_s: "dict[str, float]", slots: int
) -> "list[tuple[float, int]]":
    """Return when each job starts, as the loop grants slots, if each takes as long as usual."""
    ready, _ = source.start()
    left_s = remaining_paths(hook, source.open_jobs(), usual_s) if usual_s else []
    now_s, running, starts = 0.0, list[tuple[float, int]](), list[tuple[float, int]]()
    while ready or running:
        for number in in_order(hook, ready, left_s)[: slots - len(running)]:
            ready.remove(number)
            starts.append((now_s, number))
            running.append((now_s + usual_s.get(hook.jobs[number].name, UNKNOWN_S), number))
        now_s, number = min(running)
        running.remove((now_s, number))
        ready += source.ended(number, COMPLETED)[0]
    return starts


def test_r1_a_long_chain_is_no_deeper_than_a_short_one(database: Any) -> None:
    count = 3000
    hook = make_hook([[], *([number] for number in range(count - 1))])
    names = [task_name(hook, hook.jobs[number]) for number in hook.order]
    pair = Pair(CountingSource(hook, range(count), {}), doits_source(hook, names, {}, database))
    for number in range(count):
        assert pair.may_run == {number}
        pair.ended(number, COMPLETED)


def test_r4_both_refuse_a_damaged_plan(database: Any) -> None:
    hook = make_hook([[], [0]])._replace(order=(1, 0))
    for source in (CountingSource(hook, range(2), {}), doits_source(hook, [hook.name], {}, database)):
        with pytest.raises(GraphError, match=r"post-commit: .* job 1\*"):
            source.start()


# What only doit can decide


def test_what_doit_ignores_is_skipped_and_cascades_at_once(tmp_path: Path) -> None:
    database = open_database(str(tmp_path / "doit.json"))
    hook = make_hook([[], [0], [1], []])
    database.ignore(tasks_of(Plan("", None, (hook,)), lambda hook, job: lambda: True)[1])
    source = doits_source(hook, [hook.name], {}, database)
    ready, ended = source.start()
    assert ready == [3]
    assert [(job, outcome.cause, outcome.root_cause) for job, outcome in ended] == [
        (0, statuses.IGNORED, None),
        (1, statuses.NEED, 0),
        (2, statuses.NEED, 0),
    ]
    assert source.ended(3, COMPLETED) == ([], []) and not source.open_jobs()


def test_r2_what_doit_finds_up_to_date_satisfies_its_dependents_at_once(tmp_path: Path) -> None:
    database = open_database(str(tmp_path / "doit.json"))
    hook = make_hook([[], [0], [1]], after=[[], [], []])
    source = doits_source(hook, [hook.name], {}, database, unchanged=(0, 1))
    ready, ended = source.start()
    assert ready == [2]
    assert [(job, outcome.status) for job, outcome in ended] == [(0, statuses.UP_TO_DATE), (1, statuses.UP_TO_DATE)]


def test_r6_what_doit_would_run_waits_for_its_after(database: Any) -> None:
    hook = make_hook([[], [], []], after=[[], [0], [1]])
    source = doits_source(hook, [hook.name], {}, database)
    assert source.start() == ([0], [])
    assert source.ended(0, FAILED) == ([1], [])
    assert source.ended(1, CANCELLED) == ([2], [])


def test_r17_what_waits_for_its_after_is_not_started_once_the_run_was_stopped(database: Any) -> None:
    hook = make_hook([[], []], after=[[], [0]])
    source = doits_source(hook, [hook.name], {}, database)
    assert source.start() == ([0], [])
    assert source.stop([0], INTERRUPTED) == [(1, INTERRUPTED)]
    assert source.ended(0, COMPLETED) == ([], []) and not source.open_jobs()


def test_r1_what_was_decided_before_its_own_need_ended_holds_nobody_up(database: Any) -> None:
    hook = make_hook([[], [0], [1]])
    names = [task_name(hook, job) for job in hook.jobs]
    does_not_apply = Outcome(statuses.SKIPPED, statuses.CONDITION, "no file matches")
    pair = Pair(
        CountingSource(hook, [0, 2], {1: does_not_apply}), doits_source(hook, names, {1: does_not_apply}, database)
    )
    assert pair.may_run == {0, 2}
