"""Diagnostics: one type for all that is wrong or worth knowing, from the loader to the screen (C2).

A fired hook that has nothing to report does not import this file.
"""

from dodo_hooks.core.named_tuple import Record

ERROR = "error"  # it cannot be used
WARNING = "warning"  # a job does not do what it says
NOTE = "note"  # worth knowing


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
    fix: str = ""  # what to do; "" where the message says it
    source: str = ""  # the line of the file, for a caret below it; "" where it is not known

    @property
    def text(self) -> str:
        """The message with the job or the hook of the file that it is about."""
        return f"{self.subject}: {self.message}" if self.subject and self.location.file else self.message

    @property
    def sentence(self) -> str:
        """All that people read of it, in one line."""
        place = f"{self.location}: " if self.location.file else ""
        return f"{place}{self.text}; {self.fix}" if self.fix else f"{place}{self.text}"

    def fields(self) -> "dict[str, str | int]":
        """Return what programs read of it."""
        said = self._asdict()
        return {**self.location._asdict(), **{name: said[name] for name in ("severity", "subject", "message", "fix")}}
