"""Copies of what a refused commit takes out of the working tree (G5; HOT).

    GIT_DIR/dodo-hooks-kept/TIME/PATH

When the fixes of jobs and the unstaged changes conflict, all goes back to where it was before the hook. The files in
the tree by then were made by a job, or so it seems: an editor that saved while the job ran cannot be distinguished from
it, and its file may be an hour's work. So none of it is thrown away before a copy is on the disk. Nobody but its owner
removes the copy.
"""

import time

from dodo_hooks.git.content.file_state import FileState, parents_of, pieces_of, read_state, write_state
from dodo_hooks.git.unstaged.journal import Journal, sync_file
from dodo_hooks.host.files.atomic_files import unlink
from dodo_hooks.host.files.file_owner import make_folder
from dodo_hooks.host.posix import decode_path, is_real_folder, lexists, os


def rescue_copy(journal: Journal, path: bytes, file: bytes, version: FileState) -> bool:
    """Copy `version` of `path`, which stands at `file`; return False where the file has changed.

    Whoever calls this writes the journal before the version is taken away: the journal then says where the copies are.

    Raises:
        OSError: it cannot be written.
    """
    directory = journal.kept_in or _new_directory(journal.kept)
    journal.kept_in = directory
    folder = directory
    for parent in parents_of(path):
        folder = directory + b"/" + parent
        _make_folder(folder)
    part = directory + b"/" + path + b".part"
    unlink(part)
    try:
        write_state(part, version, pieces_of(file))
    except FileNotFoundError:
        unlink(part)
        return False
    if not read_state(part).has_bytes_of(version):
        unlink(part)
        return False
    sync_file(part)
    os.rename(part, _free_name(directory + b"/" + path, version))
    sync_file(folder)
    sync_file(directory)
    return True


def format_rescued(journal: Journal) -> "tuple[str, ...]":
    """Return the sentence that says where the copies are, if there are any."""
    if not journal.kept_in:
        return ()
    return (f"edits made during the run were saved in {decode_path(journal.kept_in)}",)


def _new_directory(kept: bytes) -> bytes:
    _make_folder(kept)
    wanted = kept + time.strftime("/%Y-%m-%d-%H%M%S").encode("ascii")
    name, number = wanted, 1
    while True:
        try:
            make_folder(name, 0o700)
            sync_file(kept)
            sync_file(kept.rpartition(b"/")[0])
            return name
        except FileExistsError:
            number += 1
            name = wanted + b"-%d" % number


def _make_folder(path: bytes) -> None:
    """Make a folder, if it is not there. Raises OSError also where a link is there."""
    try:
        make_folder(path, 0o700)
    except FileExistsError:
        if not is_real_folder(path):
            raise


def _free_name(wanted: bytes, version: FileState) -> bytes:
    """Return a free name, or that of an older copy of the same bytes: a run after a kill copies again."""
    name, number = wanted, 1
    while lexists(name) and not read_state(name).has_bytes_of(version):
        number += 1
        name = wanted + b".%d" % number
    return name
