"""Files that git ignores because of a flag: assume-unchanged and skip-worktree (G5)."""

import os
import random

import pytest

from dodo_hooks.git.index_flags import flags_of
from dodo_hooks.git.unstaged.hide import hide_unstaged
from dodo_hooks.git.unstaged.stage_fixed import FixStager
from kit.commits.unstaged import (
    HOSTILE,
    STAGED,
    TEXT,
    fixed_and_unstaged_text,
    fixed_text,
    index_of,
    snapshot,
    unstaged_text,
    write,
)
from kit.repo import Repo

OPTIONS = {"h": ["--assume-unchanged"], "S": ["--skip-worktree"], "s": ["--assume-unchanged", "--skip-worktree"]}


def letters(repo: Repo) -> dict[str, str]:
    lines = repo.git("ls-files", "-v", "-z").stdout.split("\0")
    return {line[2:]: line[0] for line in lines if line and line[0] != "H"}


def set_flag(repo: Repo, flag: str, *paths: str) -> None:
    for option in OPTIONS[flag]:
        repo.git("update-index", option, *paths)


@pytest.fixture(params=OPTIONS)
def flagged(request: pytest.FixtureRequest, repo: Repo) -> Repo:
    """Make a file with a staged change and an unstaged one that git does not see, and one that is not staged at all."""
    return make_flagged(repo, request.param)


def make_flagged(repo: Repo, flag: str) -> Repo:
    for name in ("text", "local"):
        repo.write(name, TEXT)
    repo.git("add", ".")
    repo.git("commit", "-qm", "files")
    repo.write("text", STAGED)
    repo.git("add", "text")
    set_flag(repo, flag, "text", "local")
    repo.write("text", unstaged_text())
    repo.write("local", "for me alone\n")
    assert repo.git("diff", "--name-only").stdout == ""
    return repo


def test_g5_what_git_does_not_read_is_hidden_where_it_is_staged(flagged: Repo) -> None:
    before, flags = snapshot(flagged.path), letters(flagged)
    hidden = hide_unstaged(flagged.facts, flagged.env)
    assert hidden is not None
    assert (flagged.read("text"), flagged.read("local")) == (STAGED, "for me alone\n")
    assert hidden.restore().sentences == ()
    assert snapshot(flagged.path) == before and letters(flagged) == flags


def test_g5_g6_the_flags_survive_a_fix_that_is_staged(flagged: Repo) -> None:
    facts, flags = flagged.facts, letters(flagged)
    hidden = hide_unstaged(facts, flagged.env)
    stager = FixStager(facts, flagged.env, hidden, [b"text"])
    watch = stager.before([b"text"])
    write(flagged, b"text", fixed_text())
    assert hidden is not None and stager.after(watch).paths == (b"text",)
    assert hidden.restore().sentences == ()
    assert flagged.git("show", ":text").stdout == fixed_text()
    assert flagged.read("text") == fixed_and_unstaged_text() and letters(flagged) == flags


def test_g5_g6_the_flags_survive_a_commit_that_is_refused(flagged: Repo) -> None:
    facts, flags = flagged.facts, letters(flagged)
    before, index = snapshot(flagged.path), index_of(flagged)
    hidden = hide_unstaged(facts, flagged.env)
    stager = FixStager(facts, flagged.env, hidden, [b"text"])
    watch = stager.before([b"text"])
    write(flagged, b"text", unstaged_text(", in another way"))
    stager.after(watch)
    assert hidden is not None and hidden.restore().conflict
    assert (snapshot(flagged.path), index_of(flagged), letters(flagged)) == (before, index, flags)


def test_g5_a_commit_with_harmless_flags_passes(repo: Repo) -> None:
    """Commit where the staged content is in the tree, too, and where a file that differs is in no commit."""
    flagged = make_flagged(repo, "s")
    flagged.write("text", STAGED)
    flagged.hook("pre-commit", look="cat text >.git/seen; cat local >>.git/seen")
    flags = letters(flagged)
    done = flagged.git("commit", "-qm", "work")
    assert "unstaged" not in done.stderr
    assert flagged.read(".git/seen") == STAGED + "for me alone\n"
    assert letters(flagged) == flags and not flagged.has(".git/dodo-hooks-aside")


def test_g5_what_is_deleted_and_assumed_unchanged_is_hidden_as_a_deletion(repo: Repo) -> None:
    repo.write("text", STAGED)
    repo.git("add", "text")
    set_flag(repo, "h", "text")
    (repo.path / "text").unlink()
    hidden = hide_unstaged(repo.facts, repo.env)
    assert hidden is not None and repo.read("text") == STAGED
    hidden.restore()
    assert not repo.has("text")


def test_g4_g5_what_a_sparse_checkout_has_left_out_is_not_missed(repo: Repo) -> None:
    for name in ("in/text", "out/text"):
        repo.write(name, TEXT)
    repo.git("add", ".")
    repo.git("commit", "-qm", "files")
    repo.git("sparse-checkout", "set", "in")
    blob = repo.call("git", "hash-object", "-w", "--stdin", input="staged\n", check=True).stdout.strip()
    repo.git("update-index", "--cacheinfo", f"100644,{blob},out/text")
    set_flag(repo, "S", "out/text")
    repo.write("in/text", STAGED)
    repo.git("add", "in/text")
    repo.write("in/text", unstaged_text())
    repo.hook(
        "pre-commit", look="echo {staged_files} >>.git/seen; cat {staged_files} >>.git/seen", any="echo ran >>.git/seen"
    )
    repo.settings(jobs=1)
    repo.git("commit", "-qm", "work")
    assert f"in/text\n{STAGED}" in repo.read(".git/seen") and "out" not in repo.read(".git/seen")
    assert repo.git("show", "HEAD:out/text").stdout == "staged\n"
    assert not repo.has("out") and letters(repo) == {"out/text": "S"} and repo.read("in/text") == unstaged_text()


@pytest.mark.parametrize("form", ["2 and 3", "4", "split"])
def test_g5_flags_are_found_in_every_form_of_the_index(repo: Repo, form: str) -> None:
    chance = random.Random(form)
    names = [os.fsdecode(b"d%d/%s" % (n, name)) for n in range(3) for name in (*HOSTILE, b"a" * 200, b"link")]
    for name in names:
        repo.write(name, "x\n")
    repo.git("add", "-A")
    repo.git("add", "-N", repo.write("intended", "x\n").name)
    if form == "4":
        repo.git("update-index", "--index-version", "4")
    if form == "split":
        repo.git("update-index", "--split-index")
    facts, paths = repo.facts, [os.fsencode(name) for name in (*names, "intended")]
    assert flags_of(facts, repo.env, paths) == {}
    expected: dict[str, str] = {}
    for name in chance.sample(names, 9):
        expected[name] = chance.choice("hSs")
        set_flag(repo, expected[name], name)
    assert flags_of(facts, repo.env, paths) == {os.fsencode(name): flag for name, flag in expected.items()}
    for name in names:  # and each on its own
        found = flags_of(facts, repo.env, [os.fsencode(name)])
        assert found == ({os.fsencode(name): expected[name]} if name in expected else {})


def test_g5_where_no_file_has_a_flag_git_is_not_asked(repo: Repo) -> None:
    repo.write("text", TEXT)
    repo.write("other", TEXT)
    repo.git("add", "text", "other")
    set_flag(repo, "h", "other")
    facts = repo.facts
    no_git = {**repo.env, "PATH": "/nowhere"}
    assert flags_of(facts, no_git, [b"text"]) == {}
    assert flags_of(facts, no_git, []) == {}
