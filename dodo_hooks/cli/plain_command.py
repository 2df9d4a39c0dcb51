"""`run`, `jobs` and `status` without click, where their words are plain: click alone takes 16 ms.

Plain is what most command lines are made of: whole names of options, each value a word of its own. All else is left to
click: help, errors, `--name=value`, several letters behind one hyphen. A test compares what both read.
"""

from dodo_hooks.cli.options.tables import COLOR, COLORS, COMPLETION, FLAG, JOBS, NUMBER, RUN, STATUS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from dodo_hooks.cli.options.tables import Option
    from dodo_hooks.host.world import World

_TABLES = {"run": RUN, "jobs": JOBS, "status": STATUS}


class NotPlainError(Exception):
    """The words are for click."""


def run_plain(argv: "Sequence[str]", world: "World") -> "int | None":
    """Run a command line, and return its exit code; None: click has to read it, and nothing was done.

    Raises:
        HooksError: an error of the command itself.
    """
    if not argv or argv[0] not in _TABLES or COMPLETION in world.environ:
        return None
    command, *words = argv
    try:
        values = read_plain(command, words)
    except NotPlainError:
        return None
    color = values.pop("color")
    world = world if color is None else world._replace(colors=COLORS[color])
    from dodo_hooks.cli.before_command import begin, with_exit_code

    def run() -> int:
        if not values.get("dry_run"):
            begin(world, command)
        return _run(command, world, values)

    return with_exit_code(run)


def read_plain(command: str, words: "Sequence[str]") -> "dict[str, Any]":
    """Return the values of a command's options and arguments, and of `--color`.

    Raises:
        NotPlainError: click has to read them.
    """
    args: Sequence[str] = ()
    if command == "run" and "--" in words:
        place = words.index("--")
        words, args = words[:place], words[place + 1 :]
    values, others = _read_words(_TABLES[command], words)
    if command == "run" and others:
        return {**values, "hook": others[0], "words": tuple(others[1:]), "args": tuple(args)}
    if others or command == "run" or values.get("short"):
        raise NotPlainError
    return values


def _read_words(table: "Sequence[Option]", words: "Sequence[str]") -> "tuple[dict[str, Any], list[str]]":
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


def _run(command: str, world: "World", values: "dict[str, Any]") -> int:
    if command == "run":
        from dodo_hooks.cli.run_hook import run_hook

        return run_hook(world, values)
    if command == "jobs":
        from dodo_hooks.cli.jobs.list_runs import list_runs

        return list_runs(world, values)
    from dodo_hooks.cli.show_status import show_status

    return show_status(world)
