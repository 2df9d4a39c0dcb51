"""Whose hooks may run: what a person has decided about a repository, kept outside of it (section 8; HOT).

A copy of the repository is another repository, and so is one whose remote has changed: they are undecided.
"""

import marshal

from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.record import Record
from dodo_hooks.host.posix import os, read_file
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

TRUSTED = "trusted"
DENIED = "denied"
UNDECIDED = "undecided"

_VERSION = "1"
MOST_SKIPPED = 30


class Decision(Record):
    state: str  # TRUSTED or DENIED
    remote: str  # the URL for which it was made
    place: str  # where the repository was, for people
    # What was accepted, the newest last: the digest of the contents and the hooks that they name, with blanks between;
    # none: any contents will do.
    pins: "tuple[str, ...]" = ()

    def accepts(self, digest: str) -> bool:
        return any(pin.partition(" ")[0] == digest for pin in self.pins)

    @property
    def hooks(self) -> "set[str]":
        """The hooks that any accepted contents name."""
        return {name for pin in self.pins for name in pin.split(" ")[1:]}


class Skipped(Record):
    """What did not run in an undecided repository."""

    told: str  # the day on which it was told
    firings: "tuple[tuple[str, str, tuple[str, ...]], ...]"  # working tree, hook, arguments; the newest last


def read_decision(state: str, repository: str) -> "Decision | None":
    """What was decided; None if nothing was.

    Raises:
        StoreError: that cannot be told.
    """
    path = layout.decision_file(state, repository)
    try:
        content = read_file(path).decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
    version, *fields = content.split("\0")
    if version != _VERSION or len(fields) < 3 or fields[0] not in (TRUSTED, DENIED):
        raise StoreError(f"{path} is damaged: remove it, and decide again with `dodo-hooks trust`")
    return Decision(fields[0], fields[1], fields[2], tuple(fields[3:]))


def write_decision(state: str, repository: str, decision: Decision) -> None:
    """
    Raises:
        StoreError: it cannot be written.
    """
    fields = (_VERSION, decision.state, decision.remote, decision.place, *decision.pins)
    write_private(layout.decision_file(state, repository), "\0".join(fields).encode("utf-8", "surrogateescape"))


def forget_decision(state: str, repository: str) -> bool:
    """Whether there was one."""
    for path in (layout.accepted_file(state, repository), layout.skipped_file(state, repository)):
        try:
            os.unlink(path)
        except OSError:
            pass
    path = layout.decision_file(state, repository)
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(f"cannot remove {path}: {error.strerror}") from error
    return True


def decided_repositories(state: str) -> "list[str]":
    try:
        names = os.listdir(layout.trust_dir(state))
    except OSError:
        return []
    return sorted(name for name in names if "." not in name)


# What did not run


def read_skipped(state: str, repository: str) -> Skipped:
    """Nothing, where that cannot be told."""
    try:
        told, firings = marshal.loads(read_file(layout.skipped_file(state, repository)))
        return Skipped(told, tuple((place, hook, tuple(args)) for place, hook, args in firings))
    except (OSError, ValueError, EOFError, TypeError):
        return Skipped("", ())


def write_skipped(state: str, repository: str, skipped: Skipped) -> None:
    """Best effort."""
    firings = skipped.firings[-MOST_SKIPPED:]
    try:
        write_private(layout.skipped_file(state, repository), marshal.dumps((skipped.told, firings)))
    except StoreError:
        pass


def forget_skipped(state: str, repository: str) -> None:
    try:
        os.unlink(layout.skipped_file(state, repository))
    except OSError:
        pass


def with_firing(
    firings: "Sequence[tuple[str, str, tuple[str, ...]]]", new: "tuple[str, str, tuple[str, ...]]"
) -> "tuple[tuple[str, str, tuple[str, ...]], ...]":
    """Of several firings of one hook in one working tree the last one counts."""
    return (*(one for one in firings if one[:2] != new[:2]), new)


def write_private(path: str, data: bytes) -> None:
    """Replace a file that its owner alone may read, in one step.

    Raises:
        StoreError: it cannot be written.
    """
    from dodo_hooks.store.writer import make_private_directory, replace_file

    try:
        make_private_directory(path.rpartition("/")[0])
    except OSError as error:
        raise StoreError(f"cannot make {path.rpartition('/')[0]}: {error.strerror}") from error
    replace_file(path, data, mark=f".{os.getpid()}")
