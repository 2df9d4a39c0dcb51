"""git: how it is started, and what it answers (section 8; HOT)."""

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.ownership import git_outside
from dodo_hooks.git.repo import locate_repo
from dodo_hooks.host.capture import Captured, Pending, capture
from dodo_hooks.host.posix import os, real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dodo_hooks.git.repo import Repo

# The hooks that git's configuration defines have a switch for each event (git 2.55): here are those of our calls.
_WITHOUT_HOOKS = (
    "hook.post-index-change.enabled=false",
    "hook.reference-transaction.enabled=false",
    "core.hooksPath=/dev/null",
)
_PATHSPECS = ("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS")


def run_git(
    args: "Sequence[str]",
    cwd: str,
    environ: "Mapping[str, str]",
    stdin: bytes = b"",
    *,
    repo: "Repo | None" = None,
    accepted: "Sequence[int]" = (0,),
    lock: "int | None" = None,
    is_shielded: bool = False,
    limit_s: "float | None" = None,
    take: "Callable[[bytes], object] | None" = None,
) -> bytes:
    """Return what `git ARGS` prints in `cwd`.

    The call fires no hook, and takes no lock that git can do without (R11). `environ` is the whole environment, `repo`
    the repository that the command is about, where it is known. The exit codes in `accepted` are no failure. The other
    parameters are those of `capture`.

    Raises:
        GitError: with the error that git printed.
    """
    environ = {**environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        program = git_program(environ, repo) if repo else git_outside(environ, (real(cwd), *_repository_here(environ)))
        argv = argv_of(program, cwd, args)
        done = capture(argv, environ, stdin, lock=lock, is_shielded=is_shielded, limit_s=limit_s, take=take)
    except OSError as error:
        raise not_started(cwd, error) from error
    return output_of(args, done, accepted)


def run_git_at_top(
    repo: "Repo",
    environ: "Mapping[str, str]",
    args: "Sequence[str]",
    stdin: bytes = b"",
    *,
    lock: "int | None" = None,
    is_shielded: bool = False,
    take: "Callable[[bytes], object] | None" = None,
) -> bytes:
    """Do the same as `run_git` at the top of the working tree, with the environment that git gave to its hook."""
    environ = git_environ(repo, environ)
    return run_git(args, repo.top, environ, stdin, repo=repo, lock=lock, is_shielded=is_shielded, take=take)


def start_git(
    args: "Sequence[str]", cwd: str, environ: "Mapping[str, str]", repo: "Repo", settings: "Sequence[str]" = ()
) -> Pending:
    """Start `git ARGS` in `cwd`; it runs beside us.

    `environ` is the whole environment. Raises GitError: it cannot be started.
    """
    try:
        return Pending(argv_of(git_program(environ, repo), cwd, args, settings), environ)
    except OSError as error:
        raise not_started(cwd, error) from error


def argv_of(program: str, cwd: str, args: "Sequence[str]", settings: "Sequence[str]" = ()) -> "tuple[str, ...]":
    return (program, "-C", cwd, *(word for one in (*_WITHOUT_HOOKS, *settings) for word in ("-c", one)), *args)


def output_of(args: "Sequence[str]", done: Captured, accepted: "Sequence[int]" = (0,)) -> bytes:
    """Return what git has printed. Raises GitError, with the error that it printed."""
    if done.exit_code not in accepted:
        raise GitError(f"git {args[0]}: {_reason(done.said) or f'ended with {done.exit_code}'}")
    return done.output


def not_started(cwd: str, error: OSError) -> GitError:
    return GitError(f"git cannot be started in {cwd}: {error.strerror}")


def _reason(errors: bytes) -> str:
    """Return the line with the error; advice may come before and after it."""
    lines = errors.decode("utf-8", "replace").strip().split("\n")
    for line in lines:
        if line.startswith(("fatal: ", "error: ")):
            return line[7:]
    return lines[-1]


def git_environ(repo: "Repo", environ: "Mapping[str, str]") -> "dict[str, str]":
    """Return the environment that git gave to its hook, made independent of the current directory."""
    clean = {name: value for name, value in environ.items() if name not in _PATHSPECS}
    clean.update(GIT_DIR=repo.git_dir, GIT_WORK_TREE=repo.top, GIT_OPTIONAL_LOCKS="0")
    return clean


def git_program(environ: "Mapping[str, str]", repo: "Repo") -> str:
    """Return the path of the first git in PATH that this repository cannot have brought along.

    Raises:
        FileNotFoundError: there is none.
    """
    return git_outside(environ, (repo.top, repo.git_dir, repo.common_dir))


def _repository_here(environ: "Mapping[str, str]") -> "tuple[str, ...]":
    """Return the directories of the repository in the current directory.

    Git is never taken from them, also where the command is about no repository.
    """
    try:
        here = locate_repo(environ, os.getcwd())
    except (GitError, OSError):
        return ()
    return here.top, here.git_dir, here.common_dir
