"""The table of git's hooks (githooks(5) of git 2.39 to 2.50, section 6 of the design; HOT)."""

# Hooks that can veto what git is about to do. `reference-transaction` is one only when its argument is "prepared".
GATES = frozenset(
    (
        "applypatch-msg",
        "pre-applypatch",
        "pre-commit",
        "pre-merge-commit",
        "prepare-commit-msg",
        "commit-msg",
        "pre-rebase",
        "pre-push",
        "pre-auto-gc",
        "sendemail-validate",
        "worktree-pre-remove",
    )
)
REFERENCE_TRANSACTION = "reference-transaction"

# What git fires on the client's side: each may have a shim.
CLIENT_HOOKS = (
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "pre-rebase",
    "post-checkout",
    "post-merge",
    "pre-push",
    "pre-auto-gc",
    "post-rewrite",
    "sendemail-validate",
    "post-index-change",
    REFERENCE_TRANSACTION,
)

# Fired by us, out of one of git's hooks (G2).
DERIVED_HOOKS = {
    "worktree-post-create": "post-checkout",
    "post-clone": "post-checkout",
}

# Fired by a command of ours, `dodo-hooks worktree remove`; nothing of git's is involved (G2).
COMMAND_HOOKS = ("worktree-pre-remove", "worktree-post-remove")

# An empty hook of one of these changes what git does, so there is never a shim for them (G2).
SERVER_HOOKS = frozenset(
    (
        "pre-receive",
        "update",
        "proc-receive",
        "post-receive",
        "post-update",
        "push-to-checkout",
        "fsmonitor-watchman",
        "p4-changelist",
        "p4-prepare-changelist",
        "p4-post-changelist",
        "p4-pre-submit",
    )
)

# git fires these without any argument (githooks(5)).
WITHOUT_ARGUMENTS = frozenset(
    ("pre-commit", "pre-merge-commit", "pre-applypatch", "post-applypatch", "post-commit", "pre-auto-gc")
)

# Without the data of an event these make no sense, or they remove things: `bg` leaves them out (section 5).
NOT_IN_BG = frozenset(("pre-push", "worktree-pre-remove", "worktree-post-remove"))


# git fires this one at the end of a rebase; then the postponed background phase begins (R12).
AFTER_REPLAY = "post-rewrite"
_AMEND = ("amend",)  # its argument at `commit --amend`, which has fired `post-commit` before: githooks(5)
BEFORE_COMMIT = "pre-commit"  # unstaged changes are hidden while its jobs run (G5)
AFTER_COMMIT = "post-commit"
# A job that a gate requires is dispatched by each of these: a pull fires post-merge alone (V2).
NEW_COMMIT = (AFTER_COMMIT, "post-merge", AFTER_REPLAY)
# Their commit is not there yet, or no longer: HEAD is not what they are about (S1).
WITHOUT_COMMIT = frozenset(
    (
        *("applypatch-msg", "pre-applypatch", "pre-merge-commit", "prepare-commit-msg", "commit-msg"),
        *("post-index-change", REFERENCE_TRANSACTION, "worktree-post-remove"),
    )
)
FIRED_BY_REPLAY = frozenset(("post-commit", "post-checkout", "post-applypatch", "post-merge"))


# git writes data to the standard input of these (githooks(5)); all others have none.
WITH_STDIN = frozenset(("pre-push", AFTER_REPLAY, REFERENCE_TRANSACTION))
# Fired by background actions of editors, such as a fetch: a failure notice printed there would be lost.
OFTEN_UNSEEN = (REFERENCE_TRANSACTION, "post-index-change")


def known_hooks() -> "tuple[str, ...]":
    """Return every name that a hook file may use, in git's order."""
    return CLIENT_HOOKS + tuple(DERIVED_HOOKS) + COMMAND_HOOKS


def is_gate(hook: str, args: "tuple[str, ...]" = ()) -> bool:
    """Return whether the exit code of this firing can stop git (section 2)."""
    if hook == REFERENCE_TRANSACTION:
        return args[:1] == ("prepared",)
    return hook in GATES


def is_amend(hook: str, args: "tuple[str, ...]") -> bool:
    """Return whether an amended commit fires this hook, be it within a rebase that is not over."""
    return hook == AFTER_REPLAY and args[:1] == _AMEND


def shim_of(hook: str) -> "str | None":
    """Return the git hook that needs a shim so that `hook` fires; None where no git hook fires it."""
    if hook in CLIENT_HOOKS:
        return hook
    return DERIVED_HOOKS.get(hook)
