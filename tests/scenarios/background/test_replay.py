"""git replays commits: each fires hooks, and the background phase is begun once, when all is over."""

import pytest

from kit.process import wait_until
from kit.repo import Repo


def commits(repo: Repo, *names: str) -> None:
    for name in names:
        repo.write(name, name)
        repo.git("add", name)
        repo.git("commit", "-q", "-m", name)


def background(repo: Repo, hook: str) -> list[str]:
    """Return how the background job `warm` ended in each firing, oldest first; skipped ones with the cause."""
    repo.finished(hook)
    for one in repo.invocations(hook):  # an older one may still wait for its turn
        wait_until(one.has_ended, what=f"the end of {one.id}")
    ends = [one.job("warm") for one in repo.invocations(hook)]
    return [f"{job.status} {job.cause}" if job.cause else job.status for job in ends]


def test_r12_a_rebase_begins_one_background_phase_with_its_last_commit(repo: Repo) -> None:
    repo.git("branch", "base")
    commits(repo, "a", "b", "c", "d", "e")
    repo.git("checkout", "-q", "-b", "other", "base")
    commits(repo, "other")
    repo.git("checkout", "-q", "main")
    repo.hook("post-commit", warm={"run": "true", "background": True}, count="echo x >>.git/foreground")
    repo.git("rebase", "-q", "other")
    assert background(repo, "post-commit") == ["skipped replay"] * 4 + ["completed"]
    assert repo.read(".git/foreground") == "x\n" * 5  # the foreground jobs ran with each commit
    assert not repo.invocations("post-rewrite")


def test_r12_a_commit_that_a_rebase_amends_does_not_begin_it_earlier(repo: Repo) -> None:
    repo.git("branch", "base")
    commits(repo, "a", "b", "c", "d")
    repo.hook("post-commit", background=True, warm="true")
    repo.git("rebase", "-q", "-i", "base", env={"GIT_SEQUENCE_EDITOR": "sed -i '2s/^pick/fixup/'"})
    assert background(repo, "post-commit") == ["skipped replay"] * 2 + ["completed"]


def test_r12_what_the_last_commit_does_not_begin_is_begun_when_the_rebase_is_over(repo: Repo) -> None:
    repo.git("branch", "base")
    commits(repo, "a", "b")
    repo.git("checkout", "-q", "-b", "other", "base")
    commits(repo, "other")
    repo.git("checkout", "-q", "main")
    repo.hook("post-checkout", warm={"run": "true", "background": True}, count="echo x >>.git/foreground")
    repo.git("rebase", "-q", "other")  # it checks out `other` first, and that is the only checkout
    assert background(repo, "post-checkout") == ["skipped replay", "completed"]
    assert repo.read(".git/foreground") == "x\n"


def test_r12_an_aborted_rebase_leaves_nothing(repo: Repo) -> None:
    repo.write("f", "1")
    repo.git("add", "f")
    repo.git("commit", "-q", "-m", "f")
    repo.git("checkout", "-q", "-b", "other", "HEAD~")
    commits(repo, "f")
    repo.hook("post-checkout", background=True, warm="true")
    assert repo.git("rebase", "-q", "main", check=False).returncode != 0  # both add f
    repo.git("rebase", "--abort")
    repo.git("commit", "-q", "--amend", "--no-edit", "--allow-empty")  # fires post-rewrite
    assert all(one.record.args for one in repo.invocations("post-checkout"))
    assert background(repo, "post-checkout")[0] == "skipped replay"


def test_r12_a_cherry_pick_of_several_begins_one_background_phase(repo: Repo) -> None:
    repo.git("branch", "base")
    commits(repo, "a", "b", "c")
    repo.git("checkout", "-q", "-b", "other", "base")
    repo.hook("post-commit", background=True, warm="true")
    repo.git("cherry-pick", "base..main")
    assert background(repo, "post-commit") == ["skipped replay", "skipped replay", "completed"]


# Replays that were abandoned


def conflicting(repo: Repo) -> None:
    """Branches `main` and `other`: the second of three commits of `main` conflicts with `other`."""
    commits(repo, "f")
    repo.git("branch", "base")
    commits(repo, "a")
    repo.write("f", "of main")
    repo.git("commit", "-qam", "of main")
    commits(repo, "b")
    repo.git("checkout", "-q", "-b", "other", "base")
    repo.write("f", "of other")
    repo.git("commit", "-qam", "of other")
    commits(repo, "z")
    repo.hook("post-commit", background=True, warm="true")
    repo.install()


def commit(repo: Repo) -> list[str]:
    """Commit something; returns what was said about the background that was put off."""
    done = repo.git("commit", "-q", "--allow-empty", "-m", "later")
    return [line for line in done.stderr.splitlines() if "deferred" in line]


@pytest.mark.parametrize("command", ["cherry-pick", "revert"])
def test_r12_an_abandoned_sequence_does_not_stop_the_background_of_later_commits(repo: Repo, command: str) -> None:
    conflicting(repo)
    if command == "revert":
        repo.git("checkout", "-q", "main")
        repo.write("f", "changed once more")
        repo.git("commit", "-qam", "more", env={"DODO_HOOKS": "0"})
    picked = ["base..main"] if command == "cherry-pick" else ["main~1", "main~2", "main~3", "--no-edit"]
    assert repo.git(command, *picked, check=False).returncode
    repo.git("reset", "-q", "--hard")
    assert f"{command} currently in progress" in repo.git("status").stdout.lower()
    assert background(repo, "post-commit") == ["skipped replay"]
    assert commit(repo) == [
        f"dodo-hooks: post-commit: starting the background jobs deferred by an unfinished {command}"
    ]
    assert commit(repo) == []
    assert background(repo, "post-commit") == ["skipped replay", "completed", "completed"]


@pytest.mark.parametrize("resolve", [("commit", "-qm", "resolved"), ("cherry-pick", "--continue")])
def test_r12_a_sequence_with_a_conflict_that_is_resolved_begins_one_background_phase(
    repo: Repo, resolve: tuple[str, ...]
) -> None:
    conflicting(repo)
    repo.env["GIT_EDITOR"] = "true"
    assert repo.git("cherry-pick", "base..main", check=False).returncode
    repo.write("f", "of both")
    repo.git("add", "f")
    repo.git(*resolve)
    if resolve[0] == "commit":
        repo.git("cherry-pick", "--continue")
    assert background(repo, "post-commit") == ["skipped replay", "skipped replay", "completed"]


@pytest.mark.parametrize("backend", ["--merge", "--apply"])
def test_r12_an_abandoned_rebase_puts_off_no_later_commit_of_a_branch(repo: Repo, backend: str) -> None:
    conflicting(repo)
    repo.hook("post-checkout", background=True, warm="true")
    assert repo.git("rebase", "-q", backend, "main", check=False).returncode
    repo.git("add", "f")
    repo.git("commit", "-qm", "for the rebase")  # HEAD is detached: it continues
    left = repo.git("checkout", "-qf", "other")
    assert repo.has(f".git/rebase-{backend[2:]}")
    assert "post-commit: dropped the background jobs deferred by an unfinished rebase; run them with" in left.stderr
    assert commit(repo) == []
    assert background(repo, "post-commit") == ["skipped replay", "completed"]
    assert background(repo, "post-checkout")[-1] == "completed"


def test_r12_what_an_abandoned_rebase_put_off_for_another_hook_is_dropped_with_a_sentence(repo: Repo) -> None:
    conflicting(repo)
    repo.hook("post-checkout", background=True, warm="true")
    assert repo.git("rebase", "-q", "main", check=False).returncode  # fires post-checkout
    repo.git("reset", "-q", "--hard")
    repo.git("symbolic-ref", "HEAD", "refs/heads/other")
    (said,) = commit(repo)
    assert said.startswith("dodo-hooks: post-checkout: dropped the background jobs deferred by an unfinished rebase")
    assert background(repo, "post-checkout") == ["skipped replay"] and commit(repo) == []


def test_r12_commits_while_a_mailbox_waits_are_commits_like_others(repo: Repo) -> None:
    conflicting(repo)
    patches = repo.git("format-patch", "--stdout", "base..main").stdout
    assert repo.call("git", "am", "-q", input=patches).returncode
    assert commit(repo) == [] and background(repo, "post-commit") == ["completed"]
