"""Warnings about inputs that no file matches (K2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dodo_hooks.core.diagnostics import WARNING, Diagnostic, Location
from dodo_hooks.core.errors import GitError
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.world import World
from dodo_hooks.loader.compile.job_files import inputs_of
from dodo_hooks.loader.globs.from_top import leads_out, path_from_top, text_from_top
from dodo_hooks.loader.read.sources import path_below
from dodo_hooks.results.contents import Contents
from dodo_hooks.results.found import Undecidable
from dodo_hooks.results.tree import Tree

if TYPE_CHECKING:
    from dodo_hooks.core.plan import Job, Plan


def unmatched_inputs(world: World, plan: Plan) -> list[Diagnostic]:
    """Return a warning for each input that no file matches; none outside of a repository.

    Where it would match one from the top, and not below the job's root, the fix is the slash that says so.
    """
    jobs = [(hook, job) for hook in plan.hooks for job in hook.jobs if job.results.inputs]
    if not jobs:
        return []
    try:
        repo = find_repo(world.environ, world.cwd)  # git is started in it
        plain = [job for _, job in jobs]
        tree = Tree(repo, world.environ, Contents(repo, ""), [*plain, *map(_at_top, plain)])
        where = Location(path_below(repo.top or world.cwd, plan.file))
        return [
            Diagnostic(where, subject=f"job {quote(f'{hook.name}:{one.name}')}", severity=WARNING, **_words(tree, one))
            for hook, job in jobs
            for one in _singles(job)
            if not one.results.inputs[0].reaches_outputs and not _matches(tree, one)
        ]
    except (GitError, Undecidable):
        return []


def _singles(job: Job) -> list[Job]:
    """Return the job once for each input, with that alone."""
    rules = [job.results._replace(inputs=(one,), outputs=()) for one in job.results.inputs]
    return [job._replace(results=rule) for rule in rules]


def _words(tree: Tree, one: Job) -> dict[str, str]:
    """Return the message and the fix. Raises Undecidable."""
    text = one.results.inputs[0].text
    message = f"no file matches the input {quote(text)}"
    if not one.execution.root or not _matches(tree, _at_top(one)):
        return {"message": message}
    fix = f"write {quote(text_from_top(text))} for that of the top"
    return {"message": f"{message} below {quote(one.execution.root)}", "fix": fix}


def _at_top(job: Job) -> Job:
    """Return the job with its inputs as they would be without its root, those that are possible then."""
    texts = [one.text for one in job.results.inputs if not leads_out(path_from_top(one.text, ""))]
    return job._replace(results=job.results._replace(inputs=inputs_of(texts, "", ())))


def _matches(tree: Tree, job: Job) -> bool:
    return bool(tree.inputs(job).names.files)
