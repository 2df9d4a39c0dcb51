"""Kill -9 while outputs are restored or stored, and many that do it at once: all is there, or all is as it was (K9).

`TORTURE_SEED=N pytest ...` begins with the same call again; `TORTURE_STEP=1` stops at each call.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kit.chance import draw_seed, how_many
from kit.repo import PACKAGES, Repo
from kit.results.outputs import ignore, leftovers, make_outputs, outputs_of, restore, store

pytestmark = pytest.mark.timeout(300)

DRIVER = Path(__file__).with_name("outputs_driver.py")
STEP = how_many(60, 3, "TORTURE_STEP")  # 1: each system call; else each such one, from a random one on
ROUNDS = how_many(12, 60, "TORTURE_ROUNDS")

each_way = pytest.mark.parametrize("without", [{}, {"WITHOUT_EXCHANGE": "1"}], ids=["exchange", "two renames"])


def start(repo: Repo, mode: str, one: int, other: int, **more: str) -> "subprocess.Popen[str]":
    tests = str(Path(__file__).parents[1])
    argv = [sys.executable, str(DRIVER), mode, str(repo.path), str(one), str(other)]
    env = {**repo.env, "PYTHONPATH": f"{PACKAGES}:{tests}", **more}
    return subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def number_of(process: "subprocess.Popen[str]") -> int:
    out, err = process.communicate(timeout=280)
    assert process.returncode == 0, err[-3000:]
    return int(out)


@pytest.fixture
def seed() -> int:
    return draw_seed()


@each_way
def test_k9_a_restore_killed_before_any_system_call(repo: Repo, without: "dict[str, str]", seed: int) -> None:
    ignore(repo, "node_modules", "deep", "out-file")
    assert number_of(start(repo, "restore", seed % STEP, STEP, **without)) > 150


@each_way
def test_k9_a_restore_killed_between_two_exchanges(repo: Repo, without: "dict[str, str]") -> None:
    ignore(repo, "node_modules", "deep", "out-file")
    moves = "os.rename" if without else "ctypes.dlsym os.rename"
    assert number_of(start(repo, "restore", 0, 1, ONLY=moves, **without)) > 3


def test_k9_a_store_and_a_prune_killed_before_any_system_call(repo: Repo) -> None:
    ignore(repo, "node_modules", "deep", "out-file")
    assert number_of(start(repo, "store", 0, 1)) > 30, "small files are stored with one call"


def test_k9_many_that_restore_store_and_prune_at_once(repo: Repo, seed: int) -> None:
    ignore(repo)
    versions = []
    for key in ("1", "2"):
        versions.append(make_outputs(repo, key))
        assert store(repo, key) is not None
        repo.call("cp", "-a", "--parents", "node_modules", f"{repo.path.parent}/", check=True)
        (repo.path.parent / f"version-{key}").mkdir()
        os.rename(repo.path.parent / "node_modules", repo.path.parent / f"version-{key}" / "node_modules")
    processes = [start(repo, "race", seed + number, ROUNDS) for number in range(4)]
    restored = [number_of(process) for process in processes]
    assert sum(restored) > 0
    assert outputs_of(repo) in versions and leftovers(repo) == []
    for key, version in zip(("1", "2"), versions, strict=True):
        if restore(repo, key).manifest is not None:
            assert outputs_of(repo) == version
