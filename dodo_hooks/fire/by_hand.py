"""Firing a hook by a command: `dodo-hooks run`, and the commands that have hooks of their own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from difflib import get_close_matches

from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.events import WITH_STDIN
from dodo_hooks.core.plan import Hook
from dodo_hooks.core.selection import BY_COMMAND, BY_VARIABLE, Selectors, left_out
from dodo_hooks.fire.dry_run import describe, left_out_lines
from dodo_hooks.fire.firing import asked, firing_of, looked_at, selectors_from_environ
from dodo_hooks.fire.lefthook_variables import excluded
from dodo_hooks.fire.phases import run_firing
from dodo_hooks.fire.plan_cache import Compiled, load_compiled
from dodo_hooks.fire.run import ATTACHED, BY_HAND
from dodo_hooks.fire.trust import expect_accepted, expect_not_taken_out, may_run
from dodo_hooks.fire.whole import make_whole_before
from dodo_hooks.git.event import is_anything_owed
from dodo_hooks.git.repo import Repo, find_repo
from dodo_hooks.host.process import read_all
from dodo_hooks.host.world import World


def run_by_hand(
    world: World,
    hook: str,
    args: Sequence[str] = (),
    jobs: Sequence[str] = (),
    tags: Sequence[str] = (),
    skip: Sequence[str] = (),
    phase: str | None = None,
    slots: int | None = None,
    dry_run: bool = False,
    files: Sequence[bytes] | None = None,
    verbose: bool = False,
) -> int:
    """Fire a hook, or a task, from the command line; returns its exit code. `files`: what its jobs are to be about,
    relative to the top, instead of what the event would give.

    Raises:
        UsageError: there is no such hook or job. HooksError: as for `fire`.
    """
    repo = find_repo(world.environ, world.cwd)
    if repo.top and not dry_run and is_anything_owed(repo):
        make_whole_before(world, repo, hook, tuple(args))
    compiled, _ = load_compiled(world, repo.top)
    body = compiled.hook(hook)
    if body is None:
        raise UsageError(_no_such_hook(hook, compiled))
    expect_accepted(world, repo, compiled)
    selectors = Selectors(tuple(jobs), tuple(tags), tuple(skip))
    out = {
        **excluded(world, compiled.rules.family, body),
        **left_out(body, selectors_from_environ(world), said_by=BY_VARIABLE),
        **left_out(body, selectors, said_by=BY_COMMAND),
    }
    firing = firing_of(world, repo, compiled, body, tuple(args), BY_HAND, out, _stdin_by_hand(body))
    firing = firing._replace(phase=phase or firing.phase, slots=slots or firing.slots)
    if files is None and not dry_run:  # who names the files wants them as they are: nothing is set aside then
        firing = looked_at(firing)
    firing = asked(firing, None if files is None else tuple(files))
    if dry_run:
        for line in describe(firing):
            print(line)
        return 0
    if verbose:
        for line in left_out_lines(firing):
            print(line)
    return run_firing(firing)


def fire_by_command(world: World, repo: Repo, hook: str, args: tuple[str, ...]) -> int:
    """A hook that a command of ours fires in the working tree `repo`: attached, since that may be about to vanish.
    Returns 0 where no hook file names it, and where the hooks of the repository may not run (section 8).

    Raises:
        HooksError: as for `fire`.
    """
    compiled, _ = load_compiled(world, repo.top)
    body = compiled.hook(hook)
    if world.environ.get("DODO_HOOKS") == "0":
        return 0
    if body is None:
        expect_not_taken_out(world, repo, compiled, hook)
        return 0
    if not may_run(world, repo, compiled, hook):
        return 0
    out = left_out(body, selectors_from_environ(world), said_by=BY_VARIABLE)
    return run_firing(asked(firing_of(world, repo, compiled, body, args, BY_HAND, out)._replace(phase=ATTACHED)))


def _stdin_by_hand(hook: Hook) -> bytes:
    """Who runs such a hook by hand gives what git would: `echo ... | dodo-hooks run pre-push -- origin URL`."""
    wants = hook.name in WITH_STDIN or any(job.use_stdin for job in hook.jobs)
    if not wants or os.isatty(0):
        return b""
    return read_all(0)


def _no_such_hook(hook: str, compiled: Compiled) -> str:
    names = [name for name, _ in compiled.hooks]
    if not names:
        return f"there is no hook file here that names {hook}: write one, hooks.dodo, at the top of the working tree"
    near = get_close_matches(hook, names, 1)
    hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(names)}"
    return f"{compiled.rules.file} has no hook called {hook}: {hint}"
