"""`dodo-hooks trust` and `deny`: the decision whether hooks may run (section 8)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click

from dodo_hooks.cli.repository import repo_at
from dodo_hooks.cli.terminal_table import escape, print_table, say
from dodo_hooks.core.errors import UsageError
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.world import World
from dodo_hooks.trust import consent, decisions
from dodo_hooks.trust.policy import LOCAL, installed_in
from dodo_hooks.trust.question import ask, can_ask


@click.command()
@click.argument("path", required=False)
@click.option("--pin", is_flag=True, help="Pin hooks that are installed in the repository to these files, too.")
@click.option("--always", is_flag=True, help="Accept any hook files, now and later.")
@click.option("--yes", is_flag=True, help="Accept the hook files without a question.")
@click.option("--list", "is_list", is_flag=True, help="List the decisions for all repositories.")
@click.option("--forget", "is_forget", is_flag=True, help="Forget the decision.")
@click.pass_obj
def trust(world: World, path: str | None, pin: bool, always: bool, yes: bool, is_list: bool, is_forget: bool) -> None:
    """Let hooks run with the present hook files.

    They are those of this repository, or of that at PATH. If the hook files have changed since you accepted them, the
    changes are shown first.
    """
    options = {"--list": is_list, "--forget": is_forget, "--always": always, "--pin": pin, "PATH": is_list and path}
    chosen = [option for option, is_given in options.items() if is_given]
    if len(chosen) > 1:
        raise UsageError(f"{chosen[0]} and {chosen[1]} cannot be used together")
    if is_list:
        _list(world)
        return
    repo = repo_at(world, path)
    name = escape(repo.top or repo.common_dir)
    if is_forget:
        say(f"{name}: {'removed the decision' if consent.forget(world, repo) else 'no decision to remove'}")
        return
    if always:
        consent.accept_all(world, repo)
        say(f"{name}: hooks may run with any hook files, unless they say `trust: pinned`")
    else:
        _accept(world, repo, name, pin, yes)
    for line in _to_replay(world, repo):
        say(line)


@click.command()
@click.argument("path", required=False)
@click.pass_obj
def deny(world: World, path: str | None) -> None:
    """Never run the hooks of this repository, or of that at PATH.

    Nothing is printed about them. This applies to hooks of `install --global`. Remove hooks that are installed in the
    repository with `uninstall`.
    """
    repo = repo_at(world, path)
    consent.deny(world, repo)
    name = escape(repo.top or repo.common_dir)
    if installed_in(repo) == LOCAL:
        here = "those installed here do (`dodo-hooks uninstall` removes them)"
        say(f"{name}: hooks of `install --global` do not run; {here}")
    else:
        say(f"{name}: hooks do not run")


def _accept(world: World, repo: Repo, name: str, pin: bool, yes: bool) -> None:
    offer = consent.make_offer(world, repo, pin=pin)
    if offer.state == decisions.ALWAYS and offer.is_here and not offer.is_pinned:
        say(f"{name}: hooks may run with any hook files")
        return
    if offer.is_accepted and offer.is_pinned == (offer.state == decisions.PINNED):
        say(f"{name}: these hook files are already accepted")
        return
    if yes or not can_ask(world):
        for line in offer.change:
            say(escape(line))
        if not yes and offer.before and not offer.is_accepted:
            raise UsageError(
                "the hook files have changed; accept them without a terminal with `dodo-hooks trust --yes`"
            )
    elif ask(offer.change, "Accept these hook files? [y/N]: ") not in ("y", "yes"):
        raise UsageError("nothing accepted")
    consent.accept(world, repo, offer)
    say(f"{name}: hooks may run with these hook files")


def _to_replay(world: World, repo: Repo) -> Iterator[str]:
    """Yield, once, the commands that run the hooks that were not run until now."""
    firings = decisions.read_skipped(world.state, repo.common_dir).firings
    if firings:
        decisions.write_skipped(world.state, repo.common_dir, decisions.Skipped())
        yield "to run the hooks that were not run:"
    for top, hook, args in firings:
        words = ["dodo-hooks", "run", hook, *(["--", *args] if args else [])]
        yield escape(f"  cd {shlex.quote(top)} && {shlex.join(words)}")


def _list(world: World) -> None:
    rows = [(one.state, one.repository.removesuffix("/.git")) for one in decisions.list_decisions(world.state)]
    if rows:
        print_table(("STATE", "REPOSITORY"), rows, world)
    else:
        say("no decisions yet")
