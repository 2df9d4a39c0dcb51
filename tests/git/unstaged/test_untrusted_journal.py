"""A journal that somebody else wrote is input (G5).

Whatever it says, nothing is written outside of the working tree, and nothing from outside gets into it.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.errors import GitError
from dodo_hooks.git import untrusted
from dodo_hooks.git.unstaged.hide import hide_unstaged, restore_interrupted
from dodo_hooks.git.unstaged.journal import Journal
from dodo_hooks.git.unstaged.refused_commit import keep_edit
from dodo_hooks.git.unstaged.stage_fixed import FixStager
from kit.commits.unstaged import STAGED, TEXT, Thing, fixed_text, snapshot, unstaged_text, write
from kit.repo import Repo, clean_environment

FOLDERS = [".", "swap", "original", "base", "merged", "before", "fixed", "base/d", "../dodo-hooks-kept"]
LINKS = [*FOLDERS, "journal", "journal.new", "../dodo-hooks-restaged", "../dodo-hooks-restaged.new"]
LINKS += ["../dodo-hooks-aside.lock"]

SECRET = b"the private key of somebody\n"
BLOB = "a" * 40


class Victim:
    """A working tree whose unstaged changes a killed run has hidden, with a directory outside of it."""

    def __init__(self, place: Path) -> None:
        self.home = place / "home"
        self.home.mkdir()
        self.outside = place / "outside"
        (self.outside / "d/empty").mkdir(parents=True)
        for name in ("secret", "0", "0.swap", "0.new", "1", "text", "d/text", "journal"):
            (self.outside / name).write_bytes(SECRET)
        self.repo = Repo.create(place / "repo", clean_environment(self.home, "victim"))
        for name in ("text", "d/text"):
            self.repo.write(name, TEXT)
            self.repo.git("add", name)
        self.repo.git("commit", "-qm", "files")
        for name in ("text", "d/text"):
            self.repo.write(name, STAGED)
            self.repo.git("add", name)
            self.repo.write(name, unstaged_text())
        self.repo.write("gone/deep/file", "")
        self.repo.git("add", "gone")
        shutil.rmtree(self.repo.path / "gone")
        (self.repo.path / "link").symlink_to(self.outside)
        self.facts = self.repo.facts
        self.whole = snapshot(self.repo.path)
        self._hide()
        self.journal = self.repo.path / ".git/dodo-hooks-aside/journal"
        self.data: dict[str, Any] = json.loads(self.journal.read_bytes())
        self.before = self._everything()
        self._template = place / "template"
        shutil.copytree(self.repo.path, self._template, symlinks=True)

    def _hide(self) -> None:
        """Hide the changes, with a fix that is staged, too, so that the journal has one of each kind."""
        hidden = hide_unstaged(self.facts, self.repo.env)
        assert hidden is not None
        stager = FixStager(self.facts, self.repo.env, hidden, [b"text"])
        watch = stager.before([b"text"])
        write(self.repo, b"text", fixed_text())
        stager.after(watch)
        os.close(hidden.lock)

    def reset(self) -> None:
        for child in self.repo.path.iterdir():
            shutil.rmtree(child) if child.is_dir() and not child.is_symlink() else child.unlink()
        shutil.copytree(self._template, self.repo.path, symlinks=True, dirs_exist_ok=True)

    def plant(self, data: object) -> None:
        self.journal.write_text(json.dumps(data))

    def plant_link(self, name: str) -> None:
        """Put a link in the place of one of ours: to a folder where a folder is, else to a file."""
        path = Path(os.path.normpath(self.journal.parent / name))
        is_folder = name in FOLDERS
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(self.outside if is_folder else self.outside / "secret")

    def recover(self) -> "str | None":
        """Recover; return the message of a refusal."""
        try:
            restore_interrupted(self.facts, self.repo.env)
        except (GitError, OSError) as error:
            return str(error)
        return None

    def expect_nothing_escaped(self) -> None:
        now = self._everything()
        for part in ("outside", "settings"):
            assert now[part] == self.before[part], part
        for path, (kind, mode, content) in snapshot(self.repo.path).items():
            assert SECRET not in content and mode <= 0o777, path
            assert kind != "link" or path == b"link", path

    def expect_untouched(self) -> None:
        self.expect_nothing_escaped()
        assert self._everything()["tree"] == self.before["tree"]

    def _everything(self) -> "dict[str, dict[bytes, Thing]]":
        git_dir = self.repo.path / ".git"
        settings = {b"config": ("file", 0, (git_dir / "config").read_bytes())}
        return {
            "outside": snapshot(self.outside),
            "settings": settings | snapshot(git_dir / "hooks"),
            "tree": snapshot(self.repo.path),
        }


@pytest.fixture(scope="module")
def shared_victim() -> Iterator[Victim]:
    with tempfile.TemporaryDirectory() as place:
        yield Victim(Path(place))


@pytest.fixture
def victim(shared_victim: Victim) -> Victim:
    shared_victim.reset()
    return shared_victim


def test_g5_a_journal_of_ours_is_believed(victim: Victim) -> None:
    assert victim.data["restaged"] and any(one["folders"] for one in victim.data["entries"])
    assert victim.recover() is None
    now = snapshot(victim.repo.path)
    assert {path for path in now if now[path] != victim.whole.get(path)} == {b"text"}  # with the fix
    victim.expect_nothing_escaped()


Plant = Callable[[dict[str, Any]], object]


def entry_with(**values: object) -> Plant:
    return lambda data: data["entries"][0].update(values)


PLANTED: dict[str, Plant] = {
    "a path above": entry_with(path="../outside/new"),
    "an absolute path": entry_with(path="/tmp/new"),
    "a hook": entry_with(path=".git/hooks/pre-commit"),
    "a hook, as HFS sees it": entry_with(path=".g\u00e2\u0080\u008cit/hooks/pre-commit"),
    "a hook, as NTFS sees it": entry_with(path="git~1/hooks/pre-commit"),
    "bytes from outside": entry_with(target_file="original/../../../../outside/secret"),
    "bytes from somewhere in the git directory": entry_with(target_file="index"),
    "folders of somebody else": entry_with(folders=["../outside/d/empty"]),
    "folders of another path": entry_with(folders=["link/d/empty"]),
    "setuid": lambda data: data["entries"][0]["target"].__setitem__(1, 0o4755),
    "something that is no file": lambda data: data["entries"][0]["target"].__setitem__(0, "other"),
    "an area that there is not": entry_with(area=3),
    "copies elsewhere": lambda data: data.update(kept_in="/tmp/.."),
    "an index entry of another name": lambda data: data["restaged"][0].__setitem__(0, "a\x00100644 b\tc"),
    "no blob": lambda data: data["restaged"][0].__setitem__(2, "HEAD"),
    "too little": lambda data: data.pop("entries"),
}


@pytest.mark.parametrize("what", PLANTED)
def test_g5_a_journal_that_is_not_valid_is_reported_and_nothing_is_touched(victim: Victim, what: str) -> None:
    document = json.loads(json.dumps(victim.data))
    PLANTED[what](document)
    victim.plant(document)
    said = victim.recover()
    assert said is not None and "\n" not in said
    assert "is not valid" in said and str(victim.journal.parent) in said and "remove" in said
    victim.expect_untouched()
    victim.repo.write("text", "changed since\n")
    with pytest.raises(GitError, match="is not valid"):
        hide_unstaged(victim.facts, victim.repo.env)
    victim.repo.write("text", fixed_text())
    victim.expect_untouched()


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b"\xff", b"null", b'{"format": 1}', b"9" * 5000])
def test_g5_bytes_that_are_no_journal(victim: Victim, content: bytes) -> None:
    victim.journal.write_bytes(content)
    assert "is not valid" in (victim.recover() or "")
    victim.expect_untouched()


def test_g5_an_invalid_journal_makes_a_gate_refuse_and_other_hooks_say_it(victim: Victim) -> None:
    repo = victim.repo
    repo.hook("pre-commit", lint="touch ../ran")
    for hook in ("post-checkout", "post-index-change"):
        repo.hook(hook, deps="true")
    repo.install()  # and restores
    victim.journal.parent.mkdir()
    victim.journal.write_bytes(b"{")
    refused = repo.git("commit", "-m", "work", check=False)
    assert refused.returncode == 1 and refused.stderr.count("is not valid") == 1 and not repo.has("../ran")
    passed = repo.git("checkout", "--detach")
    assert passed.stderr.count("is not valid") == 1
    repo.hook("reference-transaction", deps="true")
    refused = repo.git("branch", "topic", check=False)
    assert refused.returncode and refused.stderr.count("is not valid") == 1


@pytest.mark.parametrize("name", LINKS)
def test_g5_links_in_the_place_of_what_is_ours_are_not_followed(victim: Victim, name: str) -> None:
    victim.plant_link(name)
    said = victim.recover() or ""
    assert ("is not valid" in said) == (name in FOLDERS[:-1] or name in ("journal", "../dodo-hooks-restaged"))
    victim.expect_nothing_escaped()
    victim.reset()
    shutil.rmtree(victim.journal.parent)
    victim.plant_link(name)
    try:
        hidden = hide_unstaged(victim.facts, victim.repo.env)
    except (GitError, OSError):
        hidden = None
    if hidden is not None:
        hidden.restore()
    victim.expect_nothing_escaped()


def test_g5_what_is_on_its_way_to_a_path_below_a_link_is_kept_beside_it(victim: Victim) -> None:
    document = json.loads(json.dumps(victim.data))
    document["entries"][0].update(path="link/new", folders=[])
    victim.plant(document)
    (victim.journal.parent / "swap/0").write_bytes(b"planted\n")
    victim.recover()
    victim.expect_nothing_escaped()


def test_g5_what_a_refused_commit_takes_away_is_not_kept_elsewhere(victim: Victim) -> None:
    journal, file = Journal(victim.facts.git_dir), os.fsencode(victim.repo.path / "text")
    victim.plant_link("../dodo-hooks-kept")
    with pytest.raises(FileExistsError):
        keep_edit(journal, b"text", file)
    journal.kept_in = os.fsencode(victim.repo.path / ".git/kept")
    os.mkdir(journal.kept_in)
    os.symlink(victim.outside, journal.kept_in + b"/d")
    with pytest.raises(FileExistsError):
        keep_edit(journal, b"d/text", file)
    victim.expect_nothing_escaped()


# Whatever it says
NAMES = st.sampled_from(
    [
        *(f"../outside/{name}" for name in ("secret", "new", "d/empty", "text")),
        *("link/new", "link/secret", "link/d/empty", "link", "text", "d/text", "d", "gone/deep", ".git/config"),
        *(".git/hooks/post-commit", "GIT~1/hooks/x", "original/0", "merged/0", "before/link/secret", "base/text", ""),
        *("merged/../../../../outside/secret", "original/../../hooks/x", "d/../../outside/new", "a\0b", "file"),
        *("link", "nothing", "other", BLOB, "0" * 64, "/", "..", ".", "dodo-hooks-kept/x", "unstaged", "swap/0"),
    ]
)


NUMBERS = st.sampled_from([0, 1, 5, -1, 0o644, 0o4755, 0o100644, 0o160000, 1 << 40, 1 << 70]) | st.integers()
LEAVES = NAMES | NUMBERS | st.booleans() | st.none() | st.floats() | st.text(max_size=8)
VALUES = LEAVES | st.lists(LEAVES, max_size=6)


def places_in(data: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container of a document with each of its keys."""
    for key in range(len(data)) if isinstance(data, list) else list(data):
        yield data, key
        if isinstance(data[key], (list, dict)):
            yield from places_in(data[key])


@given(st.data())
def test_g5_whatever_a_journal_says_nothing_outside_is_touched_or_read(
    shared_victim: Victim, data: st.DataObject
) -> None:
    victim = shared_victim
    victim.reset()
    document = json.loads(json.dumps(victim.data))
    document["entries"] += data.draw(st.lists(st.sampled_from(document["entries"]), max_size=1))
    document = json.loads(json.dumps(document))
    for _ in range(data.draw(st.integers(0, 3))):
        container, key = data.draw(st.sampled_from(list(places_in(document))))
        container[key] = data.draw(VALUES)
    for slot in data.draw(st.sets(st.sampled_from(["swap/0", "swap/1.new", "original/0", "original/1"]), max_size=2)):
        (victim.journal.parent / slot).write_bytes(b"planted\n")
    victim.plant(document)
    for name in sorted(data.draw(st.sets(st.sampled_from(LINKS), max_size=2)), reverse=True):  # the innermost first
        victim.plant_link(name)
    said = victim.recover()
    victim.expect_nothing_escaped()
    if said is not None and said.startswith("the journal"):
        victim.expect_untouched()


@given(VALUES, st.integers(0, 4))
def test_g5_what_is_read_back_can_be_written_and_read_again(value: object, place: int) -> None:
    """Read back again whatever a reader accepts: it is accepted as the same."""
    row: list[object] = ["text", 0o100644, BLOB, 0o100755, BLOB]
    row[place] = value
    try:
        one = untrusted.index_change(*row)
    except ValueError:
        return
    assert untrusted.index_change(untrusted.path_text(one[0]), *one[1:]) == one
