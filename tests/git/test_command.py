"""Our own git commands."""

import pytest

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.command import git
from kit.repo import Repo


def test_r11_our_own_commands_fire_no_hook(repo: Repo) -> None:
    repo.write(".git/hooks/post-checkout", "#!/bin/sh\ntouch fired\n").chmod(0o755)
    git(["checkout", "-q", "-b", "topic"], str(repo.path), repo.env)
    assert not repo.has("fired")
    repo.git("checkout", "-q", "main")
    assert repo.has("fired")


def test_answers_are_bytes_and_input_reaches_git(repo: Repo) -> None:
    blob = git(["hash-object", "-w", "--stdin"], str(repo.path), repo.env, stdin=b"\xff\0").strip().decode()
    assert git(["cat-file", "blob", blob], str(repo.path), repo.env) == b"\xff\0"


def test_an_error_says_what_git_said_last(repo: Repo) -> None:
    with pytest.raises(GitError, match=r"^git checkout: error: pathspec 'gone' did not match"):
        git(["checkout", "gone"], str(repo.path), repo.env)
    assert git(["config", "no.such"], str(repo.path), repo.env, accepted=(0, 1)) == b""
    with pytest.raises(GitError, match=r"^git config: ended with 1"):
        git(["config", "no.such"], str(repo.path), repo.env)


def test_a_missing_git_is_an_error_of_one_sentence(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repo.path))
    with pytest.raises(GitError, match=r"^git cannot be started in .*: No such file or directory"):
        git(["status"], str(repo.path), {**repo.env, "PATH": str(repo.path)})
