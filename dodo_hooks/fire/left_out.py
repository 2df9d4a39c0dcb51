"""The jobs of a firing that are left out before it begins: by a variable, or since others are wanted (HOT)."""

from dodo_hooks.core.statuses import NOT_SELECTED, SELECTION, SKIPPED, Outcome
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from dodo_hooks.core.plan import Hook, Plan
    from dodo_hooks.host.world import World
    from dodo_hooks.plans.compiled_plan import Compiled


def left_out_but(wanted: "Container[int]", world: "World", compiled: "Compiled", hook: "Hook") -> "dict[int, Outcome]":
    """Return the outcomes of the jobs that are not wanted, and of those that the variables leave out."""
    others = Outcome(SKIPPED, SELECTION, NOT_SELECTED)
    out = {job.number: others for job in hook.jobs if job.number not in wanted}
    return {**out, **left_out_by_variable(world, compiled.plan, hook)}


def left_out_by_variable(
    world: "World", read_plan: "Callable[[], Plan | None]", hook: "Hook", git: "int | None" = None
) -> "dict[int, Outcome]":
    """Return the outcomes of the jobs that the variables leave out.

    Report the words of DODO_HOOKS_SKIP that name nothing in the whole hook file, which `read_plan` returns: once in a
    command, which is ours, or the process `git` that fires several hooks.
    """
    out: dict[int, Outcome] = {}
    if world.environ.get("LEFTHOOK_EXCLUDE") and (plan := read_plan()):
        from dodo_hooks.fire.select.lefthook_variables import find_excluded

        out = find_excluded(world, plan.config_format, hook)
    if world.environ.get("SKIP"):
        from dodo_hooks.fire.select.pre_commit_variables import find_skipped

        out = {**out, **find_skipped(world.environ, hook)}
    variable = world.environ.get("DODO_HOOKS_SKIP")
    if not variable:
        return out
    from dodo_hooks.fire.select.selectors import BY_VARIABLE, Selectors, left_out, unknown_skips, with_hooks, words_of

    words = words_of(variable)
    if unknown_skips((hook,), words) and (plan := read_plan()):
        words = with_hooks(plan.hooks, words)
        if unknown := unknown_skips(plan.hooks, words):
            _report_unknown(world, unknown, git or os.getpid())
    return {**out, **left_out(hook, Selectors(skip=words), said_by=BY_VARIABLE)}


def _report_unknown(world: "World", words: "Sequence[str]", command: int) -> None:
    """Print the words of DODO_HOOKS_SKIP that name nothing, unless an earlier hook of the process `command` did."""
    from dodo_hooks.core.errors import StoreError
    from dodo_hooks.core.text.terminal_text import quote
    from dodo_hooks.git.repo import find_repo
    from dodo_hooks.host.console import say
    from dodo_hooks.host.files.atomic_files import replace_unlocked
    from dodo_hooks.host.posix import encode_path, try_read
    from dodo_hooks.store import layout
    from dodo_hooks.store.identity import records_dir

    path = layout.unknown_skips_file(records_dir(world.state, find_repo(world.environ, world.cwd).common_dir))
    content = encode_path("\0".join((str(command), *words)))
    if try_read(path) == content:
        return
    for word in words:
        say(f"unknown job, group, tag or hook {quote(word)} in DODO_HOOKS_SKIP")
    try:
        replace_unlocked(path, content)
    except StoreError:  # then they are printed again
        pass
