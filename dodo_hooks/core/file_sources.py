"""Which files a hook is about, where its file does not say (G4; HOT)."""

from dodo_hooks.core.plan import ALL, CHANGED, COMMAND, PUSHED, STAGED

# Before these end there is no commit: what it will hold is in the index.
BEFORE_A_COMMIT = ("pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg")
# These tell what they have changed: by their arguments, their standard input, or what HEAD is now.
AFTER_A_CHANGE = (
    *("post-checkout", "post-merge", "post-rewrite", "post-commit", "post-applypatch"),
    *("worktree-post-create", "post-clone"),
)

# How the files of a source are called.
WORDS = {
    STAGED: "staged files",
    PUSHED: "pushed files",
    ALL: "files",
    CHANGED: "changed files",
    COMMAND: "files from its `files` command",
}


def default_source(hook: str) -> str:
    """The source of a hook's files, for a job with patterns and no word on where the files come from."""
    if hook in BEFORE_A_COMMIT:
        return STAGED
    if hook == "pre-push":
        return PUSHED
    return CHANGED if hook in AFTER_A_CHANGE else ALL


def has_changes(hook: str) -> bool:
    """Whether the hook has files that it changes or is about to: what CHANGED and a `changed:` condition ask for."""
    return default_source(hook) != ALL
