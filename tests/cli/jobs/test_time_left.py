"""The estimate of the end of a run, in `dodo-hooks jobs` and `jobs watch`."""

import json
import os
from pathlib import Path

import pytest

from dodo_hooks.cli.jobs.time_left import time_left
from dodo_hooks.cli.jobs.watch import Board, board_lines
from dodo_hooks.host.posix import processors
from dodo_hooks.host.world import World
from dodo_hooks.store.durations import add_durations
from dodo_hooks.store.reader import list_alive, read_jobs
from kit.history import DONE, History, Writer, end, start


def left(history: History) -> "float | None":
    (invocation,) = list_alive(history.directory, print)
    return time_left(invocation, read_jobs(invocation, print))


@pytest.fixture
def chain(history: History) -> Writer:
    """Return a run in which `a` is under way, and two others wait for it."""
    writer = history.begin({"a": (), "b": ("a",), "c": ("b",), "d": ()})
    start(writer, "a")
    return writer


def test_the_longest_chain_counts(history: History, chain: Writer) -> None:
    assert left(history) is None  # nothing is known
    add_durations(history.directory, "post-commit", {"a": 100.0, "b": 50.0, "d": 3.0})  # and 1 s for `c`
    assert left(history) == pytest.approx(151, abs=10)
    end(chain, 0, DONE)
    chain.flush()
    assert left(history) == pytest.approx(51, abs=0.1)


def test_jobs_without_needs_are_shared_out_among_the_processors(history: History) -> None:
    count = 4 * processors()
    history.begin({f"job{number}": () for number in range(count)})
    add_durations(history.directory, "post-commit", {f"job{number}": 10.0 for number in range(count)})
    assert left(history) == pytest.approx(40)


def test_a_run_that_takes_longer_than_usual_has_no_estimate(history: History, chain: Writer) -> None:
    add_durations(history.directory, "post-commit", {"a": 0.0, "b": 0.2, "c": 0.2, "d": 0.0})
    assert left(history) is None


def test_records_that_wait_for_each_other_are_no_error(history: History, chain: Writer) -> None:
    path = Path(chain.jobs[1].directory) / "meta.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "needs": ["c"]}))  # which needs `b`
    add_durations(history.directory, "post-commit", {"a": 60.0, "b": 600.0})
    assert left(history) == pytest.approx(max(60, 662 / processors()), abs=10)


def test_a_watched_run_shows_it(history: History, chain: Writer) -> None:
    add_durations(history.directory, "post-commit", {"c": 7200.0})
    board = Board(history.directory, print)
    board.look()
    heading = board_lines(board, World(dict(os.environ), "/"), 200, 50)[0]
    assert "running, about 2h00m left" in heading
