"""The origin of a snapshot, its paths, and the environment of git and jobs in it (S2, S3, S7; HOT).

COMMON_DIR/dodo-hooks/snapshots/N/       the area of snapshot N; the directory itself is its lock
                                 git/    the git directory that jobs see
                                 index   the index that moves the tree; no job has it
                                 note    what is checked out, and which jobs have run there
                                 modules/NAME/   the same for a submodule
CACHE/dodo-hooks/snapshots/REPO/N/       the tree
                                 N.shared/   copies of shared folders that are not in the tree (shared_copies.py)
"""

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.command import output_of, run_git, start_git
from dodo_hooks.git.repo import main_worktree
from dodo_hooks.git.target import without_replacements
from dodo_hooks.git.variables import without_local
from dodo_hooks.host.posix import encode_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dodo_hooks.git.repo import Repo
    from dodo_hooks.git.target import Target

    Answer = Callable[[], bytes]


class Origin(Record):
    """The worktree that an event was fired in."""

    repo: "Repo"
    environ: "Mapping[str, str]"  # as git gave it to its hook: only `write_index_tree` uses git's variables in it
    cache: str  # the user's directory (host/world.py)


class CheckoutPaths(Record):
    """The area and the tree of one checkout: of a snapshot, or of a submodule in it."""

    area: str
    tree: str

    @property
    def git_dir(self) -> str:
        return f"{self.area}/git"

    @property
    def own_index(self) -> str:
        """The index that moves the tree; jobs have a copy."""
        return f"{self.area}/index"

    @property
    def copies(self) -> str:
        """The folder of the copies that are not in the tree."""
        return f"{self.tree}.shared"

    @property
    def git_link(self) -> bytes:
        """The content of the tree's `.git`."""
        return b"gitdir: %b\n" % encode_path(self.git_dir)

    def submodule(self, path: str) -> "CheckoutPaths":
        """Return the paths of a submodule. `path`: relative to the tree."""
        name = path.replace("%", "%25").replace("/", "%2F")
        return CheckoutPaths(f"{self.area}/modules/{name}", f"{self.tree}/{path}")


class Snapshot(Record):
    """A snapshot that this process holds, until `lock` is closed here and in all that were forked meanwhile."""

    number: int
    paths: CheckoutPaths
    lock: int

    @property
    def tree(self) -> str:
        return self.paths.tree


_NO_INDEX = "dodo-hooks-none"  # no such file


class Caller(Record):
    """The way to call git for a snapshot: with none of the variables that git gave to its hook (S3)."""

    origin: Origin
    lock: int  # that of the snapshot: git holds it too, should we be killed before it
    may_fetch: bool = False  # objects that a partial clone has not

    def ask(self, *args: str, paths: "CheckoutPaths | None" = None) -> "Answer":
        """Start git in the repository of the event, or in a checkout; it runs beside us, and only reads.

        Return what waits for its answer: call it once.

        Raises:
            GitError: it cannot be started; that call raises it too.
        """
        repo = self.origin.repo
        environ = {**self._environ(paths), "GIT_OPTIONAL_LOCKS": "0"}
        top = paths.tree if paths else repo.top or repo.git_dir
        pending = start_git(args, top, environ, repo)
        return lambda: output_of(args, pending.result())

    def git(
        self,
        paths: CheckoutPaths,
        *args: str,
        settings: "Sequence[tuple[str, str]]" = (),
        limit_s: "float | None" = None,
    ) -> bytes:
        """Return what git prints in a checkout, with its private index. Raises GitError, also after `limit_s`."""
        environ = with_settings(self._environ(paths), (("submodule.recurse", "false"), *settings))
        return run_git(args, paths.tree, environ, repo=self.origin.repo, lock=self.lock, limit_s=limit_s)

    def _environ(self, paths: "CheckoutPaths | None") -> "dict[str, str]":
        environ = without_replacements(without_local(self.origin.environ))
        if paths is None:  # without an index: git would read it, for nothing that is asked
            environ.update(GIT_DIR=self.origin.repo.git_dir, GIT_INDEX_FILE=f"{self.origin.repo.git_dir}/{_NO_INDEX}")
        else:
            environ.update(GIT_DIR=paths.git_dir, GIT_WORK_TREE=paths.tree, GIT_INDEX_FILE=paths.own_index)
        if not self.may_fetch:
            # Versions before 2.45 do not know the first; for them no transport is allowed.
            environ.update(GIT_NO_LAZY_FETCH="1", GIT_TERMINAL_PROMPT="0", GIT_ALLOW_PROTOCOL="none")
        return environ


def with_settings(environ: "Mapping[str, str]", settings: "Iterable[tuple[str, str]]") -> "dict[str, str]":
    """Return the environment with these settings of git's added."""
    more, number = dict(environ), int(environ.get("GIT_CONFIG_COUNT") or "0")
    for key, value in settings:
        more[f"GIT_CONFIG_KEY_{number}"], more[f"GIT_CONFIG_VALUE_{number}"] = key, value
        number += 1
    return {**more, "GIT_CONFIG_COUNT": str(number)}


def environment_of(
    environ: "Mapping[str, str]", snapshot: Snapshot, origin: Origin, target: "Target"
) -> "dict[str, str]":
    """Return the environment of a job in the snapshot: no variable leads to the user's repository (S3, S7).

    Git looks for a repository no higher than the tree, even where its `.git` was removed: HOME may be one.
    `environ`: that of the phase.
    """
    ceilings = (snapshot.tree.rpartition("/")[0], environ.get("GIT_CEILING_DIRECTORIES", ""))
    return {
        **without_local(environ),
        "GIT_CEILING_DIRECTORIES": ":".join(filter(None, ceilings)),
        "DODO_WORKTREE": snapshot.tree,
        "DODO_GIT_DIR": snapshot.paths.git_dir,
        "DODO_COMMIT": target.commit or "",
        "DODO_TREE": target.tree,
        "DODO_MAIN_WORKTREE": main_worktree(origin.repo) or "",
    }
