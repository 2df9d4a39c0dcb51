"""The kinds of values in a hook file: how a node becomes a value, and what people and the JSON Schema call it (C1).

The models in the files beside this one say which key has which kind. What single values may be is in `value_types.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from dodo_hooks.core.diagnostics import InvalidValue
from dodo_hooks.core.text.nearest import nearest
from dodo_hooks.core.text.terminal_text import join_or, quote
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, Scalar, describe, is_empty
from dodo_hooks.loader.schema.model_errors import DROPPED, KEY, UNKNOWN, Dropped, ModelErrors

COMMANDS = ("run", "script", "group", "pre_commit")  # a job has one of them

_Value = TypeVar("_Value")
_Other = TypeVar("_Other")
_Body = TypeVar("_Body", bound="Body")


class Kind(Generic[_Value]):
    """One kind."""

    says: str  # its name, for people; "" where it is only ever a part of another

    def read(self, node: Node, found: ModelErrors) -> _Value:
        """Return the value of a node; what is wrong inside of it is noted in `found`.

        Raises:
            ValueError: it cannot be used, with the rest of a sentence that begins with its key.
        """
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Single(Kind[_Value]):
    """A single value."""

    says: str
    schema: Mapping[str, Any]
    parse: Callable[[Node], _Value]

    def read(self, node: Node, found: ModelErrors) -> _Value:
        return self.parse(node)

    def checked(
        self, check: Callable[[_Value], _Other], says: str = "", schema: Mapping[str, Any] | None = None
    ) -> "Single[_Other]":
        """Return the kind with one more check, which may change the value."""
        parse = self.parse
        return Single(says or self.says, self.schema if schema is None else schema, lambda node: check(parse(node)))


@dataclass(frozen=True, eq=False)
class ListOf(Kind[list[_Value]]):
    """A list of values of one kind."""

    item: Kind[_Value]
    says: str
    or_one: bool = False  # a value that is no list is the only item of one
    least: str = ""  # what there is at least one of; "": it may be empty, and a key without a value is such a list
    is_whole: bool = False  # with an error in an item, the others cannot be used either
    each: str = ""  # what a "- " stands before, where a list is often forgotten

    def read(self, node: Node, found: ModelErrors) -> list[_Value]:
        known = len(found.all)
        if isinstance(node, ListNode):
            read = [found.read(self.item.read, item, node, place) for place, item in enumerate(node.items)]
            values = [value for value in read if value is not DROPPED]
            if self.least and not read:
                raise ValueError(f"expected at least one {self.least}, found none")
        elif is_empty(node) and not self.least:
            values = []
        elif self.or_one:
            values = [self.item.read(node, found)]
        else:
            raise InvalidValue(f"expected a list, found {describe(node)}", self._fix(node))
        if self.is_whole and len(found.all) > known:
            raise Dropped
        return values

    def _fix(self, node: Node) -> str:
        if self.each:
            return f'write "- " before each {self.each}' if not isinstance(node, Scalar) else ""
        return f"write [{node.text}]" if isinstance(node, Scalar) and len(node.text) < 40 else ""


@dataclass(frozen=True, eq=False)
class Names:
    """The names of a mapping."""

    check: Callable[[str], str]  # raises ValueError with a whole sentence
    schema: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class MapOf(Kind[dict[str, _Value]]):
    """A mapping of names to values of one kind."""

    names: Names
    item: Kind[_Value]
    says: str
    least: str = ""  # as of a list

    def read(self, node: Node, found: ModelErrors) -> dict[str, _Value]:
        if self.least and isinstance(node, MapNode) and not node.entries:
            raise ValueError(f"expected at least one {self.least}, found none")
        values: dict[str, _Value] = {}
        for entry in entries_of(node, "names to values"):
            value = found.read(self.item.read, entry.value, node, entry.key)
            try:
                name = self.names.check(entry.key)
            except ValueError as error:
                found.refuse(entry, node, error)
            else:
                if value is not DROPPED:
                    values[name] = value
        return values


def entries_of(node: Node, what: str, fix: str = "") -> tuple[Entry, ...]:
    """Return the entries of a mapping; a key without a value has none. Raises InvalidValue."""
    if isinstance(node, MapNode):
        return node.entries
    if is_empty(node):
        return ()
    raise InvalidValue(f"expected a mapping of {what}, found {describe(node)}", fix)


@dataclass(frozen=True, eq=False)
class Shaped(Kind[_Value]):
    """A value whose shape says which kind it is. One of another shape is taken for the first."""

    kinds: tuple[Kind[Any], ...]
    says: str
    choose: Callable[[Node], int]

    def read(self, node: Node, found: ModelErrors) -> _Value:
        value: _Value = self.kinds[self.choose(node)].read(node, found)  # each of them makes such values
        return value


@dataclass(frozen=True, eq=False)
class Switch(Kind[_Value]):
    """A boolean, or a list of words."""

    if_true: _Value
    if_false: _Value
    words: tuple[str, ...]
    item: Kind[str]
    says = "boolean or list of words"

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"enum": list(self.words)}}]}

    def read(self, node: Node, found: ModelErrors) -> _Value:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return self.if_true if node.value else self.if_false
        if isinstance(node, ListNode):
            read = [found.read(self.item.read, item, node, place) for place, item in enumerate(node.items)]
            return cast("_Value", tuple(value for value in read if value is not DROPPED))
        fix = f"write [{node.text}]" if isinstance(node, Scalar) and node.text in self.words else ""
        raise InvalidValue(f"expected true, false or a list of {join_or(self.words)}, found {describe(node)}", fix)


@dataclass(frozen=True, eq=False)
class Key:
    """A key of a body: the row of it in the table of keys. What it means is in docs/keys.md."""

    kind: Kind[Any]
    default: Any
    needed_for: str = ""  # why the key has to be there, as part of a sentence; "": it may be left out


def key(kind: Kind[_Value], default: _Other) -> _Value | _Other:
    """Return the row of a key. `Body` puts it into its table, and the default into its place."""
    return cast("_Value", Key(kind, default))


def needed(kind: Kind[_Value], needed_for: str) -> _Value:
    """Return the row of a key that has to be there."""
    return cast("_Value", Key(kind, None, needed_for))


class Body:
    """A mapping with known keys. The values that a file gives are in the instance, the defaults in the class."""

    level: str  # what messages call it
    keys: dict[str, Key]
    is_whole = False  # with an error in it, the rest of it cannot be used either

    def __init_subclass__(cls, level: str) -> None:
        cls.level = level
        cls.keys = {name: one for name, one in vars(cls).items() if isinstance(one, Key)}
        for name, one in cls.keys.items():
            setattr(cls, name, one.default)

    def __init__(self, **values: object) -> None:
        self.__dict__ = values

    @property
    def given(self) -> frozenset[str]:
        """The keys that the file has."""
        return frozenset(self.__dict__)

    @classmethod
    def read(cls: type[_Body], node: Node, found: ModelErrors, short_for: str = "") -> _Body:
        """Return the body; a value that is no mapping is that of the key `short_for`. Raises Dropped."""
        known = len(found.all)
        try:
            if short_for and not isinstance(node, MapNode) and not is_empty(node):
                values = {short_for: cls.keys[short_for].kind.read(node, found)}
            else:
                values = cls._values(node, found)
            cls.complete(values, node, found, known)
            body = cls(**values)
            if len(found.all) == known:
                body.check()
            elif cls.is_whole:
                raise Dropped
            return body
        except ValueError as error:
            found.note(node.mark, error)
            raise Dropped from None
        finally:
            found.inside(cls.level, known)

    @classmethod
    def _values(cls, node: Node, found: ModelErrors) -> dict[str, object]:
        fix = 'write "jobs:" above the list' if isinstance(node, ListNode) and "jobs" in cls.keys else ""
        cls.check_node(node)
        entries = entries_of(node, "keys to values", fix)
        refused = cls.refused_keys(node) if isinstance(node, MapNode) else {}
        values: dict[str, object] = {}
        for entry in entries:
            row = cls.keys.get(entry.key)
            if row is None:
                found.refuse(entry, node, ValueError(entry.key), UNKNOWN)
            elif entry.key in refused:
                found.refuse(entry, node, refused[entry.key])
            elif (value := found.read(row.kind.read, entry.value, node, entry.key)) is not DROPPED:
                values[entry.key] = value
        return values

    @classmethod
    def check_node(cls, node: Node) -> None:
        """Check the node before anything in it is read. Raises ValueError."""

    @classmethod
    def refused_keys(cls, node: MapNode) -> dict[str, ValueError]:
        """Return the keys that are not allowed beside others, each with the whole sentence."""
        return {}

    @classmethod
    def complete(cls, values: dict[str, object], node: Node, found: ModelErrors, known: int) -> None:
        """Note what is missing, and add what is needed to continue; the body's errors begin with number `known`."""
        for name, one in cls.keys.items():
            if one.needed_for and name not in values:
                cls.note_missing((name,), one.needed_for, node, found, known)
                raise Dropped

    @classmethod
    def note_missing(cls, names: Sequence[str], why: str, node: Node, found: ModelErrors, known: int) -> None:
        """Note that the first of these keys is missing, unless one of them has an error, or is a misspelt command."""
        wrong = {str(one.steps[-1]): one.about for one in found.all[known:] if one.steps}
        misspelt = (name for name, about in wrong.items() if about == UNKNOWN and nearest(name, cls.keys) in COMMANDS)
        if wrong.keys().isdisjoint(names) and not any(misspelt):
            found.note(node.mark, ValueError(f"{quote(names[0])} is missing: {why}"), KEY, names[0])

    def check(self) -> None:
        """Check the keys together, where each by itself is right. Raises ValueError."""


@dataclass(frozen=True, eq=False)
class BodyOf(Kind[_Body]):
    """A body; its class may follow later in the file."""

    body: Callable[[], type[_Body]]
    says: str = "map"
    short_for: str = ""  # a value that is no mapping is the value of this key

    def read(self, node: Node, found: ModelErrors) -> _Body:
        return self.body().read(node, found, self.short_for)
