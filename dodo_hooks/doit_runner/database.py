"""doit's dependency database as we keep it: one file that several programs may change at once (section 5).

doit imports this module by an entry point in every command of the Python environment, so it needs the standard library
and doit alone.
"""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

from doit.dependency import DatabaseException, Dependency, JsonDB  # type: ignore[import-untyped]
from doit.exceptions import InvalidCommand  # type: ignore[import-untyped]


def open_database(path: str) -> Dependency:
    """doit's dependency manager over the database at `path`, which is made when there is something to keep."""
    return Dependency(HookDB, path)


class HookDBError(DatabaseException, InvalidCommand):  # type: ignore[misc]
    """The database cannot be read or written. doit shows an InvalidCommand as one line and answers with 3."""


class HookDB(JsonDB):  # type: ignore[misc]
    """doit's dependency database as one JSON file that several programs may change at the same time.

    What was set and removed is noted, and `flush` applies just that to what the file holds by then, so that nobody's
    rows are lost. Call it after every job: what a killed run had finished is then known. No descriptor is open between
    two calls, so a fork inherits none.
    """

    def __init__(self, name: str, codec: Any, *, module_name: "str | None" = None) -> None:
        self._told_damage = False
        self._cleared = False
        self._removed: set[str] = set()
        self._changed: dict[str, dict[str, Any]] = {}
        self._db: dict[str, dict[str, Any]]
        super().__init__(os.path.abspath(name), codec, module_name=module_name)  # the program may change directory

    def set(self, task_id: str, dependency: str, value: Any) -> None:
        super().set(task_id, dependency, value)
        self._changed.setdefault(task_id, {})[dependency] = value

    def remove(self, task_id: str) -> None:
        super().remove(task_id)
        self._changed.pop(task_id, None)
        self._removed.add(task_id)  # also when it is not in memory: another program may have written it since

    def remove_all(self) -> None:
        super().remove_all()
        self._cleared = True
        self._removed.clear()
        self._changed.clear()

    def dump(self) -> None:
        """What doit calls at the end of a command."""
        self.flush()

    def flush(self) -> None:
        """Bring the file and the memory up to date with each other; no file is made when there is nothing to write.

        Raises HookDBError where the file or its directory cannot be written. What was noted is kept then.
        """
        if not (self._cleared or self._removed or self._changed):
            return
        from dodo_hooks.host.files.atomic_files import (
            make_private_directory,  # here, so that other projects do not pay for it
        )

        try:
            make_private_directory(os.path.dirname(self.name))  # all of it, which a mode of `os.makedirs` does not do
            with _locked(self.name + ".lock"):
                rows = self._applied({} if self._cleared or not os.path.exists(self.name) else self._load())
                self._replace_file(rows)
        except OSError as error:
            raise HookDBError(f"cannot write {self.name}: {error.strerror}") from error
        self._db = rows
        self._cleared = False
        self._removed.clear()
        self._changed.clear()

    def _applied(self, rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for task_id in self._removed:
            rows.pop(task_id, None)
        for task_id, row in self._changed.items():
            rows.setdefault(task_id, {}).update(row)
        return rows

    def _load(self) -> dict[str, dict[str, Any]]:
        """The rows of the file. One that is damaged counts as empty, which costs no more than a few runs of jobs that
        were up to date, and is said once; it is replaced by the next flush."""
        try:
            rows: Any = super()._load()
        except OSError as error:
            raise HookDBError(f"cannot read {self.name}: {error.strerror}") from error
        except DatabaseException:
            rows = None
        if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
            if not self._told_damage:
                from dodo_hooks.host.console import say

                say(f"{self.name} is damaged: what doit knew about the jobs is forgotten")
            self._told_damage = True
            return {}
        return rows

    def _replace_file(self, rows: dict[str, dict[str, Any]]) -> None:
        # The name is our own even though we hold the lock: there are file systems where locking does nothing.
        temporary = f"{self.name}.{os.getpid()}.tmp"
        try:
            with open(temporary, "w", encoding="utf-8", opener=_private) as file:
                file.write(self.codec.encode(rows))
            os.replace(temporary, self.name)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)
            raise


@contextmanager
def _locked(path: str) -> Generator[None, None, None]:
    """Only one program at a time gets past this. The file beside the database is locked, not the database itself,
    which is another file after every flush."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with suppress(OSError):  # where locks do not work, the later of two writers at the same moment wins
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
