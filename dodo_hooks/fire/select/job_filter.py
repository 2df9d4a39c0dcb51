"""The selection of the jobs that apply to an event, and of their files (C7, G4; HOT, imported if a hook needs it).

Each check that several jobs share (fire/select/conditions.py) and each file set (fire/select/event_files.py) is
queried once in a firing, and only if a job depends on it.
"""

from dodo_hooks.core import statuses
from dodo_hooks.core.errors import GitError
from dodo_hooks.core.file_sets import WORDS
from dodo_hooks.core.matching import matches_any, predicate
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import ALL, CHANGED, COMMAND, MESSAGE, PUSHED, STAGED
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.fire.select.event_files import EventFiles, FilesError
from dodo_hooks.host.posix import encode_path, lexists, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dodo_hooks.core.plan import FileRule, Hook, Job
    from dodo_hooks.core.plan_parts import TagRule
    from dodo_hooks.fire.select.conditions import ConditionValues

    Decided = tuple[bytes, ...] | Outcome | None
    PendingCommands = dict[
        int, tuple[str, ...]
    ]  # of each job the commands that would say whether it runs, and to what files

_NO_EVENT = {
    PUSHED: "the pushed files are known only during a push",
    CHANGED: "the changed files are known only when git fires the hook",
    MESSAGE: "the file of the commit message is an argument of the hook",
}


class FilteredJobs(Record):
    left_out: "dict[int, Outcome]"  # the jobs that will not run, those that were left out before among them
    files: "dict[int, tuple[bytes, ...]]"  # of each job that is about files and runs, relative to its root
    sentences: "tuple[str, ...]"  # messages about conditions that could not be evaluated


def filter_jobs(
    event: EventFiles,
    left_out: "Mapping[int, Outcome]",
    *,
    is_fired: bool = False,
    is_forced: bool = False,
    pending: "PendingCommands | None" = None,
) -> FilteredJobs:
    """Decide for each job that is not left out already whether it runs, and for which files.

    A job whose files cannot be listed fails: a gate must not pass because of that.

    Args:
        left_out: the jobs that were left out before.
        is_fired: git fired the hook, so that there is an event.
        is_forced: a job runs also where no file matches.
        pending: collects the commands that would be executed. They are not executed, and their jobs count as running.
    """
    hook = event.hook
    values = _condition_values(event, executes=pending is None)
    out, files = dict(left_out), {}
    for job in (job for job in hook.jobs if job.number not in left_out):
        decided: Decided = _refusal(job, event, values, is_fired)
        if decided is None:
            decided = _files_or_commands(job, event, values, pending, is_forced=is_forced)
        if isinstance(decided, Outcome):
            out[job.number] = decided
        elif decided is not None:
            files[job.number] = decided
    _leave_out_unneeded_setup(hook, out)
    return FilteredJobs(out, files, values.sentences() if values else ())


def _files_or_commands(
    job: "Job",
    event: EventFiles,
    values: "ConditionValues | None",
    pending: "PendingCommands | None",
    *,
    is_forced: bool,
) -> "Decided":
    if pending is not None:
        _collect_commands(job, values, event, pending)
        if _needs_command(job, event):
            return None
    return _files(job, event, is_forced=is_forced)


def _condition_values(event: EventFiles, *, executes: bool) -> "ConditionValues | None":
    if not any(job.selection.checks for job in event.hook.jobs):
        return None
    from dodo_hooks.fire.select.conditions import ConditionValues

    return ConditionValues(event, executes=executes)


def _collect_commands(
    job: "Job", values: "ConditionValues | None", event: EventFiles, pending: "PendingCommands"
) -> None:
    commands = [command for number in job.selection.checks if values for command in values.unresolved_commands(number)]
    if job.selection.files is not None and _needs_command(job, event):
        commands.append(job.selection.files.command)
    if commands:
        pending[job.number] = tuple(dict.fromkeys(commands))


def _needs_command(job: "Job", event: EventFiles) -> bool:
    return job.selection.files is not None and job.selection.files.source == COMMAND and event.given is None


def _refusal(job: "Job", event: EventFiles, values: "ConditionValues | None", is_fired: bool) -> "Outcome | None":
    if job.selection.absent:
        return _condition(job.selection.absent)
    for number in job.selection.checks:
        reason = values.reason_to_skip(number) if values else None
        if reason is not None:
            return _condition(reason)
    is_list = job.selection.files is not None and job.selection.needs_event.endswith("files}")
    if job.selection.needs_event and not is_list and not event.args and not is_fired:
        source = "is an argument" if event.hook.is_task else "comes from git"
        reason = f"{job.selection.needs_event} {source}; use `dodo-hooks run {event.hook.name} -- {_argument(job)}`"
        return Outcome(statuses.SKIPPED, statuses.NO_EVENT, reason)
    return None


def _argument(job: "Job") -> str:
    """Return the placeholders for the arguments that a manual run needs, such as `ARG1 ARG2` for `{2}`."""
    number = job.selection.needs_event.strip("{}")
    return " ".join(f"ARG{one}" for one in range(1, int(number) + 1)) if number.isdigit() and number != "0" else "ARG"


def _leave_out_unneeded_setup(hook: "Hook", out: "dict[int, Outcome]") -> None:
    if all(job.order.is_setup or job.number in out for job in hook.jobs):
        for job in hook.jobs:
            out.setdefault(job.number, _condition("no job to set up for"))


def _condition(reason: str) -> Outcome:
    return Outcome(statuses.SKIPPED, statuses.CONDITION, reason)


# Files


def _files(job: "Job", event: EventFiles, *, is_forced: bool) -> "Decided":
    """Return the files of a job, None if it is not about files, or the outcome of a job that does not run."""
    rule = job.selection.files
    if rule is None:
        return None
    found = _matching(job, rule, event)
    runs_anyway = (is_forced or rule.always_runs) and found == _no_match(rule, event)
    return () if runs_anyway else found


def _matching(job: "Job", rule: "FileRule", event: EventFiles) -> "tuple[bytes, ...] | Outcome":
    """Return the files of the event that the rule means. A job that takes no list runs for deleted ones, too (G4)."""
    given = event.given
    try:
        found = event.list_job_files(job, rule) if given is None else dict.fromkeys(given, False)
        if found is None:
            reason = f"{_NO_EVENT[rule.source]}; use `dodo-hooks run {event.hook.name} --files FILE`"
            return Outcome(statuses.SKIPPED, statuses.NO_EVENT, reason)
        below = job.below
        is_named = _name_test(rule, below)
        is_present = (lambda path: True) if job.workspace else _presence_test(rule, event)
        present: list[bytes] = []
        deleted: list[bytes] = []
        for path, is_deleted in found.items():
            if is_named(path):
                (deleted if is_deleted or not is_present(path) else present).append(path)
        names = tuple(path[len(below) :] for path in _of_types(job, rule, event, present))
        if names or (given is None and rule.counts_deleted and _has_relevant(deleted, job, rule, event)):
            return names
    except FilesError as error:
        return Outcome(statuses.FAILED, statuses.SPAWN, str(error))
    return _no_match(rule, event)


def _no_match(rule: "FileRule", event: EventFiles) -> Outcome:
    words = WORDS[rule.source] if event.given is None else "files among those given"
    return _condition(f"no matching {words}")


def _name_test(rule: "FileRule", below: bytes) -> "Callable[[bytes], bool]":
    """Return a test for whether the rule applies to a file of this name."""
    tests: list[Callable[[bytes], bool]] = []
    if below:
        tests.append(lambda path: path.startswith(below))
    if rule.globs:
        tests.append(matches_any(rule.globs))
    if rule.excludes:
        is_excluded = matches_any(rule.excludes)
        tests.append(lambda path: not is_excluded(path))
    tests += map(predicate, rule.required)
    if len(tests) == 1:  # mostly; and for 10,000 files each call counts
        return tests[0]
    return lambda path: all(test(path) for test in tests)


def _presence_test(rule: "FileRule", event: EventFiles) -> "Callable[[bytes], bool]":
    """Return a test for whether a file can be opened: a dangling link cannot.

    A staged file may be missing now, since it is put in place before the jobs run.
    """
    base = encode_path(f"{event.repo.top}/")
    may_be_missing = rule.source == STAGED and event.given is None
    regular = event.regular_files(rule.source)
    counts_links = rule.tags is not None  # then a dangling link is one of the files that types may select

    def is_present(path: bytes) -> bool:
        if path in regular:  # git lists 10,000 files in a third of the time that we would take
            return True
        if counts_links:
            return may_be_missing or lexists(path if path.startswith(b"/") else base + path)
        try:
            os.stat(base + path)
        except (OSError, ValueError):  # ValueError: a NUL in what a person gave
            return may_be_missing and not lexists(base + path)
        return True

    return is_present


def _of_types(job: "Job", rule: "FileRule", event: EventFiles, paths: "list[bytes]") -> "list[bytes]":
    """Return the paths with the rule's types. Raises FilesError: git does not know the content of one."""
    if rule.tags is not None and paths:
        paths = _tagged(job, rule.tags, event, paths)
    if not rule.types or not paths:
        return paths
    from dodo_hooks.git.content.typed_files import TypeTest, has_types, staged_with_types

    test = TypeTest(rule.types)
    has_type = has_types(event.repo.top, test)
    try:
        entries = event.files_to_come(job)
        staged = (entries[path] for path in paths if path in entries)
        passing = staged_with_types(event.repo, event.world.environ, test, staged)
    except GitError as error:
        raise FilesError(str(error)) from error
    return [path for path in paths if (path in passing if path in entries else has_type(path))]


def _tagged(job: "Job", rule: "TagRule", event: EventFiles, paths: "list[bytes]") -> "list[bytes]":
    """Return the paths whose tags the rule means. Raises FilesError: git does not know the content of one."""
    from dodo_hooks.core.files.file_tags import selects

    tags = event.tags_of(job, paths)
    return [path for path in paths if path in tags and selects(rule, tags[path])]


def _has_relevant(deleted: "list[bytes]", job: "Job", rule: "FileRule", event: EventFiles) -> bool:
    """Return whether a job must run for deleted files: not if the folder that it runs in is gone, too."""
    if rule.tags is not None:
        from dodo_hooks.core.files.file_tags import may_select, tags_of_name

        tables = event.tag_tables
        deleted = [path for path in deleted if may_select(rule.tags, tags_of_name(path, tables))]
        rule = rule._replace(tags=None)
    if not _of_types(job, rule, event, deleted):
        return False
    below = job.below
    if not below or lexists(encode_path(f"{event.repo.top}/") + below):
        return True
    return any(path.startswith(below) for path in event.list_changes(ALL) or ())  # it may be put in place, too
