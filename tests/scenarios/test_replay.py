"""git replays commits: each fires hooks, and the background phase is begun once, when all is over."""

from kit.repo import Repo


def commits(repo: Repo, *names: str) -> None:
    for name in names:
        repo.write(name, name)
        repo.git("add", name)
        repo.git("commit", "-q", "-m", name)


def background(repo: Repo, hook: str) -> list[str]:
    """How the background job `warm` ended in each firing of the hook, oldest first; skipped ones with the cause."""
    repo.finished(hook)
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


def test_r12_an_aborted_rebase_owes_nothing(repo: Repo) -> None:
    repo.write("f", "1")
    repo.git("add", "f")
    repo.git("commit", "-q", "-m", "f")
    repo.git("checkout", "-q", "-b", "other", "HEAD~")
    commits(repo, "f")
    repo.hook("post-checkout", background=True, warm="true")
    assert repo.git("rebase", "-q", "main", check=False).returncode != 0  # both add f
    repo.git("rebase", "--abort")
    repo.git("commit", "-q", "--amend", "--no-edit", "--allow-empty")  # fires post-rewrite
    assert "completed" not in background(repo, "post-checkout")[:1]
    assert all(one.record.args for one in repo.invocations("post-checkout"))
    assert background(repo, "post-checkout")[0] == "skipped replay"


def test_r12_a_cherry_pick_of_several_begins_one_background_phase(repo: Repo) -> None:
    repo.git("branch", "base")
    commits(repo, "a", "b", "c")
    repo.git("checkout", "-q", "-b", "other", "base")
    repo.hook("post-commit", background=True, warm="true")
    repo.git("cherry-pick", "base..main")
    assert background(repo, "post-commit") == ["skipped replay", "skipped replay", "completed"]
