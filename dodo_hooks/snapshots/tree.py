"""Moving the tree of a snapshot from one commit to another (S4; HOT).

Unchanged files keep their times, and ignored build products stay, so that the next job is as quick as in the user's
worktree. That is right only if git would write each unchanged file as it is now: where anything differs by which git
decides how a file is written, the tree is emptied first.
"""

from dodo_hooks.core.digests import sha256
from dodo_hooks.core.errors import CheckoutError, GitError
from dodo_hooks.git.content.conversions import outer_attributes
from dodo_hooks.host.files.atomic_files import unlink
from dodo_hooks.host.posix import decode_path, encode_path, os, read_file
from dodo_hooks.snapshots.git_directory import Settings, remove
from dodo_hooks.snapshots.model import Caller, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_KEYS = (
    *(b"core.attributesfile", b"core.autocrlf", b"core.eol", b"core.checkroundtripencoding", b"core.filemode"),
    *(b"core.ignorecase", b"core.symlinks", b"core.sparsecheckout", b"core.sparsecheckoutcone"),
)
_FILTER, _SUBMODULE = b"filter.", b"160000"


def conversions_of(caller: Caller, settings: Settings) -> str:
    """Return a digest of all outside of the commit that decides how its files are written."""
    repo, environ = caller.origin.repo, caller.origin.environ
    values = settings.values
    parts = [b"%b=%b" % one for one in sorted(values.items()) if one[0] in _KEYS or one[0].startswith(_FILTER)]
    parts += outer_attributes(repo, environ)
    named = decode_path(values.get(b"core.attributesfile", b""))
    if named.startswith("~/"):
        named = environ.get("HOME", "") + named[1:]
    for path in (named, f"{repo.git_dir}/info/sparse-checkout"):
        try:
            parts.append(read_file(path))
        except OSError:
            parts.append(b"")
    return sha256(b"\0".join(parts)).hexdigest()


def attributes_differ(caller: Caller, place: Place, one: str, other: str) -> bool:
    """Return whether an attributes file differs between two trees, or cannot be compared any more."""
    args = ("diff-tree", "-r", "--name-only", "--no-renames", one, other, "--", ":(glob,top)**/.gitattributes")
    try:
        return one != other and bool(caller.git(place, *args))
    except GitError:  # the old tree was pruned
        return True


def move_tree(
    caller: Caller, place: Place, tree: str, settings: Settings, *, keeps_ignored: bool, kept: "Sequence[str]"
) -> None:
    """Make the files those of the tree, and remove untracked ones; the ignored ones too unless they are kept.

    `kept`: patterns of what stays in any case.

    Raises:
        GitError: it failed half way.
    """
    filters = {key.rpartition(b".")[0] for key, value in settings.values.items() if _writes_files(key, value)}
    required = [(decode_path(name) + ".required", "true") for name in filters]
    caller.git(place, "read-tree", "-u", "--reset", tree, settings=required)
    caller.git(place, "clean", "-q", "-ffd" if keeps_ignored else "-ffdx", *(f"--exclude={one}" for one in kept))


def _writes_files(key: bytes, value: bytes) -> bool:
    return key.startswith(_FILTER) and key.endswith((b".smudge", b".process")) and value != b""


def empty_tree(place: Place) -> None:
    """Remove all files but `.git`, and the index. Raises CheckoutError, OSError."""
    unlink(place.own_index)
    unlink(f"{place.own_index}.lock")
    for name in os.listdir(place.tree):
        if name != ".git":
            remove(f"{place.tree}/{name}")


def folders_of(caller: Caller, place: Place, tree: str) -> "tuple[list[str], dict[str, str]]":
    """Return the folders of a tree, its top as "", and the commits of its submodules. Raises GitError."""
    folders, submodules = [""], {}
    for line in caller.git(place, "ls-tree", "-r", "-d", "-z", tree).split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, _, oid = about.split(b" ")
        if mode == _SUBMODULE:
            submodules[decode_path(path)] = oid.decode("ascii")
        else:
            folders.append(decode_path(path))
    return folders, submodules


def remove_special_files(place: Place, folders: "Iterable[str]") -> None:
    """Remove FIFOs, sockets and devices beside tracked files: git does not see them. Raises OSError."""
    for folder in folders:
        try:
            listed = os.scandir(f"{place.tree}/{folder}")
        except (FileNotFoundError, NotADirectoryError):  # left out of a sparse checkout
            continue
        with listed:
            special = [one.path for one in listed if not _is_usual(one)]
        for path in special:
            unlink(path)


def _is_usual(one: "os.DirEntry[str]") -> bool:
    return one.is_file(follow_symlinks=False) or one.is_dir(follow_symlinks=False) or one.is_symlink()


def reject_unless_toplevel(caller: Caller, place: Place) -> None:
    """Raise CheckoutError unless git would write to this tree with this git directory (S3)."""
    found = caller.git(place, "rev-parse", "--show-toplevel", "--absolute-git-dir")
    if found != encode_path(f"{place.tree}\n{place.git_dir}\n"):
        raise CheckoutError(f"git would write to {decode_path(found)}, not to {place.tree}")
