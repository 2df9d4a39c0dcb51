"""A lefthook.yml of a few lines, and its translation."""

import textwrap
from typing import Any

from dodo_hooks.loader.formats.lefthook.lefthook_file import translate
from kit.hook_files.nodes import describe_diagnostics, plain, tree


def diagnostics(text: str) -> list[str]:
    """Return the notes (N), the warnings (W) and the errors (E) with their locations."""
    return describe_diagnostics(translate(tree(text)).diagnostics)


def translated(text: str) -> Any:
    """Return the hook file that it becomes, as plain values."""
    return plain(translate(tree(text)).root)


def pre_commit(body: str, name: str = "pre-commit") -> str:
    """Return a file with one hook, whose body begins in line 2, column 3."""
    return f"{name}:\n{textwrap.indent(textwrap.dedent(body), '  ')}"
