"""The user's own configuration, found without importing its reader (HOT)."""

from __future__ import annotations

import os

from dodo_hooks.host.world import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.loader.user_config import UserConfig


CONFIG_FILE = "dodo-hooks/config.yml"


def load_own_config(world: World) -> UserConfig | None:
    """Return the user's configuration; None where there is none.

    Raises:
        ConfigError: it cannot be used.
    """
    path = f"{world.config}/{CONFIG_FILE}"
    if not os.path.lexists(path):
        return None
    from dodo_hooks.loader.user_config import load_user_config

    return load_user_config(path)
