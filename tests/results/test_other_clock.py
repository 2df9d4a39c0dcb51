"""A clock that was set back or ahead, or is not that of the file system: nothing is skipped wrongly (K3, K4)."""

import os
import sys
import time
from pathlib import Path

import pytest

from kit.repo import Repo
from kit.results.incremental import counting, runs
from kit.system.other_clock import with_clock

HOUR_S = 3_600
SHIFTS = [-HOUR_S, HOUR_S]

EDITS = """
import os, sys
from dodo_hooks.git.repo import locate_repo
from dodo_hooks.results.contents import Contents

repo = locate_repo({}, os.getcwd())
contents = Contents(repo, sys.argv[1])
for number in range(50):
    ids = set()
    for text in ("one", "two"):
        with open("f", "r+") as file:
            file.write(text)
        ids.add(contents.about(b"f"))
    assert len(ids) == 2, number
contents.save()
"""


@pytest.mark.parametrize("shifted_s", SHIFTS)
def test_k3_two_edits_in_one_tick_of_the_file_systems_clock(repo: Repo, shifted_s: int, tmp_path: Path) -> None:
    """By another clock the first of them may look old, so that its stat is believed."""
    repo.write("f", "one")
    stats = tmp_path / "stats"
    env = {**repo.env, **with_clock(tmp_path, shifted_s)}
    repo.call(sys.executable, "-c", EDITS, str(stats), env=env, check=True)
    assert not stats.exists()


@pytest.mark.parametrize("shifted_s", SHIFTS)
def test_k3_a_time_in_the_future_is_not_believed(repo: Repo, shifted_s: int, tmp_path: Path) -> None:
    """As a file has it that was written before the clock was set back."""
    path = repo.write("f", "1")
    repo.hook("post-merge", job={"run": counting("job"), "inputs": ["f"]})
    env = {**repo.env, **with_clock(tmp_path, shifted_s)}
    ahead_s = time.time() + 2 * HOUR_S
    for number in range(1, 4):
        path.write_text(str(number))  # of the same length
        os.utime(path, (ahead_s, ahead_s))
        for _ in range(2):
            repo.run("run", "post-merge", env=env, check=True)
        assert runs(repo, "job") == number


def test_k4_a_clock_that_is_set_back_between_runs(repo: Repo, tmp_path: Path) -> None:
    """Results from the future stay good, and an edit is seen."""
    repo.write("g", "0")
    there_and_back = counting("busy", "cp g .git/copy && echo else > g && cp .git/copy g")
    repo.hook(
        "post-merge", job={"run": counting("job"), "inputs": ["f"]}, busy={"run": there_and_back, "inputs": ["g"]}
    )
    for number, shifted_s in enumerate((HOUR_S, 0, -HOUR_S), 1):
        env = {**repo.env, **with_clock(tmp_path, shifted_s)}
        repo.write("f", str(number))
        for _ in range(2):
            repo.run("run", "post-merge", env=env, check=True)
        assert runs(repo, "job") == number
        assert runs(repo, "busy") == 2 * number  # it has changed its input, though back, so it is never kept
    repo.write("f", "1")
    done = repo.run("run", "post-merge", env={**repo.env, **with_clock(tmp_path, -HOUR_S)}, check=True)
    assert "up to date since" in done.stdout and runs(repo, "job") == 3
