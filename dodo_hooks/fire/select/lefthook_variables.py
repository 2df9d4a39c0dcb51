"""The variables of lefthook that keep their meaning while a lefthook file is in use.

`LEFTHOOK=0` runs nothing. `LEFTHOOK_EXCLUDE=lint,slow` leaves out jobs by their names and tags.
"""

from dodo_hooks.fire.select.selectors import Selectors, left_out
from dodo_hooks.host.world import reach_site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.plan import Hook
    from dodo_hooks.core.statuses import Outcome
    from dodo_hooks.host.world import World

OFF = ("0", "false")
EXCLUDE = "LEFTHOOK_EXCLUDE"
_LEFTHOOK = "lefthook"


def is_turned_off(world: "World", top: str) -> bool:
    """Return whether LEFTHOOK=0 applies in this working tree. As with lefthook, the hook file may be broken."""
    if world.environ.get("LEFTHOOK") not in OFF:
        return False
    reach_site(world)
    from dodo_hooks.loader.layers.discover import find_hook_file

    found = find_hook_file(top)
    return found is not None and found.config_format.name == _LEFTHOOK


def find_excluded(world: "World", config_format: str, hook: "Hook") -> "dict[int, Outcome]":
    """Return the outcome of each job that LEFTHOOK_EXCLUDE leaves out. `config_format`: of the hook file."""
    words = [word for word in world.environ.get(EXCLUDE, "").split(",") if word]
    if not words or config_format != _LEFTHOOK:
        return {}
    skip = (*words, *(f"tag:{word}" for word in words))
    return left_out(hook, Selectors(skip=skip), said_by=f"{EXCLUDE}=")
