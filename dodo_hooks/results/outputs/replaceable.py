"""The check whether outputs are nobody's work, so that others can be put in their place (K9; HOT).

Git has to ignore all that is there and all that is to be there, and no git directory may be below. No folder above an
output may be a link, since what is behind it is not in the working tree.
"""

from dodo_hooks.git.command import argv_of, git_environ, git_program
from dodo_hooks.git.untrusted import expect_folders, is_tracked_path
from dodo_hooks.host.capture import Captured, Pending, capture
from dodo_hooks.host.files.file_tree import walk_below
from dodo_hooks.host.posix import S_ISDIR, S_ISLNK, decode_path, encode_path, os
from dodo_hooks.results.outputs.manifest import parents_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dodo_hooks.git.repo import Repo

_SETTINGS = ("core.fsmonitor=false",)
_NOT_IGNORED = ("--literal-pathspecs", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--")
_IGNORED = ("check-ignore", "-z", "--stdin")
_NONE_IS_IGNORED = 1  # an exit code: git-check-ignore(1)


class IrreplaceableError(Exception):
    """Outputs that may be somebody's work. The message is the reason, a sentence."""


def expect_replaceable(
    repo: "Repo", environ: "Mapping[str, str]", outputs: "Sequence[bytes]", files: "Sequence[bytes]"
) -> None:
    """Raise unless what is at these outputs may be replaced by these files, which are to be at or below them.

    Two git processes find out, side by side. `environ`: that of git's hook, so that its index counts.

    Raises:
        IrreplaceableError: with the reason. OSError: git cannot be started, or an output cannot be read.
    """
    try:
        expect_folders(encode_path(repo.top), parents_of(outputs))
    except ValueError as error:
        raise IrreplaceableError(str(error)) from None
    files = _before_links(repo.top, outputs, files)
    environ = git_environ(repo, environ)
    argv = argv_of(git_program(environ, repo), repo.top, (), _SETTINGS)
    listing = Pending((*argv, *_NOT_IGNORED, *(decode_path(path) for path in outputs)), environ)
    try:
        # git-check-ignore(1) has no literal paths: no `:` in front
        asked = b"".join(b"./%b\0" % path for path in files)
        ignored = capture((*argv, *_IGNORED), environ, asked)
        _expect_no_git_below(repo.top, outputs)
    finally:
        tracked = listing.result()
    for name, done in (("ls-files", tracked), ("check-ignore", ignored)):
        _expect_answer(name, done)
    if ignored.output != asked:
        answered = set(ignored.output.split(b"\0"))
        raise IrreplaceableError(_not_ignored(next(path for path in files if b"./" + path not in answered)))
    if tracked.output:
        raise IrreplaceableError(_not_ignored(tracked.output.partition(b"\0")[0]))


def expect_folders_or_nothing(repo: "Repo", outputs: "Iterable[bytes]") -> None:
    """Raise unless each of these outputs, which are to be folders, is one or is not there.

    What no job has made at its path may be somebody's, though git ignores it.

    Raises:
        IrreplaceableError: with the reason. OSError: an output cannot be read.
    """
    for output in outputs:
        if is_there(repo.top, output):
            status = os.lstat(encode_path(repo.top) + b"/" + output)
            if not S_ISDIR(status.st_mode):
                what = "link" if S_ISLNK(status.st_mode) else "file"
                raise IrreplaceableError(f"{_shown(output)} is a {what}; it is not replaced by a folder")


def is_there(top: str, output: bytes) -> bool:
    """Return whether something is at the output. Raises OSError: that cannot be known."""
    try:
        os.lstat(encode_path(top) + b"/" + output)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _before_links(top: str, outputs: "Sequence[bytes]", files: "Sequence[bytes]") -> "Sequence[bytes]":
    """Return the files, and a link itself for those that are to be where the link is: git looks behind none.

    Raises:
        IrreplaceableError: an output that is to be a folder is a link.
    """
    base, links = encode_path(top) + b"/", set[bytes]()
    for folder in parents_of(files):
        try:
            is_link = S_ISLNK(os.lstat(base + folder).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if is_link and folder in outputs:
            raise IrreplaceableError(f"{_shown(folder)} is a link; it is not replaced by a folder")
        if is_link:
            links.add(folder)
    if not links:
        return files
    return list({next((above for above in parents_of((path,)) if above in links), path): None for path in files})


def _expect_no_git_below(top: str, outputs: "Sequence[bytes]") -> None:
    base = encode_path(top) + b"/"
    for output in outputs:
        path = base + output
        try:
            children = walk_below(path) if S_ISDIR(os.lstat(path).st_mode) else iter(())
        except FileNotFoundError:
            continue
        for child in children:
            if not is_tracked_path(child.name):
                raise IrreplaceableError(
                    f"{_shown(child.path[len(top) + 1 :])} is a git directory; nothing there is replaced"
                )


def _expect_answer(name: str, done: Captured) -> None:
    if done.exit_code not in (0, _NONE_IS_IGNORED):
        raise IrreplaceableError(f"git {name}: {done.last_words}")


def _not_ignored(path: bytes) -> str:
    return f"git does not ignore {_shown(path)}; add the outputs to .gitignore to have them cached"


def _shown(path: bytes) -> str:
    from dodo_hooks.core.text.terminal_text import escape

    return escape(path.decode("utf-8", "replace"))
