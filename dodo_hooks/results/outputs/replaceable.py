"""The check whether outputs are nobody's work, so that others can be put in their place (K9; HOT).

Git has to ignore all that is there and all that is to be there, and no git directory may be below. No folder above an
output may be a link, since what is behind it is not in the working tree. What no job has made at the path of a folder
may be somebody's, though git ignores it.
"""

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.git.command import argv_of, git_environ, git_program
from dodo_hooks.git.untrusted import expect_folders, untracked_name
from dodo_hooks.host.capture import Captured, Pending, capture
from dodo_hooks.host.files.file_tree import walk_below
from dodo_hooks.host.posix import S_ISDIR, S_ISLNK, decode_path, encode_path, os
from dodo_hooks.results.outputs.manifest import parents_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from dodo_hooks.git.repo import Repo

_SETTINGS = ("core.fsmonitor=false",)
_NOT_IGNORED = ("--literal-pathspecs", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--")
_IGNORED = ("check-ignore", "-z", "--stdin")
_WILD = frozenset(b"*?[\\!")
_NONE_IS_IGNORED = 1  # an exit code: git-check-ignore(1)


class Replacement(Record):
    """New outputs of one job, to be put in the place of the old ones."""

    outputs: "Sequence[bytes]"
    folders: "Collection[bytes]"  # those of the outputs that are to be folders
    files: "Sequence[bytes]"  # what else is to be at or below the outputs, as far as git has to ignore it


def why_irreplaceable(repo: "Repo", environ: "Mapping[str, str]", wanted: "Sequence[Replacement]") -> "dict[int, str]":
    """Return why outputs may be somebody's work, by the number of the replacement; nothing for those that are not.

    Two git processes find out for all of them, side by side. `environ`: that of git's hook, so that its index counts.

    Raises:
        OSError: git cannot be started, or does not say.
    """
    reasons = dict[int, str]()
    for number, one in enumerate(wanted):
        try:
            expect_folders(encode_path(repo.top), parents_of(one.outputs))
            _expect_folders_and_no_git(repo.top, one)
        except ValueError as error:
            reasons[number] = str(error)
        except OSError as error:
            reasons[number] = f"cannot restore cached outputs: {error.strerror}"
    outputs = {path: number for number, one in enumerate(wanted) for path in one.outputs if number not in reasons}
    if not outputs:
        return reasons
    environ = {**git_environ(repo, environ), "GIT_FLUSH": "0"}  # else it writes each answer by itself: git(1)
    argv = argv_of(git_program(environ, repo), repo.top, (), _SETTINGS)
    listing = Pending((*argv, *_NOT_IGNORED, *(decode_path(path) for path in outputs)), environ)
    try:
        whole = _ignored_folders(argv, environ, [path for path in outputs if path in wanted[outputs[path]].folders])
        files = dict[bytes, int]()
        for number in {*outputs.values()}:
            below = tuple([path + b"/" for path in wanted[number].outputs if path in whole])
            left = [path for path in wanted[number].files if not path.startswith(below)]
            files.update(dict.fromkeys(_before_links(repo.top, left), number))
        ignored = set(_ask_git((*argv, *_IGNORED), environ, files))
    finally:
        listed = listing.result()
    refused = [(files[path], path) for path in files if b"./" + path not in ignored]
    for path in _answers("ls-files", listed):
        refused += [(outputs[above], path) for above in (*parents_of((path,)), path) if above in outputs]
    for number, path in refused:
        reason = f"git does not ignore {_shown(path)}; add the outputs to .gitignore to have them cached"
        reasons.setdefault(number, reason)
    return reasons


def _ignored_folders(argv: "tuple[str, ...]", environ: "Mapping[str, str]", folders: "Sequence[bytes]") -> "set[bytes]":
    """Return those of the folders that git ignores as a whole: then all in them is ignored, by gitignore(5).

    Git is asked about a file in each whose name nobody can have guessed. A pattern without wildcards that makes git
    ignore it can only be about a folder above. Raises OSError: git does not say.
    """
    name = os.urandom(16).hex().encode("ascii")
    fields = _ask_git((*argv, *_IGNORED, "-v"), environ, [folder + b"/" + name for folder in folders])
    patterns = zip(fields[2::4], fields[3::4], strict=True)
    return {path[2:].rpartition(b"/")[0] for pattern, path in patterns if not _WILD.intersection(pattern)}


def _ask_git(argv: "tuple[str, ...]", environ: "Mapping[str, str]", paths: "Iterable[bytes]") -> "list[bytes]":
    """Return what `git check-ignore` says of these paths. Raises OSError: it says nothing."""
    # git-check-ignore(1) has no literal paths: no `:` in front
    asked = b"".join([b"./%b\0" % path for path in paths])
    return _answers("check-ignore", capture(argv, environ, asked)) if asked else []


def _answers(name: str, done: Captured) -> "list[bytes]":
    if done.exit_code not in (0, _NONE_IS_IGNORED):
        raise OSError(done.exit_code, f"git {name}: {done.last_words}")
    return done.output.split(b"\0")[:-1]


def _expect_folders_and_no_git(top: str, one: Replacement) -> None:
    """Raise ValueError, with the reason, where the wrong thing is at an output, or a git directory below it."""
    base = encode_path(top) + b"/"
    for output in one.outputs:
        try:
            mode = os.lstat(base + output).st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not S_ISDIR(mode):
            if output in one.folders:
                what = "link" if S_ISLNK(mode) else "file"
                raise ValueError(f"{_shown(output)} is a {what}; it is not replaced by a folder")
            continue
        children = list(walk_below(base + output))
        if (name := untracked_name([child.name for child in children])) is not None:
            path = next(child.path[len(base) :] for child in children if child.name == name)
            raise ValueError(f"{_shown(path)} is a git directory; nothing there is replaced")


def _before_links(top: str, files: "Sequence[bytes]") -> "Sequence[bytes]":
    """Return the files, and a link itself for those that are to be where the link is: git looks behind none."""
    base, links = encode_path(top) + b"/", set[bytes]()
    for folder in parents_of(files):
        try:
            if S_ISLNK(os.lstat(base + folder).st_mode):
                links.add(folder)
        except (FileNotFoundError, NotADirectoryError):
            continue
    if not links:
        return files
    return list({next((above for above in parents_of((path,)) if above in links), path): None for path in files})


def _shown(path: bytes) -> str:
    from dodo_hooks.core.text.terminal_text import escape

    return escape(path.decode("utf-8", "replace"))
