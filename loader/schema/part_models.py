"""The models of the smaller parts of jobs and hooks."""

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Discriminator, Tag

from dodo_hooks.core.plan import QUEUE
from dodo_hooks.loader.schema.shapes import Shape
from dodo_hooks.loader.schema.value_types import (
    MAP,
    TEXT,
    Body,
    Env,
    Folder,
    GroupName,
    LogBytes,
    OnConflict,
    OneOrMore,
    Run,
    Seconds,
    SharedPath,
    SharedPaths,
    Text,
    map_or_text,
    short_for,
)


class ConcurrencyBody(Body):
    """A group, and what to do when it is taken. `concurrency: NAME` is short for `concurrency: {group: NAME}`."""

    group: GroupName = ""
    on_conflict: OnConflict = QUEUE
    wait: Seconds | None = None


Concurrency: TypeAlias = Annotated[
    ConcurrencyBody, BeforeValidator(short_for("group")), Shape("text or map", short_for="group")
]


class SetupBody(Body):
    """A command before all jobs of a hook. A text, or a list of texts, is short for a map with `run` alone."""

    run: Run
    name: Text | None = None
    env: Env = {}
    root: Folder = ""
    timeout: Seconds | None = None


Setup: TypeAlias = Annotated[
    SetupBody, BeforeValidator(short_for("run")), Shape("text or map", short_for="run", or_nothing=False)
]
Setups: TypeAlias = Annotated[OneOrMore[Setup], Shape("text, map or list of these", or_one=True)]


class JobLogBody(Body):
    """The limits for the log and the records of one job."""

    max_log_size: LogBytes | None = None
    retention: Seconds | None = None


class LinkBody(Body):
    """Shared paths that are linked. The job may then change your files."""

    link: SharedPaths


Share: TypeAlias = Annotated[
    OneOrMore[
        Annotated[
            Annotated[SharedPath, Tag(TEXT)] | Annotated[LinkBody, Tag(MAP)],
            Discriminator(map_or_text),
        ]
    ],
    Shape("path, map, or list of both", or_one=True),
]
