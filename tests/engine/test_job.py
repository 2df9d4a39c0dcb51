"""One job: its environment, its output, and commands that cannot be started (R14, R16)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dodo_hooks.core.plan import Job
from dodo_hooks.engine.waves.job import (
    TO_FILE,
    TO_PIPE,
    TO_TERMINAL,
    Context,
    StartError,
    environment_of,
    nice_of,
    start,
)
from dodo_hooks.host.posix import signal
from engine.graphs import make_hook, make_job
from kit.process import group_alive


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """Return a context whose jobs run in the folder `tree`, which has a folder `sub`."""
    monkeypatch.chdir(tmp_path)  # a start changes the directory; this one is restored
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "jobs" / "0-job").mkdir(parents=True)
    environ = {"PATH": os.environ["PATH"], "BOTH": "phase", "PHASE": "phase"}
    return Context(make_hook([[]]), str(tmp_path / "tree"), environ, str(tmp_path), TO_FILE, 5.0, 0, False)


@pytest.fixture
def ignored_signals() -> Iterator[None]:
    """Ignore SIGTERM and block SIGUSR1 in this process, which ignores SIGPIPE anyway."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    yield
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
    signal.signal(signal.SIGTERM, before)


def job(*argv: str, **fields: object) -> Job:
    return make_job(0, argv=argv, **fields)


def sh(script: str, **fields: object) -> Job:
    return job("sh", "-c", script, **fields)


def script(context: Context, name: str, text: str, mode: int = 0o755) -> Path:
    path = Path(context.top, name)
    path.write_text(text)
    path.chmod(mode)
    return path


def finish(context: Context, job: Job) -> tuple[int, str]:
    """Run the job to its end, and return its exit code, or minus its signal, and the content of its log."""
    started = start(context, job)
    assert started.output is None
    code = os.waitstatus_to_exitcode(os.waitpid(started.pid, 0)[1])
    return code, Path(context.invocation_dir, "jobs/0-job/output.log").read_text()


def refused(context: Context, job: Job) -> tuple[int, str]:
    with pytest.raises(StartError) as raised:
        start(context, job)
    return raised.value.exit_code, raised.value.reason


def test_a_job_gets_what_the_file_adds_and_its_own_name(context: Context) -> None:
    one = sh('echo "$PHASE $BOTH $OWN $DODO_JOB"', env=(("BOTH", "job"), ("OWN", "job"), ("DODO_JOB", "not this")))
    assert environment_of(context, one)["DODO_JOB"] == one.name
    assert finish(context, one) == (0, f"phase job job {one.name}\n")


def test_a_job_runs_in_its_root(context: Context) -> None:
    assert finish(context, sh("pwd", root="sub")) == (0, f"{os.path.realpath(context.top)}/sub\n")
    code, reason = refused(context, sh("pwd", root="not-there"))
    assert code == 126 and reason == f"cannot enter its root {context.top}/not-there: No such file or directory"


def test_a_command_is_looked_for_in_the_path_that_the_job_has(context: Context) -> None:
    script(context, "sub/tool", "#!/bin/sh\necho found $1\n")
    assert refused(context, job("tool", "it")) == (127, "tool: command not found")
    own = {"env": (("PATH", f"/nowhere::{context.top}/sub:/bin"),)}
    assert finish(context, job("tool", "it", **own)) == (0, "found it\n")
    assert finish(context, sh("tool it", **own)) == (0, "found it\nfound it\n")


def test_sh_is_the_posix_shell_whatever_path_a_job_has(context: Context) -> None:
    script(context, "sub/sh", "#!/bin/sh\necho a false one\n")
    assert finish(context, sh("echo a real one", env=(("PATH", f"{context.top}/sub"),))) == (0, "a real one\n")


def test_an_empty_path_is_the_systems_own(context: Context) -> None:
    assert finish(context, job("cat", "/dev/null", env=(("PATH", ""),))) == (0, "")


def test_what_is_no_program_is_126(context: Context) -> None:
    script(context, "notes", "no program\n", mode=0o644)
    assert refused(context, job("./notes")) == (126, "./notes: Permission denied")
    assert refused(context, job("notes", env=(("PATH", context.top),))) == (126, "notes: Permission denied")
    code, reason = refused(context, job("./sub"))
    assert code == 126 and reason.startswith("./sub: ")


def test_what_cannot_be_executed_does_not_hide_what_can(context: Context) -> None:
    script(context, "tool", "no program\n", mode=0o644)
    script(context, "sub/tool", "#!/bin/sh\necho found\n")
    assert finish(context, job("tool", env=(("PATH", f"{context.top}:{context.top}/sub"),))) == (0, "found\n")


def test_a_script_without_an_interpreter_is_given_to_sh(context: Context) -> None:
    script(context, "sub/old", 'echo "from sh: $1 $2"\n')
    assert finish(context, job("sub/old", "a b", "c")) == (0, "from sh: a b c\n")
    assert finish(context, job("old", "x", env=(("PATH", f"{context.top}/sub"),))) == (
        0,
        "from sh: a b c\nfrom sh: x \n",
    )


def test_a_script_whose_interpreter_is_gone_is_127(context: Context) -> None:
    script(context, "tool", "#!/nowhere/interpreter\n")
    assert refused(context, job("./tool"))[0] == 127


def test_r21_a_log_that_cannot_be_made_refuses_the_job(context: Context) -> None:
    Path(context.invocation_dir, "jobs/0-job/output.log").mkdir()
    assert refused(context, sh("touch ran")) == (126, "cannot open its output: Is a directory")
    assert not Path(context.top, "ran").exists()


def test_r14_a_job_leads_a_group_and_has_no_input(context: Context) -> None:
    pid = start(context, sh("cat; kill -STOP $$")).pid
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)
    assert os.getpgid(pid) == pid and os.getsid(pid) == os.getsid(0)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert not group_alive(pid)


@pytest.mark.usefixtures("ignored_signals")
@pytest.mark.parametrize("name", ["PIPE", "TERM", "USR1", "INT"])
def test_r14_a_job_starts_with_default_signals_and_none_blocked(context: Context, name: str) -> None:
    assert finish(context, sh(f"kill -{name} $$; echo still here")) == (-int(getattr(signal, f"SIG{name}")), "")


@pytest.mark.usefixtures("ignored_signals")
def test_r16_output_goes_behind_what_is_there(context: Context) -> None:
    Path(context.invocation_dir, "jobs/0-job/output.log").write_text("from before\n")
    assert finish(context, sh("echo out; echo err >&2")) == (0, "from before\nout\nerr\n")


def test_r23_through_a_pipe_or_a_terminal_the_bytes_are_the_jobs_own(context: Context) -> None:
    for output, is_terminal in ((TO_PIPE, "no"), (TO_TERMINAL, "yes")):
        one = sh(r"printf 'a\nb\tc\r\n'; if [ -t 1 ]; then echo yes; else echo no; fi; echo err >&2")
        started = start(context._replace(output=output), one)
        pid, reader = started.pid, started.output
        assert reader is not None
        assert _read_all(reader) == f"a\nb\tc\r\n{is_terminal}\nerr\n".encode()
        assert os.waitpid(pid, 0)[1] == 0


def test_a_job_that_says_how_nice_it_is_is_so_nice(context: Context) -> None:
    context = context._replace(nice=10)
    assert [nice_of(context, sh("true", nice=nice)) for nice in (None, 0, 3)] == [10, 0, 3]


def _read_all(reader: int) -> bytes:
    data = b""
    while True:
        try:
            piece = os.read(reader, 4096)
        except OSError:  # Linux's word for the last one having closed a terminal
            piece = b""
        if not piece:
            os.close(reader)
            return data
        data += piece
