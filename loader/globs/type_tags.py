"""The tags of `types`, `types_or` and `exclude_types`: those of the library `identify`, and its tables for the plan.

It is imported where a hook file names such a tag, and never at the prompt: `core/files/file_tags.py` reads the tables.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dodo_hooks.core.files.file_tags import TagTables
from dodo_hooks.core.text.nearest import did_you_mean
from dodo_hooks.core.text.terminal_text import quote

if TYPE_CHECKING:
    from dodo_hooks.core.files.file_tags import Tags


def type_tag(word: str) -> str:
    """Return a tag that a file can have. Raises ValueError: no file has this one."""
    from identify.identify import ALL_TAGS

    if word not in ALL_TAGS:
        near = did_you_mean(word, sorted(ALL_TAGS)) or " (`pip install --upgrade identify` may know it)"
        raise ValueError(f"no file has the type {quote(word)}{near}")
    return word


def library_folder() -> str:
    """Return the folder that the library lies in."""
    import identify

    return str(Path(identify.__file__).parents[1])


@cache
def tag_tables() -> TagTables:
    """Return the tables of the installed library."""
    from identify import extensions, interpreters

    # Equal sets are shared, so that the plan has each once.
    shared: dict[Tags, Tags] = {}

    def table(*parts: Mapping[str, Iterable[str]]) -> "dict[str, Tags]":
        entries = [(word, frozenset(tags)) for part in parts for word, tags in sorted(part.items())]
        return {word: shared.setdefault(tags, tags) for word, tags in entries}

    return TagTables(
        table(extensions.EXTENSIONS_NEED_BINARY_CHECK, extensions.EXTENSIONS),  # the latter win
        table(extensions.NAMES),
        table(interpreters.INTERPRETERS),
    )
