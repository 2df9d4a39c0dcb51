"""Outputs that may be somebody's work are not replaced (K9)."""

import shutil
from pathlib import Path

import pytest

from kit.repo import Repo
from kit.results.outputs import (
    ignore,
    leftovers,
    make_outputs,
    outputs_of,
    put,
    remove,
    restore,
    store,
)

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("ignored")]  # the time is for a busy machine


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("git add -f node_modules/private", "git does not ignore node_modules/private"),
        ("echo > .gitignore", "git does not ignore node_modules"),
        ("echo 'node_modules/*\n!node_modules/private' > .gitignore", "git does not ignore node_modules/private"),
        ("echo 'node_modules/*\n!node_modules/mine' > .gitignore; touch node_modules/mine", "node_modules/mine"),
        ("git init -q node_modules/package-1", "node_modules/package-1/.git is a git directory"),
        ("touch node_modules/.git", "node_modules/.git is a git directory"),
        ("rm -rf node_modules; ln -s .git node_modules", "node_modules is a link"),
        ("rm -rf node_modules; echo mine > node_modules", "node_modules is a file; it is not replaced by a folder"),
        ("rm -rf node_modules; echo > .gitignore", "git does not ignore node_modules"),
    ],
)
def test_k9_what_may_be_somebodys_work_is_not_replaced(repo: Repo, change: str, reason: str) -> None:
    make_outputs(repo)
    store(repo)
    put(repo.path / "node_modules" / "only-now", "here")
    repo.call("sh", "-c", change, check=True)
    new = outputs_of(repo)
    result = restore(repo)
    assert result.manifest is None and reason in result.reason
    assert outputs_of(repo) == new and leftovers(repo) == []


@pytest.mark.parametrize(
    "pattern",
    ["node_modules", "/node_modules/", "node_mod*/", "node_modules/*", "node_modules/**", "*", "\\node_modules"],
)
def test_k9_whatever_pattern_ignores_all_of_it_will_do(repo: Repo, pattern: str) -> None:
    old = make_outputs(repo)
    store(repo)
    remove(repo.path / "node_modules")
    repo.write(".gitignore", f"{pattern}\n")
    assert restore(repo).reason == "" and outputs_of(repo) == old


def test_k9_a_file_that_is_to_come_and_is_not_ignored_is_found(repo: Repo) -> None:
    make_outputs(repo)
    store(repo)
    remove(repo.path / "node_modules")
    for pattern in ("node_modules/*\n!node_modules/large", "*\n!*/\n!large", "node_modules/p*"):
        repo.write(".gitignore", f"{pattern}\n")
        assert "git does not ignore node_modules" in restore(repo).reason and not repo.has("node_modules")


@pytest.mark.parametrize("text", ["*", "# Created by virtualenv automatically\n*\n"])
def test_k9_an_environment_that_ignores_itself_comes_into_a_new_worktree(repo: Repo, text: str, tmp_path: Path) -> None:
    """uv, virtualenv and venv put a `.gitignore` into what they make, so that many repositories have no line for it."""
    environment = (b".venv",)
    put(repo.path / ".venv/bin/python", "3")
    put(repo.path / ".venv/.gitignore", text)
    assert store(repo, outputs=environment) is not None
    repo.git("commit", "-q", "--allow-empty", "-m", "first")
    repo.git("worktree", "add", "-q", str(tmp_path / "other"))
    other = Repo(tmp_path / "other", repo.env)
    assert restore(other, outputs=environment).reason == ""
    assert other.read(".venv/bin/python") == "3" and other.git("status", "--short").stdout == ""
    put(other.path / ".venv/bin/python", "4")
    assert restore(other, outputs=environment).reason == "" and other.read(".venv/bin/python") == "3"

    remove(other.path / ".venv/.gitignore")
    put(other.path / ".venv/bin/python", "mine")
    assert "git does not ignore .venv" in restore(other, outputs=environment).reason
    remove(other.path / ".venv")
    other.git("update-index", "--add", "--cacheinfo", f"100644,{'0' * 39}1,.venv/bin/python")
    assert "git does not ignore .venv" in restore(other, outputs=environment).reason
    assert not other.has(".venv")


@pytest.mark.parametrize("text", ["*\n!bin\n", "bin/\n", "/*/\n", "#*\n"])
def test_k9_one_that_ignores_only_a_part_of_itself_does_not(repo: Repo, text: str) -> None:
    put(repo.path / ".venv/bin/python", "3")
    put(repo.path / ".venv/.gitignore", text)
    assert store(repo, outputs=(b".venv",)) is not None
    remove(repo.path / ".venv")
    assert "git does not ignore .venv" in restore(repo, outputs=(b".venv",)).reason
    assert not repo.has(".venv")


def test_k9_nothing_is_written_through_a_link_above_the_output(repo: Repo, tmp_path: Path) -> None:
    ignore(repo, "out", "deep")
    outputs = (b"deep/er/out",)
    put(repo.path / "deep/er/out/file", "stored")
    assert store(repo, outputs=outputs) is not None
    remove(repo.path / "deep")
    put(tmp_path / "outside/er/out/file", "outside")
    (repo.path / "deep").symlink_to(tmp_path / "outside")
    result = restore(repo, outputs=outputs)
    assert "is a link" in result.reason and result.manifest is None
    assert store(repo, outputs=outputs) is None
    assert [path.name for path in (tmp_path / "outside").rglob("*")] == ["er", "out", "file"]
    assert (tmp_path / "outside/er/out/file").read_text() == "outside"


def test_k9_the_index_of_the_hook_counts(repo: Repo) -> None:
    """Check `git commit -a` and `git commit -- FILE`, whose index is another one."""
    make_outputs(repo)
    store(repo)
    env = {"GIT_INDEX_FILE": str(repo.path / ".git/index-of-the-hook")}
    shutil.copy(repo.path / ".git/index", env["GIT_INDEX_FILE"])
    repo.git("add", "-f", "node_modules/private", env=env)
    assert restore(repo).manifest is not None
    repo.env |= env
    assert "git does not ignore node_modules/private" in restore(repo).reason
