"""The lock for writing files beside git's, by one process at a time."""

import contextlib
import os
from collections.abc import Generator
from fcntl import LOCK_EX

from dodo_hooks.core.errors import GitError
from dodo_hooks.host.files.atomic_files import unlink
from dodo_hooks.host.files.file_locks import lock


@contextlib.contextmanager
def locked(directory: str, what: str) -> Generator[None, None, None]:
    """Hold the lock on what is installed from this directory of ours.

    Raises GitError for what cannot be read or written meanwhile; `what` names the path if nothing else does.
    """
    path = f"{directory}/install.lock"
    try:
        descriptor = _locked(path)
        try:
            yield
        finally:
            unlink(path)
            with contextlib.suppress(OSError):  # there is more in it
                os.rmdir(directory)
            os.close(descriptor)
    except OSError as error:
        raise GitError(f"cannot change the hooks: {error.filename or what}: {error.strerror}") from error


def _locked(path: str) -> int:
    """Return a descriptor that has the lock on the file of this name, which its holder removes at the end."""
    while True:
        with contextlib.suppress(FileExistsError):
            os.mkdir(os.path.dirname(path))
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except FileNotFoundError:  # the directory has just been removed
            continue
        lock(descriptor, LOCK_EX)
        # A lock on a file that has lost its name keeps nobody out.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        os.close(descriptor)
