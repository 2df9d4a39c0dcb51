"""Entries of `inputs` and `outputs`, which are relative to a job's root, as paths and patterns from the top (K2, K10).

One that begins with a slash is from the top already, as a pattern of .gitignore is bound to its folder. One that begins
with `../` may leave the root, but not the repository.
"""

import posixpath
import re

WILDCARDS = re.compile(r"[*?\[{\\]")  # a path with one of these is a pattern
_FOLDERS_AHEAD = re.compile(r"(?:\.\.?/+)*")


def path_from_top(text: str, root: str) -> str:
    """Return a path relative to the top, normalized: "." is the top, and one with `..` leads out of the repository."""
    return posixpath.normpath(text.lstrip("/") if text.startswith("/") else posixpath.join(root, text))


def pattern_from_top(pattern: str, root: str) -> tuple[str, str]:
    """Return the folder that a pattern is relative to, as `path_from_top` does, and the pattern in there."""
    if pattern.startswith("/"):
        return "", pattern
    match = _FOLDERS_AHEAD.match(pattern)
    ahead = match[0] if match else ""
    folder = path_from_top(ahead, root)
    # Without a slash a pattern matches in any folder, so the rest keeps one.
    return "" if folder == "." else folder, f"./{pattern[len(ahead) :]}" if ahead else pattern


def text_from_top(text: str) -> str:
    """Return what an entry of a job without a root is written as, from the top, in one with a root."""
    is_anywhere = WILDCARDS.search(text) and "/" not in text  # such a pattern matches in any folder
    return f"/**/{text}" if is_anywhere else f"/{text.removeprefix('./')}"


def leads_out(path: str) -> bool:
    """Return whether a normalized path is outside of the folder that it is relative to."""
    return path.split("/")[0] == ".."
