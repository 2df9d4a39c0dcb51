"""The jobs of a firing that are left out before it begins: by a variable, or since others are wanted (HOT)."""

from dodo_hooks.core.statuses import NOT_SELECTED, SELECTION, SKIPPED, Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from dodo_hooks.core.plan import Hook, Plan
    from dodo_hooks.host.world import World
    from dodo_hooks.plans.compiled_plan import Compiled


def left_out_but(wanted: "Container[int]", world: "World", compiled: "Compiled", hook: "Hook") -> "dict[int, Outcome]":
    """Return the outcomes of the jobs that are not wanted, and of those that the variables leave out."""
    others = Outcome(SKIPPED, SELECTION, NOT_SELECTED)
    out = {job.number: others for job in hook.jobs if job.number not in wanted}
    return {**out, **left_out_by_variable(world, compiled.plan, hook)}


def left_out_by_variable(world: "World", read_plan: "Callable[[], Plan | None]", hook: "Hook") -> "dict[int, Outcome]":
    """Return the outcomes of the jobs that the variables leave out.

    Report the words of DODO_HOOKS_SKIP that name nothing in the whole hook file, which `read_plan` returns.
    """
    out: dict[int, Outcome] = {}
    if world.environ.get("LEFTHOOK_EXCLUDE") and (plan := read_plan()):
        from dodo_hooks.fire.select.lefthook_variables import find_excluded

        out = find_excluded(world, plan.config_format, hook)
    variable = world.environ.get("DODO_HOOKS_SKIP")
    if not variable:
        return out
    from dodo_hooks.core.text.terminal_text import quote
    from dodo_hooks.fire.select.selectors import BY_VARIABLE, left_out, selectors_from, unknown_skips
    from dodo_hooks.host.console import say

    if unknown_skips((hook,), variable) and (plan := read_plan()):
        for word in unknown_skips(plan.hooks, variable):
            say(f"unknown job, group or tag {quote(word)} in DODO_HOOKS_SKIP")
    return {**out, **left_out(hook, selectors_from(variable), said_by=BY_VARIABLE)}
