"""The files that git may convert between the index and the working tree (K3; HOT).

Of such a file the content on disk is not known from its blob: line ends, `$Id$`, encodings and filters (git-lfs) give
several contents one blob. Attributes and configuration are read here without git, so they are read roughly: too many
files count as converted rather than too few, and those are hashed, which is slower and never wrong.
"""

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.variables import user_configuration, user_folder, without_local
from dodo_hooks.host.posix import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dodo_hooks.git.repo import Repo

# An attribute whose name begins so converts; `[attr]` defines a macro, and `binary` is one that git has.
_CONVERTS = (b"text", b"eol", b"crlf", b"ident", b"filter", b"working-tree-encoding", b"[attr]", b"binary")
# What a configuration may say that converts files, or that names more to be read.
_SETTINGS = (b"autocrlf", b"include", b"attr")
# The same for what decides how files are written, and git's names of all that.
_WRITING = (*_SETTINGS, b"eol", b"encoding", b"symlinks", b"filter")
_KEYS = (b"core.attributesfile", b"core.autocrlf", b"core.checkroundtripencoding", b"core.eol", b"core.symlinks")
_FILTER = b"filter."
_ENDS_VALUE = frozenset(b"#;\t")  # in a value: a comment, or a blank that versions of git read differently
_SYSTEM = ("/etc/gitconfig", "/usr/local/etc/gitconfig", "/opt/homebrew/etc/gitconfig")
_SYSTEM_ATTRIBUTES = ("/etc/gitattributes", "/usr/local/etc/gitattributes", "/opt/homebrew/etc/gitattributes")
_WILD = b'*?[\\"'


_ANY = (b"",)


def converted_ends(repo: "Repo", environ: "Mapping[str, str]", attributes: "Iterable[bytes]") -> "tuple[bytes, ...]":
    """Return the ends, in lower case, of the paths of files that git may convert; (b"",) where that is any file.

    `attributes`: the attributes files in the working tree or in the index that can concern the files, as paths.

    Raises:
        GitError: an attributes file cannot be read.
    """
    if _is_configured(repo, environ, _SETTINGS):
        return _ANY
    ends: set[bytes] = set()
    for content in (*outer_attributes(repo, environ), *(_tree_attributes(repo, path) for path in attributes)):
        found = None if content is None else _ends(content)
        if found is None:
            return _ANY
        ends |= found
    return tuple(sorted(end.lower() for end in ends))


def writing_rules(repo: "Repo", environ: "Mapping[str, str]") -> bytes:
    """Return all outside of a commit that decides how its files are written (S4); b"" in most repositories.

    Git is asked only where a configuration has a word for it, and is not plain. Raises GitError.
    """
    settings: dict[bytes, bytes] = {}
    if _is_configured(repo, environ, _WRITING):
        for content in map(_content, _configuration_files(repo, environ)):
            plain = plain_settings(content)
            if plain is None:
                settings = _ask_settings(repo, environ)
                break
            settings.update(plain)
    return b"\0".join(filter(None, chosen_rules(repo, environ, settings)))


def plain_settings(content: bytes) -> "dict[bytes, bytes] | None":
    """Return the settings in a configuration file; None where only git can read it, or it names further files."""
    from dodo_hooks.git.configuration import is_plain_line

    settings, section = {}, b""
    for line in map(bytes.strip, content.split(b"\n")):
        if not line or line[:1] in b"#;":
            continue
        key, _, value = line.partition(b"=")
        if not is_plain_line(line) or not _ENDS_VALUE.isdisjoint(value.strip()):
            return None
        if line[:1] == b"[":
            name, _, sub = line[1:-1].partition(b" ")
            section = name.lower() + b"." + (sub[1:-1] + b"." if sub else b"")
        else:
            settings[section + key.strip().lower()] = value.strip()
    return settings


def _ask_settings(repo: "Repo", environ: "Mapping[str, str]") -> "dict[bytes, bytes]":
    from dodo_hooks.git.command import run_git

    own = {**without_local(environ), "GIT_DIR": repo.git_dir}
    listed = run_git(("config", "--list", "-z"), repo.top or repo.git_dir, own, repo=repo).split(b"\0")
    return {key: value for key, _, value in (one.partition(b"\n") for one in listed)}


def chosen_rules(repo: "Repo", environ: "Mapping[str, str]", settings: "Mapping[bytes, bytes]") -> "list[bytes]":
    """Return those of git's settings that decide how files are written, and the attributes files outside of the tree.

    Raises:
        GitError: one cannot be read.
    """
    rules = [b"%b=%b" % one for one in sorted(settings.items()) if one[0] in _KEYS or one[0].startswith(_FILTER)]
    named = settings.get(b"core.attributesfile", b"").decode("utf-8", "surrogateescape")
    if named.startswith("~/"):
        named = environ.get("HOME", "") + named[1:]
    return [*rules, *outer_attributes(repo, environ), _content(named)]


def _is_configured(repo: "Repo", environ: "Mapping[str, str]", words: "tuple[bytes, ...]") -> bool:
    """Return whether a configuration has one of these words."""
    if environ.get("GIT_ATTR_SOURCE"):
        return True
    given = [
        value.encode("utf-8", "surrogateescape") for name, value in environ.items() if name.startswith("GIT_CONFIG")
    ]
    files = (*_configuration_files(repo, environ), f"{repo.git_dir}/config.worktree")
    contents = (*given, *(_content(path) for path in files))
    return any(word in content for content in map(bytes.lower, contents) for word in words)


def _configuration_files(repo: "Repo", environ: "Mapping[str, str]") -> "tuple[str, ...]":
    """Return the files, those that win last. That of the worktree counts where an extension says so."""
    named = environ.get("GIT_CONFIG_SYSTEM")
    system: tuple[str, ...] = ()
    if environ.get("GIT_CONFIG_NOSYSTEM", "") in ("", "0", "false", "no", "off"):
        system = (named,) if named else _SYSTEM
    return (*system, *user_configuration(environ), f"{repo.common_dir}/config")


def outer_attributes(repo: "Repo", environ: "Mapping[str, str]") -> "list[bytes]":
    """Return the contents of the attributes files outside of the tree. Raises GitError."""
    files = [f"{repo.common_dir}/info/attributes", f"{user_folder(environ)}/attributes"]
    if environ.get("GIT_ATTR_NOSYSTEM", "") in ("", "0", "false", "no", "off"):
        files += _SYSTEM_ATTRIBUTES
    return [_content(path) for path in files]


def _content(path: str) -> bytes:
    try:
        return read_file(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        return b""  # git continues without it, too
    except OSError as error:
        raise GitError(f"cannot read {path}: {error.strerror}") from error


def _tree_attributes(repo: "Repo", path: bytes) -> "bytes | None":
    """Return the content of an attributes file; None where it is not there, so that git reads the index instead."""
    name = f"{repo.top}/{path.decode('utf-8', 'surrogateescape')}"
    try:
        return read_file(name)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise GitError(f"cannot read {name}: {error.strerror}") from error


def _ends(content: bytes) -> "set[bytes] | None":
    """Return the ends of the paths that may be converted; None for any path."""
    found: set[bytes] = set()
    for line in content.splitlines():
        pattern, *attributes = line.split() or [b"#"]
        names = [one.lstrip(b"-!") for one in attributes]
        if pattern.startswith(b"#") or not any(name.startswith(_CONVERTS) for name in (*names, pattern[:6])):
            continue
        end = pattern.rpartition(b"/")[2].lstrip(b"*")
        if not end or any(character in _WILD for character in end) or b'"' in pattern:
            return None
        found.add(end)
    return found
