"""Messages of runner and wave arrive unchanged, in whatever pieces the pipe delivers them."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dodo_hooks.engine.waves import wire
from dodo_hooks.engine.waves.handle import WaveHandle

# Each kind with how many numbers it has.
KINDS = {
    wire.GRANT: 2,
    wire.LIVE: 1,
    wire.END: 2,
    wire.DISMISS: 0,
    wire.STARTED: 3,
    wire.ENDED: 5,
    wire.OUTPUT: 1,
    wire.UNLOGGED: 2,
}
WITH_TEXT = {wire.REFUSED: 3, wire.BROKEN: 0}


@st.composite
def messages(draw: st.DrawFn) -> "tuple[str, tuple[int, ...], str]":
    kind = draw(st.sampled_from([*KINDS, *WITH_TEXT]))
    count = (KINDS | WITH_TEXT)[kind]
    numbers = draw(st.lists(st.integers(-1, 2**63), min_size=count, max_size=count))
    sentence = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=75)
    return kind, tuple(numbers), draw(sentence) if kind in WITH_TEXT else ""


@pytest.fixture
def pipe() -> "Iterator[tuple[int, int]]":
    reader, writer = os.pipe()
    yield reader, writer
    for end in (reader, writer):
        try:
            os.close(end)
        except OSError:  # the test has closed it
            pass


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(messages(), max_size=20), st.integers(1, 50))
def test_r7_messages_arrive_whole_and_in_order(
    pipe: "tuple[int, int]", sent: "list[tuple[str, tuple[int, ...], str]]", piece: int
) -> None:
    reader, writer = pipe
    for kind, numbers, text in sent:
        os.write(writer, wire.line_of(kind, *numbers, text=text))
    data = os.read(reader, 65536) if sent else b""
    inbox, received = wire.Inbox(reader), []
    for start in range(0, len(data), piece):
        os.write(writer, data[start : start + piece])
        received += inbox.receive() or []
    assert received == sent


@pytest.mark.parametrize("text", ["x" * 5000, "x" + "\U0001f40d" * 5000, "two\nlines\r\n", "\udcff", " \t\x00 "])
def test_r7_any_text_is_one_line_that_fits_into_a_pipe(pipe: "tuple[int, int]", text: str) -> None:
    reader, writer = pipe
    os.write(writer, wire.line_of(wire.REFUSED, 2**31, 127, 2**63, text=text))
    line = os.read(reader, 65536)
    assert len(line) <= 512  # the least that POSIX allows PIPE_BUF to be; macOS has just that
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    os.write(writer, line)
    [(kind, numbers, _)] = wire.Inbox(reader).receive() or []
    assert (kind, numbers) == (wire.REFUSED, (2**31, 127, 2**63))


def test_r7_what_was_said_before_the_end_is_heard_and_then_the_end(pipe: "tuple[int, int]") -> None:
    reader, writer = pipe
    os.write(writer, wire.line_of(wire.DISMISS))
    os.close(writer)
    inbox = wire.Inbox(reader)
    assert inbox.receive() == [(wire.DISMISS, (), "")]
    assert inbox.receive() is None


def test_r20_nobody_listens(pipe: "tuple[int, int]") -> None:
    reader, writer = pipe
    os.close(reader)
    assert not WaveHandle(0, writer, reader, []).send(wire.GRANT, 1, 1)
