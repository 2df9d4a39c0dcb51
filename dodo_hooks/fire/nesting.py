"""The nesting of a firing: a hook that is fired inside a job of another run (R12; HOT)."""

from dodo_hooks.core.errors import HooksError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.files.file_locks import is_locked
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

DEEPEST = 3  # a hook inside a job inside a hook inside a job ...: what is deeper is a loop


class Nesting(Record):
    within: "str | None"  # the invocation whose job fired this hook
    level: int  # 0 for a hook that no job fired


def nesting_of(environ: "Mapping[str, str]") -> Nesting:
    """Return the nesting that the environment names. The invocation there counts only if it is alive.

    Raises:
        HooksError: the hook is nested more than three levels deep.
    """
    identity, directory = environ.get("DODO_INVOCATION"), environ.get("DODO_INVOCATION_DIR")
    if not identity or not directory or not is_locked(layout.lock_file(directory)):
        return Nesting(None, 0)
    text = environ.get("DODO_LEVEL", "")
    level = int(text) + 1 if text.isdigit() and len(text) < 4 else 1
    if level > DEEPEST:
        raise HooksError(f"hooks are nested {level} levels deep: a job of {identity} fires its own hook")
    return Nesting(identity, level)
