"""A repository that git refuses because of its owner is refused; one that git uses is used (section 8)."""

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dodo_hooks.core.errors import GitError, UnsafeRepositoryError
from dodo_hooks.git.repo import find_repo, is_discoverable, locate_repo
from kit.process import DEADLINE_S
from kit.repo import Repo
from kit.system.foreign import NOBODY, allow, give_away, needs_root

FOREIGN = "detected dubious ownership in repository at"


def verdict(cwd: Path, env: dict[str, str]) -> str:
    """Return our result for a directory: the git directory, "" where there is no repository, or "refused"."""
    try:
        return find_repo(env, str(cwd)).git_dir
    except UnsafeRepositoryError:
        return "refused"
    except GitError:
        return ""


def verdict_of_git(cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(["git", "rev-parse", "--absolute-git-dir"], cwd=cwd, env=env, capture_output=True, text=True)
    if done.returncode == 0:
        return os.path.realpath(done.stdout.rstrip("\n"))
    return "" if "not a git repository" in done.stderr else "refused"


def in_main(repo: Repo) -> tuple[Path, list[Path]]:
    """Return the current directory, and the paths whose owner could matter."""
    inside = repo.write("sub/file", "").parent
    return inside, [repo.path, repo.path / ".git", inside]


def in_linked(repo: Repo) -> tuple[Path, list[Path]]:
    linked = repo.worktree("linked").path
    return linked, [linked, linked / ".git", repo.path / ".git/worktrees/linked", repo.path / ".git"]


def in_separate(repo: Repo) -> tuple[Path, list[Path]]:
    tree, git_dir = repo.path.parent / "tree", repo.path.parent / "separate"
    repo.git("init", "-q", "--separate-git-dir", str(git_dir), str(tree))
    return tree, [tree, tree / ".git", git_dir]


def behind_a_link(repo: Repo) -> tuple[Path, list[Path]]:
    tree = repo.path.parent / "tree"
    tree.mkdir()
    (tree / ".git").symlink_to(repo.path / ".git")
    return tree, [tree, tree / ".git", repo.path / ".git"]


def in_bare(repo: Repo) -> tuple[Path, list[Path]]:
    repo.git("clone", "-q", "--bare", ".", "../bare")
    bare = repo.path.parent / "bare"
    return bare / "refs", [bare, bare / "HEAD", bare / "refs"]


LAYOUTS = [in_main, in_linked, in_separate, behind_a_link, in_bare]


@needs_root
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("caller", ["", str(NOBODY)])
def test_what_belongs_to_whom_counts_as_for_git(
    repo: Repo, layout: Callable[[Repo], tuple[Path, list[Path]]], caller: str
) -> None:
    cwd, paths = layout(repo)
    env = {**repo.env, "SUDO_UID": caller}
    verdicts = set()
    for owners in itertools.product((0, NOBODY), repeat=len(paths)):
        for path, owner in zip(paths, owners, strict=True):
            os.chown(path, owner, owner, follow_symlinks=False)
        ours = verdict(cwd, env)
        assert ours == verdict_of_git(cwd, env), owners
        verdicts.add(ours)
    assert ("refused" in verdicts) == (caller == "")


@needs_root
@pytest.mark.parametrize("caller", ["1", "no number", "-1", f"{NOBODY}x", "²"])
def test_only_the_caller_of_sudo_is_as_good_as_root(repo: Repo, caller: str) -> None:
    give_away(repo.path)
    assert verdict(repo.path, {**repo.env, "SUDO_UID": caller}) == "refused"


@needs_root
def test_the_refusal_is_in_gits_own_words(repo: Repo) -> None:
    give_away(repo.path)
    with pytest.raises(UnsafeRepositoryError, match=f"^{FOREIGN} '{repo.path}'(.|\n)*git config --global --add safe.d"):
        assert repo.facts
    assert locate_repo(repo.env, str(repo.path)).top == str(repo.path)


@needs_root
def test_an_exception_in_the_global_configuration_is_gits_to_read(repo: Repo) -> None:
    give_away(repo.path)
    allow(repo, str(repo.path.parent / "other"))
    assert verdict(repo.path, repo.env) == "refused"
    allow(repo)
    assert verdict(repo.path, repo.env) == str(repo.path / ".git")
    allow(repo, "")  # takes back all before it
    assert verdict(repo.path, repo.env) == "refused"


@needs_root
def test_an_exception_of_the_repository_itself_says_nothing(repo: Repo) -> None:
    repo.git("config", "safe.directory", "*")
    give_away(repo.path)
    assert verdict(repo.path, repo.env) == "refused"


@needs_root
@pytest.mark.parametrize(
    "variables",
    [
        {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"},
        {"GIT_CONFIG_PARAMETERS": "'safe.directory'='*'"},
        {"GIT_CONFIG_PARAMETERS": "'safe.directory=*'"},
        {"GIT_DIR": ".git"},
    ],
)
def test_an_exception_of_the_command_counts(repo: Repo, variables: dict[str, str]) -> None:
    give_away(repo.path)
    assert verdict(repo.path, {**repo.env, **variables}) == str(repo.path / ".git")


@needs_root
def test_r11_a_repository_that_the_caller_has_named_stays_named_for_background_jobs(repo: Repo) -> None:
    give_away(repo.path)
    found = find_repo({**repo.env, "GIT_DIR": ".git"}, str(repo.path))
    assert not is_discoverable(found, repo.env)
    allow(repo)
    assert is_discoverable(found, repo.env)


@pytest.mark.parametrize("value", ["explicit", "all"])
@pytest.mark.parametrize("place", ["bare", "bare/refs", "repo/.git", "repo/.git/refs"])
def test_a_bare_repository_is_used_where_git_may_discover_one(repo: Repo, place: str, value: str) -> None:
    in_bare(repo)
    repo.git("config", "--global", "safe.bareRepository", value)
    cwd = repo.path.parent / place
    assert verdict(cwd, repo.env) == verdict_of_git(cwd, repo.env)
    assert (verdict(repo.path.parent / "bare", repo.env) == "refused") == (value == "explicit")


@needs_root
def test_what_is_a_repository_to_us_alone_is_refused(repo: Repo) -> None:
    """Damage HEAD: git goes further up, and finds a repository that is ours.

    That says nothing about the one that we have found.
    """
    planted = Repo.create(repo.path / "shared", repo.env)
    planted.write(".git/HEAD", "nonsense\n")
    give_away(planted.path)
    assert verdict_of_git(planted.path, repo.env) == str(repo.path / ".git")
    assert verdict(planted.path, repo.env) == "refused"


# How far git looks


def ceilings(top: Path) -> Sequence[str]:
    a, b, c = top / "a", top / "a/b", top / "a/b/c"
    link = top / "link"
    return [
        *(str(one) for one in (top, a, b, c, "/", f"{b}/", f"{top}/nowhere")),
        f"{a}:{b}",
        f"{b}:{a}",
        "a/b",
        f":{b}",
        f"{link}/b",
        f":{link}/b",
        f"{c}::{link}/b",
        f"{top}/a/./b",
        "",
        ":",
    ]


def test_discovery_stops_at_the_ceilings(repo: Repo) -> None:
    deep = repo.write("a/b/c/d/file", "").parent
    (repo.path / "link").symlink_to("a")
    verdicts = set()
    for ceiling in ceilings(repo.path):
        env = {**repo.env, "GIT_CEILING_DIRECTORIES": ceiling}
        for cwd in (deep, deep.parent, deep.parents[1], repo.path):
            assert verdict(cwd, env) == verdict_of_git(cwd, env), (ceiling, cwd)
            verdicts.add(verdict(cwd, env))
    assert verdicts == {"", str(repo.path / ".git")}


@needs_root
def test_discovery_stops_at_a_mount_point(repo: Repo) -> None:
    """Use a mount namespace of its own, which ends with the process."""
    inside = repo.write("mounted/file", "").parent
    script = 'mount -t tmpfs none mounted && mkdir mounted/sub && cd mounted/sub && exec "$@"'
    within = ("unshare", "-m", "sh", "-c", script, "sh")
    if repo.call(*within, "true").returncode:
        pytest.skip("this system lets nobody mount anything")
    ask = "import os\nfrom dodo_hooks.git.repo import find_repo\nprint(find_repo(os.environ, os.getcwd()).top)"
    python = (sys.executable, "-c", ask)
    done = repo.call(*within, *python)
    assert f"up to the mount point {inside}" in done.stderr and done.returncode == 1
    assert repo.call(*within, "git", "rev-parse", "--show-toplevel").returncode == 128
    for value in ("1", "true", "0", "false", ""):
        env = {"GIT_DISCOVERY_ACROSS_FILESYSTEM": value}
        git = repo.call(*within, "git", "rev-parse", "--show-toplevel", env=env)
        assert repo.call(*within, *python, env=env).stdout == git.stdout, value


@pytest.mark.parametrize("place", [".git", ".git/commondir", ".git/config"])
def test_a_fifo_where_git_has_a_file_holds_nobody_up(repo: Repo, place: str) -> None:
    planted = repo.write("planted/file", "").parent
    path = planted / place
    if place != ".git":
        repo.git("init", "-q", str(planted))
        path.unlink(missing_ok=True)
    os.mkfifo(path)
    ask = f"from dodo_hooks.git.repo import find_repo; find_repo({{}}, {str(planted)!r})"
    done = subprocess.run([sys.executable, "-c", ask], env=repo.env, capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 0 or "GitError" in done.stderr
