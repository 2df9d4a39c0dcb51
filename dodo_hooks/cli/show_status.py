"""The state of this repository on one screen."""

import os
from itertools import islice

from dodo_hooks.cli.jobs.run_table import status_text
from dodo_hooks.cli.repository import print_once, repo_at, size_of, store_here
from dodo_hooks.cli.terminal_table import escape, say
from dodo_hooks.core import statuses
from dodo_hooks.core.diagnostics import WARNING
from dodo_hooks.core.errors import ConfigError, GitError, HooksError, UsageError
from dodo_hooks.git.event import has_journal
from dodo_hooks.git.install.hooks_dir import configured
from dodo_hooks.git.install.shim_state import calling_hooks, installed_shims, is_in_effect, shims_for, shims_needed
from dodo_hooks.plans.plan_cache import load_compiled, load_plan
from dodo_hooks.store.reader import list_alive, list_invocations, read_jobs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from dodo_hooks.core.plan import Plan
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World
    from dodo_hooks.store.read_records import Report

RECENT = 20  # runs that are searched for failures
MOST_FAILURES = 5
_WIDTH = len("hook file")
_FAILURES = (statuses.FAILED, statuses.CRASHED)
_RESULTS = (*_FAILURES, statuses.COMPLETED, statuses.UP_TO_DATE)


def show_status(world: "World") -> int:
    """Print the hook file, the installed hooks, what is running, and what failed lately.

    Raises:
        HooksError: there is no repository here, or it or its store cannot be read.
    """
    repo, report = repo_at(world, None), print_once()
    plan, sentence = _plan(world, repo)
    warnings = [one for one in plan.diagnostics if one.severity == WARNING] if plan else []
    _line("hook file", [sentence, *(escape(one.sentence) for one in warnings)])
    _line("hooks", list(_hooks(world, repo, plan)))
    if hidden := _hidden(repo):
        _line("unstaged", [hidden])
    repository_dir = store_here(world)
    if checked := _head(world, repo, plan, repository_dir):
        _line("HEAD", checked)
    _line("running", list(_running(repository_dir, report)))
    _line("failed", list(islice(_failed(repository_dir, report), MOST_FAILURES)))
    return 0


def _line(head: str, sentences: list[str]) -> None:
    for place, sentence in enumerate(sentences or ["nothing"]):
        say(f"{head if place == 0 else '':<{_WIDTH}}  {sentence}")


def _plan(world: "World", repo: "Repo") -> "tuple[Plan | None, str]":
    if not repo.top:
        return None, "none: no working tree here"
    try:
        plan = load_plan(world, repo.top)
    except ConfigError as error:
        return None, f"{error.count} (`dodo-hooks validate`)"
    if plan is None:
        return None, f"none in {escape(repo.top)} (`dodo-hooks init`)"
    return plan, f"{escape(os.path.relpath(plan.file, repo.top))}: {size_of(plan)}"


def _hooks(world: "World", repo: "Repo", plan: "Plan | None") -> "Iterator[str]":
    try:
        found = configured(repo, world.environ)
        if is_in_effect(world.data, found):
            from dodo_hooks.trust.policy import FOR_ALL, verdict_of

            yield f"installed for all repositories; this one is {verdict_of(world, repo, FOR_ALL).kind}"
            return
        installed = installed_shims(repo, found)
    except UsageError as error:
        directory, calling = calling_hooks(repo, found)
        yield f"called from {escape(directory)}: {', '.join(calling)}" if calling else escape(str(error))
        return
    except (HooksError, OSError) as error:
        yield escape(str(error))
        return
    if installed:
        yield f"installed: {', '.join(installed)}"
    missing = [name for name in shims_for(shims_needed(plan)) if name not in installed] if plan else []
    if missing:
        yield f"not installed: {', '.join(missing)} (`dodo-hooks install`)"
    if not installed and not missing:
        yield "none installed"


def _hidden(repo: "Repo") -> str:
    """Return where hidden unstaged changes are; "" if none are. An error in restoring them was printed before."""
    if not repo.top or not has_journal(repo):
        return ""
    from dodo_hooks.git.unstaged.journal import DIRECTORY
    from dodo_hooks.git.unstaged.lock_holder import find_holder

    try:
        holder = find_holder(repo.git_dir)
    except OSError:
        holder = None
    if holder is not None:
        return f"{holder.sentence}; they come back when {holder.condition}"
    return f"hidden in {escape(repo.git_dir)}/{DIRECTORY}, not restored"


def _head(world: "World", repo: "Repo", plan: "Plan | None", repository_dir: str) -> list[str]:
    """Return the results of the jobs that a push requires, on HEAD."""
    if plan is None or not plan.required_hooks:
        return []
    from dodo_hooks.cli.verdicts.head_states import head_states

    try:
        states = head_states(world, repo, load_compiled(world, repo.top)[0], repository_dir)
    except GitError:  # there is no commit
        return []
    return [f"{escape(job)} {'has no result' if state == 'none' else state}" for job, state in states.items()]


def _running(repository_dir: str, report: "Report") -> "Iterator[str]":
    for one in list_alive(repository_dir, report):
        jobs = read_jobs(one, report)
        still_open = [f"{escape(job.name)} {job.status}" for job in jobs if not job.has_ended]
        yield f"{one.id} {one.hook}: {', '.join(still_open) or 'ending'}"


def _failed(repository_dir: str, report: "Report") -> "Iterator[str]":
    """Yield the failures of the last few runs, the newest first: of each job only its newest result counts."""
    seen: set[tuple[str, str, str]] = set()  # worktree, hook, job
    for one in islice(list_invocations(repository_dir, report=report), RECENT):
        jobs = {(one.worktree, one.hook, job.name): job for job in read_jobs(one, report) if job.status in _RESULTS}
        bad = [job for key, job in jobs.items() if job.status in _FAILURES and key not in seen]
        if bad:
            yield f"{one.id} {one.hook}: {', '.join(f'{escape(job.name)} {status_text(job)}' for job in bad)}"
        elif one.error is not None and not (jobs and jobs.keys() <= seen):
            yield f"{one.id} {one.hook}: {escape(one.error)}"
        seen.update(jobs)
