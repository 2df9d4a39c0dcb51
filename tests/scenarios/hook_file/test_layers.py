"""The layers over a hook file: they count in a firing, in a linked working tree too, and a change is noticed."""

import pytest

from kit.ran import use
from kit.repo import Repo


def job(name: str, line: str) -> str:
    return f"{{name: {name}, run: 'echo \"{line}\" >>ran'}}"


def firing(repo: Repo) -> list[str]:
    """Return what the next commit runs, sorted."""
    repo.git("commit", "-q", "--allow-empty", "-m", "work")
    reported = sorted(repo.read("ran").splitlines())
    (repo.path / "ran").unlink()
    return reported


@pytest.fixture
def linked(repo: Repo) -> Repo:
    """Return a linked working tree of a repository whose main one has a local overlay."""
    base = f"hooks: {{pre-commit: {{jobs: [{job('a', 'a')}, {job('b', 'b')}, {job('c', 'c')}, {job('d', 'd')}]}}}}\n"
    use(repo, f"extends: shared/*.yml\n{base}", ".hooks.dodo")
    repo.file(f"hooks: {{pre-commit: {{jobs: [{job('b', 'b of shared')}]}}}}\n", "shared/one.yml")
    repo.file(f"jobs: [{job('c', 'c of its file')}]\n", ".hooks.dodo.d/pre-commit.yml")
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "hooks", env={"DODO_HOOKS": "0"})
    repo.file(f"hooks: {{pre-commit: {{jobs: [{job('d', 'd of main')}]}}}}\n", "hooks.local.dodo")
    return repo.worktree("linked")


def test_every_layer_counts_in_a_linked_working_tree(linked: Repo) -> None:
    assert firing(linked) == ["a", "b of shared", "c of its file", "d of main"]
    linked.file(f"hooks: {{pre-commit: {{jobs: [{job('a', 'a of linked')}, {job('e', 'e')}]}}}}\n", "hooks.local.dodo")
    assert firing(linked) == ["a of linked", "b of shared", "c of its file", "d of main", "e"]


@pytest.mark.parametrize("name", ["bare.git", "project/.bare", "project/.git"])
def test_the_overlay_of_a_bare_repository_is_in_its_directory(repo: Repo, name: str) -> None:
    use(repo, f"hooks: {{pre-commit: {{jobs: [{job('a', 'a')}, {job('d', 'd')}]}}}}\n")
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "hooks", env={"DODO_HOOKS": "0"})
    bare = repo.path.parent / name
    repo.git("clone", "-q", "--bare", str(repo.path), str(bare))
    if name.endswith("/.bare"):
        (bare.parent / ".git").write_text("gitdir: ./.bare\n")
    worktree = Repo(bare.parent / "main", repo.env)
    repo.git("--git-dir", str(bare), "worktree", "add", "-q", str(worktree.path), env={"DODO_HOOKS": "0"})
    worktree.run("install", check=True)
    assert firing(worktree) == ["a", "d"]
    overlay = bare / "hooks.local.dodo"
    overlay.write_text(f"hooks: {{pre-commit: {{jobs: [{job('d', 'd of mine')}]}}}}\n")
    assert firing(worktree) == ["a", "d of mine"]
    overlay.unlink()
    assert firing(worktree) == ["a", "d"]


def test_the_next_firing_notices_a_change_of_every_layer(linked: Repo, repo: Repo) -> None:
    assert firing(linked) == ["a", "b of shared", "c of its file", "d of main"]
    linked.file(f"hooks: {{pre-commit: {{jobs: [{job('b', 'b anew')}]}}}}\n", "shared/one.yml")
    linked.file(f"jobs: [{job('c', 'c anew')}]\n", ".hooks.dodo.d/pre-commit.yml")
    repo.file(f"hooks: {{pre-commit: {{jobs: [{job('d', 'd anew')}]}}}}\n", "hooks.local.dodo")
    assert firing(linked) == ["a", "b anew", "c anew", "d anew"]
    linked.file(f"hooks: {{pre-commit: {{jobs: [{job('d', 'd of linked')}]}}}}\n", "hooks.local.dodo")
    linked.file(f"hooks: {{pre-commit: {{jobs: [{job('e', 'e of a new one')}]}}}}\n", "shared/two.yml")
    assert firing(linked) == ["a", "b anew", "c anew", "d of linked", "e of a new one"]
    for name in ("hooks.local.dodo", "shared/two.yml", ".hooks.dodo.d/pre-commit.yml"):
        (linked.path / name).unlink()
    assert firing(linked) == ["a", "b anew", "c", "d anew"]
    linked.file(f"hooks: {{pre-commit: {{jobs: [{job('z', 'z')}]}}}}\n", "hooks.dodo")
    assert firing(linked) == ["d anew", "z"]
