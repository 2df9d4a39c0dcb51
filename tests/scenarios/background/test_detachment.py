"""Foreground and background: their order, and detachment (R8, R9, R10)."""

import marshal
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dodo_hooks.core.plan import Job, Order
from dodo_hooks.plans.compiled_plan import Compiled
from kit.detached import COMMIT, commit
from kit.gate import Gate
from kit.invocation import Invocation
from kit.process import Process, children_of, is_alive, kill, processes, wait_until
from kit.repo import Repo

needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not show descriptors")


def process_of(pid: int) -> Process:
    return next(one for one in processes() if one.pid == pid)


def descriptors_of(pid: int) -> dict[int, str]:
    """Return the target of each open descriptor of a process (proc(5), /proc/pid/fd)."""
    directory, found = Path(f"/proc/{pid}/fd"), {}
    for name in os.listdir(directory):
        with suppress(FileNotFoundError):  # closed just now
            found[int(name)] = os.readlink(directory / name)
    return found


# Order (R8, R9)


def test_r8_the_foreground_ends_before_the_background_begins(repo: Repo, gate: Gate) -> None:
    repo.hook("pre-commit", check=gate.command, warm={"run": "touch warm", "background": True})
    git = repo.start(*COMMIT)
    gate.wait()
    invocation = repo.begun("pre-commit")
    invocation.wait_for_status("check", "running")
    assert invocation.job("warm").status == "pending" and not repo.has("warm")
    gate.open()
    git.communicate()
    repo.finished("pre-commit")
    assert (git.returncode, invocation.statuses()) == (0, {"check": "completed", "warm": "completed"})
    assert invocation.job("warm").started_at >= invocation.job("check").finished_at
    assert (invocation.job("check").phase, invocation.job("warm").phase) == ("foreground", "background")


def test_r8_a_gate_that_failed_does_not_begin_its_background(repo: Repo) -> None:
    repo.hook("pre-commit", check="exit 1", warm={"run": "touch warm", "background": True})
    assert commit(repo, check=False).returncode == 1
    invocation = repo.finished("pre-commit")
    warm = invocation.job("warm")
    assert (warm.status, warm.cause, warm.pid) == ("skipped", "gate", None)
    assert not repo.has("warm") and repo.git("log", "--format=%s").stdout == "start\n"


def test_r8_a_hook_that_is_no_gate_begins_its_background_in_any_case(repo: Repo) -> None:
    repo.hook("post-commit", check="exit 1", warm={"run": "touch warm", "background": True})
    commit(repo)
    assert repo.finished("post-commit").statuses() == {"check": "failed", "warm": "completed"}
    assert repo.has("warm")


def test_r8_a_background_job_falls_with_the_foreground_job_that_it_needs(repo: Repo) -> None:
    repo.hook(
        "post-commit",
        lint="exit 4",
        report={"run": "touch report", "needs": ["lint"], "background": True},
        mail={"run": "touch mail", "needs": ["report"], "background": True},
        warm={"run": "touch warm", "background": True},
    )
    commit(repo)
    invocation = repo.finished("post-commit")
    assert invocation.statuses() == {"lint": "failed", "report": "skipped", "mail": "skipped", "warm": "completed"}
    report, mail = invocation.job("report"), invocation.job("mail")
    assert (report.cause, report.need, report.root_cause) == ("need", "lint", "lint")
    assert (mail.cause, mail.need, mail.root_cause) == ("need", "report", "lint")
    assert not repo.has("report") and not repo.has("mail")


@pytest.mark.parametrize("code", [0, 5])
def test_r9_a_promoted_job_is_reported_once_and_gates_the_hook(repo: Repo, code: int) -> None:
    repo.hook(
        "pre-commit",
        deps={"run": f"touch deps; exit {code}", "background": True},
        check={"run": "test -e deps", "needs": ["deps"]},
        also={"run": "true", "needs": ["deps"]},
    )
    done = commit(repo, check=False)
    assert (done.returncode == 0) == (code == 0)
    assert (done.stdout + done.stderr).count("deps runs in the foreground") == 1
    invocation = repo.invocations("pre-commit")[-1]
    assert invocation.has_ended()  # nothing is left for a background phase
    assert set(invocation.statuses().values()) == ({"completed"} if code == 0 else {"failed", "skipped"})
    deps = invocation.job("deps")
    assert (deps.phase, deps.declared_background) == ("foreground", True)


# Detachment (R10)


def test_r10_a_pipe_behind_git_is_closed_while_a_job_stands(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", background=True, deps=gate.command)
    repo.install()
    done = repo.call("sh", "-c", "git commit -q --allow-empty -m work 2>&1 | cat")  # returns when `cat` has ended
    assert done.returncode == 0
    shell = gate.wait()
    invocation = repo.begun("post-commit")
    assert is_alive(shell) and invocation.wait_for_status("deps", "running")
    assert is_alive(invocation.record.coordinator)
    gate.open()
    assert repo.finished("post-commit").statuses() == {"deps": "completed"}


@needs_proc
def test_r10_the_coordinator_and_its_jobs_hold_nothing_that_is_not_theirs(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", background=True, deps=f"ls -l /proc/self/fd; {gate.command}")
    repo.install()
    git = repo.start("sh", "-c", 'exec 8<hooks.dodo 9>>inherited; exec "$@"', "sh", *COMMIT)
    assert git.stdout is not None and git.stderr is not None
    pipes = {os.readlink(f"/proc/self/fd/{stream.fileno()}") for stream in (git.stdout, git.stderr)}
    gate.wait()
    git.communicate()
    invocation = repo.begun("post-commit")
    deps, coordinator = invocation.wait_for_status("deps", "running"), invocation.record.coordinator
    assert process_of(coordinator).session == process_of(coordinator).group == coordinator
    (group,) = repo.state.glob("dodo-hooks/jobs/*/groups/own-*")  # the job's own; and the index, as it was at its start
    locks = {str(invocation.path / "lock"), str(invocation.path / "alive"), str(group)}
    bundle = str(repo.path / ".git/dodo-hooks/hot.bin")  # our own code

    def files_held() -> set[str]:
        # Directories it may have open, too: the kernel notifies it of their changes (engine/background/file_watch.py).
        # libffi 3.5 keeps its own file open.
        files = {place for place in descriptors_of(coordinator).values() if place.startswith("/")}
        return {one for one in files if not Path(one).is_dir() and "/libffi.so" not in one} - {"/dev/null", bundle}

    # At first it may be reading a module.
    wait_until(lambda: files_held() == {*locks, str(repo.path / ".git/index")}, what="nothing but the locks to be open")
    held = descriptors_of(coordinator)
    assert [held.pop(number) for number in (0, 1, 2)] == ["/dev/null"] * 3
    assert all(place.startswith(("/", "pipe:", "socket:")) for place in held.values())
    assert not pipes & set(held.values()) and not pipes & set(descriptors_of(deps.wave).values())
    gate.open()
    repo.finished("post-commit")
    seen = dict(line.split(" -> ") for line in invocation.log("deps").decode().splitlines() if " -> " in line)
    log = str(invocation.job("deps").path.with_name("output.log"))
    listed = {words.split()[-1]: place for words, place in seen.items()}
    assert listed.pop("3").endswith("/fd")  # the directory that `ls` reads
    assert listed == {"0": "/dev/null", "1": log, "2": log}


def test_r10_jobs_have_no_input(repo: Repo) -> None:
    repo.hook("post-commit", check="cat >check.in", warm={"run": "cat >warm.in", "background": True})
    # Manually, since git itself gives most hooks no input.
    repo.call(sys.executable, "-m", "dodo_hooks", "run", "post-commit", input="typed\n", check=True)
    assert repo.finished("post-commit").statuses() == {"check": "completed", "warm": "completed"}
    assert repo.read("check.in") == repo.read("warm.in") == ""


@pytest.mark.parametrize(
    ("variable", "value", "attached"),
    [
        ("CI", "true", True),
        ("CI", "false", False),
        ("DODO_HOOKS_PHASE", "foreground", True),
        ("DODO_HOOKS_PHASE", "background", False),
    ],
)
def test_r10_where_nobody_would_see_the_end_it_runs_attached(
    repo: Repo, variable: str, value: str, attached: bool
) -> None:
    repo.hook("post-commit", background=True, deps="echo seen", build={"run": "echo built", "needs": ["deps"]})
    done = commit(repo, env={variable: value})
    invocation = repo.invocations("post-commit")[-1]
    assert not attached or invocation.has_ended()
    repo.finished("post-commit")
    assert invocation.statuses() == {"deps": "completed", "build": "completed"}
    assert (invocation.record.coordinator is None) == attached
    assert ("seen" in done.stderr and "built" in done.stderr) == attached  # git shows a hook's output on its stderr


def test_r10_the_records_are_there_when_git_returns(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", background=True, deps=gate.command, build={"run": "true", "needs": ["deps"]})
    done = commit(repo)
    (invocation,) = repo.invocations("post-commit")
    assert invocation.statuses()["build"] == "pending" and invocation.statuses()["deps"] in ("pending", "running")
    assert invocation.is_locked() and invocation.may_have_jobs()
    assert is_alive(invocation.record.coordinator)
    assert done.stderr.count("2 jobs running in the background") == 1
    gate.open()
    repo.finished("post-commit")


def bend_into_a_cycle(repo: Repo) -> None:
    """Rewrite the compiled plan so that all jobs of each hook need each other: the loader would have refused that."""
    (path,) = repo.state.glob("dodo-hooks/plans/*.plan")
    compiled = Compiled(*marshal.loads(path.read_bytes()))
    hooks = []
    for name, data in compiled.hooks:
        its_name, jobs, *rest = marshal.loads(data)
        bent: list[Any] = []
        for job in (Job(*fields) for fields in jobs):
            order = Order(*job.order)._replace(needs=((job.number + 1) % len(jobs),), after=())
            bent.append(tuple(tuple(value) if value is order else value for value in job._replace(order=order)))
        hooks.append((name, marshal.dumps((its_name, tuple(bent), *rest))))
    path.write_bytes(marshal.dumps(tuple(compiled._replace(hooks=tuple(hooks)))))


def test_r10_a_broken_graph_is_reported_and_stands_in_the_record(repo: Repo) -> None:
    repo.hook("post-commit", background=True, deps="touch ran", build="touch ran")
    repo.install()
    repo.run("list", check=True)
    bend_into_a_cycle(repo)
    done = commit(repo)
    assert done.stderr.count("cycle") == 1 and "deps, build" in done.stderr and "Traceback" not in done.stderr
    invocation = repo.finished("post-commit")
    assert "cycle" in invocation.record.error and invocation.record.exit_code == 2
    assert {(job.status, job.cause) for job in invocation.jobs()} == {("skipped", "error")}
    assert not repo.has("ran")


def hold_the_coordinator(repo: Repo) -> tuple[Invocation, int, Path]:
    """Stop a coordinator of post-commit after it has forked its first wave and before it releases git.

    The record that it writes in between is a FIFO, made by a foreground job `hold`. Returns the pid and the FIFO, too.
    """
    invocation = repo.begun("post-commit")
    invocation.wait_for_status("hold", "completed")  # from now on only a coordinator has a wave with nothing to run
    hook = invocation.record.pid

    def coordinator() -> Process | None:
        return next((one for one in children_of(hook) if one.session == one.pid and children_of(one.pid)), None)

    held = wait_until(coordinator, what="a coordinator with a wave")
    return invocation, held.pid, invocation.path / "invocation.json.tmp"


def resume(invocation: Invocation, fifo: Path) -> None:
    """Let such a coordinator continue."""
    hidden = fifo.rename(fifo.with_name("hidden"))
    shutil.copy(invocation.path / "invocation.json", fifo)  # what it will move into place
    reader = os.open(hidden, os.O_RDONLY | os.O_NONBLOCK)  # lets its `open` go
    wait_until(lambda: not fifo.exists(), what="the record to be moved into place")
    os.close(reader)


FIFO = 'mkfifo "$DODO_INVOCATION_DIR/invocation.json.tmp"'


def test_r10_the_death_of_a_coordinator_that_said_nothing_is_reported(repo: Repo) -> None:
    repo.hook("post-commit", hold=FIFO, deps={"run": "touch ran", "background": True})
    git = repo.start(*COMMIT)
    invocation, coordinator, fifo = hold_the_coordinator(repo)
    kill(coordinator)
    _, said = git.communicate()
    assert git.returncode == 0
    assert said.count(b"were not started: the background process died before it started a job") == 1
    fifo.unlink()
    wait_until(lambda: not invocation.may_have_jobs())
    assert "skipped" in repo.run("jobs", check=True).stdout
    assert invocation.statuses() == {"hold": "completed", "deps": "skipped"} and not repo.has("ran")
    assert invocation.record.exit_code == 2


def test_r10_the_background_continues_when_the_one_that_waits_for_it_dies(repo: Repo) -> None:
    repo.hook("post-commit", hold=FIFO, deps={"run": "touch ran", "background": True})
    git = repo.start(*COMMIT)
    invocation, _, fifo = hold_the_coordinator(repo)
    kill(invocation.record.pid)
    git.communicate()
    resume(invocation, fifo)
    assert repo.finished("post-commit").statuses() == {"hold": "completed", "deps": "completed"}
    assert repo.has("ran")


def test_r7_a_wave_that_dies_before_it_has_said_anything_costs_nothing(repo: Repo) -> None:
    repo.hook("post-commit", hold=FIFO, deps={"run": "echo x >>ran", "background": True})
    git = repo.start(*COMMIT)
    invocation, coordinator, fifo = hold_the_coordinator(repo)
    (wave,) = children_of(coordinator)
    kill(wave.pid)
    resume(invocation, fifo)
    git.communicate()
    assert repo.finished("post-commit").statuses() == {"hold": "completed", "deps": "completed"}
    assert invocation.job("deps").wave != wave.pid and repo.read("ran") == "x\n"
