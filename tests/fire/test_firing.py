"""The facts of a firing, and the environment that its jobs get."""

from collections.abc import Callable

import pytest

from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.plan import Plan
from dodo_hooks.core.statuses import NOT_SELECTED, SELECTION, SKIPPED, Outcome
from dodo_hooks.fire.environment import daft_environ, environment_of_event
from dodo_hooks.fire.firing import ATTACHED, AUTO, BY_GIT, BY_RETRY, DETACHED, MANUAL, Firing, make_firing
from dodo_hooks.fire.left_out import left_out_but
from dodo_hooks.host.world import World
from dodo_hooks.plans.compiled_plan import Compiled
from kit.changed_job import changed_job
from kit.history import make_hook
from kit.repo import Repo

RULES = Plan("", 3, ())
Fire = Callable[..., Firing]


@pytest.fixture
def fire(repo: Repo) -> Fire:
    """Return what makes the firing of a hook with a foreground and a background job."""
    found = repo.facts

    def fire(
        hook: str = "post-merge", *args: str, trigger: str = MANUAL, rules: Plan = RULES, **variables: str
    ) -> Firing:
        world = World({**repo.env, **variables}, str(repo.path))
        jobs = make_hook(hook, {"lint": (), "docs": ()}, foreground=("lint",))
        return make_firing(world, found, rules, jobs, args, trigger, {})

    return fire


# Facts


def test_slots_and_phase_are_a_persons_or_the_files_or_the_machines(fire: Fire) -> None:
    firing = fire()
    assert (firing.slots, firing.phase) == (3, AUTO)
    assert fire(rules=RULES._replace(slots=None)).slots >= 1
    firing = fire(DODO_HOOKS_PHASE=ATTACHED)
    assert firing.phase == ATTACHED
    world, repo, hook = firing.world, firing.repo, firing.hook
    said = make_firing(world, repo, RULES, hook, (), MANUAL, {}, slots=7, phase=DETACHED)
    assert (said.slots, said.phase) == (7, DETACHED)
    with pytest.raises(UsageError, match=r'^unknown DODO_HOOKS_PHASE "late": use one of auto, foreground, '):
        fire(DODO_HOOKS_PHASE="late")


def test_g4_the_files_of_a_commit_with_its_own_index_are_a_retrys_alone(fire: Fire) -> None:
    own = {"GIT_INDEX_FILE": "/r/.git/next-index-1.lock"}
    assert fire(trigger=BY_GIT, **own).needs_retry and fire(trigger=BY_RETRY).needs_retry
    assert not fire(trigger=BY_GIT, GIT_INDEX_FILE=".git/index").needs_retry
    assert not fire(**own).needs_retry and fire()._replace(again=None).needs_retry


def test_r23_a_job_that_was_not_selected_has_no_line_and_nothing_runs_where_all_are_left_out(fire: Fire) -> None:
    firing = fire()
    out = left_out_but({0}, firing.world, Compiled((), "", (), RULES, ()), firing.hook)
    assert out == {1: Outcome(SKIPPED, SELECTION, NOT_SELECTED)}
    assert not firing._replace(left_out=out).is_idle and not firing.has_line(1, out[1])
    skipped = Outcome(SKIPPED, SELECTION, "no file")
    assert firing._replace(left_out={0: skipped, 1: skipped}).is_idle
    assert [firing.has_line(number, skipped) for number in (0, 1)] == [True, True]
    assert [fire(trigger=BY_GIT).has_line(number, skipped) for number in (0, 1)] == [True, False]
    assert firing.reports_idle and not fire(trigger=BY_GIT).reports_idle


# Environment


def test_r11_variables_are_those_of_this_event_and_none_of_the_event_around_it(fire: Fire, repo: Repo) -> None:
    outer = {"DODO_ARG1": "a", "DODO_ARG2": "b", "DODO_REMOTE": "c", "DODO_DEFAULT_BRANCH": "d", "DODO_HOOK": "e"}
    environ = environment_of_event(fire("post-merge", "0", KEPT="1", **outer), is_background=False)
    assert {name: value for name, value in environ.items() if name.startswith("DODO_")} == {
        "DODO_HOOK": "post-merge",
        "DODO_WORKTREE": str(repo.path),
        "DODO_MAIN_WORKTREE": str(repo.path),
        "DODO_GIT_DIR": str(repo.path / ".git"),
        "DODO_BRANCH": "main",
        "DODO_ARGS": "1",
        "DODO_ARG1": "0",
    }
    assert environ["KEPT"] == "1"


def test_r11_a_push_has_its_remote_and_a_background_job_none_of_gits_variables(fire: Fire) -> None:
    firing = fire("pre-push", "origin", "https://example.invalid/r", GIT_INDEX_FILE="x", GIT_AUTHOR_NAME="me")
    near, late = (environment_of_event(firing, is_background) for is_background in (False, True))
    assert [near[name] for name in ("DODO_REMOTE", "DODO_REMOTE_URL")] == list(firing.args)
    assert near["GIT_INDEX_FILE"] == "x" and "GIT_INDEX_FILE" not in late


def test_the_default_branch_is_looked_for_where_a_command_uses_it(fire: Fire) -> None:
    firing = fire()
    asking = changed_job(firing.hook.jobs[1], argv=("sh", "-c", "git log $DODO_DEFAULT_BRANCH"))
    asked = firing._replace(hook=firing.hook._replace(jobs=(firing.hook.jobs[0], asking)))
    assert "DODO_DEFAULT_BRANCH" in environment_of_event(asked, is_background=False)
    daft = environment_of_event(fire(rules=RULES._replace(config_format="daft")), is_background=False)
    assert daft["DAFT_DEFAULT_BRANCH"] == daft["DODO_DEFAULT_BRANCH"] and daft["DAFT_GIT_STAGE"] == "post-merge"


def test_daft_has_its_names_for_the_values_that_there_are() -> None:
    ours = {"DODO_HOOK": "post-checkout", "DODO_ARG1": "1", "DODO_ARG3": "3", "OTHER": "x"}
    assert daft_environ("post-checkout", ours) == {
        "DAFT_HOOK": "post-checkout",
        "DAFT_GIT_STAGE": "post-checkout",
        "DAFT_CHECKOUT_PREV_SHA": "1",
        "DAFT_CHECKOUT_FLAG": "3",
    }
    assert daft_environ("worktree-post-create", {"DODO_ARG1": "1"}) == {}
