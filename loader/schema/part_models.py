"""The models of the smaller parts of jobs and hooks, and the keys that both have."""

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Discriminator, Tag

from dodo_hooks.core.plan import QUEUE
from dodo_hooks.loader.schema.key_docs import DAFT, LEFTHOOK, Key, Shape
from dodo_hooks.loader.schema.value_types import (
    MAP,
    TEXT,
    Body,
    Env,
    FilePath,
    FilePaths,
    Flag,
    Folder,
    GroupName,
    LogBytes,
    OnConflict,
    OneOrMore,
    Requirements,
    Run,
    Seconds,
    Text,
    Workspace,
    map_or_text,
    short_for,
)


class ConcurrencyBody(Body):
    """A group, and what to do when it is taken. `concurrency: NAME` is short for `concurrency: {group: NAME}`."""

    group: Annotated[
        GroupName,
        Key("its name", "group: database", default="one of the job's own, in its hook and its worktree"),
    ] = ""
    on_conflict: Annotated[
        OnConflict,
        Key(
            "what a job does when another run has the group: `queue` waits; `skip` is skipped, and so is what needs "
            "it; `cancel-previous` ends the background jobs that have the group or wait for it, and takes their place",
            "group: preview\non_conflict: cancel-previous",
        ),
    ] = QUEUE
    wait: Annotated[
        Seconds | None,
        Key("then it has failed", "group: database\nwait: 5m", default="60s; in the background as long as it takes"),
    ] = None


Concurrency: TypeAlias = Annotated[
    ConcurrencyBody, BeforeValidator(short_for("group")), Shape("text or map", short_for="group")
]


class SetupBody(Body):
    """A command before all jobs of a hook. A text, or a list of texts, is short for a map with `run` alone."""

    run: Annotated[Run, Key("the command", "run: npm ci --prefer-offline", LEFTHOOK)]
    name: Annotated[
        Text | None, Key("for people and records", "run: npm ci\nname: packages", default="made from `run`")
    ] = None
    env: Annotated[Env, Key("variables", "run: npm ci\nenv: {NODE_ENV: test}")] = {}
    root: Annotated[Folder, Key("the folder that it runs in", "run: npm ci\nroot: web", default="the top")] = ""
    timeout: Annotated[Seconds | None, Key("then it is ended, and has failed", "run: npm ci\ntimeout: 5m")] = None


Setup: TypeAlias = Annotated[
    SetupBody, BeforeValidator(short_for("run")), Shape("text or map", short_for="run", or_nothing=False)
]
Setups: TypeAlias = Annotated[OneOrMore[Setup], Shape("text, map or list of these", or_one=True)]


class JobLogBody(Body):
    """The limits for the log and the records of one job."""

    max_log_size: Annotated[
        LogBytes | None,
        Key("what is kept of what it prints", "max_log_size: 50MB", DAFT, default="that of the file's `log`"),
    ] = None
    retention: Annotated[
        Seconds | None, Key("how long its record is kept", "retention: 1d", DAFT, default="that of the file's `log`")
    ] = None


class LinkBody(Body):
    """Shared paths that are linked. The job may then change your files."""

    link: Annotated[FilePaths, Key("the paths", "link: [fixtures]")]


# The keys of both. The first four are handed down by hooks and groups, so their absence is not their default.

WorkspaceKey: TypeAlias = Annotated[
    Workspace | None,
    Key(
        "where it runs; `snapshot`: in a private checkout of the commit, see [snapshots](hook-file.md#snapshots)",
        "workspace: snapshot",
        default="`worktree`; of a job, the hook's",
    ),
]
Share: TypeAlias = Annotated[
    OneOrMore[
        Annotated[
            Annotated[FilePath, Tag(TEXT)] | Annotated[LinkBody, Tag(MAP)],
            Discriminator(map_or_text),
        ]
    ],
    Shape("path, map, or list of both", or_one=True),
    Key(
        "ignored files and folders that a snapshot gets a copy of, from the top of the working tree; "
        "`{link: PATHS}`: a link",
        "workspace: snapshot\nshare: [node_modules, {link: fixtures}]",
        default="none; of a job, the hook's",
    ),
]
Clean: TypeAlias = Annotated[
    Flag | None,
    Key(
        "whether the snapshot loses all ignored files before each run",
        "workspace: snapshot\nclean: true",
        default="`false`; of a job, the hook's",
    ),
]
Supersede: TypeAlias = Annotated[
    Flag | None,
    Key(
        "whether a new commit on the branch ends the runs on its older commits",
        "workspace: snapshot\nsupersede: false",
        default="`true`; of a job, the hook's",
    ),
]
Requires: TypeAlias = Annotated[
    Requirements,
    Key(
        "in `pre-push`: jobs that the pushed commits must have passed, see [snapshots](hook-file.md#snapshots)",
        "requires: [post-commit:test]",
    ),
]
Wait: TypeAlias = Annotated[
    Seconds | None,
    Key(
        "how long a push waits for them, then it is refused",
        "requires: [post-commit:test]\nwait: 4m",
        default="as long as it takes; `4m` over SSH",
    ),
]
Each: TypeAlias = Annotated[
    Flag,
    Key("whether each pushed commit must have passed, not the tips alone", "requires: post-commit:test\neach: true"),
]
