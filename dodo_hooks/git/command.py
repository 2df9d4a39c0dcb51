"""The one place that starts git for facts that are not read from its files; never on the way to a job."""

import os
import subprocess
from collections.abc import Mapping, Sequence

from dodo_hooks.core.errors import GitError
from dodo_hooks.git.program import git_outside
from dodo_hooks.git.repo import Repo, locate_repo, real
from dodo_hooks.git.variables import without_local


def run_git(
    args: Sequence[str],
    cwd: str,
    environ: Mapping[str, str] | None = None,
    *,
    stdin: bytes = b"",
    accepted: Sequence[int] = (0,),
) -> bytes:
    """Return what `git ARGS` prints.

    The call fires no hook, and takes no lock that git can do without (R11). `environ` is the whole environment, by
    default that of this process. The exit codes in `accepted` are no failure. Raises GitError, with the last line of
    git's standard error.
    """
    environ = {**(os.environ if environ is None else environ), "GIT_OPTIONAL_LOCKS": "0"}
    try:
        argv = [git_outside(environ, (real(cwd), *_repository_here(environ))), "-c", "core.hooksPath=/dev/null", *args]
        done = subprocess.run(argv, cwd=cwd, env=environ, input=stdin, capture_output=True)
    except OSError as error:
        raise GitError(f"git cannot be started in {cwd}: {error.strerror}") from error
    if done.returncode not in accepted:
        message = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise GitError(f"git {args[0]}: {message or f'ended with {done.returncode}'}")
    return done.stdout


def _repository_here(environ: Mapping[str, str]) -> "tuple[str, ...]":
    """Return the directories of the repository in the current directory.

    Git is never taken from them, also where the command is about no repository.
    """
    try:
        here = locate_repo(environ, os.getcwd())
    except (GitError, OSError):
        return ()
    return here.top, here.git_dir, here.common_dir


def expect_configuration(repo: Repo, environ: Mapping[str, str]) -> None:
    """Raise GitError where git cannot read its configuration.

    Git does nothing at all in such a repository. What we read ourselves (git/repo.py) is less strict: without this
    check, commands would answer for a repository in which no hook can fire.
    """
    try:
        run_git(("config", "--list"), repo.top or repo.git_dir, {**without_local(environ), "GIT_DIR": repo.git_dir})
    except GitError as error:
        raise GitError(f"git cannot read its configuration: {error}; correct that file") from error
