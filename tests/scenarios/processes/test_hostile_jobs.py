"""Jobs that behave badly, and the record that each must leave.

test_processes.py has those that ignore SIGTERM, that leave a daemon behind which keeps their output open, and a
stopped one that is cancelled (R14, R16).
"""

import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.gate import Gate
from kit.process import group_alive, wait_until
from kit.repo import Repo

BOTH = pytest.mark.parametrize("background", [False, True])
BYTES = b"\xff\xfe\x00\x1b[31mred\x1b[0m\x1b]0;title\x07\r\n\xc3("


def fire(repo: Repo) -> None:
    repo.git("commit", "-q", "--allow-empty", "-m", "work")


@BOTH
def test_r16_any_bytes_are_kept_as_they_are(repo: Repo, background: bool) -> None:
    (repo.path / "bytes").write_bytes(BYTES)
    repo.hook("post-commit", background=background, odd="cat bytes; cat bytes >&2")
    fire(repo)
    invocation = repo.finished("post-commit")
    assert invocation.statuses() == {"odd": "completed"}
    assert invocation.log("odd") == BYTES * 2
    assert invocation.job("odd").log_bytes == len(BYTES) * 2
    done = repo.call(sys.executable, "-m", "dodo_hooks", "jobs", "logs", "odd", check=True)
    assert done.stdout.encode("utf-8", "surrogateescape").replace(b"\r\n", b"\n") == (BYTES * 2).replace(b"\r\n", b"\n")


@BOTH
def test_r16_a_job_that_closes_its_output_has_not_ended(repo: Repo, gate: Gate, background: bool) -> None:
    repo.hook("post-commit", background=background, shut=f"echo before; exec >&- 2>&-; {gate.command}; exit 3")
    git = repo.start("git", "commit", "-q", "--allow-empty", "-m", "work")
    gate.wait()
    invocation = repo.begun("post-commit")
    assert invocation.wait_for_status("shut", "running").pid
    gate.open()
    git.communicate()
    repo.finished("post-commit")
    job = invocation.job("shut")
    assert (job.status, job.exit_code, invocation.log("shut")) == ("failed", 3, b"before\n")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not show processes so")
def test_r14_r15_a_job_that_stops_itself_ends_with_its_timeout(repo: Repo, make_gate: Callable[[str], Gate]) -> None:
    repo.settings(grace_period="100ms")
    repo.hook(
        "post-commit",
        background=True,
        stopped={"run": "kill -STOP $$; exit 5", "timeout": "500ms"},
        build={"run": "touch built", "needs": ["stopped"]},
    )
    fire(repo)
    invocation = repo.begun("post-commit")
    shell = invocation.wait_for_status("stopped", "running").pid
    wait_until(lambda: Path(f"/proc/{shell}/stat").read_text().rpartition(")")[2].split()[0] == "T", what="its stop")
    repo.finished("post-commit")
    job = invocation.job("stopped")
    assert (job.status, job.cause) == ("failed", "timeout") and not group_alive(shell)
    assert job.signal == signal.SIGTERM
    assert invocation.job("build").root_cause == "stopped" and not repo.has("built")


# One that prints without end (section 7)

MOST_BYTES = 1 << 20
FLOOD_BYTES = 96 << 20
FLOOD = f"echo first; yes 0123456789abcde | head -c {FLOOD_BYTES}; echo last"


def on_disk(log: Path) -> int:
    return log.stat().st_blocks * 512 if log.exists() else 0


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process has had (proc(5), VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def expect_head_and_tail(repo: Repo, job: Any) -> None:
    written = len("first\n") + FLOOD_BYTES + len("last\n")
    assert (job.status, job.log_bytes) == ("completed", written)
    assert written - MOST_BYTES <= job.log_left_out < written
    assert on_disk(job.path.with_name("output.log")) <= MOST_BYTES
    shown = repo.run("jobs", "logs", job.name, check=True).stdout
    assert shown.startswith("first\n0123456789abcde\n") and shown.endswith("0123456789abcde\nlast\n")
    assert f"\n... {job.log_left_out} bytes left out ...\n" in shown and "\0" not in shown
    assert MOST_BYTES // 2 < len(shown) <= MOST_BYTES + 100


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the log is cut when the job has ended")
def test_a_background_job_that_floods_its_log_takes_neither_disk_nor_memory(repo: Repo, gate: Gate) -> None:
    repo.settings(log={"max_log_size": "1MB"})
    repo.hook("post-commit", background=True, flood=f"{FLOOD}; {gate.command}")
    fire(repo)
    gate.wait()
    invocation = repo.begun("post-commit")
    job = invocation.job("flood")
    log = job.path.with_name("output.log")
    wait_until(lambda: on_disk(log) <= MOST_BYTES, what="the middle of the log to be given back")
    assert log.stat().st_size > FLOOD_BYTES  # the job has not ended, and appends behind it
    assert peak_bytes(invocation.record.coordinator) < 100 << 20 and peak_bytes(job.wave) < 100 << 20
    gate.open()
    repo.finished("post-commit")
    expect_head_and_tail(repo, invocation.job("flood"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the log is cut when the job has ended")
def test_r23_a_foreground_job_that_floods_its_log_is_shown_in_part(repo: Repo, gate: Gate) -> None:
    repo.settings(log={"max_log_size": "1MB"}, jobs=2)
    repo.hook("post-commit", flood=f"{FLOOD}; {gate.command}", other=f"{gate.command}; {gate.command}")
    repo.install()
    out = repo.path.parent / "shown"
    git = repo.start("sh", "-c", 'exec "$@" >"$0" 2>&1', str(out), "git", "commit", "-q", "--allow-empty", "-m", "work")
    gate.wait()
    gate.wait()
    invocation = repo.begun("post-commit")
    wave = invocation.wait_for_status("flood", "running").wave
    assert peak_bytes(wave) < 100 << 20 and peak_bytes(invocation.record.pid) < 100 << 20
    gate.open()
    git.communicate()
    shown = out.read_bytes()
    repo.finished("post-commit")
    expect_head_and_tail(repo, invocation.job("flood"))
    assert b"\nlast\n" in shown and b"bytes left out" in shown and b"\0" not in shown


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the log is cut when the job has ended")
def test_r23_what_is_left_out_of_a_job_that_is_shown_live_is_counted_once(repo: Repo, gate: Gate) -> None:
    repo.settings(log={"max_log_size": "1MB"})
    repo.hook("pre-commit", flood=f"{FLOOD}; {gate.command}")
    repo.install()
    hook = repo.start(".git/hooks/pre-commit")  # nobody reads until the job has printed everything
    gate.wait()
    gate.open()
    out = hook.communicate()[0]
    shown = out.split(b"[flood]\n", 1)[1].split("✔".encode(), 1)[0]
    left_out = [int(count) for count in re.findall(rb"\n\.\.\. (\d+) bytes left out \.\.\.\n", shown)]
    kept = re.sub(rb"\n\.\.\. \d+ bytes left out \.\.\.\n", b"", shown)
    written = repo.begun("pre-commit").job("flood").log_bytes
    assert len(left_out) == 1 and sum(left_out) + len(kept) in (
        written,
        written + 1,
    )  # a line end is a part of the line
    assert shown.startswith(b"first\n") and shown.endswith(b"\nlast\n")
    assert len(shown) < 2 * MOST_BYTES
