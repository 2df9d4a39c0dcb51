"""The files of a commit, as the inputs of jobs that run in a snapshot of it (V1; HOT, with such jobs)."""

from dodo_hooks.core.digests import sha256
from dodo_hooks.core.errors import GitError
from dodo_hooks.git.content.conversions import writing_rules
from dodo_hooks.git.target import checked_out_submodules, is_here, list_tree, sparse_patterns
from dodo_hooks.results.found import Found, Names, Undecidable, found_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.core.plan import Job
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.git.target import Target


# Names that no file of a tree can have.
_PATTERNS = b".git/info/sparse-checkout"
_RULES = b".git/config"
_SUBMODULES = b".git/modules"


class CommitTree:
    """The tree of a target: what a job in a snapshot is given, whatever lies in the working tree."""

    def __init__(self, repo: "Repo", environ: "Mapping[str, str]", target: "Target") -> None:
        self._repo = repo
        self._environ = environ
        self._target = target
        self._listed: dict[bytes, bytes] | None = None
        self._outside: dict[bytes, bytes] | None = None

    def inputs(self, job: "Job") -> Found:
        """Return the inputs of a job: the files that it names, or else the tree as a whole, or the commit.

        Raises:
            Undecidable: git does not list the tree.
        """
        files = self._read_outside()
        if job.results.counts_commit or not job.results.inputs:
            target = f"commit {self._target.name}" if job.results.counts_commit else f"tree {self._target.tree}"
            return found_of(Names({b"": target.encode("ascii"), **files}, []))
        from dodo_hooks.core.matching import predicate

        for one in job.results.inputs:
            matches = predicate(one.matcher) if one.matcher is not None else None
            folder = one.path + b"/"
            for path, about in self._files().items():
                is_below = path == one.path or not one.path or path.startswith(folder)
                if is_below and (matches is None or matches(path)):
                    files[path] = about
        return found_of(Names(files, []))

    def about(self, path: bytes) -> "bytes | None":
        """Return mode and id of a file; None where the tree has none. Raises Undecidable."""
        return self._files().get(path)

    def is_gone(self) -> bool:
        """Return whether the repository has the commit no longer."""
        return not is_here(self._repo, self._environ, self._target)

    def read_again(self) -> None:
        """Forget what may change: all that is no part of the commit."""
        self._outside = None

    def _read_outside(self) -> "dict[bytes, bytes]":
        """Return what else decides which files the job gets: sparse patterns, filters, submodules; mostly nothing."""
        if self._outside is None:
            try:
                found = {
                    _PATTERNS: sparse_patterns(self._repo, self._environ),
                    _RULES: writing_rules(self._repo, self._environ),
                    _SUBMODULES: checked_out_submodules(self._repo, self._environ, self._target),
                }
            except GitError as error:
                raise Undecidable(str(error)) from error
            self._outside = {name: sha256(one).hexdigest().encode("ascii") for name, one in found.items() if one}
        return dict(self._outside)

    def _files(self) -> "dict[bytes, bytes]":
        if self._listed is None:
            try:
                self._listed = list_tree(self._repo, self._environ, self._target)
            except GitError as error:
                raise Undecidable(str(error)) from error
        return self._listed
