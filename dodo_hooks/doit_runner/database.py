"""The dependency database of doit as we keep it: one file that several programs may change at once (section 5; HOT).

doit imports this module by an entry point in every command of the Python environment, so it needs the standard library
and doit alone.
"""

from __future__ import annotations

import fcntl
import os

from doit.dependency import DatabaseException, Dependency, JsonDB  # type: ignore[import-untyped]
from doit.exceptions import InvalidCommand  # type: ignore[import-untyped]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def open_database(path: str) -> Dependency:
    """Return doit's dependency manager over the database at `path`, which is made at the first change."""
    from dodo_hooks.core.text import json_text

    class Codec:
        """JSON as doit's own codec has it, without `import json`."""

        encode = staticmethod(json_text.json_text)
        decode = staticmethod(json_text.parse_json)

    return Dependency(HookDB, path, codec_cls=Codec)


class HookDBError(DatabaseException, InvalidCommand):  # type: ignore[misc]
    """The error of a database that cannot be read or written.

    doit prints an InvalidCommand as one line, and exits with 3.
    """


class HookDB(JsonDB):  # type: ignore[misc]
    """The dependency database of doit as one JSON file that several programs may change at the same time.

    Changes are kept in memory, and `flush` applies them to the present content of the file, so that nobody's rows are
    lost. Call `flush` after every job: the finished jobs of a killed run are then known. No descriptor is open between
    two calls, so a fork inherits none.
    """

    def __init__(self, name: str, codec: Any, *, module_name: str | None = None) -> None:
        self._has_reported_damage = False
        self._cleared = False
        self._removed: set[str] = set()
        self._has_removed = False  # a row that was in memory
        self._changed: dict[str, dict[str, Any]] = {}
        self._seen: tuple[int, int, int] | None = None  # the file that `_db` was read from, or written to
        self._db: dict[str, dict[str, Any]]
        super().__init__(os.path.abspath(name), codec, module_name=module_name)  # the program may change directory

    def set(self, task_id: str, dependency: str, value: Any) -> None:
        super().set(task_id, dependency, value)
        self._changed.setdefault(task_id, {})[dependency] = value

    def remove(self, task_id: str) -> None:
        self._has_removed |= task_id in self._db
        super().remove(task_id)
        self._changed.pop(task_id, None)
        self._removed.add(task_id)  # also when it is not in memory: another program may have written it since

    def remove_all(self) -> None:
        super().remove_all()
        self._cleared = True
        self._removed.clear()
        self._changed.clear()

    def flush(self) -> None:
        """Apply the changes to the file, and read its other rows; no file is made if nothing has changed.

        Raises:
            HookDBError: the file or its directory cannot be written. The changes are kept then.
        """
        if not (self._cleared or self._changed or self._has_removed) and (not self._removed or self._is_as_read()):
            self._removed.clear()
            return
        from dodo_hooks.core.errors import StoreError  # here, so that other projects do not pay for it
        from dodo_hooks.host.files.atomic_files import make_private_directory, replace_unlocked
        from dodo_hooks.host.files.file_locks import lock

        try:
            make_private_directory(os.path.dirname(self.name))  # each level of it, unlike the mode of `os.makedirs`
            # A file beside the database, which itself is another file after every flush.
            descriptor = os.open(self.name + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                lock(descriptor, fcntl.LOCK_EX)  # where locks do not work, the later of two writers wins
                rows = self._applied({} if self._cleared or not os.path.exists(self.name) else self._load())
                # There are file systems where locking does nothing.
                replace_unlocked(self.name, self.codec.encode(rows).encode())
                self._seen = self._stamp()
            finally:
                os.close(descriptor)
        except StoreError as error:
            raise HookDBError(str(error)) from error
        except OSError as error:
            raise HookDBError(f"cannot write {self.name}: {error.strerror}") from error
        self._db = rows
        self._cleared = self._has_removed = False
        self._removed.clear()
        self._changed.clear()

    dump = flush  # doit calls it at the end of a command

    def _is_as_read(self) -> bool:
        """Return whether no other program has written the file, so that it lacks what is not in memory."""
        return self._stamp() == self._seen

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self.name)
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _applied(self, rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for task_id in self._removed:
            rows.pop(task_id, None)
        for task_id, row in self._changed.items():
            rows.setdefault(task_id, {}).update(row)
        return rows

    def _load(self) -> dict[str, dict[str, Any]]:
        """Return the rows of the file; none if it is damaged, which is reported once.

        That costs a few runs of jobs that were up to date. The next flush replaces a damaged file.

        Raises:
            HookDBError: the file cannot be read.
        """
        from dodo_hooks.host.posix import read_file  # of a FIFO nothing: doit's own would wait for ever

        self._seen = self._stamp()
        try:
            rows: Any = self.codec.decode(read_file(self.name).decode())
        except OSError as error:
            raise HookDBError(f"cannot read {self.name}: {error.strerror}") from error
        except ValueError:
            rows = None
        if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
            if not self._has_reported_damage:
                from dodo_hooks.host.console import say

                say(f"ignored damaged database {self.name}: jobs that were up to date run again")
            self._has_reported_damage = True
            return {}
        return rows
