"""`git diff` by path, read where a stamp has changed: the same answers as git's, each time (P5)."""

import os
from collections.abc import Callable
from pathlib import Path

from dodo_hooks.git.content.worktree_diff import WorktreeDiff
from kit.chance import chance_of, how_many
from kit.repo import Repo

PRE_COMMITS_OWN = ("diff", "--no-ext-diff", "--no-textconv", "--ignore-submodules")
NAMES = ("a", "b c", "d\ne", '"q"', "-dash", "é", "deep/er", "diff --git a")


def changes(top: Path, repo: Repo, name: str) -> "list[Callable[[], object]]":
    """Return what may happen to a file; some of it changes nothing that git sees."""
    path = top / name

    def replace(content: bytes) -> None:
        if path.is_symlink() or not path.exists():
            remove()
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    def remove() -> None:
        path.unlink(missing_ok=True)

    def link() -> None:
        remove()
        path.parent.mkdir(exist_ok=True)
        path.symlink_to("a")

    def flip_mode() -> None:
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode ^ 0o111)

    return [
        lambda: replace(b"1\n"),
        lambda: replace(b"2\n"),  # of the same size
        lambda: replace(b"1\r\n"),
        lambda: replace(b"\0\n"),
        lambda: replace(b"diff --git a/a b/a\n+x"),
        remove,
        link,
        flip_mode,
        lambda: path.touch() if path.is_file() else None,
        lambda: repo.git("add", "--", name, check=False),
        lambda: repo.git("add", "-N", "--", name, check=False),
        lambda: repo.git("rm", "-q", "--cached", "--", name, check=False),
    ]


def test_p5_the_differences_change_when_gits_do_and_not_otherwise(repo: Repo) -> None:
    chance = chance_of("worktree diff")
    for name in NAMES[:5]:
        repo.write(name, "1\n")
    repo.write(".gitattributes", "a text=auto\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "one")
    environ = {**os.environ, **repo.env}
    diff = WorktreeDiff(repo.facts, environ, is_clean=True)
    last, theirs = diff.read(), repo.git(*PRE_COMMITS_OWN).stdout
    assert not last.patches and not theirs
    seen = 0
    for _ in range(how_many(150, 1500)):
        touched = {chance.choice(NAMES) for _ in range(chance.randint(1, 2))}
        for name in sorted(touched):
            chance.choice(changes(repo.path, repo, name))()
        state, now = diff.read(), repo.git(*PRE_COMMITS_OWN).stdout
        assert (state.patches == last.patches) == (now == theirs), (last.patches, state.patches)
        for path in state.patches.keys() | last.patches.keys():  # each has its own part, whatever else has changed
            assert os.fsdecode(path) in touched or state.patches.get(path) == last.patches.get(path), touched
        seen += now != theirs
        last, theirs = state, now
    assert seen > 20


def test_p5_git_does_not_run_where_nothing_has_changed(repo: Repo) -> None:
    repo.write("a", "1\n")
    repo.git("add", "a")
    diff = WorktreeDiff(repo.facts, {**os.environ, **repo.env}, is_clean=True)
    state = diff.read()
    repo.write("untracked", "1\n")
    os.environ["PATH"], path = "/nowhere", os.environ["PATH"]
    try:
        assert diff.read() is state
    finally:
        os.environ["PATH"] = path
