"""A file is moved to a name that is free, and never onto another file, whatever the file system can do (G5)."""

import errno
import os
import posix
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dodo_hooks.host import libc
from dodo_hooks.host.files import exchange
from dodo_hooks.host.files.exchange import move_if_free

Limit = Callable[[], None]


@pytest.fixture
def no_exchange(monkeypatch: pytest.MonkeyPatch) -> Limit:
    return lambda: monkeypatch.setattr(exchange, "_NAME", "there_is_no_such_call")


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> Limit:
    def refuse(*args: Any, **more: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    return lambda: monkeypatch.setattr(posix, "link", refuse)


@pytest.fixture(params=["exchange", "no libffi", "hard links", "neither"])
def limited(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, no_exchange: Limit, no_links: Limit
) -> str:
    if request.param == "no libffi":
        monkeypatch.setitem(sys.modules, "_ctypes", None)  # as in a Python that was built without it
        assert libc.__name__ in sys.modules  # so that it is there again after the test
        monkeypatch.delitem(sys.modules, libc.__name__)
    elif request.param != "exchange":
        no_exchange()
    if request.param == "neither":
        no_links()
    return str(request.param)


@pytest.fixture
def ours(tmp_path: Path) -> bytes:
    (tmp_path / "ours").write_text("ours")
    return os.fsencode(tmp_path / "ours")


def left(place: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in place.iterdir()}


def test_g5_a_free_name_is_taken_by_the_very_file(tmp_path: Path, ours: bytes, limited: str) -> None:
    inode = os.stat(ours).st_ino
    move_if_free(ours, os.fsencode(tmp_path / "path"))
    assert left(tmp_path) == {"path": "ours"} and (tmp_path / "path").stat().st_ino == inode


def test_g5_a_link_is_moved_and_not_followed(tmp_path: Path, ours: bytes, limited: str) -> None:
    (tmp_path / "link").symlink_to("ours")
    move_if_free(os.fsencode(tmp_path / "link"), os.fsencode(tmp_path / "path"))
    assert os.readlink(tmp_path / "path") == "ours" and sorted(left(tmp_path)) == ["ours", "path"]


def test_g5_a_name_that_is_not_free_is_left(tmp_path: Path, ours: bytes, limited: str) -> None:
    (tmp_path / "path").write_text("theirs")
    with pytest.raises(FileExistsError):
        move_if_free(ours, os.fsencode(tmp_path / "path"))
    assert left(tmp_path) == {"path": "theirs", "ours": "ours"}


def test_g5_a_move_that_was_killed_between_its_two_steps_is_finished(tmp_path: Path, ours: bytes) -> None:
    (tmp_path / "path").hardlink_to(tmp_path / "ours")
    move_if_free(ours, os.fsencode(tmp_path / "path"))
    assert left(tmp_path) == {"path": "ours"}


@pytest.mark.parametrize("can_link", [True, False])
def test_g5_what_cannot_be_moved_stays(
    tmp_path: Path, ours: bytes, no_exchange: Limit, no_links: Limit, monkeypatch: pytest.MonkeyPatch, can_link: bool
) -> None:
    """Simulate a full disk, for example, when the new name is to be made."""
    no_exchange()
    if not can_link:
        no_links()

    def fail(source: bytes, target: bytes, **more: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(posix, "link" if can_link else "rename", fail)
    with pytest.raises(OSError, match="space"):
        move_if_free(ours, os.fsencode(tmp_path / "path"))
    assert left(tmp_path) == {"ours": "ours"}
