"""The models of patterns, and of the conditions of `skip` and `only`."""

from dodo_hooks.core.diagnostics import InvalidValue
from dodo_hooks.core.text.terminal_text import join_or
from dodo_hooks.loader.schema import value_parsers
from dodo_hooks.loader.schema.kinds import Body, BodyOf, ListOf, Shaped, key
from dodo_hooks.loader.schema.value_types import (
    COMMAND,
    CONDITION_WORD,
    FILLED,
    FLAG,
    TEXT,
    flag_or_list,
    map_or_text,
    one_or_more,
)

PATTERNS = ("regex", "glob")  # a pattern that is a map has one of them
ASKED = ("ref", "env", "run", "changed", "all")  # a condition has at least one of them


class PatternBody(Body, level="pattern"):
    """A pattern with more to say. It has either a `regex` or a `glob`."""

    regex = key(FILLED.checked(value_parsers.regex), None)
    glob = key(FILLED.checked(value_parsers.glob), None)
    ignore_case = key(FLAG, False)

    is_whole = True

    def check(self) -> None:
        if (self.regex is None) == (self.glob is None):
            raise ValueError(f"a pattern has one of {join_or(PATTERNS)}")
        if self.regex is not None and self.ignore_case:
            raise InvalidValue('"ignore_case" is for globs only', 'begin the expression with "(?i)"')


Pattern = str | PatternBody
_PATTERN: Shaped[Pattern] = Shaped((FILLED.checked(value_parsers.glob), BodyOf(lambda: PatternBody)), "", map_or_text)
PATTERN_LIST = one_or_more(_PATTERN, "pattern or list of patterns")


class ConditionBody(Body, level="condition"):
    """One condition as a map; with several keys all of them have to hold. It has at least one besides `desc`."""

    ref = key(PATTERN_LIST, ())
    env = key(FILLED, None)
    run = key(COMMAND, None)
    changed = key(PATTERN_LIST, ())
    all: "list[Condition] | tuple[()]" = key(
        ListOf(
            Shaped((CONDITION_WORD, BodyOf(lambda: ConditionBody)), "", map_or_text),
            "condition or list of conditions",
            or_one=True,
            least="condition",
            is_whole=True,
        ),
        (),
    )
    desc = key(TEXT, "")

    is_whole = True

    def check(self) -> None:
        if not self.given - {"desc"}:
            raise InvalidValue("an empty condition", f"write one of {join_or(ASKED)}")


Condition = str | ConditionBody
SkipOnly = bool | list[Condition]
SKIP_ONLY: Shaped[SkipOnly] = Shaped(
    (FLAG, ConditionBody.keys["all"].kind), "boolean, condition or list of conditions", flag_or_list
)
