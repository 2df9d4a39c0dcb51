"""Commands that wait for each other while unstaged changes are hidden (G5)."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from dodo_hooks.git.unstaged.hide import restore_interrupted
from dodo_hooks.git.unstaged.lock import lock_shared, take_lock
from kit.commits.hiding import abandon, hide
from kit.commits.unstaged import STAGED, difference, make_work, snapshot, unstaged_text
from kit.gate import Gate
from kit.repo import PACKAGES, Repo


def test_g5_a_run_that_is_alive_is_left_alone_and_waited_for(text: Repo) -> None:
    facts = text.facts
    hidden = hide(text)
    assert lock_shared(facts) is None
    assert restore_interrupted(facts, text.env) == []
    assert text.read("text") == STAGED
    with in_process(text, "wait_until_restored(repo); print(open('text').read() == unstaged_text())") as waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == b"begun\n"
        hidden.restore()
        assert waiting.stdout.readline() == b"True\n"
    lock = lock_shared(facts)
    assert lock is not None
    assert take_lock(facts, waits=False) is None  # a job is being started: nobody hides changes
    os.close(lock)


def test_g5_bytes_that_were_taken_out_of_the_tree_when_a_run_was_killed_are_kept(text: Repo) -> None:
    facts = text.facts
    abandon(hide(text))
    text.write(".git/dodo-hooks-aside/swap/0", "an editor saved this in the very moment\n")
    said = restore_interrupted(facts, text.env)
    assert len(said) == 2 and "text.during-hook" in said[1]
    assert text.read("text.during-hook") == "an editor saved this in the very moment\n"
    assert text.read("text") == unstaged_text()


@pytest.mark.parametrize("is_far", [False, True])
def test_g5_bytes_that_were_on_their_way_and_are_known_leave_nothing_behind(
    text: Repo, request: pytest.FixtureRequest, is_far: bool
) -> None:
    if is_far:
        request.getfixturevalue("far")
    before = snapshot(text.path)
    abandon(hide(text))
    text.write(".dodo-hooks-aside/0.swap" if is_far else ".git/dodo-hooks-aside/swap/0", STAGED)
    if is_far:
        text.write(".dodo-hooks-aside/0.new", "half")
    assert len(restore_interrupted(text.facts, text.env)) == 1
    assert difference(before, snapshot(text.path)) == {}


def test_g5_two_recoveries_at_once(repo: Repo) -> None:
    make_work(repo, 60)
    before = snapshot(repo.path)
    abandon(hide(repo))
    with ExitStack() as stack:
        both = [
            stack.enter_context(in_process(repo, "print(restore_interrupted(repo, env, waits=True))")) for _ in range(2)
        ]
        said = sorted(one.communicate()[0] for one in both)
    assert said[0].endswith(b"begun\n[]\n") or b"restored" in said[0]
    assert sum(b"restored" in one for one in said) == 1
    assert difference(before, snapshot(repo.path)) == {}


def test_g5_a_recovery_waits_for_the_git_that_the_dead_run_had_started(text: Repo) -> None:
    """Give it the lock, too: a `git update-index` that continues alone must not meet a recovery."""
    hidden = hide(text)
    gate = Gate(text.path.parent / "gate")
    text.git("config", "filter.slow.clean", f"{gate.command}; cat")
    text.write(".git/info/attributes", "other filter=slow\n")
    text.write("other", "")
    code = (
        "from dodo_hooks.git.command import run_git_at_top\n"
        f"os.set_inheritable({hidden.lock}, False)\n"
        f"run_git_at_top(repo, env, ('update-index', '--add', 'other'), lock={hidden.lock})"
    )
    with in_process(text, code, keep=hidden.lock) as staging:
        gate.wait()
        staging.kill()
        staging.wait()
        abandon(hidden)
        assert restore_interrupted(text.facts, text.env) == []
        gate.open()
    assert "restored the unstaged" in restore_interrupted(text.facts, text.env, waits=True)[0]
    gate.close()
    assert text.read("text") == unstaged_text()


def in_process(repo: Repo, code: str, keep: "int | None" = None) -> "subprocess.Popen[bytes]":
    lines = (
        "import os",
        "from dodo_hooks.git.unstaged.hide import restore_interrupted",
        "from dodo_hooks.git.unstaged.lock import wait_until_restored",
        "from dodo_hooks.git.repo import find_repo",
        "from kit.commits.unstaged import unstaged_text",
        "env = dict(os.environ); repo = find_repo(env, os.getcwd())",
        "print('begun', flush=True)",
        code,
    )
    return subprocess.Popen(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=repo.path,
        env={**repo.env, "PYTHONPATH": f"{PACKAGES}:{Path(__file__).parents[2]}"},
        stdout=subprocess.PIPE,
        pass_fds=() if keep is None else (keep,),
    )
