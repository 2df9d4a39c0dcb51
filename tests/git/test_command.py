"""Our own git commands."""

import ast
import os
from pathlib import Path

import pytest

import dodo_hooks
from dodo_hooks.core.errors import GitError
from dodo_hooks.git.command import git_program, run_git
from dodo_hooks.git.repo import Repo as Facts
from dodo_hooks.git.repo import find_repo
from kit.repo import Repo


def test_r11_our_own_commands_fire_no_hook(repo: Repo) -> None:
    repo.write(".git/hooks/post-checkout", "#!/bin/sh\ntouch fired\n").chmod(0o755)
    run_git(["checkout", "-q", "-b", "topic"], str(repo.path), repo.env)
    assert not repo.has("fired")
    repo.git("checkout", "-q", "main")
    assert repo.has("fired")


def test_r11_nor_one_that_the_configuration_defines(repo: Repo) -> None:
    repo.git("config", "hook.one.command", "touch fired #")
    repo.git("config", "--add", "hook.one.event", "post-index-change")
    repo.git("config", "--add", "hook.one.event", "reference-transaction")
    for args in (["read-tree", "HEAD"], ["update-ref", "refs/one", "HEAD"]):
        run_git(args, str(repo.path), repo.env)
        assert not repo.has("fired")
    repo.git("update-ref", "refs/two", "HEAD")
    if not repo.has("fired"):
        pytest.skip("this git has no hooks in its configuration")


def test_answers_are_bytes_and_input_reaches_git(repo: Repo) -> None:
    blob = run_git(["hash-object", "-w", "--stdin"], str(repo.path), repo.env, stdin=b"\xff\0").strip().decode()
    assert run_git(["cat-file", "blob", blob], str(repo.path), repo.env) == b"\xff\0"


def test_an_error_says_what_git_said(repo: Repo) -> None:
    with pytest.raises(GitError, match=r"^git checkout: pathspec 'gone' did not match"):
        run_git(["checkout", "gone"], str(repo.path), repo.env)
    assert run_git(["config", "no.such"], str(repo.path), repo.env, accepted=(0, 1)) == b""
    with pytest.raises(GitError, match=r"^git config: ended with 1"):
        run_git(["config", "no.such"], str(repo.path), repo.env)


def test_a_missing_git_is_an_error_of_one_sentence(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repo.path))
    with pytest.raises(GitError, match=r"^git cannot be started in .*: no git in PATH"):
        run_git(["status"], str(repo.path), {**repo.env, "PATH": str(repo.path)})


# Which git is started


def test_git_is_never_taken_from_the_repository(repo: Repo, tmp_path: Path) -> None:
    """Put a git there by an entry of PATH that is relative, or that lies inside of the repository."""
    marker = tmp_path / "taken"
    evil = f"#!/bin/sh\n{{ echo $0 $*; ps -o args= -p $PPID; }} >>'{marker}'\n"
    for place in ("git", "bin/git", ".git/tools/git", "sub/git"):
        repo.write(place, evil).chmod(0o755)
    (tmp_path / "link").symlink_to(repo.path / "bin")
    repo.write("file", "staged\n")
    repo.hook("pre-commit", check={"run": "true {staged_files}", "glob": "*"})
    repo.git("add", "file")
    repo.write("file", "unstaged\n")
    entries = [
        ".",
        "",
        "bin",
        "./bin",
        str(repo.path),
        f"{repo.path}/bin",
        f"{repo.path}/sub/../bin",
        f"{tmp_path}/link",
    ]
    path = ":".join([*entries, f"{repo.path}/.git/tools", repo.env["PATH"]])
    env = {"PATH": path}
    repo.install()
    # Manually: git puts its own directory first, and is itself less particular about the rest.
    assert "check " in repo.call(".git/hooks/pre-commit", check=True, env=env).stdout
    for words in (("doctor",), ("run", "pre-commit", "--all-files")):
        repo.run(*words, env=env)
    repo.doit("run", "pre-commit", env=env)
    assert not marker.exists(), marker.read_text()


@pytest.mark.parametrize("path", ["", ".", "bin:sub", "{top}/bin", "{link}"])
def test_without_a_git_elsewhere_there_is_none(repo: Repo, tmp_path: Path, path: str) -> None:
    repo.write("bin/git", "#!/bin/sh\n").chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(repo.path / "bin")
    environ = {"PATH": path.format(top=repo.path, link=link) or "nowhere"}
    with pytest.raises(FileNotFoundError, match="no git in PATH"):
        git_program(environ, find_repo({}, str(repo.path)))


def test_the_first_git_outside_is_taken_and_a_folder_of_that_name_is_none(repo: Repo, tmp_path: Path) -> None:
    found = find_repo({}, str(repo.path))
    (tmp_path / "folder/git").mkdir(parents=True)
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/git").touch()
    (tmp_path / "repository").mkdir()  # its name begins as that of the working tree does
    for name in ("repository", "second"):
        Repo(tmp_path, repo.env).write(f"{name}/git", "#!/bin/sh\n").chmod(0o755)
    path = ":".join(f"{tmp_path}/{name}" for name in ("folder", "plain", "repo", "repository", "second"))
    assert git_program({"PATH": path}, found) == f"{tmp_path}/repository/git"
    assert git_program({}, found) in ("/bin/git", "/usr/bin/git")


def test_a_working_tree_that_is_the_whole_file_system_has_git_in_it() -> None:
    everything = Facts("/", "/.git", "/.git")
    assert git_program({"PATH": os.environ["PATH"]}, everything)


def test_nobody_starts_git_by_its_bare_name() -> None:
    """Find lists of arguments that begin with "git": all of PATH would be searched for it."""
    root = Path(dodo_hooks.__file__).parent
    bare = []
    for source in sorted(root.rglob("*.py")):
        lists = [node for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.List | ast.Tuple)]
        for node in lists:
            first = node.elts[0] if len(node.elts) > 1 else None
            if isinstance(first, ast.Constant) and first.value == "git":
                bare.append(f"{source.relative_to(root)}:{node.lineno}")
    assert bare == []
