"""The commits that a push sends: all that git may write to a pre-push hook (V3), with git's own push around it."""

from pathlib import Path

import pytest

from dodo_hooks.fire.verdicts.pushed_commits import new_commits, read_pushed, tips
from dodo_hooks.git.files import GitQuery
from kit.gate import Gate
from kit.process import DEADLINE_S
from kit.repo import Repo
from kit.results.pushing import add_remote, commit, count, push, require
from kit.results.snapshots import facts_of

NULL = "0" * 40


@pytest.fixture
def history(repo: Repo) -> "dict[str, str]":
    """Return the ids of three commits, and of tags that lead to them, to a blob and to a tree."""
    ids = {name: commit(repo, f"{name}", is_seen=False) for name in ("one", "two", "three")}
    for name, what in (("tag", "two"), ("blob", "HEAD:file"), ("tree", "HEAD^{tree}")):
        repo.git("tag", "-a", "-m", "tag", name, ids.get(what, what))
    repo.git("tag", "-a", "-m", "tag of a tag", "nested", "tag")
    found = repo.git("rev-parse", "tag", "blob", "tree", "nested").stdout.split()
    return {**ids, **dict(zip(("tag", "blob", "tree", "nested"), found, strict=True)), "null": NULL, "away": "a" * 40}


TIPS = {
    "nothing": ([], []),
    "a new branch": (["refs/heads/main one refs/heads/main null"], ["one"]),
    "an update": (["refs/heads/main two refs/heads/main one"], ["two"]),
    "no fast-forward, from what is not here": (["refs/heads/main one refs/heads/main away"], ["one"]),
    "a deletion": (["(delete) null refs/heads/main one"], []),
    "an annotated tag": (["refs/tags/tag tag refs/tags/tag null"], ["two"]),
    "a tag of a tag": (["refs/tags/nested nested refs/tags/nested null"], ["two"]),
    "tags of a blob and a tree": (["refs/tags/b blob refs/tags/b null", "refs/tags/t tree refs/tags/t null"], []),
    "the same twice": (
        ["HEAD two refs/heads/a null", "HEAD~0 two refs/heads/b one", "t tag refs/tags/t null"],
        ["two"],
    ),
    "two": (["x three refs/heads/x null", "y one refs/heads/y null"], ["three", "one"]),
    "notes": (["refs/notes/commits one refs/notes/commits null"], []),
    "a stash": (["refs/stash one refs/stash null"], []),
    "a replacement": (["refs/replace/x one refs/replace/x null"], []),
    "a ref that only looks like the stash": (["refs/stash/x one refs/stash/x null"], ["one"]),
    "an expression with spaces": (["HEAD@{5 minutes ago} one refs/heads/main null"], ["one"]),
    "a branch beside what needs nothing": (["n one refs/notes/n null", "m two refs/heads/m null"], ["two"]),
}


@pytest.mark.parametrize("what", TIPS)
def test_v3_the_tips_of_a_push(repo: Repo, history: "dict[str, str]", what: str) -> None:
    lines, wanted = TIPS[what]
    stdin = "".join(" ".join(history.get(word, word) for word in line.split(" ")) + "\n" for line in lines)
    found = tips(read_pushed(GitQuery(facts_of(repo), repo.env), stdin.encode(), "hooks.dodo"))
    assert [one.name for one in found] == [history[name] for name in wanted]


@pytest.mark.parametrize(
    ("there", "tracked", "url", "wanted"),
    [
        ("null", None, "origin", ["one", "two", "three"]),
        ("one", None, "origin", ["two", "three"]),
        ("away", None, "origin", ["one", "two", "three"]),
        ("null", "two", "origin", ["three"]),
        ("null", "two", "URL", ["three"]),
        ("null", "two", "elsewhere.git", ["one", "two", "three"]),
        ("three", None, "origin", []),
    ],
)
def test_v3_the_new_commits_of_a_push(
    repo: Repo,
    tmp_path: Path,
    history: "dict[str, str]",
    there: str,
    tracked: "str | None",
    url: str,
    wanted: "list[str]",
) -> None:
    add_remote(repo)
    if tracked is not None:
        repo.git("update-ref", "refs/remotes/origin/main", history[tracked])
    remote = str(tmp_path / "remote.git")
    name, url = ("origin", remote) if url == "origin" else (remote, remote) if url == "URL" else (url, url)
    stdin = f"refs/heads/main {history['three']} refs/heads/main {history[there]}\n".encode()
    query = GitQuery(facts_of(repo), repo.env)
    found = new_commits(query, name, url, stdin, read_pushed(query, stdin, "hooks.dodo"))
    known = repo.git("rev-list", f"{history['one']}^").stdout.split()
    assert [one.name for one in found if one.name not in known] == [history[name] for name in wanted]


def test_v3_a_dry_run_is_gated_and_a_push_of_nothing_is_not(repo: Repo, tmp_path: Path) -> None:
    add_remote(repo)
    require(repo, test="false")
    assert repo.git("push", "-q", "--no-verify", "origin", "main").returncode == 0
    commit(repo, is_seen=False)
    assert repo.git("push", "-q", "--dry-run", "origin", "main", check=False).returncode == 1
    assert repo.git("push", "-q", "origin", "HEAD^:main").returncode == 0
    assert len(repo.invocations()) == 1


def test_v5_two_pushes_at_one_moment_run_a_job_once(repo: Repo, tmp_path: Path) -> None:
    gate, counter = Gate(tmp_path / "gate"), tmp_path / "counter"
    add_remote(repo)
    require(repo, test=f"echo x >>{counter}; {gate.command}")
    commit(repo, is_seen=False)
    first = repo.start("git", "push", "-q", "origin", "main")
    gate.wait()
    second = repo.start("git", "push", "-q", "origin", "main:other")
    assert second.stderr is not None
    assert b"waiting for post-commit:test" in second.stderr.readline()
    gate.open()
    for one in (first, second):
        one.communicate(timeout=DEADLINE_S)
        assert one.returncode == 0
    assert count(counter) == 1


def test_v4_a_connection_that_closes_meanwhile_costs_no_verdict(repo: Repo, tmp_path: Path) -> None:
    """Git notices it when the hook has ended. What the hook has waited for counts in the next push."""
    gate, counter, server = Gate(tmp_path / "gate"), tmp_path / "counter", Gate(tmp_path / "server")
    add_remote(repo)
    receive = f"exec 3<&0; git receive-pack {tmp_path}/remote.git <&3 & exec 0<&- 1>&- 3<&-"
    script = repo.write("../connect", f"#!/bin/sh\n{receive}\n{server.command}; kill $!\n")
    script.chmod(0o755)
    repo.git("config", "protocol.ext.allow", "always")
    repo.git("remote", "add", "flaky", f"ext::{script.resolve()}")
    require(repo, test=f"echo x >>{counter}; {gate.command}")
    commit(repo)
    gate.wait()
    pushing = repo.start("git", "push", "-q", "flaky", "main")
    server.wait()
    assert pushing.stderr is not None
    assert b"waiting for post-commit:test" in pushing.stderr.readline()
    server.open()
    gate.open()
    pushing.communicate(timeout=DEADLINE_S)
    assert pushing.returncode not in (0, None)
    assert repo.git("ls-remote", "origin").stdout == ""
    assert push(repo).returncode == 0
    assert count(counter) == 1
