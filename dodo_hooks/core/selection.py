"""Which jobs of a hook a person has asked for, or asked to leave out (C7)."""

from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.record import Record
from dodo_hooks.core.status import NOT_SELECTED, SELECTION, SKIPPED, Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.plan import Hook


BY_COMMAND = "--skip "
BY_VARIABLE = "DODO_HOOKS_SKIP="


class Selectors(Record):
    """What the command line and the environment say. All empty: every job."""

    jobs: "tuple[str, ...]" = ()  # these, with what they need
    tags: "tuple[str, ...]" = ()  # the jobs with one of these, with what they need
    skip: "tuple[str, ...]" = ()  # without these: a job's name, or `tag:NAME`


def selectors_from(variable: str) -> Selectors:
    """The value of DODO_HOOKS_SKIP: `name,tag:slow`."""
    return Selectors(skip=tuple(word.strip() for word in variable.split(",") if word.strip()))


def left_out(hook: "Hook", selectors: Selectors, *, said_by: str) -> "dict[int, Outcome]":
    """The outcome of each job that is not to run. `said_by` is BY_COMMAND or BY_VARIABLE.

    On the command line, a name that no job has is an error; the variable holds for all hooks, and may name any.

    Raises:
        UsageError: an unknown job.
    """
    if said_by == BY_COMMAND:
        _check_names(hook, selectors)
    wanted = _wanted(hook, selectors)
    result = {}
    for job in hook.jobs:
        skipped_by = next((word for word in selectors.skip if word == job.name or _is_tag(word, job.tags)), None)
        if skipped_by is not None:
            result[job.number] = Outcome(SKIPPED, SELECTION, f"left out by {said_by}{skipped_by}")
        elif job.number not in wanted:
            result[job.number] = Outcome(SKIPPED, SELECTION, NOT_SELECTED)
    return result


def _wanted(hook: "Hook", selectors: Selectors) -> "set[int]":
    """The selected jobs and, since they could not run without, all that they need."""
    if not selectors.jobs and not selectors.tags:
        return set(range(len(hook.jobs)))
    waiting = [
        job.number for job in hook.jobs if job.name in selectors.jobs or not set(job.tags).isdisjoint(selectors.tags)
    ]
    wanted: set[int] = set()
    while waiting:
        number = waiting.pop()
        if number not in wanted:
            wanted.add(number)
            waiting.extend(hook.jobs[number].needs)
    return wanted


def _is_tag(word: str, tags: "tuple[str, ...]") -> bool:
    return word.startswith("tag:") and word[4:] in tags


def _check_names(hook: "Hook", selectors: Selectors) -> None:
    names = [job.name for job in hook.jobs]
    for word in (*selectors.jobs, *(word for word in selectors.skip if not word.startswith("tag:"))):
        if word not in names:
            from difflib import get_close_matches

            near = get_close_matches(word, names, 1)
            hint = f"did you mean {near[0]}?" if near else f"its jobs are {', '.join(names)}"
            raise UsageError(f"{hook.name} has no job called {word}: {hint}")
