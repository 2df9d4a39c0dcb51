"""The files of a commit, as the inputs of jobs that run in a snapshot of it (V1; HOT, with such jobs)."""

from dodo_hooks.core.digests import sha256
from dodo_hooks.core.errors import GitError
from dodo_hooks.git.target import is_here, list_tree, sparse_patterns
from dodo_hooks.results.found import Found, Names, Undecidable, found_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.core.plan import Job
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.git.target import Target


_PATTERNS = b".git/info/sparse-checkout"  # a name that no file of a tree can have


class CommitTree:
    """The tree of a target: what a job in a snapshot is given, whatever lies in the working tree."""

    def __init__(self, repo: "Repo", environ: "Mapping[str, str]", target: "Target") -> None:
        self._repo = repo
        self._environ = environ
        self._target = target
        self._listed: dict[bytes, bytes] | None = None
        self._sparse: dict[bytes, bytes] | None = None

    def inputs(self, job: "Job") -> Found:
        """Return the inputs of a job: the files that it names, or else the tree as a whole, or the commit.

        Raises:
            Undecidable: git does not list the tree.
        """
        if job.counts_commit:
            return found_of(Names({b"": b"commit " + self._target.name.encode("ascii")}, []))
        files = self._sparse_patterns()
        if not job.inputs:
            return found_of(Names({b"": b"tree " + self._target.tree.encode("ascii"), **files}, []))
        from dodo_hooks.core.matching import predicate

        for one in job.inputs:
            matches = predicate(one.matcher) if one.matcher is not None else None
            folder = one.path + b"/"
            for path, about in self._files().items():
                is_below = path == one.path or not one.path or path.startswith(folder)
                if is_below and (matches is None or matches(path)):
                    files[path] = about
        return found_of(Names(files, []))

    def tracked_output(self, job: "Job") -> str:
        """Return "": a job in a snapshot has no outputs."""
        return ""

    def about(self, path: bytes) -> "bytes | None":
        """Return mode and id of a file; None where the tree has none. Raises Undecidable."""
        return self._files().get(path)

    def is_gone(self) -> bool:
        """Return whether the repository has the commit no longer."""
        return not is_here(self._repo, self._environ, self._target)

    def _sparse_patterns(self) -> "dict[bytes, bytes]":
        """Return the patterns of a sparse checkout as an input, since the job gets a part of the tree; else nothing."""
        if self._sparse is None:
            try:
                patterns = sparse_patterns(self._repo, self._environ)
            except GitError as error:
                raise Undecidable(str(error)) from error
            self._sparse = {_PATTERNS: sha256(patterns).hexdigest().encode("ascii")} if patterns else {}
        return dict(self._sparse)

    def _files(self) -> "dict[bytes, bytes]":
        if self._listed is None:
            try:
                self._listed = list_tree(self._repo, self._environ, self._target)
            except GitError as error:
                raise Undecidable(str(error)) from error
        return self._listed
