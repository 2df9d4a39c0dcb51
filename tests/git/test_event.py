"""The hooks of ours that a checkout stands for (G2), given the arguments of real git."""

from pathlib import Path

import pytest

from dodo_hooks.core.git_hooks import is_gate
from dodo_hooks.git.event import MARKER, derived_hooks, mark_fired
from dodo_hooks.git.repo import find_repo
from kit.repo import Repo


class Checkouts:
    """The firings of post-checkout in one repository."""

    def __init__(self, repo: Repo, hooks: Path) -> None:
        self.repo = repo
        self.seen = repo.path.parent / "checkouts"
        hooks.mkdir(exist_ok=True)
        (hooks / "post-checkout").write_text(f'#!/bin/sh\necho "$@" > {self.seen}\n')
        (hooks / "post-checkout").chmod(0o755)

    def derived(self, *argv: str, there: Path | None = None) -> tuple[str, ...]:
        """Return the hooks that derive from what this git command fired in the working tree `there`."""
        self.seen.unlink(missing_ok=True)
        self.repo.git(*argv)
        args = tuple(self.seen.read_text().split()) if self.seen.exists() else ()
        return derived_hooks("post-checkout", args, find_repo(self.repo.env, str(there or self.repo.path)))


@pytest.fixture
def checkouts(repo: Repo) -> Checkouts:
    return Checkouts(repo, repo.path / ".git/hooks")


def test_g2_a_new_worktree_fires_once(checkouts: Checkouts, tmp_path: Path) -> None:
    new = tmp_path / "new"
    assert checkouts.derived("worktree", "add", "-q", str(new), there=new) == ("worktree-post-create",)
    assert mark_fired(find_repo({}, str(new)))
    assert checkouts.derived("-C", str(new), "checkout", "-q", "-b", "topic", there=new) == ()
    assert checkouts.derived("-C", str(new), "checkout", "-q", "--orphan", "empty", there=new) == ()


@pytest.mark.parametrize("object_format", ("sha1", "sha256"))
def test_g2_a_clone_fires_once(repo: Repo, tmp_path: Path, object_format: str) -> None:
    origin = tmp_path / "origin"
    repo.git("init", "-q", f"--object-format={object_format}", str(origin))
    repo.git("-C", str(origin), "commit", "-q", "--allow-empty", "-m", "x")
    checkouts = Checkouts(repo, tmp_path / "template-hooks")
    clone = tmp_path / "clone"
    argv = ("-c", f"core.hooksPath={tmp_path}/template-hooks", "clone", "-q", str(origin), str(clone))
    assert checkouts.derived(*argv, there=clone) == ("post-clone",)
    assert mark_fired(find_repo({}, str(clone)))
    assert checkouts.derived("-C", str(clone), *argv[:2], "checkout", "-q", "-b", "topic", there=clone) == ()


def test_g2_a_worktree_that_was_added_without_checkout_fires_at_its_first(checkouts: Checkouts, tmp_path: Path) -> None:
    new = tmp_path / "new"
    assert checkouts.derived("worktree", "add", "-q", "--no-checkout", str(new), there=new) == ()
    assert checkouts.derived("-C", str(new), "checkout", there=new) == ()  # nothing is installed: it may be an old one
    mark_fired(find_repo({}, str(checkouts.repo.path)))  # as install does
    assert checkouts.derived("-C", str(new), "checkout", there=new) == ("worktree-post-create",)


def test_g2_an_ordinary_checkout_fires_nothing_of_ours(checkouts: Checkouts, repo: Repo, tmp_path: Path) -> None:
    assert checkouts.derived("checkout", "-q", "-b", "topic") == ()
    new = tmp_path / "new"
    repo.write("file", "1")
    repo.git("add", "file")
    repo.git("commit", "-q", "-m", "file")
    checkouts.derived("worktree", "add", "-q", "--no-checkout", str(new))
    assert checkouts.derived("-C", str(new), "checkout", "HEAD", "--", "file", there=new) == ()  # of a file only
    found = find_repo({}, str(new))
    assert derived_hooks("post-merge", ("0" * 40, "1" * 40, "1"), found) == ()


def test_g2_of_two_firings_at_once_one_continues(repo: Repo) -> None:
    found = find_repo({}, str(repo.path))
    assert [mark_fired(found), mark_fired(found)] == [True, False]
    assert repo.has(f".git/{MARKER}")


def test_g2_what_fires_before_a_worktree_is_removed_is_a_gate_and_what_fires_after_it_is_none() -> None:
    assert is_gate("worktree-pre-remove") and not is_gate("worktree-post-remove")
