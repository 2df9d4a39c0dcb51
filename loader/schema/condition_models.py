"""The models of patterns, and of the conditions of `skip` and `only`."""

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag, model_validator

from dodo_hooks.core.diagnostics import InvalidValue
from dodo_hooks.core.text.terminal_text import join_or
from dodo_hooks.loader.schema import value_parsers
from dodo_hooks.loader.schema.shapes import Shape
from dodo_hooks.loader.schema.value_types import (
    FLAG,
    LIST,
    MAP,
    TEXT,
    Body,
    ConditionWord,
    FilledText,
    Flag,
    OneOrMore,
    Text,
    flag_or_list,
    map_or_text,
)


class PatternBody(Body):
    """A pattern with more to say. It has either a `regex` or a `glob`."""

    regex: Annotated[FilledText, AfterValidator(value_parsers.regex)] | None = None
    glob: Annotated[FilledText, AfterValidator(value_parsers.glob)] | None = None
    ignore_case: Flag = False

    @model_validator(mode="after")
    def _says_one(self) -> "PatternBody":
        if (self.regex is None) == (self.glob is None):
            raise ValueError(f"a pattern has one of {join_or(PATTERNS)}")
        if self.regex is not None and self.ignore_case:
            raise InvalidValue('"ignore_case" is for globs only', 'begin the expression with "(?i)"')
        return self


PATTERNS = ("regex", "glob")  # a pattern that is a map has one of them


Pattern: TypeAlias = Annotated[
    Annotated[FilledText, AfterValidator(value_parsers.glob), Tag(TEXT)] | Annotated[PatternBody, Tag(MAP)],
    Discriminator(map_or_text),
]
Patterns: TypeAlias = Annotated[OneOrMore[Pattern], Shape("pattern or list of patterns", or_one=True)]


class ConditionBody(Body):
    """One condition as a map; with several keys all of them have to hold. It has at least one besides `desc`."""

    ref: Patterns = []
    env: FilledText | None = None
    run: FilledText | None = None
    changed: Patterns = []
    all: "Conditions" = []
    desc: Text = ""

    @model_validator(mode="after")
    def _asks(self) -> "ConditionBody":
        if not self.model_fields_set - {"desc"}:
            raise InvalidValue("an empty condition", f"write one of {join_or(ASKED)}")
        return self


ASKED = ("ref", "env", "run", "changed", "all")  # a condition has at least one of them

Condition: TypeAlias = Annotated[
    Annotated[ConditionWord, Tag(TEXT)] | Annotated[ConditionBody, Tag(MAP)], Discriminator(map_or_text)
]
Conditions: TypeAlias = Annotated[
    list[Condition],
    BeforeValidator(value_parsers.conditions),
    AfterValidator(value_parsers.at_least_one("condition")),
    Shape("condition or list of conditions", or_one=True, least=1, or_nothing=False),
]
SkipOnly: TypeAlias = Annotated[
    Annotated[Flag, Tag(FLAG)] | Annotated[Conditions, Tag(LIST)],
    Discriminator(flag_or_list),
    Shape("boolean, condition or list of conditions"),
]
