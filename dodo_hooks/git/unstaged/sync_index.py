"""The real index after `git commit -- FILE`, or after a commit from another index (G6; HOT).

git makes the former from a temporary index, and has the next real one ready, with FILE as it was, before the hook runs;
a program may name one of its own (GIT_INDEX_FILE). What a job fixes and we stage is in the commit, then; the real index
would keep the unfixed blob, and the next commit would undo the fix. So the replaced entries are recorded, and when the
commit has been made (`post-commit`) the entries that still hold the unfixed blob get the committed one.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.text.json_text import json_text, parse_json
from dodo_hooks.git import untrusted
from dodo_hooks.git.command import run_git_at_top
from dodo_hooks.git.event import RESTAGED
from dodo_hooks.git.head import head_of
from dodo_hooks.git.index_entries import write_index_entries
from dodo_hooks.git.repo import Repo, index_file
from dodo_hooks.git.unstaged.journal import replace_synced
from dodo_hooks.git.untrusted import path_text
from dodo_hooks.host.posix import encode_path, os, real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DIFF = ("diff-index", "--cached", "--no-renames", "--no-abbrev", "--ignore-submodules=all", "-z", "HEAD")


class Replaced(Record):
    """An entry of the temporary index; without a new blob it was removed."""

    path: bytes
    mode: int
    blob: str
    new_mode: int
    new_blob: str


def is_temporary(repo: Repo, environ: "Mapping[str, str]") -> bool:
    """Return whether the index that git uses never becomes the real one.

    That is the index of `commit -- FILE`, or another program's own. (`commit -a` and `-p` fill the lock file of the
    real one.)
    """
    real = f"{repo.git_dir}/index"
    return _resolve(index_file(repo, environ)) not in (real, f"{real}.lock")


def _is_gits_own(index: str) -> bool:
    """Return whether git has made this index for one commit, while the real one is locked.

    (git's builtin/commit.c, `prepare_index`.)
    """
    return index.rpartition("/")[2].startswith("next-index-")


def _resolve(index: str) -> str:
    folder, _, name = index.rpartition("/")
    return f"{real(folder)}/{name}"


class PendingCommit(Record):
    """A commit that was about to be made."""

    head: "str | None"  # before it
    replaced: "tuple[Replaced, ...]"


def record_pending_commit(repo: Repo, environ: "Mapping[str, str]", replaced: "Sequence[Replaced]") -> None:
    """Record the entries that the commit in progress replaces. Raises GitError."""
    head = head_of(repo, environ)[1]
    _write(
        repo, [*(one for one in load_pending_commits(repo) if one.head != head), PendingCommit(head, tuple(replaced))]
    )


def drop_stale_commit(repo: Repo, environ: "Mapping[str, str]") -> None:
    """Remove the record of an earlier commit that git has not made: HEAD is still where it was. Raises GitError."""
    head, notes = head_of(repo, environ)[1], load_pending_commits(repo)
    if any(one.head == head for one in notes):
        _write(repo, [one for one in notes if one.head != head])


def sync_index(repo: Repo, environ: "Mapping[str, str]") -> None:
    """Replace the unfixed entries by the committed ones; do nothing without any, or before the commit is made.

    Where git was given an index of another program's own, the entries of both are replaced.

    Raises:
        GitError: the notes cannot be read, or the index cannot be written now: the next call tries again.
    """
    head, notes = head_of(repo, environ)[1], load_pending_commits(repo)
    made = [one for note in notes if note.head != head for one in note.replaced]
    if not made or _is_gits_own(index_file(repo, environ)):
        return
    _replace_entries(repo, environ, made)
    if is_temporary(repo, environ):
        _replace_entries(repo, {name: value for name, value in environ.items() if name != "GIT_INDEX_FILE"}, made)
    _write(repo, [one for one in notes if one.head == head])


def _replace_entries(repo: Repo, environ: "Mapping[str, str]", made: "Sequence[Replaced]") -> None:
    now = _differences(run_git_at_top(repo, environ, _DIFF))
    fixed = {
        one.path: (one.new_mode, one.new_blob or "0" * len(one.blob))
        for one in made
        if now.get(one.path) == ((one.new_mode, one.new_blob), (one.mode, one.blob))
    }
    write_index_entries(repo, environ, fixed, None)


def _differences(output: bytes) -> "dict[bytes, tuple[tuple[int, str], tuple[int, str]]]":
    """Return the entry in HEAD and the entry in the index of each path in git's raw output.

    An item of it is `:mode mode blob blob status`, then the path.
    """
    fields = output.split(b"\0")
    found = {}
    for about, path in zip(fields[::2], fields[1::2], strict=False):
        mode, index_mode, blob, index_blob, _ = about[1:].split(b" ")
        found[path] = _entry(mode, blob), _entry(index_mode, index_blob)
    return found


def _entry(mode: bytes, blob: bytes) -> "tuple[int, str]":
    return int(mode, 8), blob.decode("ascii") if blob.strip(b"0") else ""


def load_pending_commits(repo: Repo) -> "list[PendingCommit]":
    """Return the recorded notes. Raises GitError where they cannot be read, or are none of ours."""
    path = _path(repo)
    try:
        return [_to_pending_commit(one) for one in untrusted.items(parse_json(untrusted.read_regular(path).decode()))]
    except FileNotFoundError:
        return []
    except PermissionError as error:
        from dodo_hooks.git.unstaged.lock_holder import unreadable

        raise unreadable(repo.git_dir) from error
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GitError(
            f"{path}, the list of fixes that the index still lacks, is not valid ({reason}); remove it, and check"
            " `git diff --cached` before the next commit"
        ) from error


def _to_pending_commit(value: object) -> PendingCommit:
    head, rows = untrusted.items(value, 2)
    replaced = tuple(Replaced(*untrusted.index_change(*untrusted.items(row, 5))) for row in untrusted.items(rows))
    return PendingCommit(None if head is None else untrusted.blob_id(head), replaced)


def _write(repo: Repo, notes: "Sequence[PendingCommit]") -> None:
    path = _path(repo)
    rows = [[note.head, [[path_text(one.path), *one[1:]] for one in note.replaced]] for note in notes]
    try:
        if not notes:
            os.unlink(path)
            return
        replace_synced(encode_path(path), json_text(rows))
    except FileNotFoundError:  # another process has synced the index
        return
    except OSError as error:
        raise GitError(f"cannot record what was staged in {repo.git_dir}: {error.strerror}") from error


def _path(repo: Repo) -> str:
    return f"{repo.git_dir}/{RESTAGED}"
