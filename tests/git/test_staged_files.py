"""The files that are staged, as the real git fires the hook (G4)."""

import os
from pathlib import Path

import pytest

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.file_sets import default_file_set, has_changes
from dodo_hooks.core.plan import ALL, CHANGED, PUSHED, STAGED
from dodo_hooks.git.files import Event, GitQuery, list_files, present
from dodo_hooks.git.repo import find_repo
from kit.commits.file_probe import ODD_SETTINGS, Probe, ask, asked, commit, head
from kit.repo import Repo

HOSTILE = [
    *(b" lead", b"trail ", b"-dash", b"--all", b"quote'\"`", b"$(touch owned)", b";*?[a]\\", b"new\nline", b"tab\t"),
    *(b"\xff\xfe\x80", "é☺".encode(), b":(glob)x", b"!not", b"#hash", b"~", b"sub dir/\n/-x"),
]


def write(repo: Repo, name: bytes, content: bytes = b"x\n") -> None:
    path = os.path.join(os.fsencode(repo.path), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


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
    assert [ask(unborn, CHANGED, hook) for hook in ("post-commit", "post-clone")] == [[], []]  # run manually


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
    with pytest.raises(GitError, match=r"^git diff-index: "):
        ask(repo, STAGED)
    with pytest.raises(GitError, match=r"^git cannot be started in "):
        GitQuery(repo.facts, {**repo.env, "PATH": str(repo.path)}).git("status")


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
