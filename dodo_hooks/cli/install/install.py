"""`dodo-hooks install`: from now on git fires the hooks of the hook file here, or everywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import click

from dodo_hooks.cli.repository import plan_here, print_once, repo_at
from dodo_hooks.cli.terminal_table import say, shown
from dodo_hooks.core.errors import ConfigError, StoreError, UsageError
from dodo_hooks.core.git_hooks import CLIENT_HOOKS, shim_of
from dodo_hooks.core.plan import PINNED, Plan
from dodo_hooks.fire.report.file_notices import print_notices_here
from dodo_hooks.git.install import global_install, shims
from dodo_hooks.git.install.hooks_dir import configured
from dodo_hooks.git.install.other_tools import manager_of
from dodo_hooks.git.install.required_shims import shims_needed
from dodo_hooks.git.install.shim_text import is_shim
from dodo_hooks.git.install.shims import pin_shims
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.world import World
from dodo_hooks.plans.cache import load_plan
from dodo_hooks.trust.consent import accept, accept_all, is_pinned, make_offer


@click.command()
@click.argument("hooks", nargs=-1, metavar="[HOOK]...")
@click.option("--local", "is_local", is_flag=True, help="Whatever core.hooksPath says: let git use the hooks of .git.")
@click.option("--global", "is_global", is_flag=True, help="For all your repositories, by a global core.hooksPath.")
@click.option("--template", "is_template", is_flag=True, help="For what you clone from now on, by init.templateDir.")
@click.pass_obj
def install(world: World, hooks: tuple[str, ...], is_local: bool, is_global: bool, is_template: bool) -> None:
    """Let git fire the hooks that the hook file names, or each HOOK, in this repository and all its worktrees.

    A hook that is there already is kept and runs first.
    """
    if is_global or is_template:
        if hooks or is_local or (is_global and is_template):
            raise UsageError("--global and --template go alone: they are for all hooks, in all repositories")
        _install_everywhere(world, global_install.BY_PATH if is_global else global_install.BY_TEMPLATE)
        return
    repo = repo_at(world, None)
    plan = _plan_or_none(world, repo) if hooks else plan_here(world)
    wanted = hooks or (tuple(shims_needed(plan)) if plan else ())
    _tell_about_file(world, plan)
    if plan and not wanted and all(hook.is_task for hook in plan.hooks):
        say(f"{shown(os.path.relpath(plan.file, world.cwd))} names no hook yet, so nothing is installed")
        return
    if not is_local and global_install.is_in_effect(world.data, configured(repo, world.environ)):
        _trust(world, repo)
        directory = global_install.directory_of(world.data, global_install.BY_PATH)
        say(f"{directory} has the hooks of all repositories already;")
        say("they run in this one from now on, as in each that you trust")
        return
    before = configured(repo, world.environ) if is_local else None
    changes = shims.install(repo, wanted, world.environ, world.site or None, is_local=is_local)
    _trust(world, repo)
    for change in changes:
        say(f"{change.hook}: {_told(change, wanted)}")
    for sentence in _of_other_programs(changes):
        say(sentence)
    if not changes:
        say("the hook file names no hook of git's, so there is nothing to put")
    else:
        say(f"the hooks are in {shown(os.path.dirname(changes[0].path))}")
    if before:
        _tell_switch(repo, before[1])
    if repo.top and not _has_file(world, repo):
        say(f"there is no hook file in {shown(repo.top)} yet: `dodo-hooks init` writes one, until then they do nothing")


def _install_everywhere(world: World, way: global_install.InstallMethod) -> None:
    directory, file = global_install.install_globally(world.data, way, world.environ, world.site or None)
    say(f"the hooks are in {shown(directory)}, and {way.key} in {shown(file)} leads git there")
    if way == global_install.BY_TEMPLATE:
        say("git copies them into each repository that it makes or clones from now on, and into no other")
    else:
        say("a repository's own hooks run first; where core.hooksPath is set in a repository, only what it says runs")
    say("jobs run in repositories that you trust: `dodo-hooks trust` in each, or answer when you are asked")


def _trust(world: World, repo: Repo) -> None:
    """To install is to consent (section 8): to these files alone where the hook file says so. What was accepted before
    stays what is accepted, since many let a script run `install` after each pull."""
    plan = _plan_or_none(world, repo)
    if is_pinned(world, repo):
        pin_shims(repo, world.environ, world.site or None, True)
    elif plan and plan.trust == PINNED:
        offer = make_offer(world, repo)
        if not offer.state:
            accept(world, repo, offer)
    else:
        try:
            accept_all(world, repo)
        except StoreError as error:  # it counts where hooks come from elsewhere; these here run without
            print_once()(f"that you trust this repository could not be written down: {error}")


def _tell_about_file(world: World, plan: Plan | None) -> None:
    """What its reader noticed, and always what nobody checks here."""
    tell = print_once()
    if plan is not None and not print_notices_here(world, plan):
        for sentence in plan.unchecked:
            tell(sentence)


def _plan_or_none(world: World, repo: Repo) -> Plan | None:
    try:
        return load_plan(world, repo.top) if repo.top else None
    except ConfigError:  # the hooks were named by hand, and the first one that fires says what is wrong
        return None


def _has_file(world: World, repo: Repo) -> bool:
    try:
        return load_plan(world, repo.top) is not None
    except ConfigError:
        return True


def _told(change: shims.Change, wanted: Sequence[str]) -> str:
    """What was done, for a derived hook also why this one was touched at all."""
    derived = [hook for hook in wanted if hook != change.hook and shim_of(hook) == change.hook]
    told = f"installed, for {', '.join(derived)}" if derived else "installed"
    if change.what != shims.CHAINED:
        return told
    is_run = os.access(change.kept, os.X_OK)
    runs = "runs first" if is_run else "does not run, as before: it is not executable"
    return f"{told}, your own hook is kept and {runs}"


def _of_other_programs(changes: Sequence[shims.Change]) -> Iterator[str]:
    """A sentence for each other program whose hooks run together with ours."""
    hooks: dict[str, list[str]] = {}
    removals = {}
    for change in changes:
        manager = manager_of(change.kept) if change.kept else None
        if manager:
            hooks.setdefault(manager.name, []).append(change.hook)
            removals[manager.name] = manager.removal
    for name, its_hooks in hooks.items():
        yield (
            f"{', '.join(its_hooks)}: the hook that is kept was written by {name}, and both run: what your hook file"
            f" does too is done twice; {removals[name]} takes it away, after `dodo-hooks uninstall` and before you"
            " install again"
        )


def _tell_switch(repo: Repo, value: str) -> None:
    """What git uses and does not use any more, now that it takes the repository's own hooks directory."""
    former, own = os.path.join(repo.top or repo.git_dir, value), f"{repo.common_dir}/hooks"
    if os.path.realpath(former) == os.path.realpath(own):
        return
    gone = _executables(former)
    if gone:
        say(f"git does not run those in {shown(value)} any more: {', '.join(gone)}")
    back = [name for name in _executables(own) if not is_shim(f"{own}/{name}")]
    if back:
        say(f"git runs these of {shown(own)} again, which are not ours: {', '.join(back)}")


def _executables(directory: str) -> list[str]:
    return [name for name in CLIENT_HOOKS if os.access(f"{directory}/{name}", os.X_OK)]
