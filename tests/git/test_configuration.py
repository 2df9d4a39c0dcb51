"""The check that git can read its configuration. git is asked only where the files are not plain; its answer counts."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.configuration import expect_configuration
from dodo_hooks.git.content.conversions import plain_settings
from kit.repo import Repo

PIECES = (
    *(
        "[core]",
        "[",
        "]",
        "core",
        ' "a b"',
        '"',
        "\\",
        "\n",
        " ",
        "\t",
        "=",
        "true",
        "key",
        "1",
        "#",
        ";",
        "bare",
        "\r",
        "-",
    ),
    *("\0", "é", "[include]", "path = nowhere", "repositoryformatversion = 0", "bare = false", '[remote "x"]'),
)


def is_readable(repo: Repo) -> bool:
    done = subprocess.run(["git", "config", "--list"], cwd=repo.path, env=repo.env, capture_output=True)
    return done.returncode == 0


def check(repo: Repo, path: "str | None" = None) -> None:
    """Call it with a PATH where no git is, or where `path` has one."""
    found = repo.facts
    expect_configuration(found, {**repo.env, "PATH": path or "/nowhere"})


def test_plain_files_are_read_without_git(repo: Repo) -> None:
    repo.git("config", "remote.origin.url", "https://example.invalid/a b.git")
    repo.git("config", "branch.main.merge", "refs/heads/main")
    repo.git("config", "branch.some/branch.rebase", "true")
    check(repo)


@pytest.mark.parametrize(
    "line", ["[core", "[core]\nbare = perhaps", "x = 1\n[a", '[core]\nx = "a', "[core]\n1x = 2", "[core]\nx = a\\q"]
)
@pytest.mark.parametrize("is_global", [False, True])
def test_what_git_cannot_read_is_an_error_in_its_own_words(repo: Repo, line: str, is_global: bool) -> None:
    path = Path(repo.env["GIT_CONFIG_GLOBAL"]) if is_global else repo.path / ".git/config"
    path.write_text(f"{path.read_text()}\n{line}\n")
    if is_readable(repo):
        pytest.skip("this git reads it")
    with pytest.raises(GitError, match=r"git cannot read its configuration: .*correct that file"):
        check(repo, os.environ["PATH"])


@pytest.mark.parametrize(
    "line", ["[include]\npath = other", '[core]\nx = "quoted"', "[extensions]\nworktreeConfig = true"]
)
def test_git_is_asked_where_a_file_is_not_plain(repo: Repo, line: str) -> None:
    path = repo.path / ".git/config"
    path.write_text(f"{path.read_text()}\n{line}\n")
    with pytest.raises(GitError, match=r"no git in PATH|cannot be started"):
        check(repo)
    check(repo, os.environ["PATH"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_no_file_that_git_cannot_read_passes(repo: Repo, pieces: list[str]) -> None:
    path = repo.path / ".git/config"
    path.write_text("[core]\nrepositoryformatversion = 0\n" + "".join(pieces), newline="")
    try:
        check(repo)
    except GitError:
        return  # git would have been asked
    assert is_readable(repo)


@pytest.mark.parametrize(
    ("content", "is_plain"),
    [
        (
            '[filter "lfs"]\n\tclean = git-lfs clean -- %f\n\tprocess = git-lfs filter-process\n\trequired = true\n',
            True,
        ),
        ('[Filter "X y"]\nClean=cat\n[filter.Old]\n smudge = a  b\n[core]\n\tAutoCRLF = input\n\n', True),
        ('# a = b\n; c = d\n[core]\nattributesFile = ~/x\n[filter "x"]\nsmudge = \n', True),
        ('[filter "x"]\nsmudge = a ; b\n', False),
        ('[filter "x"]\nsmudge = "a b"\n', False),
        ('[filter "x"]\nrequired\n', False),
        ('[filter "x"] smudge = y\n', False),
        ('[a][filter "x"]\nsmudge = y\n', False),
        ("[include]\npath = x\n", False),
    ],
)
def test_s4_what_git_writes_files_by_is_read_as_git_reads_it(repo: Repo, content: str, is_plain: bool) -> None:
    path = repo.write("settings", content)
    listed = repo.git("config", "--file", str(path), "--list", "-z").stdout.encode().split(b"\0")[:-1]
    expected = {key: value for key, _, value in (one.partition(b"\n") for one in listed)}
    assert plain_settings(path.read_bytes()) == (expected if is_plain else None)
