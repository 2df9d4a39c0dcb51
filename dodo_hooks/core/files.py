"""Which files an event is about, where a job does not say (G4)."""

from dodo_hooks.core.events import DERIVED_HOOKS
from dodo_hooks.core.plan import ALL, CHANGED, PUSHED, STAGED

_STAGED = frozenset(("pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg"))
_CHANGED = frozenset(("post-checkout", "post-merge", "post-rewrite", "post-commit", "post-applypatch", *DERIVED_HOOKS))


def default_source(hook: str) -> str:
    """Where the files of a job come from that has a glob, or says `{files}`, and no command that lists them."""
    if hook in _STAGED:
        return STAGED
    if hook == "pre-push":
        return PUSHED
    return CHANGED if hook in _CHANGED else ALL
