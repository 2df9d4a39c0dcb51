"""The owner of a repository: whether git would use it, and which git it cannot have brought along (section 8; HOT).

Whoever can write a git directory says what is run there, by hooks, filters and `core.fsmonitor`. So git uses what it
discovers only where it belongs to the effective user. We check the same three owners, by lstat(2), and where all are
right nothing more is done. Else git itself decides, so that `safe.directory` and `safe.bareRepository` mean what they
mean to git, of any version.
"""

from dodo_hooks.core.errors import UnsafeRepositoryError
from dodo_hooks.host.posix import S_ISREG, joined, os, real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROOT = 0
# With these in its environment git would discover nothing by itself.
_NAMING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR")
_PATH = "/bin:/usr/bin"  # where there is no PATH: what execvp(3) does


def expect_usable(git_dir: str, place: str, environ: "Mapping[str, str]") -> None:
    """Raise where git refuses the repository.

    `git_dir`: the discovered git directory. `place`: the directory whose `.git` led to it; "" where it is bare.

    Raises:
        UnsafeRepositoryError: in git's own words.
    """
    if place and all(_is_own(path, environ) for path in dict.fromkeys((f"{place}/.git", place, git_dir))):
        return
    _ask_git(git_dir, place or git_dir, environ)


def _is_own(path: str, environ: "Mapping[str, str]") -> bool:
    """Return whether the effective user owns the path, as git's `is_path_owned_by_current_uid`.

    For root under sudo, the owner may also be the user who called sudo.
    """
    try:
        owner = os.lstat(path).st_uid
    except OSError:
        return False
    user = os.geteuid()
    if user != _ROOT or owner == _ROOT:
        return owner == user
    return environ.get("SUDO_UID") == str(owner)


def _ask_git(git_dir: str, place: str, environ: "Mapping[str, str]") -> None:
    """Raise git's own error about the repository.

    Git discovers the repository by itself; `rev-parse` runs nothing there.
    """
    from dodo_hooks.core.text.terminal_text import escape
    from dodo_hooks.host.capture import capture

    environ = {name: value for name, value in environ.items() if name not in _NAMING}
    try:
        argv = (git_outside(environ, (place, git_dir)), "-C", place, "rev-parse", "--git-dir")
        done = capture(argv, environ)
    except OSError as error:
        raise UnsafeRepositoryError(f"git cannot be started in {escape(place)}: {error.strerror}") from error
    if done.exit_code:
        lines = done.said.decode("utf-8", "surrogateescape").removeprefix("fatal: ").strip().split("\n")
        message = "\n".join(escape(line.replace("\t", "    ")) for line in lines)
        raise UnsafeRepositoryError(message or f"git does not use the repository at {escape(place)}")
    found = done.output.decode("utf-8", "surrogateescape").removesuffix("\n")
    if real(joined(place, found)) != git_dir:  # git does not take it for a repository
        raise UnsafeRepositoryError(f"{escape(git_dir)} is not a git repository; git uses {escape(found)} there")


def git_outside(environ: "Mapping[str, str]", directories: "Sequence[str]") -> str:
    """Return the path of the first git in PATH that lies in none of these directories, which are without links.

    Entries that are not absolute are left out, since they lead into the working tree that we stand in.

    Raises:
        FileNotFoundError: there is none.
    """
    # A repository whose working tree is the whole file system has git in it.
    outside_of = [f"{directory}/" for directory in directories if directory not in ("", "/")]
    for directory in (environ.get("PATH") or _PATH).split(":"):
        path = f"{directory}/git"
        if directory.startswith("/") and _is_program(path):
            place = f"{real(directory)}/"
            if not any(place.startswith(inside) for inside in outside_of):
                return path
    raise FileNotFoundError(2, "no git in PATH (only absolute directories outside of the repository count)")


def _is_program(path: str) -> bool:
    try:
        return os.access(path, os.X_OK) and S_ISREG(os.stat(path).st_mode)  # after links
    except OSError:
        return False
