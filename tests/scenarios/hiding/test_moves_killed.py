"""Kill -9 before each move of a file, while unstaged changes are hidden and while they are restored (G5).

Whoever recovers, and is killed before each of its own moves, leaves every byte as its owner had it.
"""

import os
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from dodo_hooks.git.unstaged.hide import restore_interrupted
from kit.chance import how_many
from kit.commits.hiding import fix, hide
from kit.commits.unstaged import (
    STAGED,
    Thing,
    difference,
    fixed_and_unstaged_text,
    fixed_text,
    index_of,
    snapshot,
    unstaged_text,
    write,
)
from kit.repo import Repo
from kit.system.elsewhere import git_elsewhere
from kit.system.killing import die_before, in_child

pytestmark = pytest.mark.timeout(300)

FAR_STEP = how_many(9, 1)  # where the git directory is elsewhere, by default not each move
MOVES = frozenset({"os.rename", "os.link", "os.remove"})
Story = Callable[[Repo], None]


@pytest.fixture(params=["near", "far"])
def work(repo: Repo, request: pytest.FixtureRequest) -> Iterator[Repo]:
    """Make a small tree with each sort of unstaged change."""
    for name in ("text", "link", "gone/deep", "shadowed/one", "mode"):
        repo.write(name, STAGED)
    repo.git("add", "-A")
    repo.git("commit", "-qm", "files")
    for name in ("link", "gone/deep", "shadowed/one"):
        (repo.path / name).unlink()
    for name in ("gone", "shadowed"):
        (repo.path / name).rmdir()
    (repo.path / "link").symlink_to("text")
    repo.write("shadowed", "a file in the place of a folder\n")
    repo.write("text", unstaged_text())
    (repo.path / "mode").chmod(0o755)
    repo.write("announced", "git add -N\n")
    repo.git("add", "-N", "announced")
    if request.param == "near":
        yield repo
        return
    with git_elsewhere(repo):
        yield repo


def is_far(repo: Repo) -> bool:
    return (repo.path / ".git").is_file()


def nothing(repo: Repo) -> None:
    hide(repo).restore()


def a_fix(repo: Repo) -> None:
    hidden = hide(repo)
    fix(repo, hidden, b"text")
    hidden.restore()


def a_refused_fix(repo: Repo) -> None:
    hidden = hide(repo)
    fix(repo, hidden, b"text", content=STAGED.replace("line 30\n", "line thirty, fixed\n"))
    hidden.restore()


def an_editor(repo: Repo) -> None:
    hidden = hide(repo)
    write(repo, b"text", STAGED.replace("line 10\n", "line ten, saved\n"))
    (repo.path.parent / "saved").touch()
    hidden.restore()


def run_killed(number: int, run: "Callable[[], object]") -> bool:
    """Run this in a process that is killed before its move of this number; return whether it was."""

    def child() -> None:
        die_before(number, MOVES)
        run()

    _, status = os.waitpid(in_child(child), 0)
    assert status == 0 or os.WIFSIGNALED(status), status
    return os.WIFSIGNALED(status)


class Outcome:
    """The trees and indexes that may be there after the recovery: all of them byte for byte."""

    def __init__(self, repo: Repo, story: Story) -> None:
        self.repo = repo
        self.tree, self.index = snapshot(repo.path), index_of(repo)
        text = self.tree[b"text"]
        texts = [unstaged_text()]
        if story is a_fix:
            texts.append(fixed_and_unstaged_text())
        if story is an_editor:
            texts.append(unstaged_text().replace("line 10\n", "line ten, saved\n"))
        self.things = [(text[0], text[1], one.encode()) for one in texts]

    def reset(self) -> None:
        """Make the tree and the index what they were."""
        self.repo.write("text", STAGED)
        self.repo.git("add", "text")
        self.repo.write("text", unstaged_text())
        for path in (*self.repo.path.glob("text.*"), *self.repo.path.parent.glob("saved")):
            path.unlink()
        self.expect()

    def expect(self) -> None:
        tree: dict[bytes, Thing] = snapshot(self.repo.path)
        beside = {name: tree.pop(name) for name in list(tree) if name.startswith(b"text.")}
        here = tree.pop(b"text")
        assert here in self.things
        if (self.repo.path.parent / "saved").exists():
            assert any(b"line ten, saved\n" in data for _, _, data in (here, *beside.values()))
        assert difference({name: one for name, one in self.tree.items() if name != b"text"}, tree) == {}
        assert set(beside) <= {b"text.during-hook"}  # a job's, or the editor's
        index = index_of(self.repo)
        staged = self.repo.git("show", ":text").stdout
        assert index.keys() == self.index.keys() and staged in (STAGED, fixed_text())
        is_merged = self.repo.read("text") == fixed_and_unstaged_text()
        assert staged == STAGED or is_merged
        assert not self.repo.has(".dodo-hooks-aside")


@pytest.mark.parametrize("story", [nothing, a_fix, a_refused_fix, an_editor])
def test_g5_killed_before_each_move(work: Repo, story: Story) -> None:
    outcome = Outcome(work, story)
    for number in count(0, FAR_STEP if is_far(work) else 1):
        is_killed = run_killed(number, lambda: story(work))
        restore_interrupted(work.facts, work.env)
        outcome.expect()
        if not is_killed:
            break
        outcome.reset()
    assert number > 20


@pytest.mark.parametrize("story", [nothing, a_fix, an_editor])
def test_g5_a_recovery_killed_before_each_move(work: Repo, story: Story) -> None:
    outcome = Outcome(work, story)
    for number in count(0, FAR_STEP if is_far(work) else 1):
        assert run_killed(25, lambda: story(work))
        is_killed = run_killed(number, lambda: restore_interrupted(work.facts, work.env))
        restore_interrupted(work.facts, work.env)
        outcome.expect()
        outcome.reset()
        if not is_killed:
            break
    assert number > 5
