"""The documentation of keys: meaning, example, other tools that have the key; and the shapes of values.

The models carry these as metadata, so that the JSON Schema and docs/keys.md have the same source (C1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA_FILE = Path(__file__).parents[1] / "hooks.schema.json"  # for editors: made of the models
COMMANDS = ("run", "script", "group")  # a job has one of them

OURS: tuple[str, ...] = ()
DAFT = ("daft",)
LEFTHOOK = ("lefthook",)
BOTH = (*DAFT, *LEFTHOOK)


@dataclass(frozen=True)
class Key:
    """The documentation of a key."""

    means: str
    example: str  # a piece of the body that the key belongs to, in YAML
    tools: tuple[str, ...] = OURS  # the other tools that have the key
    default: str = ""  # in words, where it is no value of the key's own type


@dataclass(frozen=True, eq=False)
class Shape:
    """The shape of a value in a file, where it differs from the model's type."""

    says: str  # the type, for people
    schema: Mapping[str, Any] | None = None  # JSON Schema; None: what follows from the type and from the rest
    or_one: bool = False  # one item is allowed instead of the list
    least: int = 0  # items
    or_nothing: bool = True  # a list or a mapping without a value is an empty one
    short_for: str = ""  # a value that is not a mapping is the value of this key


def word(*words: str) -> Shape:
    return Shape(", ".join(f"`{one}`" for one in words), {"enum": list(words)})
