"""The byte code of all hot modules in one file (HOT).

Python searches directories for each module, opens its `.pyc`, compares that with its source, and makes a spec: 0.14 ms
a module. Forty small modules, which are good to read, would cost as much as starting the interpreter. So `install`
writes what they compile to, without docstrings, into one file beside the launcher, and from there a module takes 0.04.

The file begins with the length of its head, which is a tuple as marshal has it: the Python that may read it, the code
of this very module, and an index: the place of each module, in the bytes that marshal reads fastest. The launcher
compares the first, runs the second, and calls `start` with the third. Behind the head lie the pieces: modules that are
needed together are read together, so that marshal has the strings which they share only once. Each other module is a
piece of its own.

The file is never trusted blindly: a module is taken from it only while size and time of its source are what they were;
all others are imported as always. And the code in it is bytes until the head has been compared, since marshal promises
nothing about code from one version of Python to the next.

The file stays open, so that each piece costs one read, and an install that replaces the file changes nothing for a
hook that runs. Whose file it is, is checked where it is opened.
"""

import marshal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterable
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

    # source, its time in ns, its size, what it imports, its code
    Entry = tuple[str, int, int, tuple[str, ...], CodeType]
else:
    import posix as os

FILE = "hot.bin"  # beside the launcher
KEY = "4 " + sys.version  # the launcher compares it with its own
DIGITS = 8  # of the head's length


class Finder:
    """The finder and loader of a bundle's modules; all others are left to Python (importlib.abc)."""

    def __init__(self, path: str, file: int, base: int, index: "dict[str, bytes]") -> None:
        self._path = path
        self._file = file
        self._base = base
        self._index = index
        self._entries: dict[str, Entry] = {}

    def find_spec(self, name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        if name not in self._index or not self._load(name):
            return None
        return type(sys.__spec__)(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: "ModuleSpec") -> "ModuleType":
        return sys.modules[spec.name]

    def exec_module(self, module: "ModuleType") -> None:
        """Do nothing: `_load` has run the module."""

    def _load(self, name: str) -> bool:
        """Make and run a module, after those that it imports, so that its own import statements find them there.

        Importing each by itself would be right too, and slow: most of that time is Python's bookkeeping.
        """
        if name not in self._entries and not self._read(self._index[name]):
            return False
        source, mtime_ns, size, imports, code = self._entries[name]
        if not is_unchanged(source, mtime_ns, size):
            return False
        for other in imports:
            if other not in sys.modules:
                self._load(other)
        if name in sys.modules:
            return True
        module = type(sys)(name)
        parent, _, child = name.rpartition(".")
        module.__file__ = source
        vars(module)["__loader__"] = self
        module.__package__ = parent
        if source.endswith("/__init__.py"):
            module.__package__ = name
            module.__path__ = [source.rpartition("/")[0]]
        sys.modules[name] = module
        exec(code, module.__dict__)
        if parent:
            setattr(sys.modules[parent], child, module)
        return True

    def _read(self, place: bytes) -> bool:
        """Read a piece, and return whether it can be had.

        A process that leaves git behind closes all descriptors, and the number of ours may be another file by then, or
        none. The digest tells the piece. What is opened again may be the file of a later install, with other pieces
        in other places.
        """
        start, length, digest = _parts(place)
        for _ in range(2):
            try:
                data = os.pread(self._file, length, self._base + start)
            except OSError:
                data = b""
            if len(data) == length and data.endswith(digest):
                self._entries.update(marshal.loads(data))  # which ends before the digest
                return True
            self._file = _opened(self._path)
        return False


def start(path: str, file: int, base: int, index: "dict[str, bytes]") -> None:
    """Import from this bundle from now on. The launcher, which has opened and checked the file, calls it.

    The pieces begin at `base`.
    """
    sys.meta_path.insert(0, Finder(path, file, base, index))


def is_in_use(module: str) -> bool:
    """Return whether this module came from a bundle, and not from its own file."""
    return type(sys.modules[module].__loader__).__name__ == Finder.__name__


def made_of(pieces: "Iterable[Iterable[tuple[str, str, tuple[str, ...]]]]") -> bytes:
    """Return a bundle of these modules, each with its name, the path of its source, and what it imports of the others.

    Raises:
        OSError: a source cannot be read.
    """
    from hashlib import sha256

    index: dict[str, bytes] = {}
    codes = b""
    for piece in pieces:
        entries = {name: _entry(path, imports) for name, path, imports in piece}
        code = marshal.dumps(entries)
        digest = sha256(code).digest()
        place = len(codes).to_bytes(4, "big") + (len(code) + len(digest)).to_bytes(4, "big") + digest
        index.update(dict.fromkeys(entries, place))
        codes += code + digest
    head = marshal.dumps((KEY, marshal.dumps(_compiled(__file__)), index))
    return b"%0*d" % (DIGITS, len(head)) + head + codes


def is_current(content: bytes, modules: "Collection[str]") -> bool:
    """Return whether this bundle serves this Python, has just these modules, and all as their sources are now.

    Raises:
        ValueError, TypeError, EOFError: it is none.
    """
    base = DIGITS + int(content[:DIGITS])
    key, _, index = marshal.loads(content[DIGITS:base])
    if key != KEY or set(index) != set(modules):
        return False
    from hashlib import sha256

    for start, length, digest in {_parts(place) for place in index.values()}:
        code = content[base + start :][: length - len(digest)]
        if sha256(code).digest() != digest:  # before it is read: what is damaged may be anything
            return False
        if not all(is_unchanged(*entry[:3]) for entry in marshal.loads(code).values()):
            return False
    return True


def _parts(place: bytes) -> "tuple[int, int, bytes]":
    """Return where a piece begins, its length with the digest, and the digest."""
    return int.from_bytes(place[:4], "big"), int.from_bytes(place[4:8], "big"), place[8:]


def _opened(path: str) -> int:
    """Open the file, if only the effective user and root can have written it (section 8); -1 if it is not to be used.

    The launcher does the same. Where the bundle is not used, a hook is slower, and `doctor` reports it.
    host/files/private_files.py cannot be used here, since it is imported from the bundle.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:  # taken away meanwhile
        return -1
    stat = os.fstat(file)
    if stat.st_uid in (0, os.geteuid()) and not stat.st_mode & 0o022:
        return file
    os.close(file)
    return -1


def _entry(path: str, imports: tuple[str, ...]) -> "Entry":
    stat = os.stat(path)
    return path, stat.st_mtime_ns, stat.st_size, imports, _compiled(path)


def _compiled(path: str) -> "CodeType":
    with open(path, encoding="utf-8") as file:
        return compile(file.read(), path, "exec", dont_inherit=True, optimize=2)


def is_unchanged(source: str, mtime_ns: int, size: int) -> bool:
    """Return whether a source is still what a module was compiled from."""
    try:
        stat = os.stat(source)
    except OSError:
        return False
    return stat.st_mtime_ns == mtime_ns and stat.st_size == size
