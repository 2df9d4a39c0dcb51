"""The tree of a hook file -> its models, and the diagnostics about its types and keys (C2)."""

from dodo_hooks.core.diagnostics import Diagnostic
from dodo_hooks.loader.read.nodes import MapNode, Node
from dodo_hooks.loader.schema.file_models import BODIES, USER_BODIES, HookFile, UserFile
from dodo_hooks.loader.schema.model_errors import Dropped, ModelErrors

KEYS = {level: tuple(body.keys) for level, body in BODIES.items()}
USER_KEYS = {level: tuple(body.keys) for level, body in USER_BODIES.items()}


def read_models(root: Node) -> tuple[HookFile, Node, list[Diagnostic]]:
    """Return the models, the tree that they were made of, and the diagnostics about types and keys.

    Values with errors are in neither, so that the rest of the file can be checked, too. A job without a command gets
    one, since others may need it. With diagnostics the models are for these checks only.
    """
    found = ModelErrors()
    try:
        file = HookFile.read(root, found)
    except Dropped:
        return HookFile(), MapNode(root.mark, ()), [*found.diagnostics(root, KEYS)]
    if not found.all:
        return file, root, []
    return file, found.without_dropped(root), [*found.diagnostics(root, KEYS)]


def read_user_models(root: Node) -> tuple[UserFile, list[Diagnostic]]:
    """Return the models of the user's own configuration, and the diagnostics about it."""
    found = ModelErrors()
    try:
        file = UserFile.read(root, found)
    except Dropped:
        file = UserFile()
    return file, [*found.diagnostics(root, USER_KEYS)]
