"""The fixes of a job are staged into the index that git commits (G6).

That each way to commit has them is in scenarios/test_commits.py; here a hook is killed in each.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.content import file_stamps
from dodo_hooks.git.unstaged import sync_index
from dodo_hooks.git.unstaged.hide import restore_interrupted
from dodo_hooks.git.unstaged.stage_fixed import FixStager, Staged
from kit.commits.committing import WAYS, commit_files, dash_p, merge, only_file, plain, with_bad
from kit.commits.unstaged import HOSTILE, difference, index_of, snapshot
from kit.repo import PACKAGES, Repo

HOOK = Path(__file__).with_name("fixing_hook.py")
TESTS = Path(__file__).parents[2]


@pytest.fixture
def fixing(repo: Repo) -> Repo:
    """Make a repository with our hook and three committed files."""
    commit_files(repo)
    for hook in ("pre-commit", "post-commit"):
        command = shlex.join((sys.executable, str(HOOK), hook))
        script = f"#!/bin/sh\nPYTHONPATH={shlex.quote(f'{PACKAGES}:{TESTS}')} exec {command}\n"
        repo.write(f".git/hooks/{hook}", script).chmod(0o755)
    return repo


def head(repo: Repo, name: str = "one") -> str:
    return repo.git("show", f"HEAD:{name}").stdout


UNSTAGED: dict[Callable[[Repo], None], list[str]] = {
    plain: ["one"],
    dash_p: ["one"],
    only_file: ["two"],
    merge: ["three"],
}


@pytest.mark.parametrize("commit", WAYS)
def test_g5_g6_the_next_hook_restores_what_a_killed_one_had_hidden(
    fixing: Repo, commit: Callable[[Repo], None]
) -> None:
    fixing.env["KILLED"] = "1"
    commit(fixing)
    del fixing.env["KILLED"]
    assert "good" not in head(fixing)
    assert fixing.has(".git/dodo-hooks-aside/journal") == (commit in UNSTAGED)
    fixing.git("commit", "-q", "--allow-empty", "-m", "next", check=False)
    assert not fixing.has(".git/dodo-hooks-aside") and not fixing.has(".git/index.lock")
    assert fixing.read("one").startswith("one, good\n")
    for name in UNSTAGED.get(commit, []):
        assert fixing.read(name).endswith("unstaged\n")
        assert "unstaged" in fixing.git("diff", "--", name).stdout
    assert fixing.git("status", "--porcelain", "--untracked-files=all", "--", "*.unstaged*", ".dodo*").stdout == ""


# By name


def restage(repo: Repo, files: list[bytes], job: Callable[[], object]) -> Staged:
    stager = FixStager(repo.facts, repo.env, None, files)
    watch = stager.before(files)
    job()
    return stager.after(watch)


def test_g6_names_are_taken_literally_and_only_the_jobs_own_files_are_staged(repo: Repo) -> None:
    names = [*HOSTILE, b":(glob)x", b":(top)y", b"*", b"dir/[a]", b"dir/a"]
    top = os.fsencode(repo.path)
    for name in names:
        repo.write(os.fsdecode(name), "old\n")
    repo.git("add", ".")
    index = index_of(repo)
    ours = names[::2]

    def job() -> None:
        for name in names:
            with open(top + b"/" + name, "wb") as file:
                file.write(b"new\n")

    assert sorted(restage(repo, ours, job).paths) == sorted(ours)
    changed = {path for path, about in index_of(repo).items() if about != index[path]}
    assert changed == {os.fsdecode(name) for name in ours}


def test_g6_deletions_links_and_executable_bits_are_staged_and_nothing_comes_in(repo: Repo) -> None:
    repo.write(".gitignore", "ignored\nmade\n")
    names = ["deleted", "linked", "executable", "ignored", "directory", "touched", "left"]
    for name in names:
        repo.write(name, "old\n")
    repo.git("add", "-f", ".")
    index = index_of(repo)

    def job() -> None:
        for name in ("deleted", "linked", "directory"):
            (repo.path / name).unlink()
        (repo.path / "linked").symlink_to("left")
        repo.write("directory/inside", "")
        (repo.path / "executable").chmod(0o755)
        repo.write("ignored", "new\n")
        (repo.path / "touched").touch()
        repo.write("made", "ignored, and not tracked\n")
        repo.write("made too", "not tracked\n")

    files = [name.encode() for name in [*names, "made", "made too"]]
    staged = restage(repo, files, job)
    assert sorted(staged.paths) == [b"deleted", b"executable", b"ignored", b"linked"]
    now = index_of(repo)
    assert "deleted" not in now and "made" not in now and "made too" not in now
    assert now["linked"].startswith("120000 ") and now["executable"].startswith("100755 ")
    assert {path for path in now if now[path] != index[path]} == {"linked", "executable", "ignored"}


def test_g6_a_change_in_the_same_tick_that_keeps_the_size_is_seen(repo: Repo) -> None:
    repo.write("file", "old\n")
    repo.git("add", "file")
    stager = FixStager(repo.facts, repo.env, None, [])
    repo.write("file", "odd\n")
    watch = stager.before([b"file"])
    repo.write("file", "new\n")
    # As if the file system's clock had not advanced: the stamp is the same, and only the bytes can tell.
    status = stager.before([b"file"]).stamps[b"file"].status
    same = watch._replace(stamps={b"file": watch.stamps[b"file"]._replace(status=status)})
    assert stager.changed(same) == [b"file"]


@pytest.mark.parametrize(("age_s", "is_read"), [(0.0, True), (1.9, True), (2.1, False)])
def test_g6_what_is_younger_than_the_tick_of_a_coarse_clock_is_recognized_by_its_bytes(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, age_s: float, is_read: bool
) -> None:
    status = os.stat(repo.write("file", "old\n"))
    clock = status.st_dev, max(status.st_mtime_ns, status.st_ctime_ns) + int(age_s * 1e9)
    monkeypatch.setattr(file_stamps, "_clock", lambda git_dir: clock)
    watch = FixStager(repo.facts, repo.env, None, []).before([b"file"])
    assert bool(watch.stamps[b"file"].digest) == is_read


def test_g6_where_the_clock_of_the_file_system_is_not_known_nothing_is_old(repo: Repo) -> None:
    os.utime(repo.write("file", "old\n"), (0, 0))
    repo.write(".git/dodo-hooks-clock/in-the-way", "")
    watch = FixStager(repo.facts, repo.env, None, []).before([b"file"])
    assert watch.stamps[b"file"].digest


def test_g6_a_fix_in_the_same_second_that_keeps_the_size_is_staged_where_the_file_system_counts_seconds(
    repo: Repo, coarse: Path
) -> None:
    repo = Repo.create(coarse / "repo", repo.env)
    repo.write("file", "old\n")
    repo.git("add", "file")
    stager = FixStager(repo.facts, repo.env, None, [b"file"])
    for content in ("one\n", "two\n", "six\n"):
        watch = stager.before([b"file"])
        repo.write("file", content)  # in place
        assert os.stat(repo.path / "file").st_mtime_ns % 1_000_000_000 == 0
        assert stager.after(watch).paths == (b"file",)
        assert repo.git("show", ":file").stdout == content
    assert not repo.has(".git/dodo-hooks-clock")


@pytest.fixture
def coarse(tmp_path: Path) -> Iterator[Path]:
    """Make a file system whose clock goes in seconds."""
    image, place = tmp_path / "image", tmp_path / "coarse"
    place.mkdir()
    image.write_bytes(b"")
    os.truncate(image, 16 << 20)
    make = ("mke2fs", "-q", "-t", "ext3", "-I", "128", str(image))
    if os.geteuid() or not shutil.which("mke2fs") or subprocess.run(make, capture_output=True).returncode:
        pytest.skip("a file system with a coarse clock cannot be made")
    if subprocess.run(("mount", "-o", "loop", str(image), str(place)), capture_output=True).returncode:
        pytest.skip("a file system with a coarse clock cannot be mounted")
    yield place
    subprocess.run(("umount", str(place)), check=True)


def test_g6_what_somebody_else_changed_before_the_job_is_not_staged_and_said(repo: Repo) -> None:
    repo.write("file", "old\n")
    repo.git("add", "file")
    index = index_of(repo)
    stager = FixStager(repo.facts, repo.env, None, [b"file"])
    repo.write("file", "of an editor\n")
    watch = stager.before([b"file"])
    repo.write("file", "of an editor, fixed\n")
    staged = stager.after(watch)
    assert staged.paths == () and staged.sentences[0].startswith("the fix of file is not staged: another program")
    assert index_of(repo) == index


def test_g6_what_an_editor_saves_while_git_reads_the_file_is_not_staged(repo: Repo) -> None:
    repo.write("file", "old\n")
    repo.git("add", "file")
    index = index_of(repo)
    repo.write(".git/info/attributes", "file filter=editor\n")
    repo.git("config", "filter.editor.clean", "cat; echo $$ >>file")  # saves whenever git has read
    staged = restage(repo, [b"file"], lambda: repo.write("file", "new\n"))
    assert staged.paths == () and staged.sentences[0].startswith("the fix of file is not staged: another program")
    assert index_of(repo) == index


def test_g6_one_job_after_the_other_on_the_same_file(repo: Repo) -> None:
    repo.write("file", "old\n")
    repo.git("add", "file")
    stager = FixStager(repo.facts, repo.env, None, [b"file"])
    for content in ("first\n", "second\n"):
        watch = stager.before([b"file"])
        repo.write("file", content)
        assert stager.after(watch).paths == (b"file",)
        assert repo.git("show", ":file").stdout == content
    assert stager.after(stager.before([b"file"])).paths == ()


def test_g6_a_job_that_is_staging_something_itself_is_waited_for(repo: Repo) -> None:
    repo.write("file", "old\n")
    repo.git("add", "file")

    def job() -> None:
        repo.write("file", "new\n")
        repo.write(".git/index.lock", "")
        repo.start("sh", "-c", "sleep 0.1; rm .git/index.lock").stdout.close()  # type: ignore[union-attr]

    assert restage(repo, [b"file"], job).paths == (b"file",)


def test_g6_an_index_that_cannot_be_written_is_reported(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.write("file", "old\n")
    repo.git("add", "file")
    repo.write(".git/index.lock", "")
    monkeypatch.setattr("dodo_hooks.git.index_entries._LOCK_WAIT_S", 0.05)
    with pytest.raises(GitError, match=r"index\.lock"):
        restage(repo, [b"file"], lambda: repo.write("file", "new\n"))


# The real index


def commit_without_syncing_the_index(repo: Repo) -> None:
    (repo.path / ".git/hooks/post-commit").unlink()
    only_file(repo)
    assert head(repo) == with_bad("one", "good")
    assert repo.git("show", ":one").stdout == with_bad("one")
    assert repo.has(".git/dodo-hooks-restaged")


def test_g6_a_post_commit_that_never_ran_is_made_up_for(fixing: Repo) -> None:
    commit_without_syncing_the_index(fixing)
    restore_interrupted(fixing.facts, fixing.env)
    assert fixing.git("show", ":one").stdout == with_bad("one", "good")
    assert fixing.git("show", ":two").stdout == "two\nstaged\n"
    assert not fixing.has(".git/dodo-hooks-restaged")


def test_g6_an_index_that_cannot_be_synced_now_is_reported_and_synced_later(
    fixing: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dodo_hooks.git.index_entries._LOCK_WAIT_S", 0.05)
    commit_without_syncing_the_index(fixing)
    facts = fixing.facts
    fixing.write(".git/index.lock", "")
    said = restore_interrupted(facts, fixing.env)
    assert len(said) == 1 and "index.lock" in said[0]
    (fixing.path / ".git/index.lock").unlink()
    assert restore_interrupted(facts, fixing.env) == []
    assert fixing.git("show", ":one").stdout == with_bad("one", "good")


def test_g6_two_commits_of_one_file_each_before_the_index_can_be_synced(fixing: Repo) -> None:
    commit_without_syncing_the_index(fixing)
    fixing.write("three", with_bad("three"))
    fixing.git("commit", "-qm", "another", "--", "three")
    restore_interrupted(fixing.facts, fixing.env)
    assert fixing.git("diff", "--cached", "--name-only").stdout == "two\n"
    assert head(fixing, "three") == with_bad("three", "good") and head(fixing) == with_bad("one", "good")


def test_g6_what_has_been_staged_since_is_not_touched(fixing: Repo) -> None:
    commit_without_syncing_the_index(fixing)
    fixing.write("one", "staged since\n")
    fixing.git("add", "one")
    sync_index.sync_index(fixing.facts, fixing.env)
    assert fixing.git("show", ":one").stdout == "staged since\n"


def test_g6_a_commit_that_is_not_made_syncs_nothing(fixing: Repo) -> None:
    fixing.write("one", with_bad("one"))
    fixing.git("add", "one")
    fixing.git("commit", "-qm", "", "--", "one", check=False)  # no message: git stops after the hook
    assert fixing.has(".git/dodo-hooks-restaged")
    index = index_of(fixing)
    restore_interrupted(fixing.facts, fixing.env)
    assert index_of(fixing) == index
    fixing.git("commit", "-qm", "another", "--no-verify", "--allow-empty", "--only")
    assert index_of(fixing) == index
    assert not fixing.has(".git/dodo-hooks-restaged")


def test_g6_a_deletion_by_a_job_in_a_commit_of_one_file(fixing: Repo) -> None:
    facts = fixing.facts
    fixing.write("one", "to be deleted\n")
    fixing.git("add", "one")
    fixing.git("read-tree", "--index-output=.git/next-index-1.lock", "HEAD")
    environ = {**fixing.env, "GIT_INDEX_FILE": str(fixing.path / ".git/next-index-1.lock")}
    fixing.git("update-index", "one", env=environ)
    stager = FixStager(facts, environ, None, [b"one"])
    watch = stager.before([b"one"])
    (fixing.path / "one").unlink()
    assert stager.after(watch).paths == (b"one",)
    tree = fixing.git("write-tree", env=environ).stdout.strip()
    commit = fixing.git("commit-tree", "-p", "HEAD", "-m", "deleted", tree).stdout.strip()
    fixing.git("update-ref", "HEAD", commit)
    sync_index.sync_index(facts, fixing.env)
    assert "one" not in index_of(fixing)
    assert fixing.git("status", "--porcelain", "-uno").stdout == ""


def test_g6_the_tree_is_whole_after_every_commit(fixing: Repo) -> None:
    plain(fixing)
    before = snapshot(fixing.path)
    fixing.git("commit", "-q", "--allow-empty", "-m", "next")
    assert difference(before, snapshot(fixing.path)) == {}
