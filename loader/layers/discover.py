"""The search for the hook file of a working tree (section 4)."""

import posixpath

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.loader.layers.config_formats import CONFIG_FORMATS, DODO, PRE_COMMIT, ConfigFormat
from dodo_hooks.loader.read.sources import Sources


class Found(Record):
    """The hook file to read. All paths are absolute."""

    file: str
    top: str  # of the working tree; messages name files relative to it
    config_format: ConfigFormat = DODO
    home: "str | None" = None  # the directory of its other layers; None: it has none
    also: "tuple[str, ...]" = ()  # candidates that are there too and are not read
    has_local: bool = True  # the local overlays are among its layers


def find_hook_file(top: str, sources: "Sources | None" = None) -> "Found | None":
    """Return the hook file of the working tree at `top` (absolute), None when it has none.

    A candidate that exists wins, even a directory or a dangling link: the loader rejects those. To skip one would be to
    pass a gate whose configuration could not be read (R22).
    """
    sources = sources or Sources()
    present = [
        (one, path)
        for one in CONFIG_FORMATS
        for candidate in one.candidates
        if sources.is_there(path := posixpath.join(top, candidate))
    ]
    alone = _found_alone(top, sources) if not present or present[0][0] is PRE_COMMIT else None
    if alone is not None or not present:
        return alone
    (config_format, first), *others = present
    return Found(first, top, config_format, top, tuple(other for _, other in others))


def _found_alone(top: str, sources: Sources) -> "Found | None":
    """Return a local overlay without a hook file, where its config format accepts that as a hook file."""
    for one in CONFIG_FORMATS:
        for candidate in one.alone:
            path = posixpath.join(top, candidate)
            if sources.is_there(path):
                return Found(path, top, one, top)
    return None


def named_hook_file(file: str, *, top: str, base: str) -> Found:
    """Return the file that the user named (`-f other/x.dodo`), relative to `base` or absolute.

    Its name decides its config format. A name that `find_hook_file` would find has the same layers as there: `-f
    hooks.dodo` and a hook must not differ. The loader reports a missing file.
    """
    path = posixpath.join(base, file)
    # `link/../x` is not `x` when `link` points elsewhere, so only what is safe is made shorter.
    path = path if ".." in path.split("/") else posixpath.normpath(path)
    config_format, home = _config_format_of(path)
    return Found(path, top, config_format, home)


def local_overlays(found: Found, home: str, sources: Sources) -> list[str]:
    """Return the local overlays that are there below `home`, the top of this or of the main working tree.

    The first wins.
    """
    names = found.config_format.local_names(posixpath.relpath(found.file, found.home or home))
    return [path for name in names if sources.is_there(path := posixpath.join(home, name))]


def _config_format_of(path: str) -> "tuple[ConfigFormat, str | None]":
    names = [(one, name) for one in CONFIG_FORMATS for name in (*one.candidates, *one.alone)]
    for config_format, name in sorted(names, key=lambda pair: -pair[1].count("/")):
        if path.endswith(f"/{name}"):
            return config_format, path[: -len(name)].rstrip("/") or "/"
    stem = posixpath.basename(path).lstrip(".")
    started = (one for one in CONFIG_FORMATS if stem.startswith((f"{one.name}.", f"{one.name}-")))
    return next(started, DODO), None
