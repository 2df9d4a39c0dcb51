"""One entry of the output cache: what it says about itself, and its removal (K9; HOT). See output_cache.py."""

from fcntl import LOCK_EX, LOCK_NB

from dodo_hooks.host.files.clone import LINKS
from dodo_hooks.host.files.file_locks import lock_directory
from dodo_hooks.host.files.file_tree import remove_tree
from dodo_hooks.host.posix import encode_path, os, read_file

NEW, GONE = ".new-", ".gone-"


def remove_stored(path: str) -> bool:
    """Remove an entry, unless it is being restored; return whether it is gone."""
    try:
        lock = lock_directory(path, LOCK_EX | LOCK_NB)
    except OSError:
        return False
    try:
        folder, _, _ = path.rpartition("/")
        gone = f"{folder}/{GONE}{os.urandom(8).hex()}"
        os.rename(path, gone)
        remove_tree(encode_path(gone))
        return True
    except OSError:  # another process was faster, or the file system is read-only
        return False
    finally:
        os.close(lock)


def read_about(path: str) -> "tuple[int, str]":
    """Return the bytes that an entry takes, and how its files were linked. Raises OSError, or ValueError."""
    size, _, link = read_file(f"{path}/about").decode("ascii").partition(" ")
    if link not in LINKS:
        raise ValueError("neither a reflink, a copy nor a hard link")
    return int(size), link
