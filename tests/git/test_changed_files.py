"""The files that an event has changed, as the real git fires the hook (G4)."""

from pathlib import Path

from kit.commits.file_probe import Probe, ask, changes_of, commit
from kit.repo import Repo


def test_g4_a_checkout_has_what_differs(any_repo: Repo) -> None:
    commit(any_repo, a="1", b="1")
    any_repo.git("checkout", "-q", "-b", "topic")
    commit(any_repo, b="2", **{"sub__c": "1"})
    probe = Probe(any_repo, "post-checkout", "changed")
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
    assert ask(any_repo, "changed", "post-checkout", (null, new, "1")) == [b"a", b"b"]
    found = changes_of(any_repo, "changed", "post-checkout", (new, null, "1"))
    assert found == {b"a": True, b"b": True}
    for hook in ("post-clone", "worktree-post-create"):
        assert ask(any_repo, "changed", hook, (new, new, "1")) == [b"a", b"b"]
        assert ask(any_repo, "changed", hook) == [b"a", b"b"]


def test_g4_a_new_worktree_has_all_files(repo: Repo) -> None:
    commit(repo, a="1", b="1")
    probe = Probe(repo, "post-checkout", "changed")
    repo.worktree("linked")
    assert probe.files() == [b"a", b"b"]


def test_g4_a_fast_forward_and_a_squash(repo: Repo) -> None:
    commit(repo, a="1")
    repo.git("checkout", "-q", "-b", "topic")
    commit(repo, b="1")
    commit(repo, c="1")
    repo.git("checkout", "-q", "main")
    probe = Probe(repo, "post-merge", "changed")
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
    probe = Probe(repo, "post-merge", "changed")
    commit(repo, mine="1")
    repo.git("pull", "-q", "--no-rebase", "--no-edit")
    assert probe.files() == [b"theirs"]


def test_g4_an_amended_commit_has_what_was_amended(any_repo: Repo) -> None:
    commit(any_repo, a="1", b="1")
    rewritten, committed = (Probe(any_repo, hook, "changed") for hook in ("post-rewrite", "post-commit"))
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
    rewritten, committed = (Probe(repo, hook, "changed") for hook in ("post-rewrite", "post-commit"))
    repo.git("rebase", "-q", "main")
    assert rewritten.files() == [b"base"]
    assert committed.firings()[-1:] in ([{b"c": False}], [])


def test_g4_a_commit_has_what_it_changed(odd_repo: Repo) -> None:
    probe = Probe(odd_repo, "post-commit", "changed")
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
    probe = Probe(repo, "post-applypatch", "changed")
    repo.git("am", "-q", str(patch))
    assert probe.files() == [b"b"]
