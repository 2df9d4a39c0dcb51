"""`dodo-hooks completion`: the shell completion of our command lines.

The script is click's own. It calls `dodo-hooks` with a variable set, and `root_command.run` hands that call to
`complete`. An error while a person presses Tab prints nothing: then there is nothing to complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import click
from click.shell_completion import BashComplete, CompletionItem, FishComplete, ShellComplete, ZshComplete

from dodo_hooks.cli.lazy_group import PROGRAM
from dodo_hooks.cli.plain_command import COMPLETION
from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.plan import Hook, Plan
from dodo_hooks.host.world import World

RECENT = 20  # invocations whose ids and jobs are offered
_QUOTED_IN_BASH = frozenset(" \t\\'\"`$&|;<>()[]{}*?!#~")


class _Bash(BashComplete):
    """The completion of bash, which inserts words unquoted.

    Names may hold blanks, so they are quoted, with a second backslash, since click's script removes one.
    """

    def format_completion(self, item: CompletionItem[str]) -> str:
        quoted = "".join(f"\\\\{c}" if c in _QUOTED_IN_BASH else c for c in item.value)
        return f"{item.type},{quoted}"


SHELLS: Mapping[str, type[ShellComplete]] = {"bash": _Bash, "zsh": ZshComplete, "fish": FishComplete}


@click.command(short_help="Print a shell's completion script.")
@click.argument("shell", type=click.Choice(list(SHELLS)))
def completion(shell: str) -> None:
    """Print a script for SHELL that completes commands, options, hooks, jobs and runs.

    \b
    ~/.bashrc:                   eval "$(dodo-hooks completion bash)"
    ~/.zshrc, after compinit:    eval "$(dodo-hooks completion zsh)"
    ~/.config/fish/config.fish:  dodo-hooks completion fish | source
    """
    # Not `source()`: it starts a bash to ask for its version, at each start of a shell.
    script = SHELLS[shell](click.Command(PROGRAM), {}, PROGRAM, COMPLETION)
    click.echo(script.source_template % script.source_vars())


def complete(cli: click.Command, world: World, instruction: str) -> int:
    """Print the completions at the cursor, and return the exit code.

    `instruction` comes from click's script, such as `bash_complete`.
    """
    shell = SHELLS.get(instruction.removesuffix("_complete"))
    if shell is None:
        return 1
    try:
        click.echo(shell(cli, {"obj": world}, PROGRAM, COMPLETION).complete())
    except (click.ClickException, HooksError, OSError):
        return 1
    return 0


# The completions of arguments


def hook_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the hooks and tasks of the hook file."""
    return _items(((hook.name, "task" if hook.is_task else "hook") for hook in _hooks(ctx)), incomplete)


def job_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the jobs of the hook that the command line names."""
    return _items(_job_names(ctx), incomplete)


def tag_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    return _items(((tag, "") for tag in _tags(ctx)), incomplete)


def skip_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    return _items([*_job_names(ctx), *((f"tag:{tag}", "") for tag in _tags(ctx))], incomplete)


def checked_jobs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the jobs that run in a snapshot, as HOOK:JOB."""
    jobs = ((hook.name, job) for hook in _hooks(ctx) for job in hook.jobs if job.workspace)
    return _items(((f"{hook}:{job.name}", job.description or job.command) for hook, job in jobs), incomplete)


def known_addresses(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the jobs of the newest runs; after an @, the ids of the runs."""
    return _items(_addresses(ctx, incomplete), incomplete)


def _items(found: Iterable[tuple[str, str]], incomplete: str) -> list[CompletionItem[str]]:
    """Return each name once, with a help text in one line, since click reads each line as an item."""
    first: dict[str, str] = {}
    for name, help_ in found:
        if name.startswith(incomplete):
            first.setdefault(name, " ".join(help_.split()))
    return [CompletionItem(name, help=help_ or None) for name, help_ in first.items()]


def _hooks(ctx: click.Context) -> tuple[Hook, ...]:
    plan = _plan(ctx.obj)
    return plan.hooks if plan else ()


def _its_hooks(ctx: click.Context) -> list[Hook]:
    """Return the hook that the command line names, in a list; all hooks where it names none yet."""
    # Where an option lacks its value, click has put the arguments into no parameter yet.
    named = {ctx.params.get("hook"), *ctx.args}
    hooks = list(_hooks(ctx))
    return [hook for hook in hooks if hook.name in named] or hooks


def _job_names(ctx: click.Context) -> Iterator[tuple[str, str]]:
    return ((job.name, job.description or job.command) for hook in _its_hooks(ctx) for job in hook.jobs)


def _tags(ctx: click.Context) -> Iterator[str]:
    return (tag for hook in _its_hooks(ctx) for job in hook.jobs for tag in job.tags)


def _plan(world: World) -> Plan | None:
    from dodo_hooks.cli.repository import plan_here

    try:
        return plan_here(world)
    except HooksError:  # no repository, no hook file, or one that is wrong
        return None


def _addresses(ctx: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    from dodo_hooks.cli.repository import repo_at
    from dodo_hooks.store import identity, layout
    from dodo_hooks.store.reader import list_invocations, read_jobs

    world: World = ctx.obj
    outer = ctx.parent.params.get("repo") if ctx.parent else None
    try:
        known = identity.known_id(repo_at(world, ctx.params.get("repo") or outer).common_dir)
    except HooksError:
        return
    if known is None:
        return
    before, at, _ = incomplete.rpartition("@")
    newest = list_invocations(layout.repository_dir(world.state, known), report=lambda sentence: None)
    for invocation in islice(newest, RECENT):
        jobs = read_jobs(invocation, lambda sentence: None)
        if not at:
            yield from ((job.name, f"{job.status}, in {invocation.hook}") for job in jobs)
        elif not before or any(before in (job.name, f"{invocation.hook}:{job.name}") for job in jobs):
            yield f"{before}@{invocation.id}", invocation.hook
