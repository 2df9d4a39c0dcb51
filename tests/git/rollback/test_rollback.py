"""The way back to an earlier state of tracked files and the index: complete, and complete after a kill (P6)."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from dodo_hooks.git.content.worktree_diff import WorktreeDiff
from dodo_hooks.git.event import is_rolling_back, needs_recovery
from dodo_hooks.git.rollback import restore_tree
from dodo_hooks.git.rollback.tree_backup import TreeBackup
from kit.repo import Repo


def tracked(repo: Repo) -> dict[str, object]:
    """Return all that a rollback restores: tracked files and links with their modes, and the index."""
    found: dict[str, object] = {"index": repo.git("ls-files", "-s").stdout}
    for name in repo.git("ls-files", "-z").stdout.split("\0")[:-1]:
        path = repo.path / name
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.exists():
            found[name] = (path.stat().st_mode & 0o111, path.read_bytes())
    return found


@pytest.fixture
def tree(repo: Repo) -> Repo:
    """Make a tree with clean files, and some that differ from the index: changed, deleted, executable, a link."""
    for name in ("clean", "changed", "deleted", "mode", "typed", "two words", "deep/er"):
        repo.write(name, "1\n")
    (repo.path / "link").symlink_to("clean")
    repo.write("crlf", "1\r\n")
    repo.write(".gitattributes", "crlf text eol=crlf\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "one")
    repo.write("changed", "unstaged\n")
    (repo.path / "deleted").unlink()
    (repo.path / "mode").chmod(0o755)
    (repo.path / "typed").unlink()
    (repo.path / "typed").symlink_to("changed")
    return repo


def vandalize(repo: Repo) -> None:
    """Change everything, as hooks can that are not given a file."""
    top = repo.path
    for name in ("clean", "changed", "crlf"):
        (top / name).write_text("from a hook\n")
    (top / "deleted").write_text("again\n")
    (top / "mode").chmod(0o644)
    (top / "typed").unlink()
    (top / "link").unlink()
    (top / "link").write_text("no link\n")
    (top / "deep/er").unlink()
    (top / "deep").rmdir()
    (top / "deep").write_text("a file where a folder was\n")
    (top / "two words").unlink()
    (top / "new").write_text("new\n")
    repo.git("add", "clean", "new")


def backup_of(repo: Repo) -> tuple[TreeBackup, WorktreeDiff]:
    environ = {**os.environ, **repo.env}
    diff = WorktreeDiff(repo.facts, environ, is_clean=False)
    return TreeBackup(repo.facts, environ, diff.read()), diff


def test_p6_tracked_files_and_the_index_go_back(tree: Repo) -> None:
    before = tracked(tree)
    backup, diff = backup_of(tree)
    vandalize(tree)
    kept = backup.go_back(diff.read())
    backup.end()
    assert tracked(tree) == before
    assert (tree.path / "new").read_text() == "new\n"  # which is not tracked any more
    # What was there may be what somebody has saved meanwhile.
    assert Path(kept, "changed").read_text() == "from a hook\n"
    assert Path(kept, "deleted").read_text() == "again\n"
    assert not (tree.path / ".git/dodo-hooks-rollback").exists()


def test_p6_the_state_to_go_back_to_moves_on_but_for_files_that_are_being_written(tree: Repo) -> None:
    backup, diff = backup_of(tree)
    tree.write("clean", "a fix\n")
    tree.write("changed", "half of a fix\n")
    backup.keep(diff.read(), {b"changed"})
    before = {**tracked(tree), "changed": (0, b"unstaged\n")}
    vandalize(tree)
    backup.go_back(diff.read())
    backup.end()
    assert tracked(tree) == before


def test_p6_another_run_in_the_same_working_tree_has_no_backup(tree: Repo) -> None:
    backup, _ = backup_of(tree)
    with pytest.raises(BlockingIOError):
        backup_of(tree)
    backup.end()
    backup_of(tree)[0].end()


def dying(step: Callable[..., object], left: list[int]) -> Callable[..., object]:
    """Return the step, before which the process is killed when its turn has come."""

    def wrapped(*args: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*args)

    return wrapped


@pytest.mark.parametrize("steps", range(30))
def test_p6_a_kill_at_any_step_is_recovered_from(tree: Repo, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tracked(tree)
    backup, diff = backup_of(tree)
    vandalize(tree)
    state = diff.read()
    child = os.fork()
    if not child:
        left = [steps]
        for name in ("_move", "_keep", "_make_parents", "_restore_index", "unlink"):
            monkeypatch.setattr(restore_tree, name, dying(getattr(restore_tree, name), left))
        backup.go_back(state)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    os.close(backup._lock)
    is_begun = is_rolling_back(tree.facts)
    monkeypatch.undo()
    assert os.WIFSIGNALED(status) or (not is_begun and tracked(tree) == before)
    assert needs_recovery(tree.facts) == is_begun
    restore_tree.recover(tree.facts, waits=True)
    assert not is_rolling_back(tree.facts)
    if is_begun:
        assert tracked(tree) == before
    backup_of(tree)[0].end()  # what was left does not hinder the next run


@pytest.mark.parametrize(
    "journal",
    [
        "",
        "[]",
        '{"kept_in": "2026-01-01", "files": ["../x"], "absent": []}',
        '{"kept_in": "../..", "files": [], "absent": []}',
        '{"kept_in": "1", "files": [".git/config"], "absent": []}',
    ],
)
def test_p6_a_journal_that_we_have_not_written_is_refused(tree: Repo, journal: str) -> None:
    area = tree.path / ".git/dodo-hooks-rollback"
    area.mkdir()
    (area / "journal").write_text(journal)
    before = tracked(tree)
    done = tree.run("run", "pre-commit")
    assert done.returncode and "cannot read" in done.stderr
    assert "Traceback" not in done.stderr
    assert tracked(tree) == before


def test_p6_a_second_way_back_is_to_the_same_state(tree: Repo) -> None:
    before = tracked(tree)
    backup, diff = backup_of(tree)
    for _ in range(2):
        vandalize(tree)
        backup.go_back(diff.read())
        assert tracked(tree) == before
    backup.end()


def test_p6_a_backup_does_not_look_like_a_change(tree: Repo) -> None:
    diff = WorktreeDiff(tree.facts, {**os.environ, **tree.env}, is_clean=False)
    state = diff.read()
    backup = TreeBackup(tree.facts, {**os.environ, **tree.env}, state)
    assert diff.read() is state  # so git has not run
    backup.end()
