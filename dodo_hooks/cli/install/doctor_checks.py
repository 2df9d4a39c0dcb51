"""The checks of `doctor`, one function for each."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator

from dodo_hooks.cli.install.hook_checks import as_error, as_note, diagnose_hooks, diagnose_packages, kept_hooks
from dodo_hooks.core.diagnostics import Diagnostic
from dodo_hooks.core.errors import ConfigError, GitError, HooksError, UnsafeFileError
from dodo_hooks.core.plan import Plan
from dodo_hooks.core.text.terminal_text import shell_word
from dodo_hooks.git.command import run_git
from dodo_hooks.git.configuration import expect_configuration
from dodo_hooks.git.event import has_journal
from dodo_hooks.git.install.hooks_dir import configured, own_directory, worktree_git_dirs
from dodo_hooks.git.install.other_tools import configured_hooks, legacy_managers, manager_of_directory, managers_at
from dodo_hooks.git.install.shim_state import calling_hooks
from dodo_hooks.git.repo import Repo, find_repo
from dodo_hooks.git.unstaged import sync_index
from dodo_hooks.git.unstaged.journal import DIRECTORY, load_journal
from dodo_hooks.git.unstaged.lock_holder import find_holder, recorded_pid, unreadable
from dodo_hooks.host.files.atomic_files import make_private_directory
from dodo_hooks.host.files.file_locks import is_locked
from dodo_hooks.host.files.private_files import expect_private_directory
from dodo_hooks.host.world import World
from dodo_hooks.plans.own_config import load_own_config
from dodo_hooks.plans.plan_cache import load_compiled
from dodo_hooks.snapshots.model import CheckoutPaths
from dodo_hooks.snapshots.note import last_used_ns, read_note
from dodo_hooks.snapshots.pool import areas_dir, numbers_in, trees_dir
from dodo_hooks.store import layout
from dodo_hooks.store.cache_dirs import expect_private_cache
from dodo_hooks.store.identity import repository_id

OLDEST_GIT = (2, 26)  # `git config --show-scope`


def diagnose(world: World) -> list[Diagnostic]:
    """Return the errors and notes, the most basic first. The subject of each is its check, a word for programs."""
    own = diagnose_packages()
    if own:  # nothing that has to be read can be
        return own
    found = [*_state(world), *_own_config(world)]
    try:
        version = run_git(("--version",), "/", world.environ).decode(errors="replace").strip()
    except GitError as error:
        return [as_error("git", str(error), "install git, or fix PATH; no further checks are possible"), *found]
    found = [*_git(version), *found]
    try:
        repo = find_repo(world.environ, world.cwd)
    except GitError as error:  # git refuses it: run no git command here, since its configuration names programs
        return [*found, as_error("repository", " ".join(str(error).split()), "no further checks are possible")]
    try:
        expect_configuration(repo, world.environ)
    except GitError as error:  # git itself does nothing here, so no other check is possible
        return [*found, as_error("configuration", str(error), "check it with `git config --list`")]
    plan = None
    if repo.top:
        try:
            plan = load_compiled(world, repo.top)[0].plan()
        except UnsafeFileError as error:
            found.append(as_error("state", error.message, f"{error.fix}, or remove it: it is created again"))
        except ConfigError as error:
            message = f"the hook file has {error.count}"
            found.append(as_error("hook-file", message, "list them with `dodo-hooks validate`"))
        else:
            found += _hook_file(repo, plan)
    found += diagnose_hooks(world, repo, plan)
    found += _hidden_changes(repo)
    if repo.top:
        found += _snapshots(world, repo, plan)
        found += [*_other_managers(world, repo, plan), *_configured_hooks(world, repo, plan)]
    return found


def _git(said: str) -> Iterator[Diagnostic]:
    version = re.search(r"(\d+)\.(\d+)", said)
    if version and (int(version[1]), int(version[2])) < OLDEST_GIT:
        oldest = ".".join(map(str, OLDEST_GIT))
        yield as_error("git", f"{said} is too old", f"install git {oldest} or newer")


def _own_config(world: World) -> Iterator[Diagnostic]:
    try:
        load_own_config(world)
    except HooksError:
        message = "your own configuration cannot be used, so nothing in it has an effect"
        yield as_error("config", message, "see why with `dodo-hooks validate`")


def _state(world: World) -> Iterator[Diagnostic]:
    """Yield errors where records cannot be written, or locks do not work (R18, R21)."""
    directory = layout.jobs_dir(world.state)
    fix = "change its owner, free some space, or set XDG_STATE_HOME to another directory"
    try:
        expect_private_directory(layout.own_dir(world.state))
    except UnsafeFileError as error:
        yield as_error("state", error.message, f"{error.fix}, or set XDG_STATE_HOME to another directory")
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
                yield as_error("locks", message, "set XDG_STATE_HOME to a directory on a local disk")
    except OSError as error:
        yield as_error("state", f"cannot write records in {directory}: {error.strerror}", fix)


def _hook_file(repo: Repo, plan: Plan | None) -> Iterator[Diagnostic]:
    if plan is None:
        yield as_note("hook-file", f"no hook file in {repo.top}", "run `dodo-hooks init` to create one")
        return
    for one in plan.diagnostics:
        subject = one.subject if one.location.file else "hook-file"
        yield one._replace(subject=subject, fix=one.fix or "change the hook file if this is not intended")


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
                yield as_note("unstaged", f"in {git_dir}: {holder.sentence}", fix)
            elif load_journal(here) is not None:
                end = "was killed" if recorded_pid(git_dir) else "could not restore them"
                message = f"unstaged changes, hidden by a commit that {end}, are in {git_dir}/{DIRECTORY}"
                yield as_error("unstaged", message, "run `dodo-hooks status` in that working tree to restore them")
        except (GitError, OSError) as error:
            message = str(error if isinstance(error, GitError) else unreadable(git_dir))
            yield as_error("unstaged", message, "until then commits are refused")


def _other_managers(world: World, repo: Repo, plan: Plan | None) -> Iterator[Diagnostic]:
    if plan is None:
        return
    passed = {manager.name for manager, *_ in legacy_managers(kept_hooks(own_directory(repo)).items())}  # reported
    directory, calling = calling_hooks(repo, configured(repo, world.environ))
    caller = manager_of_directory(directory) if calling else None
    if caller:  # it is wanted
        passed.add(caller.name)
    if plan.runs_pre_commit:  # the file is one of the layers
        passed.add("pre-commit")
    for manager, name in managers_at(repo.top):
        if plan.file == f"{repo.top}/{name}" or manager.name in passed:
            continue
        ours = os.path.relpath(plan.file, repo.top)
        message = f"{name} of {manager.name} exists beside {ours}; both run if installed"
        yield as_note("other-program", message, f"remove the hooks of {manager.name} with {manager.removal}")


def _configured_hooks(world: World, repo: Repo, plan: Plan | None) -> Iterator[Diagnostic]:
    """Yield a note for each hook of git's configuration: nothing in the hooks directory shows it."""
    for hook in configured_hooks(repo, world.environ) if plan else ():
        key = shell_word(f"hook.{hook.name}.enabled")
        message = (
            f"git's configuration runs `{hook.command}` at {', '.join(hook.events)}, before the hooks of dodo-hooks"
            " (git 2.54 and later)"
        )
        yield as_note(
            "configured-hook", message, f"turn it off here with `git config {key} false`, if it is not wanted"
        )


def _snapshots(world: World, repo: Repo, plan: Plan | None) -> Iterator[Diagnostic]:
    """Yield an error where jobs can have no snapshot, and a note for each whose record is damaged (S2, S8)."""
    if plan is None or not any(job.workspace for hook in plan.hooks for job in hook.jobs):
        return
    areas = areas_dir(repo.common_dir)
    trees = trees_dir(world.cache, repository_id(repo.common_dir))
    above = areas
    while not os.path.isdir(above):
        above = os.path.dirname(above)
    if not os.access(above, os.W_OK):
        yield as_error("snapshots", f"cannot write to {above}", "change its owner or its mode")
    try:
        expect_private_cache(trees)
    except UnsafeFileError as error:
        yield as_error("snapshots", error.message, f"{error.fix}, or set XDG_CACHE_HOME to another directory")
    for number in numbers_in(areas):
        paths = CheckoutPaths(f"{areas}/{number}", f"{trees}/{number}")
        note = read_note(paths)
        is_whole = note is not None and note.is_whole and note.paths == paths
        if last_used_ns(paths.area) and not is_whole and not is_locked(paths.area):  # else it is being checked out
            message = f"snapshot {number} is damaged or of another version, and is created again for the next job"
            yield as_note("snapshots", message, "no action is needed")
