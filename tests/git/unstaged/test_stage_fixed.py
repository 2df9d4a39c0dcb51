"""Fixes that jobs make while unstaged changes are hidden: staged, and merged with those (G5, G6)."""

from kit.commits.hiding import fix, hide, stager_of
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


def test_g5_a_jobs_fixes_are_staged_and_merged_with_the_unstaged_edits(text: Repo) -> None:
    hidden = hide(text)
    fix(text, hidden, b"text")
    result = hidden.restore()
    assert (result.sentences, result.conflict) == ((), False)
    assert text.git("show", ":text").stdout == fixed_text()
    assert text.read("text") == fixed_and_unstaged_text()


def test_g5_fixes_that_collide_with_unstaged_edits_refuse_the_commit_and_all_is_as_it_was(text: Repo) -> None:
    text.write("whole", STAGED)
    text.write("other", STAGED)
    text.git("add", "whole", "other")
    text.write("other", unstaged_text())
    before, index = snapshot(text.path), index_of(text)
    hidden = hide(text)
    fix(text, hidden, b"whole", b"other")  # no collision here
    fix(text, hidden, b"text", content=STAGED.replace("line 30\n", "line thirty, fixed\n"))
    assert index_of(text) != index
    result = hidden.restore()
    assert (
        result.conflict
        and result.is_complete
        and result.sentences[0].startswith("commit refused: the fixes to text conflict")
    )
    assert difference(before, snapshot(text.path)) == {}
    assert index_of(text) == index


def test_g5_a_job_and_an_editor_on_the_same_file(text: Repo) -> None:
    hidden = hide(text)
    fix(text, hidden, b"text")
    write(text, b"text", fixed_text().replace("line 0\n", "line zero, from an editor\n"))
    assert hidden.restore().sentences == ()
    assert text.read("text") == fixed_and_unstaged_text().replace("line 0\n", "line zero, from an editor\n")
    assert text.git("show", ":text").stdout == fixed_text()


def test_g5_what_an_editor_saved_before_the_job_is_not_staged(text: Repo) -> None:
    hidden = hide(text)
    write(text, b"text", STAGED.replace("line 10\n", "line ten, from an editor\n"))
    stager = stager_of(text, hidden, b"text")
    watch = stager.before([b"text"])
    write(text, b"text", fixed_text().replace("line 10\n", "line ten, from an editor\n"))
    staged = stager.after(watch)
    assert staged.paths == () and staged.sentences[0].startswith("the fix of text is not staged: another program")
    assert hidden.restore().sentences == ()
    assert text.git("show", ":text").stdout == STAGED
    assert text.read("text") == fixed_and_unstaged_text().replace("line 10\n", "line ten, from an editor\n")


def test_g5_a_job_that_fixes_what_is_deleted_in_the_tree(text: Repo) -> None:
    (text.path / "text").unlink()
    hidden = hide(text)
    fix(text, hidden, b"text")
    result = hidden.restore()
    assert (result.sentences, result.conflict) == ((), False)
    assert text.git("show", ":text").stdout == fixed_text()
    assert not text.has("text")  # as its owner wants it; what stood there is in the commit
