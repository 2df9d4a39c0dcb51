"""Durations as Go writes them: `1m30s` (https://pkg.go.dev/time#ParseDuration)."""

import re
from fractions import Fraction

from dodo_hooks.loader.dialects.translation import text
from dodo_hooks.loader.tree import Node, Scalar

_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_MILLISECONDS = {
    "ns": Fraction(1, 1_000_000),
    "us": Fraction(1, 1000),
    "µs": Fraction(1, 1000),
    "μs": Fraction(1, 1000),
    "ms": Fraction(1),
    "s": Fraction(1000),
    "m": Fraction(60_000),
    "h": Fraction(3_600_000),
}


def our_duration(node: Node) -> Node:
    """The same time with one number and one unit; what is no duration is left for the models to refuse."""
    if not isinstance(node, Scalar) or re.fullmatch(r"\d+(ms|s|m|h)", node.text):
        return node
    parts = _PART.findall(node.text)
    if not parts or "".join(number + unit for number, unit in parts) != node.text:
        return node
    milliseconds = -(-sum(Fraction(number) * _MILLISECONDS[unit] for number, unit in parts) // 1)
    is_whole = milliseconds % 1000 == 0
    return text(node.mark, f"{milliseconds // 1000}s" if is_whole else f"{milliseconds}ms")
