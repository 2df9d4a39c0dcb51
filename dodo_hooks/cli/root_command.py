"""The command `dodo-hooks` and the table of its commands, each loaded when it is used."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import click

from dodo_hooks import __version__
from dodo_hooks.cli.before_command import begin, with_exit_code
from dodo_hooks.cli.lazy_group import OF_JOBS, PROGRAM, LazyGroup
from dodo_hooks.cli.options.click_options import color_option
from dodo_hooks.cli.options.tables import COMPLETION
from dodo_hooks.core.errors import INTERRUPTED, USAGE_ERROR
from dodo_hooks.host.console import say
from dodo_hooks.host.world import World


def run(argv: Sequence[str], world: World) -> int:
    """Run `dodo-hooks ARGV` and return its exit code; a wrong command line is one line on stderr (R22).

    Raises:
        HooksError: an error of the command itself.
    """
    return with_exit_code(lambda: _run_command(argv, world))


def _run_command(argv: Sequence[str], world: World) -> int:
    try:
        if COMPLETION in world.environ:
            from dodo_hooks.cli.options.completion import complete

            return complete(cli, world, world.environ[COMPLETION])
        argv, world = _in_directory(argv, world)
        if _command_of(argv) in COMMANDS and not {"-h", "--help", "--short", "--dry-run"} & set(argv):
            begin(world, _command_of(argv))
        return _invoke(argv, world)
    except click.ClickException as error:
        return _refuse(error)
    except click.Abort:
        return INTERRUPTED


def _in_directory(argv: Sequence[str], world: World) -> tuple[Sequence[str], World]:
    """Return the command line without its `-C DIR`, and the world in that directory. Raises click.UsageError."""
    while len(argv) > 1 and argv[0] == "-C":
        directory = os.path.join(world.cwd, argv[1])
        if not os.path.isdir(directory):
            raise click.UsageError(f"cannot change to {argv[1]}: no such directory")
        argv, world = argv[2:], world._replace(cwd=directory)
    return argv, world


def _command_of(argv: Sequence[str]) -> str | None:
    """Return the name of the command, which may have `--color WHEN` before it."""
    words = iter(argv)
    for word in words:
        if word == "--color":
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def _invoke(argv: Sequence[str], world: World) -> int:
    """Invoke the command as click's own `main` does, except that a closed output does not exit the process."""
    try:
        with cli.make_context(PROGRAM, list(argv), obj=world) as context:
            result = cli.invoke(context)
    except click.exceptions.Exit as end:  # --help, --version
        return end.exit_code
    return result if isinstance(result, int) else 0


def _refuse(error: click.ClickException) -> int:
    context = error.ctx if isinstance(error, click.UsageError) else None
    where = f" (see `{context.command_path} --help`)" if context else ""
    text = " ".join(error.format_message().split()).removesuffix(".")
    say(f"{text[:1].lower()}{text[1:]}{where}")
    return USAGE_ERROR


COMMANDS: Mapping[str, str] = {
    "init": "hook_file.init:init",
    "install": "install.install:install",
    "uninstall": "install.uninstall:uninstall",
    "run": "run:run",
    "list": "hook_file.list:list_jobs",
    "graph": "graph.graph:graph",
    "validate": "hook_file.validate:validate",
    "dump": "hook_file.dump:dump",
    "migrate": "hook_file.migrate:migrate",
    "jobs": "jobs.jobs:jobs",
    **{name: OF_JOBS[name] for name in ("logs", "wait", "watch", "cancel", "retry", "prune")},
    "checks": "verdicts.checks:checks",
    "push": "verdicts.push:push",
    "why": "results.why:why",
    "status": "status:status",
    "cache": "results.cache:cache",
    "snapshots": "verdicts.snapshots:snapshots",
    "doctor": "install.doctor:doctor",
    "trust": "trust:trust",
    "deny": "trust:deny",
    "worktree": "worktree:worktree",
    "completion": "options.completion:completion",
}


@click.command(
    cls=LazyGroup,
    places=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("-C", "directory", metavar="DIR", help="Run as if started in DIR.")  # taken by `_in_directory`
@click.version_option(__version__, prog_name=PROGRAM)
@color_option
@click.pass_context
def cli(ctx: click.Context, directory: str | None) -> None:
    """Run a repository's git hooks as a build graph, and see what they did.

    logs, wait, watch, cancel, retry and prune are short for jobs logs, and so on.
    """
    if directory is not None:
        raise click.UsageError("-C must come before everything else")
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(USAGE_ERROR)
