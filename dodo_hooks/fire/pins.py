"""The hook files that were accepted: what a pinned repository is bound to (section 8; HOT).

Bound is all that was read to make the plan: the hook file, what it extends, overlays. Each accepted state stays
accepted, so that one can go back to a branch with an older one.
"""

from dodo_hooks.core.errors import HooksError, StoreError
from dodo_hooks.git.repo import main_worktree
from dodo_hooks.host.posix import os, read_file
from dodo_hooks.store import layout, trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import sha256

    from dodo_hooks.fire.plan_cache import Compiled
    from dodo_hooks.git.repo import Repo
else:
    try:  # `hashlib` is OpenSSL, which takes as long to load as all else that a hook needs
        from _sha2 import sha256
    except ImportError:
        try:
            from _sha256 import sha256  # as it is called before Python 3.12
        except ImportError:
            from hashlib import sha256

Files = dict[str, bytes]  # path, relative to the working tree where it lies inside -> content
MOST_PINS = 50


class FilesChanged(HooksError):
    """A hook file was changed while it was looked at."""


def read_files(compiled: "Compiled", repo: "Repo") -> Files:
    """The files that the plan was made of.

    Raises:
        FilesChanged: one is not what it was then. StoreError: one cannot be read.
    """
    stats = {path: stat for path, stat, _ in compiled.sources}
    tops = (compiled.top, main_worktree(repo) or compiled.top)
    files: Files = {}
    for path in compiled.files:
        try:
            content = read_file(path)
            now = os.stat(path)
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}") from error
        if (now.st_mtime_ns, now.st_ctime_ns, now.st_size, now.st_ino, now.st_dev) != stats[path]:
            raise FilesChanged(f"{path} is being changed: try again")
        # The main working tree's overlay counts in a linked one, too, and is the same file in both.
        names = [path[len(top) + 1 :] for top in tops if path.startswith(f"{top}/")]
        files[next((name for name in names if name not in files), path)] = content
    return files


def digest_of(files: Files) -> str:
    """Names the content of all of them."""
    sums = (f"{sha256(files[path]).hexdigest()} {path}\n" for path in sorted(files))
    return sha256("".join(sums).encode("utf-8", "surrogateescape")).hexdigest()


def accepted_files(state: str, repository: str) -> Files:
    """The files as they were accepted last; none where that is not on record."""
    import json

    try:
        document = json.loads(read_file(layout.accepted_file(state, repository)))
        return {path: text.encode("utf-8", "surrogateescape") for path, text in document.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def keep_accepted(state: str, repository: str, files: Files) -> None:
    """
    Raises:
        StoreError: they cannot be written.
    """
    import json

    document = {path: content.decode("utf-8", "surrogateescape") for path, content in files.items()}
    trust.write_private(layout.accepted_file(state, repository), json.dumps(document).encode())


def difference(before: Files, after: Files) -> list[str]:
    """What has changed, as the lines of a unified diff."""
    from difflib import unified_diff

    lines: list[str] = []
    for path in sorted({*before, *after}):
        old, new = (_lines(files.get(path, b"")) for files in (before, after))
        if old != new or (path in before) != (path in after):
            names = (f"a/{path}" if path in before else "/dev/null", f"b/{path}" if path in after else "/dev/null")
            lines += unified_diff(old, new, *names, lineterm="")
    return lines


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", "surrogateescape").splitlines()
