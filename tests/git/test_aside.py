"""Unstaged changes are hidden while the jobs of a commit run, and restored to the last byte (G5)."""

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.repo import find_repo
from dodo_hooks.git.unstaged.backup import DisturbedError, back_up_unstaged, check_out_staged
from dodo_hooks.git.unstaged.hide import HiddenChanges, hide_unstaged, restore_interrupted
from dodo_hooks.git.unstaged.job_writes import Ending
from dodo_hooks.git.unstaged.journal import Journal
from dodo_hooks.git.unstaged.lock import lock_shared, release_lock, take_lock
from dodo_hooks.git.unstaged.restore import Restorer
from dodo_hooks.git.unstaged.stage_fixed import FixStager
from dodo_hooks.git.worktree_status import unstaged_changes
from dodo_hooks.host.files import exchange
from kit.gate import Gate
from kit.repo import PACKAGES, Repo
from kit.unstaged import (
    STAGED,
    TEXT,
    Thing,
    difference,
    fixed_and_unstaged_text,
    fixed_text,
    index_of,
    make_work,
    snapshot,
    unstaged_text,
    write,
)


def put_aside(repo: Repo, **more: str) -> HiddenChanges:
    environ = {**repo.env, **more}
    aside = hide_unstaged(find_repo(environ, str(repo.path)), environ)
    assert aside is not None
    return aside


def staged_tree(repo: Repo, name: str = "checkout") -> dict[bytes, Thing]:
    """Return what git checks out of the index."""
    place = repo.path.parent / name
    repo.git("checkout-index", "-a", f"--prefix={place}/")
    return snapshot(place)


@pytest.fixture
def text(repo: Repo) -> Repo:
    """Make a repository with one file that has a staged and an unstaged change."""
    repo.write("text", STAGED)
    repo.git("add", "text")
    repo.write("text", unstaged_text())
    return repo


def test_g5_where_everything_is_staged_nothing_is_set_aside(repo: Repo) -> None:
    repo.write("file", "staged\n")
    repo.git("add", "file")
    repo.write("untracked", "not git's\n")
    before = sorted(os.listdir(repo.path / ".git"))
    assert hide_unstaged(find_repo(repo.env, str(repo.path)), repo.env) is None
    assert sorted(os.listdir(repo.path / ".git")) == before


def test_g5_every_sort_of_unstaged_change_is_set_aside_and_comes_back(repo: Repo) -> None:
    make_work(repo, 500)
    before, index = snapshot(repo.path), index_of(repo)
    aside = put_aside(repo)
    during = snapshot(repo.path)
    expected = {**staged_tree(repo), b"untracked": before[b"untracked"]}
    del expected[b"intended"]
    assert difference(expected, during) == {}
    assert repo.git("diff", "--stat").stdout.count("|") == 1  # the one that was only intended to be added
    result = aside.restore()
    assert (result.sentences, result.conflict, result.is_whole) == ((), False, True)
    assert difference(before, snapshot(repo.path)) == {}
    assert index_of(repo) == index
    assert not repo.has(".git/dodo-hooks-aside")


# Somebody else writes meanwhile


def test_g5_what_an_editor_saves_meanwhile_is_merged_with_what_was_set_aside(text: Repo) -> None:
    aside = put_aside(text)
    assert text.read("text") == STAGED
    write(text, b"text", STAGED.replace("line 10\n", "line ten, from an editor\n"))
    result = aside.restore()
    assert (result.sentences, result.conflict) == ((), False)
    assert text.read("text") == unstaged_text().replace("line 10\n", "line ten, from an editor\n")


def test_g5_an_editor_that_saves_its_whole_buffer_again_loses_nothing(text: Repo) -> None:
    aside = put_aside(text)
    write(text, b"text", unstaged_text() + "and more\n")
    assert aside.restore().sentences == ()
    assert text.read("text") == unstaged_text() + "and more\n"


def test_g5_what_cannot_be_merged_is_kept_beside_and_named_and_overwrites_nothing(text: Repo) -> None:
    text.write("text.during-hook", "of somebody else\n")
    aside = put_aside(text)
    write(text, b"text", unstaged_text(", in another way"))
    result = aside.restore()
    assert not result.conflict  # of no job's making: the commit may go on
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
    aside = put_aside(repo)
    write(repo, b"binary", saved)
    assert "binary.during-hook" in aside.restore().sentences[0]
    assert (repo.path / "binary").read_bytes() == unstaged
    assert (repo.path / "binary.during-hook").read_bytes() == saved


def test_g5_a_file_that_somebody_deleted_meanwhile_comes_back(text: Repo) -> None:
    aside = put_aside(text)
    (text.path / "text").unlink()
    assert aside.restore().sentences == ()
    assert text.read("text") == unstaged_text()


def test_g5_a_deleted_file_that_somebody_made_anew_meanwhile_is_saved_beside(text: Repo) -> None:
    (text.path / "text").unlink()
    aside = put_aside(text)
    write(text, b"text", "anew\n")
    assert "text.during-hook" in aside.restore().sentences[0]
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
    aside = put_aside(repo)
    happens(repo)
    others = snapshot(repo.path)
    result = aside.restore()
    assert result.is_whole and "text.unstaged" in result.sentences[0]
    after = snapshot(repo.path)
    kept = [after.pop(path)[2] for path in list(after) if path.endswith(b"text.unstaged")]
    assert kept == [unstaged_text().encode()]
    assert difference(others, after) == {}


def test_g5_a_folder_that_was_removed_meanwhile_is_made_again(repo: Repo) -> None:
    repo.write("dir/deep/text", STAGED)
    repo.git("add", "dir")
    repo.write("dir/deep/text", unstaged_text())
    aside = put_aside(repo)
    repo.call("rm", "-r", "dir", check=True)
    assert aside.restore().sentences == ()
    assert repo.read("dir/deep/text") == unstaged_text()


def test_g5_an_editor_that_saves_between_the_copy_and_the_move_is_noticed(text: Repo) -> None:
    facts = find_repo(text.env, str(text.path))
    lock = take_lock(facts, waits=True)
    assert lock is not None
    journal = Journal(facts.git_dir)
    back_up_unstaged(facts, text.env, journal, unstaged_changes(facts, text.env), lock)
    journal.write()
    write(text, b"text", unstaged_text(", saved just now"))
    before = snapshot(text.path)
    with pytest.raises(DisturbedError):
        check_out_staged(facts, journal)
    assert Restorer(facts, text.env, journal, lock).run().sentences == ()
    release_lock(lock)
    assert difference(before, snapshot(text.path)) == {}
    assert not text.has(".git/dodo-hooks-aside")


# Jobs


def fix(repo: Repo, aside: HiddenChanges, *names: bytes, content: str = fixed_text()) -> None:
    """Change these files as a job with `stage_fixed` does."""
    restager = FixStager(find_repo(repo.env, str(repo.path)), repo.env, aside, names)
    watch = restager.before(names)
    for name in names:
        write(repo, name, content)
    assert set(restager.after(watch).paths) == set(names)


def test_g5_a_jobs_fixes_are_staged_and_merged_with_the_unstaged_edits(text: Repo) -> None:
    aside = put_aside(text)
    fix(text, aside, b"text")
    result = aside.restore()
    assert (result.sentences, result.conflict) == ((), False)
    assert text.git("show", ":text").stdout == fixed_text()
    assert text.read("text") == fixed_and_unstaged_text()


def test_g5_fixes_that_collide_with_unstaged_edits_refuse_the_commit_and_all_is_as_it_was(text: Repo) -> None:
    text.write("whole", STAGED)
    text.write("other", STAGED)
    text.git("add", "whole", "other")
    text.write("other", unstaged_text())
    before, index = snapshot(text.path), index_of(text)
    aside = put_aside(text)
    fix(text, aside, b"whole", b"other")  # no collision here
    fix(text, aside, b"text", content=STAGED.replace("line 30\n", "line thirty, fixed\n"))
    assert index_of(text) != index
    result = aside.restore()
    assert (
        result.conflict
        and result.is_whole
        and result.sentences[0].startswith("commit refused: the fixes to text conflict")
    )
    assert difference(before, snapshot(text.path)) == {}
    assert index_of(text) == index


def test_g5_a_job_and_an_editor_on_the_same_file(text: Repo) -> None:
    aside = put_aside(text)
    fix(text, aside, b"text")
    write(text, b"text", fixed_text().replace("line 0\n", "line zero, from an editor\n"))
    assert aside.restore().sentences == ()
    assert text.read("text") == fixed_and_unstaged_text().replace("line 0\n", "line zero, from an editor\n")
    assert text.git("show", ":text").stdout == fixed_text()


def test_g5_what_an_editor_saved_before_the_job_is_not_staged(text: Repo) -> None:
    aside = put_aside(text)
    write(text, b"text", STAGED.replace("line 10\n", "line ten, from an editor\n"))
    restager = FixStager(find_repo(text.env, str(text.path)), text.env, aside, [b"text"])
    watch = restager.before([b"text"])
    write(text, b"text", fixed_text().replace("line 10\n", "line ten, from an editor\n"))
    staged = restager.after(watch)
    assert staged.paths == () and staged.sentences[0].startswith("the fix of text is not staged: another program")
    assert aside.restore().sentences == ()
    assert text.git("show", ":text").stdout == STAGED
    assert text.read("text") == fixed_and_unstaged_text().replace("line 10\n", "line ten, from an editor\n")


def test_g5_a_job_that_fixes_what_is_deleted_in_the_tree(text: Repo) -> None:
    (text.path / "text").unlink()
    aside = put_aside(text)
    fix(text, aside, b"text")
    result = aside.restore()
    assert (result.sentences, result.conflict) == ((), False)
    assert text.git("show", ":text").stdout == fixed_text()
    assert not text.has("text")  # as its owner wants it; what stood there is in the commit


# What a refused commit takes out of the tree


COLLIDING = STAGED.replace("line 30\n", "line thirty, fixed or saved\n")


def kept(repo: Repo) -> list[tuple[str, str]]:
    """Return path and text of all that is kept of refused commits, whenever that was."""
    found = snapshot(repo.path / ".git/dodo-hooks-kept").items()
    files = [(os.fsdecode(path), data.decode()) for path, (kind, _, data) in found if kind == "file"]
    return sorted((path.partition("/")[2], text) for path, text in files)


def test_g5_what_stands_there_when_a_commit_is_refused_is_kept(text: Repo) -> None:
    for name in ("dir/whole", "apart", "untouched"):
        text.write(name, STAGED)
        text.git("add", name)
    text.write("apart", unstaged_text())
    before = snapshot(text.path)
    aside = put_aside(text)
    fix(text, aside, b"dir/whole", b"apart")
    fix(text, aside, b"text", content=COLLIDING)
    place = text.path / ".git/dodo-hooks-kept"
    result = aside.restore()
    assert result.conflict and str(place) in result.sentences[-1]
    assert difference(before, snapshot(text.path)) == {}
    assert kept(text) == [("apart", fixed_text()), ("dir/whole", fixed_text()), ("text", COLLIDING)]


def test_g5_each_refused_commit_keeps_its_own(text: Repo) -> None:
    for content in (COLLIDING, COLLIDING + "and more\n"):
        aside = put_aside(text)
        fix(text, aside, b"text", content=content)
        assert aside.restore().conflict
    assert kept(text) == [("text", COLLIDING), ("text", COLLIDING + "and more\n")]


def test_g5_where_no_commit_is_refused_nothing_is_kept(text: Repo) -> None:
    aside = put_aside(text)
    fix(text, aside, b"text")
    assert not aside.restore().conflict and not text.has(".git/dodo-hooks-kept")


def test_g5_a_recovery_of_a_refused_commit_keeps_the_same(text: Repo) -> None:
    aside = put_aside(text)
    fix(text, aside, b"text", content=COLLIDING)
    abandon(aside)
    said = restore_interrupted(find_repo(text.env, str(text.path)), text.env)
    assert "dodo-hooks-kept" in said[-1] and text.read("text") == unstaged_text()
    assert kept(text) == [("text", COLLIDING)]


def test_g5_a_copy_that_cannot_be_made_is_waited_for_and_nothing_is_taken_away(text: Repo) -> None:
    aside = put_aside(text)
    fix(text, aside, b"text", content=COLLIDING)
    text.write(".git/dodo-hooks-kept", "in the way\n")
    result = aside.restore()
    assert result.conflict and not result.is_whole and text.read("text") == COLLIDING
    (text.path / ".git/dodo-hooks-kept").unlink()
    restore_interrupted(find_repo(text.env, str(text.path)), text.env)
    assert text.read("text") == unstaged_text() and kept(text) == [("text", COLLIDING)]


@pytest.mark.parametrize("content", [COLLIDING, fixed_text()])
def test_g5_what_a_job_leaves_that_did_not_succeed_is_not_the_owners(text: Repo, content: str) -> None:
    aside = put_aside(text)
    restager = FixStager(find_repo(text.env, str(text.path)), text.env, aside, [b"text"])
    watch = restager.before([b"text"])
    write(text, b"text", content)
    assert restager.after(watch, stages=False).paths == ()
    assert restager.before([b"text"]).foreign == {b"text"}  # so no later job's fix is staged with it
    result = aside.restore(Ending(False, {b"text": ("fmt",)}))
    assert not result.conflict and result.sentences[0].startswith("text: changed by job fmt, or while it ran: saved as")
    assert text.git("show", ":text").stdout == STAGED
    assert (text.read("text"), text.read("text.during-hook")) == (unstaged_text(), content)


def test_g5_a_fix_that_is_staged_stays_also_if_a_job_that_fails_has_written_over_it(text: Repo) -> None:
    aside = put_aside(text)
    fix(text, aside, b"text")
    write(text, b"text", "half of a file\n")
    result = aside.restore(Ending(False, {b"text": ("fmt", "lint")}))
    assert result.sentences[0].startswith("text: changed by one of the jobs fmt, lint, or while they ran: saved as")
    assert (text.read("text"), text.read("text.during-hook")) == (fixed_and_unstaged_text(), "half of a file\n")
    assert text.git("show", ":text").stdout == fixed_text()


@pytest.mark.parametrize("ending", [Ending(True, {}), Ending(False, {})])
def test_g5_a_fix_that_could_not_be_staged_is_none(text: Repo, ending: Ending) -> None:
    """Let an editor save whenever git has read the file."""
    aside = put_aside(text)
    text.write(".git/info/attributes", "text filter=editor\n")
    text.git("config", "filter.editor.clean", "cat; echo saved >>text")
    restager = FixStager(find_repo(text.env, str(text.path)), text.env, aside, [b"text"])
    watch = restager.before([b"text"])
    write(text, b"text", fixed_text())
    assert restager.after(watch).paths == ()
    text.git("config", "filter.editor.clean", "cat")
    seen = text.read("text")
    aside.restore(ending)
    assert text.git("show", ":text").stdout == STAGED
    if ending.has_succeeded:
        assert text.read("text") == fixed_and_unstaged_text() + seen.removeprefix(fixed_text())
    else:
        assert (text.read("text"), text.read("text.during-hook")) == (unstaged_text(), seen)


def test_g5_a_jobs_deletion_that_is_staged_collides_with_unstaged_edits(text: Repo) -> None:
    before, index = snapshot(text.path), index_of(text)
    aside = put_aside(text)
    restager = FixStager(find_repo(text.env, str(text.path)), text.env, aside, [b"text"])
    watch = restager.before([b"text"])
    (text.path / "text").unlink()
    assert restager.after(watch).paths == (b"text",)
    assert aside.restore().conflict
    assert (snapshot(text.path), index_of(text)) == (before, index)


@pytest.mark.parametrize("ending", [Ending(True, {}), Ending(False, {})])
def test_g5_what_a_job_has_emptied_comes_back_and_leaves_nothing(text: Repo, ending: Ending) -> None:
    before = snapshot(text.path)
    aside = put_aside(text)
    text.write("text", "")
    assert aside.restore(ending).sentences == ()
    assert difference(before, snapshot(text.path)) == {}


def test_g5_what_its_owner_wrote_before_a_killed_run_came_to_it_is_the_newest(text: Repo) -> None:
    """Keep it: the journal was there, and this path not hidden yet, so only its owner can have written there since."""
    facts = find_repo(text.env, str(text.path))
    lock = take_lock(facts, waits=True)
    assert lock is not None
    journal = Journal(facts.git_dir)
    back_up_unstaged(facts, text.env, journal, unstaged_changes(facts, text.env), lock)
    journal.write()
    os.close(lock)
    write(text, b"text", "all anew\n")
    restore_interrupted(facts, text.env)
    assert (text.read("text"), text.read("text.unstaged")) == ("all anew\n", unstaged_text())


def test_g5_what_somebody_has_removed_is_not_said_to_be_there(text: Repo) -> None:
    aside = put_aside(text)
    shutil.rmtree(text.path / ".git/dodo-hooks-aside")
    result = aside.restore()
    assert result.conflict and not result.is_whole
    assert "another program removed" in result.sentences[0] and "nothing is lost" not in " ".join(result.sentences)


def test_g5_a_job_that_makes_a_file_executable_whose_text_has_unstaged_edits(text: Repo) -> None:
    aside = put_aside(text)
    restager = FixStager(find_repo(text.env, str(text.path)), text.env, aside, [b"text"])
    watch = restager.before([b"text"])
    (text.path / "text").chmod(0o755)
    assert restager.after(watch).paths == (b"text",)
    assert aside.restore().sentences == ()
    assert index_of(text)["text"].startswith("100755 ")
    assert text.read("text") == unstaged_text() and os.access(text.path / "text", os.X_OK)


def test_g5_garbage_collection_meanwhile(text: Repo) -> None:
    aside = put_aside(text)
    fix(text, aside, b"text")
    text.git("gc", "-q", "--prune=now")
    assert aside.restore().sentences == ()
    assert text.read("text") == fixed_and_unstaged_text()


# How git writes files


def test_g5_filters_and_line_ends(repo: Repo) -> None:
    repo.git("config", "core.autocrlf", "true")
    repo.git("config", "filter.upper.smudge", "tr a-z A-Z")
    repo.git("config", "filter.upper.clean", "tr A-Z a-z")
    repo.write(".gitattributes", "*.up filter=upper\n")
    repo.write("a.up", "ONE\nTWO\n")
    repo.write("b.txt", "one\r\ntwo\r\n")
    repo.git("add", ".")
    repo.write("a.up", "ONE\nTWO\nTHREE\n")
    repo.write("b.txt", "one\r\ntwo\r\nthree\r\n")
    before, index = snapshot(repo.path), index_of(repo)
    aside = put_aside(repo)
    assert (repo.path / "a.up").read_bytes() == b"ONE\r\nTWO\r\n" or repo.read("a.up") == "ONE\nTWO\n"
    assert (repo.path / "b.txt").read_bytes() == b"one\r\ntwo\r\n"
    assert repo.git("diff", "--name-only").stdout == ""
    assert aside.restore().sentences == ()
    assert difference(before, snapshot(repo.path)) == {}
    assert index_of(repo) == index


def test_g5_the_staged_gitattributes_say_how_the_staged_version_is_checked_out(repo: Repo) -> None:
    repo.write(".gitattributes", "*.sh text eol=lf\n")
    repo.write("dir/.gitattributes", "*.txt text eol=crlf\n")
    repo.write("a.txt", "one\ntwo\n")
    repo.write("dir/b.txt", "one\r\ntwo\r\n")
    repo.git("add", ".")
    for name in (".gitattributes", "a.txt", "dir/b.txt"):
        path = repo.path / name
        path.write_bytes(path.read_bytes() + b"*.txt text eol=crlf\n")
    repo.write("dir/.gitattributes", "*.txt -text\n")
    before, expected = snapshot(repo.path), {}
    for name in ("a.txt", "dir/b.txt"):
        expected[os.fsencode(name)] = b"one\ntwo\n" if name == "a.txt" else b"one\r\ntwo\r\n"
    aside = put_aside(repo)
    assert {path: snapshot(repo.path)[path][2] for path in expected} == expected
    assert repo.read(".gitattributes") == "*.sh text eol=lf\n"
    result = aside.restore()
    assert (result.sentences, result.is_whole) == ((), True)
    assert difference(before, snapshot(repo.path)) == {}
    assert not repo.has(".git/dodo-hooks-aside")


def test_g5_a_filter_that_fails_after_the_gitattributes_were_set_aside(text: Repo) -> None:
    text.write(".gitattributes", "text filter=broken\n")
    text.git("add", ".gitattributes")
    text.write(".gitattributes", "# none\n")
    text.git("config", "filter.broken.smudge", "false")
    text.git("config", "filter.broken.required", "true")
    before = snapshot(text.path)
    with pytest.raises(GitError):
        put_aside(text)
    assert difference(before, snapshot(text.path)) == {}
    assert not text.has(".git/dodo-hooks-aside")


def test_g5_a_filter_that_fails_leaves_the_tree_alone(text: Repo) -> None:
    text.git("config", "filter.broken.smudge", "false")
    text.git("config", "filter.broken.required", "true")
    text.write(".gitattributes", "text filter=broken\n")
    before = snapshot(text.path)
    with pytest.raises(GitError):
        put_aside(text)
    assert difference(before, snapshot(text.path)) == {}
    assert not text.has(".git/dodo-hooks-aside")


def test_g5_submodules_unmerged_paths_and_directories_are_left_alone(repo: Repo) -> None:
    other = Repo.create(repo.path.parent / "other", repo.env)
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "sub")
    repo.write("file", "a file\n")
    repo.write("both", "one\n")
    repo.git("add", ".")
    repo.git("commit", "-qm", "one")
    repo.git("checkout", "-qb", "topic")
    repo.write("both", "two\n")
    repo.git("commit", "-qam", "two")
    repo.git("checkout", "-q", "main")
    repo.write("both", "three\n")
    repo.git("commit", "-qam", "three")
    repo.git("merge", "topic", check=False)
    Repo(repo.path / "sub", repo.env).git("commit", "-q", "--allow-empty", "-m", "moved")
    repo.write("sub/untracked", "")
    (repo.path / "file").unlink()
    repo.write("file/inside", "")
    assert hide_unstaged(find_repo(repo.env, str(repo.path)), repo.env) is None


def test_g5_on_a_branch_without_a_commit(tmp_path: Path, repo: Repo) -> None:
    repo.git("checkout", "-q", "--orphan", "unborn")
    repo.write("text", STAGED)
    repo.git("add", "text")
    repo.write("text", unstaged_text())
    aside = put_aside(repo)
    assert repo.read("text") == STAGED
    assert aside.restore().sentences == ()
    assert repo.read("text") == unstaged_text()


def test_g5_a_sha_256_repository(repo: Repo) -> None:
    path = repo.path.parent / "sha256"
    repo.call("git", "init", "-q", "--object-format=sha256", str(path), check=True)
    other = Repo(path, repo.env)
    make_work(other, 5, megabytes=0)
    before = snapshot(path)
    aside = put_aside(other)
    fix(other, aside, b"staged")
    assert other.git("diff", "--name-only").stdout == "intended\n"
    assert aside.restore().sentences == ()
    assert set(difference(before, snapshot(path))) == {b"staged"}


def test_g5_the_index_that_counts_is_the_one_that_git_names(text: Repo) -> None:
    text.git("commit", "-qm", "one")
    text.git("read-tree", "--index-output=.git/other-index", "HEAD")
    text.write("text", STAGED)
    text.git("add", "text")
    text.write("text", TEXT)
    text.git("add", "text")
    aside = put_aside(text, GIT_INDEX_FILE=".git/other-index")
    assert text.read("text") == STAGED
    aside.restore()
    assert text.read("text") == TEXT


# Where things lie


def test_g5_a_git_directory_on_another_file_system(text: Repo) -> None:
    far = Path("/dev/shm")
    if not far.is_dir() or far.stat().st_dev == text.path.stat().st_dev:
        pytest.skip("there is no other file system")
    with tempfile.TemporaryDirectory(dir=far) as place:
        text.git("commit", "-qm", "one")
        text.write("text", STAGED)
        make_work(text, 5)
        text.write("text", unstaged_text())
        shutil.move(text.path / ".git", f"{place}/git")
        text.write(".git", f"gitdir: {place}/git\n")
        before, index = snapshot(text.path), index_of(text)
        aside = put_aside(text)
        assert text.read("text") == STAGED
        write(text, b"text", unstaged_text(", in another way"))
        assert len(aside.restore().sentences) == 1
        assert text.read("text.during-hook") == unstaged_text(", in another way")
        (text.path / "text.during-hook").unlink()
        assert difference(before, snapshot(text.path)) == {}
        assert index_of(text) == index


def test_g5_a_file_system_that_cannot_exchange_names(text: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_NAME", "there_is_no_such_call")
    make_work(text, 5)
    text.write("text", unstaged_text(" again"))
    before = snapshot(text.path)
    aside = put_aside(text)
    assert text.read("text") == unstaged_text()  # which `make_work` has committed
    assert aside.restore().sentences == ()
    assert difference(before, snapshot(text.path)) == {}


def test_g5_an_inode_that_another_file_has_now_tells_nothing(text: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a case in which only a copy of the owner's file can be kept: the system gives its number to the next file."""

    def refuse(*args: object, **more: object) -> None:
        raise PermissionError(errno.EPERM, "no hard links")

    monkeypatch.setattr(exchange, "_NAME", "there_is_no_such_call")
    monkeypatch.setattr(os, "link", refuse)
    aside = put_aside(text)
    write(text, b"text", "by a job\n")
    aside._entries[b"text"].inode = os.stat(text.path / "text").st_ino
    assert len(aside.restore(Ending(False, {})).sentences) == 1
    assert (text.read("text"), text.read("text.during-hook")) == (unstaged_text(), "by a job\n")


def test_g5_a_linked_worktree_has_its_own(text: Repo) -> None:
    text.git("commit", "-qm", "one")
    linked = text.worktree("linked")
    for one in (text, linked):
        one.write("text", unstaged_text())
    in_linked, in_main = put_aside(linked), put_aside(text)
    assert linked.read("text") == text.read("text") == STAGED
    for aside in (in_main, in_linked):
        assert aside.restore().sentences == ()
    assert linked.read("text") == text.read("text") == unstaged_text()


# When it cannot be done


@pytest.fixture
def full_disk() -> Iterator[Callable[[bool], None]]:
    """Simulate a full disk, as far as a test can: no file may grow beyond 64 kB."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def set_full(is_full: bool) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536 if is_full else limits[0], limits[1]))

    yield set_full
    set_full(False)


def test_g5_a_full_disk_at_the_beginning_touches_nothing(repo: Repo, full_disk: Callable[[bool], None]) -> None:
    make_work(repo, 5)
    before = snapshot(repo.path)
    full_disk(True)
    with pytest.raises(GitError, match=r"cannot be hidden|checkout-index"):
        put_aside(repo)
    full_disk(False)
    assert difference(before, snapshot(repo.path)) == {}
    assert not repo.has(".git/dodo-hooks-aside/journal")


def test_g5_a_full_disk_at_the_end_is_said_and_the_next_one_puts_back(
    repo: Repo, full_disk: Callable[[bool], None]
) -> None:
    make_work(repo, 5)
    before, facts = snapshot(repo.path), find_repo(repo.env, str(repo.path))
    aside = put_aside(repo)
    shutil.rmtree(repo.path / ".git/dodo-hooks-aside/original")  # as where nothing can be moved
    full_disk(True)
    result = aside.restore()
    assert result.conflict and not result.is_whole and result.sentences[0].startswith("big cannot be restored now")
    with pytest.raises(GitError, match="big cannot be restored"):
        restore_interrupted(facts, repo.env)
    with pytest.raises(GitError, match="big cannot be restored"):
        put_aside(repo)  # nothing is set aside on top of what is owed
    full_disk(False)
    assert "restored the unstaged" in restore_interrupted(facts, repo.env)[0]
    assert difference(before, snapshot(repo.path)) == {}


def test_g5_a_full_disk_at_the_end_is_no_matter_where_files_can_be_moved(
    repo: Repo, full_disk: Callable[[bool], None]
) -> None:
    make_work(repo, 5)
    before = snapshot(repo.path)
    aside = put_aside(repo)
    full_disk(True)
    assert aside.restore().sentences == ()
    assert difference(before, snapshot(repo.path)) == {}


def test_g5_the_very_file_comes_back(text: Repo) -> None:
    (text.path / "text").chmod(0o640)
    (text.path.parent / "linked").hardlink_to(text.path / "text")
    before = os.stat(text.path / "text")
    put_aside(text).restore()
    after = os.stat(text.path / "text")
    assert (after.st_ino, after.st_mode, after.st_nlink) == (before.st_ino, before.st_mode, 2)
    assert after.st_mtime_ns > before.st_mtime_ns  # what a job built from the staged version is older


@pytest.mark.parametrize("ends", ["with the run", "killed"])
def test_g5_a_program_that_has_the_file_open_goes_on_writing_there(text: Repo, ends: str) -> None:
    with open(text.path / "text", "a") as log:
        aside = put_aside(text)
        fix(text, aside, b"text")
        log.write("more\n")
        log.flush()
        if ends == "killed":
            abandon(aside)
            restore_interrupted(find_repo(text.env, str(text.path)), text.env)
        else:
            assert aside.restore().sentences == ()
    assert text.read("text") == fixed_and_unstaged_text() + "more\n"


def test_g5_what_a_program_writes_after_its_file_was_merged_goes_on_beside(
    text: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(text.path / "text", "a") as log:
        aside = put_aside(text)
        fix(text, aside, b"text")
        put_all = Restorer._put_all

        def put_and_write(putting: Restorer) -> None:
            put_all(putting)
            log.write("more\n")
            log.flush()

        monkeypatch.setattr(Restorer, "_put_all", put_and_write)
        result = aside.restore()
        log.write("and more\n")
    assert len(result.sentences) == 1 and "saved as text.unstaged" in result.sentences[0]
    assert text.read("text") == fixed_and_unstaged_text()
    assert text.read("text.unstaged") == unstaged_text() + "more\nand more\n"


@pytest.mark.parametrize("clean", ["git clean -qfdx", "git clean -qfd", "git add -A"])
def test_g5_jobs_do_not_see_what_we_keep_in_the_working_tree(far: Repo, clean: str) -> None:
    aside = put_aside(far)
    assert (far.path / ".dodo-hooks-aside").is_dir()
    assert far.git("status", "--porcelain").stdout == "A  text\n"
    far.git(*clean.split()[1:])
    assert aside.restore().sentences == ()
    assert far.read("text") == unstaged_text() and far.git("ls-files").stdout == "text\n"
    assert not far.has(".dodo-hooks-aside")


@pytest.mark.parametrize("is_link", [False, True])
def test_g5_what_others_have_put_where_we_keep_files_is_not_taken_for_the_owners(far: Repo, is_link: bool) -> None:
    place = far.path.parent / "elsewhere"
    if is_link:
        place.mkdir()
        (place / "0.swap").write_text("of somebody's\n")
        (far.path / ".dodo-hooks-aside").symlink_to(place)
    else:
        far.write(".dodo-hooks-aside/0", "planted\n")
        far.write(".dodo-hooks-aside/kept", "somebody's\n")
    aside = None
    try:
        aside = put_aside(far)
    except GitError:
        assert is_link  # where no place can be had nothing is hidden
    if aside is not None:
        assert aside.restore().sentences == ()
    assert far.read("text") == unstaged_text()
    assert (
        [one.name for one in place.iterdir()] == ["0.swap"]
        if is_link
        else far.read(".dodo-hooks-aside/kept") == "somebody's\n"
    )


@pytest.fixture
def far(text: Repo) -> Iterator[Repo]:
    """Make the same repository with the git directory on another file system."""
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == text.path.stat().st_dev:
        pytest.skip("there is no other file system")
    with tempfile.TemporaryDirectory(dir=shm) as place:
        shutil.move(text.path / ".git", f"{place}/git")
        text.write(".git", f"gitdir: {place}/git\n")
        yield text


def in_another_boot(repo: Repo) -> None:
    journal = repo.path / ".git/dodo-hooks-aside/journal"
    journal.write_text(json.dumps({**json.loads(journal.read_text()), "boot": "an earlier one"}))


@pytest.mark.parametrize(
    ("is_same_boot", "content", "is_right"),
    [
        (True, unstaged_text() + "in the same tick\n", True),
        (True, "rewritten in the same tick\n", True),
        (False, unstaged_text() + "in the same tick\n", True),
        (False, "\0" * len(unstaged_text()), False),
        (False, unstaged_text()[:100], False),
    ],
)
def test_g5_after_a_power_cut_alone_the_copy_is_better_than_a_file_that_lost_bytes(
    text: Repo, is_same_boot: bool, content: str, is_right: bool
) -> None:
    """Compare bytes, not times: on a coarse clock a later write has the old time."""
    abandon(put_aside(text))
    original = text.path / ".git/dodo-hooks-aside/original/0"
    status = os.stat(original)
    original.write_text(content)
    os.utime(original, ns=(status.st_atime_ns, status.st_mtime_ns))
    if not is_same_boot:
        in_another_boot(text)
    restore_interrupted(find_repo(text.env, str(text.path)), text.env)
    assert text.read("text") == (content if is_right else unstaged_text())
    assert (os.stat(text.path / "text").st_ino == status.st_ino) == is_right


def test_g5_a_journal_that_cannot_be_read_is_never_thrown_away(text: Repo) -> None:
    facts = find_repo(text.env, str(text.path))
    abandon(put_aside(text))
    journal = text.path / ".git/dodo-hooks-aside/journal"
    content = journal.read_bytes()
    journal.write_bytes(b"{")
    for attempt in (restore_interrupted, hide_unstaged):
        text.write("text", "changed\n")
        with pytest.raises(GitError, match=r"\.git/dodo-hooks-aside"):
            attempt(facts, text.env)
    write(text, b"text", STAGED)
    journal.write_bytes(content)
    assert "restored the unstaged" in restore_interrupted(facts, text.env)[0]
    assert text.read("text") == unstaged_text()


# Who waits for whom


def abandon(aside: HiddenChanges) -> None:
    """Leave the run as if its process had been killed."""
    os.close(aside.lock)


def test_g5_a_run_that_is_alive_is_left_alone_and_waited_for(text: Repo) -> None:
    facts = find_repo(text.env, str(text.path))
    aside = put_aside(text)
    assert lock_shared(facts, waits=False) is None
    assert restore_interrupted(facts, text.env) == []
    assert text.read("text") == STAGED
    with in_process(text, "wait_until_restored(repo); print(open('text').read() == unstaged_text())") as waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == b"begun\n"
        aside.restore()
        assert waiting.stdout.readline() == b"True\n"
    lock = lock_shared(facts, waits=False)
    assert lock is not None
    assert take_lock(facts, waits=False) is None  # a job is being started: nobody sets work aside
    os.close(lock)


@pytest.mark.parametrize("left", ["0", "0.away"])
def test_g5_bytes_that_were_on_their_way_when_a_run_was_killed_are_kept(text: Repo, left: str) -> None:
    facts = find_repo(text.env, str(text.path))
    abandon(put_aside(text))
    text.write(f".git/dodo-hooks-aside/swap/{left}", "an editor saved this in the very moment\n")
    text.write(".git/dodo-hooks-aside/swap/0.part", "half")
    said = restore_interrupted(facts, text.env)
    assert len(said) == 2 and "text.during-hook" in said[1]
    assert text.read("text.during-hook") == "an editor saved this in the very moment\n"
    assert text.read("text") == unstaged_text()


def test_g5_bytes_that_were_on_their_way_and_are_known_leave_nothing_behind(text: Repo) -> None:
    before = snapshot(text.path)
    abandon(put_aside(text))
    text.write(".git/dodo-hooks-aside/swap/0", unstaged_text())
    text.write(".dodo-hooks-aside/0.swap", STAGED)
    assert len(restore_interrupted(find_repo(text.env, str(text.path)), text.env)) == 1
    assert difference(before, snapshot(text.path)) == {}


def test_g5_two_recoveries_at_once(repo: Repo) -> None:
    make_work(repo, 60)
    before = snapshot(repo.path)
    abandon(put_aside(repo))
    with ExitStack() as stack:
        both = [
            stack.enter_context(in_process(repo, "print(restore_interrupted(repo, env, waits=True))")) for _ in range(2)
        ]
        said = sorted(one.communicate()[0] for one in both)
    assert said[0].endswith(b"begun\n[]\n") or b"restored" in said[0]
    assert sum(b"restored" in one for one in said) == 1
    assert difference(before, snapshot(repo.path)) == {}


def test_g5_a_recovery_waits_for_the_git_that_the_dead_run_had_started(text: Repo) -> None:
    """Give it the lock, too: a `git update-index` that goes on alone must not meet a recovery."""
    aside = put_aside(text)
    gate = Gate(text.path.parent / "gate")
    text.git("config", "filter.slow.clean", f"{gate.command}; cat")
    text.write(".git/info/attributes", "other filter=slow\n")
    text.write("other", "")
    code = (
        "from dodo_hooks.git.worktree_status import run_git_at_top\n"
        f"os.set_inheritable({aside.lock}, False)\n"
        f"run_git_at_top(repo, env, ('update-index', '--add', 'other'), lock={aside.lock})"
    )
    with in_process(text, code, keep=aside.lock) as staging:
        gate.wait()
        staging.kill()
        staging.wait()
        abandon(aside)
        assert restore_interrupted(find_repo(text.env, str(text.path)), text.env) == []
        gate.open()
    assert "restored the unstaged" in restore_interrupted(find_repo(text.env, str(text.path)), text.env, waits=True)[0]
    gate.close()
    assert text.read("text") == unstaged_text()


def in_process(repo: Repo, code: str, keep: "int | None" = None) -> "subprocess.Popen[bytes]":
    lines = (
        "import os",
        "from dodo_hooks.git.unstaged.hide import restore_interrupted",
        "from dodo_hooks.git.unstaged.lock import wait_until_restored",
        "from dodo_hooks.git.repo import find_repo",
        "from kit.unstaged import unstaged_text",
        "env = dict(os.environ); repo = find_repo(env, os.getcwd())",
        "print('begun', flush=True)",
        code,
    )
    return subprocess.Popen(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=repo.path,
        env={**repo.env, "PYTHONPATH": f"{PACKAGES}:{Path(__file__).parents[1]}"},
        stdout=subprocess.PIPE,
        pass_fds=() if keep is None else (keep,),
    )


# What it costs


@pytest.mark.parametrize("count", [1, 100])
def test_g5_the_number_of_git_processes_does_not_grow_with_the_files(repo: Repo, count: int) -> None:
    work = make_work(repo, count, megabytes=0)
    wrapper = repo.path.parent / "bin/git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$@" >>{repo.path.parent}/calls\nexec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    env = {**repo.env, "PATH": f"{wrapper.parent}:{repo.env['PATH']}"}
    facts = find_repo(env, str(repo.path))
    aside = hide_unstaged(facts, env)
    assert aside is not None
    files = [b"staged"]
    restager = FixStager(facts, env, aside, [*files, *work.texts])
    watch = restager.before(files)
    write(repo, b"staged", "fixed\n")
    restager.after(watch)
    assert aside.restore().sentences == ()
    calls = (repo.path.parent / "calls").read_text().splitlines()
    commands = [line.split("core.hooksPath=/dev/null ")[1].split()[0] for line in calls]
    assert commands == ["status", "checkout-index", "status", "update-index", "ls-files"]


def test_g5_looking_for_unstaged_changes_imports_nothing_slow(text: Repo) -> None:
    """Check the query that each pre-commit makes, mostly for nothing."""
    code = (
        "import sys; bare = set(sys.modules); sys.path.insert(0, sys.argv[1])",
        "from dodo_hooks.core.added_edges import conflict_edges",
        "from dodo_hooks.git.unstaged.lock import wait_until_restored",
        "from dodo_hooks.git.event import needs_recovery",
        "from dodo_hooks.git.worktree_status import unstaged_changes",
        "from dodo_hooks.git.repo import find_repo",
        "from dodo_hooks.host.world import make_world",
        "world = make_world(); repo = find_repo(world.environ, world.cwd); wait_until_restored(repo)",
        "print(needs_recovery(repo), *(one.path for one in unstaged_changes(repo, world.environ)))",
        "print(*(name for name in set(sys.modules) - bare if not name.startswith('dodo_hooks')))",
    )
    done = text.call(sys.executable, "-I", "-S", "-c", "\n".join(code), PACKAGES, check=True)
    found, imported = done.stdout.splitlines()
    assert found == "False b'text'"
    assert set(imported.split()) <= {"_collections", "fcntl", "select", "gc"}
