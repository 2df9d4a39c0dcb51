"""The choice of the git program (section 8; HOT)."""

from dodo_hooks.git.repo import real
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dodo_hooks.git.repo import Repo

_PATH = "/bin:/usr/bin"  # where there is no PATH: what execvp(3) does


def git_program(environ: "Mapping[str, str]", repo: "Repo") -> str:
    """Return the path of the first git in PATH that this repository cannot have brought along.

    Raises:
        FileNotFoundError: there is none.
    """
    return git_outside(environ, (repo.top, repo.git_dir, repo.common_dir))


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
        return os.access(path, os.X_OK) and os.stat(path).st_mode & 0o170000 == 0o100000  # S_IFREG, after links
    except OSError:
        return False
