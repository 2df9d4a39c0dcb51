"""A lefthook.yml of a few lines, and its translation."""

import textwrap

from dodo_hooks.loader.formats.lefthook.lefthook_file import translate
from kit.nodes import tree


def diagnostics(text: str) -> list[str]:
    """Return the notices (N) and the findings (F) with their locations."""
    translation = translate(tree(text))
    notices = [f"N {one.mark.line}:{one.mark.column} {one.message}" for one in translation.notices]
    return notices + [f"F {one.mark.line}:{one.mark.column} {one.who}: {one.message}" for one in translation.findings]


def pre_commit(body: str, name: str = "pre-commit") -> str:
    """Return a file with one hook, whose body begins in line 2, column 3."""
    return f"{name}:\n{textwrap.indent(textwrap.dedent(body), '  ')}"
