"""The commits that a push sends, as far as a gate is about them (V3; HOT)."""

from dodo_hooks.core.digests import blob_digest
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.files import push_lines, pushed_refs
from dodo_hooks.git.target import LIST_TARGETS, Target, parse_targets
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.git.files import GitQuery

_SSH_WAIT_S = 240.0  # its servers close an idle connection, and git reports nothing of that
_NOT_CHECKED = (b"refs/notes/", b"refs/replace/")
_STASH = b"refs/stash"
_BRANCHES = b"refs/heads/"
_DELETED = "(delete)"


class Pushed(Record):
    """A commit that is pushed."""

    target: Target
    ref: bytes  # there, which is to stand at it
    file: str  # the id of the hook file in it; no id where it has none

    def has_file(self, content: bytes) -> bool:
        """Return whether its hook file has these bytes; False also where git may have converted them."""
        digest = blob_digest(len(content), len(self.file))
        digest.update(content)
        return self.file == digest.hexdigest()


def read_pushed(query: "GitQuery", stdin: bytes, file: str) -> "Sequence[Pushed]":
    """Return what is pushed, in git's order: one process of git. `file`: the path of the hook file below the top.

    A tag stands for its commit. A deletion, an object without a commit, and refs that are no history have none.

    Raises:
        GitError: git cannot be queried.
    """
    pushed = [(here, ref) for here, ref, _ in pushed_refs(stdin) if not ref.startswith(_NOT_CHECKED) and ref != _STASH]
    if not pushed:
        return []
    name = file.encode("utf-8", "surrogateescape")
    asked = b"".join(b"%b^{commit}\n%b^{tree}\n%b^{commit}:%b\n" % (here, here, here, name) for here, _ in pushed)
    answers = query.git("cat-file", "--batch-check=%(objectname)", stdin=asked).decode("ascii", "replace").split("\n")
    found = zip(pushed, answers[:-1:3], answers[1::3], answers[2::3], strict=True)
    return [Pushed(Target(one, tree, one), ref, file) for (_, ref), one, tree, file in found if " " not in one]


def tips(pushed: "Sequence[Pushed]") -> "list[Target]":
    """Return the commits at which the pushed refs stand, each once."""
    return list(dict.fromkeys(one.target for one in pushed))


def branches_of(pushed: "Sequence[Pushed]", commits: list[Target]) -> list[tuple[Target, list[str]]]:
    """Return each commit with the branches that it is pushed to, "" for a ref that is none.

    A commit that is no tip may be in all of them.
    """
    found: dict[Target, list[str]] = {}
    for one in pushed:
        is_branch = one.ref.startswith(_BRANCHES)
        branch = one.ref.removeprefix(_BRANCHES).decode("utf-8", "surrogateescape") if is_branch else ""
        found.setdefault(one.target, []).append(branch)
    every = list(dict.fromkeys(branch for branches in found.values() for branch in branches))
    return [(commit, found.get(commit, every)) for commit in commits]


def new_commits(query: "GitQuery", remote: str, url: str, stdin: bytes, pushed: "Sequence[Pushed]") -> list[Target]:
    """Return all commits that the remote does not have, as far as is known here, parents first.

    Raises:
        GitError: git cannot be queried.
    """
    theirs = [there for _, _, there in pushed_refs(stdin) if there.strip(b"0")]
    lines = [*(one.name for one in tips(pushed)), *(f"^{there.decode('ascii')}" for there in theirs)]
    remotes = [f"--remotes={name}" for name in _names(query, remote, url)]
    options = ("--ignore-missing", "--topo-order", "--reverse", "--stdin")
    known = ("--not", *remotes) if remotes else ()
    return parse_targets(query.git(*LIST_TARGETS, *options, *known, stdin="\n".join(lines).encode("ascii") + b"\n"))


def refspecs(query: "GitQuery", stdin: bytes) -> list[str]:
    """Return what is pushed as people type it, deletions too. That a push is forced is not known here.

    Where names differ, that of the other side is whole: of a mere `x` git may make a tag, or nothing.

    Raises:
        GitError: git cannot be queried.
    """
    listed = query.git("for-each-ref", "--format=%(refname) %(refname:short)", "refs/heads")
    short = dict(line.split(" ") for line in listed.decode("utf-8", "surrogateescape").splitlines())
    found = []
    for fields in push_lines(stdin):
        here, there = (name.decode("utf-8", "surrogateescape") for name in fields[::2])
        source = "" if here == _DELETED else short.get(here, here)
        found.append(source if here == there else f"{source}:{there}")
    return found


def revisions_of(query: "GitQuery", commits: list[Target], missing: list[Target]) -> str:
    """Return the arguments of `dodo-hooks checks` for these commits: a range, or those of them without a verdict."""
    oldest, newest = commits[0].name[:12], commits[-1].name[:12]
    has_parent = not query.attempt("rev-parse", "--quiet", "--verify", f"{oldest}^").exit_code
    words = (f"{oldest}^..{newest}",) if has_parent else ("-n", str(len(commits)), newest)
    is_exact = set(query.git("rev-list", *words).decode().split()) == {one.name for one in commits}
    return " ".join(words if is_exact else [one.name[:12] for one in missing])


def default_wait_s(url: str) -> "float | None":
    """Return how long a push to this URL waits at most; None: as long as it takes."""
    is_ssh = "ssh://" in url if "://" in url else ":" in url.partition("/")[0]
    return _SSH_WAIT_S if is_ssh else None


def _names(query: "GitQuery", remote: str, url: str) -> list[str]:
    """Return the names of the remotes that this push may go to: of a URL, all that have it."""
    if remote != url and not os.access(remote, os.F_OK):
        return [remote]
    names = query.git("remote").decode("utf-8", "surrogateescape").split("\n")[:-1]
    return [name for name in names if _url(query, name) == url]


def _url(query: "GitQuery", name: str) -> str:
    return query.attempt("remote", "get-url", "--push", name).output.decode("utf-8", "surrogateescape").rstrip("\n")
