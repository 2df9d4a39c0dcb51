"""The commit or tree that the jobs of a run are about, where they run in a snapshot (S1; HOT, with such jobs)."""

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.head import head_of
from dodo_hooks.host.posix import decode_path, names_in, os, read_file, try_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.git.files import Changes
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.git.worktree_status import Change


LIST_TARGETS = ("rev-list", "--encoding=UTF-8", "--format=%T")
_ENOUGH = 256  # bytes: the tree is in the first line


class Target(Record):
    """The commit or tree that a snapshot holds. All ids are in hexadecimal digits."""

    commit: "str | None"  # None: the tree of an index, which no commit has yet
    tree: str
    head: "str | None"  # the commit that HEAD names there: the commit itself, or the parent of an index; None: unborn

    @property
    def name(self) -> str:
        """The commit, or the tree where there is none: what people are shown."""
        return self.commit or self.tree


def without_replacements(environ: "Mapping[str, str]") -> "dict[str, str]":
    """Return the environment of a git that shows objects as they are, and as a push sends them: git-replace(1)."""
    return {**environ, "GIT_NO_REPLACE_OBJECTS": "1"}


def head_target(repo: "Repo", environ: "Mapping[str, str]") -> Target:
    """Return the commit that HEAD names. One that was just made is read without git, which would take 2 ms.

    Raises:
        GitError: there is none.
    """
    commit = head_of(repo, environ)[1]
    tree = _tree_in_loose_object(repo, commit) if commit else ""
    return Target(commit, tree, commit) if tree else find_target(repo, environ)


def _tree_in_loose_object(repo: "Repo", commit: str) -> str:
    """Return the tree of a commit that lies in a file of its own: gitformat-loose(5); "" where it does not."""
    from zlib import decompressobj, error

    try:
        data = decompressobj().decompress(read_file(f"{repo.common_dir}/objects/{commit[:2]}/{commit[2:]}"), _ENOUGH)
    except (OSError, error):
        return ""
    kind, _, content = data.partition(b"\0")
    word, _, tree = content.partition(b"\n")[0].partition(b" ")
    is_whole = kind.startswith(b"commit ") and word == b"tree" and len(tree) == len(commit)
    return tree.decode("ascii") if is_whole and not tree.strip(b"0123456789abcdef") else ""


def find_target(repo: "Repo", environ: "Mapping[str, str]", revision: str = "HEAD") -> Target:
    """Return the commit that a revision names.

    Raises:
        GitError: it names none that is here.
    """
    found = _list_commits(repo, environ, "--max-count=1", "--end-of-options", revision, "--")
    if not found:
        raise GitError(f"{revision} names no commit")
    return found[0]


def find_targets(repo: "Repo", environ: "Mapping[str, str]", commits: "list[str]") -> "list[Target]":
    """Return these commits in their order, each once: one process of git.

    Raises:
        GitError: one of them is not here.
    """
    lines = "".join(f"{one}\n" for one in dict.fromkeys(commits) if not one.strip("0123456789abcdef"))
    return _list_commits(repo, environ, "--no-walk=unsorted", "--stdin", stdin=lines.encode("ascii"))


def _list_commits(repo: "Repo", environ: "Mapping[str, str]", *options: str, stdin: bytes = b"") -> "list[Target]":
    return parse_targets(_git(repo, environ, (*LIST_TARGETS, *options), stdin))


def parse_targets(listed: bytes) -> "list[Target]":
    """Return the commits that `git rev-list` has printed. It was called with the options of `LIST_TARGETS`."""
    words = listed.decode("ascii").split()
    return [Target(commit, tree, commit) for commit, tree in zip(words[1::3], words[2::3], strict=True)]


def is_here(repo: "Repo", environ: "Mapping[str, str]", target: Target) -> bool:
    """Return whether the repository still has the commit and its tree: `git gc` removes what nothing leads to."""
    from dodo_hooks.git.command import run_git
    from dodo_hooks.git.variables import without_local

    environ = {**without_replacements(without_local(environ)), "GIT_DIR": repo.common_dir}
    try:
        run_git(("cat-file", "-e", f"{target.name}^{{tree}}"), repo.common_dir, environ, repo=repo)
        return True
    except GitError:
        return False


def list_tree(repo: "Repo", environ: "Mapping[str, str]", target: Target) -> "dict[bytes, bytes]":
    """Return the files of the tree: each path with mode and id, `100644 ID`; submodules too.

    Raises:
        GitError: it cannot be read.
    """
    files = {}
    printed = _git(repo, environ, ("ls-tree", "-r", "-z", "--full-tree", target.tree))
    for entry in printed.split(b"\0")[:-1]:
        facts, _, path = entry.partition(b"\t")
        mode, _, identity = facts.split(b" ")
        files[path] = mode + b" " + identity
    return files


def list_changes(repo: "Repo", environ: "Mapping[str, str]", target: Target) -> "Changes":
    """Return the files that differ from the first parent: each path, and whether it is one that is gone (S7).

    Raises:
        GitError: they cannot be read.
    """
    from dodo_hooks.git.files import parse_raw

    options = ("diff-tree", "-r", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-commit-id")
    if target.commit is None:
        before = (target.head or _empty_tree(repo, environ), target.tree)
    else:
        parents = _git(repo, environ, ("rev-list", "--parents", "-n", "1", target.commit)).split()[1:]
        before = (parents[0].decode("ascii") if parents else _empty_tree(repo, environ), target.commit)
    return parse_raw(_git(repo, environ, (*options, *before)))


def unlike_working_tree(repo: "Repo", environ: "Mapping[str, str]", target: Target) -> "list[Change]":
    """Return those files of the tree that the working tree does not have like that.

    Raises:
        GitError: they cannot be read.
    """
    from dodo_hooks.git.worktree_status import Change

    if not repo.top:
        files = ([*about.split(b" "), path] for path, about in list_tree(repo, environ, target).items())
        return [Change(path, int(mode, 8), blob.decode("ascii")) for mode, blob, path in files]
    fields = _git(repo, environ, ("diff-index", "--no-renames", "--no-abbrev", "-z", target.tree, "--")).split(b"\0")
    found = []
    for about, path in zip(fields[::2], fields[1::2], strict=False):
        mode, _, blob, _, _ = about[1:].split(b" ")
        if mode.strip(b"0"):
            found.append(Change(path, int(mode, 8), blob.decode("ascii")))
    return found


def sparse_patterns(repo: "Repo", environ: "Mapping[str, str]") -> bytes:
    """Return the patterns by which a part of a tree is checked out here: git-sparse-checkout(1). Empty: the whole is.

    Raises:
        GitError: git cannot be queried.
    """
    patterns = try_read(f"{repo.git_dir}/info/sparse-checkout")  # which stays where it was disabled
    if not patterns:
        return b""
    is_used = _git(repo, environ, ("config", "--type=bool", "--default=false", "core.sparseCheckout"))
    return patterns if is_used.strip() == b"true" else b""


def checked_out_submodules(repo: "Repo", environ: "Mapping[str, str]", target: Target) -> bytes:
    """Return the paths of those submodules of the tree that a snapshot gets, since they are checked out here (S4).

    Git is asked only where there are any: gitrepository-layout(5), modules.
    """
    if not names_in(f"{repo.git_dir}/modules"):
        return b""
    args = ("config", f"--blob={target.tree}:.gitmodules", "-z", "--get-regexp", r"^submodule\..*\.path$")
    try:
        listed = _git(repo, environ, args).split(b"\0")
    except GitError:  # the tree has none
        return b""
    paths = sorted(one.partition(b"\n")[2] for one in listed[:-1])
    return b"\0".join(one for one in paths if os.access(f"{repo.top}/{decode_path(one)}/.git", os.F_OK))


def _git(repo: "Repo", environ: "Mapping[str, str]", args: "tuple[str, ...]", stdin: bytes = b"") -> bytes:
    from dodo_hooks.git.command import run_git_at_top  # mostly no git is needed: see `head_target`

    return run_git_at_top(repo, without_replacements(environ), args, stdin)


def _empty_tree(repo: "Repo", environ: "Mapping[str, str]") -> str:
    return _git(repo, environ, ("hash-object", "-t", "tree", "--stdin")).decode("ascii").strip()
