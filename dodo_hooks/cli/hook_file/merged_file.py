"""A hook file with its layers merged, as the text of one hook file of ours."""

from __future__ import annotations

from dodo_hooks.cli.repository import print_once
from dodo_hooks.loader.layers.discover import Found
from dodo_hooks.loader.load import load_with_tree
from dodo_hooks.loader.read.comments import attach_comments, read_comments
from dodo_hooks.loader.read.sources import Sources
from dodo_hooks.loader.read.yaml_writer import as_json, emit_yaml
from dodo_hooks.plans.compile_plan import main_top_of


def merged_text(found: Found, sources: Sources, *, is_json: bool = False, with_origin: bool = False) -> str:
    """Return the text, with the comments of YAML files; print the warnings and notes.

    `with_origin`: with a comment behind each value that names its file and line.

    Raises:
        ConfigError: the file or one of its layers has errors.
    """
    whole = load_with_tree(found, sources, main_top_of(found.home, sources))
    report = print_once()
    for one in whole.plan.diagnostics:
        report(one.sentence)
    if is_json:
        return as_json(whole.root)
    comments = attach_comments(read_comments(sources, found.top), whole.root)
    return emit_yaml(whole.root, with_origin=with_origin, comments=comments)
