"""Full disks, lost power and unreadable journals cost no unstaged change (G5)."""

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.unstaged.hide import hide_unstaged, restore_interrupted
from dodo_hooks.git.unstaged.job_writes import Ending
from dodo_hooks.git.unstaged.restore import Restorer
from dodo_hooks.git.unstaged.stage_fixed import FixStager
from kit.commits.hiding import abandon, fix, hide
from kit.commits.unstaged import (
    STAGED,
    difference,
    fixed_and_unstaged_text,
    fixed_text,
    make_work,
    snapshot,
    unstaged_text,
    write,
)
from kit.repo import Repo


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
        hide(repo)
    full_disk(False)
    assert difference(before, snapshot(repo.path)) == {}
    assert not repo.has(".git/dodo-hooks-aside/journal")


def test_g5_a_full_disk_at_the_end_is_reported_and_the_next_one_restores(
    repo: Repo, full_disk: Callable[[bool], None]
) -> None:
    """Have a merge to write: what is moved needs no room."""
    make_work(repo, 5)
    saved = "saved meanwhile\n" + repo.git("show", ":big").stdout
    before, facts = snapshot(repo.path), repo.facts
    hidden = hide(repo)
    write(repo, b"big", saved)
    full_disk(True)
    result = hidden.restore()
    assert result.conflict and not result.is_complete and result.sentences[0].startswith("big cannot be restored now")
    assert repo.read("big") == saved
    # A recovery merges nothing, and needs no room either.
    assert "restored the unstaged" in restore_interrupted(facts, repo.env)[0]
    full_disk(False)
    assert repo.read("big.during-hook") == saved
    (repo.path / "big.during-hook").unlink()
    assert difference(before, snapshot(repo.path)) == {}


def test_g5_a_full_disk_at_the_end_is_no_matter_where_files_can_be_moved(
    repo: Repo, full_disk: Callable[[bool], None]
) -> None:
    make_work(repo, 5)
    before = snapshot(repo.path)
    hidden = hide(repo)
    full_disk(True)
    assert hidden.restore().sentences == ()
    assert difference(before, snapshot(repo.path)) == {}


def test_g5_a_fix_that_cannot_be_recorded_on_a_full_disk_is_not_staged_and_refuses_nothing(
    text: Repo, full_disk: Callable[[bool], None]
) -> None:
    hidden = hide(text)
    stager = FixStager(text.facts, text.env, hidden, [b"text"])
    watch = stager.before([b"text"])
    fixed = fixed_text() + "x" * 100_000
    write(text, b"text", fixed)
    full_disk(True)
    with pytest.raises(GitError, match="cannot record the fixes"):
        stager.after(watch)
    full_disk(False)
    result = hidden.restore(Ending(False, {}))
    assert not result.conflict and text.git("show", ":text").stdout == STAGED
    assert (text.read("text"), text.read("text.during-hook")) == (unstaged_text(), fixed)


def test_g5_nothing_is_hidden_on_top_of_what_cannot_be_restored(text: Repo) -> None:
    abandon(hide(text))
    swap = text.path / ".git/dodo-hooks-aside/swap"
    swap.rmdir()
    swap.write_bytes(b"")
    text.write("text", "changed\n")
    for attempt in (restore_interrupted, hide_unstaged):
        with pytest.raises(GitError, match="is not valid"):
            attempt(text.facts, text.env)
    swap.unlink()
    swap.mkdir()
    assert "restored the unstaged" in restore_interrupted(text.facts, text.env)[0]
    assert (text.read("text"), text.read("text.during-hook")) == (unstaged_text(), "changed\n")


def test_g5_the_very_file_comes_back(text: Repo) -> None:
    (text.path / "text").chmod(0o640)
    (text.path.parent / "linked").hardlink_to(text.path / "text")
    before = os.stat(text.path / "text")
    hide(text).restore()
    after = os.stat(text.path / "text")
    assert (after.st_ino, after.st_mode, after.st_nlink) == (before.st_ino, before.st_mode, 2)
    assert after.st_mtime_ns > before.st_mtime_ns  # what a job built from the staged version is older


@pytest.mark.parametrize("ends", ["with the run", "killed"])
def test_g5_a_program_that_has_the_file_open_continues_writing_there(text: Repo, ends: str) -> None:
    with open(text.path / "text", "a") as log:
        hidden = hide(text)
        fix(text, hidden, b"text")
        log.write("more\n")
        log.flush()
        if ends == "killed":
            abandon(hidden)
            restore_interrupted(text.facts, text.env)
        else:
            assert hidden.restore().sentences == ()
    assert text.read("text") == fixed_and_unstaged_text() + "more\n"


def test_g5_what_a_program_writes_after_its_file_was_merged_continues_beside(
    text: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(text.path / "text", "a") as log:
        hidden = hide(text)
        fix(text, hidden, b"text")
        put_all = Restorer._put_all

        def put_and_write(putting: Restorer) -> None:
            put_all(putting)
            log.write("more\n")
            log.flush()

        monkeypatch.setattr(Restorer, "_put_all", put_and_write)
        result = hidden.restore()
        log.write("and more\n")
    assert len(result.sentences) == 1 and "saved as text.unstaged" in result.sentences[0]
    assert text.read("text") == fixed_and_unstaged_text()
    assert text.read("text.unstaged") == unstaged_text() + "more\nand more\n"


@pytest.mark.parametrize("clean", ["git clean -qfdx", "git clean -qfd", "git add -A"])
def test_g5_jobs_do_not_see_what_we_keep_in_the_working_tree(far: Repo, clean: str) -> None:
    hidden = hide(far)
    assert (far.path / ".dodo-hooks-aside").is_dir()
    assert far.git("status", "--porcelain").stdout == "A  text\n"
    far.git(*clean.split()[1:])
    assert hidden.restore().sentences == ()
    assert far.read("text") == unstaged_text() and far.git("ls-files").stdout == "text\n"
    assert not far.has(".dodo-hooks-aside")


def test_g5_a_folder_of_the_same_device_that_is_mounted_in_the_tree(text: Repo, tmp_path: Path) -> None:
    (tmp_path / "mounted").mkdir()
    (text.path / "dir").mkdir()
    if os.geteuid() or subprocess.run(("mount", "--bind", tmp_path / "mounted", text.path / "dir")).returncode:
        pytest.skip("a folder cannot be mounted")
    try:
        text.write("dir/log", STAGED)
        text.git("add", "dir/log")
        text.write("dir/log", unstaged_text())
        inode, before = (text.path / "dir/log").stat().st_ino, snapshot(text.path)
        hidden = hide(text)
        assert text.read("dir/log") == text.read("text") == STAGED
        assert hidden.restore().sentences == ()
        assert snapshot(text.path) == before and (text.path / "dir/log").stat().st_ino == inode
    finally:
        subprocess.run(("umount", text.path / "dir"), check=True)


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
    hidden = None
    try:
        hidden = hide(far)
    except GitError:
        assert is_link  # where no place can be had nothing is hidden
    if hidden is not None:
        assert hidden.restore().sentences == ()
    assert far.read("text") == unstaged_text()
    assert (
        [one.name for one in place.iterdir()] == ["0.swap"]
        if is_link
        else far.read(".dodo-hooks-aside/kept") == "somebody's\n"
    )


def test_g5_an_unstaged_version_that_another_program_has_removed_is_reported(text: Repo) -> None:
    hidden = hide(text)
    shutil.rmtree(text.path / ".git/dodo-hooks-aside/original")
    (sentence,) = hidden.restore().sentences
    assert sentence.startswith("text: another program removed your unstaged version from ")
    assert text.read("text") == STAGED


def test_g5_changes_that_an_older_version_has_hidden_are_left_to_it(text: Repo) -> None:
    abandon(hide(text))
    journal = text.path / ".git/dodo-hooks-aside/journal"
    journal.write_text(json.dumps({**json.loads(journal.read_text()), "format": 2}))
    before = snapshot(text.path / ".git/dodo-hooks-aside")
    for attempt in (restore_interrupted, hide_unstaged):
        text.write("text", "changed\n")
        with pytest.raises(GitError, match="an older dodo-hooks has hidden them, and its `dodo-hooks status` restores"):
            attempt(text.facts, text.env)
    assert snapshot(text.path / ".git/dodo-hooks-aside") == before and text.read("text") == "changed\n"


def test_g5_a_journal_that_cannot_be_read_is_never_thrown_away(text: Repo) -> None:
    facts = text.facts
    abandon(hide(text))
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
