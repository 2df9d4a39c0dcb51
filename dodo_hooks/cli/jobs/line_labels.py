"""The merged output of several jobs: whole lines, each after the name of its job, in bytes."""

from __future__ import annotations

LONGEST_LINE = 1 << 16  # bytes; a longer line is cut, so that it is not kept in memory


class Labelled:
    """The output of one job with a label before each line. The output comes in pieces that end anywhere."""

    def __init__(self, label: str) -> None:
        self._label = label.encode("utf-8", "backslashreplace")
        self._rest = b""

    def take(self, piece: bytes) -> bytes:
        """Return the complete lines. The rest waits for its end, so that no other job's line gets into it."""
        whole, newline, self._rest = (self._rest + piece).rpartition(b"\n")
        lines = whole.split(b"\n") if newline else []
        while len(self._rest) > LONGEST_LINE:
            lines.append(self._rest[:LONGEST_LINE])
            self._rest = self._rest[LONGEST_LINE:]
        return b"".join(self._label + line + b"\n" for line in lines)

    def end(self) -> bytes:
        """Return the rest when the job has ended: a last line without a newline."""
        rest, self._rest = self._rest, b""
        return self._label + rest + b"\n" if rest else b""
