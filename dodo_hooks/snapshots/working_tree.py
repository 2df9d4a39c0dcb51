"""Moving the tree of a snapshot from one commit to another (S4; HOT).

Unchanged files keep their times, and ignored build products stay, so that the next job is as quick as in the user's
worktree. That is right only if git would write each unchanged file as it is now: where anything differs by which git
decides how a file is written, the tree is emptied first.
"""

from dodo_hooks.core.digests import sha256
from dodo_hooks.core.errors import CheckoutError, GitError
from dodo_hooks.git.content.conversions import chosen_rules
from dodo_hooks.git.repo import SUBMODULE
from dodo_hooks.host.files.atomic_files import unlink
from dodo_hooks.host.files.file_tree import walk
from dodo_hooks.host.posix import S_ISFIFO, decode_path, encode_path, is_real_folder, os, try_read
from dodo_hooks.snapshots.git_directory import Settings, remove
from dodo_hooks.snapshots.model import Caller, CheckoutPaths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dodo_hooks.snapshots.model import Answer
    from dodo_hooks.snapshots.note import Note

_KEYS = (b"core.filemode", b"core.ignorecase", b"core.sparsecheckout", b"core.sparsecheckoutcone")
_FILTER, _FOLDER = b"filter.", b"040000"
_CLEAN_S = 2.0  # for `git clean`; then something may hold it
LATE_NS = 20_000_000  # by which the clock of a file system may be behind


def conversions_of(caller: Caller, settings: Settings) -> str:
    """Return a digest of all outside of the commit that decides how its files are written."""
    repo, values = caller.origin.repo, settings.values
    parts = [b"%b=%b" % one for one in sorted(values.items()) if one[0] in _KEYS]
    parts += chosen_rules(repo, caller.origin.environ, values)
    if patterns := try_read(f"{repo.git_dir}/info/sparse-checkout"):
        parts.append(patterns)
    return sha256(b"\0".join(parts)).hexdigest()


def ask_changes(caller: Caller, old: str, new: str) -> "Answer":
    """Begin to compare two trees, for `changed_folders`. Raises GitError."""
    return caller.ask("diff-tree", "-r", "-t", "-z", "--no-renames", old, new)


def changed_folders(changes: "Answer") -> "tuple[list[str], list[str]] | None":
    """Return the folders that only the new tree has, and those that only the old one has.

    None: an attributes file differs, or nobody can know.
    """
    try:
        fields = changes().split(b"\0")
    except GitError:  # the old tree was pruned
        return None
    if any(path.endswith(b".gitattributes") for path in fields[1::2]):
        return None
    added: list[str] = []
    removed: list[str] = []
    for about, path in zip(fields[::2], fields[1::2], strict=False):  # about: `:MODE MODE ...`
        before, after = about[1:7], about[8:14]
        if before != after and _FOLDER in (before, after):
            (added if after == _FOLDER else removed).append(decode_path(path))
    return added, removed


def move_tree(caller: Caller, new: "Note", settings: Settings, clean: str) -> None:
    """Make the files those of the commit or tree, and remove others. `clean`: the option of git-clean(1).

    Raises:
        GitError: it failed half way.
    """
    paths = new.paths
    filters = {key.rpartition(b".")[0] for key, value in settings.values.items() if _writes_files(key, value)}
    required = [(decode_path(name) + ".required", "true") for name in filters]
    checkout = ["read-tree", "-u", "--reset", new.tree]
    if new.commit:  # quicker: files are compared in threads, and trees that the index knows are not read
        checkout = ["checkout", "-q", "-f", "--detach", f"{new.commit}^0", "--"]  # the mere id may be a branch's name
    caller.git(paths, *checkout, settings=[*required, ("core.logAllRefUpdates", "false")])  # no job sees how HEAD moved
    try:
        caller.git(paths, "clean", "-q", clean, limit_s=_CLEAN_S)
    except GitError:
        _remove_fifos(paths)
        caller.git(paths, "clean", "-q", clean)


def _remove_fifos(paths: CheckoutPaths) -> None:
    """Remove the FIFOs named `.gitignore`. Git reads that in each untracked folder, and would wait for ever.

    They are not searched each time: that would take longer than all else.
    """
    for path in walk(encode_path(paths.tree)):
        if path.endswith(b"/.gitignore") and S_ISFIFO(os.lstat(path).st_mode):
            unlink(path)


def _writes_files(key: bytes, value: bytes) -> bool:
    return key.startswith(_FILTER) and key.endswith((b".smudge", b".process")) and value != b""


def empty_tree(paths: CheckoutPaths) -> None:
    """Remove all files but `.git`, and the index. Raises CheckoutError, OSError."""
    unlink(paths.own_index)
    unlink(f"{paths.own_index}.lock")
    for name in os.listdir(paths.tree):
        if name != ".git":
            remove(f"{paths.tree}/{name}")


def ask_folders(caller: Caller, tree: str) -> "Answer":
    """Begin to list a tree, for `folders_of`. Raises GitError."""
    return caller.ask("ls-tree", "-r", "-d", "-z", "--full-tree", tree)


def folders_of(listed: bytes) -> "tuple[list[str], dict[str, str]]":
    """Return the folders of a tree, its top as "", and the commits of its submodules."""
    folders, submodules = [""], {}
    for line in listed.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, _, oid = about.split(b" ")
        if mode == SUBMODULE:
            submodules[decode_path(path)] = oid.decode("ascii")
        else:
            folders.append(decode_path(path))
    return folders, submodules


def remove_strays(paths: CheckoutPaths, folders: "Iterable[str]", added: "Iterable[str]", ended_ns: int) -> None:
    """Remove what jobs have left beside tracked files, and what git would not see, obey or wait for.

    These are FIFOs and devices, repositories, and new files that say what is ignored or converted; git writes the
    tracked ones again. Only folders that have changed since the last checkout ended are searched. `added`: those that
    only the new tree has, so all that is there already goes. A folder that has become a link is left to git, which does
    not follow it.

    Raises:
        CheckoutError, OSError: something cannot be removed.
    """
    new, real, since_ns = frozenset(added), {""}, ended_ns - LATE_NS
    for folder in sorted(folders):  # each after the one that it is in
        path, above = f"{paths.tree}/{folder}", folder.rpartition("/")[0]
        if above not in real or not is_real_folder(path):
            real.discard(folder)
        elif folder in new:
            remove(path)
        else:
            real.add(folder)
            if os.lstat(path).st_ctime_ns >= since_ns:
                with os.scandir(path) as listed:
                    strays = [one.path for one in listed if _is_stray(one, folder, since_ns)]
                for one in strays:
                    remove(one)


def _is_stray(one: "os.DirEntry[str]", folder: str, since_ns: int) -> bool:
    if one.name == ".git":
        return folder != ""
    if one.name in (".gitattributes", ".gitignore") and one.stat(follow_symlinks=False).st_ctime_ns >= since_ns:
        return True
    return not (one.is_file(follow_symlinks=False) or one.is_dir(follow_symlinks=False) or one.is_symlink())


def ask_toplevel(caller: Caller, paths: CheckoutPaths) -> "Answer":
    """Begin to ask which tree git would write to, for `reject_unless_toplevel`. Raises GitError."""
    return caller.ask("rev-parse", "--show-toplevel", "--absolute-git-dir", paths=paths)


def reject_unless_toplevel(paths: CheckoutPaths, toplevel: "Answer") -> None:
    """Raise CheckoutError unless git would write to this tree with this git directory (S3)."""
    found = toplevel()
    if found != encode_path(f"{paths.tree}\n{paths.git_dir}\n"):
        places = " and ".join(decode_path(found).splitlines())
        raise CheckoutError(f"git would write to {places}, not to {paths.tree}")
