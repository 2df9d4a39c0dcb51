"""The hook file and its layers, as one tree in the shape of its own config format (section 4).

From the lowest to the highest: the hook file, the files in its `extends`, the files for one hook each, the local
overlay of the main working tree, the one of this working tree. The files in a file's `extends` follow right after it.
A .pre-commit-config.yaml among them is below all: a hooks.dodo changes what its hooks do.
"""

import os
import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dodo_hooks.core.diagnostics import ERROR, NOTE, Diagnostic, Location
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.formats.pre_commit.config_hook import Resolver
from dodo_hooks.loader.formats.translation import Translation
from dodo_hooks.loader.layers.config_formats import DODO, PRE_COMMIT
from dodo_hooks.loader.layers.discover import Found, local_overlays
from dodo_hooks.loader.layers.merge import Layer, merge_layers
from dodo_hooks.loader.read.json_reader import parse_json
from dodo_hooks.loader.read.nodes import Entry, MapNode, Node, Scalar, describe, is_empty, items_of
from dodo_hooks.loader.read.sources import JSON_ENDINGS, TOML_ENDING, SourceError, Sources, has_pattern, path_below
from dodo_hooks.loader.read.toml_reader import parse_toml
from dodo_hooks.loader.read.yaml_reader import Document, parse

_READERS: dict[str, Callable[[bytes, str], Document]] = {
    TOML_ENDING: parse_toml,
    **dict.fromkeys(JSON_ENDINGS, parse_json),
}


@dataclass(frozen=True, slots=True)
class Layers:
    """The merged tree of all files. It is incomplete, and not to be used, unless `is_complete` is set."""

    root: MapNode
    is_complete: bool
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, bytes]  # of the files that were read, by the names in their locations
    below: Translation | None = None  # of pre-commit's file, where that is one of the layers


def read_layers(
    found: Found, sources: Sources, main_top: str | None = None, resolver: Resolver | None = None
) -> Layers:
    """Read the hook file and its layers; errors become diagnostics, not exceptions.

    `main_top` is the top of the main working tree, where there is another one (section 4). `resolver` resolves the
    hooks of pre-commit's file, where that is one of the layers.

    Raises:
        HooksError: the resolver cannot resolve them.
    """
    reader = _Reader(found, sources, resolver)
    reader.add(found.file)
    if found.home is not None:
        reader.add_hook_files(found.home)
    if found.home is not None and found.has_local:
        if main_top is not None and main_top != found.home:
            reader.add_local(main_top)
        reader.add_local(found.home)
    reader.note_others()
    bottom = Layer(MapNode(Location(path_below(found.top, found.file), 1, 1), ()))
    root = merge_layers(reader.layers or [bottom], found.config_format.rules)
    return Layers(root, reader.is_complete, tuple(reader.diagnostics), reader.texts, reader.below)


def not_read(path: str, instead: str, top: str) -> Diagnostic:
    """Return the note about a file that is ignored because another one has precedence."""
    message = f"{path_below(top, path)} is not read, because {path_below(top, instead)} comes first"
    return Diagnostic(Location(), message, severity=NOTE)


@dataclass(frozen=True, slots=True)
class _Step:
    """A file whose `extends` is being followed, and the location of the next name in it."""

    file: str  # without links
    mark: Location


class _Reader:
    """A collector of layers, file by file."""

    def __init__(self, found: Found, sources: Sources, resolver: Resolver | None) -> None:
        self.layers: list[Layer] = []
        self.texts: dict[str, bytes] = {}
        self.diagnostics: list[Diagnostic] = []
        self.is_complete = True
        self.below: Translation | None = None
        self._found = found
        self._resolver = resolver
        self._config_format = found.config_format
        self._sources = sources
        self._done: set[str] = set()  # files, without links

    def add(self, path: str, chain: tuple[_Step, ...] = ()) -> None:
        """Add the layer of a file, and then those of the files in its `extends`.

        A file counts once, where it comes first: two files may extend the same third one.
        """
        real = os.path.realpath(path)
        if any(step.file == real for step in chain):
            self._find_loop(real, path, chain)
        elif real not in self._done:
            self._done.add(real)
            root = self._read(path, chain[-1].mark if chain else None)
            if root is not None:
                if self._config_format is DODO and path.endswith(tuple(f"/{name}" for name in PRE_COMMIT.candidates)):
                    self.layers.insert(0, Layer(self._translated(root)))
                    return
                self.layers.append(Layer(_without_extends(root)))
                for mark, further in self._extended(root, path):
                    self.add(further, (*chain, _Step(real, mark)))

    def note_others(self) -> None:
        """Add notes about hook files that are there and are none of the layers."""
        others = [other for other in self._found.also if os.path.realpath(other) not in self._done]
        self.diagnostics[:0] = [not_read(other, self._found.file, self._found.top) for other in others]

    def _translated(self, root: MapNode) -> MapNode:
        """Return pre-commit's file in our format."""
        assert PRE_COMMIT.translate is not None
        found = self.below = PRE_COMMIT.translate(root, self._resolver)
        self.diagnostics += found.diagnostics
        self.is_complete &= not any(one.severity == ERROR for one in found.diagnostics)
        return found.root

    def add_hook_files(self, home: str) -> None:
        files = self._config_format.hook_files
        if files is None:
            return
        folder = posixpath.join(home, files.folder(posixpath.relpath(self._found.file, home))).rstrip("/")
        try:
            for hook, path in self._hook_files(folder, files.hooks):
                root = self._read(path)
                if root is not None and self._is_body(root, hook):
                    self.layers.append(Layer(_as_hook(root, hook), is_instead=files.are_instead))
        except SourceError as error:
            self._find(Location(path_below(self._found.top, folder)), error.message, error.fix)

    def add_local(self, home: str) -> None:
        """Add the local overlay below `home`, the top of this or of the main working tree."""
        present = local_overlays(self._found, home, self._sources)
        if present:
            self.add(present[0])
        for other in present[1:]:
            self.diagnostics.append(not_read(other, present[0], self._found.top))

    def _read(self, path: str, named_at: Location | None = None) -> MapNode | None:
        """Return the tree of the file; None if it is empty, or if it has errors, which are added to the diagnostics."""
        label = path_below(self._found.top, path)
        try:
            data = self._sources.read(path)
        except SourceError as error:
            if named_at is None:
                self._find(Location(label), error.message, error.fix)
            elif self._config_format.extends.must_exist or self._sources.is_there(path):
                self._find(named_at, f'"extends": {quote(label)}: {error.message}', error.fix)
            else:
                self._note(named_at, f'"extends": {quote(label)} is ignored: {error.message}', error.fix)
            return None
        self.texts[label] = data
        document = _READERS.get(posixpath.splitext(path)[1], parse)(data, label)
        self.diagnostics += document.errors
        if document.root is None:
            self.is_complete &= not document.errors
        elif not isinstance(document.root, MapNode):
            found = describe(document.root)
            self._find(document.root.mark, f"expected a mapping of keys to values, found {found}")
        else:
            return document.root
        return None

    def _extended(self, root: MapNode, path: str) -> Iterator[tuple[Location, str]]:
        """Yield the files that `extends` names, each with the location of its name."""
        rules = self._config_format.extends
        base = self._found.home or self._found.top if rules.from_top else posixpath.dirname(path)
        for item in self._names_in_extends(root):
            pattern = posixpath.join(base, item.text)
            is_plain = ".." not in pattern.split("/")  # `link/../x` is not `x` when `link` points elsewhere
            pattern = posixpath.normpath(pattern) if is_plain else os.path.realpath(pattern)
            if rules.has_patterns and has_pattern(item.text):
                try:
                    yield from ((item.mark, one) for one in self._matching(item, pattern))
                except SourceError as error:
                    self._find(item.mark, f'"extends": {quote(item.text)}: {error.message}', error.fix)
            else:
                yield item.mark, pattern

    def _matching(self, item: Scalar, pattern: str) -> list[str]:
        """Return the files that match a pattern of `extends`; a pattern without matches is allowed, and noted."""
        matching = self._sources.matching(pattern)
        if not matching:
            hint = " (`**` stands for one folder, as `*` does)" if "**" in item.text else ""
            self._note(item.mark, f'"extends": no file matches {quote(item.text)}{hint}')
        return matching

    def _names_in_extends(self, root: MapNode) -> list[Scalar]:
        """Return the items of `extends`; none if any of them cannot be a path."""
        entry = root.entry("extends")
        if entry is None or is_empty(entry.value):
            return []
        items = items_of(entry.value)
        paths = [item for item in items if isinstance(item, Scalar) and isinstance(item.value, str) and item.value]
        for item in items:
            if item not in paths:
                self._find(item.mark, f'"extends": expected a text, found {describe(item)}', _fix(item))
        return paths if len(paths) == len(items) else []

    def _hook_files(self, folder: str, hooks: tuple[str, ...] | None) -> Iterator[tuple[str, str]]:
        """Yield the hooks that have a file of their own in the folder, and that file.

        Raises:
            SourceError: the folder cannot be read.
        """
        if hooks is None:
            names = [name for name in self._sources.names_in(folder) if not name.startswith(".")]
        else:
            wanted = [hook + ending for hook in hooks for ending in (".yml", ".yaml")]
            names = [name for name in wanted if self._sources.is_there(f"{folder}/{name}")]
        first: dict[str, str] = {}
        for name in sorted(names, key=lambda name: (posixpath.splitext(name)[0], name.endswith(".yaml"))):
            hook, ending = posixpath.splitext(name)
            path = f"{folder}/{name}"
            if ending not in (".yml", ".yaml"):
                label = path_below(self._found.top, path)
                self._note(Location(), f"{label} is not read, because a file here is called HOOK.yml")
            elif hook in first:
                self.diagnostics.append(not_read(path, first[hook], self._found.top))
            else:
                first[hook] = path
                yield hook, path

    def _is_body(self, root: MapNode, hook: str) -> bool:
        for key in ("hooks", hook):
            entry = root.entry(key)
            if entry is not None:
                fix = f'write "jobs:" at its top, without {quote(key)}'
                self._find(entry.mark, f"this file is the body of {quote(hook)}", fix)
                return False
        return True

    def _find_loop(self, real: str, path: str, chain: tuple[_Step, ...]) -> None:
        """Report a cycle with every file in it, each with the location that names the next one."""
        begin = next(place for place, step in enumerate(chain) if step.file == real)
        steps = [str(step.mark) for step in chain[begin:]]
        circle = " -> ".join([*steps, path_below(self._found.top, path)])
        self._find(chain[-1].mark, f'"extends" forms a cycle: {circle}', "remove one of them")

    def _find(self, mark: Location, message: str, fix: str = "") -> None:
        self.is_complete = False
        self.diagnostics.append(Diagnostic(mark, message, fix=fix))

    def _note(self, mark: Location, message: str, fix: str = "") -> None:
        self.diagnostics.append(Diagnostic(mark, message, severity=NOTE, fix=fix))


def _fix(item: Node) -> str:
    """Return how to write a number or a boolean as a text."""
    return f'write "{item.text}"' if isinstance(item, Scalar) and item.value not in (None, "") else ""


def _as_hook(body: MapNode, hook: str) -> MapNode:
    """Return a file that holds the body of one hook in the shape of a whole file."""
    begin = Location(body.mark.file, 1, 1)
    hooks = MapNode(begin, (Entry(begin, hook, body),))
    return MapNode(begin, (Entry(begin, "hooks", hooks),))


def _without_extends(root: MapNode) -> MapNode:
    return MapNode(root.mark, tuple(entry for entry in root.entries if entry.key != "extends"))
