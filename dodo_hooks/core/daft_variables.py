"""What a job of a daft.yml finds in its environment besides our own variables, and which of those has the value."""

from dodo_hooks.core.events import CLIENT_HOOKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

DAFT_VARIABLES = (
    ("DAFT_HOOK", "DODO_HOOK"),
    ("DAFT_PROJECT_ROOT", "DODO_MAIN_WORKTREE"),
    ("DAFT_GIT_DIR", "DODO_GIT_DIR"),
    ("DAFT_REMOTE", "DODO_REMOTE"),
    ("DAFT_SOURCE_WORKTREE", "DODO_MAIN_WORKTREE"),
    ("DAFT_WORKTREE_PATH", "DODO_WORKTREE"),
    ("DAFT_BRANCH_NAME", "DODO_BRANCH"),
    ("DAFT_BASE_BRANCH", "DODO_DEFAULT_BRANCH"),
    ("DAFT_DEFAULT_BRANCH", "DODO_DEFAULT_BRANCH"),
    ("DAFT_REPOSITORY_URL", "DODO_REMOTE_URL"),
)
# The same for single hooks: git's arguments under names.
DAFT_VARIABLES_OF_HOOKS = {
    "applypatch-msg": (("DAFT_COMMIT_MSG_FILE", "DODO_ARG1"),),
    "commit-msg": (("DAFT_COMMIT_MSG_FILE", "DODO_ARG1"),),
    "prepare-commit-msg": (
        ("DAFT_COMMIT_MSG_FILE", "DODO_ARG1"),
        ("DAFT_COMMIT_MSG_SOURCE", "DODO_ARG2"),
        ("DAFT_COMMIT_MSG_SHA", "DODO_ARG3"),
    ),
    "pre-rebase": (("DAFT_REBASE_UPSTREAM", "DODO_ARG1"), ("DAFT_REBASE_BRANCH", "DODO_ARG2")),
    "post-checkout": (
        ("DAFT_CHECKOUT_PREV_SHA", "DODO_ARG1"),
        ("DAFT_CHECKOUT_NEW_SHA", "DODO_ARG2"),
        ("DAFT_CHECKOUT_FLAG", "DODO_ARG3"),
    ),
    "post-merge": (("DAFT_GIT_MERGE_SQUASH", "DODO_ARG1"),),
    "pre-push": (("DAFT_PUSH_REMOTE", "DODO_ARG1"), ("DAFT_PUSH_REMOTE_URL", "DODO_ARG2")),
    "post-rewrite": (("DAFT_REWRITE_COMMAND", "DODO_ARG1"),),
}
DAFT_STAGE = ("DAFT_GIT_STAGE", "DODO_HOOK")  # in what git fires itself


def daft_environ(hook: str, environ: "Mapping[str, str]") -> "dict[str, str]":
    """daft's names for what `environ` has under ours."""
    pairs = (*DAFT_VARIABLES, *DAFT_VARIABLES_OF_HOOKS.get(hook, ()))
    if hook in CLIENT_HOOKS:
        pairs += (DAFT_STAGE,)
    return {theirs: environ[ours] for theirs, ours in pairs if ours in environ}
