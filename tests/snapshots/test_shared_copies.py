"""Copies of shared folders are moved out of the tree and back, not made anew (S6). Counted are the files copied."""

import os
import random
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from dodo_hooks.core.plan_parts import Share
from dodo_hooks.host.world import wall_ns
from dodo_hooks.snapshots.checkout import prepare, renew
from dodo_hooks.snapshots.model import Snapshot
from dodo_hooks.snapshots.pool import acquire
from dodo_hooks.snapshots.prune_snapshots import UNUSED_FOR_S, prune_snapshots
from kit.process import wait_until
from kit.repo import Repo
from kit.results.snapshots import (
    Job,
    age,
    archive_of,
    checked_out,
    commit,
    facts_of,
    files_below,
    origin_of,
    take,
    target_of,
)
from kit.system.killing import die_before, in_child

MODULES = "web/node_modules"
SHARES = [Share(MODULES)]
FILES = 20
STEP = 7
Stats = dict[str, tuple[int, int]]
NPM_S = 499_162_500  # the time that npm gives to each file


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a repository with installed packages, all of the same size and time, as npm makes them."""
    repo.write(".gitignore", "node_modules/\n")
    commit(repo, a="1", web__main="1")
    for number in range(FILES):
        write(repo.path / MODULES / f"p{number}/package.json", "1.2.3")
    return repo


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (NPM_S, NPM_S))


def stats_of(job: Job) -> Stats:
    """Return what a file has as long as it is not copied again. Inodes alone are used again, too."""
    return {
        str(path): (path.stat().st_ino, path.stat().st_ctime_ns)
        for path in (job.tree / MODULES).rglob("*")
        if path.is_file()
    }


def copied(repo: Repo, before: Stats, job: str = "other") -> "list[str]":
    """Check out for a job that shares the folder; return the packages whose files are not those of before."""
    with checked_out(repo, job=job, shares=[MODULES]) as there:
        assert files_below(there.tree / MODULES) == files_below(repo.path / MODULES)
        return sorted(Path(one).parent.name for one, stat in stats_of(there).items() if before.get(one) != stat)


@pytest.fixture
def shared(project: Repo) -> Stats:
    """Return the stats of a copy that is in the tree of the snapshot.

    It was made equal twice: what changed a moment before the first time is not trusted.
    """
    copied(project, {})
    with checked_out(project, shares=[MODULES]) as job:
        return stats_of(job)


@pytest.mark.parametrize("succeeds", [True, False])
def test_s6_a_job_in_between_that_does_not_share_it_costs_no_copy(project: Repo, shared: Stats, succeeds: bool) -> None:
    assert copied(project, {}) and copied(project, shared) == []
    for name in ("lint", "test"):
        with checked_out(project, job=name, succeeds=succeeds) as job:
            assert files_below(job.tree) == archive_of(project)
            assert job.git("status", "--porcelain", "--ignored") == ""
            assert not list(job.tree.rglob("node_modules"))
        assert copied(project, shared) == []
    with checked_out(project, job="lint", clean=True):
        pass
    assert copied(project, shared) == []


def test_s6_a_tree_that_is_made_anew_costs_no_copy(project: Repo, shared: Stats) -> None:
    project.write(".gitattributes", "a eol=crlf\n")
    commit(project, a="2\n")
    assert copied(project, shared) == []
    with checked_out(project, job="lint") as job:
        assert (job.tree / "a").read_bytes() == b"2\r\n"
        job.run("rm .git")
    project.write(".gitattributes", "")
    commit(project)
    assert copied(project, shared) == []


def test_s6_a_later_job_of_the_chain_gets_it_back(project: Repo, shared: Stats) -> None:
    with checked_out(project, job="build") as job:
        assert not (job.tree / MODULES).exists()
        renew(job.snapshot, job.origin, job.target, "test", SHARES)
        assert stats_of(job) == shared


DAMAGE = {
    "another content of the same size and time": "printf 9.9.9 >f; touch -r p0/package.json f; mv f p3/package.json",
    "a file that is gone": "rm p3/package.json",
    "in place": "printf 9 | dd of=p3/package.json conv=notrunc 2>&1; touch -r p0/package.json p3/package.json",
    "a mode": "chmod 755 p3/package.json",
    "a link": "rm -r p3; ln -s /etc p3",
    "a hard link to another file": "ln -f p0/package.json p3/package.json; chmod 0 p3",
}


@pytest.mark.parametrize("what", DAMAGE)
@pytest.mark.parametrize("succeeds", [True, False])
def test_s6_what_a_job_has_changed_is_copied_again(project: Repo, shared: Stats, what: str, succeeds: bool) -> None:
    with checked_out(project, shares=[MODULES], succeeds=succeeds) as job:
        job.run(f"cd {MODULES}; {DAMAGE[what]}; touch new")
    with checked_out(project, job="lint"):
        pass
    assert copied(project, shared) in (["p3"], ["p0", "p3"])  # a further link changes a file, too


def test_s6_what_has_changed_in_the_worktree_is_copied_again(project: Repo, shared: Stats) -> None:
    write(project.path / MODULES / "p3/package.json", "1.2.4")
    assert copied(project, shared) == ["p3"]
    shared = {}
    with checked_out(project, shares=[MODULES]) as job:
        shared = stats_of(job)
    modules = project.path / MODULES
    write(modules.parent / "staged/package.json", "1.2.5")
    assert copied(project, shared) == []
    shutil.rmtree(modules / "p4")
    (modules.parent / "staged").rename(modules / "p4")  # the file keeps its times
    assert copied(project, shared) == ["p4"]


def test_s6_a_folder_that_was_moved_there_is_copied(project: Repo, shared: Stats) -> None:
    modules = project.path / MODULES
    shutil.copytree(modules, modules.parent / "other", symlinks=True)
    for path in (modules.parent / "other").rglob("*.json"):
        write(path, "9.9.9")
    assert copied(project, shared) == []
    modules.rename(modules.parent / "old")
    (modules.parent / "other").rename(modules)
    assert len(copied(project, shared)) == FILES


def test_s6_the_copy_is_that_of_the_worktree_that_fired(project: Repo, shared: Stats) -> None:
    linked = project.worktree("linked")
    for number in range(FILES):
        write(linked.path / MODULES / f"p{number}/package.json", "7.7.7")
    assert len(copied(linked, shared)) == FILES
    assert len(copied(project, shared)) == FILES


def test_s6_what_is_gone_from_the_worktree_is_gone(project: Repo, shared: Stats) -> None:
    with checked_out(project, job="lint"):
        pass
    shutil.rmtree(project.path / MODULES)
    for name in ("lint", "test"):
        with checked_out(project, job=name, shares=[MODULES]) as job:
            assert not (job.tree / MODULES).exists()
    assert os.listdir(job.snapshot.paths.copies) == []


def test_s6_links_that_a_job_has_left_are_not_followed(project: Repo, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    write(precious / "node_modules/file", "x")
    write(precious / "0123/file", "x")
    with checked_out(project, shares=[MODULES]) as job:
        job.run(f"rm -r web; ln -s {precious} web")
    with checked_out(project, job="lint") as job:
        assert files_below(job.tree) == archive_of(project)
    shutil.rmtree(job.snapshot.paths.copies)
    os.symlink(precious, job.snapshot.paths.copies)
    common_dir, cache = facts_of(project).common_dir, origin_of(project).cache
    assert prune_snapshots(common_dir, cache, UNUSED_FOR_S, wall_ns()) == []
    assert len(copied(project, {})) == FILES
    assert files_below(precious) == {"node_modules/file": ("file", b"x"), "0123/file": ("file", b"x")}


def test_s8_copies_that_nobody_shares_any_more_go(project: Repo, shared: Stats) -> None:
    common_dir, cache = facts_of(project).common_dir, origin_of(project).cache
    with checked_out(project, job="lint") as job:
        pass
    copies = Path(job.snapshot.paths.copies)
    assert prune_snapshots(common_dir, cache, UNUSED_FOR_S, wall_ns()) == [] and copied(project, shared) == []
    with checked_out(project, job="lint"):
        pass
    for stamp in copies.glob("*.stamp"):
        os.utime(stamp, (NPM_S, NPM_S))
    assert prune_snapshots(common_dir, cache, UNUSED_FOR_S, wall_ns()) == []
    assert os.listdir(copies) == [] and job.tree.exists()
    assert len(copied(project, {})) == FILES
    assert prune_snapshots(common_dir, cache, 0, wall_ns() + 10**9) == [str(job.tree)] and not copies.exists()


def die_in_checkout(repo: Repo, snapshot: Snapshot, job: str, shares: "list[Share]", number: int) -> None:
    origin, target = origin_of(repo), target_of(repo)
    die_before(number)
    prepare(snapshot, origin, target, job, shares, False, False)


@pytest.mark.parametrize(("job", "shares"), [("lint", []), ("other", SHARES)], ids=["store", "restore"])
def test_s6_a_checkout_killed_before_any_system_call(
    project: Repo, job: str, shares: "list[Share]", chance: random.Random
) -> None:
    number, has_ended = chance.randrange(STEP), False
    change: Callable[[], None] = partial(write, project.path / MODULES / "p3/package.json", "1.2.4")
    while not has_ended:
        with checked_out(project, job="test", shares=[MODULES]):
            pass
        if shares:
            with checked_out(project, job="lint"):
                pass
        change()
        snapshot = take(project)
        age(snapshot)
        _, status = os.waitpid(in_child(partial(die_in_checkout, project, snapshot, job, shares, number)), 0)
        os.close(snapshot.lock)
        has_ended = not os.WIFSIGNALED(status)
        os.close(wait_until(lambda: acquire(origin_of(project), 1, job)).lock)  # a git may have outlived it
        copied(project, {})  # compares all contents
        with checked_out(project, job="lint") as there:
            assert files_below(there.tree) == archive_of(project)
        number += STEP
