"""The variables of pre-commit that keep their meaning for the hooks of its file (P7; HOT, with such hooks).

`SKIP=mypy,ruff` leaves out hooks by their ids and aliases. A hook sees the data of its event in variables that
pre-commit sets for it (pre-commit 4.7, commands/run.py and commands/hook_impl.py).
"""

from dodo_hooks.core.statuses import SELECTION, SKIPPED, Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.core.plan import Hook
    from dodo_hooks.git.files import Event, GitQuery

SKIP = "SKIP"
FROM_REF, TO_REF = "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF"
_FORMER = {FROM_REF: "PRE_COMMIT_ORIGIN", TO_REF: "PRE_COMMIT_SOURCE"}
# Of each event, the variables for git's arguments; "" for one that has none.
_OF_ARGUMENTS = {
    "post-checkout": (FROM_REF, TO_REF, "PRE_COMMIT_CHECKOUT_TYPE"),
    "prepare-commit-msg": ("", "PRE_COMMIT_COMMIT_MSG_SOURCE", "PRE_COMMIT_COMMIT_OBJECT_NAME"),
    "post-merge": ("PRE_COMMIT_IS_SQUASH_MERGE",),
    "post-rewrite": ("PRE_COMMIT_REWRITE_COMMAND",),
    "pre-rebase": ("PRE_COMMIT_PRE_REBASE_UPSTREAM", "PRE_COMMIT_PRE_REBASE_BRANCH"),
    "pre-push": ("PRE_COMMIT_REMOTE_NAME", "PRE_COMMIT_REMOTE_URL"),
}


def skipped_ids(environ: "Mapping[str, str]") -> "tuple[str, ...]":
    """Return the ids and aliases in SKIP."""
    return tuple(word.strip() for word in environ.get(SKIP, "").split(",") if word.strip())


def find_skipped(environ: "Mapping[str, str]", hook: "Hook") -> "dict[int, Outcome]":
    """Return the outcome of each hook of pre-commit's that SKIP leaves out."""
    words = skipped_ids(environ)
    out: dict[int, Outcome] = {}
    for job in hook.jobs if words else ():
        if job.is_judged_by_diff and (word := next((one for one in words if one in (job.name, *job.within)), "")):
            out[job.number] = Outcome(SKIPPED, SELECTION, f"left out by {SKIP}={word}")
    return out


def variables_of(event: "Event", query: "GitQuery") -> "dict[str, str]":
    """Return the variables about the event."""
    names = _OF_ARGUMENTS.get(event.hook, ())
    found = {name: value for name, value in zip(names, event.args, strict=False) if name}
    if event.hook == "pre-rebase" and len(event.args) < 2:  # without a branch there is neither
        found = {}
    if event.hook == "pre-push":
        found.update(_of_push(event, query))
    return {**found, **_under_former_names(found)}


def of_range(begin: str, end: str) -> "dict[str, str]":
    """Return the variables for the range of commits that a manual run is about."""
    found = {FROM_REF: begin, TO_REF: end}
    return {**found, **_under_former_names(found)}


def _under_former_names(found: "Mapping[str, str]") -> "dict[str, str]":
    return {_FORMER[name]: found[name] for name in _FORMER if name in found}


def _of_push(event: "Event", query: "GitQuery") -> "dict[str, str]":
    """Return the variables for the first ref that is pushed, and is not deleted."""
    from dodo_hooks.git.files import push_lines

    for local, here, remote, there in push_lines(event.stdin):
        if here.strip(b"0"):
            branches = {"PRE_COMMIT_LOCAL_BRANCH": local, "PRE_COMMIT_REMOTE_BRANCH": remote}
            refs = _pushed_range(event, query, here.decode(), there.decode())
            return {**{name: value.decode(errors="surrogateescape") for name, value in branches.items()}, **refs}
    return {}


def _pushed_range(event: "Event", query: "GitQuery", here: str, there: str) -> "dict[str, str]":
    """Return the range that is pushed; none where that begins with the first commit, so that it has no beginning."""
    from dodo_hooks.core.errors import GitError

    if there.strip("0") and not query.attempt("cat-file", "-e", f"{there}^{{commit}}").exit_code:
        return {FROM_REF: there, TO_REF: here}
    remote = event.args[0] if event.args else ""
    try:
        new = query.git("rev-list", here, "--topo-order", "--reverse", "--not", f"--remotes={remote}").split()
        begin = query.git("rev-parse", "--verify", f"{new[0].decode()}^").decode().strip() if new else ""
    except GitError:  # it is the first commit of all
        return {}
    return {FROM_REF: begin, TO_REF: here} if begin else {}
