"""The user's own configuration, $XDG_CONFIG_HOME/dodo-hooks/config.yml, which no repository can change."""

import os
from dataclasses import dataclass

from dodo_hooks.core.diagnostics import Diagnostic, Location
from dodo_hooks.core.errors import ConfigError
from dodo_hooks.host.files.private_files import read_private
from dodo_hooks.loader.load import raise_errors
from dodo_hooks.loader.read.yaml_reader import parse
from dodo_hooks.loader.schema.file_models import UserFile
from dodo_hooks.loader.schema.read_models import read_user_models

DESKTOP = "desktop"  # instead of a command


@dataclass(frozen=True, slots=True)
class Notify:
    """The command that runs when a background run has ended."""

    command: str  # for sh; or DESKTOP
    is_for_all: bool  # not for those alone that did not go well
    timeout_s: float


@dataclass(frozen=True, slots=True)
class UserConfig:
    notify: Notify | None
    trusted: tuple[str, ...] = ()  # absolute paths; what lies below them needs no decision (section 8)


def load_user_config(path: str) -> UserConfig:
    """Return the user's configuration; an empty file sets nothing.

    Raises:
        ConfigError: it cannot be used; the error holds all diagnostics.
        UnsafeFileError: others could have written it.
    """
    data = _content_of(path)
    document = parse(data, path)
    file, errors = read_user_models(document.root) if document.root is not None else (UserFile(), [])
    raise_errors([*document.errors, *errors], {path: data})
    body = file.notify
    notify = None if body is None else Notify(body.run, body.when == "always", body.timeout)
    return UserConfig(notify, tuple(map(os.path.expanduser, file.trusted)))


def _content_of(path: str) -> bytes:
    try:
        return read_private(path)
    except OSError as error:
        raise ConfigError([Diagnostic(Location(path), f"cannot be read: {error.strerror}")]) from None
