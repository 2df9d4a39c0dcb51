"""The parts of a plan that few hooks have (HOT).

A class takes 0.02 ms to make, so they are imported where they are used. Their constants are in core/plan.py.
"""

from dodo_hooks.core.named_tuple import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # The change of one variable each: no parts unset it, else they are put together. A part is a text, or the name of a
    # variable whose present value is meant, with a default.
    Patch = tuple[tuple[str, tuple[str | tuple[str, str], ...] | None], ...]
    Matcher = tuple[Any, ...]  # a compiled pattern: loader/globs makes it, core/matching applies it


class Group(Record):
    """A concurrency group of a job: of all jobs in it, one runs at a time (section 7)."""

    name: str  # empty: the job's own group, in its hook and its worktree
    on_conflict: str  # one of ON_CONFLICT
    is_shared: bool  # by the jobs of one run: a group of the whole hook
    wait_s: "float | None"  # None: 60 s in the foreground, no limit in the background


class Conduct(Record):
    """The behaviour of a job: what it does to tracked files, how it is run and judged as pre-commit does it (P5, P6).

    The defaults are pre-commit's.
    """

    reads: str  # GIVEN or ANYTHING
    writes: str  # NOTHING, GIVEN or ANYTHING: the last runs alone, and may write the index
    is_judged_by_diff: bool = False  # it fails if `git diff` differs after it
    identity: str = ""  # repository, revision, id, entry, arguments: what it does is learned under this; "": it is not
    fails_fast: bool = False  # if it fails, what comes later in the file does not run
    is_serial: bool = False  # `require_serial`: its list is not split for the sake of speed
    max_files: "int | None" = None  # of one process, a number in `pass_filenames`; None: as many as fit
    is_verbose: bool = False  # its output is shown also if it has passed
    log_file: str = ""  # gets its output as well, if that is shown; relative to the top


class Condition(Record):
    """One item of a `skip` or an `only`."""

    kind: str  # one of those in core/plan.py
    value: str = ""  # the variable, the command, or the patterns as they were written
    patterns: "tuple[Matcher, ...]" = ()  # of ON_REF and HAS_CHANGED
    parts: "tuple[Condition, ...]" = ()  # of ALL_OF
    reason: str = ""  # `desc:`


class Check(Record):
    """A whole `skip` or `only`, evaluated once for all jobs that it is about (C5)."""

    is_only: bool  # the jobs run only if one of the conditions holds; else they are skipped if one does
    conditions: "tuple[Condition, ...]"


class Input(Record):
    """One entry of `inputs:` (K2)."""

    text: str  # as written
    path: bytes  # relative to the top: the file or folder; of a pattern, the folder that it looks into, b"" for the top
    matcher: "Matcher | None"  # of a pattern; None: a path
    reaches_outputs: bool = False  # it lies in an output of the plan: there ignored files count too


class Share(Record):
    """A path of the working tree that a snapshot gets, too (S6)."""

    path: str  # relative to the top
    is_link: bool = False  # the snapshot has a link to it instead of a copy


class TagRule(Record):
    """The tags that a file must have (P4): core/files/file_tags.py."""

    types: "tuple[str, ...]" = ()  # all of these
    types_or: "tuple[str, ...]" = ()  # and one of these, if there are any
    exclude_types: "tuple[str, ...]" = ()  # and none of these


class Requirement(Record):
    """One entry of `requires:`: a job of another hook that the pushed commits must have passed (V3)."""

    hook: str
    job: str
    wait_s: "float | None"  # for a run that has not ended; None: the default of the remote
    each: bool  # each pushed commit must have passed it, not the tips alone
    by: int = -1  # the number of the gate's job that requires it; -1: the hook
    checks: "tuple[int, ...]" = ()  # numbers of the gate's checks: where one leaves it out, nothing is required
