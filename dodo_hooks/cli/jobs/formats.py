"""The formats of `dodo-hooks jobs` for programs: json, ndjson, yaml, tsv, csv.

The first three have every field of the records, tsv and csv one row for each job with the fields in `COLUMNS`. Fields
keep their names, their meaning and, in tsv and csv, their order; new ones come last.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from dodo_hooks.cli.jobs.run_table import Run
from dodo_hooks.cli.terminal_table import UNPRINTABLE, say

COLUMNS = (
    "repository",
    "invocation",
    "hook",
    "trigger",
    "worktree",
    "branch",
    "job",
    "phase",
    "status",
    "cause",
    "reason",
    "need",
    "root_cause",
    "exit_code",
    "signal",
    "started_at",
    "finished_at",
    "duration_s",
    "log_bytes",
    "directory",
    "command",
)
_SHORT_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def print_json(runs: Iterable[Run]) -> None:
    """Print one array, in ASCII, so that bytes that are no text survive as lone surrogates."""
    say(json.dumps([_record(run) for run in runs], indent=2))


def print_ndjson(runs: Iterable[Run]) -> None:
    """Print each run as the object of json in one line, as soon as the run is read."""
    for run in runs:
        say(json.dumps(_record(run)))


def print_yaml(runs: Iterable[Run]) -> None:
    """Print the objects of json as a YAML sequence."""
    is_empty = True
    for run in runs:
        is_empty = False
        for line in _yaml_lines([_record(run)]):
            say(line)
    if is_empty:
        say("[]")


def print_tsv(runs: Iterable[Run]) -> None:
    for cells in _table(runs):
        say("\t".join(map(escape_cell, cells)))


def print_csv(runs: Iterable[Run]) -> None:
    """Print RFC 4180, with two exceptions: lines end in a newline alone, and line breaks in cells are escaped."""
    for cells in _table(runs):
        say(",".join(_csv_cell(escape_cell(cell)) for cell in cells))


FORMATS: Mapping[str, Callable[[Iterable[Run]], None]] = {
    "json": print_json,
    "ndjson": print_ndjson,
    "tsv": print_tsv,
    "csv": print_csv,
    "yaml": print_yaml,
}


def escape_cell(text: str) -> str:
    """Return the text with everything escaped that ends a line or a cell, or that controls a terminal.

    A backslash is doubled. Tab, newline and carriage return are `\\t`, `\\n`, `\\r`. Other control characters below
    U+0080, and bytes that are no UTF-8, are `\\xHH`. The control characters and separators above are `\\uHHHH`. So the
    text can be decoded again.
    """
    return "".join(map(_escape_character, text))


def _escape_character(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if (character.isascii() and character.isprintable()) or unicodedata.category(character) not in UNPRINTABLE:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that could not be decoded (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}"


def _csv_cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text


def _table(runs: Iterable[Run]) -> Iterator[Sequence[str]]:
    yield COLUMNS
    for run in runs:
        of_run = {**run.invocation._asdict(), "repository": run.repository, "invocation": run.invocation.id}
        for job in run.jobs:
            fields = {**of_run, **job._asdict(), "job": job.name}
            yield ["" if fields[column] is None else str(fields[column]) for column in COLUMNS]


def _record(run: Run) -> dict[str, Any]:
    jobs = [{**job._asdict(), "env": dict(job.env)} for job in run.jobs]
    return {"repository": run.repository, **run.invocation._asdict(), "jobs": jobs}


def _yaml_lines(value: Any, indent: str = "") -> Iterator[str]:
    """Yield the lines of a list or map that is not empty, in YAML's block style, with every text in double quotes."""
    entries = value.items() if isinstance(value, dict) else [(None, one) for one in value]
    for key, one in entries:
        head = f"{indent}-" if key is None else f"{indent}{_yaml_scalar(key)}:"
        if isinstance(one, Mapping | list | tuple) and one:
            below = list(_yaml_lines(one, f"{indent}  "))
            if key is None:  # the first line of an item stands behind its dash
                yield f"{head} {below[0].lstrip()}"
                yield from below[1:]
            else:
                yield head
                yield from below
        else:
            yield f"{head} {_yaml_scalar(one)}"


def _yaml_scalar(value: Any) -> str:
    if isinstance(value, str):
        return '"' + "".join(map(_yaml_character, value)) + '"'
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    return json.dumps(value)


def _yaml_character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    code = ord(character)
    if character.isprintable():
        return character
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
