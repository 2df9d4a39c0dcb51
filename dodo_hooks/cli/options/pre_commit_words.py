"""The words that people know from pre-commit: its hooks and stages after `run` (P8)."""

from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.git_hooks import BEFORE_COMMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.plans.compiled_plan import Compiled

_FORMER = {"commit": BEFORE_COMMIT, "push": "pre-push", "merge-commit": "pre-merge-commit"}


def choose_hook(compiled: "Compiled", name: "str | None", stage: "str | None") -> "tuple[str, tuple[str, ...]]":
    """Return the hook of git that `run` means, and the job in it; none for all jobs.

    `name` may be the id or the alias of a hook of pre-commit's, in `stage`, which is that of a commit by default.

    Raises:
        UsageError: `name` is missing, or contradicts the stage.
    """
    event = _FORMER.get(stage or "", stage) or BEFORE_COMMIT
    if name is not None and compiled.hook(name) is not None:
        if stage is not None and event != name:
            raise UsageError(f"--hook-stage {stage} and {name} cannot be used together; name a hook of pre-commit's")
        return name, ()
    body = compiled.hook(event)
    is_theirs = body is not None and any(job.is_judged_by_diff for job in body.jobs)
    if name is None:
        if is_theirs or stage is not None:
            return event, ()
        raise UsageError("name a hook or a task: `dodo-hooks run HOOK`")
    names = [one for job in body.jobs if job.is_judged_by_diff for one in (job.name, *job.within)] if body else []
    if name in names:
        return event, (name,)
    if stage is not None:
        from dodo_hooks.core.text.nearest import choose_from

        raise UsageError(f"no hook {name} of pre-commit's in stage {stage}{choose_from(name, names)}")
    return name, ()
