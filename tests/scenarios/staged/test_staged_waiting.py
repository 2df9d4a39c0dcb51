"""Commands that wait for hidden unstaged changes: what they read, and what is printed when none can continue (G5)."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.commits.unstaged import STAGED, TEXT, unstaged_text
from kit.gate import Gate
from kit.process import DEADLINE_S, children_of, processes_with, wait_until
from kit.repo import PACKAGES, TEST_ID, Repo

COMMIT = ("git", "commit", "-qm", "work")
CLOCK = r"since \d\d:\d\d:\d\d"
NOBODY = 65534


def make_partial(repo: Repo) -> None:
    repo.write("text", TEXT)
    repo.git("add", "text")
    repo.git("commit", "-qm", "files", "--no-verify")
    repo.write("text", STAGED)
    repo.git("add", "text")
    repo.write("text", unstaged_text())


def hide_at(repo: Repo, gate: Gate) -> "subprocess.Popen[bytes]":
    """Start a commit whose job is held at the gate while unstaged changes are hidden."""
    make_partial(repo)
    repo.hook("pre-commit", slow=gate.command)
    repo.install()
    git = repo.start(*COMMIT)
    gate.wait()
    assert repo.read("text") == STAGED
    return git


def holder_pid(repo: Repo) -> int:
    return int(repo.read(".git/dodo-hooks-aside.lock").split()[0])


def read_sentence(process: "subprocess.Popen[bytes]") -> str:
    assert process.stderr is not None
    return process.stderr.readline().decode()


def test_g5_who_waits_learns_for_whom_since_when_and_until_when(repo: Repo, gate: Gate) -> None:
    git = hide_at(repo, gate)
    other = repo.start(*COMMIT, "--allow-empty")
    said = read_sentence(other)
    assert (
        f"waiting: pid {holder_pid(repo)} (dodo-hooks fire pre-commit) has hidden unstaged changes here since " in said
    )
    assert re.search(rf"{CLOCK}; continues when it ends\n$", said)
    gate.open()
    git.communicate()
    assert b"waiting" not in other.communicate()[1]
    assert repo.read("text") == unstaged_text()


def test_g5_an_answer_of_git_counts_only_if_nothing_was_hidden_meanwhile(
    repo: Repo, gate: Gate, tmp_path: Path
) -> None:
    """The second of two runs finds nothing hidden, and asks git what is unstaged when something is."""
    repo.hook("pre-commit", see="! grep unstaged text")
    repo.install()
    asks, wrapper = Gate(tmp_path / "asks"), tmp_path / "bin/git"
    real = shutil.which("git")
    wrapper.parent.mkdir()
    wrapper.write_text(
        f'#!/bin/sh\ncase " $* " in *" status "*) {asks.command}; {real} "$@"; {asks.command};;\n'
        f'*) exec {real} "$@";; esac\n'
    )
    wrapper.chmod(0o755)
    env = {**repo.env, "PATH": f"{wrapper.parent}:{repo.env['PATH']}"}
    other = Repo(repo.path, env).start(sys.executable, "-m", "dodo_hooks", "run", "pre-commit", "--job", "see")
    asks.wait()
    git = hide_at(repo, gate)
    asks.let_one_go()
    asks.wait()  # git has answered
    gate.open()
    git.communicate()
    assert repo.read("text") == unstaged_text()
    asks.open()
    said = other.communicate()[1].decode()
    asks.close()
    assert git.returncode == other.returncode == 0, said
    assert repo.read("text") == unstaged_text()


def test_g5_a_holder_that_is_stopped_is_named_as_stopped_and_how_it_is_continued(repo: Repo, gate: Gate) -> None:
    git = hide_at(repo, gate)
    pid = holder_pid(repo)
    other = repo.start("git", "checkout", "-qb", "topic")  # fires no hook of ours, so nothing waits
    assert other.wait(10) == 0
    os.kill(pid, signal.SIGSTOP)
    manual = repo.start(sys.executable, "-m", "dodo_hooks", "run", "pre-commit")
    said = read_sentence(manual)
    assert f"pid {pid} (dodo-hooks fire pre-commit), which is stopped, has hidden unstaged changes" in said
    assert said.endswith(f"continues when it is resumed (`fg` in its terminal, or `kill -CONT {pid}`) and ends\n")
    os.kill(pid, signal.SIGCONT)
    said = read_sentence(manual)  # not printed before
    assert "stopped" not in said and said.endswith("continues when it ends\n")
    gate.open()
    git.communicate()
    manual.communicate()
    assert manual.returncode == 0 and repo.read("text") == unstaged_text()


def test_g5_where_the_hook_was_killed_its_job_is_named(repo: Repo, gate: Gate) -> None:
    """The wave has the lock as well, so that nobody restores what a job still changes."""
    git = hide_at(repo, gate)
    [wave] = [one.pid for one in children_of(holder_pid(repo))]
    os.kill(wave, signal.SIGSTOP)
    os.kill(holder_pid(repo), signal.SIGKILL)
    git.wait(10)  # the wave still has its output
    other = repo.start(*COMMIT, "--allow-empty")
    said = read_sentence(other)
    assert re.search(
        rf"waiting: pid {wave} \(.*\), which is stopped, has hidden .*`kill -CONT {wave}`\) and ends", said
    )
    os.kill(wave, signal.SIGCONT)
    gate.open()
    rest = other.communicate()[1].decode()
    assert "restored the unstaged changes of 1 file, hidden by a commit that was killed\n" in rest
    git.communicate()
    assert repo.read("text") == unstaged_text()


def test_g5_doctor_and_status_tell_a_living_commit_from_a_killed_one_by_the_lock(repo: Repo, gate: Gate) -> None:
    elsewhere = repo.worktree("elsewhere")
    git = hide_at(repo, gate)
    pid = holder_pid(repo)
    done = elsewhere.run("doctor")
    assert f"pid {pid} (dodo-hooks fire pre-commit) has hidden unstaged changes" in done.stdout
    assert "was killed" not in done.stdout
    assert f"unstaged   pid {pid} (dodo-hooks fire pre-commit) has hidden" in repo.run("status", check=True).stdout
    assert repo.read("text") == STAGED
    os.kill(pid, signal.SIGKILL)
    git.communicate()
    gate.open()
    wait_until(lambda: not processes_with(TEST_ID, repo.env[TEST_ID]), what="the end of its jobs")
    done = elsewhere.run("doctor")
    assert "unstaged changes, hidden by a commit that was killed, are in " in done.stdout and done.returncode == 1
    repo.run("status", check=True)
    assert repo.read("text") == unstaged_text()
    assert "unstaged" not in elsewhere.run("doctor").stdout


def test_g5_what_was_not_killed_is_not_said_to_have_been(repo: Repo, gate: Gate) -> None:
    """Nothing can be restored while the git directory cannot be written to, and that is no kill."""
    git = hide_at(repo, gate)
    swap = repo.path / ".git/dodo-hooks-aside/swap"
    swap.rmdir()
    swap.write_bytes(b"")  # what a full disk does for everybody else, this does for root, too
    gate.open()
    said = git.communicate()[1].decode()
    assert git.returncode == 1 and said.count("cannot be restored now") == 1 and "was killed" not in said
    swap.unlink()
    swap.mkdir()
    done = repo.run("list", check=True)
    assert (
        done.stderr.count("restored the unstaged changes of 1 file, hidden by a commit that could not restore them")
        == 1
    )
    assert "was killed" not in done.stderr and repo.read("text") == unstaged_text()


# root in somebody else's repository


@pytest.fixture
def theirs(env: dict[str, str]) -> Iterator[Repo]:
    """Return a repository of `nobody`, where that user can reach it."""
    if os.geteuid() != 0:
        pytest.skip("only root can work in the repository of another user")
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        home = shutil.copytree(env["HOME"], f"{place}/home")
        moved = {name: value.replace(env["HOME"], home) for name, value in env.items()}
        repo = Repo.create(Path(place) / "repo", {**moved, "SUDO_UID": str(NOBODY)})
        yield repo


def give_away(path: Path) -> None:
    for one in (path, *path.rglob("*")):
        os.chown(one, NOBODY, NOBODY, follow_symlinks=False)


def as_nobody(repo: Repo, *argv: str) -> "subprocess.CompletedProcess[str]":
    """`dodo-hooks ARGV` as that user."""
    python = next((one for one in (sys.executable, "/usr/bin/python3") if may_run(one)), None)
    if python is None:
        pytest.skip("the other user may run no Python of this version, or not read this checkout")
    packages = [PACKAGES, *(one for one in sys.path if one.endswith("site-packages"))]
    env = {**repo.env, "PYTHONPATH": ":".join(packages), "HOME": str(repo.path.parent / "nobodys")}
    env |= {"XDG_STATE_HOME": f"{env['HOME']}/state", "XDG_CACHE_HOME": f"{env['HOME']}/cache"}
    os.makedirs(env["HOME"], exist_ok=True)
    os.chown(env["HOME"], NOBODY, NOBODY)
    return subprocess.run(
        (python, "-m", "dodo_hooks", *argv),
        cwd=repo.path,
        env=env,
        user=NOBODY,
        group=NOBODY,
        extra_groups=(),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )


def may_run(python: str) -> bool:
    is_other = f"sys.version_info[:2] != {tuple(sys.version_info[:2])}"
    code = f"import os, sys; sys.exit({is_other} or not os.access({PACKAGES!r}, os.X_OK))"
    try:
        return subprocess.run((python, "-c", code), user=NOBODY, group=NOBODY, extra_groups=()).returncode == 0
    except OSError:
        return False


def kill_roots_commit(repo: Repo, gate: Gate) -> None:
    make_partial(repo)
    repo.hook("pre-commit", slow=gate.command)
    repo.install()
    (repo.path / ".git/dodo-hooks/id").unlink(missing_ok=True)  # so that root makes it
    give_away(repo.path)
    git = repo.start(*COMMIT)
    gate.wait()
    os.kill(holder_pid(repo), signal.SIGKILL)
    git.communicate()
    gate.open()
    wait_until(lambda: not processes_with(TEST_ID, repo.env[TEST_ID]), what="the end of its jobs")


def test_g5_what_root_hides_in_a_users_repository_is_restored_by_its_user(theirs: Repo, gate: Gate) -> None:
    kill_roots_commit(theirs, gate)
    of_root = [
        one for one in theirs.path.rglob("*") if "dodo" in str(one.relative_to(theirs.path)) and not one.stat().st_uid
    ]
    assert of_root == []
    done = as_nobody(theirs, "status")
    assert "restored the unstaged changes of 1 file" in done.stderr, done.stderr
    assert theirs.read("text") == unstaged_text() and (theirs.path / "text").stat().st_uid == NOBODY


def test_g5_what_cannot_be_read_is_reported_with_the_command_that_fixes_it(theirs: Repo, gate: Gate) -> None:
    """As an older version left it, or a file system on which root may give nothing away."""
    kill_roots_commit(theirs, gate)
    hidden, lock = theirs.path / ".git/dodo-hooks-aside", theirs.path / ".git/dodo-hooks-aside.lock"
    for one in (hidden, *hidden.rglob("*"), lock):
        os.chown(one, 0, 0, follow_symlinks=False)
    fix = f"sudo chown -R {NOBODY}:{NOBODY} {hidden} {lock}"
    for argv in (("status",), ("jobs",), ("doctor",), ("run", "pre-commit")):
        done = as_nobody(theirs, *argv)
        said = done.stdout + done.stderr
        assert said.count("you may not read them") == 1 and said.count(fix) == 1, said
    assert done.returncode == 2 and gate.is_empty()
    assert theirs.read("text") == STAGED
    subprocess.run(fix.removeprefix("sudo "), shell=True, check=True)
    assert "restored the unstaged changes of 1 file" in as_nobody(theirs, "status").stderr
    assert theirs.read("text") == unstaged_text()
