"""`skip`, `only` and patterns -> the checks of a plan (C7, C8)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dodo_hooks.core.plan import (
    ALL_OF,
    ALWAYS,
    AT_MERGE_COMMIT,
    HAS_CHANGED,
    HAS_VARIABLE,
    IN_MERGE,
    IN_REBASE,
    NEVER,
    ON_REF,
    RUN_SUCCEEDS,
)
from dodo_hooks.core.plan_parts import Check, Condition
from dodo_hooks.loader.globs.compile_globs import compile_branch_glob, compile_glob, compile_regex
from dodo_hooks.loader.schema.condition_models import ConditionBody, PatternBody, SkipOnly
from dodo_hooks.loader.schema.job_models import HookBody, JobBody
from dodo_hooks.loader.shell.quoting import with_literal_braces

if TYPE_CHECKING:
    from dodo_hooks.core.plan_parts import Matcher

_STATES = (IN_MERGE, IN_REBASE, AT_MERGE_COMMIT)


@dataclass(slots=True)
class Checks:
    """The checks of a hook: one for each `skip` and `only`, however many jobs it is about (C5)."""

    is_own: bool  # it is a hook of a file of ours, where `{lbrace}` is a brace
    all: list[Check] = field(default_factory=list[Check])
    _of_bodies: dict[int, tuple[int, ...]] = field(default_factory=dict[int, tuple[int, ...]])

    def of(self, bodies: Sequence[HookBody | JobBody]) -> tuple[int, ...]:
        """Return the numbers of the checks of these bodies, the outermost first."""
        return tuple(number for body in bodies for number in self._of_one(body))

    def _of_one(self, body: HookBody | JobBody) -> tuple[int, ...]:
        if id(body) not in self._of_bodies:
            first = len(self.all)
            self.all += [
                Check(is_only, _conditions(rule, self.is_own))
                for is_only, rule in ((False, body.skip), (True, body.only))
                if rule is not None
            ]
            self._of_bodies[id(body)] = tuple(range(first, len(self.all)))
        return self._of_bodies[id(body)]


def matchers(
    patterns: Sequence[str | PatternBody], read: "Callable[[str, bool], Matcher]" = compile_glob
) -> "tuple[Matcher, ...]":
    """Compile the patterns; `read` compiles the globs, those for paths or for branches.

    Raises:
        ValueError: one of them is not a glob.
    """
    return tuple(_matcher(pattern, read) for pattern in patterns)


def _matcher(pattern: str | PatternBody, read: "Callable[[str, bool], Matcher]") -> "Matcher":
    if isinstance(pattern, str):
        return read(pattern, False)
    return compile_regex(pattern.regex) if pattern.regex is not None else read(pattern.glob or "", pattern.ignore_case)


def _conditions(rule: SkipOnly, is_own: bool) -> tuple[Condition, ...]:
    if isinstance(rule, bool):
        return (Condition(ALWAYS if rule else NEVER),)
    return tuple(_condition(one, is_own) for one in rule)


def _condition(one: str | ConditionBody, is_own: bool) -> Condition:
    if isinstance(one, str):
        return Condition(one) if one in _STATES else Condition(HAS_VARIABLE, one)
    parts = _parts(one, is_own)
    if len(parts) == 1:
        return parts[0]._replace(reason=one.desc)
    return Condition(ALL_OF, parts=tuple(parts), reason=one.desc)


def _parts(one: ConditionBody, is_own: bool) -> list[Condition]:
    parts = []
    if one.ref:
        parts.append(Condition(ON_REF, _as_written(one.ref), matchers(one.ref, compile_branch_glob)))
    if one.env is not None:
        parts.append(Condition(HAS_VARIABLE, one.env))
    if one.run is not None:
        parts.append(Condition(RUN_SUCCEEDS, with_literal_braces(one.run) if is_own else one.run))
    if one.changed:
        parts.append(Condition(HAS_CHANGED, _as_written(one.changed), matchers(one.changed)))
    if one.all:
        parts.append(Condition(ALL_OF, parts=tuple(_condition(part, is_own) for part in one.all)))
    return parts


def _as_written(patterns: Sequence[str | PatternBody]) -> str:
    texts = (pattern if isinstance(pattern, str) else pattern.regex or pattern.glob or "" for pattern in patterns)
    return ", ".join(texts)
