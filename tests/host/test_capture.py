"""Reading what a program prints, whatever it does (R16)."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dodo_hooks.host.capture import Captured, capture, capture_command
from kit.process import DEADLINE_S, wait_until
from kit.repo import PACKAGES

ENV = {"PATH": os.environ["PATH"]}


def run(command: str, top: "str | Path" = "/", **options: float | None) -> Captured:
    return capture_command(command, str(top), ENV, **options)  # type: ignore[arg-type]


def test_all_of_the_output_and_of_the_errors_is_read() -> None:
    done = capture(("sh", "-c", "head -c 300000 /dev/zero; echo first >&2; echo 'last  one' >&2; exit 3"), ENV)
    assert (done.exit_code, done.output, done.last_words) == (3, bytes(300000), "last  one")


def test_input_of_any_length_reaches_the_program() -> None:
    data = random.Random(1).randbytes(500_000)
    assert capture(("cat",), ENV, data).output == data
    assert capture(("true",), ENV, data).exit_code == 0  # it does not want to hear it
    assert capture(("cat",), ENV).output == b""


def test_the_program_is_looked_for_in_its_own_path(tmp_path: Path) -> None:
    (tmp_path / "odd").write_text("#!/bin/sh\necho $1\n")
    with pytest.raises(FileNotFoundError):
        capture(("odd", "x"), ENV)
    with pytest.raises(PermissionError):
        capture(("odd", "x"), {"PATH": f"/no/such:{tmp_path}"})
    (tmp_path / "odd").chmod(0o755)
    assert capture(("odd", "x"), {"PATH": f"/no/such:{tmp_path}"}).output == b"x\n"


def test_a_signal_is_a_negative_exit_code() -> None:
    assert run("kill -9 $$").exit_code == -signal.SIGKILL


def test_a_command_runs_in_its_folder_and_as_the_leader_of_a_group(tmp_path: Path) -> None:
    folder = tmp_path / '-it\'s "odd" $(x)'
    folder.mkdir()
    done = run("pwd; ps -o pgid= -p $$; echo $$; cat", folder)
    words = done.output.split(b"\n")
    assert words[0].decode() == str(folder) and words[1].strip() == words[2]


def test_r16_a_command_has_ended_when_its_first_process_has(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    done = run("{ read x < gate; } & echo done", tmp_path)
    assert done.output == b"done\n" and not done.is_late
    (tmp_path / "gate").write_text("go\n")


def test_a_grandchild_that_never_stops_writing_holds_nothing_up(tmp_path: Path) -> None:
    done = run("yes & echo $! > pid", tmp_path)
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert done.exit_code == 0


@pytest.mark.parametrize("keeps", [True, False])
def test_a_command_that_takes_too_long_is_killed_with_all_of_its_group(tmp_path: Path, keeps: bool) -> None:
    done = run("echo said; sleep 1000 & echo $! > pid; sleep 1000", tmp_path, limit_s=0.3, keeps=keeps)
    assert done.is_late and done.exit_code == -signal.SIGKILL and done.output == (b"said\n" if keeps else b"")
    wait_until(lambda: not _lives(int((tmp_path / "pid").read_text())))


def test_nothing_stays_open() -> None:
    before = os.listdir("/dev/fd")
    for _ in range(3):
        run("echo x")
        capture(("cat",), ENV, b"x")
        with pytest.raises(FileNotFoundError):
            capture(("no such",), ENV, b"x")
    assert os.listdir("/dev/fd") == before


def test_a_ctrl_c_ends_the_command_however_early_it_comes(env: dict[str, str]) -> None:
    call = "capture_command('kill -INT $PPID; sleep 1000', '/', dict(os.environ))"
    script = f"import os; from dodo_hooks.host.capture import capture_command; {call}"
    for _ in range(8):
        argv = (sys.executable, "-c", f"import signal; signal.signal(2, signal.default_int_handler); {script}")
        done = subprocess.run(argv, env=env, capture_output=True, timeout=DEADLINE_S)
        assert b"KeyboardInterrupt" in done.stderr  # and `env` looks whether anything is left


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_r14_the_status_of_a_program_is_known_also_where_sigchld_came_in_ignored(env: dict[str, str]) -> None:
    code = (
        "import os, signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "from dodo_hooks.host.capture import capture\n"
        "print(capture(('sh', '-c', 'exit 3'), os.environ).exit_code)"
    )
    environ = {**env, "PYTHONPATH": PACKAGES}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "3\n"
