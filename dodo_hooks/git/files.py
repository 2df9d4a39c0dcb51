"""The files of an event, queried from git, as bytes relative to the top (G4; HOT).

Each file set takes one git process where that is possible, and plumbing where that is as fast: no `diff.*` setting of
the user's changes the result. Submodules are left out. A rename is a deletion and an addition.

What is pushed is, for a ref that the remote has, the difference between there and here, also where a push is forced.
For a new ref, and for one whose old commit is not here, it is what the commits change that no remote-tracking branch of
this remote has. Of a merge, that is what differs from all of its parents.
"""

from dodo_hooks.core.file_sets import BEFORE_A_COMMIT
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import ALL, CHANGED, PUSHED, STAGED
from dodo_hooks.git.command import argv_of, git_program, not_started, output_of
from dodo_hooks.git.head import head_of
from dodo_hooks.git.repo import SUBMODULE
from dodo_hooks.host.capture import Captured, capture
from dodo_hooks.host.posix import encode_path, os, try_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.git.repo import Repo

    Changes = dict[bytes, bool]  # each path, in git's order, and whether it is one that is not there any more

_RAW = ("--raw", "-z", "--no-renames", "--no-abbrev")
_LOG = ("log", "--format=", *_RAW, "--no-color", "-O/dev/null")
# Settings that could change the output, or run something, and for which there is no option.
_SETTINGS = ("core.fsmonitor=false", "i18n.logOutputEncoding=UTF-8", "log.showRoot=true", "log.showSignature=false")
_AT_HEAD = ("post-commit", "post-applypatch", "worktree-post-create", "post-clone")  # what HEAD is, is what has changed
_NOTHING = b"000000"


class Event(Record):
    """A hook that git fires, with its arguments and its standard input."""

    hook: str
    args: "tuple[str, ...]"
    stdin: bytes


class GitQuery(Record):
    """A repository to query, in the environment that git gave its hook: the index is the one of this commit."""

    repo: "Repo"
    environ: "Mapping[str, str]"

    def git(self, *args: str, stdin: bytes = b"") -> bytes:
        """Return what `git ARGS` prints.

        Raises:
            GitError: git failed; with the error that it printed.
        """
        return output_of(args, self.attempt(*args, stdin=stdin))

    def attempt(self, *args: str, stdin: bytes = b"") -> Captured:
        """Run `git ARGS`, and return the result also where git fails.

        The call fires no hook, and takes no lock that git can do without (R11).
        """
        top = self.repo.top
        environ = {**self.environ, "GIT_OPTIONAL_LOCKS": "0"}
        if environ.get("GIT_DIR"):  # it may be relative to where we are
            environ["GIT_DIR"], environ["GIT_WORK_TREE"] = self.repo.git_dir, top
        try:
            return capture(argv_of(git_program(environ, self.repo), top, args, _SETTINGS), environ, stdin)
        except OSError as error:
            raise not_started(top, error) from error


def list_files(source: str, query: GitQuery, event: Event) -> "Changes | None":
    """Return the files of a source: STAGED, PUSHED, ALL or CHANGED; None where the event does not define them.

    Raises:
        GitError: git failed.
    """
    if source == ALL:
        return _tracked(query)
    if source == STAGED or (source == CHANGED and event.hook in BEFORE_A_COMMIT):
        return _staged(query)
    if event.hook == "pre-push" and source in (PUSHED, CHANGED):
        return _pushed(query, event) if event.args or event.stdin else None
    return _changed(query, event) if source == CHANGED else None


def present(changes: "Changes") -> "tuple[bytes, ...]":
    """Return the paths that have not been deleted."""
    return tuple(path for path, is_deleted in changes.items() if not is_deleted)


def _staged(query: GitQuery) -> "Changes":
    if head_of(query.repo, query.environ)[1] is not None:
        return parse_raw(query.git("diff-index", "--cached", *_RAW, "--ita-invisible-in-index", "HEAD", "--"))
    # There is no commit yet, or we cannot see it: git knows what to compare with.
    options = ("--no-ext-diff", "--no-color", "-O/dev/null", "--ita-invisible-in-index")
    return parse_raw(query.git("diff", "--cached", *_RAW, *options, "--"))


def _tracked(query: GitQuery) -> "Changes":
    """Return all files of the index that can be in the working tree, without what a sparse checkout leaves out."""
    changes: Changes = {}
    for entry in query.git("ls-files", "-z", "-s", "-t").split(b"\0"):
        facts, _, path = entry.partition(b"\t")
        tag, _, mode = facts[:8].partition(b" ")
        if tag not in (b"", b"S") and mode != SUBMODULE:
            changes[path] = False
    return changes


# What is pushed


def _pushed(query: GitQuery, event: Event) -> "Changes":
    updates: list[tuple[bytes, bytes, bytes]] = []
    new: list[bytes] = []
    for here, ref, there in pushed_refs(event.stdin):
        if _is_null(there):
            new.append(here)
        elif here != there:
            updates.append((ref, there, here))
    changes, unknown = _updated(query, updates)
    if new or unknown:
        remote = event.args[0] if event.args else ""  # as a manual run where there is none
        changes.update(_introduced(query, remote, [*new, *(here for _, _, here in unknown)], unknown))
    return {path: changes[path] for path in sorted(changes)}


def pushed_refs(stdin: bytes) -> "list[tuple[bytes, bytes, bytes]]":
    """Return (new commit, ref, old commit) of each line of git that is no deletion: githooks(5), pre-push."""
    return [(here, ref, there) for _, here, ref, there in push_lines(stdin) if not _is_null(here)]


def push_lines(stdin: bytes) -> "list[list[bytes]]":
    """Return the four fields of each line. The first is as it was typed, and may hold blanks."""
    return [fields for line in stdin.splitlines() if len(fields := line.rsplit(b" ", 3)) == 4]


def _updated(
    query: GitQuery, updates: "list[tuple[bytes, bytes, bytes]]"
) -> "tuple[Changes, list[tuple[bytes, bytes, bytes]]]":
    """Return what differs between there and here, and the updates whose old commit is not here."""
    if not updates:
        return {}, []
    if len(updates) == 1:
        _, there, here = updates[0]
        done = query.attempt("diff-tree", "-r", *_RAW, there.decode(), here.decode(), "--")
        return ({}, updates) if done.exit_code else (parse_raw(done.output), [])
    # Branches hold commits, which git takes by the line. A tag may be an object that it does not take.
    branches = [update for update in updates if update[0].startswith(b"refs/heads/")]
    lines = b"".join(b"%s %s\n" % (here, there) for _, there, here in branches)
    done = query.attempt("diff-tree", "--stdin", "--no-commit-id", "-r", *_RAW, stdin=lines)
    if done.exit_code:
        return {}, updates
    return parse_raw(done.output), [update for update in updates if update not in branches]


def _introduced(
    query: GitQuery, remote: str, tips: "list[bytes]", known: "list[tuple[bytes, bytes, bytes]]"
) -> "Changes":
    """Return what the commits change that the remote lacks, as far as its remote-tracking branches show."""
    has_branches = _has_branches(query.repo.common_dir, remote)
    if not has_branches and not known and len(set(tips)) == 1:
        return _of_tree(query, tips[0].decode())  # all of it is new; no need to go through the history
    lines = b"".join(b"%s\n" % tip for tip in tips) + b"".join(b"^%s\n" % there for _, there, _ in known)
    but = ("--not", f"--remotes={remote}") if has_branches else ()
    # Of a merge, what differs from all its parents (-c); a commit before its parents, so that the newest is seen first.
    return parse_raw(query.git(*_LOG, "-c", "--topo-order", "--ignore-missing", "--stdin", *but, stdin=lines))


def _has_branches(common_dir: str, remote: str) -> bool:
    """Return whether there is any remote-tracking branch of this remote, which may also be a URL or a path."""
    if ":" in remote or remote.startswith(("/", ".")):
        return False
    if os.access(f"{common_dir}/reftable", os.F_OK):
        return True
    if os.access(f"{common_dir}/refs/remotes/{remote}", os.F_OK):
        return True
    return encode_path(f" refs/remotes/{remote}/") in try_read(f"{common_dir}/packed-refs")


# What has changed


def _changed(query: GitQuery, event: Event) -> "Changes | None":
    hook, args = event.hook, event.args
    if len(args) < 3 and hook in _AT_HEAD and not _has_commit(query):
        return {}  # a manual run before there is any commit
    if hook in ("worktree-post-create", "post-clone"):
        return _of_tree(query, args[1] if len(args) == 3 else "HEAD")
    if hook in ("post-commit", "post-applypatch"):  # of a merge, what it brought to its first parent
        return parse_raw(query.git(*_LOG, "-1", "-m", "--first-parent", "HEAD", "--"))
    if hook == "post-checkout" and len(args) == 3:
        return {} if args[2] == "0" else _between(query, args[0], args[1])
    if hook == "post-merge" and args:
        return _staged(query) if args[0] == "1" else _between(query, "ORIG_HEAD", "HEAD")
    if hook == "post-rewrite" and args:
        # One line for each commit, `OLD NEW`, the last one last: from its old to its new tree everything has changed.
        words = event.stdin.rstrip().rpartition(b"\n")[2].decode(errors="replace").split()
        return _between(query, words[0], words[1]) if len(words) > 1 else {}
    return None


def _has_commit(query: GitQuery) -> bool:
    return head_of(query.repo, query.environ)[1] is not None


def _between(query: GitQuery, old: str, new: str) -> "Changes":
    """Return what differs between two commits; a null id is a commit without files."""
    if old == new:
        return {}
    if _is_null(old.encode()):
        return _of_tree(query, new)
    if _is_null(new.encode()):
        return dict.fromkeys(_of_tree(query, old), True)
    return parse_raw(query.git("diff-tree", "-r", *_RAW, old, new, "--"))


def _of_tree(query: GitQuery, commit: str) -> "Changes":
    """Return all files of a commit."""
    if _is_null(commit.encode()):
        return {}
    entries = (entry.partition(b"\t") for entry in query.git("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"))
    return {path: False for facts, _, path in entries if path and not facts.startswith(SUBMODULE)}


# What git prints


def parse_raw(raw: bytes) -> "Changes":
    """Return the paths of `--raw -z` (git-diff(1), "Raw output format").

    Of a merge, each path has the modes of several parents. Of a path that appears more than once the first counts,
    which is the newest.
    """
    changes: Changes = {}
    fields = iter(raw.split(b"\0"))
    for field in fields:
        facts = field.lstrip(b"\n:")
        if not facts:
            continue
        path = next(fields)
        *modes_and_ids, status = facts.split(b" ")
        modes = modes_and_ids[: len(modes_and_ids) // 2]
        is_submodule = modes[-1] == SUBMODULE or (modes[-1] == _NOTHING and modes[0] == SUBMODULE)
        if not is_submodule and status != b"U":
            changes.setdefault(path, modes[-1] == _NOTHING)
    return changes


def _is_null(identity: bytes) -> bool:
    return not identity.strip(b"0")
