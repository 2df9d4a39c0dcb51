"""The environment variables that all jobs of a phase have (section 5, R11; HOT).

Jobs of a daft.yml also have daft's variables, which take their values from ours.
"""

from dodo_hooks.core.git_hooks import CLIENT_HOOKS
from dodo_hooks.core.plan import FILES_VARIABLE
from dodo_hooks.git.head import default_branch, head_of
from dodo_hooks.git.repo import is_discoverable, main_worktree
from dodo_hooks.git.variables import background_environ, without_local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.fire.firing import Firing
    from dodo_hooks.fire.run_state import Run


DAFT_VARIABLES = (
    ("DAFT_HOOK", "DODO_HOOK"),
    ("DAFT_PROJECT_ROOT", "DODO_MAIN_WORKTREE"),
    ("DAFT_GIT_DIR", "DODO_GIT_DIR"),
    ("DAFT_REMOTE", "DODO_REMOTE"),
    ("DAFT_SOURCE_WORKTREE", "DODO_MAIN_WORKTREE"),
    ("DAFT_WORKTREE_PATH", "DODO_WORKTREE"),
    ("DAFT_BRANCH_NAME", "DODO_BRANCH"),
    ("DAFT_BASE_BRANCH", "DODO_DEFAULT_BRANCH"),
    ("DAFT_DEFAULT_BRANCH", "DODO_DEFAULT_BRANCH"),
    ("DAFT_REPOSITORY_URL", "DODO_REMOTE_URL"),
)
# The same for single hooks: git's arguments under names.
DAFT_VARIABLES_OF_HOOKS = {
    "applypatch-msg": (("DAFT_COMMIT_MSG_FILE", "DODO_ARG1"),),
    "commit-msg": (("DAFT_COMMIT_MSG_FILE", "DODO_ARG1"),),
    "prepare-commit-msg": (
        ("DAFT_COMMIT_MSG_FILE", "DODO_ARG1"),
        ("DAFT_COMMIT_MSG_SOURCE", "DODO_ARG2"),
        ("DAFT_COMMIT_MSG_SHA", "DODO_ARG3"),
    ),
    "pre-rebase": (("DAFT_REBASE_UPSTREAM", "DODO_ARG1"), ("DAFT_REBASE_BRANCH", "DODO_ARG2")),
    "post-checkout": (
        ("DAFT_CHECKOUT_PREV_SHA", "DODO_ARG1"),
        ("DAFT_CHECKOUT_NEW_SHA", "DODO_ARG2"),
        ("DAFT_CHECKOUT_FLAG", "DODO_ARG3"),
    ),
    "post-merge": (("DAFT_GIT_MERGE_SQUASH", "DODO_ARG1"),),
    "pre-push": (("DAFT_PUSH_REMOTE", "DODO_ARG1"), ("DAFT_PUSH_REMOTE_URL", "DODO_ARG2")),
    "post-rewrite": (("DAFT_REWRITE_COMMAND", "DODO_ARG1"),),
}
DAFT_STAGE = ("DAFT_GIT_STAGE", "DODO_HOOK")  # in hooks that git itself fires


def daft_environ(hook: str, environ: "Mapping[str, str]") -> "dict[str, str]":
    """Return the variables under daft's names, with the values that `environ` has under our names."""
    pairs = (*DAFT_VARIABLES, *DAFT_VARIABLES_OF_HOOKS.get(hook, ()))
    if hook in CLIENT_HOOKS:
        pairs += (DAFT_STAGE,)
    return {theirs: environ[ours] for theirs, ours in pairs if ours in environ}


_DAFT = "daft"
_DEFAULT_BRANCH = "DODO_DEFAULT_BRANCH"
# Variables of an outer run whose job fired this hook. They describe the outer event, so they are removed.
_OF_AN_EVENT = ("DODO_ARG", "DODO_REMOTE", FILES_VARIABLE, _DEFAULT_BRANCH)


def environment_of_run(run: "Run", is_background: bool) -> "dict[str, str]":
    """Return the environment of all jobs of a phase (R11)."""
    return {
        **environment_of_event(run.firing, is_background),
        "DODO_INVOCATION": run.writer.identity,
        "DODO_INVOCATION_DIR": run.writer.directory,
        "DODO_LEVEL": str(run.nesting.level),
    }


def environment_of_event(firing: "Firing", is_background: bool) -> "dict[str, str]":
    """Return the part of that environment which does not depend on the run: the keys of jobs are made of it (K1).

    A foreground job keeps git's variables for the hook. A background job does not, since it outlives the git command.
    """
    repo = firing.repo
    environ = {name: value for name, value in firing.world.environ.items() if not name.startswith(_OF_AN_EVENT)}
    if is_background:
        environ = background_environ(environ, repo, is_discoverable(repo, without_local(environ)))
    environ.update(
        DODO_HOOK=firing.hook.name,
        DODO_WORKTREE=repo.top,
        DODO_MAIN_WORKTREE=main_worktree(repo) or "",
        DODO_GIT_DIR=repo.git_dir,
        DODO_BRANCH=head_of(repo, firing.world.environ)[0] or "",
        DODO_ARGS=str(len(firing.args)),
    )
    for number, argument in enumerate(firing.args, 1):
        environ[f"DODO_ARG{number}"] = argument
    if firing.hook.name == "pre-push" and len(firing.args) == 2:
        environ["DODO_REMOTE"], environ["DODO_REMOTE_URL"] = firing.args
    # It costs a file.
    is_asked_for = any(_DEFAULT_BRANCH in word for job in firing.hook.jobs for word in job.execution.argv)
    if firing.rules.config_format == _DAFT or is_asked_for:
        environ[_DEFAULT_BRANCH] = default_branch(repo, firing.world.environ)
    if any(job.is_judged_by_diff for job in firing.hook.jobs):
        from dodo_hooks.fire.select.pre_commit_variables import variables_of
        from dodo_hooks.git.files import Event, GitQuery

        event = Event(firing.hook.name, firing.args, firing.stdin)
        environ.update(variables_of(event, GitQuery(repo, firing.world.environ)))
    if firing.rules.config_format == _DAFT:
        environ.update(daft_environ(firing.hook.name, environ))
    return environ
