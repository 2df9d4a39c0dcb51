"""The decision about a repository's hooks: accept these hook files, accept any, deny, or forget (section 8).

The question shows the bytes that were parsed, and exactly these are accepted. A file that changes between the question
and the answer is not accepted.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dodo_hooks.core.errors import HooksError, UsageError
from dodo_hooks.git.install.required_shims import install_missing
from dodo_hooks.git.install.shim_state import shims_needed
from dodo_hooks.git.install.shims import launcher_path, pin_shims, refresh_bundle
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.console import say
from dodo_hooks.host.world import World
from dodo_hooks.plans.compile_plan import compile_plan
from dodo_hooks.plans.compiled_plan import Compiled
from dodo_hooks.trust import decisions
from dodo_hooks.trust.decisions import ALWAYS, DENIED, PINNED, TRUSTED, Decision, Skipped, find_decision, is_made_for
from dodo_hooks.trust.question import ask, commands_of, difference

YES, ANY, NEVER, NOT_NOW = "yes", "always", "never", "not now"
_ANSWERS = {"y": YES, "yes": YES, "a": ANY, "always": ANY, "n": NEVER, "never": NEVER, "no": NEVER}


@dataclass(frozen=True, slots=True)
class Offer:
    """Hook files that can be accepted, as they were when they were compiled."""

    compiled: Compiled
    files: Mapping[str, bytes]
    state: str  # of the decision that there is; "" without one
    before: Mapping[str, tuple[str, ...]]  # what it accepts
    change: Sequence[str]  # since the hook files that were accepted last, as a diff
    is_accepted: bool
    is_pinned: bool  # hooks that were installed in the repository are pinned to them, too
    is_here: bool  # the decision counts in this working tree


def make_offer(world: World, repo: Repo, *, pin: bool = False) -> Offer:
    """Return the hook files, read once, to be shown and accepted. Raises HooksError where that fails."""
    decision = find_decision(world, repo)
    state, before, known = (decision.state, decision.accepted, decision.files) if decision else ("", {}, {})
    compiled, files = compile_plan(world, repo.top) if repo.top else (None, {})
    # That there is no file can be a change to one, and that is accepted like any other.
    if compiled is None or not (compiled.rules.digest or before):
        where = repo.top or repo.common_dir
        raise UsageError(f"no hook file to accept in {where}; accept any with `dodo-hooks trust --always`")
    is_here = decision is not None and is_made_for(decision, repo)
    is_accepted = is_here and compiled.rules.digest in before
    is_pinned = pin or PINNED in (state, compiled.rules.trust)
    return Offer(compiled, files, state, before, difference(known, files), is_accepted, is_pinned, is_here)


def accept(world: World, repo: Repo, offer: Offer) -> None:
    """Record that the hooks may run with these hook files, too. Raises StoreError, GitError."""
    accepted = {**offer.before, offer.compiled.rules.digest: tuple(name for name, _ in offer.compiled.hooks)}
    state = PINNED if offer.is_pinned else TRUSTED
    decisions.write_decision(world.state, Decision(repo.common_dir, state, repo.top, accepted, offer.files))
    pin_shims(repo, world.environ, world.site or None, offer.is_pinned)
    plan = offer.compiled.plan()
    if os.path.exists(launcher_path(repo)) and plan:  # nothing was installed for it until now
        refresh_bundle(repo)
        for sentence in install_missing(world, repo, shims_needed(plan)):
            say(sentence)


def accept_all(world: World, repo: Repo) -> None:
    """Record that the hooks may run with any hook files. Raises StoreError, GitError."""
    decisions.write_decision(world.state, Decision(repo.common_dir, ALWAYS, repo.top, {}, {}))
    pin_shims(repo, world.environ, world.site or None, False)


def deny(world: World, repo: Repo) -> None:
    """Record that the hooks may not run. Raises StoreError."""
    decisions.write_decision(world.state, Decision(repo.common_dir, DENIED, repo.top, {}, {}))
    decisions.write_skipped(world.state, repo.common_dir, Skipped())


def forget(world: World, repo: Repo) -> bool:
    """Forget the decision, and return whether there was one. Raises StoreError, GitError."""
    if not os.path.exists(launcher_path(repo)):  # else the shims here still refuse, until a new decision
        pin_shims(repo, world.environ, world.site or None, False)
    try:
        find_decision(world, repo)  # this removes what an earlier version kept
    except HooksError:  # a damaged decision is removed below
        pass
    return decisions.forget_decision(world.state, repo.common_dir)


def is_pinned(world: World, repo: Repo) -> bool:
    """Return whether only accepted hook files run here. Raises StoreError."""
    decision = find_decision(world, repo)
    return decision is not None and decision.state == PINNED


def ask_at_hook(world: World, repo: Repo, hooks: Sequence[str], *, pin: bool) -> tuple[str, Compiled | None]:
    """Ask the person at the terminal about a firing. Return the answer, and the plan that was shown, if it may run now.

    An answer that cannot be recorded counts as "not now". For pinned hook files the only choices are yes and not now.

    Raises:
        HooksError: the hook files have just become unusable.
    """
    offer = make_offer(world, repo, pin=pin)
    if offer.is_accepted:  # meanwhile, at another terminal
        return YES, offer.compiled
    others = "" if offer.is_pinned else "[a]lways here, [n]ever run hooks here, "
    question = f"Accept these hook files? [y]es, {others}anything else: not now: "
    answer = _ANSWERS.get(ask(_before_question(repo, offer, hooks), question), NOT_NOW)
    try:
        if answer == YES:
            accept(world, repo, offer)
        elif answer == NOT_NOW or offer.is_pinned:
            return NOT_NOW, None
        elif answer == ANY:
            accept_all(world, repo)
        else:
            deny(world, repo)
            return NEVER, None
    except HooksError as error:
        say(str(error))
        return NOT_NOW, None
    return answer, offer.compiled


def _before_question(repo: Repo, offer: Offer, hooks: Sequence[str]) -> list[str]:
    """Return the lines above the question: the first time the commands of the fired hook, later the changes."""
    if offer.before:
        return [f"dodo-hooks: the hook files of {repo.top} have changed:", *offer.change]
    lines = []
    for name in hooks:
        if body := offer.compiled.hook(name):
            lines += [f"dodo-hooks: {name} of {repo.top} would run:", *commands_of(body)]
    others = [name for name, _ in offer.compiled.hooks if name not in hooks]
    return [*lines, f"Its hook files also have {', '.join(others)}: see `dodo-hooks list`."] if others else lines
