"""A hook file whose stat has changed and whose bytes are known is not compiled again (section 9)."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from dodo_hooks.core.errors import UnsafeFileError
from dodo_hooks.host.world import World
from dodo_hooks.plans.compile_plan import compile_plan
from dodo_hooks.plans.plan_cache import cached_plan, load_compiled
from kit.repo import Repo

MOST = 8
# Loads the plan as a hook does; prints the command of its job, if it is new, and what was imported to compile it.
LOAD = """
import os, sys
from dodo_hooks.host.world import World
from dodo_hooks.plans.plan_cache import load_compiled, note_fired
world, top = World(os.environ, os.getcwd()), os.path.realpath(os.getcwd())
plan, is_new = load_compiled(world, top)
if is_new:
    note_fired(world, top, plan)
hook = plan.hook("pre-commit")
print(hook.jobs[0].execution.command if hook else "none", is_new, *sorted({"yaml"} & sys.modules.keys()))
"""


def load(repo: Repo) -> "tuple[str, bool, bool]":
    """Return the command of the plan, whether no hook had fired with it yet, and whether it was compiled."""
    command, is_new, *imported = repo.call(sys.executable, "-c", LOAD, check=True).stdout.split()
    return command, is_new == "True", bool(imported)


def write(repo: Repo, command: str, name: str = "hooks.dodo") -> None:
    repo.file(f"hooks: {{pre-commit: {{jobs: [{{name: job, run: {command}}}]}}}}\n", name)


def plans_dir(repo: Repo) -> Path:
    return repo.state / "dodo-hooks/plans"


@pytest.fixture
def known(repo: Repo) -> Repo:
    write(repo, "one")
    assert load(repo) == ("one", True, True)
    assert load(repo) == ("one", False, False)
    return repo


def test_a_hook_file_with_the_same_bytes_is_stamped_again(known: Repo) -> None:
    path, (plan,) = known.path / "hooks.dodo", plans_dir(known).iterdir()
    for change in (lambda: path.touch(), lambda: write(known, "one"), lambda: shutil.copy(path, known.path / "new")):
        change()
        if (known.path / "new").exists():
            (known.path / "new").replace(path)
        found = cached_plan(World(known.env, str(known.path)), os.path.realpath(known.path))
        assert found is not None and found.hook("pre-commit") is not None  # a prompt shows it
        assert load(known) == ("one", False, False)
        stamped = plan.stat().st_mtime_ns
        assert load(known) == ("one", False, False)
        assert plan.stat().st_mtime_ns == stamped  # the stat was enough
    assert os.listdir(plans_dir(known)) == [plan.name]  # it is one plan all the time


def test_two_branches_with_different_hook_files_compile_neither_twice(known: Repo) -> None:
    known.git("add", ".")
    known.git("commit", "-qm", "one", env={"DODO_HOOKS": "0"})
    known.git("switch", "-qc", "other")
    write(known, "two")
    known.git("commit", "-qam", "two", env={"DODO_HOOKS": "0"})
    assert load(known)[0] == "two"
    for branch, command in (("main", "one"), ("other", "two")) * 2:
        known.git("switch", "-q", branch)
        assert load(known) == (command, True, False)  # its shims may be gone
        assert load(known) == (command, False, False)
    known.git("rm", "-q", "hooks.dodo")
    known.git("commit", "-qm", "none", env={"DODO_HOOKS": "0"})
    assert load(known)[0] == "none"
    known.git("switch", "-q", "main")
    assert load(known) == ("one", True, False)


def test_the_plans_used_last_are_kept(repo: Repo) -> None:
    names = [f"c{number}" for number in range(MOST + 2)]
    for name in names:
        write(repo, name)
        assert load(repo) == (name, True, True)
    for name in reversed(names[2:-1]):
        write(repo, name)
        assert load(repo) == (name, True, False)
    write(repo, names[0])
    assert load(repo) == (names[0], True, True)
    assert len([path for path in plans_dir(repo).rglob("*") if path.is_file()]) <= MOST + 1


@pytest.mark.parametrize("name", ["hooks.local.dodo", "lefthook.yml", "parts/b.yml"])
def test_a_file_that_appears_or_goes_is_noticed(name: str, repo: Repo) -> None:
    repo.file("extends: 'parts/*.yml'\nhooks: {pre-commit: {jobs: [{name: job, run: one}]}}\n")
    repo.file("{}", "parts/a.yml")
    assert load(repo) == ("one", True, True)
    write(repo, "one" if name == "lefthook.yml" else "two", name)
    (repo.path / "hooks.dodo").touch()
    assert load(repo) == ("one" if name == "lefthook.yml" else "two", True, True)
    (repo.path / name).unlink()
    assert load(repo) == ("one", True, False)


def test_a_further_file_with_other_bytes_is_another_plan(repo: Repo) -> None:
    for command in ("one", "two"):
        repo.file("extends: x.yml\n")
        write(repo, command, "x.yml")
        assert load(repo) == (command, True, True)
    repo.file("extends: x.yml\n")
    write(repo, "one", "x.yml")
    assert load(repo) == ("one", True, False)


def test_the_digest_of_a_plan_is_that_of_the_bytes_on_disk(known: Repo) -> None:
    """Trust compares it with those that were accepted (section 8)."""
    world, top = World(known.env, str(known.path)), os.path.realpath(known.path)
    for command in ("one", "two", "one", "three", "two"):
        write(known, command)
        kept, anew = load_compiled(world, top)[0], compile_plan(world, top)[0]
        assert (kept.settings, kept.hooks, kept.trusted) == (anew.settings, anew.hooks, anew.trusted)


@pytest.mark.parametrize("content", [b"", b"no marshal", b"(\x00", b"i\x01\x00\x00\x00"])
def test_a_damaged_kept_plan_is_ignored(known: Repo, content: bytes) -> None:
    write(known, "two")
    load(known)
    (kept,) = plans_dir(known).glob("*.kept/*")
    kept.write_bytes(content)
    write(known, "one")
    assert load(known) == ("one", True, True)


def test_a_kept_plan_that_others_can_write_is_refused(known: Repo) -> None:
    write(known, "two")
    load(known)
    (kept,) = plans_dir(known).glob("*.kept/*")
    kept.chmod(0o666)
    write(known, "one")
    with pytest.raises(UnsafeFileError, match="others can write"):
        load_compiled(World(known.env, str(known.path)), os.path.realpath(known.path))


def test_plans_that_cannot_be_kept_cost_nothing_else(known: Repo) -> None:
    (plan,) = plans_dir(known).iterdir()
    plan.with_suffix(".kept").write_text("a file where the folder should be")
    for _ in range(2):
        for command in ("two", "one"):
            write(known, command)
            assert load(known) == (command, True, True)
