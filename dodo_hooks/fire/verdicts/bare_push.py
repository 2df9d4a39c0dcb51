"""A push from a bare directory: what it requires is in the worktree of the default branch, or in its commit (V3)."""

from __future__ import annotations

from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.fire.verdicts.gate import Push
from dodo_hooks.git.head import default_branch, head_of
from dodo_hooks.git.repo import Repo, find_repo
from dodo_hooks.git.target import find_target
from dodo_hooks.git.variables import without_local
from dodo_hooks.host.console import say
from dodo_hooks.host.posix import decode_path, names_in, read_file
from dodo_hooks.host.world import World
from dodo_hooks.plans.compile_plan import find_file
from dodo_hooks.trust.policy import FOR_ALL, admit

_HOOK = "pre-push"


def find_bare_push(
    world: World,
    repo: Repo,
    installed: str,
    args: tuple[str, ...],
    stdin: bytes,
    *,
    is_silent: bool = False,
) -> Push | None:
    """Return the push as the hook file of the default branch gates it; None where it does not.

    The file is that of the branch's worktree, or else the committed one. The other jobs of its hook do not run, since
    the push is not from there. `installed`: as for `trust.policy.admit`, which says whether its hooks may run.
    `is_silent`: nothing is printed where there is no hook file.

    Raises:
        HooksError: there is no such hook file, or as for `Push`.
    """
    branch = default_branch(repo, world.environ) or head_of(repo, world.environ)[0]
    worktree, target = _worktree_of(world, repo, branch) if branch else None, None
    if worktree is None or find_file(world, worktree.top) is None:  # it may be sparse, or not be checked out
        worktree = repo._replace(top=repo.git_dir)
        try:
            target = find_target(worktree, world.environ, f"refs/heads/{branch}" if branch else "HEAD")
        except GitError as error:
            name = branch or "HEAD"
            message = f"push refused: no worktree and no commit of {name} says what it requires; push from a worktree"
            raise UsageError(message) from error
    admitted = admit(world, worktree, installed, (_HOOK,), args, target)
    if admitted is not None and admitted[0].settings is None and installed != FOR_ALL and not is_silent:
        say(f"{_HOOK}: no hook file in {branch or 'HEAD'} or in its worktree, so nothing was checked")
    hook = None if admitted is None else admitted[0].hook(_HOOK)
    if admitted is None or hook is None or not hook.gates_commits:
        return None
    return Push(world, worktree, admitted[0], hook, args, stdin, target)


def _worktree_of(world: World, repo: Repo, branch: str) -> Repo | None:
    """Return the linked worktree that has this branch checked out: gitrepository-layout(5), worktrees."""
    areas = f"{repo.common_dir}/worktrees"
    for name in sorted(names_in(areas)):
        try:
            worktree = decode_path(read_file(f"{areas}/{name}/gitdir").strip()).removesuffix("/.git")
            if head_of(repo._replace(git_dir=f"{areas}/{name}"), world.environ)[0] == branch:
                found = find_repo(without_local(world.environ), worktree)
                return found if found.common_dir == repo.common_dir else None
        except (OSError, GitError):
            continue
    return None
