"""`dodo-hooks completion`: the shell completion of our command lines.

The script is click's own. It calls `dodo-hooks` with a variable set, and `root_command.run` hands that call to
`complete`. An error while a person presses Tab prints nothing: then there is nothing to complete.
"""

from __future__ import annotations

from collections.abc import Mapping

import click
from click.shell_completion import BashComplete, CompletionItem, FishComplete, ShellComplete, ZshComplete

from dodo_hooks.cli.lazy_group import PROGRAM
from dodo_hooks.cli.options.tables import COMPLETION
from dodo_hooks.core.errors import HooksError
from dodo_hooks.host.world import World

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
    except (click.ClickException, HooksError, OSError, KeyError, ValueError):  # the last two: no script of ours asked
        return 1
    return 0
