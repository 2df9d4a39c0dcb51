"""A hook file that is pinned runs as it was accepted (section 8)."""

import os
from pathlib import Path

import pytest

from kit.hook_files.trust import COMMIT, FILE, files_of, install_for_all, ran, refused
from kit.repo import Repo
from kit.system.cost import needs_strace


@pytest.fixture(params=("local", "global"))
def pinned(request: pytest.FixtureRequest, repo: Repo) -> Repo:
    """Return a repository whose hook files were accepted as they are."""
    repo.file(FILE)
    if request.param == "local":
        repo.run("install", check=True)
    else:
        install_for_all(repo)
    repo.run("trust", "--pin", "--yes", check=True)
    repo.git(*COMMIT)
    assert ran(repo) == 1
    return repo


def change(repo: Repo) -> None:
    repo.file(FILE.replace("echo x >> ran", "touch evil"))


def test_a_changed_hook_file_is_refused_until_it_is_accepted(pinned: Repo) -> None:
    change(pinned)
    refused(pinned)
    done = pinned.git(*COMMIT, "--no-verify")
    assert done.stderr.splitlines()[-1].startswith("dodo-hooks: post-commit not run: the hook files have changed")
    assert pinned.run("run", "pre-commit").returncode == 3 and not pinned.has("evil")
    assert pinned.doit("run", "pre-commit").returncode == 3 and not pinned.has("evil")
    assert "the hook files have changed since you accepted them" in pinned.run("doctor").stdout
    unanswered = pinned.run("trust")
    assert unanswered.returncode == 3 and "--yes" in unanswered.stderr
    assert "-  pre-commit: {jobs: [{name: gate, run: echo x >> ran}]}" in unanswered.stdout
    assert "+  pre-commit: {jobs: [{name: gate, run: touch evil}]}" in unanswered.stdout
    refused(pinned)
    pinned.run("trust", "--yes", check=True)
    pinned.git(*COMMIT)
    assert pinned.has("evil")
    pinned.file(FILE)  # as on an older branch: what was accepted once stays accepted
    pinned.git(*COMMIT)
    assert ran(pinned) == 2


@pytest.mark.parametrize(
    "argv",
    [
        ("list", "--all", "--status"),
        ("info", "pre-commit:a"),
        pytest.param(("strace", "pre-commit:b"), marks=needs_strace),
    ],
)
def test_doit_runs_nothing_of_a_changed_hook_file(repo: Repo, argv: tuple[str, ...]) -> None:
    answer, job = repo.path / ".git/answered", repo.path / ".git/ran"
    repo.settings(trust="pinned")
    repo.hook("pre-commit", a={"run": "true", "inputs": [], "uptodate": f"touch {answer}"}, b=f"touch {job}")
    repo.run("install", check=True)
    repo.run("trust", "--yes", check=True)
    repo.doit(*argv)
    assert answer.exists() or job.exists()
    for path in (answer, job):
        path.unlink(missing_ok=True)
    repo.hook("post-merge", c="true")
    done = repo.doit(*argv)
    assert done.returncode == 3 and done.stderr.count("\n") == 1 and "have changed since you accepted" in done.stderr
    assert not answer.exists() and not job.exists()


def test_a_script_that_installs_again_accepts_nothing(pinned: Repo) -> None:
    change(pinned)
    pinned.run("install", check=True)
    refused(pinned)


def test_a_hook_file_that_appears_or_vanishes_is_a_change(pinned: Repo) -> None:
    (pinned.path / "hooks.dodo").rename(pinned.path / ".hooks.dodo")
    refused(pinned)
    assert "+++ b/.hooks.dodo" in pinned.run("trust").stdout


def test_what_was_pinned_is_bound_also_when_the_record_of_it_is_gone(repo: Repo) -> None:
    repo.file(FILE)
    repo.run("install", check=True)
    repo.run("trust", "--pin", "--yes", check=True)
    for path in files_of(repo):
        path.unlink()
    refused(repo)
    repo.run("trust", "--pin", "--yes", check=True)
    repo.git(*COMMIT)
    assert ran(repo) == 1


def test_a_hook_file_that_says_pinned_is_refused_until_it_is_accepted(repo: Repo) -> None:
    """As after a pull that brought the word: the shims do not know of it, and nobody has accepted anything."""
    repo.file(FILE)
    repo.run("install", check=True)
    repo.file(f"trust: pinned\n{FILE}")
    refused(repo)
    repo.run("install", check=True)  # a script's, perhaps
    refused(repo)
    assert "+trust: pinned" in repo.run("trust", check=True).stdout  # nothing was accepted before
    repo.git(*COMMIT)
    assert ran(repo) == 1
    change(repo)  # the word is gone with this change
    refused(repo)


def test_the_first_install_accepts_a_hook_file_that_says_pinned(repo: Repo) -> None:
    repo.file(f"trust: pinned\n{FILE}")
    repo.run("install", check=True)
    repo.git(*COMMIT)
    assert ran(repo) == 1
    change(repo)
    refused(repo)


def test_all_layers_are_pinned_and_each_worktree_is_bound_to_the_same(repo: Repo) -> None:
    repo.file(f"trust: pinned\nextends: more.yml\n{FILE}")
    repo.write("more.yml", "hooks: {commit-msg: {jobs: [{name: b, run: 'true'}]}}\n")
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "hooks")
    repo.write("hooks.local.dodo", "env: {MINE: '1'}\n")  # counts in the linked working tree, too
    repo.run("install", check=True)
    linked = repo.worktree("linked")
    for there in (repo, linked):
        there.git(*COMMIT)
        assert ran(there) == 1
    repo.write("hooks.local.dodo", "env: {MINE: '2'}\n")
    refused(linked)
    assert "+env: {MINE: '2'}" in linked.run("trust", "--yes", check=True).stdout
    for there in (repo, linked):
        there.git(*COMMIT)
        assert ran(there) == 2
    repo.write("more.yml", "hooks: {commit-msg: {jobs: [{name: b, run: 'touch evil'}]}}\n")
    refused(repo)
    linked.git(*COMMIT)


def test_unpinned_again_any_hook_file_will_do(pinned: Repo) -> None:
    pinned.run("trust", "--forget", check=True)
    pinned.run("trust", "--always", check=True)
    change(pinned)
    pinned.git(*COMMIT)
    assert pinned.has("evil")


def test_the_shims_of_an_ordinary_install_ask_nothing(repo: Repo) -> None:
    repo.file(FILE)
    repo.run("install", check=True)
    shim = (repo.path / ".git/hooks/pre-commit").read_text()
    assert " fire pre-commit " in shim
    repo.run("trust", "--pin", "--yes", check=True)
    assert " fire --pinned pre-commit " in (repo.path / ".git/hooks/pre-commit").read_text()
    repo.run("trust", "--forget", check=True)
    repo.run("trust", check=True)
    assert (repo.path / ".git/hooks/pre-commit").read_text() == shim
    assert os.listdir(repo.path / ".git/dodo-hooks")


PUSHED = "hooks: {pre-push: {jobs: [{name: p, run: 'touch evil'}]}}\n"


@pytest.mark.parametrize("left", (None, "hooks: {}\n", "{}\n", PUSHED))
def test_what_was_taken_out_of_a_pinned_hook_file_is_a_change(pinned: Repo, left: str | None) -> None:
    if left is None:
        (pinned.path / "hooks.dodo").unlink()
    else:
        pinned.file(left)
    refused(pinned)
    done = pinned.git(*COMMIT, "--no-verify")  # other hooks say so; those that were never named are of no interest
    assert done.stderr.splitlines()[-1].startswith("dodo-hooks: post-commit not run: the hook files have changed")
    assert not (pinned.path / ".git/hooks/pre-push").exists()  # nothing is installed for what nobody has accepted
    pinned.git("checkout", "-q", "-b", "topic")
    assert "-  pre-commit: " in pinned.run("trust", "--yes", check=True).stdout
    is_local = (pinned.path / ".git/hooks/pre-commit").exists()
    assert (pinned.path / ".git/hooks/pre-push").exists() == (is_local and left == PUSHED)
    assert pinned.git(*COMMIT).stderr == ""


def test_a_hook_file_is_gone_and_the_record_too(repo: Repo) -> None:
    repo.file(FILE)
    repo.run("install", check=True)
    repo.run("trust", "--pin", "--yes", check=True)
    (repo.path / "hooks.dodo").unlink()
    for break_record in (lambda path: path.write_text("nonsense"), Path.unlink):
        break_record(next(path for path in files_of(repo) if "." not in path.name))
        done = repo.git(*COMMIT, check=False)
        assert done.returncode == 1 and "pre-commit refused: " in done.stderr
    repo.run("trust", "--forget", check=True)
    repo.run("trust", "--always", check=True)
    assert repo.git(*COMMIT).stderr == ""


def test_for_a_hook_file_that_says_pinned_nothing_is_installed_before_it_is_accepted(repo: Repo) -> None:
    repo.file("hooks: {pre-commit: {jobs: [{name: gate, run: echo x >> ran}]}}\n")
    repo.run("install", check=True)
    repo.file(f"trust: pinned\n{PUSHED}")
    repo.git(*COMMIT)  # any file was fine here, also one that does not name the hook
    assert not (repo.path / ".git/hooks/pre-push").exists()
    repo.run("trust", "--yes", check=True)
    assert (repo.path / ".git/hooks/pre-push").exists()


def test_a_hook_that_a_command_fires_is_not_taken_out_either(pinned: Repo) -> None:
    pinned.file("hooks: {worktree-pre-remove: {jobs: [{name: gate, run: 'false'}]}}\n")
    pinned.run("trust", "--yes", check=True)
    linked = pinned.worktree("linked")
    linked.file("hooks: {}\n")
    done = pinned.run("worktree", "remove", "--force", str(linked.path))
    assert done.returncode != 0 and "have changed since you accepted them" in done.stderr and linked.path.exists()


def test_to_uninstall_and_install_again_accepts_nothing(pinned: Repo) -> None:
    change(pinned)
    assert "`dodo-hooks trust --forget`" in pinned.run("uninstall", check=True).stdout
    pinned.run("install", check=True)
    refused(pinned)
    pinned.file(f"trust: pinned\n{FILE.replace('echo x >> ran', 'touch evil')}")
    pinned.run("uninstall", check=True)
    pinned.run("install", check=True)
    refused(pinned)
    (pinned.path / "hooks.dodo").unlink()
    refused(pinned)
