"""Plain command lines, read without click.

Plain is what most command lines are made of: whole names of options, each value a word of its own. All else is left to
click: help, errors, `--name=value`, several letters behind one hyphen. A test compares what both read.
"""

from dodo_hooks.cli.options.tables import COLOR, FLAG, NUMBER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from dodo_hooks.cli.options.tables import Option


class NotPlainError(Exception):
    """The words are for click."""


def read_words(table: "Sequence[Option]", words: "Sequence[str]") -> "tuple[dict[str, Any], list[str]]":
    """Return the values of all options of the table and of `--color`, and the words that belong to no option.

    Raises:
        NotPlainError: click has to read them.
    """
    options = {name: option for option in (*table, COLOR) for name in option.names}
    values: dict[str, Any] = {option.key: option.without_it for option in (*table, COLOR)}
    others: list[str] = []
    left = iter(words)
    for word in left:
        option = options.get(word)
        if option is None:
            if word.startswith("-"):
                raise NotPlainError
            others.append(word)
        elif option.is_repeated:
            values[option.key] += (_value(option, left),)
        else:
            values[option.key] = True if option.kind == FLAG else _value(option, left)
    return values, others


def _value(option: "Option", left: "Iterator[str]") -> "str | int":
    word = next(left, "-")
    if word.startswith("-") or (option.choices and word not in option.choices):
        raise NotPlainError
    if option.kind != NUMBER:
        return word
    if not (word.isascii() and word.isdecimal() and 0 < len(word) < 10 and int(word)):
        raise NotPlainError
    return int(word)
