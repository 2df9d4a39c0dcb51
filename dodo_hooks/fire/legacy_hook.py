"""The legacy hook: the one that was there before ours (G1; HOT, imported only if there is one)."""

from dodo_hooks.core.errors import UsageError
from dodo_hooks.host.posix import os
from dodo_hooks.host.process import start_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.host.world import World


def run_legacy(world: "World", path: str, args: "tuple[str, ...]", stdin: "bytes | None") -> int:
    """Run the legacy hook, with the same arguments and standard input, and return its exit code (G1)."""
    if not os.access(path, os.X_OK):
        return 0
    actions = []
    if stdin is not None:
        from dodo_hooks.host.descriptors import spool

        actions.append((os.POSIX_SPAWN_DUP2, spool(stdin, path.rpartition("/")[0]), 0))

    def start(file: str, words: "tuple[str | bytes, ...]") -> int:
        return os.posix_spawn(file, words, world.environ, file_actions=actions)

    try:
        pid = start_program((path, *args), world.environ, start)
    except OSError as error:
        raise UsageError(f"cannot start the legacy hook {path}: {error.strerror}") from error
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256
