"""The jobs that a gate requires, dispatched by every event that makes a commit (V2).

A pull fires `post-merge` alone, and a rebase `post-rewrite`. So the jobs of `post-commit` that a push requires also run
there, and those of the others likewise.
"""

from __future__ import annotations

from dodo_hooks.core.git_hooks import AFTER_REPLAY
from dodo_hooks.fire.firing import BY_GIT, left_out_but, make_firing, select_files
from dodo_hooks.git.replay import deferred_hooks, replay_of
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.world import World
from dodo_hooks.plans.compiled_plan import Compiled

_AMEND = ("amend",)  # fires `post-commit` too: githooks(5), post-rewrite


def run_required(world: World, repo: Repo, compiled: Compiled, hook: str, args: tuple[str, ...]) -> int:
    """Run the required jobs of the other hooks, now that `hook` has fired; return the exit code.

    Raises:
        HooksError: nothing could be started.
    """
    if hook == AFTER_REPLAY and args[:1] == _AMEND:
        return 0
    code = 0
    replay = replay_of(repo, hook)
    elsewhere = {hook, *(deferred_hooks(replay) if replay is not None else ())}  # those run at the end of the replay
    for name in compiled.rules.required_hooks:
        body = compiled.hook(name) if name not in elsewhere else None
        if body is None:
            continue
        out = left_out_but({job.number for job in body.jobs if job.is_required}, world, compiled, body)
        firing = make_firing(world, repo, compiled.rules, body, (), BY_GIT, out)
        from dodo_hooks.fire.phases import run_firing

        code = max(code, run_firing(select_files(firing)))
    return code
