"""Unstaged changes are hidden while the jobs of a commit run, and restored to the last byte (G5)."""

import errno
import os
import posix
import shutil
import sys
from pathlib import Path

import pytest

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.repo import find_repo
from dodo_hooks.git.unstaged.hide import hide_unstaged
from dodo_hooks.git.unstaged.job_writes import Ending
from dodo_hooks.git.unstaged.stage_fixed import FixStager
from dodo_hooks.host.files import exchange
from kit.commits.hiding import fix, hide
from kit.commits.unstaged import STAGED, TEXT, Thing, difference, index_of, make_work, snapshot, unstaged_text, write
from kit.repo import PACKAGES, Repo
from kit.system.elsewhere import git_elsewhere


def staged_tree(repo: Repo, name: str = "checkout") -> dict[bytes, Thing]:
    """Return what git checks out of the index."""
    place = repo.path.parent / name
    repo.git("checkout-index", "-a", f"--prefix={place}/")
    return snapshot(place)


def test_g5_where_everything_is_staged_nothing_is_hidden(repo: Repo) -> None:
    repo.write("file", "staged\n")
    repo.git("add", "file")
    repo.write("untracked", "not git's\n")
    before = sorted(os.listdir(repo.path / ".git"))
    assert hide_unstaged(repo.facts, repo.env) is None
    assert sorted(os.listdir(repo.path / ".git")) == before


def test_g5_every_sort_of_unstaged_change_is_hidden_and_comes_back(repo: Repo) -> None:
    make_work(repo, 500)
    before, index = snapshot(repo.path), index_of(repo)
    hidden = hide(repo)
    during = snapshot(repo.path)
    expected = {**staged_tree(repo), b"untracked": before[b"untracked"]}
    del expected[b"intended"]
    assert difference(expected, during) == {}
    assert repo.git("diff", "--stat").stdout.count("|") == 1  # the one that was only intended to be added
    result = hidden.restore()
    assert (result.sentences, result.conflict, result.is_complete) == ((), False, True)
    assert difference(before, snapshot(repo.path)) == {}
    assert index_of(repo) == index
    assert not repo.has(".git/dodo-hooks-aside")


@pytest.mark.parametrize("is_born", (True, False))
def test_g5_what_was_only_intended_to_be_added_and_is_gone_is_no_change(repo: Repo, is_born: bool) -> None:
    if not is_born:
        repo.git("checkout", "-q", "--orphan", "new")
    for name in ("staged", "empty"):
        repo.write(name, "")
    repo.git("add", ".")
    if is_born:
        repo.git("commit", "-q", "-m", "empty files")
    repo.write("intended", "x")
    os.symlink("nowhere", repo.path / "link")
    repo.git("add", "-N", "intended", "link")
    for name in ("intended", "link", "empty"):
        (repo.path / name).unlink()
    repo.write("staged", "unstaged")
    hidden = hide(repo)
    assert [repo.has(name) for name in ("intended", "link", "empty")] == [False, False, True]
    hidden.restore()
    assert [repo.has(name) for name in ("intended", "link", "empty")] == [False] * 3
    assert repo.read("staged") == "unstaged"


def test_g5_what_the_commit_deletes_and_was_intended_to_be_added_again_is_no_change(repo: Repo) -> None:
    for name in ("gone", "there", "unstaged"):
        repo.write(name, "committed\n")
    repo.git("add", ".")
    repo.git("commit", "-qm", "files")
    repo.git("rm", "-q", "--cached", "gone", "there")
    repo.git("add", "-N", "gone", "there")
    (repo.path / "gone").unlink()
    repo.write("unstaged", "unstaged\n")
    before = snapshot(repo.path)
    hidden = hide(repo)
    assert [repo.has(name) for name in ("gone", "there", "unstaged")] == [False, False, True]
    assert hidden.restore().sentences == () and snapshot(repo.path) == before


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
    hidden = hide(repo)
    assert (repo.path / "a.up").read_bytes() == b"ONE\r\nTWO\r\n" or repo.read("a.up") == "ONE\nTWO\n"
    assert (repo.path / "b.txt").read_bytes() == b"one\r\ntwo\r\n"
    assert repo.git("diff", "--name-only").stdout == ""
    assert hidden.restore().sentences == ()
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
    hidden = hide(repo)
    assert {path: snapshot(repo.path)[path][2] for path in expected} == expected
    assert repo.read(".gitattributes") == "*.sh text eol=lf\n"
    result = hidden.restore()
    assert (result.sentences, result.is_complete) == ((), True)
    assert difference(before, snapshot(repo.path)) == {}
    assert not repo.has(".git/dodo-hooks-aside")


def test_g5_a_filter_that_fails_after_the_gitattributes_were_hidden(text: Repo) -> None:
    text.write(".gitattributes", "text filter=broken\n")
    text.git("add", ".gitattributes")
    text.write(".gitattributes", "# none\n")
    text.git("config", "filter.broken.smudge", "false")
    text.git("config", "filter.broken.required", "true")
    before = snapshot(text.path)
    with pytest.raises(GitError):
        hide(text)
    assert difference(before, snapshot(text.path)) == {}
    assert not text.has(".git/dodo-hooks-aside")


def test_g5_a_filter_that_fails_leaves_the_tree_alone(text: Repo) -> None:
    text.git("config", "filter.broken.smudge", "false")
    text.git("config", "filter.broken.required", "true")
    text.write(".gitattributes", "text filter=broken\n")
    before = snapshot(text.path)
    with pytest.raises(GitError):
        hide(text)
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
    assert hide_unstaged(repo.facts, repo.env) is None


def test_g5_on_a_branch_without_a_commit(tmp_path: Path, repo: Repo) -> None:
    repo.git("checkout", "-q", "--orphan", "unborn")
    repo.write("text", STAGED)
    repo.git("add", "text")
    repo.write("text", unstaged_text())
    hidden = hide(repo)
    assert repo.read("text") == STAGED
    assert hidden.restore().sentences == ()
    assert repo.read("text") == unstaged_text()


def test_g5_a_sha_256_repository(repo: Repo) -> None:
    path = repo.path.parent / "sha256"
    repo.call("git", "init", "-q", "--object-format=sha256", str(path), check=True)
    other = Repo(path, repo.env)
    make_work(other, 5, megabytes=0)
    before = snapshot(path)
    hidden = hide(other)
    fix(other, hidden, b"staged")
    assert other.git("diff", "--name-only").stdout == "intended\n"
    assert hidden.restore().sentences == ()
    assert set(difference(before, snapshot(path))) == {b"staged"}


def test_g5_the_index_that_counts_is_the_one_that_git_names(text: Repo) -> None:
    text.git("commit", "-qm", "one")
    text.git("read-tree", "--index-output=.git/other-index", "HEAD")
    text.write("text", STAGED)
    text.git("add", "text")
    text.write("text", TEXT)
    text.git("add", "text")
    hidden = hide(text, GIT_INDEX_FILE=".git/other-index")
    assert text.read("text") == STAGED
    hidden.restore()
    assert text.read("text") == TEXT


# Where things lie


def test_g5_a_git_directory_on_another_file_system(text: Repo) -> None:
    text.git("commit", "-qm", "one")
    text.write("text", STAGED)
    make_work(text, 5)
    text.write("text", unstaged_text())
    with git_elsewhere(text):
        before, index = snapshot(text.path), index_of(text)
        hidden = hide(text)
        assert text.read("text") == STAGED
        write(text, b"text", unstaged_text(", in another way"))
        assert len(hidden.restore().sentences) == 1
        assert text.read("text.during-hook") == unstaged_text(", in another way")
        (text.path / "text.during-hook").unlink()
        assert difference(before, snapshot(text.path)) == {}
        assert index_of(text) == index


def test_g5_a_file_system_that_cannot_exchange_names(text: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_NAME", "there_is_no_such_call")
    make_work(text, 5)
    text.write("text", unstaged_text(" again"))
    before = snapshot(text.path)
    hidden = hide(text)
    assert text.read("text") == unstaged_text()  # which `make_work` has committed
    assert hidden.restore().sentences == ()
    assert difference(before, snapshot(text.path)) == {}


def test_g5_the_very_file_comes_back_where_there_are_no_hard_links(text: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **more: object) -> None:
        raise PermissionError(errno.EPERM, "no hard links")

    monkeypatch.setattr(exchange, "_NAME", "there_is_no_such_call")
    monkeypatch.setattr(posix, "link", refuse)
    inode = os.stat(text.path / "text").st_ino
    hidden = hide(text)
    write(text, b"text", "by a job\n")
    assert len(hidden.restore(Ending(False, {})).sentences) == 1
    assert (text.read("text"), text.read("text.during-hook")) == (unstaged_text(), "by a job\n")
    assert os.stat(text.path / "text").st_ino == inode


def test_g5_a_linked_worktree_has_its_own(text: Repo) -> None:
    text.git("commit", "-qm", "one")
    linked = text.worktree("linked")
    for one in (text, linked):
        one.write("text", unstaged_text())
    in_linked, in_main = hide(linked), hide(text)
    assert linked.read("text") == text.read("text") == STAGED
    for hidden in (in_main, in_linked):
        assert hidden.restore().sentences == ()
    assert linked.read("text") == text.read("text") == unstaged_text()


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
    hidden = hide_unstaged(facts, env)
    assert hidden is not None
    files = [b"staged"]
    stager = FixStager(facts, env, hidden, [*files, *work.texts])
    watch = stager.before(files)
    write(repo, b"staged", "fixed\n")
    stager.after(watch)
    assert hidden.restore().sentences == ()
    calls = (repo.path.parent / "calls").read_text().splitlines()
    commands = [line.split("core.hooksPath=/dev/null ")[1].split()[0] for line in calls]
    # "diff", since what is only intended to be added is hidden.
    assert commands == ["status", "checkout-index", "status", "diff", "update-index", "ls-files"]


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
