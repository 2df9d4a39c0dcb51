"""What a coordinator does when its jobs have ended, for a person who was not there (section 7)."""

from __future__ import annotations

from dodo_hooks.core.news import news_of
from dodo_hooks.core.plan import BACKGROUND
from dodo_hooks.core.status import Outcome
from dodo_hooks.store import layout
from dodo_hooks.store.news import leave_news
from dodo_hooks.store.writer import InvocationWriter


def leave_word(writer: InvocationWriter) -> str | None:
    """Leave for the next command what went wrong; returns that, None where all is well.

    Before the records are closed: whoever waits for that finds the news there.
    """
    ended = [
        (job.name, outcome.status, outcome.reason or _ending(outcome))
        for job in writer.hook.jobs
        if job.phase == BACKGROUND and (outcome := writer.jobs[job.number].outcome)
    ]
    line = news_of(writer.hook.name, writer.identity, ended, writer.error)
    if line is not None:
        leave_news(layout.repository_of(writer.directory), writer.identity, writer.hook.name, line)
    return line


def _ending(outcome: Outcome) -> str | None:
    if outcome.signal is not None:
        return f"signal {outcome.signal}"
    return f"exit code {outcome.exit_code}" if outcome.exit_code else None
