"""Many partially staged files, a real `git commit`, and every way in which it can end (G5, G6).

Whoever is killed, and when: the next command finds, or makes, an index and a working tree that are right to the last
byte. The seed is printed, and is the same each time by default: kit/chance.py.
"""

import json
import os
import random
import select
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from kit.chance import how_many
from kit.commits.unstaged import (
    STAGED,
    TEXT,
    Thing,
    difference,
    fixed_and_unstaged_text,
    fixed_text,
    index_of,
    make_work,
    snapshot,
    unstaged_text,
)
from kit.here import cache_plan
from kit.process import Process, processes_with, wait_until
from kit.repo import TEST_ID, Repo
from kit.terminal import CTRL_C, Terminal

pytestmark = [
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="the system does not show environments"),
]

FILES = how_many(63, 500, "TORTURE_FILES")  # by default each hostile name once in each folder
KILLS = how_many(7, 100, "TORTURE_KILLS")  # by default each of ROLES once
ROUNDS = how_many(1, 10, "TORTURE_ROUNDS")
ROLES = ("git", "hook", "wave", "job", "group", "everybody", "any")
ENDED = {"completed", "failed", "cancelled", "skipped", "crashed"}

# Rewrites each file in one step, as a careful formatter does: a job that is killed leaves no half of a file.
FIX = """\
import os, sys
for name in sys.argv[1:]:
    with open(name) as file:
        text = file.read()
    if "line 15\\n" in text:
        with open(".git/being-fixed", "w") as file:
            file.write(text.replace("line 15\\n", "line fifteen, fixed\\n"))
        os.rename(".git/being-fixed", name)
"""
# The promise to the jobs: they see what is about to be committed, also where it is not their file, and nothing of what
# is not staged.
LOOK = """\
import json, os, sys
with open(".git/expected") as file:
    listed, others = json.load(file)
files = {name: listed for name in sys.argv[1:]}
others = {name: others for folder in ("d5", "d6") for name in map((folder + "/").__add__, os.listdir(folder))}
for name, expected in {**others, **files}.items():
    with open(name) as file:
        if file.read() not in expected:
            with open(".git/seen-unstaged", "w") as file:
                file.write(ascii(name))
            sys.exit("unstaged work is seen")
"""
ALL = ("git", "commit", "-qm", "tortured")  # all that is staged
SOME = (*ALL, "--", "d0")  # what is in the working tree, of these files alone
EXPECTED = {
    ALL: ([STAGED, fixed_text()], [STAGED]),
    SOME: ([unstaged_text(), fixed_and_unstaged_text()], [TEXT]),
}


class Trial:
    """A working tree full of work, a hook, and what both have to be like afterwards."""

    def __init__(self, repo: Repo, files: int) -> None:
        self.repo, self.ran = repo, repo.path.parent / "ran"
        self.ran.mkdir()
        repo.settings(jobs=3, grace_period="100ms")
        repo.hook(
            "pre-commit",
            look=self._job("look", "d[23]/*.txt"),
            fix={**self._job("fix", "d[01]/*.txt"), "stage_fixed": True},
            read=self._job("look", "*.txt"),
            late={"run": f'test ! -e .git/fail && : >"{self.ran}/$DODO_INVOCATION.$DODO_JOB"', "needs": ["read"]},
        )
        repo.hook("post-checkout", seen="true")
        repo.write(".git/fix.py", FIX)
        repo.write(".git/look.py", LOOK)
        texts = make_work(repo, files).texts
        self.fixed = {name for name in texts if name[:3] in (b"d0/", b"d1/")}
        self.tree, self.index = snapshot(repo.path), index_of(repo)
        self.commits = self._head()
        self.entries_with_fix = {self._entry(text) for text in (fixed_text(), fixed_and_unstaged_text())}
        self.unstaged_entry = self._entry(unstaged_text())
        self.pristine = repo.path.parent / "pristine"
        shutil.copytree(repo.path, self.pristine, symlinks=True)
        self.next_branch = 0

    def _job(self, script: str, glob: str) -> dict[str, str]:
        command = f"{sys.executable} -ISE .git/{script}.py {{staged_files}}"
        return {"run": f'{command} && : >"{self.ran}/$DODO_INVOCATION.$DODO_JOB"', "glob": glob}

    def _entry(self, text: str) -> str:
        """Return the index entry of such a file."""
        blob = self.repo.call("git", "hash-object", "--stdin", input=text, check=True).stdout.strip()
        return f"100644 {blob} 0"

    def reset(self) -> None:
        shutil.rmtree(self.repo.path)
        shutil.copytree(self.pristine, self.repo.path, symlinks=True)
        cache_plan(self.repo.path, self.repo.env)

    def start(self, commit: "tuple[str, ...]" = ALL) -> "subprocess.Popen[bytes]":
        self.repo.write(".git/expected", json.dumps(EXPECTED[commit]))
        return self._start(*commit)

    def _start(self, *argv: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            argv,
            cwd=self.repo.path,
            env=self.repo.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def alive(self) -> list[Process]:
        return processes_with(TEST_ID, self.repo.env[TEST_ID])

    def has_or_ended(self, git: "subprocess.Popen[bytes]", role: str) -> bool:
        return git.poll() is not None or any(role_of(one, git) == role for one in self.alive())

    def expect_nobody(self) -> None:
        wait_until(lambda: not self.alive(), what="the end of everything")

    def expect_all_right(self, what: str) -> None:
        """Every byte of the tree and every entry of the index is as its owner left it, or is that with the fix."""
        git_dir = self.repo.path / ".git"
        assert not (git_dir / "seen-unstaged").exists(), (what, (git_dir / "seen-unstaged").read_text())
        assert not (git_dir / "dodo-hooks-aside/journal").exists(), what
        tree, index = snapshot(self.repo.path), index_of(self.repo)
        merged: Thing = ("file", 0o644, fixed_and_unstaged_text().encode())
        wrong = difference(self.tree, tree)
        beside: Thing = ("file", 0o644, fixed_text().encode())
        for name in self.fixed:
            if tree.get(name) == merged:
                wrong.pop(name, None)
            if tree.get(name + b".during-hook") == beside:  # of a job that was ended before its fix was staged
                del wrong[name + b".during-hook"]
        assert not wrong, (what, wrong)
        assert index.keys() == self.index.keys(), what
        for path, entry in index.items():
            name = os.fsencode(path)
            if entry in self.entries_with_fix:  # the fix is staged nowhere without being in the tree
                assert name in self.fixed and tree[name] == merged, (what, path)
            elif entry != self.index[path]:
                assert entry == self.unstaged_entry and name[:3] == b"d0/" and "-- d0" in what, (what, path, entry)

    def expect_a_commit(self, what: str) -> None:
        """Check that the commit has what git reported, with all fixes in it."""
        index = index_of(self.repo)
        assert {index[os.fsdecode(name)] for name in self.fixed} <= self.entries_with_fix, what
        assert self._head() > self.commits, what
        staged = self.repo.call("git", "diff", "--cached", "--name-only").stdout.split()
        assert staged in ([], ["intended"]), (what, staged)

    def expect_the_truth(self) -> None:
        """No record says of a job that it has done what it has not done, or is open."""
        listed = self.repo.run("jobs", "--all", "--format", "json", check=True)
        for run in json.loads(listed.stdout):
            assert run["finished_at"], run
            for job in run["jobs"]:
                assert job["status"] in ENDED, (job, run)
                if run["hook"] == "pre-commit":
                    has_ended = (self.ran / f"{run['id']}.{job['name']}").exists()
                    assert has_ended or job["status"] != "completed", (job, run)

    def next_command(self, name: str) -> "tuple[str, ...]":
        """Do what a person does next."""
        git_dir = self.repo.path / ".git"
        if name == "status" or any(git_dir.rglob("*.lock")):
            self.expect_nobody()  # a command of ours does not wait for those who are still ending
        for lock in git_dir.rglob("*.lock"):  # of a git that was killed: git tells its user to do this
            if not lock.name.startswith("dodo-hooks"):
                lock.unlink()
        self.repo.write(".git/expected", json.dumps(EXPECTED[ALL]))
        self.next_branch += 1
        return {
            "status": (sys.executable, "-m", "dodo_hooks", "status"),
            "checkout": ("git", "checkout", "-q", "-b", f"b{self.next_branch}"),
            "commit": ("git", "commit", "--allow-empty", "-qm", "next"),
        }[name]

    def _head(self) -> int:
        return int(self.repo.call("git", "rev-list", "--count", "HEAD", check=True).stdout)


def role_of(process: Process, hook: "subprocess.Popen[bytes]") -> str:
    if process.pid == hook.pid:
        return "git"
    if process.session == hook.pid:
        return "hook" if process.parent == hook.pid and "python" in process.command else "other"
    return "wave" if process.session == process.pid else "job" if process.group == process.pid else "other"


def strike(trial: Trial, git: "subprocess.Popen[bytes]", role: str, chance: random.Random) -> str:
    """Kill one of them, or many; who it was."""
    alive = trial.alive()
    if role == "everybody":
        victims = [one.pid for one in alive]
    elif role == "any":  # a git of ours, for example
        victims = [chance.choice(alive).pid] if alive else []
    elif role == "group":
        victims = [one.pid for one in alive if one.group == git.pid]
    else:
        of_role = [one.pid for one in alive if role_of(one, git) == role]
        victims = [chance.choice(of_role)] if of_role else []
    for pid in victims:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return f"{role}{'' if victims else ' (nobody)'}"


@pytest.fixture
def make_trial(repo: Repo) -> Iterator[Callable[[int], Trial]]:
    yield lambda files: Trial(repo, files)
    for process in processes_with(TEST_ID, repo.env[TEST_ID]):  # of a test that failed
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def duration_s(trial: Trial) -> float:
    """Return how long an undisturbed commit takes, and check that it is right."""
    assert trial.start(SOME).wait() == 0  # the first one has more to do than any other
    trial.expect_nobody()
    trial.expect_all_right(shlex.join(SOME))
    trial.reset()
    begun = os.times().elapsed
    git = trial.start()
    assert git.wait() == 0
    lasts_s = os.times().elapsed - begun
    trial.expect_nobody()
    trial.expect_all_right("nothing")
    trial.expect_a_commit("nothing")
    print(f"a commit takes {lasts_s:.3f} s")
    return lasts_s


def test_g5_g6_every_gentle_end(
    make_trial: Callable[[int], Trial], terminal: Callable[..., Terminal], chance: random.Random
) -> None:
    trial = make_trial(FILES)
    lasts_s = duration_s(trial)

    trial.reset()
    trial.repo.write(".git/fail", "")
    assert trial.start().wait() == 1
    trial.expect_all_right("a failing job")
    assert trial._head() == trial.commits

    def press() -> None:
        trial.repo.write(".git/expected", json.dumps(EXPECTED[ALL]))
        screen = terminal(*ALL)
        select.select([], [], [], chance.uniform(0.05, lasts_s))
        screen.press(CTRL_C)
        screen.wait()
        screen.read_until(lambda: not trial.alive())

    def send(number: int, *, to_all: bool) -> None:
        git = trial.start()
        select.select([], [], [], chance.uniform(0.05, lasts_s))
        (os.killpg if to_all else os.kill)(git.pid, number)
        git.wait()

    ends: dict[str, Callable[[], None]] = {
        "Ctrl-C": press,
        "SIGTERM": lambda: send(signal.SIGTERM, to_all=True),
        "SIGHUP": lambda: send(signal.SIGHUP, to_all=True),
        "SIGINT": lambda: send(signal.SIGINT, to_all=True),
        "SIGTERM to git alone": lambda: send(signal.SIGTERM, to_all=False),
    }
    for what, end in [*ends.items()] * ROUNDS:
        trial.reset()
        end()
        trial.expect_nobody()  # and without any further command
        trial.expect_all_right(what)
    trial.expect_the_truth()


def test_g5_g6_kill_9_at_random_moments(make_trial: Callable[[int], Trial], chance: random.Random) -> None:
    trial = make_trial(FILES)
    lasts_s = duration_s(trial)
    left = 0
    for turn in range(KILLS):
        trial.reset()
        role, commit = ROLES[turn % len(ROLES)], chance.choice((ALL, ALL, SOME))
        git = trial.start(commit)
        moment_s = chance.uniform(0, lasts_s)
        if role in ("wave", "job"):  # they live for a part of that time only
            wait_until(partial(trial.has_or_ended, git, role))
            moment_s /= 10
        select.select([], [], [], moment_s)
        struck = strike(trial, git, role, chance)
        git.wait()
        was_left = (trial.repo.path / ".git/dodo-hooks-aside/journal").exists()
        left += was_left
        name = chance.choice(("commit", "checkout", "status"))
        what = (
            f"{turn}: {shlex.join(commit)}; {struck} at {moment_s:.3f} of {lasts_s:.3f} s; journal: {was_left}; {name}"
        )
        if chance.random() < 0.3:  # and that one is killed as well
            again = trial._start(*trial.next_command(name))
            moment_s = chance.uniform(0.03, 0.4)
            select.select([], [], [], moment_s)
            strike(trial, again, "everybody", chance)
            again.wait()
            what += f" killed at {moment_s:.3f} s"
        print(what)
        said = trial.repo.call(*trial.next_command(name), check=True).stderr
        # Where git alone was killed, its hook may have been about to hide changes when the next command looked: it sees
        # that git is gone, and restores by itself.
        trial.expect_nobody()
        trial.expect_all_right(what + said)
        if name == "commit":
            trial.expect_a_commit(what)
    print(f"{left} of {KILLS} left a journal")
    trial.expect_the_truth()
