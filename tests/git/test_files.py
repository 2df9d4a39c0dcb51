"""The files that an event is about, as the real git fires it (G4)."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.file_sets import default_file_set, has_changes
from dodo_hooks.core.plan import ALL, CHANGED, PUSHED, STAGED
from dodo_hooks.git.files import Event, GitQuery, list_files, present
from dodo_hooks.git.repo import find_repo
from kit.repo import Repo

HOSTILE = [
    *(b" lead", b"trail ", b"-dash", b"--all", b"quote'\"`", b"$(touch owned)", b";*?[a]\\", b"new\nline", b"tab\t"),
    *(b"\xff\xfe\x80", "é☺".encode(), b":(glob)x", b"!not", b"#hash", b"~", b"sub dir/\n/-x"),
]
# What a person may have set that must not change a set.
ODD_SETTINGS = {
    "diff.renames": "copies",
    "diff.noprefix": "true",
    "diff.external": "echo external",
    "diff.ignoreSubmodules": "all",
    "diff.relative": "true",
    "diff.orderFile": "order",
    "diff.submodule": "log",
    "color.ui": "always",
    "color.diff": "always",
    "core.quotePath": "true",
    "core.fsmonitor": "touch monitored; true",
    "log.showRoot": "false",
    "log.showSignature": "true",
    "log.decorate": "full",
    "log.diffMerges": "separate",
    "format.pretty": "fuller",
    "status.relativePaths": "true",
}
PROBE = """\
#!{python}
import os, sys
sys.path[:0] = {path!r}
from dodo_hooks.git.files import Event, GitQuery, list_files
from dodo_hooks.git.repo import find_repo
hook = os.path.basename(sys.argv[0])
stdin = sys.stdin.buffer.read() if hook in ("pre-push", "post-rewrite") else b""
event = Event(hook, tuple(sys.argv[1:]), stdin)
changes = list_files({source!r}, GitQuery(find_repo(dict(os.environ), os.getcwd()), dict(os.environ)), event)
with open({firings!r}, "a") as file:
    print(repr(changes), file=file)
"""


class Probe:
    """A hook that records the files of each firing."""

    def __init__(self, repo: Repo, hook: str, source: str) -> None:
        self._log = repo.path.parent / f"firings-{hook}"
        text = PROBE.format(python=sys.executable, path=sys.path, source=source, firings=str(self._log))
        repo.write(f".git/hooks/{hook}", text).chmod(0o755)

    def firings(self) -> "list[dict[bytes, bool] | None]":
        """Return the files of all firings since the last call."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        self._log.unlink(missing_ok=True)
        return [eval(line) for line in lines]

    def files(self) -> "list[bytes]":
        """Return the files of the one firing, without what was deleted."""
        (changes,) = self.firings()
        assert changes is not None
        return list(present(changes))


def asked(repo: Repo, **environ: str) -> GitQuery:
    env = {**repo.env, **environ}
    return GitQuery(find_repo(env, str(repo.path)), env)


def ask(repo: Repo, source: str, hook: str = "pre-commit", args: Sequence[str] = (), stdin: bytes = b"") -> list[bytes]:
    changes = list_files(source, asked(repo), Event(hook, tuple(args), stdin))
    assert changes is not None
    return list(present(changes))


def write(repo: Repo, name: bytes, content: bytes = b"x\n") -> None:
    path = os.path.join(os.fsencode(repo.path), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def commit(repo: Repo, **files: str) -> str:
    """Commit these files; return the id."""
    for name, content in files.items():
        repo.write(name.replace("__", "/"), content)
    repo.git("add", "-A")
    repo.git("commit", "-q", "--no-verify", "-m", "more")
    return head(repo)


def head(repo: Repo, name: str = "HEAD") -> str:
    return repo.git("rev-parse", name).stdout.strip()


@pytest.fixture(params=["sha1", "sha256"])
def any_repo(request: pytest.FixtureRequest, tmp_path: Path, env: dict[str, str]) -> Repo:
    """Make a repository of either object format, on an unborn branch."""
    path = tmp_path / "any"
    path.mkdir()
    made = Repo(path, env)
    made.git("init", "-q", f"--object-format={request.param}")
    return made


@pytest.fixture
def odd_repo(repo: Repo) -> Repo:
    for name, value in ODD_SETTINGS.items():
        repo.git("config", name, value)
    repo.write(".git/info/exclude", "order\nmonitored\n")
    repo.write("order", "z*\n")
    return repo


# What is staged


def test_g4_any_name_that_git_allows_is_staged_and_tracked(repo: Repo) -> None:
    for name in HOSTILE:
        write(repo, name)
    repo.git("add", "-A")
    assert ask(repo, STAGED) == sorted(HOSTILE)
    assert ask(repo, ALL) == sorted(HOSTILE)
    assert not repo.has("owned")


def test_g4_before_the_first_commit_all_that_is_staged_is_new(any_repo: Repo) -> None:
    assert ask(any_repo, STAGED) == []
    any_repo.write("a", "1")
    any_repo.git("add", "a")
    any_repo.write("b", "not staged")
    assert ask(any_repo, STAGED) == [b"a"]
    commit(any_repo, c="2")
    assert ask(any_repo, STAGED) == []


def test_g4_staged_are_additions_modifications_type_changes_and_both_sides_of_a_rename(repo: Repo) -> None:
    commit(repo, kept="1", gone="22222\n" * 9, moved="33333\n" * 9, modified="4", link="5", mode="6", same="7" * 99)
    repo.git("rm", "-q", "gone")
    repo.git("mv", "moved", "target")
    repo.write("modified", "44")
    (repo.path / "link").unlink()
    (repo.path / "link").symlink_to("kept")
    (repo.path / "mode").chmod(0o755)
    repo.write("copy", "7" * 99)
    repo.write("sub/new", "8")
    repo.git("add", "-A")
    changes = list_files(STAGED, asked(repo), Event("pre-commit", (), b""))
    assert changes is not None
    assert present(changes) == (b"copy", b"link", b"mode", b"modified", b"sub/new", b"target")
    assert [path for path, is_deleted in changes.items() if is_deleted] == [b"gone", b"moved"]


def test_g4_no_setting_of_a_person_changes_what_is_staged(odd_repo: Repo) -> None:
    commit(odd_repo, moved="33333\n" * 9, edited="1")
    odd_repo.git("mv", "moved", "é")
    commit_free = odd_repo.write("zebra", "x")
    odd_repo.write("edited", "2")
    odd_repo.git("add", "-A")
    assert ask(odd_repo, STAGED) == [b"edited", b"zebra", "é".encode()]
    assert ask(odd_repo, ALL) == [b"edited", b"zebra", "é".encode()]
    commit_free.unlink()
    (odd_repo.path / "monitored").unlink(missing_ok=True)  # by the commands of this test
    ask(odd_repo, STAGED), ask(odd_repo, ALL)
    assert not odd_repo.has("monitored")


def test_g4_no_setting_changes_what_is_staged_before_the_first_commit(tmp_path: Path, env: dict[str, str]) -> None:
    unborn = Repo(tmp_path / "unborn", env)
    unborn.path.mkdir()
    unborn.git("init", "-q")
    for name, value in ODD_SETTINGS.items():
        unborn.git("config", name, value)
    unborn.write(".git/info/exclude", "order\nmonitored\n")
    unborn.write("order", "z*\n")
    for name in ("apple", "zebra", "é"):
        unborn.write(name, "x")
    unborn.git("add", "-A")
    assert ask(unborn, STAGED) == [b"apple", b"zebra", "é".encode()]
    assert [ask(unborn, CHANGED, hook) for hook in ("post-commit", "post-clone")] == [[], []]  # run by hand


def test_g4_what_is_only_intended_to_be_added_is_not_staged(repo: Repo) -> None:
    repo.write("later", "x")
    repo.git("add", "-N", "later")
    assert ask(repo, STAGED) == []
    assert ask(repo, ALL) == [b"later"]


def test_g4_submodules_are_nobodys_files(repo: Repo, tmp_path: Path) -> None:
    inner = Repo.create(tmp_path / "inner", repo.env)
    commit(inner, x="1")
    allow = ("-c", "protocol.file.allow=always")
    repo.git(*allow, "submodule", "add", "-q", str(inner.path), "inner")
    assert ask(repo, STAGED) == [b".gitmodules"]
    assert ask(repo, ALL) == [b".gitmodules"]
    added = commit(repo)
    assert ask(repo, CHANGED, "worktree-post-create", ("0" * 40, added, "1")) == [b".gitmodules"]
    assert ask(repo, CHANGED, "post-commit") == [b".gitmodules"]
    repo.git("rm", "-q", "inner")
    changes = list_files(STAGED, asked(repo), Event("pre-commit", (), b""))
    assert changes == {b".gitmodules": False} and ask(repo, STAGED) == [b".gitmodules"]


def test_g4_a_submodule_that_becomes_a_file_is_one(repo: Repo) -> None:
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{head(repo)},thing")
    repo.git("commit", "-q", "-m", "module")
    repo.write("thing", "now a file")
    repo.git("update-index", "--remove", "thing")
    repo.git("update-index", "--add", "thing")
    assert ask(repo, STAGED) == [b"thing"]


def test_g4_files_with_conflicts_are_tracked_once_and_not_staged(repo: Repo) -> None:
    commit(repo, both="1", mine="1")
    repo.git("checkout", "-q", "-b", "topic")
    commit(repo, both="2", theirs="x")
    repo.git("checkout", "-q", "main")
    commit(repo, both="3")
    repo.git("merge", "-q", "topic", check=False)
    assert ask(repo, ALL) == [b"both", b"mine", b"theirs"]
    assert ask(repo, STAGED) == [b"theirs"]


def test_g4_a_sparse_checkout_has_the_files_that_are_there(repo: Repo) -> None:
    commit(repo, in__a="1", out__b="2", top="3")
    repo.git("sparse-checkout", "set", "--cone", "--sparse-index", "in")
    assert not repo.has("out")
    assert ask(repo, ALL) == [b"in/a", b"top"]
    repo.write("in/a", "11")
    repo.git("add", "in/a")
    assert ask(repo, STAGED) == [b"in/a"]


def test_g4_the_sets_are_relative_to_the_top_wherever_we_are(repo: Repo) -> None:
    commit(repo, sub__a="1")
    repo.write("sub/b", "2")
    repo.git("add", "-A")
    inside = GitQuery(find_repo(repo.env, str(repo.path / "sub")), repo.env)
    for source, expected in ((STAGED, {b"sub/b": False}), (ALL, {b"sub/a": False, b"sub/b": False})):
        assert list_files(source, inside, Event("pre-commit", (), b"")) == expected
    git_dir = {"GIT_DIR": "../.git", "GIT_WORK_TREE": ".."}
    here = os.getcwd()
    os.chdir(repo.path / "sub")
    try:
        named = GitQuery(find_repo({**repo.env, **git_dir}, os.getcwd()), {**repo.env, **git_dir})
        assert list_files(STAGED, named, Event("pre-commit", (), b"")) == {b"sub/b": False}
    finally:
        os.chdir(here)


@pytest.mark.parametrize("hook", ["pre-commit", "commit-msg", "prepare-commit-msg"])
@pytest.mark.parametrize("source", [STAGED, CHANGED])
def test_g4_each_way_to_commit_has_its_own_staged_files(repo: Repo, hook: str, source: str) -> None:
    commit(repo, a="1", b="1", c="1")
    probe = Probe(repo, hook, source)
    for name in "abc":
        repo.write(name, "2")
    repo.git("add", "a")
    repo.git("commit", "-q", "-m", "only", "--", "b")
    assert probe.files() == [b"b"]
    repo.git("commit", "-q", "-m", "all", "-a")
    assert probe.files() == [b"a", b"c"]
    repo.write("c", "3"), repo.write("a", "3")
    repo.git("add", "a")
    repo.git("commit", "-q", "-m", "include", "-i", "c")
    assert probe.files() == [b"a", b"c"]
    repo.write("b", "4\n5\n")
    repo.call("sh", "-c", "echo y | git commit -q -m patch -p", check=True)
    assert probe.files() == [b"b"]
    repo.write("a", "6")
    repo.git("commit", "-q", "--amend", "-m", "amended", "-a")
    assert probe.files() == [b"a"]


def test_g4_a_merge_has_the_files_that_it_brings(repo: Repo) -> None:
    commit(repo, base="1")
    repo.git("checkout", "-q", "-b", "topic")
    commit(repo, theirs="1", base="2")
    repo.git("checkout", "-q", "main")
    commit(repo, mine="1")
    staged, merged = Probe(repo, "pre-merge-commit", STAGED), Probe(repo, "post-merge", CHANGED)
    checked_out = Probe(repo, "post-checkout", CHANGED)
    repo.git("merge", "-q", "-m", "merged", "topic")
    assert staged.files() == [b"base", b"theirs"]
    assert merged.files() == [b"base", b"theirs"]
    assert checked_out.firings() == []


# What is pushed


@pytest.fixture
def origin(repo: Repo, tmp_path: Path) -> Path:
    """Make a bare remote of that name, without anything in it."""
    path = tmp_path / "origin.git"
    repo.git("init", "-q", "--bare", str(path))
    repo.git("remote", "add", "origin", str(path))
    return path


@pytest.fixture
def probe(repo: Repo, origin: Path) -> Probe:
    return Probe(repo, "pre-push", PUSHED)


def test_g4_the_first_push_is_all_of_the_tree(repo: Repo, probe: Probe) -> None:
    commit(repo, a="1", gone="1")
    (repo.path / "gone").unlink()
    commit(repo, **{"sub__b": "2"})
    repo.git("push", "-q", "origin", "main")
    assert probe.files() == [b"a", b"sub/b"]


def test_g4_a_push_is_the_difference_to_what_the_remote_has(repo: Repo, probe: Probe) -> None:
    commit(repo, a="1", b="1")
    repo.git("push", "-q", "origin", "main")
    probe.firings()
    commit(repo, a="2", **{"sub__c": "1"})
    (repo.path / "b").unlink()
    commit(repo, a="3")
    repo.git("push", "-q", "origin", "main")
    assert probe.firings() == [{b"a": False, b"b": True, b"sub/c": False}]
    repo.git("push", "-q", "origin", "main")
    assert probe.firings() == [{}] or probe.firings() == []


def test_g4_a_new_branch_is_what_no_branch_of_the_remote_has(repo: Repo, probe: Probe) -> None:
    commit(repo, a="1")
    repo.git("push", "-q", "origin", "main")
    repo.git("checkout", "-q", "-b", "topic")
    commit(repo, b="1", dropped="1")
    (repo.path / "dropped").unlink()
    commit(repo, c="1")
    probe.firings()
    repo.git("push", "-q", "origin", "topic")
    assert probe.files() == [b"b", b"c"]
    repo.git("branch", "same")
    repo.git("push", "-q", "origin", "same")
    assert probe.files() == []


def test_g4_a_new_branch_with_a_merge_has_what_was_made_in_the_merge(repo: Repo, probe: Probe) -> None:
    commit(repo, a="1", both="1\n", clean="1")
    repo.git("push", "-q", "origin", "main")
    repo.git("checkout", "-q", "-b", "topic")
    commit(repo, b="1", both="2\n")
    repo.git("checkout", "-q", "main")
    commit(repo, both="3\n", clean="2")
    repo.git("push", "-q", "origin", "main")
    repo.git("checkout", "-q", "topic")
    repo.git("merge", "-q", "main", check=False)
    repo.write("both", "4\n")
    commit(repo, made="in the merge")
    probe.firings()
    repo.git("push", "-q", "origin", "topic")
    assert probe.files() == [b"b", b"both", b"made"]


def test_g4_a_forced_push_is_what_changes_there(repo: Repo, probe: Probe) -> None:
    commit(repo, a="1", b="1")
    commit(repo, b="2")
    repo.git("push", "-q", "origin", "main")
    repo.git("reset", "-q", "--hard", "HEAD^")
    commit(repo, c="1")
    probe.firings()
    repo.git("push", "-q", "--force", "origin", "main")
    assert probe.files() == [b"b", b"c"]


def test_g4_deletions_are_nothing_and_several_refs_are_united(repo: Repo, probe: Probe) -> None:
    commit(repo, a="1")
    repo.git("push", "-q", "origin", "main", "main:old", "main:other")
    repo.git("checkout", "-q", "-b", "one")
    commit(repo, z="1")
    repo.git("checkout", "-q", "-b", "two", "main")
    commit(repo, b="1", a="2")
    probe.firings()
    repo.git("push", "-q", "origin", ":old")
    assert probe.files() == []
    repo.git("push", "-q", "origin", "one:new", "two:main", ":other")
    assert probe.files() == [b"a", b"b", b"z"]
    repo.git("checkout", "-q", "one")
    commit(repo, y="1")
    repo.git("checkout", "-q", "two")
    commit(repo, c="1")
    repo.git("push", "-q", "origin", "one:new", "two:main")  # two updates
    assert probe.files() == [b"c", b"y"]


def test_g4_tags_are_pushed_too(repo: Repo, probe: Probe) -> None:
    commit(repo, a="1")
    repo.git("push", "-q", "origin", "main")
    commit(repo, b="1")
    repo.git("tag", "light")
    commit(repo, c="1")
    repo.git("tag", "-a", "-m", "annotated", "heavy")
    probe.firings()
    repo.git("push", "-q", "origin", "light")
    assert probe.files() == [b"b"]
    repo.git("push", "-q", "origin", "heavy")
    assert probe.files() == [b"b", b"c"]
    commit(repo, d="1")
    repo.git("tag", "-f", "-a", "-m", "moved", "heavy")
    repo.git("push", "-q", "--force", "origin", "heavy")
    assert probe.files() == [b"d"]
    commit(repo, e="1")
    repo.git("tag", "-f", "-a", "-m", "moved", "heavy")
    repo.git("tag", "-f", "light")
    repo.git("push", "-q", "--force", "origin", "heavy", "light", "HEAD:refs/heads/main")
    assert probe.files() == [b"b", b"c", b"d", b"e"]


def test_g4_what_the_remote_has_may_not_be_here(repo: Repo, probe: Probe, origin: Path, tmp_path: Path) -> None:
    commit(repo, a="1")
    repo.git("push", "-q", "origin", "main")
    repo.git("clone", "-q", str(origin), str(tmp_path / "other"))
    other = Repo(tmp_path / "other", repo.env)
    commit(other, theirs="1")
    other.git("push", "-q", "origin", "main")
    commit(repo, mine="1")
    probe.firings()
    repo.git("push", "-q", "--force", "origin", "main")
    assert probe.files() == [b"mine"]


def test_g4_a_push_to_a_url_has_no_branches_to_compare_with(repo: Repo, probe: Probe, tmp_path: Path) -> None:
    commit(repo, a="1")
    repo.git("push", "-q", "origin", "main")
    commit(repo, b="1")
    repo.git("init", "-q", "--bare", str(tmp_path / "elsewhere.git"))
    probe.firings()
    repo.git("push", "-q", "../elsewhere.git", "main")
    assert probe.files() == [b"a", b"b"]
    repo.git("checkout", "-q", "-b", "topic")
    commit(repo, c="1")
    repo.git("push", "-q", "../elsewhere.git", "topic", "main:again")
    assert probe.files() == [b"a", b"b", b"c"]


def test_g4_packed_remote_tracking_branches_are_seen(repo: Repo, probe: Probe) -> None:
    commit(repo, a="1")
    repo.git("push", "-q", "origin", "main")
    repo.git("pack-refs", "--all")
    commit(repo, b="1")
    probe.firings()
    repo.git("push", "-q", "origin", "main:topic")
    assert probe.files() == [b"b"]


def test_g4_no_setting_of_a_person_changes_what_is_pushed(odd_repo: Repo, origin: Path) -> None:
    commit(odd_repo, a="1", moved="33333\n" * 9)
    probe = Probe(odd_repo, "pre-push", PUSHED)
    odd_repo.git("push", "-q", "origin", "main")
    assert probe.files() == [b"a", b"moved"]
    odd_repo.git("mv", "moved", "target")
    commit(odd_repo, zebra="1", b="1")
    odd_repo.git("push", "-q", "origin", "main:topic")
    assert probe.files() == [b"b", b"target", b"zebra"]
    odd_repo.git("push", "-q", "origin", "main")
    assert probe.files() == [b"b", b"target", b"zebra"]


def test_g4_a_push_of_nothing_and_an_unknown_push(repo: Repo) -> None:
    assert ask(repo, PUSHED, "pre-push", ("origin", "url")) == []
    assert ask(repo, CHANGED, "pre-push", ("origin", "url")) == []
    assert list_files(PUSHED, asked(repo), Event("pre-push", (), b"")) is None
    assert list_files(PUSHED, asked(repo), Event("pre-commit", (), b"")) is None


def test_g4_a_ref_may_be_named_by_an_expression_with_blanks(repo: Repo, probe: Probe) -> None:
    commit(repo, a="1")
    repo.git("push", "-q", "origin", "HEAD^{/more}:refs/heads/main")
    assert probe.files() == [b"a"]
    line = b"HEAD^{/a b c} %s refs/heads/x %s\n" % (head(repo).encode(), b"0" * 40)
    assert ask(repo, PUSHED, "pre-push", ("nobody", "url"), line) == [b"a"]


# What has changed


def test_g4_a_checkout_has_what_differs(any_repo: Repo) -> None:
    commit(any_repo, a="1", b="1")
    any_repo.git("checkout", "-q", "-b", "topic")
    commit(any_repo, b="2", **{"sub__c": "1"})
    probe = Probe(any_repo, "post-checkout", CHANGED)
    any_repo.git("checkout", "-q", "main")
    assert probe.firings() == [{b"b": False, b"sub/c": True}]
    any_repo.git("checkout", "-q", "topic")
    assert probe.files() == [b"b", b"sub/c"]
    any_repo.git("checkout", "-q", "-b", "same")
    assert probe.files() == []
    any_repo.git("checkout", "-q", "main", "--", "b")
    assert probe.files() == []
    any_repo.git("checkout", "-q", "--orphan", "fresh")
    assert probe.firings() in ([], [{}])


def test_g4_a_null_side_is_a_commit_without_files(any_repo: Repo) -> None:
    commit(any_repo, a="1")
    new = commit(any_repo, b="1")
    null = "0" * len(new)
    assert ask(any_repo, CHANGED, "post-checkout", (null, new, "1")) == [b"a", b"b"]
    event = Event("post-checkout", (new, null, "1"), b"")
    assert list_files(CHANGED, asked(any_repo), event) == {b"a": True, b"b": True}
    for hook in ("post-clone", "worktree-post-create"):
        assert ask(any_repo, CHANGED, hook, (new, new, "1")) == [b"a", b"b"]
        assert ask(any_repo, CHANGED, hook) == [b"a", b"b"]


def test_g4_a_new_worktree_has_all_files(repo: Repo) -> None:
    commit(repo, a="1", b="1")
    probe = Probe(repo, "post-checkout", CHANGED)
    repo.worktree("linked")
    assert probe.files() == [b"a", b"b"]


def test_g4_a_fast_forward_and_a_squash(repo: Repo) -> None:
    commit(repo, a="1")
    repo.git("checkout", "-q", "-b", "topic")
    commit(repo, b="1")
    commit(repo, c="1")
    repo.git("checkout", "-q", "main")
    probe = Probe(repo, "post-merge", CHANGED)
    repo.git("merge", "-q", "--squash", "topic")
    assert probe.files() == [b"b", b"c"]
    repo.git("reset", "-q", "--hard")
    repo.git("merge", "-q", "--ff-only", "topic")
    assert probe.files() == [b"b", b"c"]


def test_g4_a_pull_has_what_it_brought(repo: Repo, origin: Path, tmp_path: Path) -> None:
    commit(repo, a="1")
    repo.git("push", "-q", "-u", "origin", "main")
    repo.git("clone", "-q", str(origin), str(tmp_path / "other"))
    other = Repo(tmp_path / "other", repo.env)
    commit(other, theirs="1")
    other.git("push", "-q", "origin", "main")
    probe = Probe(repo, "post-merge", CHANGED)
    commit(repo, mine="1")
    repo.git("pull", "-q", "--no-rebase", "--no-edit")
    assert probe.files() == [b"theirs"]


def test_g4_an_amended_commit_has_what_was_amended(any_repo: Repo) -> None:
    commit(any_repo, a="1", b="1")
    rewritten, committed = (Probe(any_repo, hook, CHANGED) for hook in ("post-rewrite", "post-commit"))
    any_repo.write("b", "2")
    any_repo.git("commit", "-q", "--amend", "-a", "-m", "again")
    assert rewritten.files() == [b"b"]
    assert committed.files() == [b"a", b"b"]  # a root commit


def test_g4_a_rebase_has_what_it_changed_in_the_end(repo: Repo) -> None:
    commit(repo, a="1")
    repo.git("checkout", "-q", "-b", "topic")
    commit(repo, b="1")
    commit(repo, c="1")
    repo.git("checkout", "-q", "main")
    commit(repo, base="1")
    repo.git("checkout", "-q", "topic")
    rewritten, committed = (Probe(repo, hook, CHANGED) for hook in ("post-rewrite", "post-commit"))
    repo.git("rebase", "-q", "main")
    assert rewritten.files() == [b"base"]
    assert committed.firings()[-1:] in ([{b"c": False}], [])


def test_g4_a_commit_has_what_it_changed(odd_repo: Repo) -> None:
    probe = Probe(odd_repo, "post-commit", CHANGED)
    commit(odd_repo, a="1", gone="333\n" * 20)
    assert probe.files() == [b"a", b"gone"]
    odd_repo.git("mv", "gone", "moved")
    commit(odd_repo, zebra="1")
    (changes,) = probe.firings()
    assert changes and list(changes.items()) == [(b"gone", True), (b"moved", False), (b"zebra", False)]
    odd_repo.git("checkout", "-q", "-b", "topic", "HEAD^")
    commit(odd_repo, theirs="1", a="2")
    odd_repo.git("checkout", "-q", "main")
    commit(odd_repo, a="3")
    odd_repo.git("merge", "-q", "topic", check=False)
    odd_repo.write("a", "4")
    probe.firings()
    commit(odd_repo)
    assert probe.files() == [b"a", b"theirs"]
    odd_repo.git("checkout", "-q", "--orphan", "another-root")
    commit(odd_repo)
    assert probe.files() == [b"a", b"moved", b"theirs", b"zebra"]


def test_g4_an_applied_patch_has_what_it_changed(repo: Repo) -> None:
    commit(repo, a="1")
    repo.git("checkout", "-q", "-b", "topic")
    commit(repo, b="1")
    patch = repo.path.parent / "patch"
    patch.write_text(repo.git("format-patch", "--stdout", "HEAD^").stdout)
    repo.git("checkout", "-q", "main")
    probe = Probe(repo, "post-applypatch", CHANGED)
    repo.git("am", "-q", str(patch))
    assert probe.files() == [b"b"]


def test_g4_an_event_that_is_not_known_has_no_files(repo: Repo) -> None:
    for hook in ("post-checkout", "post-merge", "post-rewrite", "pre-push", "pre-rebase", "post-index-change"):
        assert list_files(CHANGED, asked(repo), Event(hook, (), b"")) is None


def test_r11_our_questions_fire_no_hook_and_take_no_lock(repo: Repo) -> None:
    commit(repo, a="1")
    repo.write(".git/hooks/post-index-change", "#!/bin/sh\ntouch fired\n").chmod(0o755)
    os.utime(repo.path / "a")  # git would like to write the index
    index = (repo.path / ".git/index").read_bytes()
    for source in (STAGED, ALL):
        ask(repo, source)
    assert (repo.path / ".git/index").read_bytes() == index and not repo.has("fired")


def test_a_repository_that_git_cannot_read_is_an_error_of_one_sentence(repo: Repo) -> None:
    repo.write(".git/index", "junk")
    with pytest.raises(GitError, match=r"^git diff-index: fatal: "):
        ask(repo, STAGED)
    with pytest.raises(GitError, match=r"^git cannot be started in "):
        GitQuery(find_repo(repo.env, str(repo.path)), {**repo.env, "PATH": str(repo.path)}).git("status")


def test_g4_each_hook_has_a_default() -> None:
    assert {hook: default_file_set(hook) for hook in ("pre-commit", "pre-merge-commit", "commit-msg")} == {
        "pre-commit": STAGED,
        "pre-merge-commit": STAGED,
        "commit-msg": STAGED,
    }
    assert default_file_set("prepare-commit-msg") == STAGED and default_file_set("pre-push") == PUSHED
    for hook in ("post-checkout", "post-merge", "post-rewrite", "post-commit", "worktree-post-create", "post-clone"):
        assert default_file_set(hook) == CHANGED and has_changes(hook)
    for hook in ("pre-rebase", "some-task", "post-index-change", "worktree-pre-remove"):
        assert default_file_set(hook) == ALL and not has_changes(hook)
