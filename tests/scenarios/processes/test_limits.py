"""Runs that cannot work: no room for records, no processes left, a hook file that is wrong."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kit.gate import Gate
from kit.process import is_alive, wait_until
from kit.repo import SCRIPT, Done, Repo

COMMIT = ("git", "commit", "--allow-empty", "-m", "work")


def sentences(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith("dodo-hooks: ")]


def write_hooks(repo: Repo) -> None:
    """Write a gate, a hook that has only background jobs, and one that has both."""
    repo.hook("pre-commit", check="touch checked")
    repo.hook("post-commit", background=True, warm="touch warm")
    repo.install()


def subjects(repo: Repo) -> list[str]:
    return repo.call("git", "log", "--format=%s").stdout.split()


# No place for records (R21)


def block(repo: Repo) -> None:
    """Put a file where the state directory should be."""
    shutil.rmtree(repo.state, ignore_errors=True)
    repo.state.write_text("not a directory")


def test_r21_a_gate_refuses_where_it_cannot_keep_a_record(repo: Repo) -> None:
    write_hooks(repo)
    block(repo)
    done = repo.call(*COMMIT)
    assert done.returncode == 1
    (sentence,) = sentences(done.stderr)
    assert "cannot write the record of pre-commit" in sentence and str(repo.state) in sentence
    assert sentence.endswith(": Not a directory; set XDG_STATE_HOME to a directory that you can write to")
    assert subjects(repo) == ["start"] and not repo.has("checked")


def test_r21_a_background_hook_does_not_fail_git(repo: Repo) -> None:
    repo.hook("post-checkout", background=True, warm="touch warm")  # git's exit code is this hook's
    repo.install()
    block(repo)
    done = repo.call("git", "checkout", "-q", "-b", "topic")
    assert done.returncode == 0
    (sentence,) = sentences(done.stderr)
    assert "cannot write the record" in sentence and "background jobs of post-checkout were not started" in sentence
    assert not repo.has("warm")


def test_r21_a_hook_with_foreground_jobs_says_that_they_did_not_run(repo: Repo) -> None:
    repo.hook("post-checkout", note="touch noted", warm={"run": "touch warm", "background": True})
    repo.install()
    block(repo)
    done = repo.call("git", "checkout", "-q", "-b", "topic")
    assert done.returncode != 0 and len(sentences(done.stderr)) == 1
    assert not repo.has("noted") and not repo.has("warm")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 64 KB; it is full once its file `ballast` is as large as it can be."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(path)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a file system of its own needs root")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def fill(disk: Path) -> None:
    with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def test_r21_a_full_disk_refuses_and_does_not_fail(repo: Repo, small_disk: Path) -> None:
    repo.env["XDG_STATE_HOME"] = str(small_disk)
    write_hooks(repo)
    fill(small_disk)
    refused = repo.call(*COMMIT)
    assert refused.returncode == 1
    (sentence,) = sentences(refused.stderr)
    assert "cannot write the record of pre-commit" in sentence
    assert sentence.endswith(": No space left on device; free some space")
    made = repo.call(*COMMIT, "--no-verify")
    assert made.returncode == 0
    (sentence,) = sentences(made.stderr)
    assert "No space left" in sentence and "background jobs of post-commit were not started" in sentence
    assert subjects(repo) == ["work", "start"] and not repo.has("checked") and not repo.has("warm")


def test_r22_background_jobs_that_a_command_cannot_start_are_its_error(repo: Repo, small_disk: Path) -> None:
    repo.env["XDG_STATE_HOME"] = str(small_disk)
    repo.hook("post-commit", background=True, warm="exit 1")
    assert repo.run("run", "post-commit").returncode == 0
    assert repo.run("wait").returncode in (0, 1)  # it may be over already
    fill(small_disk)
    for argv in (("run", "post-commit"), ("retry", "warm")):
        done = repo.run(*argv)
        assert done.returncode == 2 and "No space left" in done.stderr, done.stderr


def test_r21_a_disk_that_fills_up_while_a_gate_runs(repo: Repo, small_disk: Path) -> None:
    repo.env["XDG_STATE_HOME"] = str(small_disk)
    repo.hook("pre-commit", fills=f"cat /dev/zero >{small_disk}/ballast", after={"run": "touch ran", "needs": []})
    repo.hook_options("pre-commit", piped=False)
    repo.install()
    done = repo.call(*COMMIT)
    assert done.returncode == 1
    assert len([line for line in sentences(done.stderr) if "cannot write /" in line]) == 1
    assert "No space left" in done.stderr and "Traceback" not in done.stderr
    assert subjects(repo) == ["start"] and repo.has("ran")  # the jobs themselves continued


def test_r21_a_disk_that_fills_up_does_not_end_the_background(repo: Repo, small_disk: Path) -> None:
    repo.env["XDG_STATE_HOME"] = str(small_disk)
    repo.hook(
        "post-commit",
        background=True,
        fills=f"cat /dev/zero >{small_disk}/ballast; true",
        build={"run": f"touch built; rm {small_disk}/ballast", "needs": ["fills"]},
    )
    repo.install()
    repo.call(*COMMIT, check=True)
    repo.state = small_disk
    invocation = repo.finished("post-commit")
    assert invocation.statuses() == {"fills": "completed", "build": "completed"}, invocation.story()
    assert repo.has("built")


def test_r21_jobs_that_end_on_a_full_disk_are_not_recorded_as_crashed(repo: Repo, small_disk: Path, gate: Gate) -> None:
    repo.env["XDG_STATE_HOME"] = str(small_disk)
    repo.settings(jobs=2)
    repo.hook(
        "post-commit",
        background=True,
        fills=f"{gate.command}; cat /dev/zero >{small_disk}/ballast; true",
        fails={"run": "exit 7", "needs": ["fills"]},
    )
    repo.install()
    repo.call(*COMMIT, check=True)
    gate.wait()
    repo.state = small_disk
    invocation = repo.begun("post-commit")
    invocation.wait_for_status("fills", "running")
    coordinator = invocation.record.coordinator
    gate.open()
    wait_until(lambda: not is_alive(coordinator), what="the end of the coordinator")
    (shown,) = json.loads(repo.run("jobs", "--format", "json", check=True).stdout)
    assert {job["name"]: job["status"] for job in shown["jobs"]} == {"fills": "completed", "fails": "failed"}
    assert shown["exit_code"] == 1 and "no space left" in shown["error"]  # doit's database had nothing to write
    assert repo.run("status", "--short").returncode == 0
    (small_disk / "ballast").unlink()
    repo.run("jobs", check=True)  # writes it down, now that there is room
    assert invocation.has_ended() and invocation.statuses() == {"fills": "completed", "fails": "failed"}


def test_r21_a_gate_whose_end_a_full_disk_keeps_has_a_record_of_it(repo: Repo, small_disk: Path) -> None:
    repo.env["XDG_STATE_HOME"] = str(small_disk)
    repo.hook("pre-commit", fills=f"cat /dev/zero >{small_disk}/ballast; true")
    repo.install()
    assert repo.call(*COMMIT).returncode == 1
    (shown,) = json.loads(repo.run("jobs", "--format", "json", check=True).stdout)
    assert [job["status"] for job in shown["jobs"]] == ["completed"] and shown["exit_code"] == 2


def test_r21_a_doit_database_that_cannot_be_written_does_not_end_the_background(repo: Repo) -> None:
    repo.hook("post-commit", background=True, deps="true", build={"run": "touch built", "needs": ["deps"]})
    repo.install()
    (repo.state / "dodo-hooks").mkdir(parents=True, exist_ok=True)
    (repo.state / "dodo-hooks/doit").write_text("not a directory")
    repo.call(*COMMIT, check=True)
    invocation = repo.finished("post-commit")
    assert invocation.statuses() == {"deps": "completed", "build": "completed"}, invocation.story()
    assert "Traceback" not in (invocation.record.error or "")


def test_r21_a_store_that_vanishes_under_a_run(repo: Repo) -> None:
    # More than once: a record that is written meanwhile keeps its directory there.
    vanish = 'while [ -e "$XDG_STATE_HOME" ]; do rm -rf "$XDG_STATE_HOME"; done; touch ran'
    repo.hook("pre-commit", vanish=vanish)
    repo.install()
    done = repo.call(*COMMIT)
    assert done.returncode == 1 and repo.has("ran")
    assert len([line for line in sentences(done.stderr) if "cannot write /" in line]) == 1
    assert "Traceback" not in done.stderr


def test_r21_the_store_of_a_background_vanishes(repo: Repo) -> None:
    repo.hook(
        "post-commit",
        background=True,
        vanish='rm -r "$XDG_STATE_HOME"; touch gone',
        build={"run": "touch ran", "needs": ["vanish"]},
    )
    repo.git(*COMMIT[1:])
    wait_until(lambda: repo.has("gone"), what="the job")  # that nothing is left alive, the fixture says


# No processes left (R21)


# For root there is no limit, so it is another user. It may read what root may (capabilities(7)), this Python to begin
# with, and nobody else has its number, so that nobody else's processes are counted.
SOMEBODY = 100_000 + os.getpid()
AS_SOMEBODY = (
    *("setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups"),
    *("--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
)


@pytest.fixture
def public(env: dict[str, str]) -> Iterator[Repo]:
    """Return a repository outside of pytest's directories, since access(2) ignores capabilities."""
    with suppress(FileNotFoundError):  # no such programs
        if not subprocess.run([*AS_SOMEBODY, "prlimit", "--nproc=1", "true"], capture_output=True).returncode:
            with tempfile.TemporaryDirectory() as place:
                Path(place).chmod(0o755)
                yield Repo.create(Path(place) / "repo", env)
            return
    pytest.skip("to be another user needs root, setpriv and prlimit")


def with_processes(repo: Repo, limit: int, *argv: str) -> Done:
    """Run it as a user that may have this many processes."""
    for path in (repo.path, *repo.path.rglob("*")):
        os.chown(path, SOMEBODY, SOMEBODY, follow_symlinks=False)
    return repo.call(*AS_SOMEBODY, "prlimit", f"--nproc={limit}", *argv)


@pytest.mark.parametrize("event", ["commit-msg", "post-commit"])
def test_r21_no_process_left_for_a_wave(public: Repo, event: str) -> None:
    public.hook(event, check="touch ran", warm={"run": "touch warm", "background": True})
    public.install()
    done = with_processes(public, 1, f".git/hooks/{event}")
    assert done.returncode != 0
    assert done.stderr.count("cannot start a process: Resource temporarily unavailable") == 1, done.stderr
    assert "Traceback" not in done.stderr and not public.has("ran") and not public.has("warm")
    (invocation,) = public.invocations(event)
    assert invocation.has_ended() and invocation.job("check").status == "skipped"


def test_r21_no_process_left_to_ask_git_what_is_staged(public: Repo) -> None:
    public.hook("pre-commit", check="touch ran")
    public.install()
    done = with_processes(public, 1, ".git/hooks/pre-commit")
    assert done.returncode == 2 and "Traceback" not in done.stderr and not public.has("ran")
    assert sentences(done.stderr)[-1].startswith("dodo-hooks: git cannot be started in ")


def test_r21_no_process_left_for_the_coordinator(public: Repo) -> None:
    public.hook("post-commit", background=True, warm="touch warm")
    public.install()
    done = with_processes(public, 1, ".git/hooks/post-commit")
    assert done.returncode == 0 and "Traceback" not in done.stderr
    (sentence,) = [line for line in sentences(done.stderr) if "were not started" in line]
    assert "cannot start a process for the background jobs: Resource temporarily unavailable" in sentence
    (invocation,) = public.invocations("post-commit")
    assert invocation.has_ended()
    assert {(job.status, job.cause) for job in invocation.jobs()} == {("skipped", "error")}


def test_r22_no_process_left_for_the_coordinator_of_a_manual_run(public: Repo) -> None:
    public.hook("post-commit", background=True, warm="touch warm")
    done = with_processes(public, 1, sys.executable, "-c", SCRIPT, "run", "post-commit")
    assert done.returncode == 2 and "were not started" in done.stderr and not public.has("warm")


def test_r21_no_process_left_for_the_coordinators_wave(public: Repo) -> None:
    public.hook("post-commit", background=True, warm="touch warm")
    public.install()
    done = with_processes(public, 2, ".git/hooks/post-commit")
    assert done.returncode == 0 and "Traceback" not in done.stderr
    (sentence,) = [line for line in sentences(done.stderr) if "were not started" in line]
    assert "cannot start a process: Resource temporarily unavailable" in sentence
    invocation = public.finished("post-commit")
    assert {(job.status, job.cause) for job in invocation.jobs()} == {("skipped", "error")}
    assert "Traceback" not in (invocation.record.error or "")


# A hook file that is wrong (R4, R22): all that can be wrong is in tests/loader/schema/test_broken_files.py

WRONG = {
    "broken": ("hooks:\n  pre-commit:\n    jobs: [\n", ["hooks.dodo:"]),
    "cycle": (
        "hooks:\n  pre-commit:\n    jobs:\n"
        "      - {name: one, run: touch ran, needs: [two]}\n      - {name: two, run: touch ran, needs: [one]}\n",
        ["hooks.dodo:4:", "one -> two -> one"],
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_r22_a_wrong_hook_file_is_exit_code_3_and_refuses_the_commit(repo: Repo, wrong: str) -> None:
    repo.hook("pre-commit", check="true")
    repo.install()
    text, expected = WRONG[wrong]
    repo.file(text)
    manual, by_git = repo.run("run", "pre-commit"), repo.call(*COMMIT)
    assert (manual.returncode, by_git.returncode) == (3, 1)
    for done in (manual, by_git):
        message, *line_and_caret = done.stderr.splitlines()
        assert all(part in message for part in expected), message
        assert len(line_and_caret) in (0, 2)
    assert not repo.invocations() and not repo.has("ran") and subjects(repo) == ["start"]


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("pre-comit",), '"pre-commit"'),
        (("pre-commit", "--job", "lnt"), '"lint"'),
        (("pre-commit", "--tag", "slwo"), '"slow"'),
        (("pre-commit", "--skip", "lnt"), '"lint"'),
    ],
)
def test_r22_what_the_command_line_names_has_to_be_there(repo: Repo, argv: tuple[str, ...], expected: str) -> None:
    repo.hook("pre-commit", lint={"run": "touch ran", "tags": ["slow"]})
    done = repo.run("run", *argv)
    (message,) = done.stderr.splitlines()
    assert done.returncode == 3 and expected in message and "did you mean" in message.lower()
    assert not repo.invocations() and not repo.has("ran")


def test_r22_without_a_hook_file_hooks_pass_quietly(repo: Repo) -> None:
    write_hooks(repo)
    (repo.path / "hooks.dodo").unlink()
    made = repo.call(*COMMIT, "-q")
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")
    manual = repo.run("run", "pre-commit")
    (message,) = manual.stderr.splitlines()
    assert manual.returncode == 3 and "run `dodo-hooks init`" in message
    assert not repo.invocations()


def test_r22_a_job_that_fails_is_exit_code_1(repo: Repo) -> None:
    repo.hook("pre-commit", lint="exit 9")
    assert repo.run("run", "pre-commit").returncode == 1
    assert repo.finished("pre-commit").record.exit_code == 1
