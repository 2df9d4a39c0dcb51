"""The output of a `dodo-hooks` command that is run in the test's own process."""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """The exit code and the output of a command; bytes that are no UTF-8 are surrogates."""

    code: int
    out: str
    err: str

    def rows(self) -> list[list[str]]:
        """Return the table below its heads; two blanks end a column."""
        return [re.split(" {2,}", line) for line in self.out.splitlines()[1:]]

    def runs(self) -> list[tuple[list[str], list[list[str]]]]:
        """Return the list of `jobs`: for each run the parts of its heading, and the cells of its rows."""
        found: list[tuple[list[str], list[list[str]]]] = []
        for line in self.out.splitlines():
            if line.startswith(" "):
                found[-1][1].append(re.split(" {2,}", line.strip()))
            else:
                found.append((line.split(" \u00b7 "), []))
        return found

    def ids(self) -> list[str]:
        """Return the ids of the runs that `jobs -v` lists."""
        return [heading[0] for heading, _ in self.runs()]


Cli = Callable[..., Answer]  # cli(*argv, cwd=..., **variables)
