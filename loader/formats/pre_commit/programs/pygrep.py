"""The language `pygrep`: what matches a regular expression is printed, and fails (P3).

Usage: pygrep.py FLAGS PATTERN [FILE]... FLAGS has the letters i (any case), m (across lines), n (fail where nothing
matches), or none of them. It prints what pre-commit 4.7 does (languages/pygrep.py).
"""

import os
import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import Pattern


def main(flags: str, pattern: str, *files: str) -> int:
    options = (re.IGNORECASE if "i" in flags else 0) | (re.MULTILINE | re.DOTALL if "m" in flags else 0)
    expression = re.compile(os.fsencode(pattern), options)
    code = 0
    for file in files:
        found = _matches(expression, file, "m" in flags)
        if "n" in flags:
            if not any(True for _ in found):
                _print(os.fsencode(file))
                code = 1
            continue
        for line, text in found:
            _print(b"%s:%d:%s" % (os.fsencode(file), line, text))
            code = 1
    return code


def _matches(expression: "Pattern[bytes]", file: str, is_whole: bool) -> "list[tuple[int, bytes]]":
    """Return the number and the text of each line that matches; of a whole file only the first match."""
    with open(file, "rb") as opened:
        if not is_whole:
            return [(n, line.rstrip(b"\r\n")) for n, line in enumerate(opened, 1) if expression.search(line)]
        content = opened.read()
    match = expression.search(content)
    if match is None:
        return []
    before = content[: match.start()].count(b"\n")
    lines = match[0].split(b"\n")
    lines[0] = content.split(b"\n")[before]
    return [(before + 1, b"\n".join(lines))]


def _print(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    try:
        code = main(*sys.argv[1:])
    except OSError as error:
        code = 1
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
    sys.exit(code)
