"""The hooks of working trees (G2): made, and removed by `dodo-hooks worktree remove`."""

from pathlib import Path

import pytest

from kit.repo import Repo

# Each job writes the hook, where it runs, and its argument, into a file that outlives the working tree.
FILE = """\
hooks:
  worktree-post-create: {jobs: [{name: a, run: 'echo "create $PWD" >> "$SAID"'}]}
  worktree-pre-remove: {jobs: [{name: b, run: 'echo "pre $PWD $DODO_ARG1" >> "$SAID"'}]}
  worktree-post-remove: {jobs: [{name: c, run: 'echo post "$PWD" {1} >> "$SAID"'}]}
"""


@pytest.fixture
def said(repo: Repo, tmp_path: Path) -> Path:
    repo.env["SAID"] = str(tmp_path / "said")
    return tmp_path / "said"


@pytest.fixture
def linked(repo: Repo, said: Path) -> Repo:
    repo.file(FILE)
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks")
    repo.run("install", check=True)
    return repo.worktree("linked")


def test_g2_removing_a_worktree_fires_a_hook_in_it_and_one_in_the_main_one(
    repo: Repo, linked: Repo, said: Path
) -> None:
    done = repo.run("worktree", "remove", "../linked", check=True)
    assert done.stdout.endswith(f"\nremoved {linked.path}\n") and not linked.path.exists()
    assert [line for line in done.stdout.splitlines() if "remove" in line][:2] == [
        "worktree-pre-remove",
        "worktree-post-remove",
    ]
    assert said.read_text().splitlines() == [
        f"create {linked.path}",
        f"pre {linked.path} {linked.path}",
        f"post {repo.path} {linked.path}",
    ]
    assert "linked" not in repo.git("worktree", "list").stdout
    assert len({one.record.path.parents[2] for one in repo.invocations()}) == 1  # one repository, one id


def test_g2_it_can_be_removed_from_inside(repo: Repo, linked: Repo) -> None:
    linked.run("worktree", "remove", ".", check=True)
    assert not linked.path.exists() and repo.finished("worktree-post-remove")


def test_g2_each_worktree_has_its_own_hook_file(repo: Repo, linked: Repo, said: Path) -> None:
    linked.file(FILE.replace("pre $PWD", "its own file"))
    linked.git("commit", "-q", "-a", "-m", "another")
    repo.run("worktree", "remove", "../linked", check=True)
    assert f"its own file {linked.path}" in said.read_text()


def test_g2_a_hook_that_fails_before_keeps_the_worktree(repo: Repo, linked: Repo, said: Path) -> None:
    linked.file(FILE.replace("run: 'echo \"pre", "run: 'exit 1; echo \"pre"))
    linked.git("commit", "-q", "-a", "-m", "another")
    done = repo.run("worktree", "remove", "../linked")
    assert done.returncode == 1 and linked.has("hooks.dodo") and "post" not in said.read_text()
    assert f"{linked.path} not removed: worktree-pre-remove failed" in done.stderr


def test_g2_what_git_would_refuse_is_refused_before_any_hook_runs(repo: Repo, linked: Repo, said: Path) -> None:
    linked.write("work", "in progress")
    done = repo.run("worktree", "remove", "../linked")
    assert done.returncode == 3 and "has changes or untracked files" in done.stderr and "pre" not in said.read_text()
    repo.git("worktree", "lock", "../linked")
    done = repo.run("worktree", "remove", "--force", "../linked")
    assert done.returncode == 3 and "is locked" in done.stderr and "pre" not in said.read_text()
    repo.run("worktree", "remove", "-ff", "../linked", check=True)
    assert not linked.path.exists() and "post" in said.read_text()


def test_g2_only_linked_worktrees_can_be_removed(repo: Repo, linked: Repo) -> None:
    (linked.path / "sub").mkdir()
    for path, said in ((".", "is not a linked working tree"), ("../linked/sub", "is not the top of")):
        done = repo.run("worktree", "remove", path)
        assert done.returncode == 3 and said in done.stderr


def test_g2_the_worktrees_of_a_bare_repository(repo: Repo, said: Path, tmp_path: Path) -> None:
    repo.file(FILE)
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks")
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    bare = Repo(tmp_path / "bare.git", repo.env)
    bare.git("worktree", "add", "-q", str(tmp_path / "one"), "main")
    one = Repo(tmp_path / "one", repo.env)
    one.run("install", check=True)
    two = one.worktree("two")
    one.run("worktree", "remove", str(two.path), check=True)
    lines = said.read_text().splitlines()
    assert lines == [f"create {two.path}", f"pre {two.path} {two.path}", f"post {one.path} {two.path}"]
    bare.run("worktree", "remove", str(one.path), check=True)  # there is no working tree left for the hook after it
    assert said.read_text().splitlines() == [*lines, f"pre {one.path} {one.path}"] and not one.path.exists()


def test_g2_without_a_hook_for_it_git_removes_it(repo: Repo) -> None:
    linked = repo.worktree("linked")
    repo.run("worktree", "remove", str(linked.path), check=True)
    assert not linked.path.exists() and not repo.invocations()


def test_g2_these_hooks_need_no_shim(repo: Repo) -> None:
    repo.file("hooks: {worktree-pre-remove: {jobs: [{name: b, run: 'true'}]}}\n")
    assert repo.run("install", check=True).stdout == "nothing installed: the hook file names no git hook\n"
    done = repo.run("install", "worktree-pre-remove")
    assert done.returncode == 3 and "needs no shim: `dodo-hooks worktree remove` fires it" in done.stderr


def test_hooks_of_a_worktree_that_is_not_trusted_do_not_run(repo: Repo, said: Path) -> None:
    repo.file(FILE)
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks")
    linked = repo.worktree("linked")
    done = repo.run("worktree", "remove", "../linked", check=True)
    assert "is not trusted yet" in done.stderr and not said.exists() and not linked.path.exists()
