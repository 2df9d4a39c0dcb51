"""Full disks, lost power and unreadable journals cost no unstaged change (G5)."""

import json
import os
import resource
import shutil
from collections.abc import Callable, Iterator

import pytest

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.unstaged.hide import hide_unstaged, restore_interrupted
from dodo_hooks.git.unstaged.restore import Restorer
from kit.commits.hiding import abandon, fix, hide
from kit.commits.unstaged import STAGED, difference, fixed_and_unstaged_text, make_work, snapshot, unstaged_text, write
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
    make_work(repo, 5)
    before, facts = snapshot(repo.path), repo.facts
    hidden = hide(repo)
    shutil.rmtree(repo.path / ".git/dodo-hooks-aside/original")  # as where nothing can be moved
    full_disk(True)
    result = hidden.restore()
    assert result.conflict and not result.is_complete and result.sentences[0].startswith("big cannot be restored now")
    with pytest.raises(GitError, match="big cannot be restored"):
        restore_interrupted(facts, repo.env)
    with pytest.raises(GitError, match="big cannot be restored"):
        hide(repo)  # nothing is hidden on top of what needs recovery
    full_disk(False)
    assert "restored the unstaged" in restore_interrupted(facts, repo.env)[0]
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
    abandon(hide(text))
    original = text.path / ".git/dodo-hooks-aside/original/0"
    status = os.stat(original)
    original.write_text(content)
    os.utime(original, ns=(status.st_atime_ns, status.st_mtime_ns))
    if not is_same_boot:
        in_another_boot(text)
    restore_interrupted(text.facts, text.env)
    assert text.read("text") == (content if is_right else unstaged_text())
    assert (os.stat(text.path / "text").st_ino == status.st_ino) == is_right


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
