"""`dodo-hooks push`: wait for what `pre-push` requires, and then push (V4).

The gate of `git push` waits while the connection to the server is open, and servers close one that is idle. Here git is
asked first what it would push, by a dry run, and the wait comes before the push.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from dodo_hooks.core.plan import Hook
from dodo_hooks.git.command import git_program, not_started
from dodo_hooks.git.files import GitQuery
from dodo_hooks.git.repo import Repo, find_repo
from dodo_hooks.host.children import become
from dodo_hooks.host.posix import os
from dodo_hooks.host.world import World
from dodo_hooks.plans.compiled_plan import Compiled

_GATE = "pre-push"
_UNLIMITED = float("inf")
_IDS = ("-c", "core.abbrev=40", "-c", "push.recurseSubmodules=no")
_NULL = b"0" * 40


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def push(world: World, args: tuple[str, ...]) -> int:
    """Wait until the jobs that pre-push requires have passed, and then run `git push ARGS`."""
    repo = find_repo(world.environ, world.cwd)
    code = _wait(world, repo, args) if repo.top and "--no-verify" not in args else 0
    return code or _push(world, repo, args)


def _wait(world: World, repo: Repo, args: tuple[str, ...]) -> int:
    """Return 0 where all that is required has passed, or nothing is; else the exit code of the refused push."""
    from dodo_hooks.plans.plan_cache import load_compiled
    from dodo_hooks.trust.policy import expect_accepted

    compiled, _ = load_compiled(world, repo.top)
    hook = compiled.hook(_GATE)
    if hook is None or not hook.requires or world.environ.get("DODO_HOOKS") == "0":
        return 0
    expect_accepted(world, repo, compiled.rules)
    query = GitQuery(repo, world.environ)
    # What fails here fails in the push, too, which reports it. A relative path of a remote counts from where we are.
    done = query.attempt("-C", world.cwd, *_IDS, "push", "--dry-run", "--porcelain", *args)
    url, lines = _parse(query, done.output)
    return _check(world, repo, compiled, hook, url, lines) if lines else 0


def _check(world: World, repo: Repo, compiled: Compiled, hook: Hook, url: str, lines: list[bytes]) -> int:
    from dodo_hooks.fire.firing import left_out_by_variable
    from dodo_hooks.fire.verdicts.gate import Push

    gate = Push(world, repo, compiled, hook, (url, url), b"".join(lines))
    return gate.check(left_out_by_variable(world, compiled, hook), _UNLIMITED)


def _parse(query: GitQuery, printed: bytes) -> tuple[str, list[bytes]]:
    """Return the URL, and the lines that git would give to `pre-push` (githooks(5)).

    git-push(1), "Output": a flag, `from:to` and a summary, with tabs between them. `=` is up to date, and nothing is
    pushed; `!` is refused.
    """
    url, lines = "", []
    for line in printed.split(b"\n"):
        if line.startswith(b"To "):
            url = os.fsdecode(line[3:])
        flag, *fields = line.split(b"\t")
        if len(fields) < 2 or flag in (b"=", b"!", b"-"):
            continue
        source, _, destination = fields[0].rpartition(b":")
        here, there = (next(_ids(query, name), _NULL) for name in (source, _old(fields[1])))
        lines.append(b"%b %b %b %b\n" % (source, here, destination, there))
    return url, lines


def _old(summary: bytes) -> bytes:
    """Return the commit that the remote has: of `OLD..NEW` and `OLD...NEW`; empty for a new ref."""
    return b"" if summary.startswith(b"[") else summary.partition(b"..")[0]


def _ids(query: GitQuery, name: bytes) -> Iterator[bytes]:
    if name:
        options = ("--verify", "--quiet", "--end-of-options")
        yield from query.attempt("rev-parse", *options, os.fsdecode(name)).output.split()


def _push(world: World, repo: Repo, args: tuple[str, ...]) -> int:
    """Become `git push`. Raises GitError: git cannot be started."""
    sys.stdout.flush()
    try:
        program = git_program(world.environ, repo)
        become((program, "-C", world.cwd, "push", *args), world.environ)
    except OSError as error:
        raise not_started(world.cwd, error) from error
