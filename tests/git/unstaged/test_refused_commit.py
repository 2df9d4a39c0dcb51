"""The working tree after a refused commit (G5)."""

import os
import shutil
from pathlib import Path

import pytest

from dodo_hooks.git.unstaged.hide import restore_interrupted
from dodo_hooks.git.unstaged.index_versions import add_entries
from dodo_hooks.git.unstaged.job_writes import Ending
from dodo_hooks.git.unstaged.journal import Journal
from dodo_hooks.git.unstaged.lock import take_lock
from dodo_hooks.git.unstaged.stage_fixed import FixStager
from dodo_hooks.git.worktree_status import unstaged_changes
from kit.commits.hiding import abandon, fix, hide, kept
from kit.commits.unstaged import (
    STAGED,
    difference,
    fixed_and_unstaged_text,
    fixed_text,
    index_of,
    snapshot,
    unstaged_text,
    write,
)
from kit.repo import Repo

COLLIDING = STAGED.replace("line 30\n", "line thirty, fixed or saved\n")


def test_g5_what_stands_there_when_a_commit_is_refused_is_kept(text: Repo) -> None:
    for name in ("dir/whole", "apart", "untouched"):
        text.write(name, STAGED)
        text.git("add", name)
    text.write("apart", unstaged_text())
    before = snapshot(text.path)
    hidden = hide(text)
    fix(text, hidden, b"dir/whole", b"apart")
    fix(text, hidden, b"text", content=COLLIDING)
    place = text.path / ".git/dodo-hooks-kept"
    result = hidden.restore()
    assert result.conflict and str(place) in result.sentences[-1]
    assert difference(before, snapshot(text.path)) == {}
    assert kept(text) == [("apart", fixed_text()), ("dir/whole", fixed_text()), ("text", COLLIDING)]


def test_g5_line_ends_that_git_would_write_otherwise_come_back(text: Repo) -> None:
    def crlf(content: str) -> str:
        return content.replace("\n", "\r\n")

    text.git("config", "core.autocrlf", "input")
    text.write("whole", crlf(STAGED))
    text.git("add", "whole")
    before = snapshot(text.path)
    hidden = hide(text)
    fix(text, hidden, b"whole", content=crlf(fixed_text()))
    fix(text, hidden, b"text", content=COLLIDING)
    assert hidden.restore().conflict
    assert difference(before, snapshot(text.path)) == {}


def test_g5_a_git_that_holds_the_index_just_then_is_waited_for(text: Repo) -> None:
    index = index_of(text)
    hidden = hide(text)
    fix(text, hidden, b"text", content=COLLIDING)
    text.write(".git/index.lock", "")
    text.start("sh", "-c", "sleep 0.1; rm .git/index.lock").stdout.close()  # type: ignore[union-attr]
    assert hidden.restore().conflict and index_of(text) == index


@pytest.mark.parametrize("was_killed", [False, True])
def test_g5_where_the_index_stays_locked_nobody_says_that_nothing_was_changed(
    text: Repo, monkeypatch: pytest.MonkeyPatch, was_killed: bool
) -> None:
    monkeypatch.setattr("dodo_hooks.git.index_entries._LOCK_WAIT_S", 0.05)
    hidden = hide(text)
    fix(text, hidden, b"text", content=COLLIDING)
    lock = text.write(".git/index.lock", "")
    if was_killed:
        abandon(hidden)
        _, said, *_ = restore_interrupted(text.facts, text.env)
    else:
        said = hidden.restore().sentences[0]
    conflict = "the fixes to text conflict with your unstaged changes, and the fixes of jobs stay staged"
    reason = f"the index is locked; if no other git runs here, `rm {lock}`, and try again"
    assert said.removeprefix("commit refused: ") == f"{conflict}: {reason}"
    assert said.startswith("commit refused: ") != was_killed
    assert text.read("text") == unstaged_text() and text.git("show", ":text").stdout == COLLIDING


def test_g5_each_refused_commit_keeps_its_own(text: Repo) -> None:
    for content in (COLLIDING, COLLIDING + "and more\n"):
        hidden = hide(text)
        fix(text, hidden, b"text", content=content)
        assert hidden.restore().conflict
    assert kept(text) == [("text", COLLIDING), ("text", COLLIDING + "and more\n")]


def test_g5_where_no_commit_is_refused_nothing_is_kept(text: Repo) -> None:
    hidden = hide(text)
    fix(text, hidden, b"text")
    assert not hidden.restore().conflict and not text.has(".git/dodo-hooks-kept")


def test_g5_a_recovery_of_a_refused_commit_keeps_the_same(text: Repo) -> None:
    hidden = hide(text)
    fix(text, hidden, b"text", content=COLLIDING)
    abandon(hidden)
    said = restore_interrupted(text.facts, text.env)
    assert "dodo-hooks-kept" in said[-1] and text.read("text") == unstaged_text()
    assert kept(text) == [("text", COLLIDING)]


def test_g5_a_copy_that_cannot_be_made_is_waited_for_and_nothing_is_taken_away(text: Repo) -> None:
    hidden = hide(text)
    fix(text, hidden, b"text", content=COLLIDING)
    text.write(".git/dodo-hooks-kept", "in the way\n")
    result = hidden.restore()
    assert result.conflict and not result.is_complete and text.read("text") == COLLIDING
    (text.path / ".git/dodo-hooks-kept").unlink()
    restore_interrupted(text.facts, text.env)
    assert text.read("text") == unstaged_text() and kept(text) == [("text", COLLIDING)]


@pytest.mark.parametrize("content", [COLLIDING, fixed_text()])
def test_g5_what_a_job_leaves_that_did_not_succeed_is_not_the_owners(text: Repo, content: str) -> None:
    hidden = hide(text)
    stager = FixStager(text.facts, text.env, hidden, [b"text"])
    stager.before([b"text"])
    write(text, b"text", content)
    assert stager.before([b"text"]).foreign == {b"text"}  # so no later job's fix is staged with it
    result = hidden.restore(Ending(False, {b"text": ("fmt",)}))
    assert not result.conflict and result.sentences[0].startswith("text: changed by job fmt, or while it ran: saved as")
    assert text.git("show", ":text").stdout == STAGED
    assert (text.read("text"), text.read("text.during-hook")) == (unstaged_text(), content)


def test_g5_a_fix_that_is_staged_stays_also_if_a_job_that_fails_has_written_over_it(text: Repo) -> None:
    hidden = hide(text)
    fix(text, hidden, b"text")
    write(text, b"text", "half of a file\n")
    result = hidden.restore(Ending(False, {b"text": ("fmt", "lint")}))
    assert result.sentences[0].startswith("text: changed by one of the jobs fmt, lint, or while they ran: saved as")
    assert (text.read("text"), text.read("text.during-hook")) == (fixed_and_unstaged_text(), "half of a file\n")
    assert text.git("show", ":text").stdout == fixed_text()


@pytest.mark.parametrize("ending", [Ending(True, {}), Ending(False, {})])
def test_g5_a_fix_that_could_not_be_staged_is_none(text: Repo, ending: Ending) -> None:
    """Let an editor save whenever git has read the file."""
    hidden = hide(text)
    text.write(".git/info/attributes", "text filter=editor\n")
    text.git("config", "filter.editor.clean", "cat; echo saved >>text")
    stager = FixStager(text.facts, text.env, hidden, [b"text"])
    watch = stager.before([b"text"])
    write(text, b"text", fixed_text())
    assert stager.after(watch).paths == ()
    text.git("config", "filter.editor.clean", "cat")
    seen = text.read("text")
    hidden.restore(ending)
    assert text.git("show", ":text").stdout == STAGED
    if ending.has_succeeded:
        assert text.read("text") == fixed_and_unstaged_text() + seen.removeprefix(fixed_text())
    else:
        assert (text.read("text"), text.read("text.during-hook")) == (unstaged_text(), seen)


def test_g5_a_jobs_deletion_that_is_staged_collides_with_unstaged_edits(text: Repo) -> None:
    before, index = snapshot(text.path), index_of(text)
    hidden = hide(text)
    stager = FixStager(text.facts, text.env, hidden, [b"text"])
    watch = stager.before([b"text"])
    (text.path / "text").unlink()
    assert stager.after(watch).paths == (b"text",)
    assert hidden.restore().conflict
    assert (snapshot(text.path), index_of(text)) == (before, index)


@pytest.mark.parametrize("ending", [Ending(True, {}), Ending(False, {})])
def test_g5_what_a_job_has_emptied_comes_back_and_leaves_nothing(text: Repo, ending: Ending) -> None:
    before = snapshot(text.path)
    hidden = hide(text)
    text.write("text", "")
    assert hidden.restore(ending).sentences == ()
    assert difference(before, snapshot(text.path)) == {}


def test_g5_what_its_owner_wrote_before_a_killed_run_came_to_it_is_the_newest(text: Repo) -> None:
    """Keep it: the journal was there, and this path not hidden yet, so only its owner can have written there since."""
    facts = text.facts
    lock = take_lock(facts, waits=True)
    assert lock is not None
    journal = Journal(facts.git_dir)
    add_entries(facts, text.env, journal, unstaged_changes(facts, text.env), lock)
    journal.write()
    os.close(lock)
    write(text, b"text", "all anew\n")
    restore_interrupted(facts, text.env)
    assert text.read("text") == "all anew\n" and not text.has("text.unstaged")


def test_g5_what_somebody_has_removed_is_not_said_to_be_there(text: Repo) -> None:
    hidden = hide(text)
    shutil.rmtree(text.path / ".git/dodo-hooks-aside")
    result = hidden.restore()
    assert result.conflict and not result.is_complete
    assert "another program removed" in result.sentences[0] and "nothing is lost" not in " ".join(result.sentences)


def test_g5_a_repository_that_was_moved_meanwhile_has_what_was_hidden(text: Repo, tmp_path: Path) -> None:
    before = snapshot(text.path)
    hidden = hide(text)
    text.path.rename(tmp_path / "moved")
    result = hidden.restore()
    assert not result.is_complete and "was moved or removed; if it was moved, nothing is lost" in result.sentences[0]
    moved = Repo(tmp_path / "moved", text.env)
    restore_interrupted(moved.facts, moved.env)
    assert difference(before, snapshot(moved.path)) == {}


def test_g5_a_job_that_makes_a_file_executable_whose_text_has_unstaged_edits(text: Repo) -> None:
    hidden = hide(text)
    stager = FixStager(text.facts, text.env, hidden, [b"text"])
    watch = stager.before([b"text"])
    (text.path / "text").chmod(0o755)
    assert stager.after(watch).paths == (b"text",)
    assert hidden.restore().sentences == ()
    assert index_of(text)["text"].startswith("100755 ")
    assert text.read("text") == unstaged_text() and os.access(text.path / "text", os.X_OK)


def test_g5_garbage_collection_meanwhile(text: Repo) -> None:
    hidden = hide(text)
    fix(text, hidden, b"text")
    text.git("gc", "-q", "--prune=now")
    assert hidden.restore().sentences == ()
    assert text.read("text") == fixed_and_unstaged_text()
