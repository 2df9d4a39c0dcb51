"""The policy that decides whether hooks may run in a repository (section 8; HOT, imported only where it applies).

The policy applies where the shim says so: for a global install, and where the hook files must be those that were
accepted. It also applies where the hook file itself says `trust: pinned`.

A person accepts the contents of the hook files. The plan holds their digest, made of the bytes that were parsed, so
what is compared is what runs. In an undecided repository nothing of ours runs, git continues, and one line a day
reports it. Once somebody has accepted hook files, any change, and any error in checking, ends in a refusal: a gate
fails, other hooks only report it.
"""

from dodo_hooks.core.errors import ConfigError, GitError, HooksError, UsageError
from dodo_hooks.core.git_hooks import OFTEN_UNSEEN, is_gate
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import Plan
from dodo_hooks.git.replay import replay_of
from dodo_hooks.host.console import say
from dodo_hooks.host.posix import os, real
from dodo_hooks.host.world import timestamp, wall_ns
from dodo_hooks.plans.plan_cache import load_compiled
from dodo_hooks.trust import decisions
from dodo_hooks.trust.decisions import ALWAYS, DENIED, PINNED, Decision, Skipped, find_decision, is_made_for
from dodo_hooks.trust.question import can_ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.git.repo import Repo
    from dodo_hooks.git.target import Target
    from dodo_hooks.host.world import World
    from dodo_hooks.plans.compiled_plan import Compiled

# How hooks were installed: what a shim tells `fire` (git/install/shim_text.py).
LOCAL = ""
FOR_ALL = "--global"
FOR_PINNED = "--pinned"

# The kinds of verdicts.
ALLOWED = "trusted"
DENIED_HERE = "denied"
UNDECIDED = "undecided"
CHANGED = "trusted with other hook files"

HOW_TO_ACCEPT = "review and accept the change with `dodo-hooks trust`"
_CHANGED = f"the hook files have changed since you accepted them; {HOW_TO_ACCEPT}"
_UNUSABLE = Plan("", None, (), digest="unusable")  # stands for hook files that cannot be compiled: accepted by nobody


class Verdict(Record):
    """The verdict on a repository, with the hook files that its working tree has now."""

    kind: str  # one of the four above
    decision: "Decision | None"
    compiled: "Compiled | None" = None  # None: not read, since all is denied, or broken
    is_new: bool = False  # no hook has fired with it yet
    broken: "ConfigError | None" = None
    is_stranger: bool = False  # the working tree is none of those for which the decision was made


def decide_trust(decision: "Decision | None", plan: Plan, installed: str, is_listed: bool = False) -> str:
    """Return whether the hooks of this plan may run, given how they were installed.

    `is_listed`: the user's own configuration trusts the directory. Pinned hooks run only as they were accepted, also
    where they were installed in the repository. All other hooks that were installed in the repository run.
    """
    state = decision.state if decision else ""
    if state == DENIED and installed != LOCAL:
        return DENIED_HERE
    if decision and plan.digest in decision.accepted:
        return ALLOWED
    is_pinned = PINNED in (state, plan.trust) or installed == FOR_PINNED
    if is_pinned and (decision or installed != FOR_ALL):
        return CHANGED
    if installed != FOR_ALL or state == ALWAYS or is_listed or (decision and not plan.digest):  # no hook file at all
        return ALLOWED
    return CHANGED if decision else UNDECIDED


def verdict_of(world: "World", repo: "Repo", installed: str, target: "Target | None" = None) -> Verdict:
    """Return the verdict on the repository. Raises HooksError where there can be none. `target`: see `admit`."""
    decision = find_decision(world, repo)
    if decide_trust(decision, _UNUSABLE, installed) == DENIED_HERE:  # then the hook files are not even read
        return Verdict(DENIED_HERE, decision)
    compiled, is_new, broken = _load(world, repo, target)
    is_for_all = installed == FOR_ALL
    is_stranger = is_for_all and decision is not None and not is_made_for(decision, repo)
    is_listed = is_for_all and _is_below(repo, compiled.trusted if compiled else _trusted_prefixes(world))
    plan = compiled.rules if compiled else _UNUSABLE
    kind = decide_trust(None if is_stranger else decision, plan, installed, is_listed)
    return Verdict(kind, decision, compiled, is_new, broken, is_stranger)


def installed_in(repo: "Repo") -> str:
    """Return how our hooks were installed here: LOCAL, FOR_PINNED, or FOR_ALL if there is no launcher."""
    base = f"{repo.common_dir}/dodo-hooks"
    if not os.access(f"{base}/launch.py", os.F_OK):
        return FOR_ALL
    return FOR_PINNED if os.access(f"{base}/pinned", os.F_OK) else LOCAL


def admit(
    world: "World",
    repo: "Repo",
    installed: str,
    hooks: "Sequence[str]",
    args: "tuple[str, ...]",
    target: "Target | None" = None,
) -> "tuple[Compiled, bool] | None":
    """Return the plan that a firing may run, and whether it is new; None where nothing may run.

    Report a firing that may not run, at most once a day. `hooks`: the hook that git has fired, and the hooks derived
    from it. `target`: the commit that has the hook files, where no working tree has them.

    Raises:
        HooksError: a gate is refused.
    """
    reason = _CHANGED
    try:
        verdict = verdict_of(world, repo, installed, target)
    except HooksError as error:
        verdict = Verdict(CHANGED, None, *_load(world, repo, target))
        reason = f"cannot check whether the hooks may run: {error}"
    compiled = verdict.compiled
    if verdict.kind == ALLOWED and verdict.broken:
        raise verdict.broken
    if verdict.kind == ALLOWED and compiled:
        return compiled, verdict.is_new
    if verdict.kind == DENIED_HERE or _can_be_skipped(world, repo, installed, verdict, hooks):
        return None
    refuses = verdict.kind == CHANGED and is_gate(hooks[0], args)
    skipped = decisions.read_skipped(world.state, repo.common_dir)
    report_key = _report_key(verdict)
    # No question about a stranger's folder: the answer would apply to the repository. None about what no folder has.
    may_ask = compiled and reason == _CHANGED and not verdict.is_stranger and target is None
    if may_ask and (refuses or skipped.report_key != report_key) and can_ask(world):
        from dodo_hooks.trust.consent import NOT_NOW, ask_at_hook

        answer, accepted = ask_at_hook(world, repo, hooks, pin=installed == FOR_PINNED)
        if answer != NOT_NOW:
            return (accepted, True) if accepted else None
    from dodo_hooks.core.text.terminal_text import escape  # seldom needed, and not free

    if refuses:
        raise verdict.broken or UsageError(escape(f"{hooks[0]} refused: {reason}"))
    if skipped.report_key != report_key:
        is_open = verdict.kind == UNDECIDED
        say(escape(_undecided(repo, verdict) if is_open else f"{hooks[0]} not run: {reason}"))
    missed = [(repo.top, name, args) for name in hooks if compiled is None or compiled.hook(name)]
    decisions.write_skipped(world.state, repo.common_dir, Skipped(report_key, (*skipped.firings, *missed)))
    return None


def _report_key(verdict: Verdict) -> str:
    """Return what a report is about: it is printed once for each day, and for each change of the files."""
    today = timestamp(wall_ns())[:10]
    return f"{today} {verdict.compiled and verdict.compiled.rules.digest}" if verdict.kind == CHANGED else today


def expect_accepted(world: "World", repo: "Repo", plan: Plan) -> None:
    """Raise HooksError before a manual run if pinned hook files have changed. Other hook files need no decision."""
    if decide_trust(find_decision(world, repo), plan, LOCAL) == CHANGED:
        raise UsageError(f"nothing run: {_CHANGED}")


def expect_file_accepted(world: "World", repo: "Repo", plan: Plan) -> None:
    """Raise HooksError as `expect_accepted`, if the plan is that of the repository's own hook file.

    Another file was named with -f, and is the business of whoever named it (section 8).
    """
    from dodo_hooks.plans.compile_plan import find_file

    if repo.top and find_file(world, repo.top) == plan.file:
        expect_accepted(world, repo, plan)


def _trusted_prefixes(world: "World") -> "tuple[str, ...]":
    from dodo_hooks.plans.compile_plan import trusted_prefixes

    return trusted_prefixes(world)


def _load(world: "World", repo: "Repo", target: "Target | None") -> "tuple[Compiled | None, bool, ConfigError | None]":
    try:
        if target is not None:
            from dodo_hooks.plans.committed_sources import CommittedSources
            from dodo_hooks.plans.compile_plan import compile_plan

            return compile_plan(world, repo.top, CommittedSources(world, repo, target))[0], False, None
        return *load_compiled(world, repo.top), None
    except ConfigError as error:
        return None, False, error


def _can_be_skipped(world: "World", repo: "Repo", installed: str, verdict: Verdict, hooks: "Sequence[str]") -> bool:
    """Return whether this firing can be skipped without a report or a refusal.

    That is so where the hook files name none of `hooks`, now and when they were accepted. It is also so for hooks that
    fire often and unseen, and for replays: they are not the moment to ask.
    """
    if hooks[0] in OFTEN_UNSEEN or replay_of(repo, world.environ, hooks[0]):
        return True
    if installed == FOR_PINNED or verdict.compiled is None:
        return False
    accepted = verdict.decision.accepted if verdict.decision else {}
    named = {name for name, _ in verdict.compiled.hooks} | set().union(*accepted.values())
    return named.isdisjoint(hooks)


def _undecided(repo: "Repo", verdict: Verdict) -> str:
    reason = f" ({repo.common_dir} does not know this working tree)" if verdict.is_stranger else ""
    return (
        f"hooks not run: {repo.top} is not trusted yet{reason}; allow them with `dodo-hooks trust`, which also lists"
        " what was missed, or turn them off with `dodo-hooks deny`"
    )


def _is_below(repo: "Repo", prefixes: "Sequence[str]") -> bool:
    """Return whether working tree and common directory lie below a path of the user's `trusted:`, links resolved."""
    for prefix in prefixes:
        try:
            below = real(prefix).rstrip("/") + "/"
        except GitError:  # it goes in circles
            continue
        if f"{repo.top}/".startswith(below) and f"{repo.common_dir}/".startswith(below):
            return True
    return False
