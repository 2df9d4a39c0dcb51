"""The repository of a command, its plan, and its directory in the store."""

import os

from dodo_hooks.cli.before_command import repair_dead
from dodo_hooks.core.errors import GitError, UnsafeRepositoryError, UsageError
from dodo_hooks.git.configuration import expect_configuration
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.console import say
from dodo_hooks.store import identity
from dodo_hooks.store.repositories import repository_dirs, repository_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dodo_hooks.core.plan import Hook, Plan
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World

    Find = Callable[[Mapping[str, str], str], Repo]


def plan_here(world: "World", find: "Find" = find_repo) -> "Plan":
    """Return the plan of the working tree.

    With `locate_repo` for `find`, the repository may belong to anybody. That is for commands that only read.

    Raises:
        GitError: there is no repository here, or git refuses it.
        ConfigError: the hook file is wrong.
        UsageError: there is no working tree, or no hook file in it.
    """
    from dodo_hooks.plans.plan_cache import load_plan

    top = tree_here(world, find)
    plan = load_plan(world, top)
    if plan is None:
        raise no_hook_file(top)
    return plan


def tree_here(world: "World", find: "Find" = find_repo) -> str:
    """Return the top of the working tree. `find` is that of `plan_here`.

    Raises:
        GitError: there is no repository here, or git refuses it.
        UsageError: there is no working tree.
    """
    return with_tree(find(world.environ, world.cwd)).top


def with_tree(repo: "Repo") -> "Repo":
    """Return the repository. Raises UsageError: it has no working tree."""
    if not repo.top:
        raise UsageError(f"no working tree in {repo.git_dir}; run this in a working tree")
    return repo


def no_hook_file(top: str) -> UsageError:
    return UsageError(f"no hook file in {top}; run `dodo-hooks init` to create one")


def keep_hook(plan: "Plan", name: "str | None") -> "Plan":
    """Return the plan with this hook or task alone; with None, the plan as it is.

    Raises:
        UsageError: there is none of this name.
    """
    return plan if name is None else plan._replace(hooks=(hook_in(plan, name),))


def hook_in(plan: "Plan", name: str) -> "Hook":
    """Return the hook or task of this name.

    Raises:
        UsageError: there is none.
    """
    hook = plan.hook(name)
    if hook is None:
        raise no_hook(name, plan.file, [hook.name for hook in plan.hooks])
    return hook


def no_hook(name: str, file: str, known: "list[str]") -> UsageError:
    from dodo_hooks.core.text.nearest import choose_from
    from dodo_hooks.core.text.terminal_text import quote

    return UsageError(f"no hook {quote(name)} in {file}{choose_from(name, known)}")


def size_of(plan: "Plan") -> str:
    """Return the size of the plan in words, such as "2 hooks, 1 task, 7 jobs"."""
    from dodo_hooks.core.text.terminal_text import counted

    tasks = sum(hook.is_task for hook in plan.hooks)
    counts = [counted(len(plan.hooks) - tasks, "hook")]
    counts += [counted(tasks, "task")] if tasks else []
    return ", ".join([*counts, counted(sum(len(hook.jobs) for hook in plan.hooks), "job")])


def store_here(world: "World", path: "str | None" = None) -> str:
    """Return the store directory of this repository, or of that at `path`, after a repair of its records.

    A repository, or a worktree, that was removed or moved is found by each path at which a run was made.

    Raises:
        GitError, UsageError: there is no repository, and was none, or git cannot use it.
    """
    try:
        repo = repo_at(world, path)
    except UnsafeRepositoryError:
        raise
    except (GitError, UsageError):
        if path is not None and (gone := _removed_store(world, os.path.join(world.cwd, path))):
            return gone
        raise
    expect_configuration(repo, world.environ)
    repository_dir = identity.records_dir(world.state, repo.common_dir)
    repair_dead(repository_dir)
    return repository_dir


def _removed_store(world: "World", path: str) -> "str | None":
    """Return the store of the repository with the newest run that was made at `path`, or whose first path it was."""
    wanted = os.path.realpath(path)
    newest = {one: _newest_at(one, wanted) for one in repository_dirs(world.state)}
    return max(filter(newest.get, newest), key=newest.__getitem__, default=None)


def _newest_at(repository_dir: str, path: str) -> str:
    """Return the id of the newest run that belongs to this path; "" if there is none."""
    from dodo_hooks.store.reader import identities, list_invocations

    if repository_path(repository_dir) == path:
        return next(identities(repository_dir), "")
    found = list_invocations(repository_dir, worktree=path, report=lambda _: None)
    return next((one.id for one in found), "")


def all_stores(world: "World") -> "list[str]":
    """Return the store directories of all repositories, after a repair of their records."""
    found = repository_dirs(world.state)
    for repository_dir in found:
        repair_dead(repository_dir)
    return found


def repo_at(world: "World", path: "str | None") -> "Repo":
    """Return the repository at a path that a person wrote; with None, the current one.

    Raises:
        GitError: there is none, or git refuses it.
        UsageError: there is nothing at the path. The repository around it is not meant.
    """
    if path is None:
        return find_repo(world.environ, world.cwd)
    from dodo_hooks.git.variables import without_local

    place = os.path.join(world.cwd, path)
    if not os.path.isdir(place):
        raise UsageError(f"{path}: no such directory")
    # In a hook git's variables name the repository of the hook, and would win over the path.
    return find_repo(without_local(world.environ), place)


def print_once() -> "Callable[[str], None]":
    """Return a function that prints a message on stderr, each message only once."""
    printed: set[str] = set()

    def report(message: str) -> None:
        if message not in printed:
            printed.add(message)
            say(message)

    return report
