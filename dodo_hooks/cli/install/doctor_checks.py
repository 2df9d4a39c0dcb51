"""The checks of `doctor`, one function for each."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator

from dodo_hooks.cli.install.snapshot_checks import diagnose_snapshots
from dodo_hooks.core.diagnostics import ERROR, NOTE, Diagnostic, Location
from dodo_hooks.core.errors import ConfigError, GitError, HooksError, UnsafeFileError, UsageError
from dodo_hooks.core.git_hooks import CLIENT_HOOKS
from dodo_hooks.core.plan import Plan
from dodo_hooks.core.text.terminal_text import shell_word
from dodo_hooks.git.command import run_git
from dodo_hooks.git.configuration import expect_configuration
from dodo_hooks.git.event import has_journal
from dodo_hooks.git.install import global_install, launcher, legacy_hooks, shims
from dodo_hooks.git.install.hooks_dir import configured, hooks_directory, of_variables, own_directory, worktree_git_dirs
from dodo_hooks.git.install.other_tools import configured_hooks, legacy_managers, manager_of_directory, managers_at
from dodo_hooks.git.install.shim_state import calling_hooks, is_in_effect, shims_for, shims_needed
from dodo_hooks.git.install.shim_text import is_of_template, is_shim, recorded_interpreter
from dodo_hooks.git.repo import Repo, find_repo
from dodo_hooks.git.unstaged import sync_index
from dodo_hooks.git.unstaged.journal import DIRECTORY, load_journal
from dodo_hooks.git.unstaged.lock_holder import find_holder, recorded_pid, unreadable
from dodo_hooks.host.files.atomic_files import make_private_directory
from dodo_hooks.host.files.private_files import expect_private_directory
from dodo_hooks.host.world import World
from dodo_hooks.plans.own_config import load_own_config
from dodo_hooks.plans.plan_cache import load_compiled
from dodo_hooks.store import layout
from dodo_hooks.trust.policy import (
    CHANGED,
    DENIED_HERE,
    FOR_ALL,
    FOR_PINNED,
    HOW_TO_ACCEPT,
    LOCAL,
    UNDECIDED,
    verdict_of,
)

OLDEST_GIT = (2, 26)  # `git config --show-scope`
INSTALL = "`dodo-hooks install`"
INSTALL_GLOBAL = "`dodo-hooks install --global`"


def diagnose(world: World) -> list[Diagnostic]:
    """Return the errors and notes, the most basic first. The subject of each is its check, a word for programs."""
    found = [*_state(world), *_own_config(world)]
    try:
        version = run_git(("--version",), "/", world.environ).decode(errors="replace").strip()
    except GitError as error:
        return [_error("git", str(error), "install git, or fix PATH; no further checks are possible"), *found]
    found = [*_git(version), *found]
    try:
        repo = find_repo(world.environ, world.cwd)
    except GitError as error:  # git refuses it: run no git command here, since its configuration names programs
        return [*found, _error("repository", " ".join(str(error).split()), "no further checks are possible")]
    try:
        expect_configuration(repo, world.environ)
    except GitError as error:  # git itself does nothing here, so no other check is possible
        return [*found, _error("configuration", str(error), "check it with `git config --list`")]
    plan = None
    if repo.top:
        try:
            plan = load_compiled(world, repo.top)[0].plan()
        except UnsafeFileError as error:
            found.append(_error("state", error.message, f"{error.fix}, or remove it: it is created again"))
        except ConfigError as error:
            message = f"the hook file has {error.count}"
            found.append(_error("hook-file", message, "list them with `dodo-hooks validate`"))
        else:
            found += _hook_file(repo, plan)
    found += _hooks(world, repo, plan)
    found += _hidden_changes(repo)
    if repo.top:
        found += diagnose_snapshots(world, repo, plan)
        found += [*_other_managers(world, repo, plan), *_configured_hooks(world, repo, plan)]
    return found


def _error(check: str, message: str, fix: str) -> Diagnostic:
    return Diagnostic(Location(), message, check, ERROR, fix)


def _note(check: str, message: str, fix: str) -> Diagnostic:
    return Diagnostic(Location(), message, check, NOTE, fix)


def _git(said: str) -> Iterator[Diagnostic]:
    version = re.search(r"(\d+)\.(\d+)", said)
    if version and (int(version[1]), int(version[2])) < OLDEST_GIT:
        oldest = ".".join(map(str, OLDEST_GIT))
        yield _error("git", f"{said} is too old", f"install git {oldest} or newer")


def _own_config(world: World) -> Iterator[Diagnostic]:
    try:
        load_own_config(world)
    except HooksError:
        message = "your own configuration cannot be used, so nothing in it has an effect"
        yield _error("config", message, "see why with `dodo-hooks validate`")


def _state(world: World) -> Iterator[Diagnostic]:
    """Yield errors where records cannot be written, or locks do not work (R18, R21)."""
    directory = layout.jobs_dir(world.state)
    fix = "change its owner, free some space, or set XDG_STATE_HOME to another directory"
    try:
        expect_private_directory(layout.own_dir(world.state))
    except UnsafeFileError as error:
        yield _error("state", error.message, f"{error.fix}, or set XDG_STATE_HOME to another directory")
        return
    try:
        make_private_directory(directory)
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"x" * 4096)
            file.flush()
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                message = f"cannot lock files in {directory} ({error.strerror}); background jobs run attached"
                yield _error("locks", message, "set XDG_STATE_HOME to a directory on a local disk")
    except OSError as error:
        yield _error("state", f"cannot write records in {directory}: {error.strerror}", fix)


def _hook_file(repo: Repo, plan: Plan | None) -> Iterator[Diagnostic]:
    if plan is None:
        yield _note("hook-file", f"no hook file in {repo.top}", "run `dodo-hooks init` to create one")
        return
    for one in plan.diagnostics:
        subject = one.subject if one.location.file else "hook-file"
        yield one._replace(subject=subject, fix=one.fix or "change the hook file if this is not intended")


# The hooks


def _hooks(world: World, repo: Repo, plan: Plan | None) -> Iterator[Diagnostic]:
    found, given = configured(repo, world.environ), of_variables(world.environ)
    if given is not None and given != (found[1] if found else own_directory(repo)):
        message = f"git does not use the hooks of dodo-hooks in this shell: its variables set core.hooksPath to {given}"
        yield _error("hooks-path", message, "unset GIT_CONFIG_COUNT, or GIT_CONFIG_PARAMETERS")
    if is_in_effect(world.data, found):
        yield from _hooks_of_all(world, repo, plan)
        return
    yield from _outdated_template(world)
    needed = shims_for(shims_needed(plan)) if plan else []
    try:
        directory = hooks_directory(repo, world.environ)
    except UsageError as error:
        yield from _not_reached(repo, found, needed, error)
        return
    installed = [name for name in CLIENT_HOOKS if is_shim(f"{directory}/{name}")]
    if any(is_of_template(f"{directory}/{name}") for name in installed):
        yield from _trust(world, repo, FOR_ALL)  # they start the launcher of the global install
        return
    missing = [name for name in needed if name not in installed]
    if missing:
        message = f"git does not fire {', '.join(missing)}: no shim in {directory}"
        yield _error("shims", message, f"run {INSTALL}")
    if installed:
        yield from _shims(repo, directory, installed)
        yield from _start(repo, directory, installed)
    if repo.top:
        yield from _trust(world, repo, FOR_PINNED if shims.is_pinned(repo) else LOCAL)


def _not_reached(
    repo: Repo, found: tuple[str, str] | None, needed: list[str], error: UsageError
) -> Iterator[Diagnostic]:
    directory, calling = calling_hooks(repo, found)
    if calling:
        missing = ", ".join(name for name in needed if name not in calling)
        if missing:
            message = f"git does not fire {missing}: no hook in {directory} calls dodo-hooks for it"
            yield _error("shims", message, 'write `dodo-hooks run HOOK -- "$@"` there')
        return
    own = own_directory(repo)
    value = found[1] if found else own
    manager = manager_of_directory(os.path.join(repo.top, value)) if found else None
    by = f" (set by {manager.name})" if manager else ""
    if any(is_shim(f"{own}/{name}") for name in CLIENT_HOOKS):
        message = f"git does not use the hooks in {own}: core.hooksPath is {value}{by}"
        yield _error("hooks-path", message, "run `dodo-hooks install --local`")
        return
    yield _error("hooks-path", "no hooks of dodo-hooks are installed here", str(error))


def _shims(repo: Repo, directory: str, installed: list[str]) -> Iterator[Diagnostic]:
    off = [name for name in installed if not os.access(f"{directory}/{name}", os.X_OK)]
    if off:
        yield _error("shims", f"git ignores {', '.join(off)} in {directory}: not executable", f"run {INSTALL}")
    stale = shims.stale_shims(repo, directory)
    if stale:
        message = f"{', '.join(stale)} in {directory} were written by another version or another Python"
        yield _note("shims", message, f"run {INSTALL}")
    kept = _kept_hooks(directory)
    for path in kept.values():
        if not os.access(path, os.X_OK):
            message = f"your legacy hook {path} does not run: not executable"
            yield _note("legacy-hook", message, f"`chmod +x` it, or remove it and run {INSTALL}")
    for _, message, fix in legacy_managers(kept.items()):
        yield _note("legacy-hook", message, fix)


def _kept_hooks(directory: str) -> dict[str, str]:
    found = ((name, legacy_hooks.find_legacy_hook(directory, name)) for name in CLIENT_HOOKS)
    return {name: path for name, path in found if path}


def _start(repo: Repo, directory: str, installed: list[str]) -> Iterator[Diagnostic]:
    """Yield diagnostics about the interpreter, the launcher and the bundle that the shims start."""
    path = shims.launcher_path(repo)
    interpreters = set()
    for name in installed:
        with open(f"{directory}/{name}", "rb") as file:
            interpreters.add(recorded_interpreter(file.read()))
    for interpreter in sorted(one for one in interpreters if one):
        if not os.access(interpreter, os.X_OK):
            message = f"the Python of the hooks is gone: {interpreter}"
            yield _error("python", message, f"run {INSTALL}")
        elif not os.path.isfile(path):
            yield _error("launcher", f"the launcher of the hooks is gone: {path}", f"run {INSTALL}")
        elif not launcher.answer_of(interpreter, path):
            message = f"{interpreter} cannot start dodo-hooks with {path}: its packages have moved or are gone"
            yield _error("python", message, f"run {INSTALL}")
        elif not launcher.is_bundle_current(shims.bundle_path(repo)):
            message = "hooks start slowly: their compiled code is from another version, or others can write it"
            yield _note("bundle", message, f"run {INSTALL}")


def _hooks_of_all(world: World, repo: Repo, plan: Plan | None) -> Iterator[Diagnostic]:
    directory = global_install.directory_of(world.data, global_install.BY_PATH)
    yield from _outdated_template(world)
    off = [name for name in CLIENT_HOOKS if not os.access(f"{directory}/{name}", os.X_OK)]
    if off:
        message = f"missing or not executable in {directory}: {', '.join(off)}"
        yield _error("shims", message, f"run {INSTALL_GLOBAL}")
    if plan is not None:
        yield from _trust(world, repo, FOR_ALL)


def _trust(world: World, repo: Repo, installed: str) -> Iterator[Diagnostic]:
    """Yield a diagnostic where hooks that were installed in this way may not run."""
    try:
        verdict = verdict_of(world, repo, installed)
    except HooksError as error:
        yield _error("trust", str(error), "run `dodo-hooks trust`")
        return
    if verdict.kind == UNDECIDED:
        message = f"no hook runs here: {repo.top} is not trusted yet"
        yield _error("trust", message, "run `dodo-hooks trust` or `dodo-hooks deny`")
    elif verdict.kind == DENIED_HERE:
        yield _note("trust", "no hook runs here: you denied it", "allow hooks with `dodo-hooks trust`")
    elif verdict.kind == CHANGED:
        message = "gates refuse: the hook files have changed since you accepted them"
        yield _error("trust", message, HOW_TO_ACCEPT)


def _outdated_template(world: World) -> Iterator[Diagnostic]:
    """Yield a note where a global install or a template is not of this version."""
    ways = global_install.installed_ways(world.data)
    if global_install.stale_files(world.data):
        option = "--global" if global_install.BY_PATH in ways else "--template"
        message = "the hooks for all repositories are damaged, or were written by another version or another Python"
        yield _note("shims", message, f"run `dodo-hooks install {option}`")


# Hidden changes, and other hooks


def _hidden_changes(repo: Repo) -> Iterator[Diagnostic]:
    """Yield diagnostics about unstaged changes that are hidden in one of the working trees.

    A hook that still runs is a note, and its lock shows it. Changes that were not restored are an error.
    """
    for git_dir in worktree_git_dirs(repo):
        here = repo._replace(git_dir=git_dir)
        try:
            sync_index.load_pending_commits(here)
            holder = find_holder(git_dir) if has_journal(here) else None
            if holder is not None:
                fix = f"they are restored when {holder.condition}"
                yield _note("unstaged", f"in {git_dir}: {holder.sentence}", fix)
            elif load_journal(here) is not None:
                end = "was killed" if recorded_pid(git_dir) else "could not restore them"
                message = f"unstaged changes, hidden by a commit that {end}, are in {git_dir}/{DIRECTORY}"
                yield _error("unstaged", message, "run `dodo-hooks status` in that working tree to restore them")
        except (GitError, OSError) as error:
            message = str(error if isinstance(error, GitError) else unreadable(git_dir))
            yield _error("unstaged", message, "until then commits are refused")


def _other_managers(world: World, repo: Repo, plan: Plan | None) -> Iterator[Diagnostic]:
    if plan is None:
        return
    passed = {manager.name for manager, *_ in legacy_managers(_kept_hooks(own_directory(repo)).items())}  # reported
    directory, calling = calling_hooks(repo, configured(repo, world.environ))
    caller = manager_of_directory(directory) if calling else None
    if caller:  # it is wanted
        passed.add(caller.name)
    for manager, name in managers_at(repo.top):
        if plan.file == f"{repo.top}/{name}" or manager.name in passed:
            continue
        ours = os.path.relpath(plan.file, repo.top)
        message = f"{name} of {manager.name} exists beside {ours}; both run if installed"
        yield _note("other-program", message, f"remove the hooks of {manager.name} with {manager.removal}")


def _configured_hooks(world: World, repo: Repo, plan: Plan | None) -> Iterator[Diagnostic]:
    """Yield a note for each hook of git's configuration: nothing in the hooks directory shows it."""
    for hook in configured_hooks(repo, world.environ) if plan else ():
        key = shell_word(f"hook.{hook.name}.enabled")
        message = (
            f"git's configuration runs `{hook.command}` at {', '.join(hook.events)}, before the hooks of dodo-hooks"
            " (git 2.54 and later)"
        )
        yield _note("configured-hook", message, f"turn it off here with `git config {key} false`, if it is not wanted")
