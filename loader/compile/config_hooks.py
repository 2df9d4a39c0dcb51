"""The hooks of a .pre-commit-config.yaml -> commands, files and conduct of jobs (P2 to P6).

What pre-commit runs with its own Python has a short form here, since no commit should import it: `fail` and `identity`
are two lines of sh, the others the scripts beside the format.
"""

import json
import posixpath
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dodo_hooks.core.file_sets import default_file_set
from dodo_hooks.core.plan import (
    MESSAGE,
    NO_FILES,
    NO_FILES_OF_EVENT,
    PUSHED,
    STAGED,
    FileRule,
)
from dodo_hooks.core.plan_parts import Conduct, TagRule
from dodo_hooks.loader.compile.flatten import Member, type_rule_of
from dodo_hooks.loader.compile.job_commands import Command
from dodo_hooks.loader.compile.job_conditions import matchers
from dodo_hooks.loader.formats.pre_commit.config_hook import FAIL, META, PYGREP, SCRIPT, ConfigHook
from dodo_hooks.loader.formats.pre_commit.config_schema import library_version
from dodo_hooks.loader.formats.pre_commit.hook_access import access_of
from dodo_hooks.loader.formats.pre_commit.pygrep_options import read_options
from dodo_hooks.loader.globs.compile_globs import compile_regex
from dodo_hooks.loader.globs.type_tags import library_folder

if TYPE_CHECKING:
    from dodo_hooks.core.plan_parts import Patch

_INSTALL = "pip install 'dodo-hooks[pre-commit]'"
_PROGRAMS = Path(__file__).absolute().parents[1] / "formats" / "pre_commit" / "programs"
_FAIL = 'printf "%s\\n\\n" "$0"; printf "%s\\n" "$@"; exit 1'
_IDENTITY = '[ $# = 0 ] || printf "%s\\n" "$@"'
_STAGED = ("pre-commit", "pre-merge-commit", "manual")
_OF_MESSAGES = ("commit-msg", "prepare-commit-msg")
_PRE_COMMIT: "Patch" = (("PRE_COMMIT", ("1",)),)


def command_of_hook(hook: ConfigHook) -> Command:
    """Return the command of a hook."""
    argv, why = _argv(hook)
    is_command_line = argv and hook.language not in (PYGREP, FAIL) and hook.repo != META
    takes_list = hook.max_files != 0
    return Command(
        shown=shlex.join((*shlex.split(hook.entry), *hook.args)) if is_command_line else hook.entry or hook.id,
        argv=argv or ("sh", "-c", ":"),
        list_name="files" if takes_list else "",
        files_at=len(argv) if takes_list and argv else NO_FILES,
        files_uses=1,
        event="",
        names_files=False,
        refused=why,
    )


def rule_of_hook(hook: ConfigHook, event: str, member: Member) -> FileRule:
    """Return the files of a hook in an event, as pre-commit selects them.

    Where an overlay has put the hook, the files are those of the event, as for any job.
    """
    own = type_rule_of(member)
    tags = hook.tags
    if own is not None:
        tags = TagRule(own.types or tags.types, own.types_or or tags.types_or, own.exclude_types or tags.exclude_types)
    patterns = next((body.glob for body in reversed(member.levels) if body.glob), [])
    excludes = [pattern for body in member.levels for pattern in body.exclude]
    return FileRule(
        source=_source(event) if event in hook.stages else default_file_set(event),
        command="",
        globs=matchers(patterns),
        excludes=(*map(compile_regex, hook.excludes), *matchers(excludes)),
        types=(),
        required=tuple(map(compile_regex, hook.files)),
        tags=tags,
        is_of_pre_commit=event in hook.stages,
        always_runs=hook.always_runs,
    )


def conduct_of_hook(hook: ConfigHook) -> Conduct:
    """Return how a hook behaves, as far as that is known, and how pre-commit runs and judges it."""
    passes_files = hook.max_files != 0
    access = access_of(hook.repo, hook.id, hook.language, hook.entry, hook.args, passes_files=passes_files)
    identity = (hook.repo, hook.rev, hook.id, hook.language, hook.entry, *hook.args)
    return Conduct(
        reads=access.reads,
        writes=access.writes,
        is_judged_by_diff=True,
        identity=json.dumps(identity),
        fails_fast=hook.fails_fast,
        is_serial=hook.is_serial,
        max_files=hook.max_files or None,
        is_verbose=hook.is_verbose,
        log_file=hook.log_file,
    )


def patch_of_hook(hook: ConfigHook) -> "Patch":
    """Return what the environment of a hook changes in that of its event."""
    return (*_PRE_COMMIT, *(hook.resolved.patch if hook.resolved is not None else ()))


def _source(event: str) -> str:
    if event in _STAGED:
        return STAGED
    if event == "pre-push":
        return PUSHED
    return MESSAGE if event in _OF_MESSAGES else NO_FILES_OF_EVENT


def _argv(hook: ConfigHook) -> tuple[tuple[str, ...], str]:
    """Return the command line of a hook without files, and why it cannot run, or ""."""
    if hook.refused:
        return (), hook.refused
    if hook.is_unresolved:
        return (), "not installed yet: that is done when it is to run" if library_version() else f"run `{_INSTALL}`"
    try:
        return _command_line(hook), ""
    except ValueError as error:
        return (), str(error)


def _command_line(hook: ConfigHook) -> tuple[str, ...]:
    """Return the command line. Raises ValueError: it has none."""
    if hook.repo == META:
        return _meta(hook)
    if hook.language == FAIL:
        return ("sh", "-c", _FAIL, hook.entry)
    if hook.language == PYGREP:
        return (*_script("pygrep"), *read_options(hook.entry, hook.args))
    words = tuple(shlex.split(hook.entry))
    if words[:2] == ("pre-commit", "hazmat"):
        return (*_script("hazmat"), *words[2:], *hook.args)
    if hook.language == SCRIPT:
        # The directory of a local one is that in which it runs: a working tree, or a snapshot.
        path = posixpath.join(hook.resolved.directory if hook.resolved else ".", words[0])
        return (path, *words[1:], *hook.args)
    return (*words, *hook.args) if hook.resolved is None else hook.resolved.argv


def _meta(hook: ConfigHook) -> tuple[str, ...]:
    if hook.id == "identity":
        return ("sh", "-c", _IDENTITY, "identity", *hook.args)
    if not hook.facts:
        raise ValueError("the hooks that it checks are not installed yet")
    return (*_script("meta"), library_folder(), hook.id, hook.facts, *hook.args)


def _script(name: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", str(_PROGRAMS / f"{name}.py"))
