"""The keys of a .pre-commit-config.yaml, checked as pre-commit checks them, with locations (P1).

The facts are from pre-commit 4.7 (clientlib.py). Where 4.0 differs, both spellings are accepted.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import TypeAlias

from dodo_hooks.core.diagnostics import InvalidValue, Location
from dodo_hooks.core.text.nearest import choose_from, did_you_mean
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.formats.pre_commit.config_hook import LOCAL, META, SCRIPT, SYSTEM
from dodo_hooks.loader.formats.translation import DiagnosticCollector
from dodo_hooks.loader.globs.compile_globs import compile_regex
from dodo_hooks.loader.globs.type_tags import type_tag
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar, describe

TESTED_VERSION = "4.7.0"  # of the library: the newest that the tests have seen
HOOK_TYPES = (
    *("commit-msg", "post-checkout", "post-commit", "post-merge", "post-rewrite", "pre-commit", "pre-merge-commit"),
    *("pre-push", "pre-rebase", "prepare-commit-msg"),
)
MANUAL = "manual"
STAGES = (*HOOK_TYPES, MANUAL)
FORMER_STAGES = {"commit": "pre-commit", "merge-commit": "pre-merge-commit", "push": "pre-push"}
FORMER_LANGUAGES = {"system": SYSTEM, "script": SCRIPT}
LANGUAGES = (
    *("conda", "coursier", "dart", "docker", "docker_image", "dotnet", "fail", "golang", "haskell", "julia", "lua"),
    *("node", "perl", "pygrep", "python", "r", "ruby", "rust", "swift", SYSTEM, SCRIPT, *FORMER_LANGUAGES),
)
META_HOOKS = ("check-hooks-apply", "check-useless-excludes", "identity")
BUILTIN = "builtin"  # of prek: programs that are part of it

Problems: TypeAlias = Iterator[tuple[Location, ValueError]]
Kind: TypeAlias = Callable[[Node], Problems]


def _wrong(node: Node, expected: str) -> tuple[Location, ValueError]:
    is_number = expected.endswith("text") and isinstance(node, Scalar) and isinstance(node.value, bool | int | float)
    fix = f'write "{node.text}"' if is_number and isinstance(node, Scalar) else ""
    return node.mark, InvalidValue(f"expected {expected}, found {describe(node)}", fix)


def _text(node: Node) -> Problems:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        yield _wrong(node, "a text")


def _flag(node: Node) -> Problems:
    if not isinstance(node, Scalar) or not isinstance(node.value, bool):
        yield _wrong(node, "true or false")


def _names(node: Node) -> Problems:
    """Check `pass_filenames`, which prek allows to be the number of files that one process gets."""
    is_number = isinstance(node, Scalar) and isinstance(node.value, int) and node.value > 0
    if not is_number:
        yield from _flag(node)


def _map(node: Node) -> Problems:
    if not isinstance(node, MapNode):
        yield _wrong(node, "a mapping")


def _parsed(parse: Callable[[str], object], node: Node) -> Problems:
    problems = [*_text(node)]
    if not problems and isinstance(node, Scalar):
        try:
            parse(node.text)
        except ValueError as error:
            problems = [(node.mark, error)]
    yield from problems


def _list_of(kind: Kind, node: Node) -> Problems:
    if isinstance(node, ListNode):
        for item in node.items:
            yield from kind(item)
    else:
        yield _wrong(node, "a list")


def _one_of(words: tuple[str, ...], word: str) -> None:
    if word not in words:
        raise ValueError(f"{quote(word)} is unknown{choose_from(word, words)}")


def _version(word: str) -> None:
    wanted, here = [_numbers(version) for version in (word, library_version() or TESTED_VERSION)]
    if wanted > here:
        fix = "run `pip install --upgrade pre-commit`"
        raise InvalidValue(f"pre-commit {word} or newer is needed", fix)


def _numbers(version: str) -> list[int]:
    if not re.fullmatch(r"\d+(\.\d+)*", version):
        raise ValueError(f"expected a version such as 4.0.0, found {quote(version)}")
    return [int(part) for part in version.split(".")]


@cache
def library_version() -> str:
    """Return the version of pre-commit's library; "" where it is not installed. Nothing of it is imported."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pre_commit")
    except PackageNotFoundError:
        return ""


REGEX: Kind = partial(_parsed, compile_regex)
_TAGS: Kind = partial(_list_of, partial(_parsed, type_tag))
_TEXTS: Kind = partial(_list_of, _text)
_STAGES: Kind = partial(_list_of, partial(_parsed, partial(_one_of, (*STAGES, *FORMER_STAGES))))
_VERSION: Kind = partial(_parsed, _version)

HOOK_KEYS: Mapping[str, Kind] = {
    **dict.fromkeys(("id", "name", "entry", "alias", "description", "language_version", "log_file"), _text),
    "language": partial(_parsed, partial(_one_of, LANGUAGES)),
    **dict.fromkeys(("files", "exclude"), REGEX),
    **dict.fromkeys(("types", "types_or", "exclude_types"), _TAGS),
    **dict.fromkeys(("additional_dependencies", "args"), _TEXTS),
    **dict.fromkeys(("always_run", "fail_fast", "require_serial", "verbose"), _flag),
    "pass_filenames": _names,
    "stages": _STAGES,
    "minimum_pre_commit_version": _VERSION,
}
TOP_KEYS: Mapping[str, Kind] = {
    "repos": partial(_list_of, _map),
    "default_install_hook_types": partial(_list_of, partial(_parsed, partial(_one_of, HOOK_TYPES))),
    "default_language_version": _map,
    "default_stages": _STAGES,
    **dict.fromkeys(("files", "exclude"), REGEX),
    "fail_fast": _flag,
    "minimum_pre_commit_version": _VERSION,
    "ci": _map,
}
REPO_KEYS: Mapping[str, Kind] = {"repo": _text, "rev": _text, "hooks": partial(_list_of, _map)}
_LOCAL_NEEDS = ("id", "name", "entry", "language")
# Keys of prek's, and what becomes of them here.
_OF_PREK = {"priority": "the order is found out here", "minimum_prek_version": "this is not prek"}


class Checker:
    """A collector of everything that pre-commit refuses, and of what it warns about."""

    def __init__(self, diagnostics: DiagnosticCollector) -> None:
        self._diagnostics = diagnostics
        self._of_prek = dict(_OF_PREK)  # those that are not reported yet

    def check_file(self, root: MapNode) -> None:
        self._check_keys(root, TOP_KEYS, "", "the file")
        self._expect(root, ("repos",), "")
        languages = root.entry("default_language_version")
        if languages is not None and isinstance(languages.value, MapNode):
            for one in languages.value.entries:
                self._check(one, _text, "")
                if one.key not in LANGUAGES:
                    self._reject(one.mark, f"unknown language{did_you_mean(one.key, LANGUAGES)}", one.key, "")
        self._note_former(root.entry("default_stages"), FORMER_STAGES)
        for repo in maps_in(root, "repos"):
            self._check_repo(repo)

    def _check_repo(self, repo: MapNode) -> None:
        where = text_at(repo, "repo") or "a repository"
        self._check_keys(repo, REPO_KEYS, where, quote(where))
        is_local = where in (LOCAL, META)
        if where == BUILTIN:
            entry = repo.entry("repo")
            assert entry is not None
            fix = "use those of https://github.com/pre-commit/pre-commit-hooks"
            self._diagnostics.warn(entry.mark, 'the hooks of "builtin" do not run: they are a part of prek', fix)
            return
        self._expect(repo, ("repo", "hooks") if is_local else ("repo", "hooks", "rev"), where)
        rev = repo.entry("rev")
        if is_local and rev is not None:
            self._reject(rev.mark, f"{quote(where)} has no revisions", "rev", where, "remove it")
        elif rev is not None and not re.search(r"\.|\A[a-fA-F0-9]*\Z", word := text_at(repo, "rev")):
            message = f'"rev": {quote(word)} looks like a branch, and is not updated once it is installed'
            self._diagnostics.note(rev.value.mark, message, "run `pre-commit autoupdate`")
        for hook in maps_in(repo, "hooks"):
            self._check_hook(hook, where)

    def _check_hook(self, hook: MapNode, repo: str) -> None:
        subject = f"hook {quote(text_at(hook, 'id'))}" if text_at(hook, "id") else f"a hook of {repo}"
        self._check_keys(hook, HOOK_KEYS, subject, subject)
        self._expect(hook, _LOCAL_NEEDS if repo == LOCAL else ("id",), subject)
        entry = hook.entry("id")
        if repo == META and entry is not None:
            self._check(Entry(entry.mark, "id", entry.value), partial(_parsed, partial(_one_of, META_HOOKS)), subject)
        for key in ("entry", "language") if repo == META else ():
            given = hook.entry(key)
            if given is not None and not (key == "language" and text_at(hook, key) in ("system", SYSTEM)):
                self._reject(given.mark, "cannot be set for a meta hook", key, subject, "remove it")
        self._note_former(hook.entry("stages"), FORMER_STAGES)

    def _check_keys(self, node: MapNode, kinds: Mapping[str, Kind], subject: str, owner: str) -> None:
        for entry in node.entries:
            if entry.key in kinds:
                self._check(entry, kinds[entry.key], subject)
            elif entry.key in self._of_prek:
                why = self._of_prek.pop(entry.key)
                self._diagnostics.warn(entry.mark, f"{quote(entry.key)} is ignored: it is a key of prek, and {why}")
            elif entry.key not in _OF_PREK:
                near = did_you_mean(entry.key, kinds)
                self._diagnostics.warn(entry.mark, f"{quote(entry.key)} is ignored: unknown key of {owner}{near}")

    def _check(self, entry: Entry, kind: Kind, subject: str) -> None:
        for mark, error in kind(entry.value):
            self._diagnostics.reject(mark, entry.key, error, subject)
        if kind is REGEX and isinstance(entry.value, Scalar) and "/*" in entry.value.text:
            message = f'{quote(entry.key)} is a regular expression, in which "/*" stands for any number of slashes'
            self._diagnostics.note(entry.value.mark, message)

    def _expect(self, node: MapNode, keys: Iterable[str], subject: str) -> None:
        for key in keys:
            if node.entry(key) is None:
                self._diagnostics.error(node.mark, f"{quote(key)} is missing", subject)

    def _reject(self, mark: Location, message: str, key: str, subject: str, fix: str = "") -> None:
        self._diagnostics.reject(mark, key, InvalidValue(message, fix), subject)

    def _note_former(self, entry: Entry | None, former: Mapping[str, str]) -> None:
        for item in entry.value.items if entry is not None and isinstance(entry.value, ListNode) else ():
            if isinstance(item, Scalar) and item.text in former:
                message = f"{quote(item.text)} is a former name of {quote(former[item.text])}"
                self._diagnostics.note(item.mark, message, "run `pre-commit migrate-config`")


def maps_in(node: MapNode, key: str) -> list[MapNode]:
    """Return the mappings in the list that this key holds."""
    entry = node.entry(key)
    items = entry.value.items if entry is not None and isinstance(entry.value, ListNode) else ()
    return [item for item in items if isinstance(item, MapNode)]


def text_at(node: MapNode, key: str) -> str:
    """Return the text of a key; "" where it has none."""
    entry = node.entry(key)
    value = entry.value.value if entry is not None and isinstance(entry.value, Scalar) else None
    return value if isinstance(value, str) else ""
