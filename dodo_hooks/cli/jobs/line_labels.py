"""The outputs of several jobs as one: whole lines, each behind the name of its job, in bytes."""

from __future__ import annotations

LONGEST_LINE = 1 << 16  # what a job writes without ever ending a line is cut, so that it is not all kept in memory


class Labelled:
    """Puts a label before each line of one job's output, which comes in pieces that end anywhere."""

    def __init__(self, label: str) -> None:
        self._label = label.encode("utf-8", "backslashreplace")
        self._rest = b""

    def take(self, piece: bytes) -> bytes:
        """The lines that are whole now. The last one waits for its end, so that no other job's line gets into it."""
        whole, newline, self._rest = (self._rest + piece).rpartition(b"\n")
        lines = whole.split(b"\n") if newline else []
        while len(self._rest) > LONGEST_LINE:
            lines.append(self._rest[:LONGEST_LINE])
            self._rest = self._rest[LONGEST_LINE:]
        return b"".join(self._label + line + b"\n" for line in lines)

    def end(self) -> bytes:
        """What is left when the job has ended: a last line that nobody ended."""
        rest, self._rest = self._rest, b""
        return self._label + rest + b"\n" if rest else b""


def labels(names: list[str]) -> list[str]:
    """`deps  | `: names of one width."""
    width = max(map(len, names), default=0)
    return [f"{name:<{width}} | " for name in names]
