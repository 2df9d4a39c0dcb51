"""`fail_on_changes`, which both tools have: the hook fails if its jobs have changed files.

It can turn a commit down, so a gate that has it is refused: without it the commit would go through unchecked.
"""

from dodo_hooks.core.events import is_gate
from dodo_hooks.loader.dialects.translation import Remarks, text_of
from dodo_hooks.loader.tree import Entry
from dodo_hooks.loader.wording import quoted

_NEVER = ("never", "false", "0")


def check_changes(entry: Entry | None, hook: str, remarks: Remarks, *, is_task: bool) -> None:
    if entry is None or text_of(entry).lower() in _NEVER:
        return
    if is_task or not can_be_gate(hook):
        remarks.ignored(entry, "that files were changed does not fail a hook here")
    else:
        way_out = 'let the hook end with a job that runs "git diff --exit-code"'
        remarks.find(entry.mark, f"{quoted(entry.key)} is not supported: {way_out}", f"hook {quoted(hook)}")


def can_be_gate(hook: str) -> bool:
    return is_gate(hook, ("prepared",))
