"""Questions about the files of an event, and a hook that asks them when git fires it (G4)."""

import sys
from collections.abc import Sequence

from dodo_hooks.git.files import Event, GitQuery, list_files, present
from dodo_hooks.git.repo import find_repo
from kit.repo import Repo

# What a person may have set that must not change a set.
ODD_SETTINGS = {
    "diff.renames": "copies",
    "diff.noprefix": "true",
    "diff.external": "echo external",
    "diff.ignoreSubmodules": "all",
    "diff.relative": "true",
    "diff.orderFile": "order",
    "diff.submodule": "log",
    "color.ui": "always",
    "color.diff": "always",
    "core.quotePath": "true",
    "core.fsmonitor": "touch monitored; true",
    "log.showRoot": "false",
    "log.showSignature": "true",
    "log.decorate": "full",
    "log.diffMerges": "separate",
    "format.pretty": "fuller",
    "status.relativePaths": "true",
}


PROBE = """\
#!{python}
import os, sys
sys.path[:0] = {path!r}
from dodo_hooks.git.files import Event, GitQuery, list_files
from dodo_hooks.git.repo import find_repo
hook = os.path.basename(sys.argv[0])
stdin = sys.stdin.buffer.read() if hook in ("pre-push", "post-rewrite") else b""
event = Event(hook, tuple(sys.argv[1:]), stdin)
changes = list_files({source!r}, GitQuery(find_repo(dict(os.environ), os.getcwd()), dict(os.environ)), event)
with open({firings!r}, "a") as file:
    print(repr(changes), file=file)
"""


class Probe:
    """A hook that records the files of each firing."""

    def __init__(self, repo: Repo, hook: str, source: str) -> None:
        self._log = repo.path.parent / f"firings-{hook}"
        text = PROBE.format(python=sys.executable, path=sys.path, source=source, firings=str(self._log))
        repo.write(f".git/hooks/{hook}", text).chmod(0o755)

    def firings(self) -> "list[dict[bytes, bool] | None]":
        """Return the files of all firings since the last call."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        self._log.unlink(missing_ok=True)
        return [eval(line) for line in lines]

    def files(self) -> "list[bytes]":
        """Return the files of the one firing, without what was deleted."""
        (changes,) = self.firings()
        assert changes is not None
        return list(present(changes))


def asked(repo: Repo, **environ: str) -> GitQuery:
    env = {**repo.env, **environ}
    return GitQuery(find_repo(env, str(repo.path)), env)


def changes_of(
    repo: Repo, source: str, hook: str = "pre-commit", args: Sequence[str] = (), stdin: bytes = b""
) -> "dict[bytes, bool] | None":
    """Return each file of the event, and whether it was deleted; None where it is not known."""
    return list_files(source, asked(repo), Event(hook, tuple(args), stdin))


def ask(repo: Repo, source: str, hook: str = "pre-commit", args: Sequence[str] = (), stdin: bytes = b"") -> list[bytes]:
    changes = changes_of(repo, source, hook, args, stdin)
    assert changes is not None
    return list(present(changes))


def commit(repo: Repo, **files: str) -> str:
    """Commit these files; return the id."""
    for name, content in files.items():
        repo.write(name.replace("__", "/"), content)
    repo.git("add", "-A")
    repo.git("commit", "-q", "--no-verify", "-m", "more")
    return head(repo)


def head(repo: Repo, name: str = "HEAD") -> str:
    return repo.git("rev-parse", name).stdout.strip()
