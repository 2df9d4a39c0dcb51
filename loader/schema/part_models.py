"""The models of the smaller parts of jobs and hooks."""

from dodo_hooks.core.plan import QUEUE
from dodo_hooks.loader.schema.kinds import Body, BodyOf, Shaped, key, needed
from dodo_hooks.loader.schema.value_types import (
    CONFLICT,
    ENV,
    FOLDER,
    GROUP_NAME,
    LOG_BYTES,
    RUN,
    SECONDS,
    SHARED_PATH,
    SHARED_PATHS,
    TEXT,
    map_or_text,
    one_or_more,
)


class ConcurrencyBody(Body, level="concurrency"):
    """A group, and what to do when it is taken. `concurrency: NAME` is short for `concurrency: {group: NAME}`."""

    group = key(GROUP_NAME, "")
    on_conflict = key(CONFLICT, QUEUE)
    wait = key(SECONDS, None)


CONCURRENCY = BodyOf(lambda: ConcurrencyBody, "text or map", short_for="group")


class SetupBody(Body, level="setup"):
    """A command before all jobs of a hook. A text, or a list of texts, is short for a map with `run` alone."""

    run = needed(RUN, "a setup needs a command")
    name = key(TEXT, None)
    env = key(ENV, {})
    root = key(FOLDER, "")
    timeout = key(SECONDS, None)

    is_whole = True


SETUPS = one_or_more(BodyOf(lambda: SetupBody, "text or map", short_for="run"), "text, map or list of these")


class JobLogBody(Body, level="job log"):
    """The limits for the log and the records of one job."""

    max_log_size = key(LOG_BYTES, None)
    retention = key(SECONDS, None)


class LinkBody(Body, level="share"):
    """Shared paths that are linked. The job may then change your files."""

    link = needed(SHARED_PATHS, "a link needs paths")

    is_whole = True


_SHARED: Shaped[str | LinkBody] = Shaped((SHARED_PATH, BodyOf(lambda: LinkBody)), "", map_or_text)
SHARE = one_or_more(_SHARED, "path, map, or list of both")
