"""A run that hides unstaged changes, has a job, stages fixes and restores the changes; killed, then recovered.

It is a program of its own, since it forks and kills: `hiding_driver.py points REPO FIRST STEP` ends the run before the
system call number FIRST, then FIRST + STEP, ..., until a run comes to its end. `hiding_driver.py moments REPO COUNT
SEED` ends it after a random time. Each time the tree and the index must be as one of them could expect.

STORY=editor: an editor saves two files meanwhile, one of which cannot be merged. STORY=collision: a second job's fixes
conflict with the unstaged changes. STORY=appending: a program appends to a file that it has open, before, meanwhile and
afterwards. WITHOUT_EXCHANGE=1: as on a file system that cannot exchange two names; WITHOUT_LINKS=1: nor has hard links.
FAR=DIR: with the git directory there.
"""

import errno
import os
import random
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from dodo_hooks.git.unstaged.hide import hide_unstaged, restore_interrupted
from dodo_hooks.git.unstaged.lock import wait_until_restored
from dodo_hooks.git.unstaged.stage_fixed import FixStager
from dodo_hooks.host.files import exchange
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
from kit.system.killing import die_before, in_child

FIXED_AS_A_WHOLE = b"staged"
STORY = os.environ.get("STORY", "")
SENTENCES = {"": 0, "editor": 1, "collision": 2, "appending": 0}[STORY]
SAVED = ("line 10\n", "line ten, from an editor\n")
MERGEABLE, CLASHING = STAGED.replace(*SAVED), unstaged_text(", in another way")
BESIDE = b".during-hook"


def story(repo: Repo) -> None:
    """Do what a hook does."""
    facts = repo.facts
    hidden = hide_unstaged(facts, repo.env)
    assert hidden is not None
    files, others = job_files(repo)
    stager = FixStager(facts, repo.env, hidden, [*files, *others])
    watch = stager.before(files)
    for name in files:
        write(repo, name, "fixed as a whole\n" if name == FIXED_AS_A_WHOLE else fixed_text())
    staged = stager.after(watch)
    assert set(staged.paths) == set(files), staged
    if STORY == "editor":
        write(repo, others[0], MERGEABLE)
        write(repo, others[1], CLASHING)
        done(repo, "saved")
    if STORY == "appending":
        os.write(APPENDING, b"meanwhile\n")
        done(repo, "appended")
    if STORY == "collision":
        watch = stager.before(others[:2])
        write(repo, others[1], CLASHING)
        stager.after(watch)
    result = hidden.restore()
    assert result.is_complete and result.conflict == (STORY == "collision"), result
    assert len(result.sentences) == SENTENCES, result


APPENDING = 63  # the descriptor of the file that a program has open


def done(repo: Repo, what: str) -> None:
    """Record that these bytes may not be lost from now on."""
    (repo.path.parent / what).touch()


def job_files(repo: Repo) -> "tuple[list[bytes], list[bytes]]":
    """Return the files that the first job fixes, and other partially staged texts."""
    texts = sorted(path for path in snapshot(repo.path) if path.endswith(b".txt"))
    return [*texts[::3], FIXED_AS_A_WHOLE], [*texts[1::3], *texts[2::3]]


class Judge:
    """The state of the tree and the index before a run, and the expected state after the whole story."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self.pristine = repo.path.parent / "pristine"
        shutil.copytree(repo.path, self.pristine, symlinks=True)
        files, self.others = job_files(repo)
        self.reset()
        self.tree, self.index = snapshot(repo.path), index_of(repo)
        self.fixed_tree: dict[bytes, Thing] = {}
        for name in files:
            text = "fixed as a whole\n" if name == FIXED_AS_A_WHOLE else fixed_and_unstaged_text()
            self.fixed_tree[name] = "file", 0o644, text.encode()
        story(repo)
        self.fixed_index = index_of(repo)
        self.expect(snapshot(repo.path), index_of(repo))
        if STORY == "appending":
            self.expect_the_appended()
        if STORY == "collision":
            assert difference(self.tree, snapshot(repo.path)) == {} and index_of(repo) == self.index
        else:
            assert self.fixed_tree.items() <= snapshot(repo.path).items() and index_of(repo) != self.index
        self.reset()

    def reset(self) -> None:
        shutil.rmtree(self.repo.path)
        shutil.copytree(self.pristine, self.repo.path, symlinks=True)
        if far := os.environ.get("FAR"):
            shutil.rmtree(f"{far}/git", ignore_errors=True)
            shutil.move(self.repo.path / ".git", f"{far}/git")
            self.repo.write(".git", f"gitdir: {far}/git\n")
        for what in ("saved", "appended"):
            (self.repo.path.parent / what).unlink(missing_ok=True)
        if STORY == "appending":
            descriptor = os.open(self.path(self.others[0]), os.O_WRONLY | os.O_APPEND)
            os.dup2(descriptor, APPENDING)
            os.close(descriptor)

    def path(self, name: bytes) -> Path:
        return self.repo.path / os.fsdecode(name)

    def has_done(self, what: str) -> bool:
        return (self.repo.path.parent / what).exists()

    def expect(self, tree: "dict[bytes, Thing]", index: "dict[str, str]") -> None:
        wrong: dict[bytes, Any] = difference(self.tree, tree)
        for name, fixed in self.fixed_tree.items():
            if tree.get(name) == fixed:
                wrong.pop(name, None)
            elif tree.get(name + BESIDE, ("", 0, b""))[2] == fixed_text().encode():  # before it was written down
                wrong.pop(name + BESIDE)
        self.allow_what_others_wrote(tree, wrong)
        assert not wrong, wrong
        assert index.keys() == self.index.keys()
        for path, about in index.items():
            assert STORY == "collision" or about in (self.index[path], self.fixed_index[path]), path
            if about != self.index[path]:
                assert tree[os.fsencode(path)] == self.fixed_tree[os.fsencode(path)], path

    def allow_what_others_wrote(self, tree: "dict[bytes, Thing]", wrong: "dict[bytes, Any]") -> None:
        mergeable, clashing = self.others[:2]
        for name, text in ((mergeable, MERGEABLE), (clashing, CLASHING)):
            beside = tree.get(name + BESIDE)
            is_merged = tree[name][2].decode() == unstaged_text().replace(*SAVED) and name == mergeable
            if STORY and (is_merged or (beside is not None and beside[2].decode() == text)):
                wrong.pop(name if is_merged else name + BESIDE, None)
            else:  # a job's is in the commit, or kept where that was refused
                assert not self.has_done("saved"), (name, beside)
        if STORY == "appending":
            assert tree[mergeable][2].startswith(self.tree[mergeable][2])
            wrong.pop(mergeable, None)

    def expect_the_appended(self) -> None:
        """Check that the program continues with the very file, and nothing that it has written is lost."""
        os.write(APPENDING, b"afterwards\n")
        name = self.others[0]
        expected = self.tree[name][2] + b"meanwhile\n" * self.has_done("appended") + b"afterwards\n"
        assert self.path(name).read_bytes() == expected or self.path(name).read_bytes() == expected.replace(
            b"afterwards", b"meanwhile\nafterwards"
        ), self.path(name).read_bytes()
        assert os.fstat(APPENDING).st_ino == self.path(name).stat().st_ino

    def recover(self) -> None:
        facts = self.repo.facts
        sentences = restore_interrupted(facts, self.repo.env, waits=True)
        tree = snapshot(self.repo.path)
        self.expect(tree, index_of(self.repo))
        assert len(sentences) <= 3 + sum(name.endswith(BESIDE) for name in tree), sentences
        if STORY == "appending":
            self.expect_the_appended()
        assert restore_interrupted(facts, self.repo.env) == []
        assert not Path(facts.git_dir, "dodo-hooks-aside/journal").exists()
        wait_until_restored(facts)  # a git that was copying outlives the killed run, and has its lock


def refuse_links(event: str, args: "tuple[Any, ...]") -> None:
    if event == "os.link":
        raise OSError(errno.EPERM, "as link(2) says it where there are no hard links")


def points(judge: Judge, first: int, step: int) -> int:
    """Kill at each point; return the number of points."""
    number = first
    while True:

        def run(number: int = number) -> None:
            die_before(number)
            story(judge.repo)

        _, status = os.waitpid(in_child(run), 0)
        judge.recover()
        if not os.WIFSIGNALED(status):
            assert status == 0, status
            return number
        judge.reset()
        number += step


def moments(judge: Judge, count: int, seed: int) -> int:
    """Kill at random moments; return the number of runs that were killed."""
    chance, killed, lasts_s = random.Random(seed), 0, 0.5
    for turn in range(count):
        begun_s = time.monotonic()
        pid = in_child(lambda: story(judge.repo))
        if turn:
            select.select([], [], [], chance.uniform(0, lasts_s))
            waited_s = time.monotonic() - begun_s
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if not turn:
            lasts_s = time.monotonic() - begun_s
        elif not os.WIFSIGNALED(status):  # the first run took longer, with nothing in the caches yet
            lasts_s = min(lasts_s, waited_s)
        killed += os.WIFSIGNALED(status)
        judge.recover()
        judge.reset()
    return killed


def main(mode: str, path: str, one: str, other: str) -> None:
    if "WITHOUT_EXCHANGE" in os.environ:
        exchange._NAME = "there_is_no_such_call"
    if "WITHOUT_LINKS" in os.environ:
        sys.addaudithook(refuse_links)
    judge = Judge(Repo(Path(path), dict(os.environ)))
    print((points if mode == "points" else moments)(judge, int(one), int(other)))


if __name__ == "__main__":
    main(*sys.argv[1:])
