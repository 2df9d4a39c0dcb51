"""The working tree at one moment: the files that are inputs of jobs, and their content ids (K2, K3; HOT).

One `Tree` serves all jobs of a hook that are checked at that moment: git is asked once, for the folders of all inputs.
"""

from _bisect import bisect_left

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.matching import predicate
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.command import run_git_at_top
from dodo_hooks.git.content.content_listing import list_contents
from dodo_hooks.git.repo import head_of, locate_repo
from dodo_hooks.host.posix import decode_path, encode_path, os
from dodo_hooks.results.contents import Contents, Undecidable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from dodo_hooks.core.plan import Input, Job
    from dodo_hooks.git.repo import Repo

_MOST_PATHSPECS = 500
_SUBMODULE = b"160000 "


class Found(Record):
    """The inputs of one job."""

    files: "dict[bytes, bytes]"  # path -> mode and id
    matched: "list[bytes]"  # those that a new file beside them could join: found by a pattern, and not ignored


class Tree:
    """The files below the inputs of some jobs. Made at one moment; what changes later is not seen."""

    def __init__(
        self,
        repo: "Repo",
        environ: "Mapping[str, str]",
        contents: Contents,
        jobs: "Iterable[Job]",
        lists: "Iterable[bytes]",
    ) -> None:
        """Ask git. `lists`: further files, relative to the top.

        Raises:
            Undecidable: git does not answer.
        """
        self._repo = repo
        self._environ = environ
        self._contents = contents
        scopes = {one.path for job in jobs for one in job.inputs}
        scopes = {self._outside_of_submodules(path) for path in scopes} | set(lists)
        try:
            self._listing = list_contents(repo, environ, [b""] if len(scopes) > _MOST_PATHSPECS else sorted(scopes))
        except GitError as error:
            raise Undecidable(str(error)) from error
        contents.digits = self._listing.id_digits
        self._known = list(self._listing.known)  # sorted, as git lists them
        self._others = sorted((*self._listing.unsure, *self._listing.untracked))

    def inputs(self, job: "Job") -> Found:
        """Return the inputs of a job, without its own outputs.

        Raises:
            Undecidable: one of them cannot be read, or is a submodule with changes.
        """
        found = Found({}, [])
        for one in job.inputs:
            if one.matcher is None:
                self._add_path(one, found)
            else:
                self._add_matching(one, found)
        if not job.outputs:
            return found
        for output in job.outputs:
            own = encode_path(output)
            for path in [path for path in found.files if path == own or path.startswith(own + b"/")]:
                del found.files[path]
        return found._replace(matched=[path for path in found.matched if path in found.files])

    def about(self, path: bytes) -> "bytes | None":
        """Return mode and id of a file; None where there is none.

        Raises:
            Undecidable: it cannot be read.
        """
        return self._listing.known.get(path) or self._contents.about(path)

    def _add_path(self, one: "Input", found: Found) -> None:
        path = one.path
        if path in self._listing.submodules:
            self._add_submodule(path, found)
        elif (about := self.about(path)) is not None:
            found.files[path] = about
        elif _is_directory(f"{self._repo.top}/{decode_path(path)}"):
            listed = self._add_listed(path, lambda _: True, found)
            if one.reaches_outputs or not listed:  # a folder that is ignored, or that jobs make, counts as a whole
                self._add_walked(path, lambda _: True, found)

    def _add_matching(self, one: "Input", found: Found) -> None:
        assert one.matcher is not None
        matches = predicate(one.matcher)
        self._add_listed(one.path, matches, found)
        if one.reaches_outputs:
            self._add_walked(one.path, matches, found)

    def _add_listed(self, folder: bytes, matches: "Callable[[bytes], bool]", found: Found) -> bool:
        """Add the files that git lists below a folder, and return whether there is any, matching or not."""
        known, below = self._listing.known, _below(self._known, folder)
        hits, count = [path for path in below if matches(path)], len(below)
        found.files.update((path, known[path]) for path in hits)
        found.matched.extend(hits)
        for path in _below(self._others, folder):
            count += 1
            if matches(path) and (about := self._contents.about(path)) is not None:
                found.files[path] = about
                found.matched.append(path)
        for path in self._listing.submodules:  # what a pattern means inside of one is not checked: all of it counts
            if not folder or (path + b"/").startswith(folder + b"/") or folder.startswith(path + b"/"):
                count += 1
                self._add_submodule(path, found)
        return count > 0

    def _add_walked(self, folder: bytes, matches: "Callable[[bytes], bool]", found: Found) -> None:
        for path in self._walk(folder):
            if path not in found.files and matches(path) and (about := self._contents.about(path)) is not None:
                found.files[path] = about

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

    def _add_submodule(self, path: bytes, found: Found) -> None:
        """Add the commit that is checked out in a submodule; where none is, git sees nothing of what lies there."""
        place = f"{self._repo.top}/{decode_path(path)}"
        if not _is_there(f"{place}/.git"):
            self._add_walked(path, lambda _: True, found)
            return
        commit: bytes | None = self._listing.submodules[path]
        if path in self._listing.changed:
            commit = self._clean_commit(place, path)
        found.files[path] = _SUBMODULE + (commit or b"")

    def _clean_commit(self, place: str, path: bytes) -> bytes:
        try:
            submodule = locate_repo({}, place)
            status = (
                "-c",
                "core.fsmonitor=false",
                "status",
                "--porcelain",
                "--ignore-submodules=none",
                "--untracked-files=normal",
            )
            if run_git_at_top(submodule, self._environ_without_index(), status):
                raise Undecidable(f"the submodule {decode_path(path)} has changes")
            commit = head_of(submodule)[1]
        except GitError as error:
            raise Undecidable(str(error)) from error
        if commit is None:
            raise Undecidable(f"cannot read HEAD of the submodule {decode_path(path)}")
        return commit.encode()

    def _environ_without_index(self) -> "dict[str, str]":
        from dodo_hooks.git.variables import without_local

        return without_local(self._environ)

    def _outside_of_submodules(self, path: bytes) -> bytes:
        """Return the path, or the submodule that it lies in: git lists that, and nothing inside."""
        at = path.find(b"/")
        while at >= 0:
            if _is_there(f"{self._repo.top}/{decode_path(path[:at])}/.git"):
                return path[:at]
            at = path.find(b"/", at + 1)
        return path


def _below(paths: "list[bytes]", folder: bytes) -> "list[bytes]":
    """Return the paths in a folder, of a sorted list; all for b""."""
    if not folder:
        return paths
    return paths[bisect_left(paths, folder + b"/") : bisect_left(paths, folder + b"0")]  # "0" follows "/"


def _is_directory(path: str) -> bool:
    try:
        return os.lstat(path).st_mode & 0o170000 == 0o040000
    except OSError:
        return False


def _is_there(path: str) -> bool:
    try:
        os.lstat(path)
    except OSError:
        return False
    return True
