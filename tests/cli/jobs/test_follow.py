"""`dodo-hooks jobs logs -f`, `--all`, `--tail`: what jobs write, while they write it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.answer import Cli
from kit.gate import Gate
from kit.history import DONE, LOST, History, Writer, end, ended_as, over, start
from kit.process import DEADLINE_S, kill
from kit.repo import Repo

ANY_BYTES = b"\x00\xff\x1b[31mred\r\n\n\xe2\x28\xa1"
Follower = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def follower(repo: Repo) -> Follower:
    return lambda *argv: repo.start(sys.executable, "-m", "dodo_hooks", "jobs", "logs", "-f", *argv)


def add(writer: Writer, number: int, data: bytes) -> None:
    with open(f"{writer.jobs[number].directory}/output.log", "ab") as log:
        log.write(data)


def read(process: "subprocess.Popen[bytes]", data: bytes) -> None:
    """Read as much as this from the process, which has to be this."""
    assert process.stdout is not None
    assert process.stdout.read(len(data)) == data


def rest(process: "subprocess.Popen[bytes]") -> tuple[int, bytes, str]:
    out, err = process.communicate(timeout=DEADLINE_S)
    return process.returncode, out, err.decode()


def test_a_job_is_followed_across_its_end(follower: Follower, history: History) -> None:
    writer = history.begin({"a": (), "other": ()})
    start(writer, "a")
    following = follower("a")
    read(following, b"working")
    add(writer, 0, ANY_BYTES)
    read(following, ANY_BYTES)
    add(writer, 0, b"the last words")
    over(writer, 0)
    assert rest(following) == (0, b"the last words", "")


def test_what_has_ended_is_printed_whole_and_that_is_all(follower: Follower, history: History) -> None:
    long = b"x" * 3_000_000
    end(history.begin({"a": ()}), 0, DONE, long)
    assert rest(follower("a")) == (0, long, "")


def test_a_job_that_waits_is_waited_for(follower: Follower, history: History) -> None:
    writer = history.begin({"deps": (), "build": ("deps",)})
    following = follower("build")
    assert following.stderr is not None
    assert following.stderr.readline() == b"dodo-hooks: build: pending\n"
    start(writer, "build")
    read(following, b"working")
    over(writer, 1, LOST)
    assert rest(following) == (0, b"", "dodo-hooks: build: failed, exit code 7\n")


def test_a_job_that_never_runs_ends_its_followers(follower: Follower, history: History) -> None:
    writer = history.begin({"deps": (), "build": ("deps",)})
    following = follower("build")
    assert following.stderr is not None and following.stderr.readline()
    over(writer, 1, ended_as("skipped", "need", "needs deps, which failed", need=0, root_cause=0))
    code, out, err = rest(following)
    assert (code, out) == (0, b"") and "skipped, needs deps, which failed\n" in err


def test_r18_the_death_of_the_writer_ends_its_followers(repo: Repo, gate: Gate, follower: Follower) -> None:
    repo.hook("post-commit", background=True, a=f"echo one; {gate.command}")
    repo.git("commit", "--allow-empty", "-m", "work")
    gate.wait()
    following = follower("a")
    read(following, b"one\n")
    repo.begun("post-commit").wait_for_status("a", "running")
    kill(repo.begun("post-commit").record.coordinator)
    code, out, err = rest(following)
    assert (code, out) == (0, b"") and "a: crashed" in err


def test_several_jobs_are_interleaved_by_line(follower: Follower, history: History) -> None:
    writer = history.begin({"a": (), "long": ()})
    start(writer, "a", "long", log=b"")
    following = follower("a", "long")
    add(writer, 0, b"half a ")
    add(writer, 1, b"\xff\n")
    read(following, b"long | \xff\n")
    add(writer, 0, b"line\nno end")
    read(following, b"a    | half a line\n")
    over(writer, 0)
    read(following, b"a    | no end\n")
    over(writer, 1)
    assert rest(following) == (0, b"", "")


def test_all_jobs_of_a_run_end_with_it(repo: Repo, gate: Gate, follower: Follower) -> None:
    needs = {"run": "echo two", "needs": ["one"]}
    repo.hook("post-commit", background=True, one=f"echo one; {gate.command}", two=needs, bad="echo bad; exit 3")
    repo.git("commit", "--allow-empty", "-m", "work")
    gate.wait()
    following = follower("--all")
    gate.open()
    code, out, err = rest(following)
    assert code == 0 and sorted(out.splitlines()) == [b"bad | bad", b"one | one", b"two | two"]
    assert "bad: failed, exit code 3" in err


def test_what_a_job_leaves_behind_is_not_followed(repo: Repo, gate: Gate, follower: Follower) -> None:
    """R16: a server that a job starts may write for ever; the job has ended."""
    repo.hook("post-commit", background=True, a=f"echo up; (while sleep 0.01; do echo tick; done) & {gate.command}")
    repo.git("commit", "--allow-empty", "-m", "work")
    gate.wait()
    following = follower("a")
    read(following, b"up\n")
    job = repo.begun("post-commit").wait_for_status("a", "running").pid
    gate.open()
    code, _, _ = rest(following)
    os.killpg(job, 9)
    assert code == 0
    repo.finished("post-commit")


def test_a_closed_output_ends_a_follower_of_a_silent_job(repo: Repo, history: History) -> None:
    start(history.begin({"a": ()}), "a")
    reader, writer = os.pipe()
    argv = [sys.executable, "-m", "dodo_hooks", "jobs", "logs", "-f", "a"]
    following = subprocess.Popen(argv, cwd=repo.path, env=repo.env, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert os.read(reader, 100) == b"working"
    os.close(reader)
    _, err = following.communicate(timeout=DEADLINE_S)
    assert (following.returncode, err) == (141, b"")


def test_a_follower_whose_reader_has_stopped_holds_up_nobody(repo: Repo, gate: Gate, follower: Follower) -> None:
    repo.hook(
        "post-commit", background=True, a=f"{gate.command}; yes | head -c 1000000", b={"run": "true", "needs": ["a"]}
    )
    repo.git("commit", "--allow-empty", "-m", "work")
    gate.wait()
    stuck = [follower("a") for _ in range(3)]  # nobody reads what they print, and a pipe holds 64 KiB
    gate.open()
    assert repo.finished("post-commit").statuses() == {"a": "completed", "b": "completed"}
    for one in stuck:
        one.kill()
        one.communicate()


def test_all_without_following_labels_each_line(cli: Cli, history: History) -> None:
    writer = history.begin({"base": (), "w\u202ex": (), "none": ()})
    end(writer, 0, DONE, b"one\n\nno end")
    end(writer, 1, DONE, ANY_BYTES)
    answer = cli("jobs", "logs", "--all")
    lines = [b"base     | one", b"base     | ", b"base     | no end"]
    lines += [b"w\\u202ex | " + line for line in ANY_BYTES.split(b"\n")]
    assert answer.out.encode("utf-8", "surrogateescape") == b"".join(line + b"\n" for line in lines)
    assert cli("jobs", "logs", "--all", "base").out == answer.out


def test_several_addresses_are_several_logs(cli: Cli, history: History) -> None:
    writer = history.begin({"a": (), "b": (), "c": ()})
    end(writer, 0, DONE, b"1\n")
    end(writer, 1, DONE, b"2")
    assert cli("jobs", "logs", "b", "a", "b").out == "==> b: completed <==\n2\n\n==> a: completed <==\n1\n"


@pytest.mark.parametrize("form", ["text", "block"])
@pytest.mark.parametrize("lines", [0, 1, 2, 3, 4, 100])
def test_the_tail_is_the_last_lines(cli: Cli, history: History, lines: int, form: str) -> None:
    log = b"1\n2\n\n4" if form == "text" else b"".join(b"%d" % n * 60_000 + b"\n" for n in range(1, 5))
    end(history.begin({"a": ()}), 0, DONE, log)
    expected = b"".join(log.splitlines(keepends=True)[-lines:] if lines else [])
    assert cli("jobs", "logs", "--tail", str(lines), "a").out.encode() == expected


def test_a_run_that_is_pruned_ends_its_followers(follower: Follower, history: History) -> None:
    writer = history.begin({"a": ()})
    start(writer, "a")
    following = follower("a")
    read(following, b"working")
    os.rename(writer.directory, Path(writer.directory).with_name(".gone"))
    code, out, _ = rest(following)
    assert (code, out) == (0, b"")


def test_r22_an_address_is_needed(cli: Cli, history: History) -> None:
    assert cli("jobs", "logs", "-f").code == 3
    assert cli("jobs", "logs", "--all").code == 3
    assert json.loads(cli("jobs", "--format", "json").out) == []
