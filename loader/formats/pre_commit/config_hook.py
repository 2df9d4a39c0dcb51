"""One hook of a .pre-commit-config.yaml, and what the library has resolved of it (P2, P3)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dodo_hooks.core.diagnostics import Location
from dodo_hooks.core.plan_parts import TagRule

if TYPE_CHECKING:
    from dodo_hooks.core.plan_parts import Patch

LOCAL, META = "local", "meta"
# Languages without an environment, by the names of pre-commit 4.7, which calls the former `system` and `script` so.
SYSTEM, SCRIPT, PYGREP, FAIL = "unsupported", "unsupported_script", "pygrep", "fail"
SIMPLE_LANGUAGES = (SYSTEM, SCRIPT, PYGREP, FAIL)


@dataclass(frozen=True, slots=True)
class ResolvedHook:
    """A hook as the library of pre-commit has resolved it."""

    values: Mapping[str, Any]  # those of its manifest, and over them those of the config file
    directory: str  # of its repository in the store; "": it has none
    argv: tuple[str, ...]  # without files; empty for languages that have a short form here
    patch: "Patch"  # what entering its environment changes
    is_installed: bool  # its environment is there
    proofs: tuple[str, ...]  # files that are there, unchanged, as long as this is so


Position: TypeAlias = "tuple[int, int]"  # of a hook: the number of its repository in the file, and its own in there
Resolution: TypeAlias = Mapping[Position, ResolvedHook]
# Given the whole config as plain values, and its file; raises HooksError where hooks cannot be resolved.
Resolver: TypeAlias = Callable[[Mapping[str, Any], str], Resolution]
RESOLVER = str(Path(__file__).absolute().with_name("resolve.py"))


@dataclass(frozen=True, slots=True)
class ConfigHook:
    """A hook with everything that decides what runs, and for which files."""

    name: str  # that of its jobs: its id, and behind a second hook of this id `-2`
    id: str
    alias: str
    title: str  # its name for people
    mark: Location
    repo: str
    rev: str
    language: str
    entry: str
    args: tuple[str, ...]
    files: tuple[str, ...]  # regular expressions, all of which must be found in a name: that of the file and its own
    excludes: tuple[str, ...]  # none of these
    tags: TagRule
    stages: tuple[str, ...]  # where the config file puts it
    always_runs: bool
    max_files: int | None  # of one process; 0: it is given no names
    is_serial: bool
    fails_fast: bool
    is_verbose: bool
    log_file: str
    resolved: ResolvedHook | None
    refused: str = ""  # why it cannot run
    facts: str = ""  # of a meta hook: what it checks, as JSON

    @property
    def is_local(self) -> bool:
        return self.repo in (LOCAL, META)

    @property
    def is_unknown(self) -> bool:
        """True if its manifest is not known, and with it the stages that it runs in."""
        return not self.is_local and self.resolved is None

    @property
    def is_unresolved(self) -> bool:
        """True if the library has to resolve or to install it before it can run."""
        if self.is_local and self.language in SIMPLE_LANGUAGES:
            return False
        return self.resolved is None or not self.resolved.is_installed


def names_of(identities: Sequence[str]) -> list[str]:
    """Return the names of hooks with these ids: the second of an id gets `-2` behind it."""
    names: list[str] = []
    for identity in identities:
        wanted = name = re.sub("[@=]", "-", identity).lstrip("-").strip() or "hook"
        count = 1
        while name in names or (count > 1 and name in identities):
            count += 1
            name = f"{wanted}-{count}"
        names.append(name)
    return names
