"""The screen of a foreground phase (R23)."""

import os
import re
from collections.abc import Callable
from subprocess import Popen

import pytest

from kit.gate import Gate
from kit.process import DEADLINE_S, kill, processes
from kit.repo import Repo
from kit.terminal import Terminal

MakeGate = Callable[[str], Gate]
SHIM = ".git/hooks/pre-commit"


def start_hook(repo: Repo) -> "Popen[bytes]":
    """Start the hook as git would, with a pipe for each of its outputs."""
    repo.install()
    return repo.start(SHIM)


def without_times(output: bytes) -> str:
    return re.sub(r" \d+\.\ds", "TIME", output.decode())


def read_until(hook: "Popen[bytes]", wanted: bytes) -> bytes:
    """Return the output of the hook up to `wanted`."""
    assert hook.stdout is not None
    data = b""
    while not data.endswith(wanted):
        byte = os.read(hook.stdout.fileno(), 1)
        assert byte, f"the output ended with {data!r}"
        data += byte
    return data


def test_r23_jobs_are_shown_as_whole_blocks_in_the_order_of_their_ends(repo: Repo, make_gate: MakeGate) -> None:
    gates = {name: make_gate(name) for name in "abc"}
    repo.settings(jobs=3)
    jobs = {name: f"echo {name}1; {gates[name].command}; printf {name}2" for name in "abc"}
    repo.hook("pre-commit", background=False, **jobs)
    hook = start_hook(repo)
    for gate in gates.values():
        gate.wait()
    invocation = repo.begun("pre-commit")
    for name in "cab":
        gates[name].open()
        invocation.wait_for_status(name, "completed")
    out, err = hook.communicate()
    blocks = "".join(f"[{name}]\n{name}1\n{name}2\n✔ {name}   TIME\n" for name in "cab")
    assert without_times(out) == f"pre-commit\n{blocks}" and err == b""


def test_r23_a_job_that_runs_alone_is_shown_live(repo: Repo, gate: Gate) -> None:
    repo.hook("pre-commit", only=f"echo one; {gate.command}; printf two")
    hook = start_hook(repo)
    assert read_until(hook, b"one\n") == b"pre-commit\n[only]\none\n"
    gate.wait()
    assert repo.begun("pre-commit").job("only").status == "running"
    gate.open()
    assert without_times(hook.communicate()[0]) == "two\n✔ only   TIME\n"


def test_r23_the_last_one_is_shown_live_once_the_others_have_ended(repo: Repo, make_gate: MakeGate) -> None:
    quick, slow = make_gate("quick"), make_gate("slow")
    repo.settings(jobs=2)
    repo.hook("pre-commit", quick=f"echo q; {quick.command}", slow=f"echo s1; {slow.command}; echo s2")
    hook = start_hook(repo)
    quick.wait(), slow.wait()
    quick.open()
    assert without_times(read_until(hook, b"s1\n")) == "pre-commit\n[quick]\nq\n✔ quick   TIME\n[slow]\ns1\n"
    assert repo.begun("pre-commit").job("slow").status == "running"
    slow.open()
    assert without_times(hook.communicate()[0]) == "s2\n✔ slow    TIME\n"


def test_r23_a_job_that_prints_nothing_is_seen_all_the_same(repo: Repo) -> None:
    repo.hook("pre-commit", silent="true", fails="exit 3")
    hook = start_hook(repo)
    out, err = hook.communicate()
    assert hook.returncode == 1
    assert sorted(without_times(out).splitlines()) == ["pre-commit", "✔ silent   TIME", "✘ fails    TIME  exit code 3"]
    assert err == (
        b"dodo-hooks: pre-commit: fails failed: exit code 3\n  run again: dodo-hooks run pre-commit --job fails\n"
    )


def test_r16_a_grandchild_that_never_stops_printing_does_not_hang_the_run(repo: Repo) -> None:
    repo.hook(
        "pre-commit",
        noisy="for i in 1 2 3 4 5 6 7 8; do yes & done; echo started",
        then={"run": "true", "needs": ["noisy"]},
    )
    hook = start_hook(repo)
    out, _ = hook.communicate(timeout=DEADLINE_S)
    assert hook.returncode == 0 and b"started\n" in out
    assert repo.finished("pre-commit").statuses() == {"noisy": "completed", "then": "completed"}


def test_r16_all_that_a_job_wrote_before_its_end_is_kept(repo: Repo) -> None:
    size = 1_000_000
    repo.hook("pre-commit", big=f"head -c {size} /dev/zero; echo; echo end")
    hook = start_hook(repo)
    out, _ = hook.communicate()
    assert out.startswith(b"pre-commit\n[big]\n" + bytes(size) + "\nend\n✔ big ".encode())
    assert repo.finished("pre-commit").log("big") == bytes(size) + b"\nend\n"


def test_r23_a_reader_that_does_not_read_holds_up_no_job(repo: Repo) -> None:
    repo.settings(jobs=1)
    repo.hook("pre-commit", big="head -c 300000 /dev/zero", then="true")
    hook = start_hook(repo)
    repo.begun("pre-commit").wait_for_status("then", "completed")
    assert hook.poll() is None
    assert hook.communicate()[0].startswith(b"pre-commit\n[big]\n" + bytes(300000) + "\n✔ big ".encode())
    assert hook.returncode == 0


def test_r23_a_reader_that_has_gone_fails_nothing(repo: Repo) -> None:
    repo.hook("pre-commit", loud="head -c 300000 /dev/zero", then={"run": "echo and on", "needs": ["loud"]})
    repo.install()
    repo.call("sh", "-c", f"({SHIM}; echo $? >code) | true", check=True)
    assert repo.read("code") == "0\n"
    assert repo.finished("pre-commit").log("then") == b"and on\n"


# At a terminal


def test_r23_at_a_terminal_a_job_has_one_for_its_colours_and_none_to_control(
    repo: Repo, terminal: Callable[..., Terminal]
) -> None:
    colours = r"[ -t 1 ] && [ -t 2 ] && printf '\033[31mred\nand on'"
    repo.hook("pre-commit", paints=f"{colours}; (exec </dev/tty) 2>/dev/null || echo; [ ! -t 0 ] && echo no input")
    repo.install()
    at_work = terminal("git", "commit", "-q", "--allow-empty", "-m", "work")
    assert at_work.wait() == 0
    # The terminal of the person puts a carriage return before each newline; that of the job does not.
    shown = b"\x1b[1m[paints]\x1b[0m\r\n\x1b[31mred\r\nand on\r\nno input\r\n\x1b[0m"
    assert shown in at_work.output
    assert repo.finished("pre-commit").log("paints") == b"\x1b[31mred\nand on\nno input\n"


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}])
def test_r23_no_color_is_respected(repo: Repo, terminal: Callable[..., Terminal], variables: dict[str, str]) -> None:
    repo.env |= variables
    repo.hook("pre-commit", says="echo hello")
    repo.install()
    at_work = terminal("git", "commit", "-q", "--allow-empty", "-m", "work")
    assert at_work.wait() == 0
    assert b"[says]\r\nhello\r\n" in at_work.output and b"\x1b[1m" not in at_work.output


def test_r23_a_dumb_terminal_gets_no_escape_sequences(repo: Repo, terminal: Callable[..., Terminal]) -> None:
    repo.env["TERM"] = "dumb"
    repo.settings(jobs=2)
    repo.hook("pre-commit", a="sleep 1.3; echo done", b="sleep 1.3")
    repo.install()
    at_work = terminal("git", "commit", "-q", "--allow-empty", "-m", "work")
    assert at_work.wait() == 0
    assert b"[a]\r\ndone\r\n" in at_work.output and b"\x1b" not in at_work.output


def test_r23_one_line_says_what_is_running_and_for_how_long(repo: Repo, terminal: Callable[..., Terminal]) -> None:
    repo.settings(jobs=2)
    repo.hook("pre-commit", a="sleep 1.3; echo done", b="sleep 1.3")
    repo.install()
    at_work = terminal("git", "commit", "-q", "--allow-empty", "-m", "work")
    assert at_work.wait() == 0
    assert b"\r\x1b[Ka, b: 1 s" in at_work.output
    assert at_work.output.index(b"a, b: 1 s") < at_work.output.index(b"[a]")
    assert b"1 s\r\x1b[K\x1b[1mpre-commit" in at_work.output  # the line is gone before anything else is printed


def test_r16_a_grandchild_that_holds_the_terminal_of_a_job_does_not_hang_the_run(
    repo: Repo, terminal: Callable[..., Terminal], gate: Gate
) -> None:
    repo.hook("pre-commit", server=f"(trap '' HUP; {gate.command}) & echo up")
    repo.install()
    at_work = terminal("git", "commit", "-q", "--allow-empty", "-m", "work")
    assert at_work.wait() == 0
    assert b"up\r\n" in at_work.output
    shell = gate.wait()  # `$$` in a subshell is the pid of its shell, the job, whose group both are of
    job = repo.finished("pre-commit").job("server")
    [server] = [one.pid for one in processes() if one.group == job.pid]
    assert (job.pid, job.status) == (shell, "completed")
    kill(server)
