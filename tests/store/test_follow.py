"""Readers of a running invocation: changes that they must not miss, and the end of a log."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.cli.jobs.line_labels import LONGEST_LINE, Labelled
from dodo_hooks.cli.jobs.live_invocation import LiveInvocation, LogTail
from dodo_hooks.host.world import wall_ns
from dodo_hooks.store.reader import read_invocation
from kit.history import DONE, History, start


def watch(history: History, clock: list[float]) -> LiveInvocation:
    invocation = read_invocation(history.alive[-1].directory, pytest.fail)
    assert invocation is not None
    return LiveInvocation(invocation, pytest.fail, lambda: clock[0])


def test_a_record_that_is_replaced_within_a_tick_of_the_clock_is_read_again(history: History) -> None:
    """Its inode may be the one of two records before, and its time the same."""
    writer = history.begin({"a": (), "b": ()})
    watched = watch(history, [0.0])
    watched.look()
    meta = f"{writer.jobs[0].directory}/meta.json"
    before = os.stat(meta)
    with open(meta, "rb") as file:
        text = file.read()
    with open(meta, "wb") as file:  # in place, so that the inode is the same for sure
        file.write(text.replace(b'"pending"', b'"running"').replace(b'"pid": null', b'"pid": 4242424242'))
    os.utime(meta, ns=(before.st_atime_ns, before.st_mtime_ns))
    watched.look()
    job = watched.job("a")
    assert job is not None and job.status == "running"


def test_r18_a_writer_that_died_is_noticed_within_a_second(history: History) -> None:
    writer, clock = history.begin({"a": (), "b": ("a",)}), [0.0]
    start(writer, "a")
    watched = watch(history, clock)
    writer.release()
    watched.look()
    assert not watched.has_ended
    clock[0] = 1.0
    watched.look()
    assert watched.has_ended and [job.status for job in watched.jobs] == ["crashed", "skipped"]


def test_the_end_of_the_last_job_is_the_end_without_a_wait(history: History) -> None:
    writer = history.begin({"a": ()})
    watched = watch(history, [0.0])
    writer.ended(0, DONE, wall_ns())
    writer.finish(0)
    watched.look()
    assert watched.has_ended and watched.invocation.exit_code == 0


def test_r16_what_is_added_after_the_end_of_a_job_is_not_its_own(history: History) -> None:
    writer = history.begin({"a": ()})
    start(writer, "a")
    tail, path = LogTail(writer.jobs[0].directory), f"{writer.jobs[0].directory}/output.log"
    tail.end_here()
    with open(path, "ab") as log:
        log.write(b"a server continues")
    assert [tail.read(), tail.read()] == [b"working", b""]


def test_a_log_that_is_made_after_the_end_is_not_waited_for(history: History) -> None:
    writer = history.begin({"a": ()})
    tail = LogTail(writer.jobs[0].directory)
    assert tail.read() == b""
    tail.end_here()
    start(writer, "a")
    assert tail.read() == b""


@given(st.lists(st.binary(max_size=20) | st.sampled_from([b"\n", b"a\nb", b"x" * (LONGEST_LINE + 1)]), max_size=8))
def test_labels_lose_no_byte_and_break_no_line(pieces: list[bytes]) -> None:
    label = Labelled("a | ")
    shown = b"".join(label.take(piece) for piece in pieces) + label.end()
    assert shown == b"" or shown.endswith(b"\n")
    lines = shown.split(b"\n")[:-1]
    assert all(line.startswith(b"a | ") for line in lines)
    whole = b"".join(pieces)
    if len(whole) < LONGEST_LINE:
        assert [line[4:] for line in lines] == (whole[:-1] if whole.endswith(b"\n") else whole).split(
            b"\n"
        ) or not whole
    else:
        assert b"".join(line[4:] for line in lines) == whole.replace(b"\n", b"")
