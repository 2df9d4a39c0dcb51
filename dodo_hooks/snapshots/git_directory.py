"""The git directory of a snapshot, written anew before each job (S2; HOT).

Nothing in it leads back to the user's repository but `objects/info/alternates`, from which git only reads. It is
written over whatever a job has left, links and directories in the place of files included. Each file is replaced in one
step, since another job of the same invocation may be at work there.
"""

from dodo_hooks.core.errors import CheckoutError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.head import head_of
from dodo_hooks.git.target import Target
from dodo_hooks.git.untrusted import is_tracked_path
from dodo_hooks.host.files.atomic_files import put
from dodo_hooks.host.files.file_owner import make_folder
from dodo_hooks.host.files.file_tree import remove_tree
from dodo_hooks.host.posix import decode_path, encode_path, is_real_folder, joined, os, read_file
from dodo_hooks.snapshots.model import Caller, CheckoutPaths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dodo_hooks.snapshots.model import Answer

_OWN_SCOPES = (b"local", b"worktree")
_SETTINGS = b"""\
[core]
\tbare = false
\thooksPath = /dev/null
\tfsmonitor = false
\tsplitIndex = false
\tuntrackedCache = false
\tignoreStat = false
\ttrustctime = true
\tcheckStat = default
[gc]
\tauto = 0
[maintenance]
\tauto = false
"""
_EXTENSIONS = (b"objectformat", b"partialclone")
_LIST = ("config", "--list", "--show-scope", "--show-origin", "-z", "--includes")
_REFS = "%(objectname) %(refname) %(symref)"
# With replacements the tree would not be the one that is pushed.
_NOT_COPIED = (b"refs/stash", b"refs/bisect/", b"refs/worktree/", b"refs/rewritten/", b"refs/replace/")
_FOLDERS = ("info", "objects", "objects/info", "objects/pack", "refs")
_INFO = ("attributes", "exclude", "grafts")  # and sparse-checkout, which each worktree has of its own
_KEPT = ("HEAD", "config", "index", "packed-refs", "shallow", *_FOLDERS[:2], "refs")


class Settings(Record):
    """The configuration of a worktree: each value with the file that it comes from, and the file's scope."""

    entries: "tuple[tuple[bytes, str, bytes, bytes], ...]"  # scope, file, key, value; later ones win

    @property
    def values(self) -> "dict[bytes, bytes]":
        return {key: value for _, _, key, value in self.entries}

    def files(self) -> "dict[str, bytes]":
        """Return the scope of each file."""
        return {file: scope for scope, file, _, _ in self.entries}


def ask_settings(caller: Caller) -> "Callable[[], Settings]":
    """Begin to read the configuration of the firing worktree; return what waits for it.

    Raises:
        GitError: git cannot be started. That call raises it, too.
    """
    repo, listed = caller.origin.repo, caller.ask(*_LIST)
    return lambda: _parse_settings(listed(), repo.top or repo.git_dir)


def ask_refs(caller: Caller) -> "Answer":
    """Begin to list the refs, for `write_git_directory`. Raises GitError."""
    return caller.ask("for-each-ref", f"--format={_REFS}")


def write_git_directory(
    caller: Caller,
    paths: CheckoutPaths,
    target: Target,
    settings: Settings,
    refs: "Answer",
    excludes: "tuple[bytes, ...]",
) -> None:
    """Write all but the objects anew. `refs`: of `ask_refs`; `excludes`: patterns of what is ignored besides.

    Raises:
        GitError, OSError: it cannot be done.
    """
    origin, git_dir = caller.origin, paths.git_dir
    repo = origin.repo
    _make_folders(git_dir)
    _put(f"{git_dir}/objects/info/alternates", _quoted(encode_path(f"{repo.common_dir}/objects")) + b"\n")
    _write_refs(refs(), git_dir)
    head = target.head or f"ref: refs/heads/{head_of(repo, origin.environ)[0] or 'main'}"
    _put(f"{git_dir}/HEAD", encode_path(f"{head}\n"))
    sources = {name: f"{repo.common_dir}/info/{name}" for name in _INFO}
    sources["sparse-checkout"] = f"{repo.git_dir}/info/sparse-checkout"
    for name, source in sources.items():
        content = _content(source)
        if name == "exclude" and excludes:
            content = b"\n".join((content or b"", *excludes, b""))
        _put(f"{git_dir}/info/{name}", content)
    _put(f"{git_dir}/shallow", _content(f"{repo.common_dir}/shallow"))
    _write_config(caller, paths, settings)


def write_index(paths: CheckoutPaths) -> None:
    """Give the jobs a copy of the index that the tree was moved with. Raises OSError."""
    _put(f"{paths.git_dir}/index", read_file(paths.own_index))


def _make_folders(git_dir: str) -> None:
    """Make the folders, and remove whatever else is there but objects, and the files that will be replaced."""
    for name in ("", *_FOLDERS):
        make_real_folder(f"{git_dir}/{name}".rstrip("/"))
    kept = {"": _KEPT, "info": (*_INFO, "sparse-checkout"), "refs": (), "objects/info": ("alternates",)}
    for folder, names in kept.items():
        for name in os.listdir(f"{git_dir}/{folder}"):
            if name not in names:
                remove(f"{git_dir}/{folder}/{name}")


def make_real_folder(path: str) -> None:
    """Make a folder, in the place of a link or of anything else that is none. Raises OSError."""
    if not is_real_folder(path):
        remove(path)
        make_folder(path)


def remove(path: str) -> None:
    """Remove a file, a link, or a folder with all in it. Raises CheckoutError."""
    if not remove_tree(encode_path(path)):
        raise CheckoutError(f"cannot remove {path}")


def _write_refs(refs: bytes, git_dir: str) -> None:
    packed = [b"# pack-refs with: sorted \n"]
    for line in refs.splitlines():
        oid, name, symref = line.split(b" ")
        if name.startswith(_NOT_COPIED):
            continue
        if symref and is_tracked_path(name):
            folder = git_dir
            for part in decode_path(name).split("/")[:-1]:
                make_real_folder(folder := f"{folder}/{part}")
            _put(f"{git_dir}/{decode_path(name)}", b"ref: %b\n" % symref)
        else:
            packed.append(b"%b %b\n" % (oid, name))
    _put(f"{git_dir}/packed-refs", b"".join(packed))


def _write_config(caller: Caller, paths: CheckoutPaths, settings: Settings) -> None:
    repo, values = caller.origin.repo, settings.values
    extensions = [(key, values[b"extensions." + key]) for key in _EXTENSIONS if b"extensions." + key in values]
    head = b"[core]\n\trepositoryformatversion = %d\n" % bool(extensions)
    if extensions:
        head += b"[extensions]\n" + b"".join(b"\t%b = %b\n" % (key, _quoted(value)) for key, value in extensions)
    own = [f"{repo.common_dir}/config", f"{repo.git_dir}/config.worktree"]
    own = [path for path in own if path in settings.files()]
    path, last = f"{paths.git_dir}/config", _SETTINGS + _without_hooks(values)
    _put(path, head + _includes(own) + last)
    if any(key.startswith(b"includeif.") for key in values):
        # What a condition on the user's git directory or branch includes is included by its path.
        found = _parse_settings(caller.git(paths, *_LIST), paths.tree).files()
        more = [(file, scope in _OWN_SCOPES) for file, scope in settings.files().items() if file not in found]
        outer, inner = ([file for file, is_own in more if is_own == wanted] for wanted in (False, True))
        _put(path, head + _includes([*outer, *own, *inner]) + last)


def _without_hooks(values: "dict[bytes, bytes]") -> bytes:
    """Return what turns off the hooks that git's configuration defines, whatever the hooks directory is (git 2.54)."""
    names = [key[5:-8] for key in values if key.startswith(b"hook.") and key.endswith(b".command")]
    return b"".join(b"[hook %b]\n\tenabled = false\n" % _quoted(name) for name in names)


def _includes(paths: "list[str]") -> bytes:
    return b"".join(b"[include]\n\tpath = %b\n" % _quoted(encode_path(path)) for path in paths)


def _parse_settings(listed: bytes, base: str) -> Settings:
    fields, entries = listed.split(b"\0"), []
    for scope, origin, setting in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        key, _, value = setting.partition(b"\n")
        if origin.startswith(b"file:"):
            entries.append((scope, joined(base, decode_path(origin[5:])), key, value))
    return Settings(tuple(entries))


def _quoted(value: bytes) -> bytes:
    """Return a value as git-config(1) reads it, and a path as `objects/info/alternates` may have it."""
    for character, escaped in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n"), (b"\t", b"\\t")):
        value = value.replace(character, escaped)
    return b'"%b"' % value


def _content(path: str) -> "bytes | None":
    try:
        return read_file(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _put(path: str, content: "bytes | None") -> None:
    """Replace a file in one step, whatever stands there; None: there is to be none."""
    if content is None or is_real_folder(path):
        remove(path)
    if content is not None:
        put(path, content, 0o600)
