"""The `args` and the `entry` of a hook in the language `pygrep` (P3).

pre-commit has argparse read them each time; here it is done once. The script `programs/pygrep.py` gets the result.
"""

import re
from argparse import ArgumentError, ArgumentParser
from collections.abc import Sequence


def read_options(entry: str, args: Sequence[str]) -> tuple[str, ...]:
    """Return the words for the script: its flags, the pattern, and files that the hook names itself.

    Raises:
        ValueError: argparse, or `re`, would refuse them.
    """
    parser = ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("-i", "--ignore-case", action="store_true")
    parser.add_argument("--multiline", action="store_true")
    parser.add_argument("--negate", action="store_true")
    parser.add_argument("pattern")
    parser.add_argument("files", nargs="*")
    try:
        options, unknown = parser.parse_known_args([*args, entry])
        re.compile(options.pattern.encode())
    except (ArgumentError, SystemExit) as error:
        raise ValueError(f"its arguments are wrong: {error}") from None
    except re.error as error:
        raise ValueError(f"its entry is not a regular expression: {error}") from None
    if unknown:
        raise ValueError(f"its argument {unknown[0]} is unknown")
    flags = "".join(
        letter
        for letter, is_on in (("i", options.ignore_case), ("m", options.multiline), ("n", options.negate))
        if is_on
    )
    return (flags, options.pattern, *options.files)
