"""The table of git/unstaged/hide.py and docs/staged-work.md, by real commits (G5).

It says what stands at a path, what is beside it, and what is printed, by who wrote to the path while its unstaged
changes were hidden, and by how the run ended.
"""

import os
import signal
from typing import Any

import pytest

from kit.commits.unstaged import STAGED, TEXT, fixed_and_unstaged_text, fixed_text, unstaged_text, write
from kit.gate import Gate
from kit.process import processes_with, wait_until
from kit.repo import TEST_ID, Repo

SAVED = ("line 10\n", "line ten, from an editor\n")
BY_A_JOB = ("line 20\n", "line twenty, by a job\n")
BESIDE_MINE = ("line 31\n", "line thirty-one, by a job\n")  # the line after the unstaged one
IN_MINE = ("line 30\n", "line thirty, by a job\n")

GOOD, BAD = ("succeeds", "only warns"), ("fails", "times out", "is cancelled", "is refused", "is killed")
BY_JOBS = ("fixer", "job", "clash", "adjacent", "last", "other")
FILES = ("nobody", *BY_JOBS, "editor", "buffer", "fixer-and-buffer", "program")
UNSTAGED = unstaged_text()
MORE = "by a program that has it open\n"

END = {"fails": "exit 3", "only warns": "exit 3", "times out": "sleep 60", "is cancelled": "sleep 60"}


def sed(old: str, new: str, name: str) -> str:
    return f"sed -i.bak 's/^{old.strip()}$/{new.strip()}/' {name}; rm {name}.bak"


def fixer(name: str, old: str, new: str) -> dict[str, Any]:
    return {"run": f": {{staged_files}}; {sed(old, new, name)}", "glob": name, "stage_fixed": True}


def make(repo: Repo, gate: Gate, ends: str) -> None:
    """Make a partially staged file for each writer. The job `last` runs until the test has written, too."""
    for name in FILES:
        repo.write(name, TEXT)
    repo.git("add", *FILES)
    repo.git("commit", "-qm", "files", "--no-verify")
    for name in FILES:
        repo.write(name, STAGED)
    repo.git("add", *FILES)
    for name in FILES:
        repo.write(name, UNSTAGED)
    last: dict[str, Any] = {
        "run": f"{sed(*BY_A_JOB, 'last')}; {gate.command}; {END.get(ends, 'true')}",
    }
    if ends == "times out":
        last["timeout"] = "2s"
    fixers: dict[str, Any] = {
        "fix": fixer("fixer", "line 15", "line fifteen, fixed"),
        "fix-2": fixer("fixer-and-buffer", "line 15", "line fifteen, fixed"),
        "other": fixer("other", *(IN_MINE if ends == "is refused" else ("nothing", ""))),
    }
    script = "; ".join((sed(*BY_A_JOB, "job"), sed(*IN_MINE, "clash"), sed(*BESIDE_MINE, "adjacent")))
    repo.hook("pre-commit", **fixers, write={"run": script, "needs": list(fixers)}, last={**last, "needs": ["write"]})
    repo.settings(grace_period="100ms")
    if ends == "only warns":
        repo.hook_options("pre-commit", fail_mode="warn")


def run(repo: Repo, gate: Gate, ends: str, program: int) -> "tuple[int, str]":
    """Return the exit code of git, and the output until all was restored. `program` has its file open."""
    git = repo.start("git", "commit", "-qm", "work")
    gate.wait()
    os.write(program, MORE.encode())
    write(repo, b"editor", STAGED.replace(*SAVED))
    for name in (b"buffer", b"fixer-and-buffer"):
        write(repo, name, UNSTAGED.replace(*SAVED))
    if ends in ("is cancelled", "is killed"):
        hook = repo.begun("pre-commit").record.pid
        os.kill(hook, signal.SIGTERM if ends == "is cancelled" else signal.SIGKILL)
    gate.open()
    said = git.communicate()[1].decode()
    if ends == "is killed":
        wait_until(lambda: not processes_with(TEST_ID, repo.env[TEST_ID]), what="the end of its jobs")
        said += repo.run("status", check=True).stderr
    return git.returncode, said


def expected(ends: str) -> "tuple[dict[str, str], dict[str, str]]":
    """Return the contents at the paths, and what is beside them."""
    fixed = UNSTAGED if ends == "is refused" else fixed_and_unstaged_text()
    tree = {
        **dict.fromkeys(FILES, UNSTAGED),
        "fixer": fixed,
        "buffer": UNSTAGED.replace(*SAVED),
        "fixer-and-buffer": fixed.replace(*SAVED),
        "program": UNSTAGED + MORE * 2,
    }
    written = dict[str, tuple[str, str]](job=BY_A_JOB, adjacent=BESIDE_MINE, editor=SAVED, clash=IN_MINE, last=BY_A_JOB)
    # With "only warns" the editor saved while a job ran that failed: nobody can know which of the two wrote.
    merged = ("job", "adjacent") if ends == "only warns" else ("job", "adjacent", "editor", "last")
    beside = {}
    for name, change in written.items():
        if ends in GOOD and name in merged:
            tree[name] = UNSTAGED.replace(*change)
        else:
            beside[name] = STAGED.replace(*change)
    return tree, beside


@pytest.mark.parametrize("ends", [*GOOD, *BAD])
def test_g5_what_is_at_a_path_and_beside_it(repo: Repo, gate: Gate, ends: str) -> None:
    make(repo, gate, ends)
    program = os.open(repo.path / "program", os.O_WRONLY | os.O_APPEND)
    code, said = run(repo, gate, ends, program)
    os.write(program, MORE.encode())
    assert os.fstat(program).st_ino == os.stat(repo.path / "program").st_ino
    os.close(program)
    assert (code == 0) == (ends in GOOD), said
    tree, beside = expected(ends)
    assert {name: repo.read(name) for name in FILES} == tree
    found = {path.name.removesuffix(".during-hook"): path.read_text() for path in repo.path.glob("*.during-hook")}
    assert found == beside
    assert not list(repo.path.glob("*.unstaged*"))
    staged = STAGED if ends == "is refused" else fixed_text()
    assert {repo.git("show", f":{name}").stdout for name in ("fixer", "fixer-and-buffer")} == {staged}
    for name in beside:
        job = "write" if name in ("job", "clash", "adjacent") else "last"
        who = "changed while the hook ran that was killed, or since then" if ends == "is killed" else f"by job {job},"
        assert f"{name}: " in said and who in said and f"saved as {name}.during-hook" in said
    assert not repo.has(".git/dodo-hooks-aside")
