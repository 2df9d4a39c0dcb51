"""Files and directories that only their owner can write (section 8; HOT).

What lies in a user's own directories is obeyed: a compiled plan is run, a decision is believed. So they are checked as
ssh checks a key: they belong to the effective user or to root, and nobody else can write to them. The check is made on
the open file, so that what was checked is what is read. Directories above ours are the system's business: a container
may hand out a home that all can write to, and with a umask of 002 every directory is the group's.
"""

from dodo_hooks.core.errors import UnsafeFileError
from dodo_hooks.host.posix import os, read_rest

_ROOT = 0
_GROUP_WRITES = 0o020
_OTHERS_WRITE = 0o002


def read_private(path: str) -> bytes:
    """Return all of a file that only its owner, who is the effective user or root, can have written.

    Raises:
        OSError: it cannot be read.
        UnsafeFileError: it belongs to somebody else, or others can write to it.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO would keep git waiting
    try:
        _expect_private(path, os.fstat(descriptor))
        return read_rest(descriptor)
    finally:
        os.close(descriptor)


def expect_private_directory(path: str) -> None:
    """Refuse a directory in which somebody else could put something. One that is not there is no danger.

    Raises:
        UnsafeFileError: it belongs to somebody else, or others can write to it.
    """
    try:
        stat = os.stat(path)
    except OSError:  # whoever needs it says what is wrong with it
        return
    _expect_private(path, stat)


def _expect_private(path: str, stat: "os.stat_result") -> None:
    user = os.geteuid()
    if stat.st_uid not in (user, _ROOT):
        raise UnsafeFileError(*_belongs_to_another(path, stat.st_uid, user))
    if stat.st_mode & _OTHERS_WRITE or (stat.st_mode & _GROUP_WRITES and not _is_alone_in_group(stat)):
        raise UnsafeFileError(f"others can write to {_shown(path)}", f"run `chmod go-w {_shown(path)}`")


def _belongs_to_another(path: str, owner: int, user: int) -> "tuple[str, str]":
    """Return what is wrong, and the fix."""
    belongs = f"{_shown(path)} belongs to {_name_of(owner)}"
    if user == _ROOT:  # most often `sudo` that has kept HOME
        return f"{belongs}, and root does not use it", "run the command with `sudo -H`, which gives root its own HOME"
    fix = f"if it is yours, run `sudo chown -R {_name_of(user)} {_shown(path)}`"
    return f"{belongs}, not to {_name_of(user)}", fix


def _is_alone_in_group(stat: "os.stat_result") -> bool:
    """Return whether the group is the owner's private one.

    Many systems give one to each user, together with a umask of 002.
    """
    import grp  # C, and rarely needed
    import pwd

    try:
        owner, group = pwd.getpwuid(stat.st_uid).pw_name, grp.getgrgid(stat.st_gid)
    except KeyError:
        return False
    return group.gr_name == owner and set(group.gr_mem) <= {owner}


def _name_of(user: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def _shown(path: str) -> str:
    from dodo_hooks.core.text.terminal_text import escape

    return escape(path)
