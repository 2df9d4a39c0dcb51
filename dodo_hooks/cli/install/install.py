"""`dodo-hooks install`: install the hooks of the hook file, here or for all repositories."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from dodo_hooks.cli.install.hook_checks import OF_SHIMS, diagnose_hooks
from dodo_hooks.cli.options.completion_words import installable_hooks
from dodo_hooks.cli.repository import plan_here, print_once, repo_at
from dodo_hooks.cli.terminal_table import escape, say
from dodo_hooks.core.diagnostics import WARNING
from dodo_hooks.core.errors import ConfigError, StoreError, UsageError
from dodo_hooks.core.git_hooks import CLIENT_HOOKS, shim_of
from dodo_hooks.core.plan import PINNED, Plan
from dodo_hooks.fire.report.file_warnings import print_warnings_here
from dodo_hooks.git.install import global_install, shims
from dodo_hooks.git.install.hooks_dir import configured
from dodo_hooks.git.install.other_tools import legacy_managers
from dodo_hooks.git.install.replaced_hooks import replaced_hook
from dodo_hooks.git.install.shim_state import is_in_effect, shims_needed
from dodo_hooks.git.install.shim_text import is_shim
from dodo_hooks.git.install.shims import pin_shims
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.world import World
from dodo_hooks.plans.compile_plan import find_file
from dodo_hooks.plans.plan_cache import load_compiled, load_plan
from dodo_hooks.trust.consent import accept, accept_all, is_pinned, make_offer


@click.command()
@click.argument("hooks", nargs=-1, metavar="[HOOK]...", shell_complete=installable_hooks)
@click.option("--local", "is_local", is_flag=True, help="Use the hooks directory of .git and ignore core.hooksPath.")
@click.option("--global", "is_global", is_flag=True, help="Install for all repositories, by a global core.hooksPath.")
@click.option("--template", "is_template", is_flag=True, help="Install for future clones, by init.templateDir.")
@click.option("--check", "is_check", is_flag=True, help="Only check that git fires the hooks; exit code 1 if not.")
@click.pass_obj
def install(
    world: World, hooks: tuple[str, ...], is_local: bool, is_global: bool, is_template: bool, is_check: bool
) -> int:
    """Install the hooks that the hook file names, or each HOOK.

    They are installed in this repository, for all its worktrees. A hook that exists already is kept as a legacy hook
    and runs first.
    """
    if is_global or is_template:
        if hooks or is_local or is_check or (is_global and is_template):
            raise UsageError("--global and --template cannot be used with another option or a HOOK")
        _install_globally(world, global_install.BY_PATH if is_global else global_install.BY_TEMPLATE)
        return 0
    if is_check and is_local:
        raise UsageError("--check and --local cannot be used together")
    repo = repo_at(world, None)
    plan = _plan_or_none(world, repo) if hooks else plan_here(world)
    if is_check:
        return _check(world, repo, plan, hooks)
    _install_here(world, repo, plan, hooks, is_local=is_local)
    return 0


def _check(world: World, repo: Repo, plan: Plan | None, hooks: Sequence[str]) -> int:
    """Print why git does not fire the hooks, or fires an old shim; return 1 if there is a reason, else 0."""
    found = [one for one in diagnose_hooks(world, repo, plan, hooks) if one.subject in OF_SHIMS]
    for one in found:
        say(escape(one.sentence))
    return int(bool(found))


def _install_here(world: World, repo: Repo, plan: Plan | None, hooks: Sequence[str], *, is_local: bool) -> None:
    wanted = hooks or (shims_needed(plan) if plan else ())
    _report_file(world, plan)
    if plan and not wanted and all(hook.is_task for hook in plan.hooks):
        say(f"nothing installed: {escape(os.path.relpath(plan.file, world.cwd))} names no hook yet")
        return
    if not is_local and is_in_effect(world.data, configured(repo, world.environ)):
        _trust(world, repo, plan)
        directory = global_install.directory_of(world.data, global_install.BY_PATH)
        say(f"the hooks for all repositories ({directory}) now run here")
        return
    before = configured(repo, world.environ) if is_local else None
    replaces = plan is not None and plan.runs_pre_commit
    changes = shims.install(repo, wanted, world.environ, world.site or None, is_local=is_local, replaces=replaces)
    _trust(world, repo, plan)
    for change in changes:
        say(f"{change.hook}: {_describe(change, wanted)}")
    if plan is not None and (plan.has_unknown_hooks or plan.unresolved_hooks):
        _resolve(world, repo, wanted)
    for _, message, fix in legacy_managers((change.hook, change.kept) for change in changes if change.kept):
        say(f"{message}; {fix}")
    if not changes:
        say("nothing installed: the hook file names no git hook")
    else:
        say(f"hooks directory: {escape(os.path.dirname(changes[0].path))}")
    if before:
        _report_switch(repo, before[1])
    if repo.top and find_file(world, repo.top) is None:
        say(f"no hook file in {escape(repo.top)}; run `dodo-hooks init` to create one")


def _resolve(world: World, repo: Repo, hooks: Sequence[str]) -> None:
    """Install the environments of pre-commit's hooks now; where that fails, the first commit says so again."""
    from dodo_hooks.fire.select.pre_commit_variables import skipped_ids
    from dodo_hooks.plans.resolve_hooks import resolve_for

    compiled, _ = load_compiled(world, repo.top)
    resolve_for(world, repo.top, compiled, hooks, skipped_ids(world.environ))


def _install_globally(world: World, way: global_install.InstallMethod) -> None:
    directory, file = global_install.install_globally(world.data, way, world.environ, world.site or None)
    say(f"installed hooks in {escape(directory)}, and set {way.key} in {escape(file)}")
    if way == global_install.BY_TEMPLATE:
        say("git copies the hooks into each repository that you create or clone from now on")
    else:
        say("a repository's own hooks run first; a repository with its own core.hooksPath does not use them")
    say("jobs run only in repositories that you trust: run `dodo-hooks trust` in each")


def _trust(world: World, repo: Repo, plan: Plan | None) -> None:
    """Record that the hooks of this repository may run: to install is to consent (section 8).

    Where the hook file says `trust: pinned`, only the present files are accepted. Files that were accepted before stay
    the accepted ones, since many let a script run `install` after each pull.
    """
    if is_pinned(world, repo):
        pin_shims(repo, world.environ, world.site or None, True)
    elif plan and plan.trust == PINNED:
        offer = make_offer(world, repo)
        if not offer.state:
            accept(world, repo, offer)
    else:
        try:
            accept_all(world, repo)
        except StoreError as error:  # hooks of a global install need the decision; hooks installed here run without
            print_once()(f"cannot record that you trust this repository: {error}")


def _report_file(world: World, plan: Plan | None) -> None:
    """Print the warnings and notes about the hook file once, and the warnings always."""
    report = print_once()
    if plan is not None and not print_warnings_here(world, plan):
        for one in plan.diagnostics:
            if one.severity == WARNING:
                report(one.sentence)


def _plan_or_none(world: World, repo: Repo) -> Plan | None:
    try:
        return load_plan(world, repo.top) if repo.top else None
    except ConfigError:  # the hooks were named on the command line; the first one that fires reports the error
        return None


def _describe(change: shims.Change, wanted: Sequence[str]) -> str:
    """Return what was done, and for which derived hooks."""
    derived = [hook for hook in wanted if hook != change.hook and shim_of(hook) == change.hook]
    installed = f"installed for {', '.join(derived)}" if derived else "installed"
    if os.path.lexists(replaced_hook(os.path.dirname(change.path), change.hook)):
        installed += "; replaced the hook of pre-commit"
    if change.what != shims.CHAINED:
        return installed
    is_run = os.access(change.kept, os.X_OK)
    runs = "runs first" if is_run else "does not run: not executable"
    return f"{installed}; your legacy hook {runs}"


def _report_switch(repo: Repo, value: str) -> None:
    """Print which hooks git stops and starts to use with the repository's own hooks directory."""
    former, own = os.path.join(repo.top or repo.git_dir, value), f"{repo.common_dir}/hooks"
    if os.path.realpath(former) == os.path.realpath(own):
        return
    gone = _executables(former)
    if gone:
        say(f"git no longer runs {', '.join(gone)} in {escape(value)}")
    back = [name for name in _executables(own) if not is_shim(f"{own}/{name}")]
    if back:
        say(f"git now also runs {', '.join(back)} in {escape(own)}, which dodo-hooks did not install")


def _executables(directory: str) -> list[str]:
    return [name for name in CLIENT_HOOKS if os.access(f"{directory}/{name}", os.X_OK)]
