"""The working tree at one moment: the files that are inputs of jobs, and their content ids (K2, K3; HOT).

One `Tree` serves all jobs of a hook that are checked at that moment: git is asked once, for the folders of all inputs.
"""

from _bisect import bisect_left

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.job_key import digest_of
from dodo_hooks.core.matching import predicate
from dodo_hooks.git.command import run_git_at_top
from dodo_hooks.git.content.content_listing import list_contents, list_tracked, with_known
from dodo_hooks.git.head import head_of
from dodo_hooks.git.repo import SUBMODULE, locate_repo
from dodo_hooks.host.posix import decode_path, encode_path, is_real_folder, lexists, os
from dodo_hooks.results.contents import Contents
from dodo_hooks.results.found import Found, Names, TrackedOutputError, Undecidable, found_of, lines_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from dodo_hooks.core.plan import Job
    from dodo_hooks.core.plan_parts import Input
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.results.index_memory import IndexMemory

_MOST_PATHSPECS = 500


class Tree:
    """The files below the inputs of some jobs. Made at one moment; what changes later is not seen."""

    def __init__(
        self,
        repo: "Repo",
        environ: "Mapping[str, str]",
        contents: Contents,
        jobs: "Iterable[Job]",
        lists: "Collection[bytes]" = (),
        memory: "IndexMemory | None" = None,
    ) -> None:
        """Ask git. `lists`: further files, relative to the top. `memory`: what earlier runs have learned of the index.

        Raises:
            Undecidable: git does not answer.
        """
        self._repo = repo
        self._environ = environ
        self._contents = contents
        scopes = {
            path
            for job in jobs
            for path in (*(one.path for one in job.results.inputs), *map(encode_path, job.results.outputs))
        }
        scopes = {self._outside_of_submodules(path) for path in scopes} | set(lists)
        below = self._below = [b""] if len(scopes) > _MOST_PATHSPECS else sorted(scopes)
        recall = memory.part if memory is not None and not lists else None  # the index has the ids of a list
        ends = memory.ends if memory is not None else ()
        try:
            self._listing = list_contents(
                repo,
                environ,
                below,
                lambda stamp: recall(stamp, below) if recall else None,
                ends,
            )
        except GitError as error:
            raise Undecidable(str(error)) from error
        if memory is not None and not set(self._listing.part.ends) <= set(ends):
            memory.learn_ends(self._listing.part.ends)
        self._memory = memory if self._listing.stamp else None
        if self._memory is not None:
            self._memory.keep_part(self._listing.stamp, below, self._listing.part)
            if self._listing.listed:
                self._memory.keep_listed(self._listing.stamp, below, self._listing.listed)
        contents.digits = self._listing.part.id_digits
        self._sorted: list[bytes] = []
        self._others = sorted((*self._listing.unsure, *self._listing.untracked))

    def inputs(self, job: "Job") -> Found:
        """Return the inputs of a job, without its own outputs.

        Raises:
            Undecidable: one of them cannot be read, or is a submodule with changes.
        """
        beside = self._beside(job)
        cause = digest_of((self._listing.stamp, repr(job.results.inputs), job.results.outputs, lines_of(beside.files)))
        digest = self._memory.digest(cause) if self._memory is not None else None
        if digest is not None:
            return Found(digest, lambda: self._read_names(job, beside))
        names = self._read_names(job, beside)
        found = found_of(names)
        if self._memory is not None and not self._unlisted(job, beside):
            self._memory.keep_digest(cause, found.digest)
        return found

    def about(self, path: bytes) -> "bytes | None":
        """Return mode and id of a file; None where there is none.

        Raises:
            Undecidable: it cannot be read.
        """
        return (self._listing.known or {}).get(path) or self._contents.about(path)

    def expect_untracked_outputs(self, job: "Job") -> None:
        """Raise TrackedOutputError where a path at or below an output of the job is tracked. Raises Undecidable."""
        if not job.results.outputs:
            return
        cause = digest_of(("outputs", self._listing.stamp, job.results.outputs))
        found = self._memory.digest(cause) if self._memory is not None else None
        if found is None:
            known, rest = self._known(), (*self._listing.unsure, *self._listing.part.submodules)
            own = tuple(map(encode_path, job.results.outputs))
            below = tuple(path + b"/" for path in own)
            tracked = [path for path in own if path in known or path in rest]
            tracked += [path for output in own for path in _below(self._sorted, output)]
            tracked += [path for path in rest if path.startswith(below)]
            found = decode_path(min(tracked, default=b""))
            if self._memory is not None:
                self._memory.keep_digest(cause, found)
        if found:
            raise TrackedOutputError(f"{found} is tracked by git: remove it with `git rm --cached`, or from outputs")

    def _beside(self, job: "Job") -> Names:
        """Return those inputs for which the index does not vouch, without the job's own outputs.

        A tracked file that is gone is among them, with b"". A path that is a folder ends with a slash, and has b"".
        """
        beside = Names({}, [])
        for one in job.results.inputs:
            if one.matcher is None:
                self._add_path(one, beside)
            else:
                self._add_others(one.path, predicate(one.matcher), beside)
                if one.reaches_outputs:
                    self._add_walked(one.path, predicate(one.matcher), beside.files)
        return _without_outputs(job, beside)

    def _add_path(self, one: "Input", beside: Names) -> None:
        path = one.path
        if path in self._listing.part.submodules:
            self._add_submodule(path, beside)
        elif (about := self.about(path)) is not None:
            beside.files[path] = about
        elif is_real_folder(f"{self._repo.top}/{decode_path(path)}"):
            beside.files[path + b"/"] = b""
            self._add_others(path, lambda _: True, beside)
            if one.reaches_outputs:
                self._add_walked(path, lambda _: True, beside.files)

    def _add_others(self, folder: bytes, matches: "Callable[[bytes], bool]", beside: Names) -> None:
        """Add what git lists below a folder and does not vouch for."""
        for path in filter(matches, _below(self._others, folder)):
            about = self._contents.about(path)
            beside.files[path] = about or b""
            if about is not None:
                beside.matched.append(path)
        for path in self._submodules(folder):
            self._add_submodule(path, beside)

    def _submodules(self, folder: bytes) -> "list[bytes]":
        """Return the submodules in a folder, or around it: all of one counts, whatever a pattern means inside of it."""
        inside = folder + b"/"
        return [
            path
            for path in self._listing.part.submodules
            if not folder or (path + b"/").startswith(inside) or folder.startswith(path + b"/")
        ]

    def _read_names(self, job: "Job", beside: Names) -> Names:
        """Return all inputs: those that are tracked and clean, too."""
        known, found = self._known(), Names({}, list(beside.matched))
        for one in job.results.inputs:
            if one.matcher is not None:
                hits = list(filter(predicate(one.matcher), _below(self._sorted, one.path)))
            elif one.path + b"/" in beside.files:
                hits = _below(self._sorted, one.path)
            else:
                continue
            found.files.update((path, known[path]) for path in hits)
            found.matched.extend(hits)
        found.files.update((path, about) for path, about in beside.files.items() if about)
        for folder in self._unlisted(job, beside):
            self._add_walked(folder, lambda _: True, found.files)
        return _without_outputs(job, found)

    def _unlisted(self, job: "Job", beside: Names) -> "list[bytes]":
        """Return the folders that are inputs and in which git lists nothing: they are ignored, and count as a whole."""
        return [
            one.path
            for one in job.results.inputs
            if one.matcher is None and one.path + b"/" in beside.files and not self._submodules(one.path)
            if not (_below(self._others, one.path) or _below(self._sorted, one.path))
        ]

    def _known(self) -> "dict[bytes, bytes]":
        """Return mode and id of what is tracked and clean. Raises Undecidable."""
        if self._listing.known is None:
            self._listing = with_known(self._listing, self._list())
        known = self._listing.known
        assert known is not None
        self._sorted = self._sorted or list(known)  # as git lists them
        return known

    def _list(self) -> bytes:
        """Return what git says of the index. Raises Undecidable."""
        stamp = self._listing.stamp
        listed = self._memory.listed(stamp, self._below) if self._memory is not None else None
        if listed is None:
            try:
                listed = list_tracked(self._repo, self._environ, self._below, stamp)
            except GitError as error:
                raise Undecidable(str(error)) from error
            if self._memory is not None:
                self._memory.keep_listed(stamp, self._below, listed)
        return listed

    def _add_walked(self, folder: bytes, matches: "Callable[[bytes], bool]", files: "dict[bytes, bytes]") -> None:
        for path in self._walk(folder):
            if path not in files and matches(path) and (about := self._contents.about(path)) is not None:
                files[path] = about

    def _walk(self, folder: bytes) -> "Iterator[bytes]":
        """Yield everything below a folder that is no folder, ignored or not; links are not followed."""
        top, waiting = encode_path(self._repo.top), [folder]
        while waiting:
            inside = waiting.pop()
            try:
                with os.scandir(top + b"/" + inside) as entries:
                    for entry in entries:
                        path = inside + b"/" + entry.name
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(path)
                        else:
                            yield path
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise Undecidable(f"cannot read {decode_path(inside)}: {error.strerror}") from error

    def _add_submodule(self, path: bytes, beside: Names) -> None:
        """Add the commit that is checked out in a submodule; where none is, git sees nothing of what lies there."""
        directory = f"{self._repo.top}/{decode_path(path)}"
        if not lexists(f"{directory}/.git"):
            self._add_walked(path, lambda _: True, beside.files)
            return
        is_changed = path in self._listing.changed
        commit = self._clean_commit(directory, path) if is_changed else self._listing.part.submodules[path]
        beside.files[path] = SUBMODULE + b" " + commit

    def _clean_commit(self, directory: str, path: bytes) -> bytes:
        from dodo_hooks.git.variables import without_local

        try:
            submodule = locate_repo({}, directory)
            status = (
                "-c",
                "core.fsmonitor=false",
                "status",
                "--porcelain",
                "--ignore-submodules=none",
                "--untracked-files=normal",
            )
            if run_git_at_top(submodule, without_local(self._environ), status):
                raise Undecidable(f"the submodule {decode_path(path)} has changes")
            commit = head_of(submodule, self._environ)[1]
        except GitError as error:
            raise Undecidable(str(error)) from error
        if commit is None:
            raise Undecidable(f"cannot read HEAD of the submodule {decode_path(path)}")
        return commit.encode()

    def _outside_of_submodules(self, path: bytes) -> bytes:
        """Return the path, or the submodule that it lies in: git lists that, and nothing inside."""
        at = path.find(b"/")
        while at >= 0:
            if lexists(f"{self._repo.top}/{decode_path(path[:at])}/.git"):
                return path[:at]
            at = path.find(b"/", at + 1)
        return path


def _without_outputs(job: "Job", names: Names) -> Names:
    own = tuple(encode_path(output) for output in job.results.outputs)
    if not own:
        return names
    below = tuple(path + b"/" for path in own)
    files = {path: about for path, about in names.files.items() if path not in own and not path.startswith(below)}
    return Names(files, [path for path in names.matched if path in files])


def _below(paths: "list[bytes]", folder: bytes) -> "list[bytes]":
    """Return the paths in a folder, of a sorted list; all for b""."""
    if not folder:
        return paths
    return paths[bisect_left(paths, folder + b"/") : bisect_left(paths, folder + b"0")]  # "0" follows "/"
