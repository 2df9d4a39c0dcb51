"""Restoring, storing and pruning outputs in processes that are killed, or that do it at the same time.

`outputs_driver.py restore|store REPO FIRST STEP` ends a run before the system call number FIRST, then FIRST + STEP,
..., until a run comes to its end; each time the outputs must be the old ones or the new ones. `outputs_driver.py race
REPO SEED COUNT` does COUNT things at random. WITHOUT_EXCHANGE=1: as on a file system that cannot exchange two names.
ONLY="os.rename ...": before these system calls alone.
"""

import os
import random
import sys
from pathlib import Path

from dodo_hooks.host.files import exchange
from dodo_hooks.results.outputs.output_cache import outputs_root
from dodo_hooks.results.outputs.prune_outputs import prune_outputs, survey
from dodo_hooks.results.outputs.restore_outputs import recover_outputs
from kit.commits.unstaged import Thing
from kit.repo import Repo
from kit.results.outputs import NAME, cache_dir, leftovers, make_outputs, outputs_of, put, remove, restore, store
from kit.system.killing import CALLS, die_before, in_child

MORE = (b"deep/er/out", b"out-file")
OUTPUTS = (MORE[0], NAME, MORE[1])
KILLABLE = os.environ["ONLY"].split() if "ONLY" in os.environ else CALLS | {"os.utime", "fcntl.ioctl", "fcntl.flock"}
CAN_EXCHANGE = "WITHOUT_EXCHANGE" not in os.environ
Things = dict[bytes, Thing]


def make(repo: Repo, version: str) -> "dict[bytes, Things]":
    """Make a version of the outputs; in the old one a folder is missing, and a file is a folder."""
    make_outputs(repo, version)
    remove(repo.path / "deep")
    remove(repo.path / "out-file")
    if version == "new":
        put(repo.path / "deep/er/out/x", "x")
        put(repo.path / "out-file", "y", 0o600)
    else:
        put(repo.path / "out-file/z", "z")
    return now(repo)


def now(repo: Repo) -> "dict[bytes, Things]":
    return {name: outputs_of(repo, name) for name in OUTPUTS}


def restores(repo: Repo, first: int, step: int) -> int:
    """Kill a restore at each point; return the number of points."""
    new = make(repo, "new")
    assert store(repo, outputs=OUTPUTS) is not None
    number, are_new = first, set()
    while True:
        old = make(repo, "old")

        def run(number: int = number) -> None:
            die_before(number, KILLABLE)
            result = restore(repo, outputs=OUTPUTS)
            assert result.manifest is not None, result

        _, status = os.waitpid(in_child(run), 0)
        found = now(repo)
        for name in OUTPUTS:
            assert found[name] in (old[name], new[name]) or (not CAN_EXCHANGE and not found[name]), (number, name)
        recover_outputs(repo.facts, repo.env)
        assert leftovers(repo) == [], number
        assert now(repo) in (old, new), (number, "some are old, others new")
        are_new.add(now(repo) == new)
        assert restore(repo, outputs=OUTPUTS).manifest is not None
        assert now(repo) == new and leftovers(repo) == [], number
        if not os.WIFSIGNALED(status):
            assert status == 0, status
            assert are_new == {True, False}
            return number
        number += step


def stores(repo: Repo, first: int, step: int) -> int:
    """Kill a process that stores and prunes at each point: what can be restored after it is a whole version."""
    number = first
    while True:
        old = make(repo, "new")
        assert store(repo, outputs=OUTPUTS[1:]) is not None
        new = make(repo, "old")

        def run(number: int = number) -> None:
            die_before(number, KILLABLE)
            assert store(repo, outputs=OUTPUTS[1:]) is not None
            assert len(prune_outputs(outputs_root(repo.env["XDG_CACHE_HOME"]), 0)) == 1

        _, status = os.waitpid(in_child(run), 0)
        result = restore(repo, outputs=OUTPUTS[1:])
        assert result.reason == "", (number, result.reason)
        assert {**now(repo), MORE[0]: {}} in ({**new, MORE[0]: {}}, {**old, MORE[0]: {}}), number
        prune_outputs(outputs_root(repo.env["XDG_CACHE_HOME"]), 1 << 40)
        hidden = [name for name in os.listdir(cache_dir(repo)) if name.startswith(".")]
        assert hidden == [], (number, hidden)
        if not os.WIFSIGNALED(status):
            assert status == 0 and list(survey(outputs_root(repo.env["XDG_CACHE_HOME"]))) == [], status
            return number
        number += step


def race(repo: Repo, seed: int, count: int) -> int:
    """Restore, store and prune at random; whatever was restored was whole, since its digests were compared."""
    chance, restored = random.Random(seed), 0
    root = outputs_root(repo.env["XDG_CACHE_HOME"])
    for _ in range(count):
        key = chance.choice(("1", "2"))
        what = chance.choice(("restore", "restore", "restore", "store", "prune"))
        if what == "restore":
            result = restore(repo, key)
            assert result.reason == "", result.reason
            restored += result.manifest is not None
        elif what == "store":
            other = Repo(repo.path.parent / f"version-{key}", repo.env)
            other.path.mkdir(exist_ok=True)
            assert store_from(repo, other, key)
        else:
            prune_outputs(root, chance.choice((0, 1 << 40)))
    return restored


def store_from(repo: Repo, other: Repo, key: str) -> bool:
    """Store outputs that lie elsewhere as those of this repository."""
    from dodo_hooks.results.outputs.output_cache import store_outputs

    there = repo.facts._replace(top=os.path.realpath(other.path))
    return store_outputs(cache_dir(repo), key, there, (NAME,)) is not None


def main(mode: str, path: str, one: str, other: str) -> None:
    if not CAN_EXCHANGE:
        exchange._NAME = "there_is_no_such_call"
    repo = Repo(Path(path), dict(os.environ))
    print({"restore": restores, "store": stores, "race": race}[mode](repo, int(one), int(other)))


if __name__ == "__main__":
    main(*sys.argv[1:])
