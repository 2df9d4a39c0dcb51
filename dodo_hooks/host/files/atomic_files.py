"""Files that are replaced in one step, and directories that only their owner can read (HOT)."""

from dodo_hooks.core.errors import StoreError
from dodo_hooks.host.files.file_owner import inherit_owner
from dodo_hooks.host.posix import S_ISDIR, os, write_all

NEW_SUFFIX = ".dodo-new"


def put(path: str, content: bytes, mode: int) -> None:
    """Make `path` a file with this content and mode, in one step. Under a lock: the new file has a fixed name."""
    new = path + NEW_SUFFIX
    with open(create_file(new), "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)
    os.replace(new, path)


def create_file(path: "str | bytes") -> int:
    """Create a file that only its owner can read, and return a descriptor to write it.

    The new file replaces what a killed process, or somebody else, has left there.

    Raises:
        OSError: it cannot be made.
    """
    unlink(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    inherit_owner(descriptor, path)
    return descriptor


def unlink(path: "str | bytes") -> None:
    """Remove the file, if it is there. Raises OSError."""
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        pass


def try_unlink(path: "str | bytes") -> None:
    """Remove the file, if that is possible: one that stays does no harm."""
    try:
        os.unlink(path)
    except OSError:
        pass


def replace_file(path: str, data: bytes) -> None:
    """Put `data` at `path` in one step: a reader sees the old record or the new one (R19).

    Raises:
        StoreError: it cannot be written.
    """
    # The lock makes us the only writer (R18): a fixed name cannot clash, and what a killed writer left there is
    # overwritten. No fsync: we guard against kill -9, not against a power cut.
    _replace(path, f"{path}.tmp", data)


def replace_unlocked(path: str, data: bytes) -> None:
    """Do the same where no lock makes us the only writer; make the private directory too. Raises StoreError."""
    directory = path.rpartition("/")[0]
    try:
        make_private_directory(directory)
    except OSError as error:
        raise StoreError(f"cannot write {directory}: {error.strerror}") from error
    _replace(path, f"{path}.{os.getpid()}.tmp", data)


def _replace(path: str, temporary: str, data: bytes) -> None:
    try:
        write_file(temporary, data)
        os.replace(temporary, path)
    except OSError as error:
        try_unlink(temporary)
        raise StoreError(f"cannot write {path}: {error.strerror}") from error


def make_private_directory(path: str, tries: int = 3) -> None:
    """Make a directory and what is missing above it, readable by its owner alone (section 7).

    Raises:
        OSError: it cannot be made.
    """
    try:
        os.mkdir(path, 0o700)
    except FileNotFoundError:
        # Pruning may remove the parent again before we are back. Where it is there and nothing can be made in it
        # (/proc says so with this very error), that is not tried for ever.
        if not tries:
            raise
        make_private_directory(path.rpartition("/")[0] or "/")
        make_private_directory(path, tries - 1)  # which another process may have made by now
    except FileExistsError:
        if not _is_directory(path):
            raise


def _is_directory(path: str) -> bool:
    try:
        return S_ISDIR(os.stat(path).st_mode)
    except OSError:
        return False


def write_file(path: str, data: bytes) -> None:
    """Write a file that its owner alone can read, in place. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        write_all(descriptor, data)
    finally:
        os.close(descriptor)
