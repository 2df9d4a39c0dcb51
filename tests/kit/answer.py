"""What a command of `dodo-hooks`, run in the test's own process, has said."""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """Bytes that are no UTF-8 are surrogates in it."""

    code: int
    out: str
    err: str

    def rows(self) -> list[list[str]]:
        """The table below its heads; a column ends where two blanks are."""
        return [re.split(" {2,}", line) for line in self.out.splitlines()[1:]]

    def runs(self) -> list[tuple[list[str], list[list[str]]]]:
        """What `jobs` lists: for each run the parts of its heading, and the cells of its rows."""
        found: list[tuple[list[str], list[list[str]]]] = []
        for line in self.out.splitlines():
            if line.startswith(" "):
                found[-1][1].append(re.split(" {2,}", line.strip()))
            else:
                found.append((line.split(" \u00b7 "), []))
        return found

    def ids(self) -> list[str]:
        """The runs that `jobs -v` lists."""
        return [heading[0] for heading, _ in self.runs()]


Cli = Callable[..., Answer]  # cli(*argv, cwd=..., **variables)
