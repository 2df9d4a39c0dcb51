"""A lefthook.yml of a few lines, and its translation."""

import textwrap

from dodo_hooks.core.diagnostics import ERROR, Diagnostic
from dodo_hooks.loader.formats.lefthook.lefthook_file import translate
from kit.nodes import tree


def diagnostics(text: str) -> list[str]:
    """Return the notes (N), the warnings (W) and the errors (E) with their locations."""
    found = translate(tree(text)).diagnostics
    return [f"{one.severity[0].upper()} {one.location.line}:{one.location.column} {_said(one)}" for one in found]


def _said(one: Diagnostic) -> str:
    return f"{one.subject}: {one.message}" if one.severity == ERROR else one.message


def pre_commit(body: str, name: str = "pre-commit") -> str:
    """Return a file with one hook, whose body begins in line 2, column 3."""
    return f"{name}:\n{textwrap.indent(textwrap.dedent(body), '  ')}"
