"""Diagnostics: one type for all that is wrong or worth knowing, from the loader to the screen (C2).

A fired hook that has nothing to report does not import this file.
"""

from dodo_hooks.core.named_tuple import Record

ERROR = "error"  # it cannot be used
WARNING = "warning"  # a job does not do what it says
NOTE = "note"  # worth knowing


def with_fix(message: str, fix: str) -> str:
    """Return what people read: the message, and behind it what to do."""
    return f"{message}; {fix}" if fix else message


class DiagnosticError(Exception):
    """An error with the two parts that its diagnostic will have."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message, fix)
        self.message, self.fix = message, fix

    def __str__(self) -> str:
        return with_fix(self.message, self.fix)


class InvalidValue(DiagnosticError, ValueError):
    """A value that cannot be used; `loader/schema/model_errors.py` collects them, and adds their paths."""


def parts_of(error: Exception) -> "tuple[str, str]":
    """Return the message and the fix of an error."""
    return (error.message, error.fix) if isinstance(error, DiagnosticError) else (str(error), "")


class Location(Record):
    """A line and a column of a file. Both count from 1, and are 0 where only the file is known."""

    file: str = ""  # as users know it; "" where it is about no file
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Diagnostic(Record):
    """One error, warning or note."""

    location: Location
    message: str
    subject: str = ""  # the hook, the job or the check that it is about
    severity: str = ERROR
    fix: str = ""  # what to do, never a part of the message; "" where that alone is clear enough
    source: str = ""  # the line of the file, for a caret below it; "" where it is not known

    @property
    def text(self) -> str:
        """The message with the job or the hook of the file that it is about, and the fix."""
        subject = f"{self.subject}: " if self.subject and self.location.file else ""
        return subject + with_fix(self.message, self.fix)

    @property
    def sentence(self) -> str:
        """All that people read of it, in one line."""
        return f"{self.location}: {self.text}" if self.location.file else self.text

    def fields(self) -> "dict[str, str | int]":
        """Return what programs read of it."""
        said = self._asdict()
        return {**self.location._asdict(), **{name: said[name] for name in ("severity", "subject", "message", "fix")}}
