"""The watch of a directory (host/files/directory_watch.py)."""

import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from dodo_hooks.host.files.directory_watch import REMOVALS, WRITES, notify_once, open_directory
from kit.process import wait_until

pytestmark = pytest.mark.skipif(not hasattr(fcntl, "F_NOTIFY"), reason="Linux alone reports a directory's changes")


@pytest.fixture
def signals() -> Iterator[list[int]]:
    """Return the signals that have come."""
    heard: list[int] = []
    before = signal.signal(signal.SIGIO, lambda number, _: heard.append(number))
    yield heard
    signal.signal(signal.SIGIO, before)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "log").write_bytes(b"")
    descriptor = open_directory(str(tmp_path))
    assert descriptor is not None
    yield descriptor
    os.close(descriptor)


def test_the_constants_are_those_of_this_system() -> None:
    assert (WRITES, REMOVALS) == (fcntl.DN_MODIFY, fcntl.DN_DELETE | fcntl.DN_RENAME)


def test_a_write_is_reported_once(tmp_path: Path, directory: int, signals: list[int]) -> None:
    assert notify_once(directory, WRITES) and notify_once(directory, WRITES)
    with open(tmp_path / "log", "ab") as log:
        for _ in range(3):
            os.write(log.fileno(), b"x")
            wait_until(lambda: signals)
    assert signals == [signal.SIGIO]


@pytest.mark.parametrize("how", ["unlink", "rename"])
def test_a_removal_is_reported_and_a_write_is_not(tmp_path: Path, directory: int, signals: list[int], how: str) -> None:
    assert notify_once(directory, REMOVALS)
    (tmp_path / "log").write_bytes(b"x")
    assert not signals  # the kernel sends it before the call returns
    if how == "unlink":
        (tmp_path / "log").unlink()
    else:
        (tmp_path / "log").rename(tmp_path / "other")
    wait_until(lambda: signals)


def test_what_is_no_directory_is_not_watched(tmp_path: Path) -> None:
    assert open_directory(str(tmp_path / "gone")) is None
    reader, writer = os.pipe()
    assert notify_once(reader, WRITES) is False
    os.close(reader)
    os.close(writer)
