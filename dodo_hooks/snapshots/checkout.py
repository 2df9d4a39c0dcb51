"""Bringing a snapshot to what an event is about (S2 to S4; HOT).

The note says that the checkout is partial before anything is changed, and that it is whole at the end. So whatever is
killed in between, the next checkout empties the tree. The tree's `.git` names the git directory, and the note names
both: a repository that was moved or copied shares no tree with another.
"""

import time

from dodo_hooks.core.errors import CheckoutError, GitError, HooksError, UnsafeRepositoryError
from dodo_hooks.core.plan_parts import Share
from dodo_hooks.git.repo import find_repo
from dodo_hooks.git.target import Target
from dodo_hooks.git.untrusted import read_regular
from dodo_hooks.git.variables import without_local
from dodo_hooks.host.files.atomic_files import make_private_directory, put, unlink
from dodo_hooks.host.posix import S_ISREG, encode_path, is_real_folder, os, real
from dodo_hooks.host.process import kill_marked
from dodo_hooks.host.world import wall_ns
from dodo_hooks.snapshots.git_directory import (
    Settings,
    ask_refs,
    ask_settings,
    make_real_folder,
    remove,
    write_git_directory,
    write_index,
)
from dodo_hooks.snapshots.model import Caller, CheckoutPaths, Origin, Snapshot
from dodo_hooks.snapshots.note import Note, begun, last_used_ns, note_begun, read_note, write_note
from dodo_hooks.snapshots.share import apply_shares, copies_of, excludes_of, join_shares, list_shares
from dodo_hooks.snapshots.shared_copies import store_copies
from dodo_hooks.snapshots.working_tree import (
    LATE_NS,
    ask_changes,
    ask_folders,
    ask_toplevel,
    changed_folders,
    conversions_of,
    empty_tree,
    folders_of,
    move_tree,
    reject_unless_toplevel,
    remove_strays,
)
from dodo_hooks.store.cache_dirs import expect_private_cache, note_repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_SECOND_NS = 1_000_000_000
_LOCKED = ("turn",)  # in an area, by who is checking out just now
_OWN = (*_LOCKED, "git", "index", "note", "modules")  # snapshots/model.py


def prepare(
    snapshot: Snapshot,
    origin: Origin,
    target: Target,
    job: str,
    shares: "Sequence[Share]",
    clean: bool,
    may_fetch: bool,
) -> None:
    """Bring the snapshot to the target, for this job, and record that the job begins.

    `clean`: remove ignored files too. `may_fetch`: a partial clone may fetch what it has not. It may wait for a second,
    since two checkouts of one snapshot never fall into the same: compilers compare times, some in seconds.

    Raises:
        CheckoutError: it failed; the next one begins with an empty tree.
    """
    caller, paths, listed = Caller(origin, snapshot.lock, may_fetch), snapshot.paths, list_shares(shares)
    try:
        _make_cache(origin, paths)
        note = read_note(paths)
        if note is not None and note.is_abandoned:
            kill_marked((b"DODO_WORKTREE=" + encode_path(paths.tree),))
        _wait_for_next_second(note)
        is_same = note is not None and note.is_clean and (note.job, note.shares) == (job, listed)
        is_same = is_same and last_used_ns(paths.area) <= wall_ns()  # else what was built would look too new
        new = Note(paths, False, 0, target.commit or "", target.tree, "", listed, job, 0)
        new = _check_out(caller, new, target, keeps_ignored=is_same and not clean)
        apply_shares(caller, paths, shares)
        _finish(new, begun(job))
    except (HooksError, OSError) as error:
        raise _failure(target, error) from error


def renew(snapshot: Snapshot, origin: Origin, target: Target, job: str, shares: "Sequence[Share]" = ()) -> None:
    """Write the git directory anew, for a further job of the same invocation, and record that the job begins.

    The files stay as the jobs before have left them, but for the shares. A job that runs there meanwhile can read the
    git directory all the time, and loses what it writes.

    Raises:
        CheckoutError: it failed.
    """
    caller, paths = Caller(origin, snapshot.lock), snapshot.paths
    try:
        note = read_note(paths)
        if note is None or not note.is_whole or not _is_linked(note, paths):
            raise CheckoutError("its checkout is gone")
        listed = join_shares(note.shares, list_shares(shares))
        if listed != note.shares:
            note = note._replace(shares=listed)
            write_note(note)
        _renew(caller, note, target)
        apply_shares(caller, paths, shares)
        note_begun(paths, job)
    except (HooksError, OSError) as error:
        raise _failure(target, error) from error


def _check_out(caller: Caller, new: Note, target: Target, *, keeps_ignored: bool) -> Note:
    """Move one checkout, and those of the submodules in it; return what is to be recorded. `new`: most of it."""
    paths, old = new.paths, read_note(new.paths)
    # Each takes some milliseconds, and runs beside what comes before its answer is needed.
    asked, refs, listed = ask_settings(caller), ask_refs(caller), ask_folders(caller, target.tree)
    changes = ask_changes(caller, old.tree if old is not None else target.tree, target.tree)
    settings = asked()
    new = new._replace(conversions=conversions_of(caller, settings))
    old = _begin(new, old)
    write_git_directory(caller, paths, target, settings, refs, excludes_of(new.shares))
    toplevel = ask_toplevel(caller, paths)
    (folders, submodules), changed = folders_of(listed()), changed_folders(changes)
    if old is None or changed is None or old.conversions != new.conversions:
        empty_tree(paths)
        changed = None
    else:
        added, removed = changed
        remove_strays(paths, (*folders, *removed), added, old.ended_ns)
    reject_unless_toplevel(paths, toplevel)  # before git writes
    _move(caller, new, settings, is_empty=changed is None, keeps_ignored=keeps_ignored)
    for path, commit in submodules.items():
        _check_out_submodule(caller, paths, path, commit, keeps_ignored=keeps_ignored)
    write_index(paths)
    return new


def _begin(new: Note, old: "Note | None") -> "Note | None":
    """Record that a checkout begins, and return the note of the tree that is there; None where it was emptied."""
    paths = new.paths
    is_known = old is not None and _is_linked(old, paths)
    for name in os.listdir(paths.area):
        if name not in (_OWN if is_known else _LOCKED):
            remove(f"{paths.area}/{name}")
    if old is None or not is_known:
        remove(paths.tree)
        old = None
    else:
        store_copies(paths, copies_of(old.shares))
        if not old.is_whole or old.ended_ns > wall_ns():  # the latter: somebody has set the clock
            empty_tree(paths)  # before anything is written: it may have failed because the disk was full
            old = None
    write_note(new._replace(ended_ns=wall_ns()))
    make_real_folder(paths.tree)
    put(f"{paths.tree}/.git", paths.git_link, 0o600)
    return old


def _move(caller: Caller, new: Note, settings: Settings, *, is_empty: bool, keeps_ignored: bool) -> None:
    """Move the tree; where that fails, empty it and try once more."""
    paths = new.paths
    clean = "-ffd" if keeps_ignored else "-ffdx"
    for is_last in (True,) if is_empty else (False, True):
        try:
            move_tree(caller, new, settings, clean)
            return
        except GitError:
            empty_tree(paths)
            unlink(f"{paths.git_dir}/HEAD.lock")  # of a git that was killed
            if is_last:
                raise


def _check_out_submodule(caller: Caller, above: CheckoutPaths, path: str, commit: str, *, keeps_ignored: bool) -> None:
    paths = above.submodule(path)
    if not os.access(paths.tree, os.F_OK):  # left out of a sparse checkout
        return
    origin = _initialised(caller.origin, path)
    if origin is None:
        remove(paths.tree)
        os.mkdir(paths.tree)
        return
    inner = caller._replace(origin=origin)
    try:
        tree = inner.ask("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}")().strip().decode("ascii")
    except GitError:
        raise CheckoutError(f"submodule {path} has no commit {commit:.12}; run `git submodule update`") from None
    make_real_folder(f"{above.area}/modules")
    make_real_folder(paths.area)
    new = Note(paths, False, 0, commit, tree, "", "", "", 0)
    _finish(_check_out(inner, new, Target(commit, tree, commit), keeps_ignored=keeps_ignored))


def _renew(caller: Caller, note: Note, target: Target) -> None:
    paths = note.paths
    asked, refs, listed = ask_settings(caller), ask_refs(caller), ask_folders(caller, target.tree)
    write_git_directory(caller, paths, target, asked(), refs, excludes_of(note.shares))
    write_index(paths)
    for path in folders_of(listed())[1]:
        origin, inner = _initialised(caller.origin, path), read_note(paths.submodule(path))
        if origin is not None and inner is not None and inner.paths == paths.submodule(path):
            _renew(caller._replace(origin=origin), inner, Target(inner.commit, inner.tree, inner.commit))


def _initialised(origin: Origin, path: str) -> "Origin | None":
    """Return the submodule at this path of the firing worktree; None where it is not initialised there."""
    top = f"{origin.repo.top}/{path}"
    if not origin.repo.top:
        return None
    try:
        repo = find_repo(without_local(origin.environ), top)
    except UnsafeRepositoryError:
        raise
    except GitError:
        return None
    return origin._replace(repo=repo) if repo.top == real(top) else None


def _finish(note: Note, *events: str) -> None:
    changed_ns = os.lstat(note.paths.own_index).st_ctime_ns
    write_note(note._replace(is_whole=True, ended_ns=wall_ns(), index_ns=changed_ns, events=events))


def _is_linked(note: Note, paths: CheckoutPaths) -> bool:
    """Return whether the note, the tree and the git directory belong together."""
    try:
        is_sound = is_real_folder(paths.tree) and is_real_folder(paths.git_dir)  # git would follow links
        index = os.lstat(paths.own_index)
        is_sound = is_sound and S_ISREG(index.st_mode) and (not note.is_whole or index.st_ctime_ns == note.index_ns)
        return is_sound and note.paths == paths and read_regular(f"{paths.tree}/.git") == paths.git_link
    except (OSError, ValueError):
        return False


def _make_cache(origin: Origin, paths: CheckoutPaths) -> None:
    cache_dir = paths.tree.rpartition("/")[0]
    make_private_directory(cache_dir)
    expect_private_cache(cache_dir)
    note_repository(cache_dir, origin.repo.common_dir)
    os.utime(f"{cache_dir}/repository")  # as long as the repository is gone, this is its last use


def _wait_for_next_second(note: "Note | None") -> None:
    if note is not None:
        left_ns = (note.ended_ns // _SECOND_NS + 1) * _SECOND_NS + LATE_NS - wall_ns()
        if 0 < left_ns < 2 * _SECOND_NS:
            time.sleep(left_ns / _SECOND_NS)


def _failure(target: Target, error: Exception) -> CheckoutError:
    reason = str(error)
    if isinstance(error, OSError):
        reason = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    return CheckoutError(f"cannot check out {target.commit or target.tree:.12}: {reason}")
