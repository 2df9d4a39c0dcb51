"""The facts from a repository's files are what git itself says, in every layout that git knows."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.head import head_of
from dodo_hooks.git.repo import Repo as Facts
from dodo_hooks.git.repo import find_repo, is_discoverable, main_worktree
from kit.repo import Repo

HOSTILE = 'it\'s a "dir" $(touch owned) `x`\n*\\ \udcff\udcc3 é'
ALLOW_FILE = ("-c", "protocol.file.allow=always")


def read_from_git(path: Path, env: dict[str, str], **more: str) -> Facts:
    """Return the same facts from git."""

    def ask(*argv: str) -> str:
        done = subprocess.run(["git", "rev-parse", *argv], cwd=path, env={**env, **more}, capture_output=True)
        return os.fsdecode(done.stdout.removesuffix(b"\n"))

    common = os.path.realpath(os.path.join(path, ask("--git-common-dir")))
    return Facts(ask("--show-toplevel"), os.path.realpath(ask("--absolute-git-dir")), common)


def in_main(repo: Repo) -> Path:
    return repo.path


def in_subdirectory(repo: Repo) -> Path:
    return repo.write("some/where/file", "").parent


def in_linked_worktree(repo: Repo) -> Path:
    return repo.worktree("linked").path


def in_submodule(repo: Repo) -> Path:
    other = Repo.create(repo.path.parent / "other", repo.env)
    repo.git(*ALLOW_FILE, "submodule", "--quiet", "add", str(other.path), "sub")
    return repo.path / "sub"


def in_bare_repository(repo: Repo) -> Path:
    repo.git("clone", "-q", "--bare", ".", "../bare.git")
    return repo.path.parent / "bare.git"


def in_worktree_of_a_bare_repository(repo: Repo) -> Path:
    Repo(in_bare_repository(repo), repo.env).git("worktree", "add", "-q", "../tree")
    return repo.path.parent / "tree"


def beside_a_bare_dot_git(repo: Repo) -> Path:
    repo.git("config", "core.bare", "true")
    return repo.path


def in_the_git_directory(repo: Repo) -> Path:
    return repo.path / ".git/refs"


def in_the_git_directory_of_a_worktree(repo: Repo) -> Path:
    repo.worktree("linked")
    return repo.path / ".git/worktrees/linked"


def with_a_separate_git_directory(repo: Repo) -> Path:
    repo.git("init", "-q", f"--separate-git-dir={repo.path.parent / 'elsewhere'}")
    return repo.path


def with_a_configured_worktree(repo: Repo) -> Path:
    (repo.path.parent / 'the "tree"; # 1').mkdir()
    repo.git("config", "core.worktree", '../../the "tree"; # 1')
    return repo.path / ".git"


def with_a_configuration_of_the_worktree(repo: Repo) -> Path:
    repo.git("config", "extensions.worktreeConfig", "true")
    linked = repo.worktree("linked")
    (repo.path.parent / "moved").mkdir()
    linked.git("config", "--worktree", "core.worktree", str(repo.path.parent / "moved"))
    return repo.path / ".git/worktrees/linked"


def with_sha256(repo: Repo) -> Path:
    repo.git("init", "-q", "--object-format=sha256", "../sha256")
    return repo.path.parent / "sha256"


def through_a_link(repo: Repo) -> Path:
    link = repo.path.parent / "link"
    link.symlink_to("repo")
    return link


LAYOUTS = (
    in_main,
    in_subdirectory,
    in_linked_worktree,
    in_submodule,
    in_bare_repository,
    in_worktree_of_a_bare_repository,
    beside_a_bare_dot_git,
    in_the_git_directory,
    in_the_git_directory_of_a_worktree,
    with_a_separate_git_directory,
    with_a_configured_worktree,
    with_a_configuration_of_the_worktree,
    with_sha256,
    through_a_link,
)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_the_repository_is_the_one_that_git_finds(repo: Repo, layout: Callable[[Repo], Path]) -> None:
    place = layout(repo)
    assert find_repo(repo.env, str(place)) == read_from_git(place, repo.env)


@pytest.mark.parametrize("layout", (in_linked_worktree, in_submodule, in_main), ids=lambda layout: layout.__name__)
def test_any_bytes_may_be_in_its_path(tmp_path: Path, env: dict[str, str], layout: Callable[[Repo], Path]) -> None:
    repo = Repo.create(tmp_path / HOSTILE / "repo", env)
    place = layout(repo)
    found = find_repo(env, str(place))
    assert (found.top, found.is_linked) == (str(place), layout is in_linked_worktree)
    assert os.path.isdir(f"{found.git_dir}/logs") and found.common_dir.startswith(str(repo.path))
    assert is_discoverable(found, {})
    assert head_of(found, env)[1] == subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=place).decode().strip()


def in_linked_worktree_beside_a_bare_dot_git(repo: Repo) -> Path:
    linked = in_linked_worktree(repo)
    repo.git("config", "core.bare", "true")
    return linked


@pytest.mark.parametrize(
    "layout",
    (
        in_main,
        in_subdirectory,
        in_linked_worktree,
        in_bare_repository,
        in_worktree_of_a_bare_repository,
        in_linked_worktree_beside_a_bare_dot_git,
        through_a_link,
    ),
    ids=lambda layout: layout.__name__,
)
def test_the_main_working_tree_is_the_one_that_git_lists_first(repo: Repo, layout: Callable[[Repo], Path]) -> None:
    place = layout(repo)
    listed = Repo(place, repo.env).git("worktree", "list", "--porcelain").stdout.split("\n\n")[0].splitlines()
    expected = None if "bare" in listed else listed[0].removeprefix("worktree ")
    assert main_worktree(find_repo(repo.env, str(place))) == expected


def test_the_main_working_tree_of_a_submodule_is_the_submodule(repo: Repo) -> None:
    """Differ from git, which lists the git directory there, which is nobody's working tree."""
    sub = in_submodule(repo)
    Repo(sub, repo.env).git("worktree", "add", "-q", "../of-sub")
    for place in (sub, repo.path / "of-sub"):
        assert main_worktree(find_repo(repo.env, str(place))) == str(sub)


def test_a_git_directory_elsewhere_does_not_know_its_main_working_tree(repo: Repo) -> None:
    linked = in_linked_worktree(repo)
    with_a_separate_git_directory(repo)
    repo.git("worktree", "repair", str(linked))
    assert main_worktree(repo.facts) == str(repo.path)
    assert main_worktree(find_repo(repo.env, str(linked))) is None


def test_only_a_worktree_that_git_added_is_linked(repo: Repo) -> None:
    assert not repo.facts.is_linked
    assert not find_repo(repo.env, str(in_submodule(repo))).is_linked
    assert find_repo(repo.env, str(in_linked_worktree(repo))).is_linked


@pytest.mark.parametrize("argv", (("commit", "--allow-empty", "-m", "x"), ("worktree", "add", "-q", "../new")))
@pytest.mark.parametrize("layout", (in_main, in_linked_worktree, with_a_configured_worktree))
def test_g2_a_hook_finds_the_repository_from_what_git_gives_it(
    repo: Repo, layout: Callable[[Repo], Path], argv: tuple[str, ...]
) -> None:
    place = Repo(layout(repo), repo.env)
    seen = record_hooks(repo.path / ".git/hooks")
    place.git(*argv)
    firings = seen()
    assert firings
    for cwd, environ in firings:
        assert find_repo(environ, cwd) == read_from_git(Path(cwd), environ)


def test_g2_the_first_hook_in_a_worktree_of_a_bare_repository_finds_it(repo: Repo) -> None:
    bare = in_bare_repository(repo)
    seen = record_hooks(bare / "hooks")
    Repo(bare, repo.env).git("worktree", "add", "-q", "../new")
    cwd, environ = seen()[0]
    assert environ["GIT_IMPLICIT_WORK_TREE"] == "0"  # left from the command in the bare repository
    assert find_repo(environ, cwd) == read_from_git(repo.path.parent / "new", repo.env)


def record_hooks(hooks: Path) -> Callable[[], list[tuple[str, dict[str, str]]]]:
    """Make hooks that write down where and in which environment git starts them."""
    out = hooks.parent / "seen"
    out.mkdir()
    for name in ("post-commit", "post-checkout", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\n(pwd; env -0) > {out}/{name}-$1\n")
        (hooks / name).chmod(0o755)

    def seen() -> list[tuple[str, dict[str, str]]]:
        firings: list[tuple[str, dict[str, str]]] = []
        for path in sorted(out.iterdir()):
            cwd, _, environ = path.read_text().partition("\n")
            pairs = (entry.partition("=") for entry in environ.split("\0") if entry)
            firings.append((cwd, {name: value for name, _, value in pairs}))
        return firings

    return seen


def test_the_variables_win_over_the_place(repo: Repo, tmp_path: Path) -> None:
    other = Repo.create(tmp_path / "other", repo.env)
    linked = other.worktree("linked")
    for variables in (
        {"GIT_DIR": "../other/.git"},
        {"GIT_DIR": "../other/.git", "GIT_IMPLICIT_WORK_TREE": "0"},
        {"GIT_IMPLICIT_WORK_TREE": "0"},
        {"GIT_DIR": str(other.path / ".git"), "GIT_WORK_TREE": "../other"},
        {"GIT_WORK_TREE": ".."},
        {"GIT_DIR": str(linked.path / ".git")},
        {"GIT_DIR": ".git", "GIT_COMMON_DIR": "../other/.git"},
    ):
        assert find_repo({**repo.env, **variables}, str(repo.path)) == read_from_git(repo.path, repo.env, **variables)


def test_inside_the_git_directory_there_is_no_top_even_if_a_variable_says_so(repo: Repo) -> None:
    # As a push that is received finds it; git itself takes the git directory for the top here.
    assert find_repo({**repo.env, "GIT_DIR": "."}, str(repo.path / ".git")).top == ""


def test_no_repository_is_an_error_that_names_the_place(tmp_path: Path, repo: Repo) -> None:
    with pytest.raises(GitError, match="nowhere is not in a git repository"):
        find_repo({}, str(tmp_path / "nowhere"))
    with pytest.raises(GitError, match="no git repository at GIT_DIR='gone'"):
        find_repo({"GIT_DIR": "gone"}, str(repo.path))
    repo.write("sub/.git", "gitdir: ../gone\n")
    with pytest.raises(GitError, match=r"sub/\.git does not lead to a git repository"):
        find_repo({}, str(repo.path / "sub"))
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(GitError, match="loop of symbolic links"):
        find_repo({}, str(tmp_path / "a"))


def test_a_dot_git_that_is_no_repository_is_passed_over_as_git_does(repo: Repo) -> None:
    repo.write("sub/.git/config", "")
    assert find_repo(repo.env, str(repo.path / "sub")) == read_from_git(repo.path / "sub", repo.env) == repo.facts


# Discovery (R11)


def test_r11_what_git_finds_from_the_top_needs_no_variables(repo: Repo) -> None:
    for layout in (in_main, in_linked_worktree, in_submodule, in_worktree_of_a_bare_repository):
        assert is_discoverable(find_repo(repo.env, str(layout(repo))), {}), layout.__name__


def test_r11_what_git_does_not_find_from_the_top_needs_them(repo: Repo, tmp_path: Path) -> None:
    git_dir = str(repo.path / ".git")
    inside = str(repo.write("sub/file", "").parent)
    for top in (str(tmp_path), inside):  # the latter leads to the git directory, but to another top
        assert not is_discoverable(find_repo({"GIT_DIR": git_dir, "GIT_WORK_TREE": top}, inside), {}), top
    assert not is_discoverable(find_repo(repo.env, str(in_bare_repository(repo))), {})
    other = Repo.create(tmp_path / "other", repo.env)
    assert not is_discoverable(find_repo({"GIT_DIR": git_dir}, str(other.path)), {})
