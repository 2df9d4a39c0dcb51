"""The checks of the installation: what keeps git from firing hooks, or a hook from running."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence

from dodo_hooks.cli.install.package_checks import wrong_packages
from dodo_hooks.core.diagnostics import ERROR, NOTE, Diagnostic, Location
from dodo_hooks.core.errors import HooksError, UsageError
from dodo_hooks.core.git_hooks import CLIENT_HOOKS
from dodo_hooks.core.plan import Plan
from dodo_hooks.core.text.terminal_text import shell_word
from dodo_hooks.git.install import global_install, launcher, legacy_hooks, shims
from dodo_hooks.git.install.hooks_dir import configured, hooks_directory, of_variables, own_directory
from dodo_hooks.git.install.other_tools import legacy_managers, manager_of_directory
from dodo_hooks.git.install.shim_state import calling_hooks, is_in_effect, shims_for, shims_needed
from dodo_hooks.git.install.shim_text import is_of_template, is_shim, recorded_interpreter
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.world import World
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

INSTALL = "`dodo-hooks install`"
INSTALL_GLOBAL = "`dodo-hooks install --global`"
OF_SHIMS = ("shims", "hooks-path", "python", "launcher")  # the checks that a new install fixes


def as_error(check: str, message: str, fix: str) -> Diagnostic:
    return Diagnostic(Location(), message, check, ERROR, fix)


def as_note(check: str, message: str, fix: str) -> Diagnostic:
    return Diagnostic(Location(), message, check, NOTE, fix)


def diagnose_hooks(
    world: World, repo: Repo, plan: Plan | None, hooks: Sequence[str] | None = None
) -> Iterator[Diagnostic]:
    """Yield what keeps git from firing `hooks`; without any, those that the hook file names.

    With None, also what is wrong with hooks for other repositories.
    """
    found, given = configured(repo, world.environ), of_variables(world.environ)
    if given is not None and given != (found[1] if found else own_directory(repo)):
        message = f"git does not use the hooks of dodo-hooks in this shell: its variables set core.hooksPath to {given}"
        yield as_error("hooks-path", message, "unset GIT_CONFIG_COUNT, or GIT_CONFIG_PARAMETERS")
    if is_in_effect(world.data, found):
        yield from _hooks_of_all(world, repo, plan)
        return
    if hooks is None:  # else only what concerns this repository is wanted
        yield from _outdated_template(world)
    needed = shims_for(hooks or (shims_needed(plan) if plan else ()))
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
        yield as_error("shims", message, f"run {INSTALL}")
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
            yield as_error("shims", message, 'write `dodo-hooks run HOOK -- "$@"` there')
        return
    own = own_directory(repo)
    value = found[1] if found else own
    manager = manager_of_directory(os.path.join(repo.top, value)) if found else None
    by = f" (set by {manager.name})" if manager else ""
    if any(is_shim(f"{own}/{name}") for name in CLIENT_HOOKS):
        message = f"git does not use the hooks in {own}: core.hooksPath is {value}{by}"
        yield as_error("hooks-path", message, "run `dodo-hooks install --local`")
        return
    yield as_error("hooks-path", "no hooks of dodo-hooks are installed here", str(error))


def _shims(repo: Repo, directory: str, installed: list[str]) -> Iterator[Diagnostic]:
    off = [name for name in installed if not os.access(f"{directory}/{name}", os.X_OK)]
    if off:
        yield as_error("shims", f"git ignores {', '.join(off)} in {directory}: not executable", f"run {INSTALL}")
    stale = shims.stale_shims(repo, directory)
    if stale:
        message = f"{', '.join(stale)} in {directory} were written by another version or another Python"
        yield as_note("shims", message, f"run {INSTALL}")
    kept = kept_hooks(directory)
    for path in kept.values():
        if not os.access(path, os.X_OK):
            message = f"your legacy hook {path} does not run: not executable"
            yield as_note("legacy-hook", message, f"`chmod +x` it, or remove it and run {INSTALL}")
    for _, message, fix in legacy_managers(kept.items()):
        yield as_note("legacy-hook", message, fix)


def kept_hooks(directory: str) -> dict[str, str]:
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
            yield as_error("python", message, f"run {INSTALL}")
        elif not os.path.isfile(path):
            yield as_error("launcher", f"the launcher of the hooks is gone: {path}", f"run {INSTALL}")
        elif wrong := _wrong_packages_of(interpreter, path):
            yield as_error("python", f"the hooks start {interpreter}, which has {', '.join(wrong)}", f"run {INSTALL}")
        elif wrong is None:
            message = f"{interpreter} cannot start dodo-hooks with {path}: its packages have moved or are gone"
            yield as_error("python", message, f"run {INSTALL}")
        elif not launcher.is_bundle_current(shims.bundle_path(repo)):
            message = "hooks start slowly: their compiled code is from another version, or others can write it"
            yield as_note("bundle", message, f"run {INSTALL}")


def _wrong_packages_of(interpreter: str, path: str) -> list[str] | None:
    """Return what is wrong with the packages that a launcher reaches; None where it cannot start us."""
    answer = launcher.answer_of(interpreter, path, "doctor", "--packages")
    if answer:
        return [str(text) for text in json.loads(answer)]
    return [] if launcher.answer_of(interpreter, path, "--version") else None  # a version of us without that option


def diagnose_packages() -> list[Diagnostic]:
    """Return the error that a package is missing, or has a wrong version, where this very program runs."""
    wrong = wrong_packages()
    if not wrong:
        return []
    install = " ".join(map(shell_word, wrong))
    fix = f"run `{shell_word(sys.executable)} -m pip install {install}`"
    return [as_error("packages", f"{sys.prefix} has {', '.join(wrong.values())}", fix)]


def _hooks_of_all(world: World, repo: Repo, plan: Plan | None) -> Iterator[Diagnostic]:
    directory = global_install.directory_of(world.data, global_install.BY_PATH)
    yield from _outdated_template(world)
    off = [name for name in CLIENT_HOOKS if not os.access(f"{directory}/{name}", os.X_OK)]
    if off:
        message = f"missing or not executable in {directory}: {', '.join(off)}"
        yield as_error("shims", message, f"run {INSTALL_GLOBAL}")
    if plan is not None:
        yield from _trust(world, repo, FOR_ALL)


def _trust(world: World, repo: Repo, installed: str) -> Iterator[Diagnostic]:
    """Yield a diagnostic where hooks that were installed in this way may not run."""
    try:
        verdict = verdict_of(world, repo, installed)
    except HooksError as error:
        yield as_error("trust", str(error), "run `dodo-hooks trust`")
        return
    if verdict.kind == UNDECIDED:
        message = f"no hook runs here: {repo.top} is not trusted yet"
        yield as_error("trust", message, "run `dodo-hooks trust` or `dodo-hooks deny`")
    elif verdict.kind == DENIED_HERE:
        yield as_note("trust", "no hook runs here: you denied it", "allow hooks with `dodo-hooks trust`")
    elif verdict.kind == CHANGED:
        message = "gates refuse: the hook files have changed since you accepted them"
        yield as_error("trust", message, HOW_TO_ACCEPT)


def _outdated_template(world: World) -> Iterator[Diagnostic]:
    """Yield a note where a global install or a template is not of this version."""
    ways = global_install.installed_ways(world.data)
    if global_install.stale_files(world.data):
        option = "--global" if global_install.BY_PATH in ways else "--template"
        message = "the hooks for all repositories are damaged, or were written by another version or another Python"
        yield as_note("shims", message, f"run `dodo-hooks install {option}`")
