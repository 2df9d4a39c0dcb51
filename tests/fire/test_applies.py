"""Which jobs apply to an event and to which files (C7, G4), on plans that are made by hand."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core import plan, statuses
from dodo_hooks.core.file_sets import listed_paths
from dodo_hooks.core.plan import Check, Condition, FileRule, Hook
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.fire.select import conditions
from dodo_hooks.fire.select.conditions import ConditionValue, is_truthy, reason_to_skip
from dodo_hooks.fire.select.job_filter import FilteredJobs, filter_jobs
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.world import World
from dodo_hooks.loader.globs.compile_globs import compile_branch_glob, compile_glob
from engine.graphs import make_job
from kit.process import wait_until
from kit.repo import PACKAGES, Repo

PROBE = "an earlier decision"


def rule(source: str, *globs: str, command: str = "", below: str = "", types: Sequence[str] = ()) -> FileRule:
    """Return a rule of these globs, of which those after a `!` exclude."""
    wanted = tuple(compile_glob(one) for one in globs if not one.startswith("!"))
    unwanted = tuple(compile_glob(one[1:]) for one in globs if one.startswith("!"))
    return FileRule(source, command, wanted, unwanted, tuple(types), below)


def hook_of(
    *jobs: dict[str, object], name: str = "pre-commit", checks: Sequence[Check] = (), **options: object
) -> Hook:
    made = tuple(make_job(number, **{"name": f"job{number}", **fields}) for number, fields in enumerate(jobs))
    hook = Hook(name, made, tuple(range(len(made))), False, None, tuple(checks))
    return hook._replace(**options)  # type: ignore[arg-type]


def ask(
    repo: Repo,
    hook: Hook,
    args: Sequence[str] = (),
    stdin: bytes = b"",
    given: "tuple[bytes, ...] | None" = None,
    left_out: "dict[int, Outcome] | None" = None,
    environ: "dict[str, str] | None" = None,
) -> FilteredJobs:
    env = {**repo.env, **(environ or {})}
    world = World(env, str(repo.path))
    facts = find_repo(env, str(repo.path))
    return filter_jobs(world, facts, hook, tuple(args), stdin, given=given, left_out=left_out or {})


def skip(*conditions: Condition) -> Check:
    return Check(False, conditions)


def only(*conditions: Condition) -> Check:
    return Check(True, conditions)


def run(command: str) -> Condition:
    return Condition(plan.RUN_SUCCEEDS, command)


def ref(pattern: str, reason: str = "") -> Condition:
    return Condition(plan.ON_REF, pattern, (compile_branch_glob(pattern),), reason=reason)


def changed(pattern: str) -> Condition:
    return Condition(plan.HAS_CHANGED, pattern, (compile_glob(pattern),))


def reason_of(
    repo: Repo,
    check: Check,
    name: str = "pre-commit",
    args: Sequence[str] = (),
    environ: "dict[str, str] | None" = None,
) -> "str | None":
    """Why a job with this check does not run in a hook of this name."""
    outcome = ask(repo, hook_of({"checks": (0,)}, name=name, checks=[check]), args, environ=environ).left_out.get(0)
    if outcome is None:
        return None
    assert (outcome.status, outcome.cause) == (statuses.SKIPPED, statuses.CONDITION)
    return outcome.reason


def stage(repo: Repo, *names: str) -> None:
    for name in names:
        repo.write(name, "x\n")
    repo.git("add", "--", *names)


@pytest.fixture
def counted(repo: Repo, tmp_path: Path) -> Repo:
    """Return a repository whose git commands are recorded; see `count`."""
    real = shutil.which("git")
    wrapper = tmp_path / "bin/git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    return Repo(repo.path, {**repo.env, "PATH": f"{wrapper.parent}:{repo.env['PATH']}"})


def count(repo: Repo) -> int:
    """How many git commands there were since the last call."""
    calls = repo.path.parent / "calls"
    number = len(calls.read_text().splitlines()) if calls.exists() else 0
    calls.unlink(missing_ok=True)
    return number


# Files


def test_g4_each_job_gets_its_files_and_one_without_any_does_not_apply(repo: Repo) -> None:
    stage(repo, "a.py", "web/b.js", "web/c.ts", "web/vendor/d.js", "README.md")
    hook = hook_of(
        {"files": rule(plan.STAGED)},
        {"files": rule(plan.STAGED, "*.py", "*.md")},
        {"files": rule(plan.STAGED, "*.{js,ts}", "!web/vendor/**", below="web")},
        {"files": rule(plan.STAGED, "*.rs")},
        {},
    )
    applies = ask(repo, hook)
    assert applies.files == {
        0: (b"README.md", b"a.py", b"web/b.js", b"web/c.ts", b"web/vendor/d.js"),
        1: (b"README.md", b"a.py"),
        2: (b"b.js", b"c.ts"),
    }
    assert applies.left_out == {3: Outcome(statuses.SKIPPED, statuses.CONDITION, "no matching staged files")}


def test_c7_excludes_win_and_patterns_see_the_whole_path(repo: Repo) -> None:
    stage(repo, "web/a.js", "web/b.js", "a.js")
    hook = hook_of(
        {"files": rule(plan.STAGED, "*.js", "!b.js", below="web")},
        {"files": rule(plan.STAGED, "a.js", "!/a.js")},
        {"files": rule(plan.STAGED, "!web/")},
    )
    assert ask(repo, hook).files == {0: (b"a.js",), 1: (b"web/a.js",), 2: (b"a.js",)}


def test_c7_a_job_can_ask_for_types_of_files(repo: Repo) -> None:
    stage(repo, "a.py", "b.txt")
    repo.write("tool", "#!/usr/bin/env python3\n").chmod(0o755)
    repo.git("add", "tool")
    hook = hook_of(
        {"files": rule(plan.STAGED, types=["text/x-python"])},
        {"files": rule(plan.STAGED, types=["executable", "text"])},
        {"files": rule(plan.STAGED, types=["binary"])},
    )
    applies = ask(repo, hook)
    assert applies.files == {0: (b"a.py", b"tool"), 1: (b"tool",)} and set(applies.left_out) == {2}


def test_g4_what_is_not_in_the_working_tree_is_given_to_nobody(repo: Repo) -> None:
    stage(repo, "kept", "gone")
    repo.git("commit", "-q", "-m", "two")
    (repo.path / "gone").unlink()
    hook = hook_of({"files": rule(plan.ALL)}, {"files": rule(plan.COMMAND, command="echo kept; echo gone")})
    assert ask(repo, hook).files == {0: (b"kept",), 1: (b"kept",)}


def commit_and_remove(repo: Repo, *names: str) -> None:
    stage(repo, *names)
    repo.git("commit", "-q", "-m", "two")
    repo.git("rm", "-q", "--", *names)


def without_list(source: str, *globs: str, **options: Any) -> FileRule:
    """Return the rule of a job whose command takes no list."""
    return rule(source, *globs, **options)._replace(counts_deleted=True)


@pytest.mark.parametrize(
    ("name", "source", "args"),
    [
        ("pre-commit", plan.STAGED, ()),
        ("commit-msg", plan.CHANGED, ()),
        ("post-checkout", plan.CHANGED, ("HEAD~1", "HEAD", "1")),
        ("post-merge", plan.CHANGED, ("0",)),
        ("post-commit", plan.CHANGED, ()),
        ("pre-push", plan.PUSHED, ("origin", "url")),
        ("pre-commit", plan.COMMAND, ()),
    ],
)
def test_g4_a_deleted_file_is_enough_for_a_job_without_a_list(
    repo: Repo, name: str, source: str, args: tuple[str, ...]
) -> None:
    commit_and_remove(repo, "a.ts")
    if name.startswith("post-") or name == "pre-push":
        repo.git("commit", "-q", "-m", "three")
        repo.git("update-ref", "ORIG_HEAD", "HEAD~1")
    old, new = (repo.git("rev-parse", one).stdout.strip() for one in ("HEAD~1", "HEAD"))
    stdin = f"refs/heads/main {new} refs/heads/main {old}\n" if name == "pre-push" else ""
    command = "echo a.ts" if source == plan.COMMAND else ""
    jobs: list[dict[str, object]] = [
        {"files": without_list(source, "*.ts", command=command)},
        {"files": without_list(source, "*.py", command=command)},
        {"files": rule(source, "*.ts", command=command)},
    ]
    applies = ask(repo, hook_of(*jobs, name=name), args, stdin.encode())
    assert applies.files == {0: ()} and set(applies.left_out) == {1, 2}


def test_g4_of_a_deleted_file_the_name_and_the_folder_count(repo: Repo) -> None:
    commit_and_remove(repo, "a.py", "gone/b.py")
    stage(repo, "kept/c.txt", "d.bin")
    repo.write("d.bin", b"\0")
    hook = hook_of(
        {"files": without_list(plan.STAGED, "a.py", types=["text"])},
        {"files": without_list(plan.STAGED, "a.py", types=["text/x-python"])},
        {"files": without_list(plan.STAGED, "a.py", types=["text/html"])},
        {"files": without_list(plan.STAGED, "d.bin", types=["text"])},
        {"files": without_list(plan.STAGED, below="gone")},
        {"files": without_list(plan.STAGED, "*.py", "!a.py", "!gone/**")},
    )
    assert set(ask(repo, hook).files) == {0, 1}


def test_g4_a_folder_that_comes_back_when_unstaged_changes_are_hidden_counts(repo: Repo) -> None:
    stage(repo, "web/kept")
    commit_and_remove(repo, "web/a.ts")
    shutil.rmtree(repo.path / "web")
    assert ask(repo, hook_of({"files": without_list(plan.STAGED, "*.ts", below="web")})).files == {0: ()}


def test_g4_a_link_that_leads_nowhere_is_in_no_list(repo: Repo) -> None:
    (repo.path / "nowhere").symlink_to("missing")
    (repo.path / "folder").symlink_to(".")
    repo.write("a", "")
    repo.git("add", "-A")
    hook = hook_of(
        {"files": rule(plan.STAGED)},
        {"files": rule(plan.ALL)},
        {"files": rule(plan.STAGED, types=["symlink"])},
        {"files": rule(plan.COMMAND, command="echo nowhere; echo a")},
        {"files": without_list(plan.STAGED, "nowhere")},
        {"files": rule(plan.STAGED, "nowhere")},
    )
    both = (b"a", b"folder")
    assert ask(repo, hook).files == {0: both, 1: both, 2: (b"folder",), 3: (b"a",), 4: ()}


def test_g4_given_files_take_the_place_of_every_set(counted: Repo) -> None:
    stage(counted, "a.py", "b.py", "c.md")
    count(counted)
    hook = hook_of(
        {"files": rule(plan.STAGED, "*.py")},
        {"files": rule(plan.PUSHED, "*.md"), "needs_event": "{push_files}"},
        {"files": rule(plan.COMMAND, "*.rs", command="exit 1")},
        {"checks": (0,)},
        checks=[skip(changed("c.md"))],
    )
    applies = ask(counted, hook, given=(b"c.md", b"b.py", b"b.py", b"not there.py", b"nul\0.py"))
    assert applies.files == {0: (b"b.py",), 1: (b"c.md",)}
    assert applies.left_out[2].reason == "no matching files among those given"
    assert applies.left_out[3].reason == "a changed file matches c.md"
    assert count(counted) == 0


@pytest.mark.parametrize("separator", [b"\n", b"\0"])
def test_g4_a_command_can_list_files_with_any_name(repo: Repo, separator: bytes) -> None:
    names = [b"a b", b"-x", b"$(touch owned)", "é".encode(), b"\xff", b'"quoted"', b"back\\slash"]
    names += [b"new\nline"] if separator == b"\0" else []
    for name in names:
        Path(os.fsdecode(os.path.join(os.fsencode(repo.path), name))).write_text("x")
    (repo.path.parent / "list").write_bytes(separator.join([*names, names[0], b""]))
    applies = ask(repo, hook_of({"files": rule(plan.COMMAND, command="cat ../list")}))
    assert applies.files == {0: tuple(names)} and not repo.has("owned")


def test_g4_a_command_may_print_as_git_does(repo: Repo) -> None:
    stage(repo, 'odd "name"\n\t\\', "sub/é", "plain")
    repo.git("commit", "-q", "-m", "odd")
    listing = hook_of(
        {"files": rule(plan.COMMAND, command="git ls-files")},
        {"files": rule(plan.COMMAND, command="find ./sub -type f; find $PWD/sub -type f; echo /etc/passwd; echo ../x")},
    )
    assert ask(repo, listing).files == {
        0: (b'odd "name"\n\t\\', b"plain", "sub/é".encode()),
        1: ("sub/é".encode(),),
    }


def test_g4_a_command_runs_at_the_top_once_with_the_variables_of_hook_and_job(repo: Repo) -> None:
    stage(repo, "sub/a", "pre-push", "job")
    command = "echo x >> ../ran; pwd > ../where; echo $DODO_HOOK; echo $MINE; echo $DODO_ARG2"
    files = rule(plan.COMMAND, command=command)
    hook = hook_of({"files": files}, {"files": files}, {"files": files, "env": (("MINE", "job"),)}, name="pre-push")
    applies = ask(repo, hook, ("origin", "sub/a"))
    assert applies.files == {0: (b"pre-push", b"sub/a"), 1: (b"pre-push", b"sub/a"), 2: (b"pre-push", b"job", b"sub/a")}
    assert (repo.path.parent / "ran").read_text() == "x\nx\n"
    assert (repo.path.parent / "where").read_text() == f"{repo.path}\n"


def test_g4_a_job_whose_files_cannot_be_listed_has_failed(repo: Repo) -> None:
    stage(repo, "a")
    hook = hook_of(
        {"files": rule(plan.COMMAND, command="echo a; echo no >&2; echo 'such list' >&2; exit 3")},
        {"files": rule(plan.COMMAND, command="exit 4")},
        {"files": rule(plan.STAGED)},
    )
    applies = ask(repo, hook)
    assert applies.files == {2: (b"a",)}
    first, second = applies.left_out[0], applies.left_out[1]
    assert (first.status, first.cause) == (statuses.FAILED, statuses.SPAWN)
    assert first.reason == ("`files` command failed (echo a; echo no >&2; echo 'such list' >&2; exit 3): such list")
    assert second.reason == "`files` command failed (exit 4): exit code 4"
    assert statuses.exit_code_of([first]) == 1


def test_g4_a_command_that_takes_longer_than_its_hook_has_failed(repo: Repo) -> None:
    hook = hook_of({"files": rule(plan.COMMAND, command="sleep 1000")}, timeout_s=0.2)
    assert ask(repo, hook).left_out[0].reason == (
        "`files` command failed (sleep 1000): timed out after the 0.2 s of the hook"
    )


def test_g4_a_job_fails_if_git_cannot_tell_its_files(counted: Repo) -> None:
    stage(counted, "a")
    counted.write(".git/index", "junk")
    count(counted)
    applies = ask(counted, hook_of({"files": rule(plan.STAGED)}, {"files": rule(plan.STAGED)}, {}))
    assert [applies.left_out[number].status for number in (0, 1)] == [statuses.FAILED] * 2 and 2 not in applies.left_out
    assert (applies.left_out[0].reason or "").startswith("git diff-index: fatal: ")
    assert count(counted) == 1


def test_g4_a_set_costs_one_git_process_and_a_hook_that_needs_none_costs_none(counted: Repo) -> None:
    stage(counted, "a.py")
    count(counted)
    staged, everything = rule(plan.STAGED, "*.py"), rule(plan.ALL, "*.py")
    assert ask(counted, hook_of({}, {"absent": "on another system"})).files == {}
    assert count(counted) == 0
    many = hook_of({"files": staged}, {"files": staged}, {"checks": (0,)}, checks=[only(changed("*.py"))])
    assert set(ask(counted, many).left_out) == set() and count(counted) == 1
    both = hook_of({"files": staged}, {"files": everything}, {"files": rule(plan.CHANGED)}, name="commit-msg")
    ask(counted, both, ("msg",))
    assert count(counted) <= 3
    merged = only(Condition(plan.AT_MERGE_COMMIT))
    ask(counted, hook_of({"checks": (0,)}, {"checks": (0,)}, checks=[merged]))
    assert count(counted) == 1
    never = skip(Condition(plan.ALWAYS))
    assert set(ask(counted, hook_of({"files": staged, "checks": (0,)}, checks=[never])).left_out) == {0}
    ask(counted, hook_of({"files": staged}), left_out={0: Outcome(statuses.SKIPPED, statuses.SELECTION, PROBE)})
    assert count(counted) == 0


# Events


def test_a_job_that_takes_data_of_an_event_is_skipped_without_one(repo: Repo) -> None:
    hook = hook_of({"needs_event": "{1}"}, {}, name="commit-msg")
    (outcome,) = ask(repo, hook).left_out.values()
    assert (outcome.status, outcome.cause) == (statuses.SKIPPED, statuses.NO_EVENT)
    assert outcome.reason == "{1} comes from git; use `dodo-hooks run commit-msg -- ARG1`"
    assert ask(repo, hook, ("file",)).left_out == {}


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


def test_c7_a_merge_and_a_rebase_that_go_on(repo: Repo) -> None:
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
    assert is_truthy(value) == is_set


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


def test_c7_what_comes_after_the_decision_is_not_asked() -> None:
    asked: list[str] = []

    def answer(condition: Condition) -> ConditionValue:
        asked.append(condition.value)
        return ConditionValue(condition.value == "b", condition.value)

    conditions = tuple(run(name) for name in "abc")
    assert reason_to_skip(skip(*conditions), answer) == "b" and asked == ["a", "b"]
    asked.clear()
    assert reason_to_skip(only(*conditions), answer) is None and asked == ["a", "b"]
    asked.clear()
    all_of = Condition(plan.ALL_OF, parts=conditions)
    assert reason_to_skip(only(all_of), answer) == "a" and asked == ["a"]


# What it costs

SCRIPT = """\
import sys
before = set(sys.modules)
sys.path.append({packages!r})
from dodo_hooks.core.plan import Check, Condition, FileRule, Hook, Job
from dodo_hooks.fire.select.job_filter import filter_jobs
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.world import make_world
world = make_world()
fields = (0, "a", "", "true", ("true",), "", *[()] * 6, "foreground", False, None, None, 0, "0-a", b"{{", ())
rule = FileRule("staged", "", ({glob!r},), (), ("text/x-python",), "")
checks = (Check(False, (Condition("run", "false"),)),)
hook = Hook("pre-commit", (Job(*fields, rule, checks=(0,)),), (0,), False, None, checks)
print(filter_jobs(world, find_repo(world.environ, world.cwd), hook, (), b"", left_out={{}}).files)
print(*(name for name in set(sys.modules) - before if not name.startswith("dodo_hooks")))
"""


def test_nothing_that_is_slow_to_import_is_needed(repo: Repo) -> None:
    """As tests/git/test_bundle.py has it for a whole firing; `_sre` is C, and there for expressions."""
    stage(repo, "src/a.py", "src/b.md")
    script = SCRIPT.format(packages=PACKAGES, glob=compile_glob("src/*.py"))
    done = repo.call(sys.executable, "-I", "-S", "-c", script, check=True)
    files, imported = done.stdout.splitlines()
    assert files == "{0: (b'src/a.py',)}"
    assert set(imported.split()) <= {"_collections", "select", "_sre"}


# Lists


file_names = st.binary(min_size=1).filter(lambda name: b"\0" not in name and not name.startswith(b"./"))


@given(st.lists(file_names, unique=True))
def test_g4_any_names_between_nuls_are_read_as_they_are(names: list[bytes]) -> None:
    assert listed_paths(b"".join(name + b"\0" for name in names)) == tuple(names)


@given(file_names)
def test_g4_names_are_read_as_git_quotes_them(name: bytes) -> None:
    escapes = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
    quoted = "".join(
        f"\\{escapes[byte]}" if byte in escapes else chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}" for byte in name
    )
    line = f'"{quoted}"' if "\\" in quoted else quoted
    assert listed_paths(line.encode() + b"\n") == (name,)
