"""One entry of the output cache: what it says about itself, packs, and removal (K9; HOT). See output_cache.py."""

from fcntl import LOCK_EX, LOCK_NB

from dodo_hooks.host.files.clone import HARDLINK, LINKS
from dodo_hooks.host.files.file_locks import lock_directory
from dodo_hooks.host.files.file_tree import remove_tree
from dodo_hooks.host.posix import encode_path, os, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NEW, GONE = ".new-", ".gone-"
_SMALL = 64 << 10  # bytes of a file that is packed
_PACK = 1 << 20  # bytes of a pack: it is read as a whole
_MOST_FILES = 500  # of a pack: packs are shared out among processes


def read_about(path: str) -> "tuple[int, str, list[int]]":
    """Return the bytes that an entry takes, how its files were linked, and their sizes. Raises OSError, ValueError."""
    size, _, rest = read_file(f"{path}/about").decode("ascii").partition(" ")
    link, mark, sizes = rest.partition("\n")
    if link not in LINKS or not mark:
        raise ValueError("not made by this version")
    return int(size), link, [*map(int, sizes.split())]


def packs_of(sizes: "Sequence[int]", link: str) -> "Iterator[tuple[int, int]]":
    """Yield the files of each pack, as the number of the first and of the one after the last."""
    first = total = 0
    for number, size in enumerate(sizes):
        is_alone = size > _SMALL or link == HARDLINK
        if first < number and (is_alone or total + size > _PACK or number - first == _MOST_FILES):
            yield first, number
            first, total = number, 0
        if is_alone:
            yield number, number + 1
            first = number + 1
        else:
            total += size
    if first < len(sizes):
        yield first, len(sizes)


def remove_stored(path: str) -> bool:
    """Remove an entry, unless it is being restored; return whether it is gone."""
    try:
        lock = lock_directory(path, LOCK_EX | LOCK_NB)
    except OSError:
        return False
    try:
        gone = f"{path.rpartition('/')[0]}/{GONE}{os.urandom(8).hex()}"
        os.rename(path, gone)
        remove_tree(encode_path(gone))
        return True
    except OSError:  # another process was faster, or the file system is read-only
        return False
    finally:
        os.close(lock)
