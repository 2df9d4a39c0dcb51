"""The compiled plan is used as long as nothing that it rests on has changed (section 9)."""

import os
import sys
from collections.abc import Callable

import pytest

from dodo_hooks.core.errors import ConfigError
from dodo_hooks.host.world import World
from dodo_hooks.plans import kept_plans
from dodo_hooks.plans.compiled_plan import KEY, Compiled
from dodo_hooks.plans.plan_cache import load_compiled, note_fired
from kit.repo import Repo

LONG_AGO_NS = 1_000_000_000 * 10**9
LINT = "hooks: {pre-commit: {jobs: [{name: lint, run: base}]}}\n"
LOCAL = "hooks: {pre-commit: {jobs: [{name: lint, run: other}]}}\n"


def compiled(repo: Repo) -> tuple[Compiled, bool]:
    """Return the plan, as a hook that fires, and whether it is the first one with it."""
    world, top = World(repo.env, str(repo.path)), os.path.realpath(repo.path)
    plan, is_new = load_compiled(world, top)
    if is_new:
        note_fired(world, top, plan)
    return plan, is_new


def is_new(repo: Repo) -> bool:
    return compiled(repo)[1]


def command(repo: Repo) -> str:
    hook = compiled(repo)[0].hook("pre-commit")
    return "" if hook is None else hook.jobs[0].execution.command


@pytest.fixture
def old(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return a repository whose hook file and folders count as old, since nobody can set the time of a change back."""
    monkeypatch.setattr(kept_plans, "_YOUNG_S", -1.0)
    repo.file("extends: ['parts/*.yml', x.yml]\n" + LINT)
    repo.file("", "parts/a.yml")
    repo.file("", "x.yml")
    assert is_new(repo)
    assert not is_new(repo)
    return repo


def write(name: str, content: str = LOCAL) -> Callable[[Repo], object]:
    return lambda repo: repo.file(content, name)


def remove(name: str) -> Callable[[Repo], object]:
    return lambda repo: (repo.path / name).unlink()


CHANGES: dict[str, tuple[Callable[[Repo], object], str]] = {
    "the hook file": (write("hooks.dodo", LOCAL), "other"),
    "a file that it extends": (write("x.yml"), "other"),
    "one that a pattern found": (write("parts/a.yml"), "other"),
    "a new one that the pattern means": (write("parts/b.yml"), "other"),
    "one less": (remove("parts/a.yml"), "base"),
    "a first file for one hook": (write(".hooks.dodo.d/pre-commit.yml", "jobs: [{name: lint, run: other}]"), "other"),
    "a local overlay": (write("hooks.local.dodo"), "other"),
    "a local overlay of another name": (write(".config/hooks.local.dodo.yaml"), "other"),
    "a file that is not read, which a notice names": (write("lefthook.toml", ""), "base"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_plan_rests_on_is_noticed(old: Repo, change: str) -> None:
    make, result = CHANGES[change]
    make(old)
    assert is_new(old)
    assert not is_new(old)
    assert command(old) == result


def test_a_change_of_what_has_no_say_is_not_noticed(old: Repo) -> None:
    for name in ("other.yml", "parts/deeper/c.yml", ".config/other", "hooks.local.dodo.txt"):
        old.file("hooks: 3", name)
    (old.path / "parts/deeper/c.yml").unlink()
    (old.path / "parts/deeper").rmdir()  # the folder has another stat, the names in it are the same
    compiled(old)
    old.file("hooks: 3", "parts.yml")
    assert not is_new(old)


def test_layers_that_are_gone_are_noticed(old: Repo) -> None:
    old.file(LOCAL, "hooks.local.dodo")
    old.file("jobs: []", ".hooks.dodo.d/pre-push.yml")
    assert command(old) == "other"
    for name in ("hooks.local.dodo", ".hooks.dodo.d/pre-push.yml"):
        (old.path / name).unlink()
        assert is_new(old)
        assert not is_new(old)
    assert command(old) == "base"


def test_a_notice_goes_with_its_reason(old: Repo) -> None:
    old.file("", "lefthook.toml")
    assert [one.sentence for one in compiled(old)[0].rules.diagnostics] == [
        "lefthook.toml is not read, because hooks.dodo comes first"
    ]
    (old.path / "lefthook.toml").unlink()
    assert compiled(old)[0].rules.diagnostics == ()


def test_r22_a_hook_file_that_appears_wins_and_a_broken_overlay_is_refused(old: Repo) -> None:
    (old.path / "hooks.dodo").unlink()
    assert compiled(old)[0].plan() is None
    assert not is_new(old)
    old.file(LINT, ".hooks.dodo")
    assert command(old) == "base"
    (old.path / "hooks.local.dodo").symlink_to("nowhere")
    with pytest.raises(ConfigError, match=r"^hooks\.local\.dodo: no such file$"):
        compiled(old)
    (old.path / "hooks.local.dodo").unlink()
    assert not is_new(old)  # what was kept before is still good


def test_a_young_file_is_compared_by_its_content_and_a_young_folder_by_its_names(repo: Repo) -> None:
    repo.file("extends: ['parts/*.yml']\n" + LINT)
    repo.file("", "parts/a.yml")
    folder = repo.path / "parts"
    os.utime(folder, ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert is_new(repo)
    assert not is_new(repo)  # the folder's ctime is young: its names are compared
    (repo.path / "parts/a.yml").unlink()
    folder.rmdir()
    assert is_new(repo)
    kept, was_new = compiled(repo)
    assert not was_new
    path = repo.path / "hooks.dodo"
    assert path.read_bytes() in [content for _, _, content in kept.sources]
    before = path.stat()
    path.write_text(path.read_text().replace("base", "bose"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert command(repo) == "bose"


def test_the_overlay_of_the_main_working_tree_is_watched_in_a_linked_one(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_plans, "_YOUNG_S", -1.0)
    linked = repo.worktree("linked")
    linked.file(LINT)
    assert (is_new(linked), is_new(linked), command(linked)) == (True, False, "base")
    repo.file(LOCAL, "hooks.local.dodo")
    assert (is_new(linked), is_new(linked), command(linked)) == (True, False, "other")


def test_a_main_working_tree_that_moves_is_followed(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_plans, "_YOUNG_S", -1.0)
    linked = repo.worktree("linked")
    linked.file(LINT)
    assert (is_new(linked), is_new(linked)) == (True, False)
    moved = repo.path.parent / "moved"
    repo.path.rename(moved)
    Repo(moved, repo.env).git("worktree", "repair", str(linked.path))
    (moved / "hooks.local.dodo").write_text(LOCAL)
    assert command(linked) == "other"


def test_a_plan_is_for_one_kind_of_machine() -> None:
    assert sys.platform in KEY
    assert os.uname().machine in KEY


def test_a_firing_checks_few_files(old: Repo) -> None:
    """Each source is one call of stat(2), whether it is there or was looked for in vain."""
    plan, _ = compiled(old)
    assert 20 < len(plan.sources) < 60
