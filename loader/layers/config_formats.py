"""The config formats: our own, and those of the tools whose schema it extends (section 4).

A config format defines the names of its files, its layers, how they are merged, and the translation of the result to a
hook file of ours. The facts about daft and lefthook are from their documentation and their loaders.
"""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dodo_hooks.loader.layers.merge import Rules
from dodo_hooks.loader.read.nodes import MapNode

if TYPE_CHECKING:
    from dodo_hooks.loader.formats.pre_commit.config_hook import Resolver
    from dodo_hooks.loader.formats.translation import Translation


@dataclass(frozen=True, slots=True)
class Extends:
    """The rule by which the paths in `extends` are resolved."""

    from_top: bool = False  # relative to the top of the working tree; else to the file that names them
    has_patterns: bool = True
    must_exist: bool = True  # else a missing file is only noted


@dataclass(frozen=True, slots=True)
class HookFiles:
    """Files that hold the body of one hook each, named HOOK.yml or HOOK.yaml."""

    folder: Callable[[str], str]  # of the hook file's name
    hooks: tuple[str, ...] | None = None  # the hooks that may have one; None: whatever is in that folder
    are_instead: bool = False  # not merged with that hook in the hook file


@dataclass(frozen=True, slots=True)
class ConfigFormat:
    """The files and the merge rules of one tool's configuration.

    All names are relative to the top of the working tree; of several candidates the first one that exists counts.
    """

    name: str
    candidates: tuple[str, ...]
    local_names: Callable[[str], tuple[str, ...]]  # candidates for the local overlay, of the hook file's name
    extends: Extends
    rules: Rules
    hook_files: HookFiles | None = None
    alone: tuple[str, ...] = ()  # candidates for the hook file where there is no other
    # From the merged tree to ours; None: it is ours. The resolver is for the hooks of pre-commit's file.
    translate: "Callable[[MapNode, Resolver | None], Translation] | None" = None


# Our own

_FOLDERS = ("", ".", ".config/")


def _dodo_names(stem: str) -> tuple[str, ...]:
    return tuple(f"{folder}{stem}{ending}" for folder in _FOLDERS for ending in ("", ".yml", ".yaml"))


_DODO_LOCAL = _dodo_names("hooks.local.dodo")

DODO = ConfigFormat(
    name="dodo",
    candidates=_dodo_names("hooks.dodo"),
    local_names=lambda _: _DODO_LOCAL,
    hook_files=HookFiles(lambda _: ".hooks.dodo.d"),
    extends=Extends(),
    rules=Rules(),
)

# daft: docs/hooks/yaml-reference.md, and src/hooks/yaml_config_loader.rs for the folder of the files for one hook, the
# names of the local overlay, and what an overlay's job does to the one below it.

_DAFT_NAMES = ("daft.yml", "daft.yaml", ".daft.yml", ".daft.yaml", ".config/daft.yml", ".config/daft.yaml")


def _daft_local(main: str) -> tuple[str, ...]:
    stem, ending = posixpath.splitext(main)
    return f"{stem}.local{ending}", f"{stem}-local{ending}"


def _daft_folder(main: str) -> str:
    return ".config/daft" if main.startswith(".config/") else ""


def _translate_daft(root: MapNode, _: "Resolver | None") -> "Translation":
    from dodo_hooks.loader.formats.daft.daft_file import translate

    return translate(root)


DAFT = ConfigFormat(
    name="daft",
    candidates=_DAFT_NAMES,
    local_names=_daft_local,
    hook_files=HookFiles(
        _daft_folder,
        ("post-clone", "worktree-pre-create", "worktree-post-create", "worktree-pre-remove", "worktree-post-remove"),
        are_instead=True,
    ),
    extends=Extends(has_patterns=False, must_exist=False),
    rules=Rules(deepest=2, replaces_jobs=True, null_removes=False),
    translate=_translate_daft,
)

# lefthook: docs/configuration/{extends,setup}.md, and internal/config/loader.go for the names and their order, and for
# `{cmd}`, a placeholder for the overridden command.


def _lefthook_names(stem: str) -> tuple[str, ...]:
    endings = (".yml", ".yaml", ".json", ".jsonc", ".toml")
    return tuple(f"{folder}{stem}{ending}" for ending in endings for folder in _FOLDERS)


_LEFTHOOK_LOCAL = _lefthook_names("lefthook-local")


def _translate_lefthook(root: MapNode, _: "Resolver | None") -> "Translation":
    from dodo_hooks.loader.formats.lefthook.lefthook_file import translate

    return translate(root)


LEFTHOOK = ConfigFormat(
    name="lefthook",
    candidates=_lefthook_names("lefthook"),
    local_names=lambda main: () if main in _LEFTHOOK_LOCAL else _LEFTHOOK_LOCAL,
    alone=_LEFTHOOK_LOCAL,
    extends=Extends(from_top=True, must_exist=False),
    rules=Rules(setup_of_main_last=True, wraps="{cmd}"),
    translate=_translate_lefthook,
)

# pre-commit: https://pre-commit.com for the name. A hooks.dodo may lie over it, and nothing else.


def _translate_pre_commit(root: MapNode, resolver: "Resolver | None") -> "Translation":
    from dodo_hooks.loader.formats.pre_commit.config_file import translate

    return translate(root, resolver)


PRE_COMMIT = ConfigFormat(
    name="pre-commit",
    candidates=(".pre-commit-config.yaml", ".pre-commit-config.yml"),
    local_names=lambda _: (),
    extends=Extends(),
    rules=Rules(),
    translate=_translate_pre_commit,
)

CONFIG_FORMATS = (DODO, DAFT, LEFTHOOK, PRE_COMMIT)
