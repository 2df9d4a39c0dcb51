"""`dodo-hooks why`: what would make a job run."""

from __future__ import annotations

import click

from dodo_hooks.cli.options.click_options import color_option
from dodo_hooks.cli.options.completion_words import hook_and_job_names, job_names
from dodo_hooks.cli.repository import hook_in, no_hook_file, tree_here
from dodo_hooks.cli.terminal_table import escape, say
from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.plan import Hook, Plan
from dodo_hooks.core.text.nearest import choose_from
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.world import World


@click.command()
@click.argument("hook_or_job", metavar="[HOOK] JOB", shell_complete=hook_and_job_names)
@click.argument("job", required=False, metavar="", shell_complete=job_names)
@color_option
@click.pass_obj
def why(world: World, hook_or_job: str, job: str | None) -> None:
    """Say whether JOB is up to date, and if not, what has changed.

    HOOK can be left out where only one hook has a job of this name.
    """
    from dodo_hooks.fire.firing import MANUAL, make_firing, select_files
    from dodo_hooks.fire.guards.kept_results import results_of
    from dodo_hooks.plans.plan_cache import load_compiled
    from dodo_hooks.results.explanation import explain
    from dodo_hooks.trust.policy import expect_accepted

    top = tree_here(world)
    compiled, _ = load_compiled(world, top)
    plan = compiled.plan()
    if plan is None:
        raise no_hook_file(top)
    hook, name = _one_job(plan, hook_or_job) if job is None else (hook_in(plan, hook_or_job), job)
    number = hook.number_of(name)
    if number is None:
        hint = choose_from(name, [one.name for one in hook.jobs])
        raise UsageError(f"no job {quote(name)} in {hook.name}{hint}")
    repo = find_repo(world.environ, world.cwd)
    expect_accepted(world, repo, compiled.rules)  # commands of the file are run: conditions, lists of files, `uptodate`
    firing = select_files(make_firing(world, repo, compiled.rules, hook, (), MANUAL, {}))
    left_out = firing.left_out.get(number)
    if left_out is not None:
        say(f"{escape(name)} would not run: {escape(left_out.reason or '')}")
        return
    for line in explain(results_of(firing, "", lambda sentence: None), number):
        say(escape(line))


def _one_job(plan: Plan, name: str) -> tuple[Hook, str]:
    """Return the hook that has a job of this name. Raises UsageError: no hook has, or several have."""
    hooks = [hook for hook in plan.hooks if hook.number_of(name) is not None]
    if len(hooks) > 1:
        words = ", ".join(hook.name for hook in hooks)
        raise UsageError(f"several hooks have a job {quote(name)} ({words}); name the hook first")
    if not hooks:
        hint = choose_from(name, [job.name for hook in plan.hooks for job in hook.jobs])
        raise UsageError(f"no job {quote(name)} in the hook file{hint}")
    return hooks[0], name
