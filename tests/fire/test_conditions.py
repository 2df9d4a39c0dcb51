"""The jobs that apply to an event (C7), on plans that tests write."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from dodo_hooks.core import plan, statuses
from dodo_hooks.core.plan_parts import Check, Condition
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.fire.select import conditions
from dodo_hooks.loader.globs.compile_globs import compile_branch_glob
from kit.hook_files.filtering import PROBE, ask, changed, hook_of, only, rule, skip, stage
from kit.process import wait_until
from kit.repo import Repo


def run(command: str) -> Condition:
    return Condition(plan.RUN_SUCCEEDS, command)


def ref(pattern: str, reason: str = "") -> Condition:
    return Condition(plan.ON_REF, pattern, (compile_branch_glob(pattern),), reason=reason)


def reason_of(
    repo: Repo,
    check: Check,
    name: str = "pre-commit",
    args: Sequence[str] = (),
    environ: "dict[str, str] | None" = None,
) -> "str | None":
    """Return why a job with this check does not run in a hook of this name."""
    outcome = ask(repo, hook_of({"checks": (0,)}, name=name, checks=[check]), args, environ=environ).left_out.get(0)
    if outcome is None:
        return None
    assert (outcome.status, outcome.cause) == (statuses.SKIPPED, statuses.CONDITION)
    return outcome.reason


# Events


def test_a_job_that_takes_data_of_an_event_is_skipped_without_one(repo: Repo) -> None:
    hook = hook_of({"needs_event": "{1}"}, {}, name="commit-msg")
    (outcome,) = ask(repo, hook).left_out.values()
    assert (outcome.status, outcome.cause) == (statuses.SKIPPED, statuses.NO_EVENT)
    assert outcome.reason == "{1} comes from git; use `dodo-hooks run commit-msg -- ARG1`"
    assert ask(repo, hook, ("file",)).left_out == {}
    (outcome,) = ask(repo, hook._replace(is_task=True)).left_out.values()
    assert outcome.reason == "{1} is an argument; use `dodo-hooks run commit-msg -- ARG1`"


@pytest.mark.parametrize(
    ("name", "source", "placeholder"),
    [
        ("pre-push", plan.PUSHED, "{push_files}"),
        ("post-checkout", plan.CHANGED, "{changed_files}"),
        ("x", plan.CHANGED, ""),
    ],
)
def test_files_of_an_event_are_not_known_without_one(repo: Repo, name: str, source: str, placeholder: str) -> None:
    hook = hook_of({"files": rule(source), "needs_event": placeholder}, name=name)
    outcome = ask(repo, hook).left_out[0]
    assert (outcome.status, outcome.cause) == (statuses.SKIPPED, statuses.NO_EVENT)
    assert f"`dodo-hooks run {name} --files FILE`" in (outcome.reason or "")


def test_files_of_an_event_that_needs_no_arguments_are_known(repo: Repo) -> None:
    stage(repo, "a")
    repo.git("commit", "-q", "-m", "one")
    hook = hook_of({"files": rule(plan.CHANGED), "needs_event": "{changed_files}"}, name="post-commit")
    assert ask(repo, hook).files == {0: (b"a",)}


def test_c7_a_setup_job_is_left_out_when_no_other_job_runs(repo: Repo) -> None:
    jobs: list[dict[str, object]] = [{"is_setup": True}, {"files": rule(plan.STAGED)}, {"absent": "no"}]
    assert set(ask(repo, hook_of(*jobs)).left_out) == {0, 1, 2}
    stage(repo, "a")
    assert set(ask(repo, hook_of(*jobs)).left_out) == {2}


def test_what_was_decided_before_stays(repo: Repo) -> None:
    before = {0: Outcome(statuses.SKIPPED, statuses.SELECTION, PROBE)}
    applies = ask(repo, hook_of({"absent": "no"}, {"absent": "on another system"}), left_out=before)
    assert applies.left_out == {**before, 1: Outcome(statuses.SKIPPED, statuses.CONDITION, "on another system")}


# Conditions


def test_c7_always_and_never(repo: Repo) -> None:
    always, never = Condition(plan.ALWAYS), Condition(plan.NEVER)
    assert reason_of(repo, skip(always)) == "skip: true"
    assert reason_of(repo, skip(never)) is None
    assert reason_of(repo, only(always)) is None
    assert reason_of(repo, only(never)) == "only: false"
    assert reason_of(repo, skip(Condition(plan.ALWAYS, reason="out of order"))) == "out of order"


def test_c7_a_merge_and_a_rebase_that_continue(repo: Repo) -> None:
    merging, rebasing = Condition(plan.IN_MERGE), Condition(plan.IN_REBASE)
    stage(repo, "a")
    repo.git("commit", "-q", "-m", "a")
    repo.git("checkout", "-q", "-b", "topic", "HEAD^")
    repo.write("a", "other\n")
    repo.git("add", "a")
    repo.git("commit", "-q", "-m", "other")
    assert reason_of(repo, skip(merging, rebasing)) is None
    assert reason_of(repo, only(merging)) == "no merge is in progress"
    assert reason_of(repo, skip(merging), "pre-merge-commit") == "a merge is in progress"
    repo.git("merge", "-q", "main", check=False)
    assert reason_of(repo, skip(rebasing, merging)) == "a merge is in progress"
    repo.git("merge", "--abort")
    repo.git("rebase", "-q", "main", check=False)
    assert reason_of(repo, skip(merging, rebasing)) == "a rebase is in progress"
    assert reason_of(repo, only(ref("topic"))) == "HEAD is detached and does not match topic"
    repo.git("rebase", "--abort")


def test_c7_a_merge_commit(repo: Repo) -> None:
    check = only(Condition(plan.AT_MERGE_COMMIT))
    assert reason_of(repo, check) == "HEAD is no merge commit"
    repo.git("checkout", "-q", "-b", "topic")
    repo.git("commit", "-q", "--allow-empty", "-m", "x")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "merged", "topic")
    assert reason_of(repo, check) is None


def test_c7_branches(repo: Repo) -> None:
    assert reason_of(repo, skip(ref("main"))) == "branch main matches main"
    assert reason_of(repo, skip(ref("ma?n", reason="not on main"))) == "not on main"
    repo.git("checkout", "-q", "-b", "topic/é$(x)")
    assert reason_of(repo, only(ref("main"))) == "branch topic/é$(x) does not match main"
    assert reason_of(repo, only(ref("main"), ref("topic/*"))) is None
    repo.git("checkout", "-q", "--detach")
    assert reason_of(repo, skip(ref("**"))) is None


@pytest.mark.parametrize(("value", "is_set"), [("1", True), ("yes", True), ("0", False), ("", False), ("False", False)])
def test_c7_variables(repo: Repo, value: str, is_set: bool) -> None:
    check = skip(Condition(plan.HAS_VARIABLE, "FLAG"))
    assert reason_of(repo, check, environ={"FLAG": value}) == ("FLAG is set" if is_set else None)
    assert reason_of(repo, check) is None


def test_c7_commands_run_once_at_the_top_with_the_environment_of_the_hook(repo: Repo) -> None:
    command = (
        'echo "$DODO_HOOK $DODO_ARG1 $DODO_BRANCH $MINE $(pwd)" >> ../ran; echo shown; echo shown >&2; test -f flag'
    )
    check = only(run(command))
    hook = hook_of({"checks": (0,)}, {"checks": (0, 1)}, name="commit-msg", checks=[check, skip(run(command))])
    applies = ask(repo, hook, ("message file",), environ={"MINE": "x"})
    assert applies.left_out[0].reason == f"`{command}` failed (exit code 1)"
    assert applies.left_out[0] == applies.left_out[1] and applies.sentences == ()
    assert (repo.path.parent / "ran").read_text() == f"commit-msg message file main x {repo.path}\n"
    repo.write("flag", "")
    assert ask(repo, hook, ("message file",)).left_out[1].reason == f"`{command}` succeeded"
    assert len((repo.path.parent / "ran").read_text().splitlines()) == 2


def test_c7_a_command_that_takes_too_long_does_not_hold(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "RUN_LIMIT_S", 0.2)
    command = "echo $$ > ../pid; sleep 1000"
    applies = ask(repo, hook_of({"checks": (0,)}, {"checks": (1,)}, checks=[skip(run(command)), only(run(command))]))
    assert applies.sentences == (f"the condition `run: {command}` does not hold: timed out after 0.2 s",)
    assert applies.left_out[1].reason == f"`{command}`: timed out after 0.2 s" and 0 not in applies.left_out
    pid = int((repo.path.parent / "pid").read_text())
    wait_until(lambda: not Path(f"/proc/{pid}").exists())


def test_c7_changed_files_are_those_of_the_event_deleted_ones_too(repo: Repo) -> None:
    stage(repo, "docs/a.md", "src/b.py")
    repo.git("commit", "-q", "-m", "two")
    repo.git("rm", "-q", "docs/a.md")
    assert reason_of(repo, skip(changed("docs/**"))) == "a changed file matches docs/**"
    assert reason_of(repo, only(changed("src/**"))) == "no changed file matches src/**"
    repo.git("commit", "-q", "-m", "no docs")
    assert reason_of(repo, skip(changed("docs/**")), "post-commit") == "a changed file matches docs/**"
    unknown = "cannot determine whether a file matching docs/** changed"
    assert reason_of(repo, only(changed("docs/**")), "post-checkout") == unknown
    assert reason_of(repo, only(changed("docs/**")), "pre-rebase", ("main",)) == unknown
    repo.write(".git/index", "junk")
    applies = ask(repo, hook_of({"checks": (0,)}, checks=[only(changed("docs/**"))]))
    assert applies.left_out[0].reason == unknown
    assert applies.sentences[0].startswith("a `changed` condition of pre-commit does not hold: git diff-index: ")


def test_c7_all_of_a_map_has_to_hold(repo: Repo) -> None:
    def both(branch: str, reason: str = "") -> Condition:
        parts = (ref(branch), Condition(plan.HAS_VARIABLE, "FLAG"))
        return Condition(plan.ALL_OF, parts=parts, reason=reason)

    assert reason_of(repo, skip(both("main")), environ={"FLAG": "1"}) == ("branch main matches main and FLAG is set")
    assert reason_of(repo, skip(both("main"))) is None
    assert reason_of(repo, only(both("main"))) == "FLAG is not set"
    assert reason_of(repo, only(both("topic", reason="only there"))) == "only there"


def test_c7_of_several_conditions_skip_needs_one_and_only_needs_one(repo: Repo) -> None:
    always, never, unset = Condition(plan.ALWAYS), Condition(plan.NEVER), Condition(plan.HAS_VARIABLE, "UNSET")
    assert reason_of(repo, skip(never, always)) == "skip: true"
    assert reason_of(repo, only(never, always)) is None
    assert reason_of(repo, only(never, unset)) == "only: false; UNSET is not set"
    assert reason_of(repo, skip()) is None and reason_of(repo, only()) is None


def test_c7_what_comes_after_the_decision_is_not_asked(repo: Repo) -> None:
    asked = repo.path / "asked"
    commands = [run(f"echo {name} >> asked; {name} = b") for name in ("test a", "test b", "test c")]

    def names() -> list[str]:
        found = asked.read_text().split()
        asked.unlink()
        return [name for name in found if name != "test"]

    assert "test b" in (reason_of(repo, skip(*commands)) or "") and names() == ["a", "b"]
    assert reason_of(repo, only(*commands)) is None and names() == ["a", "b"]
    all_of = Condition(plan.ALL_OF, parts=tuple(commands))
    assert "test a" in (reason_of(repo, only(all_of)) or "") and names() == ["a"]
