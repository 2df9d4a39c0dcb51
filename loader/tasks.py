"""The plan as doit tasks: a task for each job, and groups that gather them (section 5; HOT).

    pre-commit                 the hook; its members are its jobs
    pre-commit:lint            a job; its `task_dep` are the jobs it needs
    fg                         every foreground job of the hooks
    bg                         the background jobs, hook by hook
    bg:post-checkout           the background jobs of one hook

A task of the file looks like a hook, but runs only when it is named: it is no member of `fg` and `bg`.

The action that runs a job is an argument, so nothing here needs the engine.
"""

from collections.abc import Callable, Iterable, Iterator

from doit.task import Task  # type: ignore[import-untyped]

from dodo_hooks.core.git_hooks import NOT_IN_BG
from dodo_hooks.core.plan import BACKGROUND, FOREGROUND, Hook, Job, Plan

FOREGROUND_GROUP = "fg"
BACKGROUND_GROUP = "bg"

Action = Callable[[], bool]  # runs one job; whether it succeeded


def tasks_of(
    plan: Plan, action: Callable[[Hook, Job], Action], files: Callable[[Hook, Job], Iterable[str]] | None = None
) -> list[Task]:
    """Return every task of the plan in the order of the file: each hook before its jobs, then `fg` and `bg`.

    `action` is called once for each job, and returns the function that doit calls to run that job. With `files`, which
    returns the inputs of a job, tasks have `file_dep` and `targets`, and `doit clean` removes the targets (K7).
    """
    tasks: list[Task] = []
    makers = _makers(plan)
    for hook in plan.hooks:
        doc = f"all jobs of the task {hook.name}" if hook.is_task else f"all jobs of {hook.name}"
        tasks.append(_group(hook.name, doc, (task_name(hook, job) for job in hook.jobs)))
        for job in hook.jobs:
            tasks.append(_task(hook, job, action(hook, job)))
            if files is not None:
                paths = [*files(hook, job)]
                tasks[-1].file_dep = {_in_hook(hook, path, makers) for path in paths}
                tasks[-1].targets = [_in_hook(hook, path, makers) for path in job.results.outputs]
                tasks[-1]._remove_targets = True
    fired = [hook for hook in plan.hooks if not hook.is_task]
    tasks.append(_group(FOREGROUND_GROUP, "all foreground jobs", _names(fired, FOREGROUND)))
    tasks.extend(_background_groups(plan))
    return tasks


class _HookPath(str):
    """A path as the jobs of one hook see it.

    doit allows one task for a target, and makes a dependency of each file that is one. Here that holds within a hook:
    two hooks may have jobs that make the same file.
    """

    hook = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _HookPath) and self.hook == other.hook and str.__eq__(self, other)

    def __hash__(self) -> int:
        return hash((self.hook, str(self)))


def _in_hook(hook: Hook, path: str, makers: dict[str, set[str]]) -> str:
    if makers.get(path, set()) <= {hook.name}:
        return path
    own = _HookPath(path)
    own.hook = hook.name
    return own


def _makers(plan: Plan) -> dict[str, set[str]]:
    """Return for each output the hooks that have a job that makes it."""
    makers: dict[str, set[str]] = {}
    for hook in plan.hooks:
        for job in hook.jobs:
            for path in job.results.outputs:
                makers.setdefault(path, set()).add(hook.name)
    return makers


def task_name(hook: Hook, job: Job) -> str:
    """Return the name of this job in doit.

    It is never the name of a group, since no hook is named `fg` or `bg`.
    """
    return f"{hook.name}:{job.name}"


def background_group(hook: Hook) -> str:
    """Return the name in doit of the background jobs of this hook."""
    return f"{BACKGROUND_GROUP}:{hook.name}"


def jobs_below(tasks: Iterable[Task], name: str) -> list[str]:
    """Return the names of the jobs in the group `name` and in its subgroups; none when it is a job or unknown."""
    by_name = {task.name: task for task in tasks}
    below: list[str] = []
    waiting = [name] if name in by_name and by_name[name].has_subtask else []
    while waiting:
        for member in by_name[waiting.pop(0)].task_dep:
            (waiting if by_name[member].has_subtask else below).append(member)
    return below


def _task(hook: Hook, job: Job, action: Action) -> Task:
    task = Task(task_name(hook, job), [action], subtask_of=hook.name, doc=job.description or job.execution.command)
    # Not in the constructor, which would read a `*` in the name of a need as a wildcard.
    task.task_dep = [task_name(hook, hook.jobs[number]) for number in job.order.needs]
    return task


def _group(name: str, doc: str, members: Iterable[str], subtask_of: "str | None" = None) -> Task:
    group = Task(name, None, subtask_of=subtask_of, has_subtask=True, doc=doc)
    group.task_dep = list(members)
    return group


def _background_groups(plan: Plan) -> Iterator[Task]:
    """Yield `bg` and its subgroups, one for each hook that has background jobs.

    A hook of NOT_IN_BG and a task have a subgroup, too, so that `doit run bg:HOOK` works, but are no members of `bg`.
    """
    hooks = [hook for hook in plan.hooks if any(job.phase == BACKGROUND for job in hook.jobs)]
    members = (background_group(hook) for hook in hooks if hook.name not in NOT_IN_BG and not hook.is_task)
    yield _group(BACKGROUND_GROUP, "all background jobs that need no event", members)
    for hook in hooks:
        doc = f"the background jobs of {hook.name}"
        yield _group(background_group(hook), doc, _names([hook], BACKGROUND), BACKGROUND_GROUP)


def _names(hooks: Iterable[Hook], phase: str) -> Iterator[str]:
    return (task_name(hook, job) for hook in hooks for job in hook.jobs if job.phase == phase)
