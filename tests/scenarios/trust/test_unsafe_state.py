"""A state directory, a plan, a configuration that somebody else could have written is refused (section 8)."""

import os
import sys
from pathlib import Path

import pytest

from kit.process import wait_until
from kit.repo import Repo
from kit.system.foreign import NOBODY, give_away, needs_root

UNSAFE = 3


@pytest.fixture
def used(repo: Repo) -> Repo:
    """Return a repository with a state directory that has a plan and a run in it."""
    repo.hook("pre-commit", check="echo ran >>ran")
    repo.git("commit", "-qm", "first", "--allow-empty")
    (repo.path / "ran").unlink()
    return repo


def own_directory(repo: Repo) -> Path:
    return repo.state / "dodo-hooks"


def test_a_state_directory_that_others_can_write_to_is_refused(used: Repo) -> None:
    own = own_directory(used)
    own.chmod(0o777)
    sentence = f"dodo-hooks: others can write to {own}; run `chmod go-w {own}`\n"
    gate = used.git("commit", "-qm", "second", "--allow-empty", check=False)
    assert gate.returncode and gate.stderr == sentence and not used.has("ran")
    for words in (("jobs",), ("run", "pre-commit"), ("list",)):
        done = used.run(*words)
        assert (done.returncode, done.stdout, done.stderr) == (UNSAFE, "", sentence), words
    plain = used.doit("list")
    assert plain.returncode == UNSAFE and f"others can write to {own}" in plain.stderr
    short = used.run("status", "--short")
    assert (short.returncode, short.stdout, short.stderr) == (0, "", "")
    doctor = used.run("doctor")
    assert doctor.returncode == 1 and f"error: others can write to {own}" in doctor.stdout
    assert used.run("completion", "bash").returncode == 0
    own.chmod(0o700)
    used.git("commit", "-qm", "second", "--allow-empty")
    assert used.has("ran")


def test_what_is_above_our_own_directory_is_the_systems_business(used: Repo) -> None:
    used.state.chmod(0o777)
    used.git("commit", "-qm", "second", "--allow-empty")
    assert used.has("ran")


def test_our_own_directory_is_private_whatever_the_umask(repo: Repo) -> None:
    repo.hook("pre-commit", check="true")
    plain = f"'{sys.executable}' -m doit run pre-commit"
    repo.call("sh", "-c", f"umask 000; {plain}", check=True)
    directories = [own_directory(repo), *(path for path in own_directory(repo).rglob("*") if path.is_dir())]
    assert {path.stat().st_mode & 0o777 for path in directories} == {0o700}


@needs_root
def test_root_with_the_home_of_a_user_is_pointed_to_sudo(used: Repo) -> None:
    give_away(own_directory(used))
    gate = used.git("commit", "-qm", "second", "--allow-empty", check=False)
    own = own_directory(used)
    assert gate.returncode and not used.has("ran")
    assert gate.stderr.startswith(f"dodo-hooks: {own} belongs to nobody, and root does not use it")
    assert "`sudo -H`" in gate.stderr and gate.stderr.count("\n") == 1


@needs_root
def test_a_plan_that_somebody_else_has_put_there_is_not_run(used: Repo) -> None:
    (plan,) = own_directory(used).glob("plans/*.plan")
    os.chown(plan, NOBODY, NOBODY)
    for done in (used.git("commit", "-qm", "x", "--allow-empty", check=False), used.run("run", "pre-commit")):
        assert (
            done.returncode and done.stderr.startswith(f"dodo-hooks: {plan} belongs to nobody") and not used.has("ran")
        )
    doctor = used.run("doctor")
    assert doctor.returncode == 1 and f"error: {plan} belongs to nobody" in doctor.stdout


def test_a_configuration_that_others_can_write_notifies_nobody(repo: Repo, env: dict[str, str]) -> None:
    config = Path(env["XDG_CONFIG_HOME"]) / "dodo-hooks/config.yml"
    config.parent.mkdir(parents=True)
    config.write_text(f"notify: {{run: 'touch {repo.path}/notified', when: always}}\n")
    config.chmod(0o646)
    repo.hook("post-commit", background=True, later="true")
    repo.git("commit", "-qm", "first", "--allow-empty")
    repo.finished("post-commit")  # people are notified when the records are closed
    reported = wait_until(lambda: repo.run("jobs", check=True).stderr, what="the notice")
    assert f"no notification sent: others can write to {config}" in reported and not repo.has("notified")
    done = repo.run("validate")
    assert (done.returncode, done.stderr) == (
        UNSAFE,
        f"dodo-hooks: others can write to {config}; run `chmod go-w {config}`\n",
    )


@pytest.mark.parametrize("words", [("run", "pre-commit"), ("jobs",), ("status",), ("doctor",), ("trust",)])
def test_r21_a_state_directory_that_cannot_be_made_is_one_sentence(used: Repo, words: tuple[str, ...]) -> None:
    """/proc says of a directory that can never be made in it what others say of one whose parent is missing."""
    done = used.run(*words, env={"XDG_STATE_HOME": "/proc/x"})
    assert "Traceback" not in done.stderr and (done.stdout + done.stderr).count("/proc/x") <= 1
    assert not used.has("ran")
    assert (words[0] in ("run", "doctor", "trust")) == bool(done.returncode)


def test_r21_a_gate_refuses_where_its_record_can_never_be_made(used: Repo) -> None:
    done = used.git("commit", "-qm", "x", "--allow-empty", check=False, env={"XDG_STATE_HOME": "/proc/x"})
    assert done.returncode and not used.has("ran")
    assert done.stderr.startswith("dodo-hooks: cannot write the record of pre-commit below /proc/x/dodo-hooks/jobs/")
    assert done.stderr.count("\n") == 1
