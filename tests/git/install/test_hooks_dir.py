"""Hooks are written only where they are one repository's own (section 8)."""

import re
from pathlib import Path

import pytest

from kit.repo import Repo


def install(repo: Repo, **environ: str) -> Path:
    """Install one shim, and return where it is."""
    said = repo.run("install", "pre-commit", check=True, env=environ).stdout.splitlines()
    (directory,) = [line.removeprefix("hooks directory: ") for line in said if line.startswith("hooks directory: ")]
    assert Path(directory, "pre-commit").exists()
    return Path(directory, "pre-commit")


def refusal(repo: Repo, **environ: str) -> str:
    """Return the message of an install that must not change anything, in the repository or around it."""
    repo.run("install", "--check", "pre-commit")  # the first command of all makes the folder for records
    around = repo.path.parent
    before = {path: path.lstat().st_mtime_ns for path in around.rglob("*")}
    done = repo.run("install", "pre-commit", env=environ)
    assert done.returncode == 3 and "; nothing was changed" in done.stderr
    assert {path: path.lstat().st_mtime_ns for path in around.rglob("*")} == before
    return done.stderr


def follow(repo: Repo, said: str, begin: str) -> None:
    """Run the command that the sentence has in backquotes and that begins so."""
    command = next(word for word in re.findall(r"`(.+?)`", said) if word.startswith(begin))
    program, *argv = command.split()
    if program == "git":
        repo.call(program, *argv, check=True)
    else:
        repo.run(*argv, *(["pre-commit"] if "install" in argv else []), check=True)


def test_a_global_hooks_path_changes_nothing_and_names_both_ways_out(repo: Repo, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    repo.git("config", "--global", "core.hooksPath", str(shared))
    said = refusal(repo)
    assert f"core.hooksPath is {shared} in the global git configuration" in said
    follow(repo, said, "dodo-hooks install --local")
    assert install(repo) == repo.path / ".git/hooks/pre-commit"  # git really uses it:
    assert repo.git("rev-parse", "--git-path", "hooks").stdout.strip() == str(repo.path / ".git/hooks")
    repo.git("config", "--local", "--unset", "core.hooksPath")
    follow(repo, refusal(repo), "git config --global --unset")
    assert install(repo) == repo.path / ".git/hooks/pre-commit"
    assert not list(shared.iterdir())


def test_a_hooks_path_of_one_command_changes_nothing(repo: Repo) -> None:
    given = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.hooksPath", "GIT_CONFIG_VALUE_0": "/elsewhere"}
    assert install(repo, **given) == repo.path / ".git/hooks/pre-commit"  # it is gone when the next command runs


@pytest.mark.parametrize("value", (".husky", "sub/hooks", ".", "", "{main}/.husky"))
@pytest.mark.parametrize("place", ("main", "linked"))
def test_a_hooks_path_inside_a_work_tree_changes_nothing(repo: Repo, value: str, place: str) -> None:
    repo.write(".husky/pre-commit", "#!/bin/sh\n")
    here = repo if place == "main" else repo.worktree("linked")
    repo.git("config", "core.hooksPath", value.format(main=repo.path))
    said = refusal(here)
    assert "inside the work tree" in said and "dodo-hooks run HOOK" in said
    follow(here, said, "dodo-hooks install --local")
    assert install(here) == repo.path / ".git/hooks/pre-commit"


def test_a_hooks_path_inside_the_git_directory_is_used(repo: Repo) -> None:
    repo.git("config", "core.hooksPath", ".git/other-hooks")
    assert install(repo) == repo.path / ".git/other-hooks/pre-commit"
    assert repo.run("uninstall", check=True).stdout == "pre-commit: removed\n"


def test_a_hooks_path_of_this_repository_outside_the_work_tree_is_used(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "home/my hooks").mkdir()
    repo.git("config", "core.hooksPath", "~/my hooks")
    assert install(repo) == tmp_path / "home/my hooks/pre-commit"
    repo.git("config", "--unset", "core.hooksPath")
    assert install(repo) == repo.path / ".git/hooks/pre-commit"


def test_the_local_hooks_path_wins_over_the_global_one(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "local").mkdir()
    repo.git("config", "--global", "core.hooksPath", "/elsewhere")
    repo.git("config", "core.hooksPath", str(tmp_path / "local"))
    assert install(repo) == tmp_path / "local/pre-commit"


@pytest.mark.parametrize("value", ("/dev/null", "../not-there"))
def test_a_hooks_path_that_is_no_directory_changes_nothing(repo: Repo, value: str) -> None:
    repo.git("config", "core.hooksPath", value)
    said = refusal(repo)
    assert f"core.hooksPath is {value}, which is not a directory" in said
    follow(repo, said, "dodo-hooks install --local")
    install(repo)


def test_a_hooks_directory_that_is_a_link_changes_nothing(repo: Repo, tmp_path: Path) -> None:
    hooks = repo.path / ".git/hooks"
    hooks.rename(tmp_path / "shared")
    hooks.symlink_to(tmp_path / "shared")
    assert f"{hooks} is a link to {tmp_path}/shared" in refusal(repo)


def test_uninstall_works_where_install_would_refuse(repo: Repo) -> None:
    hook = install(repo)
    repo.git("config", "--global", "core.hooksPath", "/elsewhere")
    assert repo.run("uninstall", check=True).stdout == "pre-commit: removed\n"
    assert not hook.exists()
