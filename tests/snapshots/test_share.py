"""Ignored paths of the user's worktree in a snapshot (S6)."""

import os
import shutil

import pytest

from kit.repo import Repo
from kit.results.snapshots import archive_of, checked_out, commit, files_below, refused, state_of

MODULES = "node_modules"


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a repository with installed packages, which are ignored."""
    repo.write(".gitignore", "node_modules/\n*.tmp\n")
    commit(repo, a="1")
    repo.write("node_modules/one/index.js", "1").chmod(0o755)
    repo.write("node_modules/two/index.js", "2")
    os.symlink("../one/index.js", repo.path / "node_modules" / "two" / "link")
    os.mkfifo(repo.path / "node_modules" / "fifo")
    return repo


def test_s6_a_copy_is_refreshed_and_not_made_anew(project: Repo) -> None:
    before = state_without_fifos(project)
    with checked_out(project, shares=[MODULES]) as job:
        found = files_below(job.tree)
        assert found.pop("node_modules/one/index.js") == ("x", b"1")
        assert found.pop("node_modules/two/link") == ("link", b"../one/index.js")
        assert found.pop("node_modules/two/index.js") == ("file", b"2")
        assert found == archive_of(project)
        assert job.git("status", "--porcelain") == ""
        inode = (job.tree / "node_modules/one/index.js").stat().st_ino
        job.run("echo longer >node_modules/two/index.js; touch node_modules/new; rm -r node_modules/two/link")
        job.run("mkdir node_modules/two/link; touch node_modules/two/link/x")
    assert state_without_fifos(project) == before
    project.write("node_modules/three/index.js", "3")
    for job_name in ("test", "other"):
        with checked_out(project, job=job_name, shares=[MODULES], succeeds=False) as job:
            assert (job.tree / "node_modules/one/index.js").stat().st_ino == inode
            assert files_below(job.tree / "node_modules") == files_below(project.path / "node_modules", "fifo")
    shutil.rmtree(project.path / "node_modules")
    with checked_out(project, shares=[MODULES]) as job:
        assert not (job.tree / "node_modules").exists()


def test_s6_what_is_not_shared_any_more_goes(project: Repo) -> None:
    with checked_out(project, links=[MODULES]) as job:
        job.run("echo changed >node_modules/two/index.js")
        assert job.git("status", "--porcelain") == ""
    assert project.read("node_modules/two/index.js") == "changed\n"
    with checked_out(project, shares=[MODULES]) as job:
        assert not (job.tree / "node_modules").is_symlink()
        job.run("echo copy >node_modules/two/index.js")
    assert project.read("node_modules/two/index.js") == "changed\n"
    with checked_out(project) as job:
        assert files_below(job.tree) == archive_of(project)


def test_s6_each_job_in_a_snapshot_has_its_own_shares(project: Repo) -> None:
    project.write(".env", "x")
    with checked_out(project, shares=[MODULES]) as job:
        job.renew("second", ".env")
        assert (job.tree / ".env").exists() and (job.tree / "node_modules").exists()
        assert job.git("status", "--porcelain") == ""


@pytest.mark.parametrize("path", ["a", "folder", "../repo", "/etc", ".git", "x/../../y", "", "folder/b/x", "link/x"])
def test_s6_tracked_paths_and_those_outside_are_errors(project: Repo, path: str) -> None:
    os.symlink("/etc", project.path / "link")
    commit(project, folder__b="1")
    with refused("share"), checked_out(project, shares=[path]):
        pass
    with checked_out(project) as job:
        assert files_below(job.tree) == archive_of(project)


def test_s6_a_name_is_no_pattern(project: Repo) -> None:
    project.write("st*r [x]/file", "1")
    with checked_out(project, shares=["st*r [x]"]) as job:
        job.run("touch star 'st*r [x]/more'")
        assert job.git("status", "--porcelain") == "?? star\n"
    with checked_out(project, shares=["st*r [x]"], succeeds=False) as job:
        assert files_below(job.tree).keys() == {*archive_of(project), "st*r [x]/file"}


def state_without_fifos(repo: Repo) -> object:
    os.unlink(repo.path / "node_modules" / "fifo")
    state = state_of(repo)
    os.mkfifo(repo.path / "node_modules" / "fifo")
    return state
