"""Locks, files that are replaced in one step, and descriptors, with the real system (R18, R19, R21)."""

import errno
import fcntl
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from dodo_hooks.core.errors import StoreError
from dodo_hooks.host import descriptors
from dodo_hooks.host.files import atomic_files, file_locks, sparse_file
from dodo_hooks.host.posix import read_rest, write_all
from dodo_hooks.host.process import IS_LINUX
from dodo_hooks.store.log import cut_middle, marker
from kit.repo import PACKAGES

HOLD = "import fcntl, sys; file = open(sys.argv[1]); fcntl.flock(file, fcntl.LOCK_EX); print(flush=True); input()"
CLOSE = """
import os
from dodo_hooks.host.descriptors import close_all_but
kept, other = os.open("/dev/null", os.O_RDONLY), os.open("/dev/null", os.O_RDONLY)
close_all_but({kept})
os.fstat(kept)
try:
    os.fstat(other)
except OSError as error:
    print(error.strerror)
"""


def test_r18_a_lock_is_held_while_its_holder_lives_and_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not file_locks.is_locked(str(path))  # it is not there
    path.write_bytes(b"")
    argv = [sys.executable, "-ISc", HOLD, str(path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline()
        assert file_locks.is_locked(str(path))
        holder.kill()
    assert not file_locks.is_locked(str(path))


def test_r18_a_directory_is_locked_by_one_at_a_time(tmp_path: Path) -> None:
    held = file_locks.lock_directory(str(tmp_path), fcntl.LOCK_EX)
    with pytest.raises(BlockingIOError):
        file_locks.lock_directory(str(tmp_path), fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(held)
    os.close(file_locks.lock_directory(str(tmp_path), fcntl.LOCK_EX | fcntl.LOCK_NB))
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OSError, match=r"(?i)directory|link"):
        file_locks.lock_directory(str(tmp_path / "link"), fcntl.LOCK_EX)


@pytest.mark.parametrize(
    ("number", "is_unsupported", "is_full"),
    [
        (errno.ENOLCK, True, False),
        (errno.EOPNOTSUPP, True, False),
        (errno.ENOSPC, False, True),
        (errno.EIO, False, False),
    ],
)
def test_r18_r21_one_error_means_no_locks_and_another_no_room(number: int, is_unsupported: bool, is_full: bool) -> None:
    error = OSError(number, "")
    assert (file_locks.is_unsupported(error), file_locks.is_disk_full(error)) == (is_unsupported, is_full)


def test_r19_a_file_is_replaced_in_one_step_also_over_what_a_killed_writer_left(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        for left in (f"{path}.tmp", f"{path}{atomic_files.NEW_SUFFIX}"):
            os.close(os.open(left, os.O_CREAT, 0o600))
            Path(left).write_bytes(b"half, and longer than the new one")
        atomic_files.replace_file(str(path), b"new")
        assert path.read_bytes() == b"new" and path.stat().st_mode & 0o777 == 0o600
        atomic_files.put(str(path), b"newer", 0o750)
        assert path.read_bytes() == b"newer" and path.stat().st_mode & 0o777 == 0o750
        assert reader.read() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_r21_a_file_that_cannot_be_replaced_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"^cannot write .*/no/file: No such file or directory$"):
        atomic_files.replace_file(f"{tmp_path}/no/file", b"")


def test_a_private_directory_is_made_with_all_above_it_and_no_file_is_taken_for_one(tmp_path: Path) -> None:
    for _ in range(2):
        atomic_files.make_private_directory(f"{tmp_path}/a/b/c")
    assert [(tmp_path / one).stat().st_mode & 0o777 for one in ("a", "a/b", "a/b/c")] == [0o700] * 3
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileExistsError):
        atomic_files.make_private_directory(f"{tmp_path}/file")


def test_g3_what_is_spooled_is_read_whole_and_leaves_no_file(tmp_path: Path) -> None:
    data = os.urandom(300_000)  # more than a pipe takes
    descriptor = descriptors.spool(data, str(tmp_path))
    assert read_rest(descriptor) == data and os.listdir(tmp_path) == []
    os.close(descriptor)


def test_r10_all_descriptors_but_those_to_keep_are_closed() -> None:
    argv, env = [sys.executable, "-Sc", CLOSE], {"PYTHONPATH": PACKAGES}
    assert subprocess.run(argv, env=env, capture_output=True, check=True).stdout == b"Bad file descriptor\n"


def test_a_pipe_can_be_written_until_it_is_full_and_tells_when_its_reader_leaves() -> None:
    reader, writer = os.pipe()
    assert descriptors.can_write(writer)
    os.set_blocking(writer, False)
    with pytest.raises(BlockingIOError):
        write_all(writer, b"x" * (1 << 22))
    assert not descriptors.can_write(writer)
    os.close(reader)
    descriptors.wait_for_reader_to_leave(writer, 60_000)  # returns at once
    poll = select.poll()
    poll.register(writer, 0)
    assert poll.poll(0)
    os.close(writer)


@pytest.mark.skipif(not IS_LINUX, reason="only Linux makes holes")
def test_a_hole_gives_room_back_and_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * (1 << 20))
    with path.open("r+b") as file:
        assert sparse_file.first_hole(file.fileno()) is None
        if not sparse_file.punch_hole(file.fileno(), 1 << 16, 1 << 18):
            pytest.skip("this file system makes no holes")
        assert sparse_file.first_hole(file.fileno()) == (1 << 16, (1 << 16) + (1 << 18))
    assert path.stat().st_size == 1 << 20
    assert path.read_bytes()[(1 << 16) - 1 : (1 << 16) + 1] == b"x\0"


def test_where_holes_cannot_be_made_the_middle_is_cut_out_at_the_end(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    lines = b"".join(b"%015d\n" % n for n in range(20_000))
    more = b"what the job has left behind keeps writing\n"
    log.write_bytes(lines)
    with log.open("r+b") as file, log.open("ab") as left_behind:
        left_out = cut_middle(file.fileno(), len(lines), 64 << 10)
        left_behind.write(more)
    kept = log.read_bytes()
    head, tail = kept.split(b"\n" + marker(left_out))
    assert lines.startswith(head) and len(head) == 32 << 10
    assert (lines + more).endswith(tail)
    assert left_out == len(lines + more) - (len(kept) - len(b"\n" + marker(left_out)))
    assert len(kept) < 64 << 10
