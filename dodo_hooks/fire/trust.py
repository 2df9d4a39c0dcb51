"""May these hooks run here? (section 8; HOT, and imported only where that is a question)

It is one where the shim says so: because it serves all repositories of a user, or because the hook files here have to
be those that were accepted. And it is one where the hook file itself says `trust: pinned`.

Undecided is not refused: nothing of ours runs, git goes on, and one line a day says so. But where somebody has said
yes, whatever keeps us from finding out that all is as they saw it ends in a refusal: a gate fails, other hooks say so.
"""

from dodo_hooks.core.errors import ConfigError, HooksError, StoreError, UsageError
from dodo_hooks.core.events import AFTER_REPLAY, OFTEN_UNSEEN, is_gate
from dodo_hooks.core.plan import PINNED
from dodo_hooks.core.record import Record
from dodo_hooks.fire.ask import ask, can_ask, plain
from dodo_hooks.fire.plan_cache import load_compiled
from dodo_hooks.fire.run import say
from dodo_hooks.git.belonging import belongs
from dodo_hooks.git.remote import remote_url
from dodo_hooks.host.posix import os
from dodo_hooks.host.world import timestamp, wall_ns
from dodo_hooks.store import trust
from dodo_hooks.store.identity import known_id, repository_id
from dodo_hooks.store.trust import DENIED, TRUSTED, UNDECIDED, Decision, Skipped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.fire.plan_cache import Compiled
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World

# What a shim tells `fire` (git/shim_text.py).
FOR_ALL = "--global"
FOR_PINNED = "--pinned"
FLAGS = (FOR_ALL, FOR_PINNED)

_CHANGED = "the hook files are not those that were accepted: `dodo-hooks trust` shows the change"
REFUSED = 3  # as for a hook file that cannot be used (R22)


class Standing(Record):
    """How a repository stands."""

    state: str  # TRUSTED, DENIED or UNDECIDED
    decision: "Decision | None"  # also one that does not hold any more
    reason: str = ""  # why one that was made does not hold
    is_stranger: bool = False  # the working tree is none of those for which it was made


def standing_of(world: "World", repo: "Repo") -> Standing:
    """How the repository stands, whichever working tree uses it.

    Raises:
        StoreError: what was decided cannot be read. OSError: the repository's configuration cannot.
    """
    identity = known_id(repo.common_dir)
    decision = trust.read_decision(world.state, identity) if identity else None
    if decision is None:
        return Standing(UNDECIDED, None)
    remote = remote_url(repo)
    if remote != decision.remote:
        was = decision.remote or "none"
        return Standing(UNDECIDED, decision, f"its remote is {remote or 'none'} now and was {was}")
    return Standing(decision.state, decision)


def standing_for_all(world: "World", repo: "Repo") -> Standing:
    """How it stands for the hooks of all repositories: trusted are the working trees that belong to it, and the one in
    which that was decided. Raises as above."""
    standing = standing_of(world, repo)
    if standing.state != TRUSTED or belongs(repo) or (standing.decision and standing.decision.place == repo.top):
        return standing
    reason = f"it uses the repository {repo.common_dir}, which does not know of it"
    return Standing(UNDECIDED, standing.decision, reason, is_stranger=True)


def decide(world: "World", repo: "Repo", state: str, pins: "tuple[str, ...]" = ()) -> None:
    """Write down what was decided.

    Raises:
        StoreError: it cannot be written. OSError: as above.
    """
    decision = Decision(state, remote_url(repo), repo.top or repo.common_dir, pins)
    trust.write_decision(world.state, repository_id(repo.common_dir), decision)


def stops_here(
    world: "World", repo: "Repo", flag: str, hooks: "Sequence[str]", args: "tuple[str, ...]"
) -> "int | None":
    """Before the hook file is looked at: the exit code, if nothing is to run; None to go on.

    `hooks`: the hook that git has fired, and those that derive from it.
    """
    try:
        standing = standing_for_all(world, repo) if flag == FOR_ALL else standing_of(world, repo)
    except (StoreError, OSError) as error:
        reason = f"it cannot be told whether that is allowed: {_said(error)}"
        if flag == FOR_PINNED:
            return _refuse(hooks[0], args, reason)
        return _refuse_named(world, repo, hooks, args, reason)
    if standing.state == TRUSTED:
        return None
    if standing.state == DENIED:
        return 0
    if flag == FOR_PINNED:
        reason = standing.reason or "what you had accepted is not on record any more"
        return _refuse(hooks[0], args, f"{reason}: `dodo-hooks trust --pin` shows it and accepts it")
    return _undecided(world, repo, standing, hooks, args)


def is_accepted(world: "World", repo: "Repo", compiled: "Compiled") -> bool:
    """Whether the hook files are those that were accepted, where that counts.

    Raises:
        HooksError: a sentence that says why not.
    """
    try:
        standing = standing_of(world, repo)
    except OSError as error:
        raise StoreError(f"it cannot be told whether {repo.top} is trusted: {_said(error)}") from error
    decision = standing.decision
    if not (decision and decision.pins) and compiled.rules.trust != PINNED:
        return True
    from dodo_hooks.fire.pins import digest_of, read_files

    digest = digest_of(read_files(compiled, repo))
    return decision is not None and decision.accepts(digest)


def refusal(
    world: "World", repo: "Repo", flag: str, compiled: "Compiled", hooks: "Sequence[str]", args: "tuple[str, ...]"
) -> "int | None":
    """After the hook file was read: the exit code, if it is not the accepted one; None to go on."""
    reason = _CHANGED
    try:
        if is_accepted(world, repo, compiled):
            return None
    except (HooksError, OSError) as error:
        reason = _said(error)
    if flag == FOR_PINNED or hooks[0] == AFTER_REPLAY or _is_missed(world, repo, compiled, hooks):
        return _refuse(hooks[0], args, reason)
    return 0  # neither the accepted files nor these have anything to do for it


def _is_missed(world: "World", repo: "Repo", compiled: "Compiled", hooks: "Sequence[str]") -> bool:
    """Whether the hook files name one of `hooks`, or did when they were accepted."""
    if any(name in hooks for name, _ in compiled.hooks):
        return True
    try:
        decision = standing_of(world, repo).decision
    except (StoreError, OSError):
        return True
    return decision is not None and any(name in decision.hooks for name in hooks)


def expect_not_taken_out(world: "World", repo: "Repo", compiled: "Compiled", hook: str) -> None:
    """Before a hook that the hook files do not name is left out.

    Raises:
        HooksError: they did when they were accepted, or it cannot be told.
    """
    if _is_missed(world, repo, compiled, (hook,)):
        expect_accepted(world, repo, compiled)


def expect_accepted(world: "World", repo: "Repo", compiled: "Compiled") -> None:
    """Before a hook is run by hand, which is consent, but not to files that have changed.

    Raises:
        HooksError: they have, or it cannot be told.
    """
    if not is_accepted(world, repo, compiled):
        raise UsageError(f"nothing was run: {_CHANGED}")


def may_run(world: "World", repo: "Repo", compiled: "Compiled", hook: str) -> bool:
    """Before a hook that goes with a command of ours: whether the hooks of this repository may run; says why not.

    Raises:
        HooksError: it cannot be told, or they are not those that were accepted.
    """
    try:
        standing = standing_for_all(world, repo)
    except OSError as error:
        raise StoreError(_said(error)) from error
    is_installed = os.access(f"{repo.common_dir}/dodo-hooks/launch.py", os.F_OK)
    if standing.state == DENIED or (standing.state == UNDECIDED and not is_installed):
        say(f"{hook} was not run, since {repo.top} is not trusted: `dodo-hooks trust` lets its hooks run")
        return False
    expect_accepted(world, repo, compiled)
    return True


def _refuse(hook: str, args: "tuple[str, ...]", reason: str) -> int:
    reason = plain(reason)
    if not is_gate(hook, args):
        if hook not in OFTEN_UNSEEN:
            say(f"{hook} was not run: {reason}")
        return 0
    say(f"{hook} refuses: {reason}")
    return REFUSED


def _refuse_named(world: "World", repo: "Repo", hooks: "Sequence[str]", args: "tuple[str, ...]", reason: str) -> int:
    """As `_refuse`, where the hook file has anything to do for these hooks, or cannot be read."""
    try:
        compiled, _ = load_compiled(world, repo.top)
        is_named = any(name in hooks for name, _ in compiled.hooks)
    except ConfigError:
        is_named = True
    return _refuse(hooks[0], args, reason) if is_named else 0


def _undecided(
    world: "World", repo: "Repo", standing: Standing, hooks: "Sequence[str]", args: "tuple[str, ...]"
) -> "int | None":
    """Ask, or else remember what is not run, and tell it once a day."""
    hook = hooks[0]
    if hook in OFTEN_UNSEEN:
        return 0
    identity, today = repository_id(repo.common_dir), timestamp(wall_ns())[:10]
    skipped = trust.read_skipped(world.state, identity)
    # The answer would be about the repository, and so about what is in another folder.
    if skipped.told != today and not standing.is_stranger and can_ask(world):
        answer = ask(repo, standing.reason, hook)
        if answer is not None:
            try:
                decide(world, repo, answer)
            except (StoreError, OSError) as error:
                say(_said(error))
                return 0
            return None if answer == TRUSTED else 0
    firings = skipped.firings
    for name in hooks:
        firings = trust.with_firing(firings, (repo.top, name, args))
    trust.write_skipped(world.state, identity, Skipped(today, firings))
    if skipped.told != today:
        because = plain(f" ({standing.reason})") if standing.reason else ""
        say(
            f"the hooks of {plain(repo.top)} do not run, since it is not decided whether it is trusted{because}:"
            " `dodo-hooks trust` lets them run, and names what was missed, to be run with `dodo-hooks run HOOK`;"
            " `dodo-hooks deny` keeps them off for good"
        )
    return 0


def _said(error: Exception) -> str:
    return f"{getattr(error, 'filename', None) or 'it'}: {error.strerror}" if isinstance(error, OSError) else str(error)
