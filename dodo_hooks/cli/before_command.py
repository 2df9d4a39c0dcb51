"""The first steps of every command, and its end where its output is closed; without click, which takes 16 ms."""

import os
import sys

from dodo_hooks.core.errors import INTERRUPTED, GitError, UnsafeFileError
from dodo_hooks.fire.report.failures import is_in_job, print_failures
from dodo_hooks.git.event import needs_recovery
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.console import say
from dodo_hooks.host.descriptors import redirect_to_null
from dodo_hooks.host.files.private_files import expect_private_directory
from dodo_hooks.store import identity, layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dodo_hooks.host.world import World

CLOSED_OUTPUT = 141  # what a shell reports of a program that SIGPIPE ended
_NEED_NO_STATE = ("doctor", "completion")  # doctor reports what is wrong with the state directory


def begin(world: "World", command: "str | None") -> None:
    """Restore the unstaged changes that a killed hook has hidden, and print the failure notices of background runs.

    Every command does this first in a repository.

    Raises:
        UnsafeFileError: our directory for records is not the user's own.
    """
    try:
        expect_private_directory(layout.own_dir(world.state))
    except UnsafeFileError:
        if command in _NEED_NO_STATE:
            return
        raise
    try:
        repo = find_repo(world.environ, world.cwd)
    except GitError:  # no repository, or git refuses it: a command that needs one reports it
        return
    if is_in_job(world):
        return
    if repo.top and needs_recovery(repo):
        from dodo_hooks.fire.recovery import recover

        try:
            recover(world, repo, waits=False)
        except GitError as error:  # the next hook refuses; a command must still be able to find out why
            if command not in ("doctor", "run"):  # these report it themselves
                say(str(error))
    known = identity.known_id(repo.common_dir)
    if known is not None:
        repository_dir = layout.repository_dir(world.state, known)
        repair_dead(repository_dir)
        print_failures(world, repository_dir)


def repair_dead(repository_dir: str) -> None:
    """Write the ends of the runs whose writers died; without importing what that takes where no run is open."""
    try:
        is_open = bool(os.listdir(layout.live_dir(repository_dir)))
    except OSError:
        return
    if is_open:
        from dodo_hooks.store.maintenance.repair import repair

        repair(repository_dir)


def with_exit_code(command: "Callable[[], int]") -> int:
    """Return the exit code of a command; an interrupt, and output that nobody reads any more, have their own."""
    try:
        code = command()
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader has closed the pipe (`| head -1`), which is no error
        redirect_to_null((sys.stdout.fileno(),))  # so that Python's flush at exit does not fail
        return CLOSED_OUTPUT
