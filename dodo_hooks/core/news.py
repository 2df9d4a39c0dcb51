"""One line about a background run that did not go well, for somebody who was not there."""

from dodo_hooks.core import status
from dodo_hooks.core.shown import shell_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_NAMED = 3


def news_of(
    hook: str, identity: str, ended: "Sequence[tuple[str, str, str | None]]", error: "str | None"
) -> "str | None":
    """What is to be told; None when there is nothing: all went well, or somebody ended it on purpose.

    `ended`: name, status and reason of each background job. `error`: of the run as a whole.
    """
    bad = [one for one in ended if one[1] in (status.FAILED, status.CRASHED)]
    if not bad:
        return f"{hook}: {_first_line(error)}: dodo-hooks jobs --hook {hook}" if error else None
    skipped = sum(one[1] == status.SKIPPED for one in ended)
    rest = f", {skipped} skipped" if skipped else ""
    address = f"{bad[0][0]}@{identity}" if len(bad) == 1 else f"@{identity}"
    return f"{hook}: {_told(bad)} in the background{rest}: dodo-hooks jobs logs {shell_word(address)}"


def _told(bad: "Sequence[tuple[str, str, str | None]]") -> str:
    if len(bad) == 1:
        name, its_status, reason = bad[0]
        return f"{name} {its_status}" + (f" ({reason})" if reason else "")
    names = [name for name, _, _ in bad]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more} failed"


def _first_line(text: str) -> str:
    """Of a traceback the last one, which says what happened."""
    lines = text.strip().split("\n")
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]
