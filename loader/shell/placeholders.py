"""The words in braces that a command may hold (C6): what each stands for, and how many arguments a hook has.

Scalars are variables of the job, so they are there under every shell and inside every function. A list is the job's
positional parameters, and for everything else a file whose name is in DODO_FILES0.
"""

from dodo_hooks.core.git_hooks import COMMAND_HOOKS
from dodo_hooks.core.plan import FILES_VARIABLE
from dodo_hooks.core.text.nearest import count_edits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

ALL_ARGUMENTS = "0"
LITERAL_BRACE = "lbrace"  # `{lbrace}` is a `{` that means itself, in every position and under every shell
CHANGED_FILES = "changed_files"

# Variable -> its placeholders; several are what other tools' files call it.
_NAMES = {
    "DODO_BRANCH": ("branch", "worktree_branch"),
    "DODO_HOOK": ("hook",),
    "DODO_JOB": ("job", "job_name", "lefthook_job_name"),
    "DODO_WORKTREE": ("worktree", "worktree_path"),
    "DODO_MAIN_WORKTREE": ("worktree_root", "source_worktree"),
    "DODO_GIT_DIR": ("git_dir",),
    "DODO_REMOTE": ("remote",),
    "DODO_REMOTE_URL": ("remote_url", "repository_url"),
    "DODO_DEFAULT_BRANCH": ("base_branch", "default_branch"),
    "DODO_INVOCATION": ("invocation",),
}
SCALARS = {name: variable for variable, names in _NAMES.items() for name in names}
LISTS = frozenset(("staged_files", "push_files", "all_files", "changed_files", "files"))

# githooks(5), and `worktree remove`. Where git gives fewer (to prepare-commit-msg), the rest expand to nothing.
_ARGUMENTS = (
    (*COMMAND_HOOKS, "applypatch-msg", "commit-msg", "post-merge", "post-rewrite", "reference-transaction"),
    ("pre-rebase", "pre-push", "post-index-change", "sendemail-validate"),  # the mail and, since git 2.41, its headers
    ("prepare-commit-msg", "post-checkout", "worktree-post-create", "post-clone"),
)
TASK_ARGUMENTS = 9  # a task is run manually, with whatever stands after `--`

_EVENT_LISTS = frozenset(("push_files", CHANGED_FILES))
_OF_A_PUSH = frozenset(("remote", "remote_url", "repository_url"))


def arguments_of(hook: str) -> int:
    """Return the number of arguments that `hook` is given: `{N}` is a placeholder up to this number."""
    return next((number for number, hooks in enumerate(_ARGUMENTS, 1) if hook in hooks), 0)


def is_known(name: str, arguments: int) -> bool:
    """Return whether `{name}` is a placeholder in a hook with so many arguments."""
    if name.isdigit():
        return name == ALL_ARGUMENTS or (not name.startswith("0") and len(name) < 4 and int(name) <= arguments)
    return name in SCALARS or name in LISTS


def variable_of(name: str) -> str:
    """Return the variable that a known placeholder can be read from, without its `$`."""
    if name in LISTS:
        return FILES_VARIABLE
    if name == ALL_ARGUMENTS:
        return "DODO_ARG1"
    return f"DODO_ARG{name}" if name.isdigit() else SCALARS[name]


def takes_event(name: str, hook: str) -> bool:
    """Return whether a known placeholder is empty unless git itself has fired `hook`."""
    return name.isdigit() or name in _EVENT_LISTS or (hook == "pre-push" and name in _OF_A_PUSH)


def nearest(name: str, macros: "Iterable[str]") -> str:
    """Return the placeholder or macro that an unknown word almost is, or ""; case and `_` do not count."""
    known = {_bare(one): one for one in (*macros, *SCALARS, *sorted(LISTS))}
    bare = _bare(name)
    return next((known[one] for one in known if _is_near(bare, one)), "")


def _is_near(word: str, name: str) -> bool:
    """Return whether letters are swapped, one is another, or one or two are too many or too few.

    A short word with letters of its own is taken for an ordinary one, such as awk's `{next}`, `{look}` and `{tops}`.
    """
    gap = abs(len(word) - len(name))
    if gap > 2 or count_edits(word, name, 3) > max(gap, 1):
        return False
    return set(word) == set(name) or min(len(word), len(name)) >= (4 if gap == 1 else 8)


def _bare(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
