"""A repository that was moved, copied or is reached by another way has working hooks (G1)."""

import os
import shutil
from pathlib import Path

import pytest

from kit.repo import Repo

COMMIT = ("commit", "-q", "--allow-empty", "-m", "x")


@pytest.fixture
def installed(repo: Repo) -> Repo:
    """Make a repository with a gate that records its runs, and a hook that was there before."""
    repo.write(".git/hooks/pre-commit", "#!/bin/sh\necho own hook >&2\n").chmod(0o755)
    repo.hook("pre-commit", gate="touch ran")
    repo.install()
    return repo


def works(repo: Repo) -> None:
    (repo.path / "ran").unlink(missing_ok=True)
    said = repo.git(*COMMIT).stderr
    assert said.startswith("own hook\n") and "✔ gate" in said and repo.has("ran")


def test_g1_hooks_go_with_a_repository_that_is_moved(installed: Repo, tmp_path: Path) -> None:
    shutil.move(installed.path, tmp_path / "else where")
    moved = Repo(tmp_path / "else where", installed.env)
    works(moved)
    assert moved.run("doctor", check=True).stdout == "no errors or warnings\n"
    assert "your legacy hook is restored" in moved.run("uninstall", check=True).stdout


def test_g1_a_copy_has_hooks_of_its_own(installed: Repo, tmp_path: Path) -> None:
    installed.call("cp", "-r", str(installed.path), str(tmp_path / "copy"), check=True)
    copy = Repo(tmp_path / "copy", installed.env)
    shutil.rmtree(installed.path)
    works(copy)
    assert len(list((installed.state / "dodo-hooks/jobs").iterdir())) == 1  # as many as ran: the copy is another one
    assert "your legacy hook is restored" in copy.run("uninstall", check=True).stdout


def test_g1_hooks_go_with_a_repository_with_linked_worktrees(installed: Repo, tmp_path: Path) -> None:
    linked = installed.worktree("linked")
    linked.write("hooks.dodo", installed.read("hooks.dodo"))
    works(linked)
    shutil.move(installed.path, tmp_path / "moved")
    moved = Repo(tmp_path / "moved", installed.env)
    moved.git("worktree", "repair", str(linked.path))
    works(linked)
    works(moved)


def test_g1_the_launcher_is_found_wherever_git_is_started(installed: Repo, tmp_path: Path) -> None:
    installed.write("sub/dir/file", "")
    for argv in (
        ("-C", "sub/dir", *COMMIT),
        (f"--git-dir={installed.path}/.git", f"--work-tree={installed.path}", *COMMIT),
    ):
        (installed.path / "ran").unlink(missing_ok=True)
        assert "own hook" in installed.git(*argv).stderr and installed.has("ran")
    (tmp_path / "link").symlink_to(installed.path)
    works(Repo(tmp_path / "link", installed.env))


def test_g1_a_shim_that_is_started_from_its_own_directory_finds_the_launcher(installed: Repo) -> None:
    done = installed.call("sh", "-c", "cd .git/hooks && DODO_HOOKS=0 sh pre-commit", check=True)
    assert done.stderr == "own hook\n"


@pytest.mark.parametrize("value", (".git/other", "link", "{path}/.git/other"))
def test_g1_a_hooks_path_in_the_git_directory_may_be_reached_by_any_way(repo: Repo, tmp_path: Path, value: str) -> None:
    (repo.path / ".git/other").mkdir()
    if value == "link":
        (tmp_path / "link").symlink_to(repo.path / ".git/other")
        value = str(tmp_path / "link")
    repo.git("config", "core.hooksPath", value.format(path=repo.path))
    repo.write(".git/other/pre-commit", "#!/bin/sh\necho own hook >&2\n").chmod(0o755)
    repo.hook("pre-commit", gate="touch ran")
    repo.install()
    assert repo.has(".git/other.dodo-kept/pre-commit")
    works(repo)


def test_g1_a_submodule_has_hooks_of_its_own(repo: Repo, tmp_path: Path) -> None:
    library = Repo.create(tmp_path / "library", repo.env)
    library.write("file", "")
    library.git("add", "file")
    library.git("commit", "-q", "-m", "file")
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.path), "sub")
    sub = Repo(repo.path / "sub", repo.env)
    repo.write(".git/modules/sub/hooks/pre-commit", "#!/bin/sh\necho own hook >&2\n").chmod(0o755)
    sub.hook("pre-commit", gate="touch ran")
    sub.install()
    works(sub)
    shutil.move(repo.path, tmp_path / "moved")
    works(Repo(tmp_path / "moved/sub", repo.env))


def test_g2_a_bare_repository_has_hooks_in_its_worktrees(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    bare = Repo(tmp_path / "bare.git", repo.env)
    bare.git("worktree", "add", "-q", str(tmp_path / "one"))
    one = Repo(tmp_path / "one", repo.env)
    bare.path.joinpath("hooks/pre-commit").write_text("#!/bin/sh\necho own hook >&2\n")
    bare.path.joinpath("hooks/pre-commit").chmod(0o755)
    one.hook("pre-commit", gate="touch ran")
    one.install()
    works(one)
    shutil.move(bare.path, tmp_path / "moved.git")
    Repo(tmp_path / "moved.git", repo.env).git("worktree", "repair", str(one.path))
    works(one)
    assert not os.path.exists(bare.path)
