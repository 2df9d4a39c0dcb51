"""The selection of jobs by the command line and by variables (C7)."""

from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.statuses import NOT_SELECTED, SELECTION, SKIPPED, Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.core.plan import Hook, Job


BY_COMMAND = "--skip "
BY_VARIABLE = "DODO_HOOKS_SKIP="
TAG = "tag:"


class Selectors(Record):
    """The jobs and tags named on the command line or in the environment. All empty: every job."""

    jobs: "tuple[str, ...]" = ()  # jobs and groups of this name, with what they need
    tags: "tuple[str, ...]" = ()  # the jobs with one of these, with what they need
    skip: "tuple[str, ...]" = ()  # without these: the name of a job or a group, or `tag:NAME`


def words_of(variable: str) -> "tuple[str, ...]":
    """Return the words in a value of DODO_HOOKS_SKIP, such as `name,tag:slow,pre-push,pre-commit:name`."""
    return tuple(word.strip() for word in variable.split(",") if word.strip())


def with_hooks(hooks: "Sequence[Hook]", words: "Sequence[str]") -> "tuple[str, ...]":
    """Return the words, with a colon behind each that is the name of a hook or task, and of no job or group.

    A word that names a job means that job, whatever hooks are called.
    """
    named = {hook.name for hook in hooks}
    return tuple(f"{word}:" if word in named and unknown_skips(hooks, (word,)) else word for word in words)


def left_out(hook: "Hook", selectors: Selectors, *, said_by: str) -> "dict[int, Outcome]":
    """Return the outcome of each job that must not run. `said_by` is BY_COMMAND or BY_VARIABLE.

    On the command line an unknown job is an error. The variable applies to all hooks, and may name any job.

    Raises:
        UsageError: an unknown job.
    """
    if said_by == BY_COMMAND:
        _check_names(hook, selectors)
    wanted = _selected_jobs(hook, selectors)
    result = {}
    for job in hook.jobs:
        skipped_by = next((word for word in selectors.skip if is_skipped(job, hook, word)), None)
        if skipped_by is not None:
            reason = f"left out by {said_by}{skipped_by.removesuffix(':')}"
            result[job.number] = Outcome(SKIPPED, SELECTION, reason)
        elif job.number not in wanted:
            result[job.number] = Outcome(SKIPPED, SELECTION, NOT_SELECTED)
    return result


def is_selected(job: "Job", word: str) -> bool:
    """Return whether the word is the name of the job, of a group around it, or `tag:` with one of its tags."""
    return word == job.name or word in job.within or (word.startswith(TAG) and word[len(TAG) :] in job.tags)


def is_skipped(job: "Job", hook: "Hook", word: str) -> bool:
    """Return whether the word selects the job, or begins with `HOOK:`, and what follows does, if anything follows."""
    name, colon, rest = word.partition(":")
    is_of_hook = bool(colon) and name == hook.name
    return is_selected(job, word) or (is_of_hook and (not rest or is_selected(job, rest)))


def names_in(hook: "Hook") -> "list[str]":
    """Return the names of the hook's jobs and groups, by which they can be selected."""
    return list(dict.fromkeys(name for job in hook.jobs for name in (*job.within, job.name)))


def unknown_skips(hooks: "Sequence[Hook]", words: "Sequence[str]") -> "list[str]":
    """Return the words of DODO_HOOKS_SKIP that name nothing in any of the hooks."""
    jobs = [(job, hook) for hook in hooks for job in hook.jobs]
    return [word for word in words if not any(is_skipped(job, hook, word) for job, hook in jobs)]


def _selected_jobs(hook: "Hook", selectors: Selectors) -> "set[int]":
    """Return the selected jobs and everything that they need."""
    if not selectors.jobs and not selectors.tags:
        return set(range(len(hook.jobs)))
    return hook.with_needs(
        job.number
        for job in hook.jobs
        if not {job.name, *job.within}.isdisjoint(selectors.jobs) or not set(job.tags).isdisjoint(selectors.tags)
    )


def _check_names(hook: "Hook", selectors: Selectors) -> None:
    names = names_in(hook)
    for word in (*selectors.jobs, *(word for word in selectors.skip if not word.startswith(TAG))):
        if word not in names:
            from dodo_hooks.core.text.nearest import nearest

            near = nearest(word, names)
            hint = f"did you mean {near}?" if near else f"its jobs are {', '.join(names)}"
            raise UsageError(f"unknown job {word} in {hook.name}: {hint}")
