"""`dodo-hooks install` and `uninstall`, as a person sees them."""

import re
import shutil
from hashlib import sha256

import pytest

from kit.repo import Repo

FILE = """\
hooks:
  pre-commit:
    jobs: [{name: a, run: "true"}]
  worktree-post-create:
    jobs: [{name: b, run: "true"}]
"""


def answer(command: str, repo: Repo, *argv: str) -> list[str]:
    """Return the lines that the command prints."""
    return repo.run(command, *argv, check=True).stdout.splitlines()


def expect_refusal(repo: Repo, command: str, said: str) -> None:
    done = repo.run(command)
    assert (done.returncode, done.stdout) == (3, "") and re.search(said, done.stderr)


def test_g2_install_takes_the_hooks_of_the_file(repo: Repo) -> None:
    repo.file(FILE)
    repo.write(".git/hooks/pre-commit", "#!/bin/sh\n").chmod(0o755)
    where = f"hooks directory: {repo.path}/.git/hooks"
    assert answer("install", repo) == [
        "pre-commit: installed; your legacy hook runs first",
        "post-checkout: installed for worktree-post-create",
        where,
    ]
    assert answer("install", repo, "commit-msg") == ["commit-msg: installed", where]
    repo.write(".git/hooks/commit-msg", "#!/bin/sh\n")
    assert answer("uninstall", repo) == ["pre-commit: removed; your legacy hook is restored", "post-checkout: removed"]
    assert answer("uninstall", repo) == ["no hooks of dodo-hooks are installed here"]


def test_uninstall_removes_our_hook_file_and_overlay_if_asked(repo: Repo) -> None:
    repo.file(FILE)
    repo.file(FILE, ".config/hooks.local.dodo")
    repo.file("pre-commit: {jobs: [{run: 'true'}]}\n", "lefthook.yml")
    answer("install", repo, "pre-commit")
    assert answer("uninstall", repo) == ["pre-commit: removed"] and repo.has("hooks.dodo")
    assert answer("uninstall", repo, "--remove-config") == [
        "no hooks of dodo-hooks are installed here",
        "hooks.dodo: removed",
        ".config/hooks.local.dodo: removed",
    ]
    assert not repo.has("hooks.dodo") and not repo.has(".config/hooks.local.dodo")
    left = "lefthook.yml: left unchanged, it is the configuration of another program"
    assert answer("uninstall", repo, "--remove-config")[-1] == left and repo.has("lefthook.yml")
    (repo.path / "lefthook.yml").unlink()
    assert answer("uninstall", repo, "--remove-config")[-1] == f"no hook file in {repo.path}"
    assert repo.run("uninstall", "--remove-config", "--global").returncode == 3


def test_uninstall_says_what_it_left(repo: Repo) -> None:
    repo.write(".git/hooks/pre-commit", "#!/bin/sh\n# mine\n")
    answer("install", repo, "pre-commit")
    repo.write(".git/hooks/pre-commit", "#!/bin/sh\n# of another program\n").chmod(0o755)
    said = f"your legacy hook is {repo.path}/.git/hooks.dodo-kept/pre-commit"
    assert answer("uninstall", repo) == [f"pre-commit: left unchanged, another program replaced our hook; {said}"]


def test_r21_uninstall_says_what_it_removed_before_a_decision_that_it_cannot_remove(repo: Repo) -> None:
    answer("install", repo, "pre-commit")
    (repo.state / f"dodo-hooks/trust/{sha256(f'{repo.path}/.git'.encode()).hexdigest()}.skipped").mkdir()
    done = repo.run("uninstall")
    assert (done.returncode, done.stdout) == (2, "pre-commit: removed\n") and "cannot remove" in done.stderr


def test_r21_uninstall_needs_no_state_directory(repo: Repo) -> None:
    answer("install", repo, "pre-commit")
    shutil.rmtree(repo.state)
    repo.state.write_text("not a directory")
    done = repo.run("uninstall", check=True)
    assert done.stdout == "pre-commit: removed\n" and "Not a directory" in done.stderr


def test_install_check_names_what_is_missing_or_old_and_changes_nothing(repo: Repo) -> None:
    def check(*hooks: str) -> tuple[int, str]:
        done = repo.run("install", "--check", *hooks)
        return done.returncode, done.stdout

    repo.file(FILE)
    hooks = f"{repo.path}/.git/hooks"
    missing = f"git does not fire pre-commit, post-checkout: no shim in {hooks}; run `dodo-hooks install`\n"
    assert check() == (1, missing) and not repo.has(".git/hooks/pre-commit")
    answer("install", repo)
    assert check() == (0, "") and check("pre-commit") == (0, "")
    assert check("pre-push") == (1, f"git does not fire pre-push: no shim in {hooks}; run `dodo-hooks install`\n")
    old = repo.path / ".git/hooks/pre-commit"
    old.write_text(f"{old.read_text()}# of an older version\n")
    said = f"pre-commit in {hooks} were written by another version or another Python; run `dodo-hooks install`\n"
    assert check() == (1, said)
    old.chmod(0o644)
    assert check() == (1, f"git ignores pre-commit in {hooks}: not executable; run `dodo-hooks install`\n{said}")
    assert repo.run("install", "--check", "--local").returncode == 3


def test_install_without_a_hook_file_says_what_to_do_next(repo: Repo) -> None:
    expect_refusal(repo, "install", f"no hook file in {repo.path}; run `dodo-hooks init`")
    assert not repo.has(".git/hooks/pre-commit")
    assert answer("install", repo, "pre-commit")[2:] == [
        f"no hook file in {repo.path}; run `dodo-hooks init` to create one"
    ]
    assert repo.has(".git/hooks/pre-commit")


def test_a_broken_hook_file_installs_nothing_unless_the_hook_is_named(repo: Repo) -> None:
    repo.file("hooks: {pre-commit: {jobs: [{nam: a}]}}")
    expect_refusal(repo, "install", "nam")
    assert not repo.has(".git/hooks/pre-commit")
    assert answer("install", repo, "pre-commit")[0] == "pre-commit: installed"
    assert len(answer("install", repo, "pre-commit")) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("hooks.dodo", ""),
        ("hooks.dodo", "# later\n"),
        ("hooks.dodo", "hooks: {}\n"),
        ("hooks.dodo", "tasks: {dev: {jobs: [{run: make}]}}\n"),
        ("lefthook.yml", "# later\n"),
        ("lefthook.yml", "dev: {jobs: [{run: make}]}\n"),
        ("daft.yml", ""),
    ],
)
def test_a_file_without_hooks_installs_nothing_and_is_no_error(repo: Repo, name: str, content: str) -> None:
    repo.file(content, name)
    assert answer("install", repo) == [f"nothing installed: {name} names no hook yet"]
    assert not repo.has(".git/dodo-hooks")


def test_outside_of_a_repository_there_is_nothing_to_install(repo: Repo) -> None:
    for command in ("install", "uninstall"):
        done = Repo(repo.path.parent, repo.env).run(command)
        assert done.returncode == 2 and "is not in a git repository" in done.stderr


@pytest.mark.parametrize("reader", [("validate",), ("status",), ("run", "pre-commit")])
def test_g2_a_hook_that_was_added_is_installed_although_another_command_read_the_file_first(
    repo: Repo, reader: tuple[str, ...]
) -> None:
    repo.file("hooks: {pre-commit: {jobs: [{name: a, run: 'true'}]}}")
    repo.install()
    repo.file("hooks: {pre-commit: {jobs: [{name: a, run: 'true'}]}, pre-push: {jobs: [{name: b, run: 'false'}]}}")
    repo.run(*reader, check=True)
    repo.git("commit", "-q", "--allow-empty", "-m", "one")
    assert repo.has(".git/hooks/pre-push")
