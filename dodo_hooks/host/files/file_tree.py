"""All that is below a folder (HOT)."""

from dodo_hooks.host.files.file_owner import inherit_owner_of
from dodo_hooks.host.posix import S_ISDIR, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def walk(path: bytes) -> "Iterator[bytes]":
    """Yield the folder and then all that is in it.

    No link is followed. What is in a folder that cannot be read is left out.
    """
    yield path
    try:
        with os.scandir(path) as found:
            children = list(found)
    except OSError:
        return
    for child in children:
        if child.is_dir(follow_symlinks=False):
            yield from walk(child.path)
        else:
            yield child.path


def walk_below(path: bytes) -> "Iterator[os.DirEntry[bytes]]":
    """Yield all that is below a folder, each folder before what is in it.

    Raises:
        OSError: a folder cannot be listed.
    """
    folders = [path]
    while folders:
        with os.scandir(folders.pop()) as listed:
            for child in listed:
                yield child
                if child.is_dir(follow_symlinks=False):
                    folders.append(child.path)


def remove_tree(path: bytes) -> bool:
    """Remove a folder with all that is in it, or a file; return whether nothing is left."""
    try:
        os.unlink(path)
        return True
    except FileNotFoundError:
        return True
    except OSError:  # a folder: EISDIR or, by POSIX, EPERM
        pass
    folders = [path]
    try:
        for folder in folders:  # which grows
            _make_writable(folder)
            with os.scandir(folder) as listed:
                for child in listed:
                    if child.is_dir(follow_symlinks=False):
                        folders.append(child.path)
                    else:
                        os.unlink(child.path)
        for folder in reversed(folders):
            os.rmdir(folder)
    except OSError:
        return False
    return True


def _make_writable(folder: bytes) -> None:
    status = os.lstat(folder)
    if status.st_mode & 0o170700 != 0o040700 and S_ISDIR(status.st_mode):
        os.chmod(folder, 0o700)


def inherit_owner_below(path: bytes) -> None:
    """Do the same as `inherit_owner_of`, for this folder and all that is in it, which git has made for us."""
    if os.geteuid() == 0:
        for name in walk(path):
            inherit_owner_of(name)
