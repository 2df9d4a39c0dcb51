"""`dodo-hooks push`: wait for what `pre-push` requires, and then push (V4).

The gate of `git push` waits while the connection to the server is open, and servers close one that is idle. Here git
says first, by a dry run, what it would push, and the wait comes before the push.
"""

from __future__ import annotations

import os
import signal
import sys

import click

from dodo_hooks.git.command import git_program, not_started
from dodo_hooks.git.files import GitQuery
from dodo_hooks.git.repo import Repo, find_repo
from dodo_hooks.host.world import World

_DRY_RUN = ("-c", "core.abbrev=40", "push", "--dry-run")
_LISTED = ("--porcelain", "--verbose")  # the latter undoes `--quiet`, with which git lists nothing
_UNDONE = "--no-dr"  # and longer: git takes the beginning of an option for the whole
_NULL = b"0" * 40
_NO_LIMIT_S = float("inf")
_NOTHING_NEW = (b"=", b"!", b"-")  # up to date, refused, deleted


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def push(world: World, args: tuple[str, ...]) -> int:
    """Wait for the jobs that pre-push requires, then run `git push`."""
    repo = find_repo(world.environ, world.cwd)
    # With the last ones the dry run, which fires no hook, would push.
    is_gated = "--no-verify" not in args and world.environ.get("DODO_HOOKS") != "0"
    is_gated = is_gated and not any(one.startswith(_UNDONE) for one in args)
    code = _wait(world, repo, args) if is_gated else 0
    return code or _become_git_push(world, repo, args)


def _wait(world: World, repo: Repo, args: tuple[str, ...]) -> int:
    """Return 0 where all that is required has passed, or nothing is; else the exit code of the refused push."""
    if not repo.top:
        return _wait_in_bare(world, repo, args)
    from dodo_hooks.plans.plan_cache import load_compiled
    from dodo_hooks.trust.policy import expect_accepted

    compiled, _ = load_compiled(world, repo.top)
    hook = compiled.hook("pre-push")
    if hook is None or not hook.requires:
        return 0
    expect_accepted(world, repo, compiled.rules)
    url, lines = _ask_git(GitQuery(repo, world.environ), args)
    from dodo_hooks.fire.left_out import left_out_by_variable
    from dodo_hooks.fire.verdicts.gate import Push

    left_out = left_out_by_variable(world, compiled.plan, hook)
    return Push(world, repo, compiled, hook, (url, url), lines).check(left_out, _NO_LIMIT_S) if lines else 0


def _wait_in_bare(world: World, repo: Repo, args: tuple[str, ...]) -> int:
    from dodo_hooks.fire.verdicts.bare_push import find_bare_push
    from dodo_hooks.trust.policy import installed_in

    url, lines = _ask_git(GitQuery(repo._replace(top=repo.git_dir), world.environ), args)
    if not lines:
        return 0
    gated = find_bare_push(world, repo, installed_in(repo), (url, url), lines, is_silent=True)
    return 0 if gated is None else gated.check({}, _NO_LIMIT_S)


def _ask_git(query: GitQuery, args: tuple[str, ...]) -> tuple[str, bytes]:
    """Return the URL, and the lines that git would give to `pre-push`; none where the push would fail."""
    end = args.index("--") if "--" in args else len(args)
    # What fails here fails in the push, too, which reports it.
    return _parse(query, query.attempt(*_DRY_RUN, *args[:end], *_LISTED, *args[end:]).output)


def _parse(query: GitQuery, printed: bytes) -> tuple[str, bytes]:
    """Return the URL, and the lines that git would give to `pre-push` (githooks(5)).

    git-push(1), "Output": a flag, `FROM:TO` and a summary, with tabs between them. The summary is `OLD..NEW` or
    `OLD...NEW`, or `[new branch]` and its like.
    """
    url, lines = "", b""
    for line in printed.split(b"\n"):
        flag, *fields = line.split(b"\t")
        if line.startswith(b"To "):
            url = os.fsdecode(line[3:])
        elif len(fields) > 1 and flag not in _NOTHING_NEW:
            source, _, destination = fields[0].rpartition(b":")
            old = b"" if fields[1].startswith(b"[") else fields[1].partition(b"..")[0]
            lines += b"%b %b %b %b\n" % (source, _id(query, source), destination, _id(query, old))
    return url, lines


def _id(query: GitQuery, name: bytes) -> bytes:
    done = query.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", os.fsdecode(name))
    return done.output.strip() or _NULL


def _become_git_push(world: World, repo: Repo, args: tuple[str, ...]) -> int:
    """Execute `git push` in our place. Raises GitError: it cannot be started."""
    sys.stdout.flush()
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and an ignored signal stays ignored
        signal.signal(number, signal.SIG_DFL)
    try:
        program = git_program(world.environ, repo)
        os.execve(program, (program, "-C", world.cwd, "push", *args), world.environ)
    except OSError as error:
        raise not_started(world.cwd, error) from error
