"""The refs that `git push` would send, for a manual `pre-push` without git's lines on standard input (G3)."""

from __future__ import annotations

from dodo_hooks.fire.firing import Firing
from dodo_hooks.git.files import GitQuery
from dodo_hooks.git.head import head_of
from dodo_hooks.host.console import say

_FIELDS = "%(objectname)%00%(push:remotename)%00%(push)"


def with_push(firing: Firing) -> Firing:
    """Return the firing that `git push` of the branch would cause, from `@{push}` to HEAD, and print the range.

    Raises:
        GitError: git cannot be queried.
    """
    query = GitQuery(firing.repo, firing.world.environ)
    branch = head_of(firing.repo, firing.world.environ)[0]
    ref = f"refs/heads/{branch}"
    found = query.git("for-each-ref", f"--format={_FIELDS}", ref) if branch else b""
    if not found:
        say("pre-push: no standard input, and HEAD is on no branch to push")
        return firing
    here, remote, tracking = found.decode("utf-8", "surrogateescape").rstrip("\n").split("\0")
    remote = firing.args[0] if firing.args else remote or _default_remote(query)
    theirs = f"refs/remotes/{remote}/"
    is_known = tracking.startswith(theirs)  # not where another remote was named than the one of `@{push}`
    there = query.attempt("rev-parse", "--quiet", "--verify", tracking).output.decode().strip() if is_known else ""
    target = tracking.removeprefix("refs/remotes/") if there else f"{remote} (new branch)"
    if not remote:
        say(f"pre-push: no standard input, and no remote to push to; all of {branch} counts as new")
    elif there == here:
        say(f"pre-push: no standard input; {target} already has all of {branch}")
    else:
        say(f"pre-push: no standard input; using what `git push` would send: {branch} to {target}")
    name = tracking.removeprefix(theirs) if there else branch
    line = f"{ref} {here} refs/heads/{name} {there or '0' * len(here)}\n"
    args = firing.args if len(firing.args) > 1 or not remote else (remote, _url_of(query, remote))
    return firing._replace(args=args, stdin=line.encode("utf-8", "surrogateescape"))


def _default_remote(query: GitQuery) -> str:
    """Return the remote of a `git push` where none is configured for the branch: the only one, else origin."""
    names = query.git("remote").decode("utf-8", "surrogateescape").splitlines()
    return names[0] if len(names) == 1 else "origin" if "origin" in names else ""


def _url_of(query: GitQuery, remote: str) -> str:
    """Return the URL that git would give the hook. What is no name of a remote is one itself."""
    url = query.attempt("remote", "get-url", "--push", remote).output
    return url.decode("utf-8", "surrogateescape").rstrip("\n") or remote
