"""The options of the commands that people type most: one table for both readers.

`click_options.py` makes click's options of it, for help, completion, errors and everything unusual. `plain_command.py`
reads plain command lines by it, since importing click takes 16 ms.
"""

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.statuses import STATUSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FLAG = "flag"  # True where it is given
TEXT = "text"
NUMBER = "number"  # a whole number from 1 on

PHASES = ("auto", "foreground", "background", "off")
LAST = 10  # runs in a listing
TABLE = "table"
FORMATS = ("json", "ndjson", "tsv", "csv", "yaml")
COMPLETION = "_DODO_HOOKS_COMPLETE"  # set by a shell that asks for completions
COLORS = {"auto": None, "always": True, "never": False}


class Option(Record):
    """One option of a command."""

    names: "tuple[str, ...]"  # as they are typed
    key: str  # of its value among those of the command
    help: str
    kind: str = TEXT
    metavar: "str | None" = None
    choices: "tuple[str, ...]" = ()  # of a text; empty: any
    is_repeated: bool = False  # its value is a tuple, with one text for each time it is given
    default: "str | None" = None
    completion: str = ""  # the function of cli/options/completion_words.py that completes its value

    @property
    def without_it(self) -> "bool | str | tuple[str, ...] | None":
        """The value where the option is not given."""
        return False if self.kind == FLAG else () if self.is_repeated else self.default

    def typed(self, value: "Any") -> "list[str]":
        """Return the option with a value as it is typed; nothing where it is not given."""
        name = self.names[-1]
        if self.kind == FLAG:
            return [name] if value else []
        texts = value if self.is_repeated else () if value is None else (value,)
        return [word for text in texts for word in (name, text)]


COLOR = Option(
    ("--color",), "color", "When to print in colours; auto: on a terminal.", choices=tuple(COLORS)
)  # read by both readers for the world, not for the command

RUN = (
    Option(
        ("--job",),
        "jobs",
        "Run only this job or group, and its needs.",
        metavar="NAME",
        is_repeated=True,
        completion="job_names",
    ),
    Option(
        ("--tag",),
        "tags",
        "Run only jobs with this tag, and their needs.",
        metavar="TAG",
        is_repeated=True,
        completion="tag_names",
    ),
    Option(
        ("--skip",),
        "skip",
        "Leave out this job or group; tag:TAG for all jobs with this tag.",
        metavar="NAME",
        is_repeated=True,
        completion="skip_names",
    ),
    Option(
        ("--hook-stage",),
        "hook_stage",
        "Run hooks of pre-commit in this stage; default pre-commit.",
        metavar="STAGE",
        completion="hook_names",
    ),
    Option(("--phase",), "phase", "How to run background jobs; auto: as git would.", choices=PHASES),
    Option(("--detach",), "detach", "Run all jobs in the background.", FLAG),
    Option(("-j",), "slots", "Run at most N jobs at once.", NUMBER, "N"),
    Option(("--files",), "files", "Use this file, and the FILES after HOOK.", metavar="FILE", is_repeated=True),
    Option(
        ("--files-from",), "files_from", "Use the files listed in FILE, by lines or NULs; -: stdin.", metavar="FILE"
    ),
    Option(("-a", "--all-files"), "all_files", "Use all files that git tracks.", FLAG),
    Option(("--from-ref",), "from_ref", "Use the files changed since REF branched off.", metavar="REF"),
    Option(("--to-ref",), "to_ref", "With --from-ref: the end of the range; default HEAD.", metavar="REF"),
    Option(("--last-commit",), "last_commit", "Use the files that the last commit changed.", FLAG),
    Option(
        ("--glob",),
        "globs",
        "Use only files that match, of those given or of all.",
        metavar="GLOB",
        is_repeated=True,
    ),
    Option(
        ("--exclude",),
        "excludes",
        "Use no files that match, of those given or of all.",
        metavar="GLOB",
        is_repeated=True,
    ),
    Option(("--force",), "force", "Run jobs also where no file matches, and those that are up to date.", FLAG),
    Option(("--no-cache",), "no_cache", "Use no result of an earlier run, and store none.", FLAG),
    Option(("--no-stage-fixed",), "no_stage_fixed", "Do not stage files that jobs fix.", FLAG),
    Option(("--config",), "config", "Use this hook file.", metavar="FILE"),
    Option(("--dry-run",), "dry_run", "Show what would run, and run nothing.", FLAG),
    Option(("-v", "--verbose"), "verbose", "Print a line for every job, whatever `output:` says.", FLAG),
    Option(("-q", "--quiet"), "quiet", "Show only what failed.", FLAG),
)

JOBS = (
    Option(("--hook",), "hook", "Show only runs of this hook or task.", completion="hook_names"),
    Option(("--worktree",), "worktree", "Show only runs in this worktree: its path, or the last part of it."),
    Option(("--status",), "statuses", "Show only jobs with this status.", choices=STATUSES, is_repeated=True),
    Option(("--failed",), "failed", "Show only jobs that failed or crashed.", FLAG),
    Option(("--last",), "last", f"Show the newest N runs; default {LAST}.", NUMBER, "N"),
    Option(("--all",), "everything", "Show all runs; no limit.", FLAG),
    Option(("--repo",), "repo", "Use the repository at PATH, not the current one.", metavar="PATH"),
    Option(("--all-repos",), "all_repos", "Show runs of all repositories, including removed ones.", FLAG),
    Option(("-v", "--verbose"), "verbose", "Show ids, and do not cut off lines.", FLAG),
    Option(("--format",), "form", "The output format.", choices=(TABLE, *FORMATS), default=TABLE),
)

STATUS = (Option(("--short",), "short", "Print a few words for a shell's prompt, or nothing.", FLAG),)
