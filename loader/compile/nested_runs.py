"""Jobs whose commands fire a hook themselves, with `dodo-hooks run`.

It is said once, with the other warnings about the file. A run inside of a job is silent about it.
"""

import re
from collections.abc import Iterator, Mapping

from dodo_hooks.core.git_hooks import known_hooks
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.compile.job_commands import Setting

# Where a command begins, so that a text that only names such a run is not meant.
_RUN = re.compile(
    r"(?m)(?:^|[;&|({]|\b(?:then|do|else|exec))[ \t]*(?:\w+=\S*[ \t]+)*(?:\S*/)?"
    r"(dodo-hooks[ \t]+run[ \t]+(?:-\S+[ \t]+)*([a-z][\w-]*))"
)


def find_nested_runs(text: str, setting: Setting) -> Iterator[tuple[str, str]]:
    """Yield a message and a fix for each run of the job's own hook, and of a hook for which the file has no jobs."""
    bodies: Mapping[str, object] = {**setting.file.tasks, **setting.file.hooks}
    for command, hook in _RUN.findall(text):
        if hook == setting.hook:
            yield f"{quote(command)} fires {hook} inside of a job of {hook}", "order the jobs of a hook with needs"
        elif hook in known_hooks() and hook not in bodies:
            yield f"{quote(command)} runs nothing: the file has no jobs for {hook}", "remove it, or add jobs"
