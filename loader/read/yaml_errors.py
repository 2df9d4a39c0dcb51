"""PyYAML's errors, reworded so that they say what to do."""

import re

_QUOTE = "put the whole value in quotes"
# (what PyYAML's context and problem look like together, our message, the fix, whether it is about the context's place
# rather than the problem's). The first that matches counts; `{0}` is the first group.
_SENTENCES = (
    (r"found character '\\t'", "a tab is not allowed here", "indent with spaces", False),
    (r"found character ['\"](.)['\"] that cannot start", 'a text that begins with "{0}" needs quotes', "", False),
    (r"found character that cannot start", "no value can begin like this", "remove a tab here, or add quotes", False),
    (r"scanning an alias", 'a "*" means an alias here', _QUOTE, True),
    (r"scanning an anchor", 'a "&" means an anchor here', _QUOTE, True),
    (
        r"mapping values are not allowed",
        'a ":" is not allowed here',
        'put a text with ": " in quotes, or check the indentation and the blank after the ":" of the line before',
        False,
    ),
    (r"sequence entries are not allowed", "a list cannot begin here", 'put its "- " on a line of its own', False),
    (r"scanning a quoted scalar.*unexpected", "this quote is never closed", "", True),
    (r"unknown escape character '(.*)'", r'"\{0}" is not an escape in double quotes', "use single quotes", False),
    (r"could not find expected ':'", 'expected "key: value", and there is no ":" after this', "", True),
    (
        r"expected (<block end>|'<document start>')",
        "unexpected value",
        f"check the indentation, or {_QUOTE}",
        False,
    ),
    (r"expected ',' or '(.)'.*stream end", 'this bracket is never closed: a "{0}" is missing', "", True),
    (r"expected ',' or '(.)'", 'expected "," or "{0}" here', "put a text with brackets or commas in quotes", False),
    (
        r"expected the node content, but found '<stream end>'",
        "the file ends where a value was expected",
        "check that each bracket is closed",
        False,
    ),
    (
        r"expected the node content, but found '(.*)'",
        "expected a value",
        'put a text that begins with "{0}" in quotes',
        False,
    ),
    (
        r"scanning a block scalar.*expected (chomping|a comment)",
        'a text after "|" or ">" begins on the next line',
        "put a command with one in quotes",
        True,
    ),
)


def explain_yaml_error(problem: str, context: str) -> tuple[bool, str, str]:
    """Return whether an error of PyYAML's is about the start of its context, our message for it, and the fix."""
    said = f"{context}: {problem}".replace("\n", " ")
    for pattern, message, fix, at_start in _SENTENCES:
        if match := re.search(pattern, said):
            group = match[1] if match.lastindex else ""
            return at_start, message.replace("{0}", group), fix.replace("{0}", group)
    return False, f"this is not valid YAML: {said.removeprefix(': ')}", ""
