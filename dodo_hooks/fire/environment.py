"""The variables that all jobs of a phase have (section 5, R11; HOT)."""

from dodo_hooks.core.plan import FILES_VARIABLE
from dodo_hooks.git.repo import default_branch, head_of, is_discoverable, main_worktree
from dodo_hooks.git.variables import background_environ, without_local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.plan import Hook
    from dodo_hooks.fire.run import Run

_DAFT = "daft"
_DEFAULT_BRANCH = "DODO_DEFAULT_BRANCH"
# What an outer run gave to the job inside of which this hook was fired: its event is not ours.
_OF_AN_EVENT = ("DODO_ARG", "DODO_REMOTE", FILES_VARIABLE, _DEFAULT_BRANCH)


def environment_of_run(run: "Run", is_background: bool) -> "dict[str, str]":
    """A foreground job keeps what git set for its hook; a background job outlives that command (R11)."""
    firing, repo = run.firing, run.firing.repo
    environ = {name: value for name, value in firing.world.environ.items() if not name.startswith(_OF_AN_EVENT)}
    if is_background:
        environ = background_environ(environ, repo, is_discoverable(repo, without_local(environ)))
    environ.update(
        DODO_HOOK=firing.hook.name,
        DODO_INVOCATION=run.writer.identity,
        DODO_INVOCATION_DIR=run.writer.directory,
        DODO_LEVEL=str(run.nesting.level),
        DODO_WORKTREE=repo.top,
        DODO_MAIN_WORKTREE=main_worktree(repo) or "",
        DODO_GIT_DIR=repo.git_dir,
        DODO_BRANCH=head_of(repo)[0] or "",
        DODO_ARGS=str(len(firing.args)),
    )
    for number, argument in enumerate(firing.args, 1):
        environ[f"DODO_ARG{number}"] = argument
    if firing.hook.name == "pre-push" and len(firing.args) == 2:
        environ["DODO_REMOTE"], environ["DODO_REMOTE_URL"] = firing.args
    if firing.rules.family == _DAFT or _is_asked_for(_DEFAULT_BRANCH, firing.hook):
        environ[_DEFAULT_BRANCH] = default_branch(repo)
    if firing.rules.family == _DAFT:
        from dodo_hooks.core.daft_variables import daft_environ

        environ.update(daft_environ(firing.hook.name, environ))
    return environ


def _is_asked_for(variable: str, hook: "Hook") -> bool:
    """Whether a command has this variable in it: it costs a look at a file to know it."""
    return any(variable in word for job in hook.jobs for word in job.argv)
