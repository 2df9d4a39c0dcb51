"""The place of a firing, the exit code of its run, and the background jobs that start (R3, R5, R8, R12, R17, R22)."""

import os
from collections.abc import Callable

import pytest

from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.plan import Plan
from dodo_hooks.core.statuses import COMPLETED, FAILED, Outcome
from dodo_hooks.fire.background_start import decide_background, must_be_attached
from dodo_hooks.fire.firing import ATTACHED, AUTO, DEEPEST, DETACHED, MANUAL, OFF, Nesting, make_firing, nesting_of
from dodo_hooks.fire.run_state import Run
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.world import World
from kit.history import History
from kit.repo import Repo

NEEDS = {"lint": (), "docs": ("lint",), "deps": ()}  # the first one is in the foreground


@pytest.fixture
def begin(repo: Repo, history: History) -> Callable[..., Run]:
    """Return what begins a run in which `lint` has ended so."""

    def begin(status: str, hook: str = "post-merge", phase: str = AUTO, within: "str | None" = None) -> Run:
        world = World(repo.env, str(repo.path))
        writer = history.begin(NEEDS, hook, foreground=("lint",))
        found = find_repo(world.environ, world.cwd)
        firing = make_firing(world, found, Plan("", 1, ()), writer.hook, (), MANUAL, {}, phase=phase)
        run = Run(firing, Nesting(within, 0), writer, 0.0)
        run.decide([(0, Outcome(status, "exit" if status == FAILED else None, status))])
        return run

    return begin


def test_r12_a_firing_is_nested_while_the_run_around_it_lives(history: History) -> None:
    writer = history.begin(NEEDS)
    inside = {"DODO_INVOCATION": writer.identity, "DODO_INVOCATION_DIR": writer.directory}
    assert nesting_of(inside) == Nesting(writer.identity, 1)
    assert nesting_of({**inside, "DODO_LEVEL": "x"}).level == 1
    assert nesting_of({**inside, "DODO_LEVEL": str(DEEPEST - 1)}).level == DEEPEST
    with pytest.raises(HooksError, match=rf"^hooks are nested {DEEPEST + 1} levels deep: a job of {writer.identity} "):
        nesting_of({**inside, "DODO_LEVEL": str(DEEPEST)})
    writer.release()
    assert nesting_of({**inside, "DODO_LEVEL": str(DEEPEST)}) == Nesting(None, 0) == nesting_of({})


def test_r22_a_signal_counts_before_an_error_of_ours_and_that_before_a_failed_job(begin: Callable[..., Run]) -> None:
    assert begin(COMPLETED).exit_code("foreground") == 0
    run = begin(FAILED)
    assert (run.exit_code("foreground"), run.exit_code("background")) == (1, 0)
    run.errors.append("something else")
    assert run.exit_code("foreground") == 2
    run.interrupted = 15
    assert run.exit_code("foreground") == 128 + 15


@pytest.mark.parametrize(
    ("hook", "status", "phase", "within", "started", "reason"),
    [
        ("post-merge", COMPLETED, AUTO, None, [1, 2], ""),
        ("post-merge", FAILED, AUTO, None, [2], ""),
        ("pre-commit", FAILED, AUTO, None, [], "foreground jobs failed, so git stops"),
        ("post-merge", COMPLETED, OFF, None, [], "background jobs were turned off"),
        ("post-merge", COMPLETED, AUTO, "that run", [], "the hook fired inside a job of that run"),
    ],
)
def test_r3_r8_r12_the_background_jobs_that_start(
    begin: Callable[..., Run],
    hook: str,
    status: str,
    phase: str,
    within: "str | None",
    started: "list[int]",
    reason: str,
) -> None:
    run = begin(status, hook, phase, within)
    assert decide_background(run) == started
    assert not reason or run.writer.outcomes()[2].reason == reason


def test_r5_r17_what_else_keeps_all_background_jobs_from_starting(begin: Callable[..., Run]) -> None:
    interrupted, late, fail_fast = (begin(FAILED) for _ in range(3))
    interrupted.interrupted = 2
    late.deadline_s = 0.0
    fail_fast.firing = fail_fast.firing._replace(hook=fail_fast.firing.hook._replace(fail_fast=True))
    reasons = []
    for run in (interrupted, late, fail_fast):
        assert decide_background(run) == []
        reasons.append(run.writer.outcomes()[2].reason)
    assert reasons == ["interrupted (Ctrl-C)", "post-merge timed out", "a foreground job failed (fail_fast)"]


def test_r10_background_jobs_run_attached_in_ci_and_where_a_person_says_so(begin: Callable[..., Run]) -> None:
    for phase, variables, is_attached in (
        (AUTO, {}, False),
        (AUTO, {"CI": "true"}, True),
        (DETACHED, {"CI": "true"}, False),
        (ATTACHED, {}, True),
    ):
        run = begin(COMPLETED, phase=phase)
        world = run.firing.world._replace(environ={**os.environ, **variables})
        run.firing = run.firing._replace(world=world)
        assert must_be_attached(run) == is_attached, (phase, variables)
