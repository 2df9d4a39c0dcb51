"""A push from a bare directory: the hook file of the default branch counts, in its worktree or in its commit (V3)."""

import sys
from pathlib import Path

import pytest

from kit.gate import Gate
from kit.hook_files.trust import install_for_all
from kit.process import DEADLINE_S
from kit.repo import Done, Repo
from kit.results.pushing import PASSES_UNLESS_BAD, add_remote, commit, require


@pytest.fixture
def worktree(repo: Repo, tmp_path: Path, env: dict[str, str]) -> Repo:
    """Return the worktree `main` of a bare repository beside it."""
    add_remote(repo)
    repo.git("init", "-q", "--bare", str(tmp_path / "bare.git"))
    repo.git("push", "-q", str(tmp_path / "bare.git"), "main")
    repo.git("-C", str(tmp_path / "bare.git"), "worktree", "add", "-q", str(tmp_path / "main"), "main")
    repo.git("-C", str(tmp_path / "bare.git"), "remote", "add", "origin", str(tmp_path / "remote.git"))
    return Repo(tmp_path / "main", env)


@pytest.fixture
def bare(worktree: Repo) -> Repo:
    """Return that worktree; pushes require the file to be good."""
    require(worktree)
    return worktree


def root_of(bare: Repo) -> Path:
    return bare.path.parent / "bare.git"


def leave(bare: Repo) -> None:
    """Leave the repository without a worktree of its default branch."""
    bare.git("checkout", "-q", "--detach")


def push(bare: Repo, ref: str = "main") -> Done:
    return bare.git("-C", str(root_of(bare)), "push", "-q", "origin", ref, check=False)


def commit_file(bare: Repo, text: str, name: str = "hooks.dodo") -> None:
    """Commit this hook file; the working tree has it, too."""
    bare.install()
    bare.file(text)
    commit(bare, text, name, is_seen=False)


HOOKS = """\
hooks:
  post-commit:
    jobs: [{{name: test, run: "{run}", workspace: snapshot}}]
  pre-push:
    requires: [post-commit:test]
"""


def test_v3_a_push_from_a_bare_directory_is_gated_by_the_worktree_of_its_branch(bare: Repo) -> None:
    commit(bare, text="good")
    bare.finished("post-commit")
    assert push(bare).returncode == 0
    commit(bare, text="bad")
    bare.finished("post-commit", 2)
    done = push(bare)
    assert done.returncode == 1
    assert "push refused: post-commit:test on" in done.stderr


def test_v3_without_that_worktree_it_is_gated_by_the_hook_file_as_committed(bare: Repo) -> None:
    commit(bare, text="good")
    bare.finished("post-commit")
    leave(bare)
    bare.file("hooks: {}\n")
    (root_of(bare) / "hooks.dodo").write_text("hooks: {}\n")
    done = push(bare)
    assert (done.returncode, done.stderr) == (0, "")  # the verdict of the worktree's run counts
    assert len(bare.invocations()) == 1
    bare.git("checkout", "-q", "-f", "main")
    commit(bare, text="bad", is_seen=False)
    leave(bare)
    done = push(bare)
    assert done.returncode == 1
    assert "has no result; running it now" in done.stderr
    assert "test failed: exit code 1" in done.stderr


@pytest.mark.parametrize("why", ["deleted", "sparse", "not checked out"])
def test_v3_where_the_worktree_has_no_hook_file_the_committed_one_counts(bare: Repo, why: str) -> None:
    commit(bare, text="bad")
    bare.finished("post-commit")
    if why == "deleted":
        (bare.path / "hooks.dodo").unlink()
    elif why == "sparse":
        bare.git("sparse-checkout", "set", "--no-cone", "/file")
    else:
        root = Repo(root_of(bare), bare.env)
        root.git("worktree", "remove", "--force", str(bare.path))
        root.git("worktree", "add", "-q", "--no-checkout", str(bare.path), "main")
    assert not bare.has("hooks.dodo")
    done = push(bare)
    assert done.returncode == 1
    assert "push refused: post-commit:test on" in done.stderr


NOTHING = "so nothing was checked\n"


def test_v3_a_push_that_no_hook_file_is_about_says_so(bare: Repo) -> None:
    bare.install()
    bare.git("rm", "-q", "-f", "hooks.dodo")
    commit(bare, "first", is_seen=False)
    done = push(bare)
    assert (done.returncode, done.stderr) == (
        0,
        f"dodo-hooks: pre-push: no hook file in main or in its worktree, {NOTHING}",
    )
    commit(bare, "second", is_seen=False)
    from_worktree = bare.git("push", "-q", "origin", "main", check=False)
    assert (from_worktree.returncode, from_worktree.stderr) == (
        0,
        f"dodo-hooks: pre-push: no hook file in {bare.path}, {NOTHING}",
    )
    commit(bare, "third", is_seen=False)
    root = Repo(root_of(bare), bare.env)
    assert root.run("push", "-q", "origin", "main", check=True).stderr.count(NOTHING) == 1
    bare.file("hooks: {}\n")
    commit(bare, "fourth", is_seen=False)
    assert push(bare).stderr == ""


def test_v3_without_a_default_branch_it_is_gated_by_the_commit_that_is_checked_out(bare: Repo) -> None:
    commit(bare, text="bad")
    bare.finished("post-commit")
    leave(bare)
    bare.file("hooks: {}\n")
    bare.git("-C", str(root_of(bare)), "update-ref", "--no-deref", "HEAD", "main")
    done = push(bare)
    assert done.returncode == 1
    assert "push refused: post-commit:test on" in done.stderr


def test_v3_of_a_commit_the_default_branch_has_the_hook_file(bare: Repo) -> None:
    commit(bare, text="good")
    bare.finished("post-commit")
    main = bare.git("rev-parse", "main").stdout.strip()
    bare.git("checkout", "-q", "-b", "topic")
    commit_file(bare, HOOKS.format(run="exit 1"))
    done = push(bare, "topic")
    assert done.returncode == 0
    assert f"differs; the one of {main[:12]} is used" in done.stderr


@pytest.mark.parametrize("names", ["base.yml", "b*.yml"])
def test_v3_what_a_committed_hook_file_extends_is_committed_too(bare: Repo, names: str) -> None:
    bare.file(HOOKS.format(run="exit 0"), "parts/base.yml")
    commit_file(bare, f"extends: parts/{names}\n")
    bare.file("requires: [post-commit:other]\n", ".hooks.dodo.d/pre-push.yml")
    other = "{name: other, script: check.sh, workspace: snapshot, needs: [test]}"
    bare.file(f"jobs: [{other}]\n", ".hooks.dodo.d/post-commit.yml")
    bare.write(".hooks/post-commit/check.sh", "#!/bin/sh\necho checked >&2; exit 1\n").chmod(0o755)
    bare.git("add", "--all")
    bare.git("commit", "-q", "--no-verify", "-m", "parts", env={"DODO_HOOKS": "0"})
    leave(bare)
    done = push(bare)
    assert done.returncode == 1
    assert "checked" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hooks: [\n", "hooks.dodo:"),
        ("extends: away.yml\n", '"extends": "away.yml": no such file'),
        ("extends: parts\n", "expected a hook file, found a directory"),
        ("#" * 1024 * 1024 + "\n", "the hook file is larger than 1 MB"),
    ],
)
def test_r22_a_committed_hook_file_that_cannot_be_used_refuses_the_push(bare: Repo, text: str, message: str) -> None:
    bare.write("parts/file", "x\n")
    bare.git("add", "parts")
    commit_file(bare, text)
    leave(bare)
    done = push(bare)
    assert done.returncode == 1
    assert message in done.stderr
    assert bare.git("ls-remote", "origin").stdout == ""


def test_r22_a_link_in_the_commit_is_no_hook_file(bare: Repo) -> None:
    bare.install()
    bare.write("elsewhere", "hooks: {}\n")
    (bare.path / "hooks.dodo").unlink()
    (bare.path / "hooks.dodo").symlink_to("elsewhere")
    bare.git("add", "--all")
    bare.git("commit", "-q", "-m", "link", env={"DODO_HOOKS": "0"})
    leave(bare)
    done = push(bare)
    assert done.returncode == 1
    assert "found a link" in done.stderr


def test_v3_a_commit_without_a_hook_file_requires_nothing_and_no_commit_refuses(bare: Repo) -> None:
    bare.install()
    bare.git("rm", "-q", "--cached", "hooks.dodo")
    commit(bare, is_seen=False)
    leave(bare)
    assert push(bare).returncode == 0
    bare.git("checkout", "-q", "-b", "topic")
    bare.git("branch", "-q", "-D", "main")
    done = push(bare, "topic")
    assert done.returncode == 1
    assert "no worktree and no commit of main says what it requires; push from a worktree" in done.stderr


@pytest.mark.parametrize("is_global", [False, True])
def test_a_committed_hook_file_that_is_pinned_counts_only_as_it_was_accepted(worktree: Repo, is_global: bool) -> None:
    bare = worktree
    bare.file(HOOKS.format(run="exit 0"))
    if is_global:
        install_for_all(bare)
    else:
        bare.install()
    bare.run("trust", "--pin", "--yes", check=True)
    commit(bare, "good", is_seen=False)
    bare.git("add", "hooks.dodo")
    commit(bare, "good too", is_seen=False)
    leave(bare)
    assert push(bare).returncode == 0
    assert len(bare.invocations("post-commit")) == 1
    bare.git("checkout", "-q", "main")
    bare.file(HOOKS.format(run="touch evil"))
    bare.git("add", "hooks.dodo")
    commit(bare, "good as well", is_seen=False)
    leave(bare)
    done = push(bare)
    assert done.returncode == 1
    assert "pre-push refused: the hook files have changed since you accepted them" in done.stderr
    bare.run("trust", "--yes", check=True)
    assert push(bare).returncode == 0
    assert len(bare.invocations("post-commit")) == 2


@pytest.mark.parametrize("is_left", [False, True])
def test_v4_the_push_that_waits_first_is_gated_in_a_bare_directory_too(
    worktree: Repo, gate: Gate, is_left: bool
) -> None:
    require(worktree, {"wait": "10ms"}, test=f"{gate.command}; {PASSES_UNLESS_BAD}")
    commit(worktree, "bad")
    gate.wait()
    if is_left:
        leave(worktree)
    assert "`dodo-hooks push origin main` waits for it" in push(worktree).stderr
    root = Repo(root_of(worktree), worktree.env)
    waiting = root.start(sys.executable, "-m", "dodo_hooks", "push", "-q", "origin", "main")
    assert waiting.stderr is not None
    assert b"waiting for post-commit:test" in waiting.stderr.readline()
    gate.open()
    said = waiting.communicate(timeout=DEADLINE_S)[1]
    assert waiting.returncode == 1
    assert b"failed at" in said and b"`dodo-hooks checks --run" in said and b"` in a working tree" in said
