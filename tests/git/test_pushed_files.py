"""The files that are pushed, as the real git fires the hook (G4)."""

from pathlib import Path

from kit.commits.file_probe import Probe, ask, changes_of, commit, head
from kit.repo import Repo


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
    probe = Probe(odd_repo, "pre-push", "pushed")
    odd_repo.git("push", "-q", "origin", "main")
    assert probe.files() == [b"a", b"moved"]
    odd_repo.git("mv", "moved", "target")
    commit(odd_repo, zebra="1", b="1")
    odd_repo.git("push", "-q", "origin", "main:topic")
    assert probe.files() == [b"b", b"target", b"zebra"]
    odd_repo.git("push", "-q", "origin", "main")
    assert probe.files() == [b"b", b"target", b"zebra"]


def test_g4_a_push_of_nothing_and_an_unknown_push(repo: Repo) -> None:
    assert ask(repo, "pushed", "pre-push", ("origin", "url")) == []
    assert ask(repo, "changed", "pre-push", ("origin", "url")) == []
    assert changes_of(repo, "pushed", "pre-push") is None
    assert changes_of(repo, "pushed", "pre-commit") is None


def test_g4_a_ref_may_be_named_by_an_expression_with_blanks(repo: Repo, probe: Probe) -> None:
    commit(repo, a="1")
    repo.git("push", "-q", "origin", "HEAD^{/more}:refs/heads/main")
    assert probe.files() == [b"a"]
    line = b"HEAD^{/a b c} %s refs/heads/x %s\n" % (head(repo).encode(), b"0" * 40)
    assert ask(repo, "pushed", "pre-push", ("nobody", "url"), line) == [b"a"]
