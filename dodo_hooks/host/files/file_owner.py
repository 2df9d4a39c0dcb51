"""The owner of files that root makes in somebody else's repository, whose owner has to read them later (HOT).

After `sudo git commit` a journal, a lock or a restored file that belonged to root would be out of its user's reach.
Only descriptors are given away, never names: whoever can write there could put another file under a name.
"""

from dodo_hooks.host.posix import os


def inherit_owner(descriptor: int, path: "str | bytes") -> None:
    """Give the new file or folder, which is open and stands at `path`, to the owner of the folder that it is in.

    For root alone; where the file system does not let root do it, the file stays root's.
    """
    if os.geteuid() != 0:
        return
    folder = path.rpartition("/")[0] if isinstance(path, str) else path.rpartition(b"/")[0]
    try:
        status = os.stat(folder)
        if status.st_uid != 0:
            os.fchown(descriptor, status.st_uid, status.st_gid)
    except OSError:
        pass


def make_folder(path: "str | bytes", mode: int = 0o777) -> None:
    """Make a folder, as `os.mkdir`, with the owner of the folder that it is in. Raises OSError."""
    os.mkdir(path, mode)
    if os.geteuid() == 0:
        inherit_owner_of(path)


def inherit_owner_of(path: "str | bytes") -> None:
    """Do the same as `inherit_owner`, for a file or folder that is not open; not for a link, nor through one."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    try:
        inherit_owner(descriptor, path)
    finally:
        os.close(descriptor)
