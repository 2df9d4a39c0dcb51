"""The jobs that a gate requires, dispatched by every event that makes a commit (V2).

A pull fires `post-merge` alone, and a rebase `post-rewrite`. So the jobs of `post-commit` that a push requires also run
there, and those of the others likewise.

A rebase makes several commits at once. Where each of them must have passed, its background jobs do not begin with the
last commit but with `post-rewrite`, which lists all. They run on one commit at a time, the oldest first: the
coordinator of the first continues with the others (fire/detach.py).
"""

from dodo_hooks.core.plan import BACKGROUND
from dodo_hooks.core.statuses import REPLAY, SKIPPED, Outcome
from dodo_hooks.fire.firing import BY_GIT, make_firing, select_files
from dodo_hooks.fire.left_out import left_out_but
from dodo_hooks.git.head import head_of
from dodo_hooks.git.replay import rebased_branch, replay_of
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.target import find_targets
from dodo_hooks.host.world import World
from dodo_hooks.plans.compiled_plan import Compiled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from dodo_hooks.core.plan import Hook
    from dodo_hooks.fire.firing import Firing

_GATE = "pre-push"
_REBASE = "rebase"
_FAILED = 1


def run_required(world: World, repo: Repo, compiled: Compiled, hook: str, deferred: "Iterable[str]") -> int:
    """Run the required jobs of the other hooks, now that `hook` has fired; return the exit code.

    `deferred`: the hooks whose background jobs start when the replay is over.

    Raises:
        HooksError: nothing could be started.
    """
    code = 0
    elsewhere = {hook, *deferred}
    for name in compiled.rules.required_hooks:
        body = compiled.hook(name) if name not in elsewhere else None
        if body is None:
            continue
        wanted = {job.number for job in body.jobs if job.results.is_required}.difference(
            left_to_each(world, repo, compiled, body, hook)
        )
        if not wanted:
            continue
        out = left_out_but(wanted, world, compiled, body)
        firing = make_firing(world, repo, compiled.rules, body, (), BY_GIT, out)
        from dodo_hooks.fire.phases import run_firing

        code = max(code, run_firing(select_files(firing)))
    return code


def left_to_each(world: World, repo: Repo, compiled: Compiled, hook: "Hook", fired: str) -> dict[int, Outcome]:
    """Return the outcomes of the background jobs that `run_on_each` runs at the end of the rebase that is under way.

    What another job needs is not among them. `fired`: the hook that git has fired.
    """
    replay = replay_of(repo, world.environ, fired)
    if replay is None or replay.command != _REBASE:
        return {}
    each = _required_of_each(compiled, hook)
    others = hook.with_needs(job.number for job in hook.jobs if job.number not in each)
    outcome = Outcome(SKIPPED, REPLAY, "it runs on each new commit when the rebase is over")
    return {one: outcome for one in each - others if hook.jobs[one].phase == BACKGROUND}


def run_on_each(world: World, repo: Repo, compiled: Compiled, rewritten: bytes) -> int:
    """Run what each commit must have passed on the new commits of a rebase, one at a time; return the exit code.

    `rewritten`: the standard input of `post-rewrite`. This process runs the first commit that has no verdict, and the
    others too where its jobs run attached.

    Raises:
        HooksError: git cannot be queried, or nothing could be started.
    """
    firings = _firings_of_each(world, repo, compiled, rewritten)
    for firing in firings:
        from dodo_hooks.fire.phases import run_firing

        code = run_firing(firing._replace(later=firings))
        if code > _FAILED:  # interrupted, or an error of ours
            return code
    return 0


def _firings_of_each(world: World, repo: Repo, compiled: Compiled, rewritten: bytes) -> "Generator[Firing, None, None]":
    bodies = [body for name in compiled.rules.required_hooks if (body := compiled.hook(name)) is not None]
    required = [(body, each) for body in bodies if (each := _required_of_each(compiled, body))]
    if not required:
        return
    from dodo_hooks.fire.verdicts.check import Check
    from dodo_hooks.results.verdicts.verdicts import NONE

    branch, head = head_of(repo, world.environ)
    branches = (rebased_branch(repo) or branch,)
    lines = [line.split() for line in rewritten.decode("ascii", "replace").splitlines()]
    new = [words[1] for words in lines if len(words) > 1 and words[0] != words[1]]
    for target in find_targets(repo, world.environ, [*new, head] if head else new):
        for body, each in required:
            check = Check(
                world, repo, compiled, body, target, each, branches=branches, ends_with_parent=True, phase=BACKGROUND
            )
            if any(check.verdict(number).state == NONE for number in each):
                yield check.firing


def _required_of_each(compiled: Compiled, hook: "Hook") -> set[int]:
    """Return the numbers of the jobs that each pushed commit must have passed."""
    gate = compiled.hook(_GATE)
    required = () if gate is None else gate.requires
    numbers = [hook.number_of(one.job) for one in required if one.each and one.hook == hook.name]
    return hook.with_needs(number for number in numbers if number is not None)
