"""Random rounds of hiding and restoring, against a naive model of what has to be at each path (G5, G6).

A text is a list of lines of which the even ones are changed, so that what can be merged is plain to see: no two writers
changed the same line. The rounds are the same each time by default: kit/chance.py.
"""

import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from dodo_hooks.git.unstaged.hide import hide_unstaged, restore_interrupted
from dodo_hooks.git.unstaged.job_writes import Ending, Writers
from dodo_hooks.git.unstaged.stage_fixed import FixStager
from kit.chance import how_many
from kit.commits.hiding import kept
from kit.commits.unstaged import index_of, snapshot, write
from kit.repo import Repo
from kit.system.killing import die_before, in_child

pytestmark = pytest.mark.timeout(3600)

PARTS = 4
ROUNDS = how_many(320, 10_000, "TORTURE_ROUNDS") // PARTS
LINES, FILES = 9, 5
Text = "tuple[str, ...] | None"  # None: there is no such file

FIXER, PLAIN, ADDS, EDITOR, BUFFER, REMOVES, FOLDER = "fixer", "plain", "adds", "editor", "buffer", "removes", "folder"


@dataclass
class File:
    """A file, and what is planned and known of it."""

    name: bytes
    staged: "tuple[str, ...]"
    unstaged: "tuple[str, ...] | None"
    writes: "list[tuple[str, tuple[int, ...]]]"  # by whom, and the lines that are changed
    fixes: "list[tuple[str, ...]]" = field(default_factory=list)  # that are staged
    now: "tuple[str, ...] | None" = None
    is_folder: bool = False

    @property
    def is_hidden(self) -> bool:
        return self.unstaged != self.staged

    @property
    def path(self) -> str:
        return os.fsdecode(self.name)


def joined(text: "tuple[str, ...]") -> str:
    return "".join(f"{line}\n" for line in text)


def changed(text: "tuple[str, ...]", lines: "tuple[int, ...]", who: str) -> "tuple[str, ...]":
    return tuple(f"{line} by {who}" if number in lines else line for number, line in enumerate(text))


def merged(base: "tuple[str, ...]", one: "tuple[str, ...]", other: "tuple[str, ...]") -> "tuple[str, ...] | None":
    """Return the naive merge: line by line."""
    found = []
    for old, first, second in zip(base, one, other, strict=True):
        if first != old and second != old and first != second:
            return None
        found.append(second if first == old else first)
    return tuple(found)


def has_all_of(unstaged: "tuple[str, ...]", staged: "tuple[str, ...]", seen: "tuple[str, ...]") -> bool:
    return unstaged != staged and all(n == u for u, s, n in zip(unstaged, staged, seen, strict=True) if u != s)


def draw_lines(chance: random.Random) -> "tuple[int, ...]":
    return tuple(chance.sample(range(0, LINES, 2), chance.randint(1, 2)))


def draw_files(chance: random.Random, turn: int) -> "list[File]":
    files = []
    for number in range(FILES):
        staged = tuple(f"{turn}.{number}.{line}" for line in range(LINES))
        unstaged = chance.choice([staged, None, *[changed(staged, draw_lines(chance), "me")] * 4])
        sets = ((FIXER, PLAIN, EDITOR, BUFFER), (ADDS, PLAIN, EDITOR), (PLAIN, EDITOR, REMOVES, FOLDER), (FIXER,))
        kinds = chance.choice(sets)
        writes = [(chance.choice(kinds), draw_lines(chance)) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
        name = b"%sf%d" % (chance.choice((b"", b"d/", b"d/e/")), number)
        files.append(File(name, staged, unstaged, writes, now=staged))
    return files


class Round:
    """One commit: its files, and the run around its jobs."""

    def __init__(self, repo: Repo, chance: random.Random, turn: int) -> None:
        self.repo, self.chance = repo, chance
        self.files = draw_files(chance, turn)
        self.failing = chance.choice(("", "", "a", "b"))
        self.done = repo.path.parent / "done"
        self.done.write_text("")
        self._prepare()
        self.before, self.index = snapshot(repo.path), index_of(repo)

    def _prepare(self) -> None:
        for path in self.repo.path.iterdir():
            if path.name != ".git":
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        shutil.rmtree(self.repo.path / ".git/dodo-hooks-kept", ignore_errors=True)
        for file in self.files:
            self.repo.write(file.path, joined(file.staged))
        self.repo.git("add", "-A")
        for file in self.files:
            if file.unstaged is None:
                (self.repo.path / file.path).unlink()
            elif file.is_hidden:
                self.repo.write(file.path, joined(file.unstaged))

    def run(self) -> "tuple[Ending, bool]":
        """Hide, let the jobs write in turn, restore; return the ending, and whether the commit was refused."""
        hidden = hide_unstaged(self.repo.facts, self.repo.env)
        names = [file.name for file in self.files]
        stager = FixStager(self.repo.facts, self.repo.env, hidden, names)
        writers = Writers(self.repo.facts.top, hidden.paths if hidden else ())
        for number in range(max(len(file.writes) for file in self.files)):
            for file in self.files[number % 2 :] + self.files[: number % 2]:
                if number < len(file.writes):
                    self._write(file, number, stager, writers)
        ending = writers.ending(has_succeeded=not self.failing)
        if hidden is None:
            return ending, False
        result = hidden.restore(ending)
        assert result.is_complete, result
        return ending, result.conflict

    def _write(self, file: File, number: int, stager: FixStager, writers: Writers) -> None:
        who, lines = file.writes[number]
        job = "b" if who in (ADDS, REMOVES) else "a"
        writers.started(0, job)
        watch = stager.before([file.name])
        self._note(file, number, "begun")  # it may take away what was written before
        self._change(file, who, lines, f"{who} {number}")
        self._note(file, number, "done")
        if who == FIXER:
            staged = stager.after(watch)
            if staged.paths and file.now is not None:
                file.fixes.append(file.now)
            writers.staged(staged.paths)
        if who == ADDS and file.now is not None and not file.is_folder:
            self.repo.git("add", "--", file.path)
        writers.ended(0, is_good=self.failing != job)

    def _note(self, file: File, number: int, what: str) -> None:
        with self.done.open("a") as done:
            done.write(f"{file.path} {number} {what}\n")

    def _change(self, file: File, who: str, lines: "tuple[int, ...]", by: str) -> None:
        path = self.repo.path / file.path
        if file.is_folder:
            return
        if who in (REMOVES, FOLDER):
            path.unlink(missing_ok=True)
            file.now, file.is_folder = None, who == FOLDER
            if file.is_folder:
                self.repo.write(f"{file.path}/inside", "kept\n")
            return
        read = file.unstaged if who == BUFFER else file.now
        file.now = changed(read or file.staged, lines, by)
        write(self.repo, file.name, joined(file.now))

    # What has to be there

    def expect(self, ending: Ending, is_refused: bool) -> None:
        conflicts = [file for file in self.files if file.fixes and file.unstaged and self._target(file) is None]
        assert is_refused == bool(conflicts)
        tree = snapshot(self.repo.path)
        for file in self.files:
            here, beside, owners = self._expected(file, ending, is_refused)
            found = {suffix: self._text(tree, file.name + suffix) for suffix in (b"", b".during-hook", b".unstaged")}
            expected = {b"": here, b".during-hook": beside, b".unstaged": owners}
            if file.is_folder:
                assert tree[file.name + b"/inside"][2] == b"kept\n"
                del found[b""], expected[b""]
            assert found == expected, (file, ending)
            if not any(who == ADDS for who, _ in file.writes):
                staged = file.staged if is_refused or not file.fixes else file.fixes[-1]
                assert self.repo.git("show", f":{file.path}").stdout == joined(staged)
        if is_refused:
            fixes = {joined(fix) for file in self.files for fix in file.fixes}
            assert {text for _, text in kept(self.repo)} <= fixes

    def _target(self, file: File) -> "tuple[str, ...] | None":
        if not file.is_hidden:
            return file.staged
        if not file.fixes or file.unstaged is None:
            return file.unstaged
        return merged(file.staged, file.fixes[-1], file.unstaged)

    def _expected(self, file: File, ending: Ending, is_refused: bool) -> "tuple[str | None, str | None, str | None]":
        """Return what has to stand at the path, beside it as a job's, and beside it as its owner's."""
        seen, unstaged = file.now, file.unstaged
        if not file.is_hidden:
            is_fix = is_refused and file.fixes and seen == file.fixes[-1]
            seen = file.staged if is_fix else seen
            return (None if seen is None else joined(seen)), None, None
        target = unstaged if is_refused else self._target(file)
        text = None if target is None else joined(target)
        if file.is_folder:
            return None, None, text
        if seen is None or seen in (file.staged, unstaged, *file.fixes):
            return text, None, None
        if unstaged is not None and target is not None and has_all_of(unstaged, file.staged, seen):
            newest = merged(unstaged, seen, target)
            return joined(seen if newest is None else newest), None, None
        can_merge = self._is_staged_by_a_job(file) or ending.can_merge(file.name)
        if can_merge and target is not None and not is_refused:
            both = merged(file.fixes[-1] if file.fixes else file.staged, seen, target)
            if both is not None:
                return joined(both), None, None
        return text, joined(seen), None

    def _is_staged_by_a_job(self, file: File) -> bool:
        return any(who == ADDS for who, _ in file.writes)

    def _text(self, tree: "dict[bytes, tuple[str, int, bytes]]", name: bytes) -> "str | None":
        return tree[name][2].decode() if name in tree else None

    # What has to be there if the run was killed

    def expect_nothing_lost(self) -> None:
        """Every line that its owner or another program wrote is somewhere, and no job's is taken for its owner's."""
        tree, index = snapshot(self.repo.path), index_of(self.repo)
        everywhere = [text for _, text in kept(self.repo)]
        written = [line.split() for line in self.done.read_text().splitlines()]
        for file in self.files:
            texts = [data.decode() for name, (_, _, data) in tree.items() if name.startswith(file.name)]
            if file.unstaged is not None and file.is_hidden:
                assert self._is_in(file.unstaged, file.staged, texts), (file, texts)
            noted = [(int(number), what) for path, number, what in written if path == file.path]
            who = [file.writes[number][0] for number, _ in noted]
            if who and noted[-1][1] == "done" and who[-1] in (PLAIN, EDITOR, BUFFER) and FOLDER not in who:
                by = f" by {who[-1]} {noted[-1][0]}\n"
                assert any(by in text for text in (*texts, *everywhere)), (file, by, texts)
        assert index.keys() == self.index.keys()
        assert not [name for name in tree if b"dodo-hooks-aside" in name]
        assert not self.repo.has(".git/dodo-hooks-aside/journal")

    def _is_in(self, mine: "tuple[str, ...]", base: "tuple[str, ...]", texts: "list[str]") -> bool:
        lines = [line for line, old in zip(mine, base, strict=True) if line != old]
        return joined(mine) in texts or any(all(f"{line}\n" in text for line in lines) for text in texts)


@pytest.fixture
def committed(repo: Repo) -> Iterator[Repo]:
    repo.write("first", "")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "first")
    yield repo


@pytest.mark.parametrize("part", range(PARTS))
def test_g5_g6_each_path_holds_what_the_model_says(committed: Repo, chance: random.Random, part: int) -> None:
    for turn in range(ROUNDS):
        one = Round(committed, chance, turn)
        if turn % 2:
            one.expect(*one.run())
            assert not committed.has(".git/dodo-hooks-aside")
            continue
        number = chance.randrange(160)

        def run(one: Round = one, number: int = number) -> None:
            die_before(number)
            one.run()

        _, status = os.waitpid(in_child(run), 0)
        assert os.WIFSIGNALED(status) or status == 0, turn
        if chance.random() < 0.3:  # and whoever recovers is killed, too
            again = chance.randrange(60)

            def recover(again: int = again) -> None:
                die_before(again)
                restore_interrupted(committed.facts, committed.env)

            os.waitpid(in_child(recover), 0)
        restore_interrupted(committed.facts, committed.env)
        one.expect_nothing_lost()
