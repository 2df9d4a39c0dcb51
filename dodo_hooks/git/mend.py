"""The real index after `git commit -- FILE` (G6).

git makes such a commit from a temporary index, and has the next real one ready, with FILE as it was, before the hook
runs. What a job fixes and we stage is in the commit, then; the real index would keep the unfixed blob, and the next
commit would undo the fix. So it is written down what was replaced, and when the commit has been made (`post-commit`)
the entries that still hold the unfixed blob get the committed one.
"""

import json
import os
from collections.abc import Mapping, Sequence

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.record import Record
from dodo_hooks.git import untrusted
from dodo_hooks.git.event import RESTAGED
from dodo_hooks.git.index import write_index_entries
from dodo_hooks.git.journal import sync_file
from dodo_hooks.git.partial import index_file, run_git
from dodo_hooks.git.repo import Repo, head_of
from dodo_hooks.git.untrusted import path_text

_DIFF = ("diff-index", "--cached", "--no-renames", "--no-abbrev", "--ignore-submodules=all", "-z", "HEAD")


class Replaced(Record):
    """An entry of the temporary index; without a new blob it was removed."""

    path: bytes
    mode: int
    blob: str
    new_mode: int
    new_blob: str


def is_temporary(index: str) -> bool:
    """Whether this index is made for one commit alone (git's builtin/commit.c, `prepare_index`)."""
    return index.rpartition("/")[2].startswith("next-index-")


class Note(Record):
    """One commit that was about to be made."""

    head: "str | None"  # before it
    replaced: "tuple[Replaced, ...]"


def note(repo: Repo, replaced: "Sequence[Replaced]") -> None:
    """Write down what the commit that is being made replaces. Raises GitError."""
    head = head_of(repo)[1]
    _write(repo, [*(one for one in load_notes(repo) if one.head != head), Note(head, tuple(replaced))])


def forget_what_was_not_committed(repo: Repo) -> None:
    """Of an earlier commit that git has not made after all: HEAD is still where it was. Raises GitError."""
    head, notes = head_of(repo)[1], load_notes(repo)
    if any(one.head == head for one in notes):
        _write(repo, [one for one in notes if one.head != head])


def mend_real_index(repo: Repo, environ: Mapping[str, str]) -> None:
    """Replace the unfixed entries by the committed ones; nothing where there is nothing to mend, or no commit yet.

    Raises:
        GitError: the notes cannot be read, or the index cannot be written now: the next call tries again.
    """
    head, notes = head_of(repo)[1], load_notes(repo)
    made = [one for note in notes if note.head != head for one in note.replaced]
    if not made or is_temporary(index_file(repo, environ)):
        return
    now = _differences(run_git(repo, environ, _DIFF))
    lines = []
    for one in made:
        in_head, in_index = now.get(one.path, (None, None))
        if in_index == (one.mode, one.blob) and in_head == (one.new_mode, one.new_blob):
            blob = one.new_blob or "0" * len(one.blob)
            lines.append(b"%o %b\t%b\0" % (one.new_mode, blob.encode("ascii"), one.path))
    write_index_entries(repo, environ, lines, None)
    _write(repo, [one for one in notes if one.head == head])


def _differences(output: bytes) -> "dict[bytes, tuple[tuple[int, str], tuple[int, str]]]":
    """Of git's raw output: `:mode mode blob blob status`, then the path; what HEAD has and what the index has."""
    fields = output.split(b"\0")
    found = {}
    for about, path in zip(fields[::2], fields[1::2], strict=False):
        mode, index_mode, blob, index_blob, _ = about[1:].split(b" ")
        found[path] = _entry(mode, blob), _entry(index_mode, index_blob)
    return found


def _entry(mode: bytes, blob: bytes) -> "tuple[int, str]":
    return int(mode, 8), blob.decode("ascii") if blob.strip(b"0") else ""


def load_notes(repo: Repo) -> "list[Note]":
    """What has been written down. Raises GitError where that cannot be read, or is none of ours."""
    path = _path(repo)
    try:
        return [_note(one) for one in untrusted.items(json.loads(untrusted.read_regular(path)))]
    except FileNotFoundError:
        return []
    except PermissionError as error:
        from dodo_hooks.git.lock_holder import unreadable

        raise unreadable(repo.git_dir) from error
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GitError(
            f"{path}, the list of fixes that the index still lacks, is not valid ({reason}): remove it, and look at"
            " `git diff --cached` before the next commit"
        ) from error


def _note(value: object) -> Note:
    head, rows = untrusted.items(value, 2)
    replaced = tuple(_replaced(*untrusted.items(row, 5)) for row in untrusted.items(rows))
    return Note(None if head is None else untrusted.blob_id(head), replaced)


def _replaced(path: object, mode: object, blob: object, new_mode: object, new_blob: object) -> Replaced:
    return Replaced(
        untrusted.relative_path(path),
        untrusted.index_mode(mode),
        untrusted.blob_id(blob),
        untrusted.index_mode(new_mode),
        "" if new_blob == "" else untrusted.blob_id(new_blob),
    )


def _write(repo: Repo, notes: "Sequence[Note]") -> None:
    path = _path(repo)
    rows = [[note.head, [[path_text(one.path), *one[1:]] for one in note.replaced]] for note in notes]
    try:
        if not notes:
            os.unlink(path)
            return
        with open(untrusted.create_file(f"{path}.new"), "w", encoding="ascii") as file:
            json.dump(rows, file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(f"{path}.new", path)
        sync_file(os.fsencode(repo.git_dir))
    except FileNotFoundError:  # somebody else has mended it
        return
    except OSError as error:
        raise GitError(f"what was staged cannot be written down in {repo.git_dir}: {error.strerror}") from error


def _path(repo: Repo) -> str:
    return f"{repo.git_dir}/{RESTAGED}"
