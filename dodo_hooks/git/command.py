"""The one place that starts git, for what is not read from its files; never on the way to a job."""

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
    """What `git ARGS` prints. Fires no hook and takes no lock that it can do without (R11).

    `environ` is the whole environment, by default that of this process; `accepted` are the exit codes that are no
    failure. Raises GitError, with the last line that git said.
    """
    environ = {**(os.environ if environ is None else environ), "GIT_OPTIONAL_LOCKS": "0"}
    try:
        argv = [git_outside(environ, (real(cwd), *_repository_here(environ))), "-c", "core.hooksPath=/dev/null", *args]
        done = subprocess.run(argv, cwd=cwd, env=environ, input=stdin, capture_output=True)
    except OSError as error:
        raise GitError(f"git cannot be started in {cwd}: {error.strerror}") from error
    if done.returncode not in accepted:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise GitError(f"git {args[0]}: {said or f'ended with {done.returncode}'}")
    return done.stdout


def _repository_here(environ: Mapping[str, str]) -> "tuple[str, ...]":
    """The directories of the repository that we stand in, which a question about none is no reason to obey."""
    try:
        here = locate_repo(environ, os.getcwd())
    except (GitError, OSError):
        return ()
    return here.top, here.git_dir, here.common_dir


def expect_configuration(repo: Repo, environ: Mapping[str, str]) -> None:
    """Raise GitError where git cannot read its configuration, and so does nothing at all in this repository.

    What we read ourselves (git/repo.py) is less strict: without this, commands would answer for a repository in which
    no hook can fire.
    """
    try:
        run_git(("config", "--list"), repo.top or repo.git_dir, {**without_local(environ), "GIT_DIR": repo.git_dir})
    except GitError as error:
        raise GitError(f"git cannot read its configuration, so correct that file: {error}") from error
