"""Runs of what is missing: one commit at the terminal, several at once in processes of their own (V7)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from dodo_hooks.cli.verdicts.matrix import Commit, Matrix
from dodo_hooks.core.errors import HooksError
from dodo_hooks.fire.verdicts.check import Check
from dodo_hooks.host import console
from dodo_hooks.host.children import Children

_INTERRUPTED = 130


def run_missing(matrix: Matrix, commits: Sequence[Commit]) -> int:
    """Run what has not passed on these commits, and return the highest exit code.

    As many commits run at once as there are slots. The output of each is a block that is printed when it has ended.

    Raises:
        HooksError: nothing could be started.
    """
    waiting = [(commit, checks) for commit in commits if (checks := matrix.missing(commit))]
    if len(waiting) == 1:
        return run_checks(waiting[0][1])
    return _run_at_once(waiting)


def run_checks(checks: Sequence[Check]) -> int:
    """Run the checks of one commit attached, one after the other; return the highest exit code. Raises HooksError."""
    code = 0
    for check in checks:
        code = max(code, check.run())
        if code == _INTERRUPTED:
            break
    return code


def _run_at_once(waiting: Sequence[tuple[Commit, Sequence[Check]]]) -> int:
    code, children = 0, Children()
    try:
        for commit, checks in waiting:
            if len(children) == checks[0].firing.slots:
                code = max(code, _print_next(children))
            children.start(str(commit), lambda checks=checks: _run_in_child(checks))  # type: ignore[misc]
        while children:
            code = max(code, _print_next(children))
    except KeyboardInterrupt:
        children.interrupt()
        while children:
            _print_next(children)
        return _INTERRUPTED
    return code


def _print_next(children: Children) -> int:
    name, code, output = children.next_ended()
    console.say(f"checked {name}")
    console.print_bytes(output)
    return code


def _run_in_child(checks: Sequence[Check]) -> int:
    try:
        return run_checks(checks)
    except HooksError as error:
        console.say(str(error))
        return error.exit_code
    finally:
        sys.stdout.flush()
