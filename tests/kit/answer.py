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


Cli = Callable[..., Answer]  # cli(*argv, cwd=..., **variables)
