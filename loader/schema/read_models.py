"""The tree of a hook file -> its models, and the diagnostics about its types and keys (C2)."""

from pydantic import ValidationError

from dodo_hooks.core.diagnostics import Diagnostic
from dodo_hooks.loader.read.nodes import MapNode, Node
from dodo_hooks.loader.schema.file_models import BODIES, USER_BODIES, HookFile, UserFile
from dodo_hooks.loader.schema.model_errors import ModelError, diagnostics_of, remove_values

KEYS = {level: tuple(body.model_fields) for level, body in BODIES.items()}
USER_KEYS = {level: tuple(body.model_fields) for level, body in USER_BODIES.items()}

_ROUNDS = 3  # one is enough for every file that we know of


def read_models(root: Node) -> tuple[HookFile, Node, list[Diagnostic]]:
    """Return the models, the tree that they were made of, and the diagnostics about types and keys.

    Values with errors are removed from that tree, so that the rest of the file can be checked, too. A job without a
    command gets one, since others may need it. With diagnostics the models are for these checks only.
    """
    result = _validated(root)
    diagnostics = [] if isinstance(result, HookFile) else diagnostics_of(result, root, KEYS)
    tree = root
    for _ in range(_ROUNDS):
        if isinstance(result, HookFile):
            return result, tree, diagnostics
        tree = remove_values(tree, result)
        result = _validated(tree)
    return HookFile(), MapNode(root.mark, ()), diagnostics


def read_user_models(root: Node) -> tuple[UserFile, list[Diagnostic]]:
    """Return the models of the user's own configuration, and the diagnostics about it."""
    try:
        return UserFile.model_validate(root), []
    except ValidationError as error:
        return UserFile(), diagnostics_of(_errors_of(error), root, USER_KEYS)


def _validated(tree: Node) -> HookFile | list[ModelError]:
    try:
        return HookFile.model_validate(tree)
    except ValidationError as error:
        return _errors_of(error)


def _errors_of(error: ValidationError) -> list[ModelError]:
    errors = error.errors(include_url=False, include_input=False)
    return [ModelError(one["type"], one["loc"], one.get("ctx", {})) for one in errors]
