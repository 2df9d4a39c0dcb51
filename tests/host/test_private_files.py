"""A file that others could have written is refused, on the descriptor that is read (section 8)."""

import grp
import os
import pwd
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dodo_hooks.core.errors import UnsafeFileError
from dodo_hooks.host.files.private_files import expect_private_directory, read_private
from kit.system.foreign import NOBODY, needs_root

CONTENT = b"bytes \xff\0\n" * 100


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    path.chmod(0o600)
    return path


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """Make this process nobody's, for as long as the test takes, and a file of root's that all can reach and read."""
    with tempfile.TemporaryDirectory() as folder:  # nobody can go through pytest's own
        os.chmod(folder, 0o711)
        path = Path(folder, "file")
        path.write_bytes(CONTENT)
        path.chmod(0o644)
        os.seteuid(NOBODY)
        yield path
        os.seteuid(0)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o444, 0o755])
def test_what_is_ones_own_is_read(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert read_private(str(file)) == CONTENT


@pytest.mark.parametrize("mode", [0o602, 0o622, 0o666, 0o777])
def test_what_others_can_write_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(UnsafeFileError, match=f"^others can write to {file}; run `chmod go-w {file}`$") as refused:
        read_private(str(file))
    assert refused.value.exit_code == 3


def test_what_a_group_can_write_is_refused_unless_its_user_is_alone_in_it(file: Path) -> None:
    """Cover systems that give each user a group of the same name, and a umask of 002."""
    file.chmod(0o660)
    user = pwd.getpwuid(os.geteuid()).pw_name
    group = grp.getgrgid(file.stat().st_gid)
    if group.gr_name == user and set(group.gr_mem) <= {user}:
        assert read_private(str(file)) == CONTENT
    else:
        with pytest.raises(UnsafeFileError, match=r"^others can write"):
            read_private(str(file))


@needs_root
def test_a_group_of_several_is_others(file: Path) -> None:
    file.chmod(0o660)
    os.chown(file, 0, NOBODY)
    with pytest.raises(UnsafeFileError, match=r"^others can write"):
        read_private(str(file))


@needs_root
def test_root_does_not_read_what_a_user_has_written_and_is_pointed_to_sudo(file: Path) -> None:
    os.chown(file, NOBODY, NOBODY)
    with pytest.raises(UnsafeFileError, match=f"^{file} belongs to nobody, and root does not use it.*`sudo -H`"):
        read_private(str(file))


@needs_root
def test_a_user_reads_what_root_has_written(as_nobody: Path) -> None:
    assert read_private(str(as_nobody)) == CONTENT


@needs_root
def test_a_user_does_not_read_what_another_user_has_written(as_nobody: Path) -> None:
    os.seteuid(0)
    os.chown(as_nobody, 12345, 12345)
    os.seteuid(NOBODY)
    with pytest.raises(UnsafeFileError) as refused:
        read_private(str(as_nobody))
    assert str(refused.value) == (
        f"{as_nobody} belongs to user 12345, not to nobody; if it is yours, run `sudo chown -R nobody {as_nobody}`"
    )


@needs_root
def test_a_link_is_what_it_leads_to(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    assert read_private(str(link)) == CONTENT
    os.chown(file, NOBODY, NOBODY)
    os.chown(link, 0, 0, follow_symlinks=False)
    with pytest.raises(UnsafeFileError):
        read_private(str(link))


def test_what_cannot_be_read_is_an_error_of_the_system_as_ever(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_private(str(tmp_path / "nowhere"))
    with pytest.raises(IsADirectoryError):
        read_private(str(tmp_path))


def test_a_fifo_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)
    assert read_private(str(tmp_path / "fifo")) == b""


def test_no_descriptor_is_left_open(file: Path) -> None:
    before = os.listdir("/dev/fd")
    read_private(str(file))
    file.chmod(0o666)
    with pytest.raises(UnsafeFileError):
        read_private(str(file))
    assert os.listdir("/dev/fd") == before


def test_a_path_is_shown_without_what_a_terminal_would_obey(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2Jb"
    path.mkdir()
    path.chmod(0o777)
    with pytest.raises(UnsafeFileError, match=r"a\\x1b\[2Jb"):
        expect_private_directory(str(path))


def test_of_a_directory_its_own_mode_counts_and_not_that_of_those_above(tmp_path: Path) -> None:
    above, own = tmp_path / "above", tmp_path / "above/own"
    own.mkdir(parents=True)
    above.chmod(0o777)
    own.chmod(0o755)
    expect_private_directory(str(own))
    own.chmod(0o757)
    with pytest.raises(UnsafeFileError, match=f"^others can write to {own}"):
        expect_private_directory(str(own))


def test_a_directory_that_is_not_there_is_no_danger(tmp_path: Path) -> None:
    expect_private_directory(str(tmp_path / "nowhere/at/all"))
