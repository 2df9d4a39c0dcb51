"""The shapes of values in a hook file, which the models carry as metadata: the JSON Schema is made of them (C1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA_FILE = Path(__file__).parents[1] / "hooks.schema.json"  # for editors: made of the models
COMMANDS = ("run", "script", "group", "pre_commit")  # a job has one of them


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
