"""The events that run a required job on the new commit, and how often (V2): git as people use it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kit.process import wait_until
from kit.repo import Repo
from kit.results.pushing import UNSEEN, add_remote, require


def change(repo: Repo, name: str, *, seen: bool = True) -> None:
    repo.write(name, f"{name}\n")
    repo.git("add", name)
    repo.git("commit", "-q", "-m", f"add {name}", env=None if seen else UNSEEN)


def merge(repo: Repo) -> None:
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "topic")


def fast_forward(repo: Repo) -> None:
    repo.git("merge", "-q", "--ff-only", "topic-on-main")


def pull_with_rebase(repo: Repo) -> None:
    repo.git("pull", "-q", "--rebase", ".", "topic")


def rebase(repo: Repo) -> None:
    repo.git("rebase", "-q", "topic")


def rebase_by_apply(repo: Repo) -> None:
    repo.git("rebase", "-q", "--apply", "topic")


def amend(repo: Repo) -> None:
    repo.write("file", "amended\n")
    repo.git("commit", "-q", "-a", "--amend", "-m", "amended")


def pick_two(repo: Repo) -> None:
    repo.git("cherry-pick", "topic^", "topic")


def revert(repo: Repo) -> None:
    repo.git("revert", "--no-edit", "HEAD")


def commit_without_verification(repo: Repo) -> None:
    repo.write("file", "not verified\n")
    repo.git("commit", "-q", "-a", "--no-verify", "-m", "not verified")


EVENTS = [merge, fast_forward, pull_with_rebase, rebase, rebase_by_apply, amend, pick_two, revert]
EVENTS += [commit_without_verification]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_v2_after_each_event_the_new_commit_has_its_verdict(
    repo: Repo, tmp_path: Path, event: Callable[[Repo], None]
) -> None:
    seen = tmp_path / "seen"
    run = f'echo "$DODO_TREE" >>{seen}'
    require(repo, test=run, other="true")
    change(repo, "file", seen=False)
    repo.git("branch", "topic-on-main")
    repo.git("checkout", "-q", "-b", "topic")
    change(repo, "one", seen=False)
    change(repo, "two", seen=False)
    repo.git("branch", "-f", "topic-on-main")
    repo.git("checkout", "-q", "main")
    if event is not fast_forward:
        change(repo, "three", seen=False)
    event(repo)
    tree = repo.git("rev-parse", "HEAD^{tree}").stdout.strip()
    wait_until(lambda: seen.exists() and tree in seen.read_text().split(), what="the run on the new commit")
    for invocation in repo.invocations():
        wait_until(invocation.has_ended)
    assert seen.read_text().split().count(tree) == 1


@pytest.mark.parametrize("event", ["reset", "fetch", "commit-tree"])
def test_v2_a_commit_without_an_event_is_the_gates_to_run(repo: Repo, tmp_path: Path, event: str) -> None:
    seen = tmp_path / "seen"
    add_remote(repo)
    run = f'echo "$DODO_COMMIT" >>{seen}'
    require(repo, test=run)
    change(repo, "file", seen=False)
    change(repo, "other", seen=False)
    if event == "reset":
        repo.git("reset", "-q", "--hard", "HEAD^")
        commit = repo.git("rev-parse", "HEAD").stdout.strip()
    elif event == "fetch":
        repo.git("fetch", "-q", ".", "main:fetched")
        commit = repo.git("rev-parse", "fetched").stdout.strip()
    else:
        commit = repo.git("commit-tree", "-m", "made", "HEAD^{tree}").stdout.strip()
    assert not seen.exists()
    repo.git("push", "-q", "origin", f"{commit}:refs/heads/pushed")
    assert seen.read_text().split() == [commit]


def test_s1_a_push_runs_its_own_snapshot_jobs_once_for_each_tip(repo: Repo, tmp_path: Path) -> None:
    add_remote(repo)
    repo.hook(
        "pre-push",
        check={"run": "cat file", "workspace": "snapshot"},
        once={"run": "echo once", "needs": ["check"]},
    )
    repo.git("add", "hooks.dodo")
    change(repo, "file")
    repo.git("checkout", "-q", "-b", "second")
    repo.write("file", "second\n")
    repo.git("commit", "-q", "-a", "-m", "second")
    repo.write("file", "edited\n")
    repo.git("push", "-q", "origin", "main", "second")
    invocations = repo.invocations("pre-push")
    logs = [one.log("check") for one in invocations if one.job("check").status == "completed"]
    assert sorted(logs) == [b"file\n", b"second\n"]
    assert [one.job("once").status for one in invocations].count("completed") == 1


def test_r12_the_end_of_a_rebase_starts_what_it_deferred_beside_what_a_push_requires(repo: Repo) -> None:
    require(repo, test="true")
    repo.hook("post-checkout", background=True, deps="true")
    repo.git("add", "hooks.dodo")
    change(repo, "file", seen=False)
    repo.git("checkout", "-q", "-b", "topic")
    change(repo, "one", seen=False)
    repo.git("checkout", "-q", "main")
    change(repo, "two", seen=False)
    for one in repo.invocations("post-checkout"):
        wait_until(one.has_ended)
    rebased = repo.git("rebase", "topic")
    assert "unfinished rebase" not in rebased.stderr
    newest = repo.finished("post-checkout")
    assert newest.job("deps").status == "completed"
    assert [one.job("deps").cause for one in repo.invocations("post-checkout")][-2:] == ["replay", None]
