"""The id under which a repository's records are kept (section 7; HOT).

The id is in a file in the git common directory, with the device and the inode of that directory. A copy of the
repository has the same file but another inode, and so gets an id of its own.
"""

from dodo_hooks.host.posix import os
from dodo_hooks.store import layout

_DIRECTORY = "dodo-hooks"
_FILE = "id"


def known_id(common_dir: str) -> "str | None":
    """Return the id of the repository; None if it has none yet."""
    try:
        stat = os.stat(common_dir)
    except OSError:
        return None
    return _read(f"{common_dir}/{_DIRECTORY}/{_FILE}", f"{stat.st_dev:x} {stat.st_ino:x}")


def repository_id(common_dir: str) -> str:
    """Return the id of the repository with this git common directory; make it at the first call.

    Where the directory cannot be written, the id is derived from its device and inode: no file can be kept there, and
    no other directory has the two.
    """
    stat = os.stat(common_dir)
    inode = f"{stat.st_dev:x} {stat.st_ino:x}"
    path = f"{common_dir}/{_DIRECTORY}/{_FILE}"
    known = _read(path, inode)
    if known:
        return known
    try:
        return _make(common_dir, path, inode)
    except OSError:
        return f"at-{stat.st_dev:x}-{stat.st_ino:x}"


def records_dir(state: str, common_dir: str) -> str:
    """Return the directory of the records of the repository; its id is made at the first call."""
    return layout.repository_dir(state, repository_id(common_dir))


def _read(path: str, inode: str) -> "str | None":
    """Return the id in the file, if it was made for this device and inode."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # of a FIFO nothing, and it is replaced
    except OSError:
        return None
    text = os.read(descriptor, 200).decode("ascii", "replace").rstrip("\n")
    os.close(descriptor)
    identity, _, its_inode = text.partition(" ")
    # The id becomes a directory's name: a file that somebody else wrote must not lead out of the store.
    return identity if its_inode == inode and identity.isalnum() else None


def _make(common_dir: str, path: str, inode: str) -> str:
    from fcntl import LOCK_EX

    from dodo_hooks.host.files.file_locks import lock
    from dodo_hooks.host.files.file_owner import inherit_owner, make_folder

    directory = f"{common_dir}/{_DIRECTORY}"
    try:
        make_folder(directory)
    except FileExistsError:
        pass
    holder = os.open(directory, os.O_RDONLY)
    try:
        lock(holder, LOCK_EX)  # two first hooks at once must agree; closing releases
        known = _read(path, inode)
        if known:
            return known
        identity = os.urandom(8).hex()
        temporary = f"{path}.tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK, 0o666)
        inherit_owner(descriptor, temporary)
        os.write(descriptor, f"{identity} {inode}\n".encode())
        os.close(descriptor)
        os.replace(temporary, path)
        return identity
    finally:
        os.close(holder)
