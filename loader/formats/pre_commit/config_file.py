"""The translation of a .pre-commit-config.yaml: a job for each hook and stage (P1, P2).

A job says only `pre_commit: NAME`. What that hook is goes beside the tree, as a `ConfigHook`: most of it has no key of
ours, and a hook of another repository is known only when pre-commit's library has resolved it (`resolve.py`).

A hook that names no stages runs in each event that the file is about: those that `default_install_hook_types` installs,
and those that another hook of the file, or its manifest, names.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dodo_hooks.core.diagnostics import Location
from dodo_hooks.core.plan_parts import TagRule
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.formats.pre_commit.config_hook import (
    META,
    SIMPLE_LANGUAGES,
    SYSTEM,
    ConfigHook,
    Resolution,
    ResolvedHook,
    Resolver,
    names_of,
)
from dodo_hooks.loader.formats.pre_commit.config_schema import (
    BUILTIN,
    FORMER_LANGUAGES,
    FORMER_STAGES,
    MANUAL,
    Checker,
    maps_in,
    text_at,
)
from dodo_hooks.loader.formats.translation import DiagnosticCollector, Translation, flag, text
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar

_MATCHES_NOTHING = "^$"  # the default of `exclude`
_DEFAULT = "default"  # of `language_version`
# What a hook has where neither its manifest nor the config file says otherwise.
_DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys(("alias", "files", "log_file", "entry"), ""),
    "exclude": _MATCHES_NOTHING,
    "types": ["file"],
    **dict.fromkeys(("types_or", "exclude_types", "args", "additional_dependencies", "stages"), ()),
    **dict.fromkeys(("always_run", "fail_fast", "require_serial", "verbose"), False),
    "pass_filenames": True,
    "language_version": _DEFAULT,
}
_CONFIG_NAME = r"^\.pre\-commit\-config\.yaml$"
_META_VALUES: Mapping[str, Mapping[str, Any]] = {
    "check-hooks-apply": {"name": "Check hooks apply to the repository", "files": _CONFIG_NAME},
    "check-useless-excludes": {"name": "Check for useless excludes", "files": _CONFIG_NAME},
    "identity": {"name": "identity", "verbose": True},
}


def translate(root: MapNode, resolver: Resolver | None = None) -> Translation:
    """Return the file in our format. Without a resolver, the hooks of other repositories are left unresolved.

    Raises:
        HooksError: the resolver cannot resolve them.
    """
    diagnostics = DiagnosticCollector()
    Checker(diagnostics).check_file(root)
    if diagnostics.has_errors:
        return diagnostics.translation(MapNode(root.mark, ()))
    return _Translator(root, diagnostics, resolver).translation()


class _Translator:
    """A translator of one file without errors."""

    def __init__(self, root: MapNode, diagnostics: DiagnosticCollector, resolver: Resolver | None) -> None:
        self._root, self._diagnostics = root, diagnostics
        self._top: Mapping[str, Any] = {entry.key: plain_value(entry.value) for entry in root.entries}
        self._repos = [repo for repo in maps_in(root, "repos") if text_at(repo, "repo") != BUILTIN]
        self._nodes = [(repo, hook) for repo in self._repos for hook in maps_in(repo, "hooks")]
        self._positions = [
            (number, place) for number, repo in enumerate(self._repos) for place in range(len(maps_in(repo, "hooks")))
        ]
        self._resolution: Resolution = {}
        if resolver is not None and any(not self._is_simple(*node) for node in self._nodes):
            self._resolution = resolver(self._as_plain_file(), root.mark.file)

    def translation(self) -> Translation:
        names = names_of([text_at(hook, "id") for _, hook in self._nodes])
        values = [self._values(*pair) for pair in zip(self._nodes, self._positions, strict=True)]
        wanted = [[_stage(one) for one in its["stages"]] for its in values]
        installed = self._top.get("default_install_hook_types", ["pre-commit"])
        events = list(dict.fromkeys([*installed, *(stage for stages in wanted for stage in stages)]))
        hooks = [
            self._hook(name, number, its, tuple(stages or events))
            for number, (name, its, stages) in enumerate(zip(names, values, wanted, strict=True))
        ]
        hooks = [_with_facts(hook, hooks, self._own_excludes()) for hook in hooks]
        sections = {
            "hooks": [self._event(event, hooks) for event in events if event != MANUAL],
            "tasks": [self._event(MANUAL, hooks)] if MANUAL in events else [],
        }
        mark = self._root.mark
        made = [Entry(mark, key, MapNode(mark, tuple(entries))) for key, entries in sections.items() if entries]
        found = self._diagnostics.translation(MapNode(mark, tuple(made)))
        return replace(
            found, config_hooks={hook.name: hook for hook in hooks}, file=mark.file, installed=tuple(installed)
        )

    def _is_simple(self, repo: MapNode, hook: MapNode) -> bool:
        """Return whether we know all of a hook, without pre-commit's library."""
        kind = text_at(repo, "repo")
        return kind == META or (kind == "local" and _language(text_at(hook, "language")) in SIMPLE_LANGUAGES)

    def _as_plain_file(self) -> dict[str, Any]:
        """Return the file as pre-commit reads it, without the keys that it ignores."""
        file = {key: value for key, value in self._top.items() if key not in ("ci", "repos")}
        repos = [plain_value(repo) for repo in self._repos]
        for hook in (hook for repo in repos for hook in repo["hooks"]):
            if "pass_filenames" in hook:  # for prek it may be a number
                hook["pass_filenames"] = bool(hook["pass_filenames"])
        return {**file, "repos": repos}

    def _values(self, node: tuple[MapNode, MapNode], position: tuple[int, int]) -> dict[str, Any]:
        """Return the values of a hook, those of its manifest among them, where that is known."""
        repo, hook = node
        own = {entry.key: plain_value(entry.value) for entry in hook.entries}
        resolved, is_meta = self._resolution.get(position), text_at(repo, "repo") == META
        base = _META_VALUES[own["id"]] if is_meta else resolved.values if resolved is not None else {}
        found = {**_DEFAULTS, **base, **own, **({"language": SYSTEM} if is_meta else {}), "resolved": resolved}
        return {**found, "stages": found["stages"] or self._top.get("default_stages", ())}

    def _hook(self, name: str, number: int, values: Mapping[str, Any], stages: tuple[str, ...]) -> ConfigHook:
        repo, node = self._nodes[number]
        resolved: ResolvedHook | None = values["resolved"]
        files, names = values["pass_filenames"], (self._top.get("files", ""), values["files"])
        excludes = (self._top.get("exclude", _MATCHES_NOTHING), values["exclude"])
        hook = ConfigHook(
            name=name,
            id=values["id"],
            alias=values["alias"],
            title=values.get("name", ""),
            mark=node.mark,
            repo=text_at(repo, "repo"),
            rev=text_at(repo, "rev"),
            language=_language(values.get("language", "")),
            entry=values["entry"],
            args=tuple(values["args"]),
            files=tuple(one for one in names if one),
            excludes=tuple(one for one in excludes if one != _MATCHES_NOTHING),
            tags=TagRule(*(tuple(values[key]) for key in ("types", "types_or", "exclude_types"))),
            stages=stages,
            always_runs=values["always_run"],
            max_files=0 if files is False else None if files is True else files,
            is_serial=values["require_serial"],
            fails_fast=values["fail_fast"],
            is_verbose=values["verbose"],
            log_file=values["log_file"],
            resolved=resolved,
        )
        return replace(hook, refused=self._without_environment(hook, values) or _unusable_entry(hook))

    def _without_environment(self, hook: ConfigHook, values: Mapping[str, Any]) -> str:
        """Return what pre-commit refuses of a hook whose language has no environment, or ""."""
        if not hook.is_local or hook.language not in SIMPLE_LANGUAGES:
            return ""
        default = self._top.get("default_language_version", {}).get(hook.language, _DEFAULT)
        keys = ["language_version"] if (values["language_version"], default) != (_DEFAULT, _DEFAULT) else []
        keys += ["additional_dependencies"] if values["additional_dependencies"] else []
        return f"{quote(keys[0])} needs another language than {quote(hook.language)}" if keys else ""

    def _own_excludes(self) -> list[list[Any]]:
        """Return what `check-useless-excludes` checks: each hook's keys in the config file, whatever its manifest."""
        found: list[list[Any]] = []
        for _, node in self._nodes:
            own = {"files": "", "exclude": _MATCHES_NOTHING, "types": (), "types_or": (), "exclude_types": ()}
            own |= {entry.key: plain_value(entry.value) for entry in node.entries}
            keys = ("id", "files", "exclude", "types", "types_or", "exclude_types")
            found.append([own[key] for key in keys])
        return [[self._top.get("files", ""), self._top.get("exclude", _MATCHES_NOTHING)], *found]

    def _event(self, event: str, hooks: Sequence[ConfigHook]) -> Entry:
        """Return an event with its jobs, in the order of the file."""
        mark = self._root.mark
        jobs = [_job(hook) for hook in hooks if event in hook.stages]
        entries = [Entry(mark, "jobs", ListNode(mark, tuple(jobs)))]
        if self._top.get("fail_fast"):
            entries.append(Entry(mark, "fail_fast", flag(mark, True)))
        return Entry(mark, event, MapNode(mark, tuple(entries)))


def _job(hook: ConfigHook) -> MapNode:
    mark = hook.mark
    return MapNode(mark, (_entry(mark, "name", hook.name), _entry(mark, "pre_commit", hook.name)))


def _entry(mark: Location, key: str, value: str) -> Entry:
    return Entry(mark, key, text(mark, value))


def _with_facts(hook: ConfigHook, hooks: Sequence[ConfigHook], own_excludes: list[list[Any]]) -> ConfigHook:
    """Return the hook, one of the meta hooks with all that it checks."""
    if hook.repo != META or hook.id == "identity":
        return hook
    if hook.id == "check-useless-excludes":
        return replace(hook, facts=json.dumps(own_excludes))
    unresolved = [one.id for one in hooks if not one.is_local and one.resolved is None]
    rules = [
        [one.id, one.files, one.excludes, *one.tags] for one in hooks if not one.always_runs and one.language != "fail"
    ]
    return replace(hook, facts="" if unresolved else json.dumps(rules))


def _unusable_entry(hook: ConfigHook) -> str:
    """Return why the entry of a hook cannot be a command line, or ""."""
    if not hook.is_local or hook.repo == META or hook.language not in SIMPLE_LANGUAGES[:2]:
        return ""
    try:
        return "" if shlex.split(hook.entry) else "its entry is empty"
    except ValueError as error:
        return f"its entry is not a command line: {str(error).lower()}"


def _language(name: str) -> str:
    return FORMER_LANGUAGES.get(name, name)


def _stage(name: str) -> str:
    return FORMER_STAGES.get(name, name)


def plain_value(node: Node) -> Any:
    """Return the value of a node as pre-commit reads it."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, ListNode):
        return [plain_value(item) for item in node.items]
    return {entry.key: plain_value(entry.value) for entry in node.entries}
