"""May these hooks run here? (section 8; HOT, and imported only where that is a question)

It is one where the shim says so: because it serves all repositories of a user, or because the hook files here have to
be those that were accepted. And it is one where the hook file itself says `trust: pinned`.

A yes is about the contents of the hook files. Their digest is made of the bytes that were parsed and lies in the plan,
so what is compared is what runs. Undecided is not refused: nothing of ours runs, git goes on, and one line a day says
so. Where somebody has said yes, whatever else is found, or keeps us from finding out, ends in a refusal: a gate fails,
other hooks say so.
"""

from dodo_hooks.core.errors import ConfigError, GitError, HooksError, UsageError
from dodo_hooks.core.git_hooks import OFTEN_UNSEEN, is_gate
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import Plan
from dodo_hooks.git.replay import replay_of
from dodo_hooks.git.repo import find_repo, real
from dodo_hooks.host.console import say
from dodo_hooks.host.posix import os
from dodo_hooks.host.world import timestamp, wall_ns
from dodo_hooks.plans.cache import load_compiled, trusted_prefixes
from dodo_hooks.store.identity import known_id
from dodo_hooks.trust import decisions
from dodo_hooks.trust.decisions import ALWAYS, DENIED, PINNED, Decision, Skipped
from dodo_hooks.trust.question import can_ask
from dodo_hooks.trust.registered_worktree import is_registered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World
    from dodo_hooks.plans.compiled_plan import Compiled

# How hooks were installed: what a shim tells `fire` (git/install/shim_text.py).
LOCAL = ""
FOR_ALL = "--global"
FOR_PINNED = "--pinned"

# May they run?
ALLOWED = "trusted"
DENIED_HERE = "denied"
UNDECIDED = "undecided"
CHANGED = "trusted with other hook files"

HOW_TO_ACCEPT = "`dodo-hooks trust` shows the change and accepts it"
_CHANGED = f"the hook files are not those that were accepted: {HOW_TO_ACCEPT}"
_UNUSABLE = Plan("", None, (), digest="unusable")  # stands for hook files that cannot be compiled: accepted by nobody


class Standing(Record):
    """How a repository stands, with the hook files that its working tree has now."""

    verdict: str  # one of the four above
    decision: "Decision | None"
    compiled: "Compiled | None" = None  # None: not looked at, since all is denied, or broken
    is_new: bool = False  # compiled just now
    broken: "ConfigError | None" = None
    is_stranger: bool = False  # the working tree is none of those for which the decision was made


def verdict_of(decision: "Decision | None", plan: Plan, installed: str, is_listed: bool = False) -> str:
    """Say whether the hooks of this plan may run, given how they were installed.

    `is_listed`: the user's own configuration trusts the place. Pinned hooks run only as they were accepted, local ones
    too; all others that were installed in the repository run.
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


def standing_of(world: "World", repo: "Repo", installed: str) -> Standing:
    """Say how the repository stands. Raises HooksError where that cannot be told."""
    decision = decision_on(world, repo)
    if verdict_of(decision, _UNUSABLE, installed) == DENIED_HERE:  # then the hook files are not even read
        return Standing(DENIED_HERE, decision)
    compiled, is_new, broken = _load(world, repo)
    is_for_all = installed == FOR_ALL
    is_stranger = is_for_all and decision is not None and not is_made_for(decision, repo)
    is_listed = is_for_all and _is_below(repo, compiled.trusted if compiled else trusted_prefixes(world))
    plan = compiled.rules if compiled else _UNUSABLE
    verdict = verdict_of(None if is_stranger else decision, plan, installed, is_listed)
    return Standing(verdict, decision, compiled, is_new, broken, is_stranger)


def is_made_for(decision: Decision, repo: "Repo") -> bool:
    """Whether the decision counts in this working tree, and not in another one of the repository alone."""
    return decision.top == repo.top or is_registered(repo)


def decision_on(world: "World", repo: "Repo") -> "Decision | None":
    """Return what was decided about the repository. Raises HooksError where that cannot be told."""
    decision = decisions.read_decision(world.state, repo.common_dir)
    if decision is None and (identity := known_id(repo.common_dir)):
        decision = decisions.take_former(world.state, identity, repo.common_dir, lambda top: _leads_to(top, repo))
    return decision


def installed_in(repo: "Repo") -> str:
    """Return how our hooks were installed here, if they were."""
    base = f"{repo.common_dir}/dodo-hooks"
    if not os.access(f"{base}/launch.py", os.F_OK):
        return FOR_ALL
    return FOR_PINNED if os.access(f"{base}/pinned", os.F_OK) else LOCAL


def admit(
    world: "World", repo: "Repo", installed: str, hooks: "Sequence[str]", args: "tuple[str, ...]"
) -> "tuple[Compiled, bool] | None":
    """Return the plan that a firing may run, and whether it is new; None where nothing may, which is said if need be.

    `hooks`: the hook that git has fired, and those that derive from it. Raises HooksError where a gate is refused.
    """
    reason = _CHANGED
    try:
        standing = standing_of(world, repo, installed)
    except HooksError as error:
        standing = Standing(CHANGED, None, *_load(world, repo))
        reason = f"it cannot be told whether that is allowed: {error}"
    compiled = standing.compiled
    if standing.verdict == ALLOWED and standing.broken:
        raise standing.broken
    if standing.verdict == ALLOWED and compiled:
        return compiled, standing.is_new
    if standing.verdict == DENIED_HERE or _is_beside_the_point(repo, installed, standing, hooks):
        return None
    refuses = standing.verdict == CHANGED and is_gate(hooks[0], args)
    skipped = decisions.read_skipped(world.state, repo.common_dir)
    told = timestamp(wall_ns())[:10]
    if standing.verdict == CHANGED:
        told += f" {compiled and compiled.rules.digest}"
    # A stranger's folder is not asked about: the answer would be about the repository.
    may_ask = compiled and reason == _CHANGED and not standing.is_stranger
    if may_ask and (refuses or skipped.told != told) and can_ask(world):
        from dodo_hooks.trust.consent import NOT_NOW, ask_at_hook

        answer, accepted = ask_at_hook(world, repo, installed, hooks)
        if answer != NOT_NOW:
            return (accepted, True) if accepted else None
    from dodo_hooks.core.terminal_text import shown  # seldom needed, and not free

    if refuses:
        raise standing.broken or UsageError(shown(f"{hooks[0]} refuses: {reason}"))
    if skipped.told != told:
        is_open = standing.verdict == UNDECIDED
        say(shown(_undecided(repo, standing) if is_open else f"{hooks[0]} was not run: {reason}"))
    missed = [(repo.top, name, args) for name in hooks if compiled is None or compiled.hook(name)]
    decisions.write_skipped(world.state, repo.common_dir, Skipped(told, (*skipped.firings, *missed)))
    return None


def expect_accepted(world: "World", repo: "Repo", plan: Plan) -> None:
    """Before a hook is run by hand, which is consent: raise HooksError if pinned hook files have changed."""
    if verdict_of(decision_on(world, repo), plan, LOCAL) == CHANGED:
        raise UsageError(f"nothing was run: {_CHANGED}")


def _load(world: "World", repo: "Repo") -> "tuple[Compiled | None, bool, ConfigError | None]":
    try:
        return *load_compiled(world, repo.top), None
    except ConfigError as error:
        return None, False, error


def _is_beside_the_point(repo: "Repo", installed: str, standing: Standing, hooks: "Sequence[str]") -> bool:
    """Whether nobody misses this firing: hook files name none of `hooks`, and did not when they were accepted. And
    what git does behind one's back or replays is not the moment to decide: nothing runs then, and nothing is refused.
    """
    if hooks[0] in OFTEN_UNSEEN or replay_of(repo, hooks[0]):
        return True
    if installed == FOR_PINNED or standing.compiled is None:
        return False
    accepted = standing.decision.accepted if standing.decision else {}
    named = {name for name, _ in standing.compiled.hooks} | set().union(*accepted.values())
    return named.isdisjoint(hooks)


def _undecided(repo: "Repo", standing: Standing) -> str:
    reason = f" ({repo.common_dir} does not know this working tree)" if standing.is_stranger else ""
    return (
        f"the hooks of {repo.top} do not run, since it is not decided whether it is trusted{reason}: `dodo-hooks trust`"
        " lets them run, and names what was missed, to be run with `dodo-hooks run HOOK`; `dodo-hooks deny` keeps them"
        " off for good"
    )


def _is_below(repo: "Repo", prefixes: "Sequence[str]") -> bool:
    """Whether working tree and common directory lie below one of the user's `trusted:`, whatever links lead there."""
    for prefix in prefixes:
        try:
            below = real(prefix).rstrip("/") + "/"
        except GitError:  # it goes in circles
            continue
        if f"{repo.top}/".startswith(below) and f"{repo.common_dir}/".startswith(below):
            return True
    return False


def _leads_to(top: str, repo: "Repo") -> bool:
    try:
        return find_repo({}, top).common_dir == repo.common_dir
    except HooksError:
        return False
