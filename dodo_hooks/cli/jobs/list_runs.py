"""The listing of `dodo-hooks jobs`: the runs of hooks, their jobs, and why jobs did not run."""

import os
import sys
from itertools import chain, islice

from dodo_hooks.cli.jobs.run_table import Run, print_runs
from dodo_hooks.cli.options.tables import LAST, TABLE
from dodo_hooks.cli.repository import all_stores, print_once, store_here
from dodo_hooks.core import statuses
from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.git_hooks import known_hooks
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.store.reader import list_invocations, read_jobs
from dodo_hooks.store.repositories import repository_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from dodo_hooks.host.world import World
    from dodo_hooks.store.read_records import Report

FAILED = frozenset((statuses.FAILED, statuses.CRASHED))


class Wanted(Record):
    """The filters of the listing."""

    hook: "str | None"
    worktree: "str | None"
    statuses: "frozenset[str]"  # empty: any


def list_runs(world: "World", values: "Mapping[str, Any]") -> int:
    """Print the runs that the options choose. `values`: those of options/tables.py.

    Raises:
        HooksError: two options contradict each other, or the repository or its store cannot be read.
    """
    for key, option, other in (("everything", "--all", "last"), ("all_repos", "--all-repos", "repo")):
        if values[key] and values[other] is not None:
            raise UsageError(f"{option} and --{other} cannot be used together")
    wanted = Wanted(
        values["hook"],
        _worktree(world, values["worktree"]),
        frozenset(values["statuses"]) | (FAILED if values["failed"] else frozenset[str]()),
    )
    report = print_once()
    stores = all_stores(world) if values["all_repos"] else [store_here(world, values["repo"])]
    last = None if values["everything"] else min(values["last"] or LAST, sys.maxsize)
    runs = _expect_hook(wanted.hook, islice(_runs(stores, wanted, report), last))
    if values["form"] != TABLE:
        from dodo_hooks.cli.jobs.formats import FORMATS

        FORMATS[values["form"]](runs)
    elif found := list(runs):
        print_runs(found, world, is_verbose=values["verbose"])
    else:
        is_filtered = values["hook"] is not None or values["worktree"] is not None or bool(wanted.statuses)
        report("no runs match" if is_filtered else "no runs yet")
    return 0


def _runs(repository_dirs: "Sequence[str]", wanted: Wanted, report: "Report") -> "Iterator[Run]":
    """Return an iterator over the runs that match, the newest first.

    An id is a time, so the runs of several repositories can be merged lazily: taking N runs reads N runs.
    """
    each = [_runs_of(one, wanted, report) for one in repository_dirs]
    if len(each) == 1:
        return each[0]
    import heapq

    return heapq.merge(*each, key=lambda run: run.invocation.id, reverse=True)


def _runs_of(repository_dir: str, wanted: Wanted, report: "Report") -> "Iterator[Run]":
    repository = repository_path(repository_dir)
    found = list_invocations(repository_dir, hook=wanted.hook, worktree=wanted.worktree, report=report)
    for invocation in found:
        jobs = read_jobs(invocation, report)
        left_s = None
        if invocation.is_alive:
            from dodo_hooks.cli.jobs.time_left import time_left

            left_s = time_left(invocation, jobs)
        if wanted.statuses:
            jobs = tuple(job for job in jobs if job.status in wanted.statuses)
            if not jobs and not (invocation.error is not None and statuses.FAILED in wanted.statuses):
                continue
        yield Run(repository, invocation, jobs, left_s)


def _expect_hook(hook: "str | None", runs: "Iterator[Run]") -> "Iterator[Run]":
    """Return the runs. Raises UsageError where there is none, since the name of a hook is misspelt."""
    first = next(runs, None)
    if first is not None:
        return chain((first,), runs)
    if hook is not None and hook not in known_hooks():  # else it may be a task
        from dodo_hooks.core.text.nearest import did_you_mean
        from dodo_hooks.core.text.terminal_text import quote

        if near := did_you_mean(hook, known_hooks()):
            raise UsageError(f"there is no hook {quote(hook)}{near}")
    return runs


def _worktree(world: "World", written: "str | None") -> "str | None":
    """Return a path as the records have it; a bare name as it is."""
    if written is None or ("/" not in written and written not in (".", "..")):
        return written
    return os.path.realpath(os.path.join(world.cwd, written))
