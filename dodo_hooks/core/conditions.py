"""When the conditions of a hook file leave a job out, and what is said then (C7; HOT)."""

from dodo_hooks.core import plan
from dodo_hooks.core.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dodo_hooks.core.plan import Check, Condition

    # Looks at the world for one condition that has no parts. What was not looked at before is not looked at in vain:
    # a condition after one that decides is not asked.
    Ask = Callable[[Condition], "Answer"]


class Answer(Record):
    holds: bool
    fact: str  # what is the case, as a short sentence


def reason_to_skip(check: "Check", ask: "Ask") -> "str | None":
    """Why the jobs of this check are left out; None: they are not."""
    facts: list[str] = []
    for condition in check.conditions:
        holds, fact = answer_to(condition, ask)
        if holds:
            return None if check.is_only else condition.reason or fact
        facts.append(fact)
    if not check.is_only or not facts:
        return None
    described = [condition.reason for condition in check.conditions if condition.reason]
    return described[0] if described else "; ".join(facts)


def answer_to(condition: "Condition", ask: "Ask") -> Answer:
    if condition.kind == plan.ALWAYS:
        return Answer(True, "skip: true")
    if condition.kind == plan.NEVER:
        return Answer(False, "only: false")
    if condition.kind != plan.ALL_OF:
        return ask(condition)
    facts: list[str] = []
    for part in condition.parts:
        holds, fact = answer_to(part, ask)
        if not holds:
            return Answer(False, fact)
        facts.append(fact)
    return Answer(True, " and ".join(facts))


def is_truthy(value: "str | None") -> bool:
    """Whether a variable counts as set."""
    return value is not None and value.lower() not in ("", "0", "false")
