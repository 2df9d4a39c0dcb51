"""The time in which `git status` runs before a commit's jobs, and what is done in it (G5).

Nothing is timed here: the tests count, and read the order.
"""

import sys
from pathlib import Path

import pytest

from kit.repo import Repo

LAUNCHER = ".git/dodo-hooks/launch.py"
needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the descriptors of others are in /proc")


def said_by_the_probe(repo: Repo, *probe: str) -> str:
    """Fire pre-commit with these lines in the launcher, and return what they wrote to standard error."""
    lines = (repo.path / LAUNCHER).read_text().replace("[:-9]", "[:-8]").splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("    launch("))
    lines[place:place] = [f"    {line}" for line in probe]
    script = repo.write(".git/dodo-hooks/probe.py", "\n".join(lines))
    return repo.call(sys.executable, "-I", "-S", str(script), "fire", "pre-commit", check=True).stderr


@pytest.fixture
def committed(repo: Repo) -> Repo:
    repo.hook("pre-commit", one="true", two="true")
    repo.install()
    repo.write("a.txt", "1\n")
    repo.git("add", "a.txt")
    repo.git("commit", "-q", "-m", "the plan is compiled now")
    return repo


def test_git_status_is_started_before_the_code_of_the_phases_is_imported(committed: Repo) -> None:
    said = said_by_the_probe(
        committed,
        "def spawn(path, argv, *rest, spawn=posix.posix_spawn, **more):",
        "    if 'status' in argv:",
        "        posix.write(2, b'<%d>' % ('dodo_hooks.fire.phases' in sys.modules))",
        "    return spawn(path, argv, *rest, **more)",
        "posix.posix_spawn = spawn",
    )
    assert said.count("<0>") == 1 and "<1>" not in said


def test_r19_a_record_is_replaced_once_for_each_job_and_once_for_the_run(committed: Repo) -> None:
    said = said_by_the_probe(
        committed,
        "import dodo_hooks.engine.recorder as recorder",
        "recorder.START_DELAY_S = 3600.0  # else a busy machine would write the starts, too",
        "def replace(old, new, *rest, replace=posix.replace, **more):",
        "    if new.endswith('.json'):",
        "        posix.write(2, b'<' + new.rpartition('/')[2].encode() + b'>')",
        "    return replace(old, new, *rest, **more)",
        "posix.replace = replace",
    )
    assert said.count("<meta.json>") == 2 and said.count("<invocation.json>") == 1


@needs_proc
def test_g5_the_wave_of_a_job_holds_the_lock_of_the_hidden_changes(repo: Repo, tmp_path: Path) -> None:
    held, lock = tmp_path / "held", "dodo-hooks-aside.lock"
    repo.hook("pre-commit", look=f"readlink /proc/$PPID/fd/* >>{held} || true")
    repo.write("a.txt", "1\n")
    repo.git("add", "a.txt")
    repo.git("commit", "-q", "-m", "nothing is hidden")
    assert lock not in held.read_text()
    held.unlink()
    repo.write("a.txt", "2\n")
    repo.git("add", "a.txt")
    repo.write("a.txt", "3\n")
    repo.git("commit", "-q", "-m", "3 is hidden")
    assert lock in held.read_text()
    assert (repo.path / "a.txt").read_text() == "3\n"
