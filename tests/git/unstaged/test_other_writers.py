"""Files that an editor saves while unstaged changes are hidden: merged, or saved beside them (G5)."""

import os
from collections.abc import Callable

import pytest

from dodo_hooks.git.unstaged.hide import restore_interrupted
from dodo_hooks.git.unstaged.index_versions import DisturbedError, add_entries, move_in
from dodo_hooks.git.unstaged.job_writes import Ending
from dodo_hooks.git.unstaged.journal import Entry, Journal
from dodo_hooks.git.unstaged.lock import release_lock, take_lock
from dodo_hooks.git.unstaged.moves import Moves
from dodo_hooks.git.unstaged.restore import Restorer
from dodo_hooks.git.worktree_status import unstaged_changes
from kit.commits.hiding import hide
from kit.commits.unstaged import STAGED, difference, snapshot, unstaged_text, write
from kit.repo import Repo


def test_g5_what_an_editor_saves_meanwhile_is_merged_with_what_was_hidden(text: Repo) -> None:
    hidden = hide(text)
    assert text.read("text") == STAGED
    write(text, b"text", STAGED.replace("line 10\n", "line ten, from an editor\n"))
    result = hidden.restore()
    assert (result.sentences, result.conflict) == ((), False)
    assert text.read("text") == unstaged_text().replace("line 10\n", "line ten, from an editor\n")


def test_g5_an_editor_that_saves_its_whole_buffer_again_loses_nothing(text: Repo) -> None:
    hidden = hide(text)
    write(text, b"text", unstaged_text() + "and more\n")
    assert hidden.restore().sentences == ()
    assert text.read("text") == unstaged_text() + "and more\n"


def test_g5_what_cannot_be_merged_is_kept_beside_and_named_and_overwrites_nothing(text: Repo) -> None:
    text.write("text.during-hook", "of somebody else\n")
    hidden = hide(text)
    write(text, b"text", unstaged_text(", in another way"))
    result = hidden.restore()
    assert not result.conflict  # of no job's making: the commit may continue
    assert len(result.sentences) == 1 and "text.during-hook-2" in result.sentences[0]
    assert text.read("text") == unstaged_text()
    assert text.read("text.during-hook-2") == unstaged_text(", in another way")
    assert text.read("text.during-hook") == "of somebody else\n"
    assert not text.has(".git/dodo-hooks-aside")


def test_g5_binary_files_that_both_changed_are_both_kept(repo: Repo) -> None:
    staged, unstaged, saved = (bytes([n, 0, 255]) * 100 for n in range(3))
    repo.write("binary", staged)
    repo.git("add", "binary")
    repo.write("binary", unstaged)
    hidden = hide(repo)
    write(repo, b"binary", saved)
    assert "binary.during-hook" in hidden.restore().sentences[0]
    assert (repo.path / "binary").read_bytes() == unstaged
    assert (repo.path / "binary.during-hook").read_bytes() == saved


def test_g5_a_file_that_somebody_deleted_meanwhile_comes_back(text: Repo) -> None:
    hidden = hide(text)
    (text.path / "text").unlink()
    assert hidden.restore().sentences == ()
    assert text.read("text") == unstaged_text()


def test_g5_a_deleted_file_that_somebody_made_anew_meanwhile_is_saved_beside(text: Repo) -> None:
    (text.path / "text").unlink()
    hidden = hide(text)
    write(text, b"text", "anew\n")
    assert "text.during-hook" in hidden.restore().sentences[0]
    assert not text.has("text") and text.read("text.during-hook") == "anew\n"


def as_directory(repo: Repo) -> None:
    (repo.path / "dir/text").unlink()
    (repo.path / "dir/text").mkdir()
    repo.write("dir/text/inside", "kept\n")


def under_a_file(repo: Repo) -> None:
    (repo.path / "dir/text").unlink()
    (repo.path / "dir").rmdir()
    repo.write("dir", "kept\n")


def under_a_link(repo: Repo) -> None:
    (repo.path / "dir/text").unlink()
    (repo.path / "dir").rmdir()
    repo.write("elsewhere/text", "kept\n")
    (repo.path / "dir").symlink_to("elsewhere")


@pytest.mark.parametrize("happens", [as_directory, under_a_file, under_a_link])
def test_g5_where_something_else_has_taken_its_place_the_unstaged_version_is_kept_beside(
    repo: Repo, happens: Callable[[Repo], None]
) -> None:
    repo.write("dir/text", STAGED)
    repo.git("add", "dir/text")
    repo.write("dir/text", unstaged_text())
    hidden = hide(repo)
    happens(repo)
    others = snapshot(repo.path)
    result = hidden.restore()
    assert result.is_complete and "text.unstaged" in result.sentences[0]
    after = snapshot(repo.path)
    kept = [after.pop(path)[2] for path in list(after) if path.endswith(b"text.unstaged")]
    assert kept == [unstaged_text().encode()]
    assert difference(others, after) == {}


def test_g5_a_folder_that_was_removed_meanwhile_is_made_again(repo: Repo) -> None:
    repo.write("dir/deep/text", STAGED)
    repo.git("add", "dir")
    repo.write("dir/deep/text", unstaged_text())
    hidden = hide(repo)
    repo.call("rm", "-r", "dir", check=True)
    assert hidden.restore().sentences == ()
    assert repo.read("dir/deep/text") == unstaged_text()


def test_g5_an_editor_that_saves_while_its_file_is_hidden_is_noticed(
    text: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts, saved = text.facts, unstaged_text(", saved just now")
    lock = take_lock(facts, waits=True)
    assert lock is not None
    journal = Journal(facts.git_dir)
    add_entries(facts, text.env, journal, unstaged_changes(facts, text.env), lock)
    journal.write()
    take = Moves.take

    def take_and_save(moves: Moves, entry: Entry, which: int) -> None:
        take(moves, entry, which)
        write(text, b"text", saved)

    with monkeypatch.context() as patched, pytest.raises(DisturbedError):
        patched.setattr(Moves, "take", take_and_save)
        move_in(facts, journal)
    assert text.read("text") == saved
    (sentence,) = Restorer(facts, text.env, journal, lock).run().sentences
    release_lock(lock)
    assert "saved as text.during-hook" in sentence
    assert (text.read("text"), text.read("text.during-hook")) == (unstaged_text(), saved)
    assert not text.has(".git/dodo-hooks-aside")


def test_g5_what_an_editor_saves_before_its_file_is_hidden_is_hidden(text: Repo) -> None:
    facts = text.facts
    lock = take_lock(facts, waits=True)
    assert lock is not None
    journal = Journal(facts.git_dir)
    add_entries(facts, text.env, journal, unstaged_changes(facts, text.env), lock)
    journal.write()
    write(text, b"text", unstaged_text(", saved just now"))
    before = snapshot(text.path)
    move_in(facts, journal)
    assert text.read("text") == STAGED
    assert Restorer(facts, text.env, journal, lock).run().sentences == ()
    release_lock(lock)
    assert difference(before, snapshot(text.path)) == {}
    assert not text.has(".git/dodo-hooks-aside")


@pytest.mark.parametrize("is_good", [True, False])
def test_g5_what_an_editor_saves_while_its_file_is_restored_is_not_lost(
    text: Repo, monkeypatch: pytest.MonkeyPatch, is_good: bool
) -> None:
    saved, take = [STAGED.replace("line 10\n", f"line ten, saved {turn}\n") for turn in range(2)], Moves.take
    hidden = hide(text)

    def save_and_take(moves: Moves, entry: Entry, which: int) -> None:
        if saved:  # since somebody has looked what stands there
            write(text, b"text", saved.pop())
        take(moves, entry, which)

    monkeypatch.setattr(Moves, "take", save_and_take)
    result = hidden.restore(Ending(is_good, {}))
    assert result.is_complete
    # What was seen first is merged by then, if it is to be merged.
    merged = unstaged_text().replace("line 10\n", "line ten, saved 1\n")
    assert text.read("text") == (merged if is_good else unstaged_text())
    assert text.read("text.during-hook") == STAGED.replace("line 10\n", "line ten, saved 0\n")


def test_g5_a_file_that_an_editor_makes_between_two_moves_is_not_replaced(
    text: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Moves.take
    hidden = hide(text)

    def take_and_save(moves: Moves, entry: Entry, which: int) -> None:
        take(moves, entry, which)
        monkeypatch.setattr(Moves, "take", take)
        write(text, b"text", "saved in this very moment\n")

    monkeypatch.setattr(Moves, "take", take_and_save)
    (sentence,) = hidden.restore(Ending(False, {})).sentences
    assert "saved as text.during-hook" in sentence
    assert (text.read("text"), text.read("text.during-hook")) == (unstaged_text(), "saved in this very moment\n")


def test_g5_a_deleted_file_that_its_owner_makes_before_a_killed_run_came_to_it_stays(text: Repo) -> None:
    (text.path / "text").unlink()
    facts = text.facts
    lock = take_lock(facts, waits=True)
    assert lock is not None
    journal = Journal(facts.git_dir)
    add_entries(facts, text.env, journal, unstaged_changes(facts, text.env), lock)
    journal.write()
    os.close(lock)
    text.write("text", "made anew\n")
    restore_interrupted(facts, text.env)
    assert text.read("text") == "made anew\n" and not text.has("text.during-hook")
