"""The content of a hooks directory after install and uninstall (G1, G2, section 8)."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.core.git_hooks import SERVER_HOOKS
from dodo_hooks.git.event import MARKER
from dodo_hooks.git.install import legacy_hooks, shims
from kit.chance import how_many
from kit.repo import Repo

OWN_HOOK = b'#!/bin/sh\necho "own hook" "$@" # \xff\n'
KILLED = 9
ROUNDS = how_many(3, 50, "TORTURE_ROUNDS")

# Sources do not change while tests run, and the byte code is most of the time of an installation.
PREPARED = """
import os, sys
from dodo_hooks.git.install import launcher, shims
from dodo_hooks.git.repo import find_repo
repo = find_repo(os.environ, os.getcwd())
bundle = launcher.bundle_content()
launcher.bundle_content, launcher.compile_package = lambda: bundle, lambda: None
"""

# For each number N that it reads: a process that ends, as by a kill, right before it touches the repository for the Nth
# time. Prints its exit code.
KILLED_AT_A_STEP = (
    PREPARED
    + """
steps = {"open", "os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.listdir", "os.symlink"}
def count(event, args):
    global left
    if event in steps and "/repo/.git/" in str(args[0]):
        left -= 1
        if left == 0:
            os._exit(9)
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        left = int(line)
        sys.addaudithook(count)
        if sys.argv[1] == "install":
            shims.install(repo, ["pre-commit", "post-commit"], os.environ)
        else:
            shims.uninstall(repo, os.environ)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
)

OVER_AND_OVER = (
    PREPARED
    + """
for _ in range(int(sys.argv[1])):
    for hook in sys.argv[2:]:
        shims.install(repo, [hook], os.environ)
    if not sys.argv[2:]:
        shims.uninstall(repo, os.environ)
"""
)


def install(repo: Repo, *hooks: str) -> list[shims.Change]:
    return shims.install(repo.facts, hooks, repo.env)


def uninstall(repo: Repo) -> list[shims.Change]:
    return shims.uninstall(repo.facts, repo.env)


def own_hook(repo: Repo, name: str, content: bytes = OWN_HOOK, mode: int = 0o755) -> Path:
    path = repo.write(f".git/hooks/{name}", content)
    path.chmod(mode)
    return path


def snapshot(repo: Repo) -> dict[str, tuple[int, bytes]]:
    """Return every file of the git directory that is not git's own business: its mode, and its bytes or its target."""
    found: dict[str, tuple[int, bytes]] = {}
    for path in sorted((repo.path / ".git").rglob("*")):
        name = str(path.relative_to(repo.path / ".git"))
        if not name.startswith(("objects", "refs", "logs", "worktrees/")) and (path.is_symlink() or path.is_file()):
            content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[name] = (path.lstat().st_mode, content)
    return found


def test_g1_a_shim_is_installed_and_taken_away_again(repo: Repo) -> None:
    before = snapshot(repo)
    changes = install(repo, "post-commit", "pre-commit", "pre-commit")
    hook = repo.path / ".git/hooks/pre-commit"
    assert [(change.hook, change.what) for change in changes] == [
        ("pre-commit", "installed"),
        ("post-commit", "installed"),
    ]
    assert changes[0].path == str(hook)
    assert hook.stat().st_mode & 0o7777 == 0o755 and repo.has(".git/dodo-hooks/launch.py")
    assert [change.what for change in uninstall(repo)] == ["removed", "removed"]
    assert snapshot(repo) == before
    assert uninstall(repo) == []


def test_g1_a_hook_that_was_there_is_kept_and_restored_byte_for_byte(repo: Repo) -> None:
    own_hook(repo, "pre-commit")
    own_hook(repo, "pre-push", b"not executable", 0o644)
    (repo.path / ".git/hooks/post-commit").symlink_to("../../tools/post-commit")  # leads nowhere, too
    own_hook(repo, "post-merge")
    before = snapshot(repo)
    changes = install(repo, "pre-commit", "pre-push", "post-commit", "commit-msg")
    assert {change.hook: change.what for change in changes} == {
        "pre-commit": "chained",
        "pre-push": "chained",
        "post-commit": "chained",
        "commit-msg": "installed",
    }
    during = snapshot(repo)
    for name in ("pre-commit", "pre-push", "post-commit"):
        assert during[f"hooks.dodo-kept/{name}"] == before[f"hooks/{name}"]
    assert during["hooks/post-merge"] == before["hooks/post-merge"]
    assert {change.hook: change.what for change in uninstall(repo)}["pre-commit"] == "restored"
    assert snapshot(repo) == before


def test_g1_installing_twice_is_installing_once(repo: Repo) -> None:
    own_hook(repo, "pre-commit")
    before = snapshot(repo)
    install(repo, "pre-commit", "post-commit")
    once = snapshot(repo)
    assert [change.what for change in install(repo, "pre-commit", "post-commit")] == ["chained", "installed"]
    assert snapshot(repo) == once
    uninstall(repo)
    assert snapshot(repo) == before


def test_g1_a_shim_that_was_edited_is_still_ours(repo: Repo) -> None:
    before = snapshot(repo)
    install(repo, "pre-commit")
    hook = repo.path / ".git/hooks/pre-commit"
    hook.write_bytes(hook.read_bytes().replace(b"#!/bin/sh\n", b"#!/bin/sh\n# a word of mine\n"))
    assert [change.what for change in uninstall(repo)] == ["removed"]
    assert snapshot(repo) == before


def test_g1_what_another_program_put_in_the_place_of_a_shim_is_never_touched(repo: Repo) -> None:
    own_hook(repo, "pre-commit")
    install(repo, "pre-commit", "post-commit")
    own_hook(repo, "pre-commit", b"#!/bin/sh\n# of another program\n")
    own_hook(repo, "post-commit", b"#!/bin/sh\n# of another program\n")
    changed = snapshot(repo)
    with pytest.raises(
        UsageError, match=r"pre-commit was replaced .* legacy hook is .*/hooks\.dodo-kept/pre-commit; nothing was"
    ):
        install(repo, "post-commit", "pre-commit")
    assert snapshot(repo) == changed
    assert [(change.hook, change.what) for change in uninstall(repo)] == [("pre-commit", "left")]
    for name in ("hooks/pre-commit", "hooks.dodo-kept/pre-commit", "hooks/post-commit"):
        assert snapshot(repo)[name] == changed[name]


def test_g1_a_shim_that_was_removed_manually_restores_the_legacy_hook(repo: Repo) -> None:
    hook = own_hook(repo, "pre-commit")
    before = snapshot(repo)
    install(repo, "pre-commit")
    hook.unlink()
    assert [change.what for change in uninstall(repo)] == ["restored"]
    assert snapshot(repo) == before


def test_g1_the_legacy_hook_is_copied_where_it_cannot_be_linked(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to("gone")
    for name, there in (("file", own_hook(repo, "pre-commit")), ("link", tmp_path / "linked")):
        kept = tmp_path / f"{name}.dodo-kept"
        legacy_hooks.copy_hook(str(there), str(kept))
        assert legacy_hooks.is_same_hook(str(there), str(kept)) and kept.lstat().st_mode == there.lstat().st_mode
    assert not legacy_hooks.is_same_hook(str(tmp_path / "linked"), str(tmp_path / "file.dodo-kept"))


@contextlib.contextmanager
def killer(repo: Repo, command: str) -> Iterator[Callable[[int], int]]:
    """Yield a function that runs the command up to one step, and returns its exit code."""
    argv = (sys.executable, "-c", KILLED_AT_A_STEP, command)
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, cwd=repo.path, env=repo.env, stdin=pipe, stdout=pipe) as process:

        def run_to(step: int) -> int:
            assert process.stdin and process.stdout
            process.stdin.write(b"%d\n" % step)
            process.stdin.flush()
            return int(process.stdout.readline())

        yield run_to


@pytest.mark.parametrize("command", ("install", "uninstall"))
def test_g1_killed_at_any_step_no_hook_is_lost(repo: Repo, command: str) -> None:
    own_hook(repo, "pre-commit")
    own_hook(repo, "common.sh")
    before = snapshot(repo)
    with killer(repo, command) as run_to:
        for step in range(1, 100):
            if command == "uninstall":
                install(repo, "pre-commit", "post-commit")
            code = run_to(step)
            now = snapshot(repo)
            kept = now.get("hooks.dodo-kept/pre-commit")
            in_place = now["hooks/pre-commit"]
            own = before["hooks/pre-commit"]
            assert in_place == own or (b"dodo_kept=" in in_place[1] and kept == own), step
            uninstall(repo)
            assert snapshot(repo) == before, step
            if code == 0:
                assert step > 5
                return
            assert code == KILLED
    pytest.fail("it never came to its end")


def test_g1_installs_and_uninstalls_at_once_lose_nothing(repo: Repo) -> None:
    own_hook(repo, "pre-commit")
    (repo.path / ".git/hooks/post-commit").symlink_to("pre-commit")
    before = snapshot(repo)
    programs = (("pre-commit", "post-commit"), ("post-commit", "pre-commit", "commit-msg"), (), ())
    running = [repo.start(sys.executable, "-c", OVER_AND_OVER, str(ROUNDS), *hooks) for hooks in programs]
    for process in running:
        assert (process.communicate()[1], process.returncode) == (b"", 0)
    install(repo, "pre-commit")
    uninstall(repo)
    assert snapshot(repo) == before


# Which hooks


def test_g2_derived_hooks_get_the_shim_that_they_fire_from(repo: Repo) -> None:
    assert [change.hook for change in install(repo, "worktree-post-create", "post-clone")] == ["post-checkout"]


@pytest.mark.parametrize("hook", sorted(SERVER_HOOKS))
def test_g2_no_shim_for_a_hook_whose_presence_changes_what_git_does(repo: Repo, hook: str) -> None:
    before = snapshot(repo)
    with pytest.raises(UsageError, match=f"^{hook} gets no shim: "):
        install(repo, "pre-commit", hook)
    assert snapshot(repo) == before


def test_an_unknown_hook_is_an_error_that_names_the_nearest(repo: Repo) -> None:
    with pytest.raises(UsageError, match=r'^unknown hook "pre-comit" \(did you mean "pre-commit"\?\)$'):
        install(repo, "pre-comit")
    with pytest.raises(UsageError, match=r'^unknown hook "xyz"; the hooks are applypatch-msg, '):
        install(repo, "xyz")


# Markers


def test_g2_only_worktrees_that_come_later_are_new(repo: Repo) -> None:
    repo.worktree("earlier")
    before = snapshot(repo)
    install(repo, "post-commit")
    repo.worktree("later")
    assert repo.has(f".git/{MARKER}") and repo.has(f".git/worktrees/earlier/{MARKER}")
    assert not repo.has(f".git/worktrees/later/{MARKER}")
    uninstall(repo)
    assert snapshot(repo) == before and not repo.has(f".git/worktrees/earlier/{MARKER}")


def test_a_linked_worktree_installs_for_all(repo: Repo) -> None:
    linked = repo.worktree("linked")
    assert install(linked, "pre-commit")[0].path == str(repo.path / ".git/hooks/pre-commit")
    assert [change.what for change in uninstall(repo)] == ["removed"]


def test_a_bare_repository_has_hooks_for_its_worktrees(repo: Repo) -> None:
    repo.git("clone", "-q", "--bare", ".", "../bare.git")
    bare = Repo(repo.path.parent / "bare.git", repo.env)
    bare.git("worktree", "add", "-q", "../tree")
    assert install(bare, "pre-commit")[0].path == str(bare.path / "hooks/pre-commit")
    assert [change.what for change in uninstall(Repo(repo.path.parent / "tree", repo.env))] == ["removed"]


def test_a_repository_without_hooks_directory_gets_one(repo: Repo) -> None:
    repo.git("init", "-q", "--template=", "../plain")
    install(Repo(repo.path.parent / "plain", repo.env), "pre-commit")
    assert (repo.path.parent / "plain/.git/hooks/pre-commit").exists()


def test_r21_what_cannot_be_written_is_one_sentence(repo: Repo) -> None:
    repo.write(".git/dodo-hooks", "a file in the way")
    with pytest.raises(
        GitError, match=r"^cannot change the hooks: .*/\.git/dodo-hooks/install\.lock: Not a directory$"
    ):
        install(repo, "pre-commit")


def test_a_directory_in_the_place_of_a_hook_is_refused(repo: Repo) -> None:
    (repo.path / ".git/hooks/pre-commit").mkdir()
    before = snapshot(repo)
    with pytest.raises(UsageError, match="pre-commit is a directory; remove it"):
        install(repo, "post-commit", "pre-commit")
    assert snapshot(repo) == before
