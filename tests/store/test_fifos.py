"""A FIFO in the place of any file that we read: nothing waits for somebody to write into it."""

import os

import pytest

from kit.repo import Repo
from kit.results.incremental import counting, runs


@pytest.fixture
def installed(repo: Repo) -> Repo:
    """Return a repository with an incremental job that has run."""
    repo.write("in", "1")
    repo.hook("pre-commit", job={"run": counting("job"), "inputs": ["in"]})
    repo.run("install", check=True)
    repo.git("add", ".")
    repo.git("commit", "-qm", "x")
    return repo


def put_fifo(repo: Repo, name: str) -> None:
    (repo.path / name).unlink(missing_ok=True)
    os.mkfifo(repo.path / name, 0o600)


@pytest.mark.parametrize("name", ["id", "clock", "hot.bin"])
def test_r21_a_fifo_in_the_place_of_a_file_of_ours_holds_up_no_hook(installed: Repo, name: str) -> None:
    put_fifo(installed, f".git/dodo-hooks/{name}")
    installed.write("in", "2")
    installed.git("commit", "-qam", "y")
    assert runs(installed, "job") == 2
    assert installed.run("doctor").returncode == 0
    installed.run("jobs", check=True)


def test_r21_a_fifo_in_the_place_of_the_launcher_refuses_the_commit(installed: Repo) -> None:
    put_fifo(installed, ".git/dodo-hooks/launch.py")
    done = installed.git("commit", "--allow-empty", "-qm", "y", check=False)
    assert done.returncode == 1 and "launch.py is gone" in done.stderr
    assert "the launcher of the hooks is gone" in installed.run("doctor").stdout


def test_r21_a_fifo_in_the_place_of_a_hook_holds_up_no_install(installed: Repo) -> None:
    put_fifo(installed, ".git/hooks/pre-commit")
    done = installed.run("install", check=True)
    assert "your legacy hook does not run: not executable" in done.stdout
    installed.run("uninstall", check=True)
    assert (installed.path / ".git/hooks/pre-commit").is_fifo()


def test_r21_a_fifo_in_the_place_of_a_hook_of_the_global_install_holds_up_no_doctor(installed: Repo) -> None:
    installed.run("install", "--global", check=True)
    hook = installed.path.parent / "home/.local/share/dodo-hooks/hooks/pre-commit"
    hook.unlink()
    os.mkfifo(hook, 0o755)
    assert "the hooks for all repositories are damaged" in installed.run("doctor").stdout


def test_r21_a_fifo_in_the_place_of_a_project_file_holds_up_no_first_hook_file(repo: Repo) -> None:
    put_fifo(repo, "package.json")
    put_fifo(repo, "Makefile")
    repo.run("init", check=True)
