"""The arguments and the input of the hooks of a commit (G3)."""

from kit.invocation import Invocation
from kit.repo import Repo


def text(invocation: Invocation, job: str) -> str:
    return invocation.log(job).decode()


def test_g3_jobs_edit_the_message_of_the_commit(repo: Repo) -> None:
    repo.hook("prepare-commit-msg", template="echo \"from $2\" >>{1}; echo {0} '{2}'")
    repo.hook("commit-msg", sign="echo signed >>{1}", check="grep -q work {1}")
    repo.git("commit", "-q", "--allow-empty", "-m", "work", check=False)
    reported = text(repo.finished("prepare-commit-msg"), "template").strip()
    assert reported == ".git/COMMIT_EDITMSG message message"
    message = repo.git("log", "-1", "--format=%B").stdout
    assert message.split("\n")[0] == "work" and "signed" in message
    assert repo.git("commit", "-q", "--allow-empty", "-m", "other", check=False).returncode == 1


def test_g3_patches_that_are_to_be_mailed(repo: Repo) -> None:
    repo.hook("sendemail-validate", check="grep -q signed {1} && echo {0}")
    repo.install()
    mailed = repo.write("0001-good.patch", "signed\n")
    refused = repo.write("0002-bad.patch", "not that\n")
    hook = ("git", "hook", "run", "--ignore-missing", "sendemail-validate", "--")  # as git-send-email does
    repo.call(*hook, str(mailed), "headers", check=True)
    assert text(repo.finished("sendemail-validate"), "check") == f"{mailed} headers\n"
    assert repo.call(*hook, str(refused), "headers").returncode == 1


def test_g3_each_job_gets_the_rewritten_commits(repo: Repo) -> None:
    repo.hook(
        "post-rewrite", one={"run": "cat", "use_stdin": True}, two={"run": "cat", "use_stdin": True}, arg="echo {0}"
    )
    old = repo.git("rev-parse", "HEAD").stdout.strip()
    repo.git("commit", "-q", "--amend", "--allow-empty", "-m", "amended")
    new = repo.git("rev-parse", "HEAD").stdout.strip()
    reported = repo.finished("post-rewrite")
    assert [text(reported, job) for job in ("one", "two", "arg")] == [f"{old} {new}\n", f"{old} {new}\n", "amend\n"]
