"""What is known of a key beside its type: what it means, an example, who else has it; and the shapes that people write.

The models carry these as metadata, so that the JSON Schema and docs/keys.md are made of the same source (C1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

COMMANDS = ("run", "script", "group")  # a job has one of them

OURS: tuple[str, ...] = ()
DAFT = ("daft",)
LEFTHOOK = ("lefthook",)
BOTH = (*DAFT, *LEFTHOOK)


@dataclass(frozen=True)
class Key:
    """What the documents say about a key."""

    means: str
    example: str  # a piece of the body that the key belongs to, in YAML
    families: tuple[str, ...] = OURS  # the other tools whose hook files know the key
    default: str = ""  # in words, where it is no value of the key's own type


@dataclass(frozen=True, eq=False)
class Shape:
    """What a value looks like in a file, where the model's type does not say so."""

    says: str  # the type, for people
    schema: Mapping[str, Any] | None = None  # JSON Schema; None: what follows from the type and from the rest
    or_one: bool = False  # one item may stand in place of the list
    least: int = 0  # items
    or_nothing: bool = True  # a list or a mapping with nothing behind its key is an empty one
    short_for: str = ""  # what is no mapping is the value of this key of it


def word(*words: str) -> Shape:
    return Shape(", ".join(f"`{one}`" for one in words), {"enum": list(words)})
