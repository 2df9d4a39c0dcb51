"""`fail_on_changes`, which both tools have: the hook fails if its jobs change files."""

from dodo_hooks.core.plan import CI, ELSEWHERE
from dodo_hooks.core.text.terminal_text import join_or, quote
from dodo_hooks.loader.formats.translation import DiagnosticCollector, flag, text, text_of, with_value
from dodo_hooks.loader.read.nodes import Entry, ListNode

_NEVER = ("never", "false", "0")
_ALWAYS = ("always", "true", "1")


def changes_entry(entry: Entry | None, subject: str, diagnostics: DiagnosticCollector) -> list[Entry]:
    """Return the key in our format; nothing where it is absent."""
    if entry is None or (word := text_of(entry).lower()) in _NEVER:
        return []
    mark = entry.value.mark
    if word in _ALWAYS:
        return [with_value(entry, flag(mark, True))]
    if word in (CI, ELSEWHERE):
        return [with_value(entry, ListNode(mark, (text(mark, word),)))]
    words = join_or((_ALWAYS[0], _NEVER[0], CI, ELSEWHERE))
    diagnostics.error(mark, f"{quote(entry.key)}: expected {words}", subject)
    return []
