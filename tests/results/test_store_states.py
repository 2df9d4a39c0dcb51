"""A store of results that is full, cannot be written, or is gone: the job runs, and the next one as well (K12)."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kit.repo import Repo
from kit.results.incremental import counting, runs


@pytest.fixture
def store(repo: Repo) -> Iterator[Path]:
    """Give the results of a job a small file system of their own, with a success in it."""
    place = repo.state / "dodo-hooks/results"
    place.mkdir(mode=0o700, parents=True)
    (repo.state / "dodo-hooks").chmod(0o700)
    mount = ("mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", str(place))
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a file system of its own needs root")
    repo.write("in", "1")
    repo.hook("post-commit", job={"run": counting("job"), "inputs": ["in"]})
    repo.run("run", "post-commit", check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


def expect_up_to_date(repo: Repo) -> None:
    before = runs(repo, "job")
    assert "1 up to date" in repo.run("run", "post-commit", check=True).stdout
    assert runs(repo, "job") == before


def expect_a_run_that_is_not_kept(repo: Repo, why: str) -> None:
    before = runs(repo, "job")
    for number in (1, 2):
        done = repo.run("run", "post-commit", check=True)
        assert done.stderr.count("the result of job is not kept") == 1 and why in done.stderr
        assert runs(repo, "job") == before + number


def test_k12_a_full_store(repo: Repo, store: Path) -> None:
    expect_up_to_date(repo)
    with suppress(OSError), (store / "ballast").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    expect_up_to_date(repo)  # what is kept is still read
    repo.write("in", "2")
    expect_a_run_that_is_not_kept(repo, "No space left on device")
    repo.write("in", "1")
    expect_up_to_date(repo)


def test_k12_a_store_that_is_read_only(repo: Repo, store: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(store)], check=True)
    expect_up_to_date(repo)
    repo.write("in", "2")
    expect_a_run_that_is_not_kept(repo, "Read-only file system")


def test_k12_a_store_that_is_gone(repo: Repo, store: Path) -> None:
    subprocess.run(["umount", str(store)], check=True)
    store.rmdir()
    before = runs(repo, "job")
    repo.run("run", "post-commit", check=True)
    assert runs(repo, "job") == before + 1
    expect_up_to_date(repo)
