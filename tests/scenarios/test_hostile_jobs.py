"""Jobs that behave badly: the record that each must leave. (Those that ignore SIGTERM, that leave a daemon behind which
keeps their output open, and a stopped one that is cancelled, are in test_processes.py: R14, R16.)"""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

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
