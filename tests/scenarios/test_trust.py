"""Whose hooks may run (section 8): hooks for all repositories, and hook files that are pinned."""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.repo import Done, Repo
from kit.terminal import Terminal

COMMIT = ("commit", "-q", "--allow-empty", "-m", "x")
FILE = """\
hooks:
  pre-commit: {jobs: [{name: gate, run: echo x >> ran}]}
  post-commit: {jobs: [{name: after, run: echo x >> after}]}
"""


@pytest.fixture
def undecided(repo: Repo) -> Repo:
    """A clone of somebody's, of a user with hooks for all repositories."""
    repo.run("install", "--global", check=True)
    repo.file(FILE)
    repo.git("remote", "add", "origin", "https://example.invalid/somebody's.git")
    return repo


def ran(repo: Repo) -> int:
    return len((repo.path / "ran").read_text().split()) if repo.has("ran") else 0


def files_of(repo: Repo) -> list[Path]:
    return sorted((repo.state / "dodo-hooks/trust").iterdir())


# Undecided, trusted, denied


def test_in_an_undecided_repository_nothing_runs_and_that_is_said_once_a_day(undecided: Repo) -> None:
    undecided.write("hooks.dodo", "hooks: [this is no hook file")  # not even read
    first = undecided.git(*COMMIT)
    assert first.stderr.count("\n") == 1 and f"the hooks of {undecided.path} do not run" in first.stderr
    assert "`dodo-hooks trust`" in first.stderr and "`dodo-hooks deny`" in first.stderr
    assert undecided.git(*COMMIT).stderr == "" and not undecided.invocations()
    assert not (undecided.state / "dodo-hooks/plans").exists()


def test_what_was_not_run_can_be_replayed(undecided: Repo) -> None:
    undecided.git(*COMMIT)
    undecided.git("checkout", "-q", "-b", "topic")  # the hook file does not name it
    said = undecided.run("trust", check=True).stdout.splitlines()
    commands = [line.strip() for line in said if line.startswith("  cd ")]
    assert commands == [f"cd {undecided.path} && dodo-hooks run {hook}" for hook in ("pre-commit", "post-commit")]
    assert "replay" not in undecided.run("trust", check=True).stdout and not ran(undecided)
    undecided.git(*COMMIT)
    assert ran(undecided) == 1 and undecided.has("after")


def test_a_denied_repository_is_quiet(undecided: Repo) -> None:
    undecided.run("deny", check=True)
    assert undecided.git(*COMMIT).stderr == "" and not ran(undecided)
    assert undecided.run("doctor", check=True).stdout.startswith("note: no hook runs here: you have denied it; ")
    undecided.run("trust", check=True)
    undecided.git(*COMMIT)
    assert ran(undecided) == 1


def test_trust_is_for_a_repository_and_its_remote(undecided: Repo, tmp_path: Path) -> None:
    undecided.run("trust", check=True)
    undecided.call("cp", "-r", str(undecided.path), str(tmp_path / "copy"), check=True)
    copy = Repo(tmp_path / "copy", undecided.env)
    assert "do not run" in copy.git(*COMMIT).stderr and not ran(copy)
    undecided.git("remote", "set-url", "origin", "https://example.invalid/elsewhere.git")
    said = undecided.git(*COMMIT).stderr
    assert "its remote is https://example.invalid/elsewhere.git now and was https://example.invalid/somebody's" in said
    assert not ran(undecided)


def test_decisions_are_listed_forgotten_and_nobody_elses_business(undecided: Repo, tmp_path: Path) -> None:
    undecided.git(*COMMIT)
    undecided.run("trust", check=True)
    other = Repo.create(tmp_path / "other", undecided.env)
    undecided.run("deny", str(other.path), check=True)
    rows = undecided.run("trust", "--list", check=True).stdout.splitlines()[1:]
    assert sorted(row.split() for row in rows) == [
        ["denied", str(other.path)],
        ["trusted", str(undecided.path), "https://example.invalid/somebody's.git"],
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files_of(undecided)} == {0o600}
    assert stat.S_IMODE(files_of(undecided)[0].parent.stat().st_mode) == 0o700
    undecided.run("trust", "--forget", check=True)
    assert "do not run" in undecided.git(*COMMIT).stderr


def test_a_decision_that_cannot_be_read_refuses(undecided: Repo) -> None:
    undecided.run("trust", check=True)
    files_of(undecided)[0].write_text("nonsense")
    done = undecided.git(*COMMIT, check=False)
    assert done.returncode == 1 and done.stderr.startswith(
        "dodo-hooks: pre-commit refuses: it cannot be told whether that is"
    )
    done = undecided.git(*COMMIT, "--no-verify")
    assert done.stderr.splitlines()[-1].startswith("dodo-hooks: post-commit was not run: ")


def test_a_repositorys_own_hook_runs_whatever_was_decided(undecided: Repo) -> None:
    undecided.write(".git/hooks/pre-commit", "#!/bin/sh\necho own hook >&2; exit 3\n").chmod(0o755)
    for command in ("deny", "trust"):
        undecided.run(command, check=True)
        done = undecided.git(*COMMIT, check=False)
        assert (done.returncode, done.stderr) == (1, "own hook\n")


# At a terminal


@pytest.mark.parametrize(("answer", "runs"), ((b"y\n", 1), (b"n\n", 0), (b"\n", 0)))
def test_a_person_at_a_terminal_is_asked_once(
    undecided: Repo, terminal: Callable[..., Terminal], answer: bytes, runs: int
) -> None:
    there = terminal("git", *COMMIT)
    there.shows(b"anything else: not today: ")
    assert b"somebody's.git, would run commands" in there.output
    there.press(answer)
    assert there.wait() == 0 and there.output.count(b"Trust this repository?") == 1
    assert ran(undecided) == runs
    again = terminal("git", *COMMIT)
    assert again.wait() == 0 and b"Trust" not in again.output and ran(undecided) == 2 * runs


@pytest.mark.parametrize("variables", ({"CI": "1"}, {"GIT_TERMINAL_PROMPT": "0"}))
def test_nobody_is_asked_in_ci(undecided: Repo, terminal: Callable[..., Terminal], variables: dict[str, str]) -> None:
    undecided.env.update(variables)
    there = terminal("git", *COMMIT)
    assert there.wait() == 0 and b"Trust" not in there.output and b"do not run" in there.output


def test_nobody_is_asked_when_a_program_reads_what_git_says(undecided: Repo, terminal: Callable[..., Terminal]) -> None:
    there = terminal("sh", "-c", "git commit -q --allow-empty -m x 2>&1 | cat")
    assert there.wait() == 0 and b"Trust" not in there.output and b"do not run" in there.output


# Pinned


@pytest.fixture(params=("local", "global"))
def pinned(request: pytest.FixtureRequest, repo: Repo) -> Repo:
    """A repository whose hook files were accepted as they are."""
    repo.file(FILE)
    if request.param == "local":
        repo.run("install", check=True)
    else:
        repo.run("install", "--global", check=True)
    repo.run("trust", "--pin", "--yes", check=True)
    repo.git(*COMMIT)
    assert ran(repo) == 1
    return repo


def change(repo: Repo) -> None:
    repo.file(FILE.replace("echo x >> ran", "touch evil"))


def refused(repo: Repo) -> Done:
    done = repo.git(*COMMIT, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and not repo.has("evil")
    assert "pre-commit refuses: the hook files are not those that were accepted: `dodo-hooks trust`" in done.stderr
    return done


def test_a_changed_hook_file_is_refused_until_it_is_accepted(pinned: Repo) -> None:
    change(pinned)
    refused(pinned)
    done = pinned.git(*COMMIT, "--no-verify")
    assert done.stderr.splitlines()[-1].startswith("dodo-hooks: post-commit was not run: the hook files are not those")
    assert pinned.run("run", "pre-commit").returncode == 3 and not pinned.has("evil")
    assert pinned.doit("run", "pre-commit").returncode == 3 and not pinned.has("evil")
    assert "the hook files are not those that were accepted" in pinned.run("doctor").stdout
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


def test_the_change_is_accepted_at_a_terminal(pinned: Repo, terminal: Callable[..., Terminal]) -> None:
    change(pinned)
    for answer, code in ((b"n\n", 3), (b"y\n", 0)):
        refused(pinned)
        there = terminal(sys.executable, "-m", "dodo_hooks", "trust")
        there.shows(b"Accept these hook files? [y/N]: ")
        there.press(answer)
        assert there.wait() == code
    pinned.git(*COMMIT)
    assert pinned.has("evil")


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
    done = repo.git(*COMMIT, check=False)
    assert done.returncode == 1 and "what you had accepted is not on record any more" in done.stderr
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
    assert repo.run("trust").returncode == 3
    repo.run("trust", "--yes", check=True)
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
    pinned.run("trust", check=True)
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
    assert done.stderr.splitlines()[-1].startswith("dodo-hooks: post-commit was not run: the hook files are not those")
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
        assert done.returncode == 1 and "pre-commit refuses: " in done.stderr
    repo.run("trust", "--forget", check=True)
    repo.run("trust", check=True)
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
    assert done.returncode != 0 and "not those that were accepted" in done.stderr and linked.path.exists()


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


# Whose working tree it is


@pytest.mark.parametrize("way", ("file", "link", "commondir", "variable", "worktree's file"))
def test_a_strangers_folder_does_not_borrow_trust(undecided: Repo, tmp_path: Path, way: str) -> None:
    undecided.run("trust", check=True)
    undecided.worktree("linked")
    stranger = Repo(tmp_path / "stranger", undecided.env)
    stranger.path.mkdir()
    target = f"{undecided.path}/.git"
    if way == "link":
        (stranger.path / ".git").symlink_to(target)
    elif way == "commondir":
        (stranger.path / ".git").mkdir()
        stranger.write(".git/HEAD", "ref: refs/heads/other\n")
        stranger.write(".git/commondir", f"{os.path.relpath(target, stranger.path / '.git')}\n")
    elif way == "variable":
        stranger.env = {**undecided.env, "GIT_DIR": target, "GIT_WORK_TREE": str(stranger.path)}
    else:
        stranger.write(".git", f"gitdir: {target}{'/worktrees/linked' if way.startswith('worktree') else ''}\n")
    stranger.write("hooks.dodo", FILE)
    said = stranger.git(*COMMIT).stderr
    assert not ran(stranger) and not stranger.has("after")
    assert "which does not know of it" in said and said.count("\n") == 1
    undecided.git(*COMMIT)
    assert ran(undecided) == 1
    if way == "file":  # somebody has said so in this very folder
        stranger.run("trust", check=True)
        stranger.git(*COMMIT)
        assert ran(stranger) == 1


@pytest.mark.parametrize("kind", ("linked", "relative", "moved", "submodule", "bare", "separate"))
def test_a_working_tree_of_the_repository_is_trusted_with_it(undecided: Repo, tmp_path: Path, kind: str) -> None:
    env, there = undecided.env, tmp_path / "there"
    undecided.git("add", ".")
    undecided.git("commit", "-q", "-m", "hooks")
    if kind in ("linked", "relative"):
        undecided.git("worktree", "add", "-q", str(there))
        if kind == "relative":
            record = undecided.path / ".git/worktrees/there"
            (record / "gitdir").write_text(f"{os.path.relpath(there / '.git', record)}\n")
        undecided.run("trust", check=True)
    elif kind == "moved":
        undecided.run("trust", check=True)
        undecided.path.rename(there)
    elif kind == "submodule":
        outer = Repo.create(tmp_path / "outer", env)
        outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(undecided.path), "sub")
        there = outer.path / "sub"
        Repo(there, env).run("trust", check=True)
    elif kind == "bare":
        undecided.git("clone", "-q", "--bare", str(undecided.path), str(tmp_path / "bare.git"))
        undecided.git("-C", str(tmp_path / "bare.git"), "worktree", "add", "-q", str(there))
        Repo(there, env).run("trust", check=True)
    else:
        undecided.git("clone", "-q", f"--separate-git-dir={tmp_path / 'apart'}", str(undecided.path), str(there))
        Repo(there, env).run("trust", check=True)
    Repo(there, env).git(*COMMIT)
    assert ran(Repo(there, env)) == 1
