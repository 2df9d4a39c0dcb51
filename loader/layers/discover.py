"""Which hook file applies (section 4)."""

import posixpath

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.loader.layers.config_formats import CONFIG_FORMATS, DODO, ConfigFormat
from dodo_hooks.loader.read.sources import Sources


class Found(Record):
    """The hook file to read. All paths are absolute."""

    file: str
    top: str  # of the working tree; messages name files relative to it
    family: ConfigFormat = DODO
    home: "str | None" = None  # where its other layers are looked for, as at the top; None: it has none
    also: "tuple[str, ...]" = ()  # candidates that are there too and are not read


def find_hook_file(top: str, sources: "Sources | None" = None) -> "Found | None":
    """The hook file of the working tree at `top` (absolute), None when it has none.

    A candidate that is there wins whatever it is: a directory or a link to nowhere is for the loader to refuse, since
    to pass over it would be to pass a gate whose configuration could not be read (R22).
    """
    sources = sources or Sources()
    present = [
        (family, path)
        for family in CONFIG_FORMATS
        for candidate in family.candidates
        if sources.is_there(path := posixpath.join(top, candidate))
    ]
    if not present:
        return _found_alone(top, sources)
    (family, first), *others = present
    return Found(first, top, family, top, tuple(other for _, other in others))


def _found_alone(top: str, sources: Sources) -> "Found | None":
    """A local overlay with nothing below it, where its family takes that for a hook file."""
    for family in CONFIG_FORMATS:
        for candidate in family.alone:
            path = posixpath.join(top, candidate)
            if sources.is_there(path):
                return Found(path, top, family, top)
    return None


def named_hook_file(file: str, *, top: str, base: str) -> Found:
    """The file that a person named (`-f other/x.dodo`), relative to `base` or absolute.

    Its name tells its family. Where it is a name that would be found, too, the file has the layers that it would have
    then: what `-f hooks.dodo` does and what a hook does must not differ. Whether it is there, the loader finds out.
    """
    path = posixpath.join(base, file)
    # `link/../x` is not `x` when `link` points elsewhere, so only what is safe is made shorter.
    path = path if ".." in path.split("/") else posixpath.normpath(path)
    family, home = _family_of(path)
    return Found(path, top, family, home)


def _family_of(path: str) -> "tuple[ConfigFormat, str | None]":
    names = [(family, name) for family in CONFIG_FORMATS for name in (*family.candidates, *family.alone)]
    for family, name in sorted(names, key=lambda pair: -pair[1].count("/")):
        if path.endswith(f"/{name}"):
            return family, path[: -len(name)].rstrip("/") or "/"
    stem = posixpath.basename(path).lstrip(".")
    return next(
        (family for family in CONFIG_FORMATS if stem.startswith((f"{family.name}.", f"{family.name}-"))), DODO
    ), None
