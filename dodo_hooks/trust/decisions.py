"""The decisions about repositories whose hooks may run, kept outside of the repositories (section 8; HOT).

A decision is about the git common directory at one path, and about the contents of hook files that were accepted
there. A copy, a moved repository and a submodule are other repositories.
"""

import marshal

from dodo_hooks.core.digests import sha256
from dodo_hooks.core.errors import GitError, HooksError, StoreError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.repo import configured_tree, find_repo
from dodo_hooks.host.files.private_files import read_private
from dodo_hooks.host.posix import joined, lexists, names_in, os, read_file, real
from dodo_hooks.store import layout
from dodo_hooks.store.identity import known_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World

# The states of a decision, as they are printed.
TRUSTED = "trusted"  # with the hook files that were accepted
ALWAYS = "trusted always"  # whatever the hook files say
PINNED = "pinned"  # as TRUSTED, also for hooks that were installed in the repository
DENIED = "denied"
DAMAGED = "damaged"

MOST_SKIPPED = 30
_VERSION = 2


class Decision(Record):
    repository: str  # the real path of its git common directory
    state: str  # one of the above
    top: str  # the working tree in which it was made
    accepted: "Mapping[str, tuple[str, ...]]"  # digest of hook files that were accepted -> the hooks that they name
    files: "Mapping[str, bytes]"  # those that were accepted last, to show what has changed since


class Skipped(Record):
    """The firings that did not run in a repository, and when that was reported last."""

    report_key: str = ""  # the day and, where hook files had changed, their digest
    firings: "tuple[tuple[str, str, tuple[str, ...]], ...]" = ()  # working tree, hook, arguments; the newest last


def find_decision(world: "World", repo: "Repo") -> "Decision | None":
    """Return what was decided about the repository; None: nothing. Raises HooksError where it cannot be read."""
    decision = _read_decision(layout.decision_file(world.state, _key(repo.common_dir)))
    if decision is None and (identity := known_id(repo.common_dir)):
        decision = _adopt_former(world.state, identity, repo.common_dir)
    return decision


def is_made_for(decision: Decision, repo: "Repo") -> bool:
    """Return whether the decision applies in this working tree."""
    return decision.top == repo.top or _is_registered(repo)


def write_decision(state: str, decision: Decision) -> None:
    """Write a decision. Raises StoreError where it cannot be written."""
    from dodo_hooks.host.files.atomic_files import replace_unlocked

    path = layout.decision_file(state, _key(decision.repository))
    accepted, files = dict(decision.accepted), dict(decision.files)
    fields = (_VERSION, decision.repository, decision.state, decision.top, accepted, files)
    replace_unlocked(path, marshal.dumps(fields))


def forget_decision(state: str, repository: str) -> bool:
    """Remove everything kept about the repository, and return whether anything was decided. Raises StoreError."""
    _unlink(layout.skipped_file(state, _key(repository)))
    return _unlink(layout.decision_file(state, _key(repository)))


def list_decisions(state: str) -> "list[Decision]":
    """Return every decision. One that cannot be read is DAMAGED, and names its own path as the repository."""
    found = []
    names = [name for name in sorted(names_in(layout.trust_dir(state))) if len(name) == len(_key(""))]
    for path in (layout.decision_file(state, name) for name in names):
        try:
            found.append(_read_decision(path))
        except HooksError:
            found.append(Decision(path, DAMAGED, "", {}, {}))
    return [decision for decision in found if decision]


def read_skipped(state: str, repository: str) -> Skipped:
    """Return the skipped firings of a repository; an empty record where it cannot be read."""
    try:
        report_key, firings = marshal.loads(read_private(layout.skipped_file(state, _key(repository))))
        return Skipped(report_key, tuple((top, hook, tuple(args)) for top, hook, args in firings))
    except (OSError, ValueError, EOFError, TypeError, HooksError):
        return Skipped()


def write_skipped(state: str, repository: str, skipped: Skipped) -> None:
    """Write the skipped firings, best effort. Of several firings of a hook in a working tree the last one is kept."""
    from dodo_hooks.host.files.atomic_files import replace_unlocked

    last = {(top, hook): place for place, (top, hook, _) in enumerate(skipped.firings)}
    firings = [skipped.firings[place] for place in sorted(last.values())][-MOST_SKIPPED:]
    try:
        replace_unlocked(layout.skipped_file(state, _key(repository)), marshal.dumps((skipped.report_key, firings)))
    except StoreError:
        pass


# Working trees


def _is_registered(repo: "Repo") -> bool:
    """Return whether the repository itself records this working tree, as the main one or a linked one.

    Any folder can name a repository next to it as its own, in a `.git` file or in a `commondir`, and git accepts that.
    A user who trusts the repository does not thereby trust such a folder. The repository's own directory, from where
    a bare one is pushed, is nobody else's.
    """
    if repo.top == repo.common_dir:
        return True
    if repo.git_dir != repo.common_dir:
        return _is_linked_from(repo)
    try:
        is_bare, configured = configured_tree(repo.git_dir, repo.common_dir)
        if is_bare:
            return False
        directory = real(joined(repo.git_dir, configured)) if configured else repo.git_dir.removesuffix("/.git")
    except GitError:  # a path goes in circles
        return False
    return directory == repo.top


def _is_linked_from(repo: "Repo") -> bool:
    """Return whether the repository records this linked working tree where `git worktree add` writes it."""
    if repo.git_dir.rpartition("/")[0] != f"{repo.common_dir}/worktrees":
        return False
    try:
        content = read_file(f"{repo.git_dir}/gitdir").rstrip(b"\r\n").decode("utf-8", "surrogateescape")
        directory, _, name = joined(repo.git_dir, content).rpartition("/")
        return name == ".git" and real(directory) == repo.top
    except (OSError, GitError):
        return False


# An earlier version


def _adopt_former(state: str, identity: str, repository: str) -> "Decision | None":
    """Move a denial or pins that an earlier version kept under the repository's id, and return the new decision.

    Everything else that it kept is removed, so that the question is asked again. The working tree of the decision must
    belong to this repository, since anybody can copy an id.
    """
    path = layout.decision_file(state, identity)
    try:
        version, word, _, top, *pins = read_private(path).decode("utf-8", "surrogateescape").split("\0")
    except (OSError, ValueError):
        return None
    decision = None
    if version == "1" and (pins or word == DENIED) and _leads_to(top, repository):
        accepted = {digest: tuple(hooks) for digest, *hooks in (pin.split(" ") for pin in pins)}
        decision = Decision(repository, PINNED if pins else DENIED, top, accepted, {})
        write_decision(state, decision)
    for left in (path, f"{path}.accepted", f"{path}.skipped"):
        _unlink(left)
    return decision


def _leads_to(top: str, repository: str) -> bool:
    try:
        return find_repo({}, top).common_dir == repository
    except HooksError:
        return False


# Files


def _key(repository: str) -> str:
    return sha256(repository.encode("utf-8", "surrogateescape")).hexdigest()


def _read_decision(path: str) -> "Decision | None":
    try:
        version, *fields = marshal.loads(read_private(path))
        if version == _VERSION and fields[1] in (TRUSTED, ALWAYS, PINNED, DENIED):
            return Decision(*fields)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, EOFError, TypeError, IndexError):
        pass
    raise StoreError(f"{path} is damaged; remove it and run `dodo-hooks trust` again")


def _unlink(path: str) -> bool:
    """Remove the file, and return whether it existed. Raises StoreError."""
    try:
        os.unlink(path)
    except OSError as error:
        if not lexists(path):  # a read-only file system says so of what is not there, too
            return False
        raise StoreError(f"cannot remove {path}: {error.strerror}") from error
    return True
