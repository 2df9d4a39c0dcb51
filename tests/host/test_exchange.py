"""A file is put in the place of another, and neither is lost, whatever the file system can do (G5)."""

import errno
import os
import posix
import stat
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from dodo_hooks.host.files import exchange
from dodo_hooks.host.files.exchange import AWAY, move_if_free, put_in_place

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
        monkeypatch.delitem(sys.modules, "dodo_hooks.host.libc")
        monkeypatch.setattr(exchange, "libc_function", import_module("dodo_hooks.host.libc").libc_function)
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


def test_g5_what_stood_there_is_in_our_hands(tmp_path: Path, ours: bytes, limited: str) -> None:
    path = tmp_path / "path"
    path.write_text("theirs")
    path.chmod(0o640)
    inode = path.stat().st_ino
    assert put_in_place(ours, os.fsencode(path))
    assert left(tmp_path) == {"path": "ours", "ours": "theirs"}
    status = os.stat(ours)
    assert stat.S_IMODE(status.st_mode) == 0o640 and (status.st_ino == inode) == (limited != "neither")


def test_g5_a_link_is_moved_and_not_followed(tmp_path: Path, ours: bytes, limited: str) -> None:
    (tmp_path / "path").symlink_to("nowhere")
    assert put_in_place(ours, os.fsencode(tmp_path / "path"))
    assert (tmp_path / "path").read_text() == "ours" and os.readlink(ours) == b"nowhere"


def test_g5_a_free_name_is_taken_and_one_that_is_not_is_left(tmp_path: Path, ours: bytes, limited: str) -> None:
    assert not put_in_place(ours, os.fsencode(tmp_path / "path"))
    (tmp_path / "other").write_text("other")
    with pytest.raises(FileExistsError):
        move_if_free(os.fsencode(tmp_path / "other"), os.fsencode(tmp_path / "path"))
    assert left(tmp_path) == {"path": "ours", "other": "other"}


@pytest.mark.parametrize("can_link", [True, False])
def test_g5_nothing_is_moved_away_that_cannot_be_restored(
    tmp_path: Path, ours: bytes, no_exchange: Limit, no_links: Limit, monkeypatch: pytest.MonkeyPatch, can_link: bool
) -> None:
    """Simulate a full disk, for example, when the new name is to be made."""
    no_exchange()
    if not can_link:
        no_links()
    path = tmp_path / "path"
    path.write_text("theirs")
    real = {name: getattr(os, name) for name in ("link", "replace")}

    def fail(name: str) -> Callable[..., None]:
        def call(source: bytes, target: bytes, **more: Any) -> None:
            if os.fsencode(target) == os.fsencode(path) and os.fsencode(source) == ours:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real[name](source, target, **more)

        return call

    for name in real:
        monkeypatch.setattr(posix, name, fail(name))
    with pytest.raises(OSError, match="space"):
        put_in_place(ours, os.fsencode(path))
    assert left(tmp_path) == {"path": "theirs", "ours": "ours"}


def test_g5_what_is_written_while_it_is_copied_is_copied_again(
    tmp_path: Path, ours: bytes, no_exchange: Limit, no_links: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_exchange()
    no_links()
    path, copy = tmp_path / "path", exchange._copy_file
    path.write_text("theirs")
    rounds: list[int] = []

    def copy_and_write(source: bytes, target: bytes) -> None:
        copy(source, target)
        if len(rounds) < 2:
            rounds.append(1)
            with path.open("a") as file:
                file.write(", and more")

    monkeypatch.setattr(exchange, "_copy_file", copy_and_write)
    assert put_in_place(ours, os.fsencode(path))
    assert left(tmp_path) == {"path": "ours", "ours": "theirs, and more, and more"}


def test_g5_what_is_written_all_the_time_is_left_alone(
    tmp_path: Path, ours: bytes, no_exchange: Limit, no_links: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_exchange()
    no_links()
    (tmp_path / "path").write_text("theirs")
    monkeypatch.setattr(exchange, "_look", lambda status: (id(status),))
    with pytest.raises(OSError, match="busy"):
        put_in_place(ours, os.fsencode(tmp_path / "path"))
    assert left(tmp_path) == {"path": "theirs", "ours": "ours"}


def test_g5_what_somebody_writes_where_a_file_was_moved_away_is_not_overwritten(
    tmp_path: Path, ours: bytes, no_exchange: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_exchange()
    path, rename = tmp_path / "path", os.rename
    path.write_text("theirs")

    def rename_and_write(source: bytes, target: bytes) -> None:
        rename(source, target)
        if target == ours + AWAY:
            path.write_text("an editor's")

    monkeypatch.setattr(posix, "rename", rename_and_write)
    with pytest.raises(FileExistsError):
        put_in_place(ours, os.fsencode(path))
    assert left(tmp_path) == {"path": "an editor's", "ours": "ours", "ours.away": "theirs"}
