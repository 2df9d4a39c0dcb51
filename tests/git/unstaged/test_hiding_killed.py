"""Kill -9 while unstaged changes are hidden: whoever comes next restores every byte (G5).

The kill comes once before each system call that changes something, and at random moments. The seed is printed, and is
the same each time by default: kit/chance.py.
"""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from kit.chance import how_many
from kit.commits.unstaged import make_work
from kit.repo import PACKAGES, Repo
from kit.system.elsewhere import elsewhere

pytestmark = pytest.mark.timeout(3600)

DRIVER = Path(__file__).with_name("hiding_driver.py")
# 1: before each system call; else before each such one, from a random one on, another in each test.
STEP = how_many(96, 1, "TORTURE_STEP")
RARELY = 3 * STEP
KILLS = how_many(5, 100, "TORTURE_KILLS")
FILES = 6


def drive(repo: Repo, mode: str, one: int, other: int, **more: str) -> int:
    tests = str(Path(__file__).parents[2])
    env = {"PYTHONPATH": f"{PACKAGES}:{tests}"}
    argv = [sys.executable, str(DRIVER), mode, str(repo.path), str(one), str(other)]
    done = subprocess.run(argv, env={**repo.env, **env, **more}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return int(done.stdout)


@pytest.fixture
def seed(chance: random.Random) -> int:
    return chance.randrange(1_000_000)


@pytest.mark.parametrize("story", ["", "editor", "collision", "appending"])
def test_g5_killed_before_any_system_call(repo: Repo, story: str, seed: int) -> None:
    make_work(repo, FILES, megabytes=0)
    assert drive(repo, "points", seed % STEP, STEP, STORY=story) > 100


def test_g5_killed_where_the_gitattributes_go_first(repo: Repo, seed: int) -> None:
    make_work(repo, 3, megabytes=0)
    with (repo.path / ".gitattributes").open("a") as file:
        file.write("*.txt text eol=crlf\n")
    assert drive(repo, "points", seed % RARELY, RARELY) > 100


@pytest.mark.parametrize("without", [("EXCHANGE",), ("EXCHANGE", "LINKS")])
def test_g5_killed_where_names_cannot_be_exchanged(repo: Repo, without: tuple[str, ...], seed: int) -> None:
    make_work(repo, 3, megabytes=0)
    assert drive(repo, "points", seed % RARELY, RARELY, **{f"WITHOUT_{what}": "1" for what in without}) > 100


@pytest.mark.parametrize("story", ["", "appending"])
def test_g5_killed_where_the_git_directory_is_on_another_file_system(repo: Repo, story: str, seed: int) -> None:
    make_work(repo, 3, megabytes=0)
    with elsewhere(repo.path) as place:
        assert drive(repo, "points", seed % RARELY, RARELY, FAR=place, STORY=story) > 100


def test_g5_killed_at_random_moments(repo: Repo, seed: int) -> None:
    make_work(repo, 40, megabytes=1)
    assert drive(repo, "moments", KILLS, seed) > KILLS // 4
