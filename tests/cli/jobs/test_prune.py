"""`dodo-hooks jobs prune`, and the pruning that nobody asks for."""

import json
import time
from pathlib import Path

import pytest

from kit.answer import Cli
from kit.history import DONE, History
from kit.invocation import Invocation
from kit.process import is_alive, wait_until
from kit.repo import Repo


def made_old(invocation: Invocation, days: int) -> Path:
    """Make the invocation look as if it was fired so long ago, and return its new directory."""
    at = time.gmtime(time.time() - days * 86_400)
    identity = time.strftime("%Y%m%d-%H%M%S", at) + invocation.id[15:]
    record = invocation.path / "invocation.json"
    record.write_bytes(record.read_bytes().replace(invocation.id.encode(), identity.encode()))
    day = invocation.path.parents[1] / time.strftime("%Y-%m-%d", at)
    day.mkdir(exist_ok=True)
    return invocation.path.rename(day / identity)


def test_what_would_be_deleted_is_shown_before_it_is(cli: Cli, history: History, repo: Repo) -> None:
    repo.settings(log={"keep_last": 1})
    old = made_old(history.finished({"a": DONE}), 10)
    history.finished({"a": DONE})
    dry, done, again = (cli("jobs", "prune", *options) for options in (["--dry-run"], [], []))
    assert dry.out.splitlines()[0].startswith(f"{old.name}  ") and dry.out.endswith("would be deleted\n")
    assert done.out.splitlines()[0] == dry.out.splitlines()[0] and done.out.endswith(", deleted\n")
    assert again.out == "0 runs, 0B, deleted\n"
    assert not old.exists() and len(json.loads(cli("jobs", "--format", "json").out)) == 1


def test_the_bound_on_the_size_is_one_for_all(cli: Cli, history: History, repo: Repo) -> None:
    repo.settings(log={"max_total_size": "1B"})
    ids = [history.finished({"a": DONE}).id for _ in range(3)]
    assert [line.split()[0] for line in cli("jobs", "prune").out.splitlines()[:-1]] == ids[:2]


def test_without_a_hook_file_the_defaults_hold(cli: Cli, history: History) -> None:
    old = [made_old(history.finished({"a": DONE}), 20 - number) for number in range(4)]
    assert cli("jobs", "prune").out.splitlines()[0].split()[0] == old[0].name
    assert [path.exists() for path in old] == [False, True, True, True]


def test_a_background_run_prunes_once_a_day(repo: Repo) -> None:
    repo.hook("post-commit", background=True, a="true")
    repo.settings(log={"keep_last": 1, "retention": "2d"})
    repo.git("commit", "--allow-empty", "-m", "work")
    first = repo.finished("post-commit")
    stamp = first.path.parents[1] / "pruned"
    wait_until(lambda: stamp.exists() and stamp.read_bytes(), what="the first pruning")
    coordinator = first.record.coordinator
    wait_until(lambda: not is_alive(coordinator), what="its end: the stamp is written when it begins")
    old = made_old(first, 3)
    repo.git("commit", "--allow-empty", "-m", "work")
    repo.finished("post-commit", 2)
    assert old.exists()  # today it has been done
    stamp.unlink()
    repo.git("commit", "--allow-empty", "-m", "work")
    wait_until(lambda: not old.exists(), what="the pruning of the day")
    assert len(repo.invocations()) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("retention: 7", "write 7s"),
        ("keep_last: -1", '"keep_last": expected a whole number of at least 0'),
        ("keep_last: many", '"keep_last": expected a whole number'),
        ("max_total_size: 500", "such as 500KB or 10MB"),
        ("max_total_size: 500 MB", "write 500MB"),
        ("retain: 7d", 'unknown key "retain"'),
    ],
)
def test_c3_a_wrong_limit_is_an_error_with_its_place_and_never_the_default(
    cli: Cli, repo: Repo, text: str, said: str
) -> None:
    repo.file(f"log:\n  {text}\n")
    for argv in (["validate"], ["jobs", "prune"]):
        answer = cli(*argv)
        assert answer.code == 3 and said in answer.err and "hooks.dodo:2:" in answer.err
