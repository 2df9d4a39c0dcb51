"""Facts about a repository, read from its files as git reads them, without starting git (HOT).

A `git rev-parse` costs 1.7 ms, a handful of reads 0.1. What is here follows gitrepository-layout(5), and for the
working tree the table of cases in git's own test t1510: a variable wins over the configuration, and the configuration
over the directory.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.ownership import expect_usable
from dodo_hooks.host.posix import decode_path, joined, os, read_file, real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SUBMODULE = b"160000"  # the mode of its entry
TRUE_WORDS = (b"true", b"yes", b"on", b"1")


class Repo(Record):
    """One working tree and its repository. All paths are absolute and without links."""

    top: str  # of the working tree; "" where there is none
    git_dir: str  # of this working tree: HEAD and index are here
    common_dir: str  # of all working trees: branches, hooks and configuration are here

    @property
    def is_linked(self) -> bool:
        """True if the working tree was made by `git worktree add`. A submodule's was not."""
        return self.git_dir != self.common_dir and os.access(f"{self.git_dir}/commondir", os.F_OK)


def find_repo(environ: "Mapping[str, str]", cwd: str) -> Repo:
    """Return the repository that git would use, given its variables and the directory.

    Raises:
        UnsafeRepositoryError: git refuses it, because it belongs to somebody else (section 8).
        GitError: there is none, or a `.git` file or a variable names one that is not there.
    """
    return _find(environ, cwd, is_checked=True)


def locate_repo(environ: "Mapping[str, str]", cwd: str) -> Repo:
    """Return the repository, whoever owns it.

    For callers that read there, and run and obey nothing.

    Raises:
        GitError: as for `find_repo`.
    """
    return _find(environ, cwd, is_checked=False)


def _find(environ: "Mapping[str, str]", cwd: str, is_checked: bool) -> Repo:
    cwd = real(cwd)
    named = environ.get("GIT_DIR")
    if not named:
        git_dir, place = _discover(environ, cwd)
        if is_checked:  # before anything in it is read; one that the caller has named is not checked, as in git
            expect_usable(git_dir, place, environ)
    elif found := _git_dir_at(joined(cwd, named)):
        # git starts its hooks at the top. Inside the git directory (a push is received there) it takes that for the
        # top just the same, which is of no use to anybody.
        git_dir, place = found, "" if f"{cwd}/".startswith(f"{found}/") else cwd
    else:
        raise GitError(f"no git repository at GIT_DIR={named!r}; unset GIT_DIR, or correct it")
    common = environ.get("GIT_COMMON_DIR")
    common_dir = real(joined(cwd, common)) if common else _common_dir(git_dir)
    return Repo(_work_tree(environ, cwd, git_dir, common_dir, place), git_dir, common_dir)


def is_discoverable(repo: Repo, environ: "Mapping[str, str]") -> bool:
    """Return whether git finds this repository from its top, and uses it; if not, background jobs need variables (R11).

    `environ`: without what names a repository.

    A repository without a working tree never counts as found: the directory of its jobs is not ours to guess.
    """
    if not repo.top:
        return False
    try:
        found = find_repo(environ, repo.top)
    except GitError:
        return False
    return found.top == repo.top and found.git_dir == repo.git_dir


def main_worktree(repo: Repo) -> "str | None":
    """Return the top of the main working tree; None where there is none, in a bare repository."""
    if not repo.is_linked:
        return repo.top or None
    is_bare, configured = configured_tree(repo.common_dir, repo.common_dir)
    if is_bare:
        return None
    if configured:
        return real(joined(repo.common_dir, configured))
    # A git directory of another name stands elsewhere, and does not know where its working tree is.
    return repo.common_dir.removesuffix("/.git") if repo.common_dir.endswith("/.git") else None


def index_file(repo: Repo, environ: "Mapping[str, str]") -> str:
    """Return the path of the index that git uses.

    A relative one is relative to the top, where git goes before it reads the index.
    """
    named = environ.get("GIT_INDEX_FILE")
    return joined(repo.top, named) if named else f"{repo.git_dir}/index"


# The repository


def _discover(environ: "Mapping[str, str]", cwd: str) -> "tuple[str, str]":
    """Return the git directory, and the top of the working tree where it was found ("" where it is bare)."""
    place, ceiling = cwd, _ceiling(environ, cwd)
    while True:
        base = place.rstrip("/")
        if git_dir := _git_dir_at(f"{base}/.git"):
            return git_dir, place
        if _is_git_dir(place):
            return place, ""
        above = base.rpartition("/")[0] or "/"
        if not base or above == ceiling:
            raise GitError(f"{cwd} is not in a git repository; run `git init` to create one")
        if _is_mount_point(place, above) and not _may_cross(environ):
            raise GitError(
                f"{cwd} is not in a git repository, up to the mount point {place}; "
                "set GIT_DISCOVERY_ACROSS_FILESYSTEM=1 to search above it"
            )
        place = above


def _ceiling(environ: "Mapping[str, str]", cwd: str) -> str:
    """Return the nearest directory above `cwd` where git stops (git(1), GIT_CEILING_DIRECTORIES); "" for none."""
    ceilings, is_resolved = [""], True
    for entry in environ.get("GIT_CEILING_DIRECTORIES", "").split(":"):
        if not entry:  # what follows an empty entry holds no links
            is_resolved = False
        elif entry.startswith("/"):
            path = (real(entry) if is_resolved else entry).rstrip("/") or "/"
            if cwd.startswith(f"{path.rstrip('/')}/") and cwd != path:
                ceilings.append(path)
    return max(ceilings, key=len)


def _is_mount_point(place: str, above: str) -> bool:
    try:
        return os.stat(place).st_dev != os.stat(above).st_dev
    except OSError:  # it is not there any more: what is above may be
        return False


def _may_cross(environ: "Mapping[str, str]") -> bool:
    return environ.get("GIT_DISCOVERY_ACROSS_FILESYSTEM", "").lower() not in ("", "0", "false", "no", "off")


def _git_dir_at(path: str) -> "str | None":
    """Return the git directory at `path`, or the one that a `.git` file names (in linked worktrees and submodules)."""
    if _is_git_dir(path):
        return real(path)
    try:
        content = read_file(path)
    except OSError:  # not there, or a directory with something else in it: git looks further up, too
        return None
    target = content[7:].strip(b" \r\n") if content.startswith(b"gitdir:") and b"\0" not in content else b""
    target_dir = joined(path.rpartition("/")[0], decode_path(target))
    if not target or not _is_git_dir(target_dir):
        raise GitError(f"{path} does not lead to a git repository; run `git worktree repair`")
    return real(target_dir)


def _is_git_dir(path: str) -> bool:
    if not os.access(f"{path}/HEAD", os.F_OK):
        return False
    common_dir = _common_dir(path)
    return os.access(f"{common_dir}/objects", os.X_OK) and os.access(f"{common_dir}/refs", os.X_OK)


def _common_dir(git_dir: str) -> str:
    try:
        content = read_file(f"{git_dir}/commondir")
    except OSError:
        return git_dir
    return real(joined(git_dir, decode_path(content.rstrip(b"\r\n"))))


def _work_tree(environ: "Mapping[str, str]", cwd: str, git_dir: str, common_dir: str, place: str) -> str:
    named = environ.get("GIT_WORK_TREE")
    if named:
        return real(joined(cwd, named))
    is_bare, configured = configured_tree(git_dir, common_dir)
    if is_bare:
        return ""
    if configured:
        return real(joined(git_dir, configured))
    # Together with GIT_DIR this says that there is none. Alone it is left from a command in a bare repository, such as
    # the `worktree add` whose post-checkout runs in the new working tree.
    return "" if environ.get("GIT_DIR") and environ.get("GIT_IMPLICIT_WORK_TREE") == "0" else place


# The configuration, as far as it says where the working tree is


def configured_tree(git_dir: str, common_dir: str) -> "tuple[bool, str]":
    """Return core.bare and core.worktree ("" if not set). A linked worktree takes them from its own file alone."""
    shared = _settings(f"{common_dir}/config")
    settings = dict(shared) if git_dir == common_dir else {}
    if shared.get(b"extensions.worktreeconfig", b"").lower() in TRUE_WORDS:
        settings.update(_settings(f"{git_dir}/config.worktree"))
    return settings.get(b"core.bare", b"").lower() in TRUE_WORDS, decode_path(settings.get(b"core.worktree", b""))


def _settings(path: str) -> "dict[bytes, bytes]":
    """Return the settings of the sections `core` and `extensions`.

    Includes are not followed: git does not follow them here, either.
    """
    found: dict[bytes, bytes] = {}
    section = b""
    try:
        content = read_file(path)
    except OSError:
        return found
    for line in content.split(b"\n"):
        line = line.strip()
        if line.startswith(b"["):
            header, _, line = line[1:].partition(b"]")
            section = header.strip().lower()
        if section in (b"core", b"extensions") and line:
            key, equals, value = line.partition(b"=")
            found[section + b"." + key.strip().lower()] = _value(value) if equals else b"true"
    return found


def _value(text: bytes) -> bytes:
    """Return a value without its quotes, escapes and comment (git-config(1), "Syntax")."""
    value, end, quoted = bytearray(), 0, False
    characters = iter(text.strip())
    for character in characters:
        if character in b"#;" and not quoted:
            break
        if character == ord('"'):
            quoted = not quoted
            continue
        if character == ord("\\"):
            character = next(characters, ord("\\"))
            character = {ord("n"): 10, ord("t"): 9, ord("b"): 8}.get(character, character)
        value.append(character)
        if quoted or character not in b" \t":
            end = len(value)
    return bytes(value[:end])
