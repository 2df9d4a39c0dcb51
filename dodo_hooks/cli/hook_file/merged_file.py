"""A hook file with its layers merged, as the text of one hook file of ours."""

from __future__ import annotations

from typing import NamedTuple

from dodo_hooks.cli.repository import print_once
from dodo_hooks.core.diagnostics import Diagnostic
from dodo_hooks.core.errors import ConfigError
from dodo_hooks.core.plan import Plan
from dodo_hooks.loader.formats.literal_braces import with_escaped_braces
from dodo_hooks.loader.layers.discover import Found
from dodo_hooks.loader.load import load, load_with_tree
from dodo_hooks.loader.read.comments import attach_comments, read_comments
from dodo_hooks.loader.read.nodes import MapNode
from dodo_hooks.loader.read.sources import Sources
from dodo_hooks.loader.read.yaml_writer import emit_yaml
from dodo_hooks.plans.compile_plan import main_top_of


class Merged(NamedTuple):
    """A merged hook file."""

    plan: Plan  # of the file as it was
    root: MapNode  # in the shape of our own files
    text: str
    errors: tuple[Diagnostic, ...]  # of the text as a hooks.dodo; only a translation can have some


def merge_file(found: Found, sources: Sources, *, with_origin: bool = False) -> Merged:
    """Merge the layers, and print the warnings and notes; what comes from another tool's file is loaded once more.

    The text has the comments of YAML files. `with_origin`: with a comment behind each value that names its file and
    line.

    Raises:
        ConfigError: the file or one of its layers has errors.
    """
    loaded = load_with_tree(found, sources, main_top_of(found.home, sources))
    plan, root = loaded.plan, loaded.root
    report = print_once()
    for one in plan.diagnostics:
        report(one.sentence)
    is_own = found.config_format.translate is None
    root = root if is_own else with_escaped_braces(root)
    comments = attach_comments(read_comments(sources, found.top), root)
    text = emit_yaml(root, with_origin=with_origin, comments=comments)
    return Merged(plan, root, text, () if is_own else _errors_of(text, found.top))


def _errors_of(text: str, top: str) -> tuple[Diagnostic, ...]:
    """Return the errors that the text would have as the hook file of the working tree at `top`."""
    new = Found(f"{top}/hooks.dodo", top)
    try:
        load(new, _WithText(new.file, text))
    except ConfigError as error:
        return error.diagnostics
    return ()


class _WithText(Sources):
    """The disk, with one more file, which is not written yet."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__()
        self._path, self._content = path, text.encode("utf-8", "surrogateescape")

    def read(self, path: str) -> bytes:
        return self._content if path == self._path else super().read(path)
