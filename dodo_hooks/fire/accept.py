"""What a person says about a repository's hooks: yes, no, yes to these files alone, nothing any more (section 8)."""

from __future__ import annotations

import os

from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.fire.pins import MOST_PINS, accepted_files, difference, digest_of, keep_accepted, read_files
from dodo_hooks.fire.plan_cache import Compiled, load_compiled
from dodo_hooks.fire.run import say
from dodo_hooks.fire.shims import install_missing, shims_needed
from dodo_hooks.fire.trust import Standing, decide, standing_of
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.shim import launcher_path, pin_shims, refresh_bundle
from dodo_hooks.host.world import World
from dodo_hooks.store import trust
from dodo_hooks.store.identity import known_id, repository_id


def consent(world: World, repo: Repo) -> None:
    """Its hooks may run, whatever they are. Raises StoreError, GitError."""
    try:
        decide(world, repo, trust.TRUSTED)
    except OSError as error:
        raise _unreadable(repo, error) from error
    pin_shims(repo, world.environ, world.site or None, False)


def refuse(world: World, repo: Repo) -> None:
    """They may not. Raises as above."""
    try:
        decide(world, repo, trust.DENIED)
    except OSError as error:
        raise _unreadable(repo, error) from error
    trust.forget_skipped(world.state, repository_id(repo.common_dir))


def changes_to_accept(world: World, repo: Repo) -> list[str] | None:
    """How the hook files differ from those that were accepted last, as a diff; None where they are accepted already.

    Raises:
        ConfigError, StoreError: they cannot be read.
    """
    files = read_files(_compiled(world, repo), repo)
    standing = _standing(world, repo)
    if standing.decision and standing.state == trust.TRUSTED and standing.decision.accepts(digest_of(files)):
        return None
    return difference(accepted_files(world.state, repository_id(repo.common_dir)), files)


def accept_present(world: World, repo: Repo) -> None:
    """Its hooks may run as long as the hook files are what they are now, or what was accepted before.

    Raises:
        ConfigError, StoreError, GitError: they cannot be read, or it cannot be written.
    """
    compiled = _compiled(world, repo)
    files = read_files(compiled, repo)
    identity, digest = repository_id(repo.common_dir), digest_of(files)
    standing = _standing(world, repo)
    former = standing.decision.pins if standing.decision and standing.state == trust.TRUSTED else ()
    keep_accepted(world.state, identity, files)
    names = (name for name, _ in compiled.hooks)
    pins = (*(pin for pin in former if pin.partition(" ")[0] != digest), " ".join((digest, *names)))[-MOST_PINS:]
    try:
        decide(world, repo, trust.TRUSTED, pins)
    except OSError as error:
        raise _unreadable(repo, error) from error
    pin_shims(repo, world.environ, world.site or None, True)
    if os.path.exists(launcher_path(repo)) and (plan := compiled.plan()):  # nothing was installed for it until now
        refresh_bundle(repo)
        for sentence in install_missing(world, repo, shims_needed(plan)):
            say(sentence)


def forget(world: World, repo: Repo) -> bool:
    """Nothing is decided any more; whether something was."""
    if not os.path.exists(launcher_path(repo)):  # else the shims here go on to refuse, until somebody decides anew
        pin_shims(repo, world.environ, world.site or None, False)
    identity = known_id(repo.common_dir)
    return identity is not None and trust.forget_decision(world.state, identity)


def is_decided(world: World, repo: Repo) -> bool:
    """Whether somebody has said yes or no, and that still holds."""
    return _standing(world, repo).state != trust.UNDECIDED


def is_pinned(world: World, repo: Repo) -> bool:
    """Whether only files that were accepted run here."""
    standing = _standing(world, repo)
    return bool(standing.decision and standing.decision.pins)


def _standing(world: World, repo: Repo) -> Standing:
    try:
        return standing_of(world, repo)
    except OSError as error:
        raise _unreadable(repo, error) from error


def _compiled(world: World, repo: Repo) -> Compiled:
    compiled, _ = load_compiled(world, repo.top) if repo.top else (None, False)
    # That there is no file can be a change to one, and that is accepted like any other.
    if compiled is None or (compiled.settings is None and not is_pinned(world, repo)):
        raise UsageError(f"there is no hook file in {repo.top or repo.common_dir} that could be accepted")
    return compiled


def _unreadable(repo: Repo, error: OSError) -> GitError:
    return GitError(f"cannot read the configuration of {repo.common_dir}: {error.strerror}")
