"""The choice of a snapshot for a job, and the removal of snapshots (S5, S8)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from dodo_hooks.host.world import wall_ns
from dodo_hooks.snapshots.pool import acquire
from dodo_hooks.snapshots.prune_snapshots import GONE_FOR_S, UNUSED_FOR_S, list_snapshots, prune_snapshots
from kit.gate import Gate
from kit.process import kill
from kit.repo import Repo
from kit.results.snapshots import archive_of, checked_out, commit, facts_of, files_below, origin_of, take
from kit.system.killing import in_child


def test_s5_there_are_as_many_as_the_limit_and_each_is_held_by_one(repo: Repo) -> None:
    held = [take(repo, limit=2) for _ in range(2)]
    assert [one.number for one in held] == [1, 2]
    assert acquire(origin_of(repo), 2, "test") is None
    extra = take(repo, limit=3)
    assert extra.number == 3
    os.close(held[0].lock)
    again = take(repo, limit=3)
    assert again.number == 1
    for one in (held[1], extra, again):
        os.close(one.lock)


def test_s5_a_job_prefers_the_snapshot_that_it_had_last(repo: Repo) -> None:
    commit(repo, a="1")
    first = take(repo)
    with checked_out(repo, job="lint", limit=2):
        os.close(first.lock)
        with checked_out(repo, job="test", limit=2) as job:
            assert job.snapshot.number == 1
    for name, number in (("lint", 2), ("test", 1), ("lint", 2)):
        snapshot = take(repo, limit=2, job=name)
        os.close(snapshot.lock)
        assert snapshot.number == number


def test_s5_the_lock_is_that_of_a_child_until_it_is_gone(repo: Repo, gate: Gate) -> None:
    snapshot = take(repo)
    child = in_child(lambda: subprocess.run(["sh", "-c", gate.command]))
    os.close(snapshot.lock)
    gate.wait()
    assert acquire(origin_of(repo), 1, "test") is None
    kill(child)  # the job lives on, without the lock
    os.waitpid(child, 0)
    os.close(take(repo).lock)
    gate.open()


def test_s8_what_was_not_used_for_a_week_goes_and_what_is_in_use_stays(repo: Repo) -> None:
    commit(repo, a="1")
    common_dir, cache = facts_of(repo).common_dir, origin_of(repo).cache
    with checked_out(repo) as job:
        (shown,) = list_snapshots(common_dir, cache)
        assert shown.is_in_use and shown.job == "test" and shown.commit == job.target.commit
        assert shown.tree == str(job.tree) and shown.size_bytes > 0
        assert prune_snapshots(common_dir, cache, 0, wall_ns() + 1) == []
    assert prune_snapshots(common_dir, cache, UNUSED_FOR_S, wall_ns()) == []
    later_ns = wall_ns() + (UNUSED_FOR_S + 1) * 10**9
    assert prune_snapshots(common_dir, cache, UNUSED_FOR_S, later_ns) == [str(job.tree)]
    assert list_snapshots(common_dir, cache) == [] and not job.tree.exists()
    with checked_out(repo) as job:
        assert files_below(job.tree) == archive_of(repo)


def test_s8_the_trees_of_a_repository_that_is_gone_go(repo: Repo, tmp_path: Path) -> None:
    commit(repo, a="1")
    other = Repo.create(tmp_path / "other", repo.env)
    commit(other, a="1")
    cache = origin_of(repo).cache
    with checked_out(repo) as job, checked_out(other) as kept:
        pass
    precious = tmp_path / "precious"
    precious.write_text("x")
    (job.tree / "link").symlink_to(tmp_path)
    shutil.rmtree(repo.path)
    assert prune_snapshots(None, cache, UNUSED_FOR_S, wall_ns()) == []
    assert prune_snapshots(None, cache, UNUSED_FOR_S, wall_ns() + (GONE_FOR_S + 1) * 10**9) == [str(job.tree)]
    assert not job.tree.exists() and kept.tree.exists() and precious.exists()


@pytest.mark.parametrize("left", ["tree", "area"])
def test_s8_half_a_snapshot_is_pruned_like_a_whole_one(repo: Repo, left: str) -> None:
    commit(repo, a="1")
    common_dir, cache = facts_of(repo).common_dir, origin_of(repo).cache
    with checked_out(repo) as job:
        pass
    shutil.rmtree(job.snapshot.paths.area if left == "tree" else job.tree)
    assert prune_snapshots(common_dir, cache, 0, wall_ns() + 10**9) == [str(job.tree)]
    assert list_snapshots(common_dir, cache) == [] and not job.tree.exists()
