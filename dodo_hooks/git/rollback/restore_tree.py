"""Restoring tracked files and the index from a journal (P6; HOT, imported if needed).

    GIT_DIR/dodo-hooks-rollback/journal   what is to be restored, there until all of it is
    GIT_DIR/dodo-hooks-rollback/in-N      the file that path N of the journal gets
    GIT_DIR/dodo-hooks-rollback/index-in  the index that is to be restored, if it is
    GIT_DIR/dodo-hooks-kept/TIME/PATH     what was at a path before: somebody may have saved it there meanwhile

No byte is lost, whenever a process is killed. A file is never overwritten: what is at the path is renamed away, and the
file is renamed into place. Each step can be seen in the area, so whoever comes next does the rest: a path whose `in-N`
is there has not been restored yet.
"""

import errno
import time
from fcntl import LOCK_EX, LOCK_NB

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.text.json_text import json_text, parse_json_object
from dodo_hooks.core.text.terminal_text import counted, shell_word
from dodo_hooks.git import untrusted
from dodo_hooks.git.content.file_state import obstacle_of, parents_of, pieces_of, read_state, write_state
from dodo_hooks.git.event import ROLLBACK, is_rolling_back
from dodo_hooks.host.files.atomic_files import replace_file, try_unlink, unlink
from dodo_hooks.host.files.file_locks import lock_directory
from dodo_hooks.host.files.file_owner import make_folder
from dodo_hooks.host.posix import decode_path, encode_path, is_real_folder, lexists, os, read_file, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.git.repo import Repo

_KEPT = b"dodo-hooks-kept"


class Restored(Record):
    """A journal: the paths to restore, relative to the top."""

    kept_in: str  # the name of the folder that gets what was at the paths
    files: "tuple[bytes, ...]"  # path N gets `in-N`
    absent: "tuple[bytes, ...]"  # tracked paths at which there was no file


def area_of(repo: "Repo") -> bytes:
    return encode_path(f"{repo.git_dir}/{ROLLBACK}")


def write_journal(repo: "Repo", files: "Sequence[bytes]", absent: "Sequence[bytes]") -> Restored:
    """Begin to restore these paths; everything that they get is in the area. Raises OSError, StoreError."""
    journal = Restored(_make_kept_folder(repo), tuple(files), tuple(absent))
    fields = {
        "kept_in": journal.kept_in,
        "files": [untrusted.path_text(path) for path in files],
        "absent": [untrusted.path_text(path) for path in absent],
    }
    replace_file(f"{repo.git_dir}/{ROLLBACK}/journal", json_text(fields).encode("ascii"))
    return journal


def read_journal(repo: "Repo") -> Restored:
    """Return the journal that a killed run has left. Raises OSError, GitError: it cannot be read."""
    path = f"{repo.git_dir}/{ROLLBACK}/journal"
    try:
        fields = parse_json_object(untrusted.read_regular(path).decode("ascii"))
        kept_in = untrusted.text(fields.get("kept_in"))
        if not kept_in.replace("-", "").isdigit():
            raise ValueError(f"not a time: {kept_in!r:.40}")
        files = tuple(map(untrusted.relative_path, untrusted.items(fields.get("files"))))
        absent = tuple(map(untrusted.relative_path, untrusted.items(fields.get("absent"))))
    except (ValueError, RecursionError) as error:
        raise GitError(f"cannot read {path}: {error}") from error
    return Restored(kept_in, files, absent)


def restore(repo: "Repo", journal: Restored, index: "str | None") -> None:
    """Restore what has not been restored yet, and remove the journal.

    `index`: the path of the index to restore, where an index is to be; None: leave it alone.

    Raises:
        OSError, GitError: something cannot be restored. The journal stays.
    """
    area, top = area_of(repo), encode_path(repo.top)
    kept = encode_path(repo.git_dir) + b"/" + _KEPT + b"/" + encode_path(journal.kept_in)
    for number, path in enumerate(journal.files):
        slot = area + b"/in-%d" % number
        if lexists(slot):
            _keep(top, path, kept)
            _make_parents(top, path)
            _move(slot, top + b"/" + path)
    for path in journal.absent:
        _keep(top, path, kept)
    if index is not None and lexists(area + b"/index-in"):
        _restore_index(area + b"/index-in", encode_path(index))
    unlink(area + b"/journal")
    unlink(area + b"/index-in")
    try:
        os.rmdir(kept)
    except OSError:  # something is in it
        pass


def recover(repo: "Repo", *, waits: bool) -> "tuple[str, ...]":
    """Finish what a killed run has begun to restore, and return the sentences to print.

    With `waits`, wait for a run that is alive. Else leave it alone.

    Raises:
        OSError, GitError: something cannot be restored now.
    """
    try:
        lock = lock_directory(area_of(repo), LOCK_EX if waits else LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return ()
    except FileNotFoundError:
        return ()
    try:
        if not is_rolling_back(repo):
            return ()
        journal = read_journal(repo)
        restore(repo, journal, f"{repo.git_dir}/index")
    finally:
        os.close(lock)
    count = counted(len(journal.files) + len(journal.absent), "file")
    kept = f"{repo.git_dir}/{_KEPT.decode()}/{journal.kept_in}"
    return (f"restored {count} after hooks that wrote files of others; what was there is in {kept}",)


def _make_kept_folder(repo: "Repo") -> str:
    folder = f"{repo.git_dir}/{_KEPT.decode()}"
    if not lexists(folder):
        make_folder(folder, 0o700)
    wanted = name = time.strftime("%Y-%m-%d-%H%M%S")
    number = 1
    while lexists(f"{folder}/{name}"):
        number += 1
        name = f"{wanted}-{number}"
    make_folder(f"{folder}/{name}", 0o700)
    return name


def _keep(top: bytes, path: bytes, kept: bytes) -> None:
    """Rename away what is at a path."""
    obstacle = obstacle_of(top, path)
    source = path if obstacle is None else obstacle
    if not lexists(top + b"/" + source):
        return
    if not is_real_folder(kept):  # removed after a kill
        make_folder(kept, 0o700)
    _make_parents(kept, source)
    target, number = kept + b"/" + source, 1
    while lexists(target):
        number += 1
        target = kept + b"/" + source + b".%d" % number
    _move(top + b"/" + source, target)


def _make_parents(top: bytes, path: bytes) -> None:
    for parent in parents_of(path):
        if not is_real_folder(top + b"/" + parent):
            make_folder(top + b"/" + parent)


def _move(source: bytes, target: bytes) -> None:
    """Rename a file; copy it where the working tree is on another file system than the git directory."""
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV or is_real_folder(source):
            raise
        part = target + b".dodo-hooks-part"
        unlink(part)
        write_state(part, read_state(source), pieces_of(source))
        os.rename(part, target)
        os.unlink(source)


def _restore_index(kept: bytes, index: bytes) -> None:
    """Put a kept index in place, as git does: by its lock.

    Raises:
        GitError: another git has the lock. OSError: it cannot be written.
    """
    lock = index + b".lock"
    for _ in range(200):
        try:
            descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
            break
        except FileExistsError:
            time.sleep(0.01)
    else:
        raise GitError(f"the index is locked; if no other git runs here, `rm {shell_word(decode_path(lock))}`")
    try:
        write_all(descriptor, read_file(decode_path(kept)))
    except OSError:
        try_unlink(lock)
        raise
    finally:
        os.close(descriptor)
    os.rename(lock, index)
