"""The reporter `console`: the output of `doit run` for people."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from doit.exceptions import BaseFail  # type: ignore[import-untyped]
from doit.task import Task  # type: ignore[import-untyped]

from dodo_hooks.core import statuses
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.core.text.terminal_text import escape, has_unicode, wants_colors
from dodo_hooks.doit_runner.job_notes import JobFailed, JobSkipped, _Quiet, note_of
from dodo_hooks.engine.job_line import Look, job_line, name_columns


class ConsoleReporter(_Quiet):
    """A line for each job when it has ended, and a summary: the failed jobs, their logs, commands to run them again."""

    desc = "console output"

    def __init__(self, outstream: TextIO, options: "Mapping[str, Any] | None" = None) -> None:
        self._outstream = outstream
        is_terminal = outstream.isatty()
        columns = os.get_terminal_size(outstream.fileno()).columns if is_terminal else 0
        colors = wants_colors(os.environ, is_terminal, file=(options or {}).get("colors"))  # `colors:` of the hook file
        self._look = Look(colors, has_unicode(os.environ), columns)
        if colors:
            from dodo_hooks.engine.colors import OF_JOB_LINES

            self._look = self._look._replace(colors=OF_JOB_LINES)
        self._width = 0
        self._failures: list[tuple[Task, BaseFail]] = []
        self._errors: list[str] = []

    def initialize(self, tasks: Mapping[str, Task], selected_tasks: Sequence[str]) -> None:
        self._width = name_columns((one.name for one in tasks.values() if not one.has_subtask), self._look)

    def add_success(self, task: Task) -> None:
        self._line(task, Outcome(statuses.COMPLETED))

    def add_failure(self, task: Task, fail: BaseFail) -> None:
        if task.has_subtask or not fail.report:
            return
        if isinstance(fail, JobSkipped):
            self._line(task, Outcome(statuses.SKIPPED, reason=fail.why.removeprefix("skipped, ")))
            return
        self._failures.append((task, fail))
        self._line(task, _outcome_of(fail))

    def skip_uptodate(self, task: Task) -> None:
        note = note_of(task)
        self._line(task, (note and note.state.outcome) or Outcome(statuses.UP_TO_DATE))

    def skip_ignore(self, task: Task) -> None:
        reason = f"ignored until you type `doit forget {shlex.quote(task.name)}`"
        self._line(task, Outcome(statuses.SKIPPED, reason=reason))

    def skip_condition(self, task: Task, outcome: Outcome) -> None:
        self._line(task, outcome)

    def cleanup_error(self, exception: BaseFail) -> None:
        sys.stderr.write(escape(exception.get_msg(), keeps="\n\t"))

    def runtime_error(self, msg: str) -> None:
        self._errors.append(msg)

    def complete_run(self) -> None:
        """Print the summary; nothing if no job failed (R23)."""
        if self._failures:
            self._write(f"\n{len(self._failures)} failed:\n")
        for task, fail in self._failures:
            self._write(f"  {escape(_one_line(fail))}\n")
            note = note_of(task)
            if note and note.state.started_ns is not None:
                self._write(f"    log:       dodo-hooks jobs logs {escape(shlex.quote(note.address))}\n")
            self._write(f"    run again: doit run {escape(shlex.quote(task.name))}\n")
        for error in self._errors:
            self._write(f"error: {escape(error)}\n")

    def _line(self, task: Task, outcome: Outcome) -> None:
        if not task.has_subtask:  # a group is no job: it ends with its members
            duration_s = note.state.duration_s if (note := note_of(task)) else None
            self._write(job_line(task.name, self._width, outcome, duration_s, self._look) + "\n")

    def _write(self, text: str) -> None:
        """Print text that is safe already, whatever the stream's encoding has."""
        encoding = getattr(self._outstream, "encoding", None) or "utf-8"
        self._outstream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        self._outstream.flush()  # the output of the jobs does not go through this stream, and must come in order


def _outcome_of(fail: BaseFail) -> Outcome:
    return fail.outcome if isinstance(fail, JobFailed) else Outcome(statuses.FAILED, reason=_one_line(fail))


def _one_line(fail: BaseFail) -> str:
    return " ".join(str(fail.get_msg()).split())
