"""Hooks for all repositories of a user: a directory of shims, and the setting that leads git there (section 8).

Either core.hooksPath of the global configuration, which git uses in every repository, or init.templateDir, which git
copies into every repository that is made or cloned. In both cases the shims say so when they fire, and nothing runs in
a repository that is not trusted.

    DATA/dodo-hooks/launch.py, hot.bin           as in a repository
                   /hooks/NAME                   for core.hooksPath
                   /template/hooks/NAME          for init.templateDir
                   /hooks-path.json, template-dir.json      what git was configured to do before
"""

import os
import shutil
from collections.abc import Mapping, Sequence

from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.core.git_hooks import CLIENT_HOOKS
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.install import launcher
from dodo_hooks.git.install.config_override import (
    RESTORED,
    Override,
    global_file,
    override_setting,
    read_override,
    restore_setting,
)
from dodo_hooks.git.install.hooks_dir import configured_paths
from dodo_hooks.git.install.install_lock import locked
from dodo_hooks.git.install.shim_state import FOLDER_OF_ALL
from dodo_hooks.git.install.shim_text import OF_ALL, Chain, differs, shim_text
from dodo_hooks.git.variables import without_local
from dodo_hooks.host import bundle
from dodo_hooks.host.files.atomic_files import put, unlink

_EXCLUDE = b"# Files that git ignores in this repository alone: one pattern in each line, as in .gitignore.\n"


class InstallMethod(Record):
    """One way to have hooks in many repositories."""

    key: str  # of git's configuration
    directory: str  # below DATA/dodo-hooks
    memory: str


BY_PATH = InstallMethod("core.hooksPath", FOLDER_OF_ALL, "hooks-path.json")
BY_TEMPLATE = InstallMethod("init.templateDir", "template", "template-dir.json")
WAYS = (BY_PATH, BY_TEMPLATE)


def directory_of(data: str, way: InstallMethod) -> str:
    """Return the directory that git is led to. `data` is the user's directory for data."""
    return f"{data}/dodo-hooks/{way.directory}"


def install_globally(
    data: str, way: InstallMethod, environ: Mapping[str, str], site: "Sequence[str] | None" = None
) -> "tuple[str, str]":
    """Write the shims, and lead git to them; return their directory and the configuration file.

    Raises UsageError, with nothing changed, where git is led elsewhere already; GitError.
    """
    base, directory = f"{data}/dodo-hooks", directory_of(data, way)
    setting = _setting(data, way, environ)
    _expect_free(way, directory, environ)
    os.makedirs(base, exist_ok=True)
    with locked(base, base):
        launcher.put_launcher(base, site)
        for path, content, mode in _files(base, way):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            put(path, content, mode)
        try:
            override_setting(setting, directory, environ)
        except GitError:
            if not installed_ways(data):
                _remove_files(data)
            raise
    launcher.compile_package()
    return directory, setting.file


def uninstall_globally(data: str, environ: Mapping[str, str]) -> "list[tuple[InstallMethod, bool]]":
    """Remove the global install; return each method that was there, and whether the configuration is as it was again.

    Raises GitError.
    """
    base = f"{data}/dodo-hooks"
    if not os.path.isdir(base):
        return []
    undone = []
    with locked(base, base):
        for way in WAYS:
            done = restore_setting(_setting(data, way, environ), environ)
            if done is not None:
                undone.append((way, done == RESTORED))
        _remove_files(data)
    return undone


def _remove_files(data: str) -> None:
    for way in WAYS:
        shutil.rmtree(directory_of(data, way), ignore_errors=True)
    for name in ("launch.py", bundle.FILE):
        unlink(f"{data}/dodo-hooks/{name}")


def installed_ways(data: str) -> "list[InstallMethod]":
    """Return the methods that are set up."""
    return [way for way in WAYS if read_override(f"{data}/dodo-hooks/{way.memory}") is not None]


def stale_files(data: str) -> "list[str]":
    """Return the shims that differ from what this version of us would write."""
    base = f"{data}/dodo-hooks"
    return [path for way in installed_ways(data) for path, content, _ in _files(base, way) if differs(path, content)]


def _files(base: str, way: InstallMethod) -> "list[tuple[str, bytes, int]]":
    """Return path, content and mode of each file that the method needs."""
    interpreter = launcher.interpreter()
    if way == BY_PATH:
        chain = Chain(flag=OF_ALL, is_for_all=True)
        shims = {name: shim_text(name, interpreter, "../launch.py", chain) for name in CLIENT_HOOKS}
        return [(f"{base}/{way.directory}/{name}", text, 0o755) for name, text in shims.items()]
    # Copied into repositories: there it lies in the place of a repository's own hook, and leads back here.
    chain = Chain(flag=OF_ALL)
    shims = {name: shim_text(name, interpreter, f"{base}/launch.py", chain) for name in CLIENT_HOOKS}
    files = [(f"{base}/{way.directory}/hooks/{name}", text, 0o755) for name, text in shims.items()]
    return [*files, (f"{base}/{way.directory}/info/exclude", _EXCLUDE, 0o644)]


def _setting(data: str, way: InstallMethod, environ: Mapping[str, str]) -> Override:
    return Override(way.key, global_file(environ), f"{data}/dodo-hooks/{way.memory}", may_be_link=True)


def _expect_free(way: InstallMethod, directory: str, environ: Mapping[str, str]) -> None:
    """Raise UsageError where git uses another directory already: what is in there would not run any more."""
    for scope, path in configured_paths(way.key, "/", without_local(environ)):
        if scope in ("system", "global") and os.path.realpath(path) != os.path.realpath(directory):
            raise UsageError(
                f"{way.key} is {path} in the {scope} git configuration, and the hooks there would no longer run;"
                f" nothing was changed. Run `git config --{scope} --unset {way.key}` and install again, or run"
                " `dodo-hooks install --local` in single repositories"
            )
