"""`dodo-hooks trust` and `deny`: whose hooks may run (section 8)."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator

import click

from dodo_hooks.cli.place import repo_at
from dodo_hooks.cli.table import print_table, say, shown
from dodo_hooks.core.errors import HooksError, StoreError, UsageError
from dodo_hooks.core.plan import PINNED
from dodo_hooks.fire import accept
from dodo_hooks.fire.plan_cache import load_plan
from dodo_hooks.git.repo import Repo
from dodo_hooks.host import console
from dodo_hooks.host.world import World
from dodo_hooks.store import trust as decisions
from dodo_hooks.store.identity import repository_id

HEADS = ("STATE", "REPOSITORY", "REMOTE")


@click.command()
@click.argument("path", required=False)
@click.option("--pin", is_flag=True, help="Only as long as the hook files are what they are now.")
@click.option("--yes", is_flag=True, help="Accept changed hook files without being asked.")
@click.option("--list", "is_list", is_flag=True, help="List what was decided, and for which repository.")
@click.option("--forget", "is_forget", is_flag=True, help="Nothing is decided any more.")
@click.pass_obj
def trust(world: World, path: str | None, pin: bool, yes: bool, is_list: bool, is_forget: bool) -> None:
    """Let the hooks of this repository, or that at PATH, run.

    Where only accepted hook files run, the change since the last time is shown, and accepted here.
    """
    if is_list:
        _list(world)
        return
    repo = repo_at(world, path)
    if is_forget:
        is_gone = accept.forget(world, repo)
        say(f"{shown(_name(repo))}: {'nothing is decided any more' if is_gone else 'nothing was decided'}")
        return
    if pin or accept.is_pinned(world, repo) or _says_pinned(world, repo):
        _accept(world, repo, yes)
    else:
        accept.consent(world, repo)
        say(f"{shown(_name(repo))}: its hooks may run")
    for line in _to_replay(world, repo):
        say(line)


@click.command()
@click.argument("path", required=False)
@click.pass_obj
def deny(world: World, path: str | None) -> None:
    """Let no hook of ours run in this repository, or that at PATH, and say nothing about it.

    It matters for hooks that were installed with `install --global`; those that were installed here are taken away by
    `uninstall`.
    """
    repo = repo_at(world, path)
    accept.refuse(world, repo)
    say(f"{shown(_name(repo))}: its hooks do not run")


def _accept(world: World, repo: Repo, yes: bool) -> None:
    change = accept.changes_to_accept(world, repo)
    if change is None:
        say(f"{shown(_name(repo))}: its hook files are those that you have accepted")
        return
    for line in change:
        say(shown(line))
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody is there to say whether this is accepted: `dodo-hooks trust --yes` accepts it")
        if not click.confirm("Accept these hook files?", default=False):
            raise UsageError("nothing was accepted, so gates go on refusing here: `dodo-hooks trust` asks again")
    accept.accept_present(world, repo)
    say(f"{shown(_name(repo))}: its hooks may run as long as its hook files are these")


def _says_pinned(world: World, repo: Repo) -> bool:
    try:
        plan = load_plan(world, repo.top) if repo.top else None
    except HooksError:  # to trust is possible without a file that can be used; the next hook says what is wrong
        return False
    return plan is not None and plan.trust == PINNED


def _to_replay(world: World, repo: Repo) -> Iterator[str]:
    """The commands that run what was not run while nothing was decided; told once."""
    identity = repository_id(repo.common_dir)
    firings = decisions.read_skipped(world.state, identity).firings
    decisions.forget_skipped(world.state, identity)
    commands = [_command(one) for one in firings if _has_hook(world, one[0], one[1])]
    if commands:
        yield "what was not run until now, if you want it:"
        yield from (f"  {command}" for command in commands)


def _command(firing: tuple[str, str, tuple[str, ...]]) -> str:
    place, hook, args = firing
    words = ["dodo-hooks", "run", hook, *(["--", *args] if args else [])]
    return f"cd {shlex.quote(place)} && {shlex.join(words)}"


def _has_hook(world: World, top: str, hook: str) -> bool:
    try:
        plan = load_plan(world, top)
    except (HooksError, OSError):  # it cannot be used, or the working tree is gone
        return False
    return plan is not None and plan.hook(hook) is not None


def _list(world: World) -> None:
    rows = []
    for identity in decisions.decided_repositories(world.state):
        try:
            decision = decisions.read_decision(world.state, identity)
        except StoreError as error:
            console.say(str(error))
            continue
        if decision is not None:
            state = f"{decision.state}, pinned" if decision.pins else decision.state
            rows.append((state, decision.place, decision.remote))
    if rows:
        print_table(HEADS, rows, world)
    else:
        say("nothing was decided about any repository")


def _name(repo: Repo) -> str:
    return repo.top or repo.common_dir
