"""All that is below a folder (HOT)."""

from dodo_hooks.host.files.file_owner import inherit_owner_of
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def walk(path: bytes) -> "Iterator[tuple[bytes, bool]]":
    """Yield the folder and then all that is in it, each with whether it is a folder.

    No link is followed. What is in a folder that cannot be read is left out.
    """
    yield path, True
    try:
        with os.scandir(path) as found:
            children = list(found)
    except OSError:
        return
    for child in children:
        if child.is_dir(follow_symlinks=False):
            yield from walk(child.path)
        else:
            yield child.path, False


def remove_tree(path: bytes) -> None:
    """Remove a directory as far as possible: what stays is in nobody's way."""
    for name, is_folder in reversed([*walk(path)]):
        try:
            (os.rmdir if is_folder else os.unlink)(name)
        except OSError:
            pass


def inherit_owner_below(path: bytes) -> None:
    """Do the same as `inherit_owner_of`, for this folder and all that is in it, which git has made for us."""
    if os.geteuid() == 0:
        for name, _ in walk(path):
            inherit_owner_of(name)
