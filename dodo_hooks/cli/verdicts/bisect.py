"""The first commit on which a job fails, by binary search (V7)."""

from __future__ import annotations

from dodo_hooks.cli.terminal_table import say
from dodo_hooks.cli.verdicts.matrix import WELL, Commit, Matrix, find_commits
from dodo_hooks.cli.verdicts.run_checks import run_checks
from dodo_hooks.core.errors import HooksError, UsageError
from dodo_hooks.git.files import GitQuery
from dodo_hooks.results.verdicts.verdicts import FAILED_BEFORE

_INTERRUPTED = 130


def find_first_bad(matrix: Matrix, query: GitQuery, written: str) -> int:
    """Print the first bad commit of `GOOD..BAD`, along first parents; return the exit code.

    BAD is checked first. GOOD is taken at its word.

    Raises:
        HooksError: there is nothing to search in, or a commit has no result.
    """
    good, dots, bad = written.partition("..")
    if not dots or not good or bad.startswith("."):
        raise UsageError(f"--bisect {written}: write GOOD..BAD")
    commits = find_commits(query, [f"{good}..{bad}"], None, "--first-parent", "--reverse")
    if not commits:
        raise UsageError(f"no commits in {written}")
    first, last, steps = 0, len(commits) - 1, 0  # the first bad one is among these
    at = last
    while first < last or not steps:
        is_bad = _is_bad(matrix, commits[at])
        if is_bad is None:
            return _INTERRUPTED
        if not is_bad and not steps:
            raise UsageError(f"{commits[at].short} is good; nothing to search for")
        steps += 1
        first, last = (first, at) if is_bad else (at + 1, last)
        say(f"{commits[at]}: {'bad' if is_bad else 'good'}; {_left(last - first)}")
        at = (first + last) // 2
    say(f"{commits[last].target.name} is the first bad commit\n{commits[last].subject}")
    return 0


def _left(commits: int) -> str:
    return f"{commits} {'commit' if commits == 1 else 'commits'} left to test after this"


def _is_bad(matrix: Matrix, commit: Commit) -> bool | None:
    """Return whether a job has failed on a commit, after running what is missing; None after Ctrl-C."""
    for is_last in (False, True):
        words = {state.word for state in matrix.states(commit)}
        if FAILED_BEFORE in words:
            return True
        if words <= set(WELL):
            return False
        if not is_last and run_checks(matrix.missing(commit)) == _INTERRUPTED:
            return None
    raise HooksError(f"{commit} has no result: see why with `dodo-hooks jobs`")
