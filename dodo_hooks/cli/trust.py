"""`dodo-hooks trust` and `deny`: whose hooks may run (section 8)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click

from dodo_hooks.cli.repository import repo_at
from dodo_hooks.cli.terminal_table import print_table, say, shown
from dodo_hooks.core.errors import UsageError
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.world import World
from dodo_hooks.trust import consent, decisions
from dodo_hooks.trust.question import ask, can_ask


@click.command()
@click.argument("path", required=False)
@click.option("--pin", is_flag=True, help="Bind hooks that are installed in the repository to these files, too.")
@click.option("--always", is_flag=True, help="Whatever the hook files say, now and later.")
@click.option("--yes", is_flag=True, help="Accept the hook files without being asked.")
@click.option("--list", "is_list", is_flag=True, help="List what was decided, and for which repository.")
@click.option("--forget", "is_forget", is_flag=True, help="Forget the decision.")
@click.pass_obj
def trust(world: World, path: str | None, pin: bool, always: bool, yes: bool, is_list: bool, is_forget: bool) -> None:
    """Let the hooks of this repository, or that at PATH, run, as long as its hook files are what they are now.

    What has changed since the last time is shown, and accepted here.
    """
    if is_list:
        _list(world)
        return
    repo = repo_at(world, path)
    name = shown(repo.top or repo.common_dir)
    if is_forget:
        say(f"{name}: {'nothing is decided any more' if consent.forget(world, repo) else 'nothing was decided'}")
        return
    if pin and always:
        raise UsageError("--pin and --always exclude each other")
    if always:
        consent.accept_all(world, repo)
        say(f"{name}: its hooks may run, whatever its hook files say, unless that is `trust: pinned`")
    else:
        _accept(world, repo, name, pin, yes)
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
    consent.deny(world, repo)
    say(f"{shown(repo.top or repo.common_dir)}: its hooks do not run")


def _accept(world: World, repo: Repo, name: str, pin: bool, yes: bool) -> None:
    offer = consent.make_offer(world, repo, pin=pin)
    if offer.state == decisions.ALWAYS and offer.is_here and not offer.is_pinned:
        say(f"{name}: its hooks may run, whatever its hook files say")
        return
    if offer.is_accepted and offer.is_pinned == (offer.state == decisions.PINNED):
        say(f"{name}: its hook files are those that you have accepted")
        return
    if yes or not can_ask(world):
        for line in offer.change:
            say(shown(line))
        if not yes and offer.before and not offer.is_accepted:
            raise UsageError("the hook files have changed: `dodo-hooks trust --yes` accepts them without a terminal")
    elif ask(offer.change, "Accept these hook files? [y/N]: ") not in ("y", "yes"):
        raise UsageError("nothing was accepted: `dodo-hooks trust` asks again")
    consent.accept(world, repo, offer)
    say(f"{name}: its hooks may run as long as its hook files are these")


def _to_replay(world: World, repo: Repo) -> Iterator[str]:
    """The commands that run what was not run until now; told once."""
    firings = decisions.read_skipped(world.state, repo.common_dir).firings
    if firings:
        decisions.write_skipped(world.state, repo.common_dir, decisions.Skipped())
        yield "what was not run until now, if you want it:"
    for top, hook, args in firings:
        words = ["dodo-hooks", "run", hook, *(["--", *args] if args else [])]
        yield shown(f"  cd {shlex.quote(top)} && {shlex.join(words)}")


def _list(world: World) -> None:
    rows = [(one.state, one.repository.removesuffix("/.git")) for one in decisions.list_decisions(world.state)]
    if rows:
        print_table(("STATE", "REPOSITORY"), rows, world)
    else:
        say("nothing was decided about any repository")
