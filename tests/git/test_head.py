"""HEAD is what git itself says, wherever its refs are."""

import pytest

from dodo_hooks.git.head import default_branch, head_of
from kit.repo import Repo


def head(repo: Repo) -> tuple[str | None, str | None]:
    return head_of(repo.facts, repo.env)


def head_by_git(repo: Repo) -> tuple[str | None, str | None]:
    branch = repo.git("symbolic-ref", "--short", "-q", "HEAD", check=False).stdout.strip()
    commit = repo.git("rev-parse", "-q", "--verify", "HEAD", check=False).stdout.strip()
    return branch or None, commit or None


def test_head_is_read_as_git_reads_it(repo: Repo) -> None:
    assert head(repo) == head_by_git(repo) and head(repo)[0] == "main"
    repo.git("checkout", "-q", "-b", "feature/ä-1")
    assert head(repo) == head_by_git(repo) and head(repo)[0] == "feature/ä-1"
    repo.git("checkout", "-q", "--detach")
    branch, commit = head(repo)
    assert (branch, commit) == head_by_git(repo) and branch is None and commit
    repo.git("checkout", "-q", "--orphan", "feature/new")
    assert head(repo) == head_by_git(repo) == ("feature/new", None)


def test_head_is_found_among_packed_refs(repo: Repo) -> None:
    for name in ("topic", "topic-2", "a/topic"):
        repo.git("branch", name)
    repo.git("tag", "-a", "-m", "x", "tag")
    repo.git("checkout", "-q", "topic")
    repo.git("commit", "-q", "--allow-empty", "-m", "differs from the others")
    repo.git("pack-refs", "--all", "--prune")
    assert not repo.has(".git/refs/heads/topic")
    linked = repo.worktree("linked")
    assert head(repo) == head_by_git(repo) and head(repo)[0] == "topic"
    assert head(linked) == head_by_git(linked)
    repo.git("commit", "-q", "--allow-empty", "-m", "the loose one counts")
    assert head(repo) == head_by_git(repo)


def test_head_is_read_from_a_reftable(repo: Repo) -> None:
    if repo.git("refs", "migrate", "--ref-format=reftable", check=False).returncode:
        pytest.skip("this git has no reftables")
    test_head_is_read_as_git_reads_it(repo)
    linked = repo.worktree("linked", "main")
    assert head(linked) == head_by_git(linked)
    linked.git("commit", "-q", "--allow-empty", "-m", "x")
    assert head(linked) == head_by_git(linked) and head(linked)[0] == "linked"
    assert default_branch(repo.facts, repo.env) == ""
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert default_branch(linked.facts, repo.env) == "trunk"


def test_head_of_a_sha256_repository(repo: Repo) -> None:
    repo.git("init", "-q", "--object-format=sha256", "../sha256")
    other = Repo(repo.path.parent / "sha256", repo.env)
    assert head(other) == ("main", None)
    other.git("commit", "-q", "--allow-empty", "-m", "x")
    assert head(other) == head_by_git(other)
    assert len(head(other)[1] or "") == 64


def test_a_branch_may_have_any_name(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "b\udcff'$(x)\"")
    assert head(repo) == head_by_git(repo) and head(repo)[0] == "b\udcff'$(x)\""


def test_a_branch_that_stands_for_another_is_followed(repo: Repo) -> None:
    repo.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    repo.write(".git/HEAD", "ref: refs/heads/alias\n")
    assert head(repo) == ("main", repo.git("rev-parse", "main").stdout.strip())


@pytest.mark.parametrize("name", ["refs/topics/a", "refs/worktree/a"])
def test_head_may_be_a_ref_that_is_no_branch(repo: Repo, name: str) -> None:
    linked = repo.worktree("linked")
    linked.git("symbolic-ref", "HEAD", name)
    assert head(linked) == (name, None)
    linked.git("commit", "-q", "--allow-empty", "-m", "x")
    assert head(linked) == (name, linked.git("rev-parse", "HEAD").stdout.strip())
    repo.git("pack-refs", "--all", "--prune")
    assert head(linked) == (name, linked.git("rev-parse", "HEAD").stdout.strip())


@pytest.mark.parametrize(
    "content",
    (
        "",
        "rubbish\n",
        "ref: refs/heads/.invalid\n",
        "ref: refs/heads/loop\n",
        "ref: \0",
        None,
    ),
)
def test_a_head_that_makes_no_sense_is_no_error(repo: Repo, content: str | None) -> None:
    found = repo.facts
    repo.write(".git/refs/heads/loop", "ref: refs/heads/loop\n")
    if content is None:
        (repo.path / ".git/HEAD").unlink()
    else:
        repo.write(".git/HEAD", content)
    assert head_of(found, repo.env) == (None, None)
