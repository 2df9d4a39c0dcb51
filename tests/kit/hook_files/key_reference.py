"""The generator of docs/keys.md, from the models (C1).

`PYTHONPATH=tests python -m kit.hook_files.key_reference` in a checkout writes it and loader/hooks.schema.json: run it
when a key has changed. Tests compare both with what it would write.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from dodo_hooks.loader.schema.file_models import BODIES, USER_BODIES
from dodo_hooks.loader.schema.key_docs import SCHEMA_FILE, Key
from kit.hook_files.json_schema import default_of, keys_of, says, schema_text

_HEADINGS = {
    "file": "The file",
    "log": "`log` of the file",
    "hook": "A hook, or a task",
    "setup": "An item of `setup`",
    "job": "A job",
    "group": "`group` of a job",
    "job log": "`log` of a job",
    "condition": "A condition of `skip` or `only`",
    "pattern": "A pattern that is a map",
    "concurrency": "`concurrency`",
    "share": "An item of `share` that is a map",
    "notify": "`notify`, in your own configuration",
}
_INTRODUCTION = """\
# Keys

Every key of a hook file, as the program knows it. [The hook file](hook-file.md) says what they do together.

- A *duration* is a whole number and one of `ms`, `s`, `m`, `h`, `d`: `90s`.
- A *size* is a whole number and one of `B`, `KB`, `MB`, `GB`, which are 1024 of each other: `10MB`.
- A *pattern* is a glob, as a text, or a map with `regex`, or with `glob` and `ignore_case`.
- A *condition* is `merge`, `rebase`, `merge-commit`, the name of a variable, or a map.
- The last column names the other tools whose hook files have a key of this name.
"""


def reference_text() -> str:
    """Return the text of docs/keys.md."""
    bodies = {**BODIES, "notify": USER_BODIES["notify"]}
    sections = (f"## {_HEADINGS[level]}\n\n{_about(body)}\n\n{_table(body)}" for level, body in bodies.items())
    return "\n".join([_INTRODUCTION, *sections])


def _about(body: type) -> str:
    return " ".join((body.__doc__ or "").split())


def _table(body: type) -> str:
    rows = ["| key | type | default | means | example | also in |", "| --- | --- | --- | --- | --- | --- |"]
    return "\n".join([*rows, *_rows(body)]) + "\n"


def _rows(body: type) -> Iterator[str]:
    for key, field, said in keys_of(body):
        default = said.default or ("needed" if field.is_required() else _shown(default_of(field)))
        cells = [f"`{key}`", says(field), default, said.means, _example(said), ", ".join(said.tools)]
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _shown(default: object) -> str:
    if default is None:
        return ""
    return f"`{default if isinstance(default, str) else json.dumps(default).replace(chr(34), '')}`"


def _example(said: Key) -> str:
    return "<br>".join(f"`{line}`" for line in said.example.splitlines())


def main() -> None:
    """Write docs/keys.md and hooks.schema.json."""
    reference = Path(__file__).parents[3] / "docs" / "keys.md"
    reference.write_text(reference_text(), encoding="utf-8")
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
