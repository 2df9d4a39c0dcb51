"""The cost of a coordinator while its jobs run: hundreds of them may be waiting."""

import fcntl
import os
import re
import tempfile
from pathlib import Path

import pytest

from kit.chance import how_many
from kit.gate import Gate
from kit.invocation import Invocation
from kit.process import wait_until
from kit.repo import Repo, clean_environment
from kit.system.cost import needs_no_coverage

MOST_KB = 7_500  # 5,600 with CPython 3.11, and a margin; `subprocess` alone would be 2,200 more
SECONDS = "3"
MOST_WAKE_UPS = 2  # it looks every 10 s
MANY = how_many(12, 200)


def _can_measure() -> bool:
    """Return whether /proc has it all, and the kernel notifies of changes, which it does not in some sandboxes."""
    if not Path("/proc/self/smaps_rollup").exists() or not hasattr(fcntl, "F_NOTIFY"):
        return False
    with tempfile.TemporaryDirectory() as quiet:  # nothing happens there, so no signal comes
        descriptor = os.open(quiet, os.O_RDONLY)
        try:
            fcntl.fcntl(descriptor, fcntl.F_NOTIFY, fcntl.DN_DELETE)
        except OSError:
            return False
        finally:
            os.close(descriptor)
    return True


needs_proc = pytest.mark.skipif(not _can_measure(), reason="the system does not show what is counted here")


def coordinator_of(invocation: Invocation) -> int:
    pid: int = wait_until(lambda: invocation.record.coordinator)
    return pid


def private_kb(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(map(int, re.findall(r"^Private_(?:Clean|Dirty): +(\d+)", text, re.MULTILINE)))


def wake_ups(pid: int) -> int:
    found = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def is_notified_of(directory: str, pid: int) -> bool:
    """Return whether the kernel notifies this coordinator of changes in a directory of this name."""
    try:
        return any(os.readlink(one).endswith(f"/{directory}") for one in Path(f"/proc/{pid}/fd").iterdir())
    except FileNotFoundError:  # a descriptor was closed just now
        return False


def settled(repo: Repo, hook: str, n: int = 1) -> int:
    """Return the coordinator of the hook's newest run, when it does no more than wait."""
    coordinator = coordinator_of(repo.begun(hook, n))
    wait_until(lambda: is_notified_of("0-held", coordinator))
    return coordinator


@needs_proc
@needs_no_coverage
def test_a_coordinator_that_waits_sleeps_and_is_small(repo: Repo, gate: Gate) -> None:
    repo.hook("post-merge", background=True, held=gate.command)
    repo.install()
    for n in (1, 2):  # the first one prunes at its end, and has imported what that takes
        repo.call(".git/hooks/post-merge", "0", check=True)
        gate.wait()
        if n == 1:
            gate.let_one_go()
            repo.finished("post-merge")
    invocation = repo.begun("post-merge", 2)
    coordinator, wave = settled(repo, "post-merge", 2), invocation.wait_for_status("held", "running").wave
    before = wake_ups(coordinator), wake_ups(wave)
    repo.call("sleep", SECONDS)
    assert wake_ups(coordinator) - before[0] <= MOST_WAKE_UPS
    assert wake_ups(wave) == before[1]
    assert private_kb(coordinator) <= MOST_KB
    gate.open()
    assert repo.finished("post-merge", 2).statuses() == {"held": "completed"}


@needs_proc
def test_a_coordinator_that_sleeps_hears_of_a_log_that_grows(repo: Repo, gate: Gate) -> None:
    """The log is longer than it may be, and is trimmed while its job runs."""
    repo.settings(log={"max_log_size": "1MB"})
    repo.hook(
        "post-merge", background=True, held=f"{gate.command}; head -c 4000000 /dev/zero | tr '\\0' x; {gate.command}"
    )
    repo.install()
    repo.call(".git/hooks/post-merge", "0", check=True)
    gate.wait()
    coordinator = settled(repo, "post-merge")
    gate.let_one_go()
    gate.wait()
    log = repo.begun("post-merge").job("held").path.with_name("output.log")
    wait_until(lambda: log.stat().st_blocks * 512 <= 1 << 20, what="a hole in the log")
    assert log.stat().st_size == 4_000_000
    wait_until(lambda: is_notified_of("0-held", coordinator))
    gate.open()
    assert repo.finished("post-merge").statuses() == {"held": "completed"}


@needs_proc
def test_a_coordinator_whose_job_waits_for_another_run_sleeps_until_that_run_ends(repo: Repo, gate: Gate) -> None:
    """A background job is in a group with itself, so the second run waits for the first."""
    repo.hook("post-merge", background=True, held=gate.command)
    repo.install()
    repo.call(".git/hooks/post-merge", "0", check=True)
    gate.wait()  # else the second run may be the first to have the group
    repo.call(".git/hooks/post-merge", "0", check=True)
    second = coordinator_of(repo.begun("post-merge", 2))
    wait_until(lambda: is_notified_of("groups", second))
    gate.let_one_go()
    gate.wait()
    gate.open()
    assert repo.finished("post-merge", 2).statuses() == {"held": "completed"}


@needs_proc
@pytest.mark.timeout(900)  # of the nightly profile
def test_many_coordinators_wait_at_once(tmp_path: Path, gate: Gate, env: dict[str, str]) -> None:
    repos = []
    for number in range(MANY):
        home = tmp_path / f"home{number}"
        home.mkdir()
        repos.append(Repo.create(home / "repo", {**clean_environment(home, env["KIT_TEST_ID"])}))
        repos[-1].hook("post-merge", background=True, held=gate.command)
        repos[-1].install()
        repos[-1].call(".git/hooks/post-merge", "0", check=True)
    for _ in repos:
        gate.wait()
    coordinators = [settled(repo, "post-merge") for repo in repos]
    before = sum(map(wake_ups, coordinators))
    repos[0].call("sleep", SECONDS)
    assert sum(map(wake_ups, coordinators)) - before <= MOST_WAKE_UPS * MANY
    gate.open()
    for repo in repos:
        assert repo.finished("post-merge").statuses() == {"held": "completed"}
