"""The first commit on which a job fails, by binary search (V7)."""

from __future__ import annotations

from dodo_hooks.cli.before_command import INTERRUPTED
from dodo_hooks.cli.terminal_table import say
from dodo_hooks.cli.verdicts.matrix import WELL, Commit, Matrix, find_commits
from dodo_hooks.cli.verdicts.run_checks import run_checks
from dodo_hooks.core.errors import HooksError, UsageError
from dodo_hooks.core.text.terminal_text import counted
from dodo_hooks.git.files import GitQuery
from dodo_hooks.results.verdicts.verdicts import FAILED_BEFORE


def find_first_bad(matrix: Matrix, query: GitQuery, written: str) -> int:
    """Print the first bad commit of `GOOD..BAD`, along first parents; return the exit code.

    BAD is checked first. GOOD is taken at its word.

    Raises:
        HooksError: there is nothing to search in, or a commit has no result.
    """
    good, _, bad = written.partition("..")
    if not good or not bad or bad.startswith("."):
        raise UsageError(f"--bisect {written}: write GOOD..BAD")
    commits = find_commits(query, [written], None, "--first-parent", "--reverse")
    if not commits:
        raise UsageError(f"no commits in {written}")
    first, last = 0, len(commits) - 1  # the first bad one is among these
    at = last
    while True:
        is_bad = _is_bad(matrix, commits[at])
        if is_bad is None:
            return INTERRUPTED
        if not is_bad and at == len(commits) - 1:
            raise UsageError(f"{bad} is good; nothing to search for")
        first, last = (first, at) if is_bad else (at + 1, last)
        left = counted(last - first, "commit")
        say(f"{commits[at].title}: {'bad' if is_bad else 'good'}; {left} left to test after this")
        if first == last:
            say(f"{commits[last].target.name} is the first bad commit\n{commits[last].subject}")
            return 0
        at = (first + last) // 2


def _is_bad(matrix: Matrix, commit: Commit) -> bool | None:
    """Return whether a job has failed on a commit, after running what is missing; None after Ctrl-C."""
    for has_run in (False, True):
        states = {one.state for one in matrix.states(commit)}
        if FAILED_BEFORE in states or states <= WELL:
            return FAILED_BEFORE in states
        if not has_run and run_checks(matrix.missing(commit)) == INTERRUPTED:
            return None
    raise HooksError(f"{commit.title}: no result; see why with `dodo-hooks jobs`")
