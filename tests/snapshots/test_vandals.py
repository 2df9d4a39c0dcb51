"""Jobs that damage what they can reach: the user's repository is as it was, and so is the next checkout (S2, S4)."""

import os
from pathlib import Path

import pytest

from kit.repo import Repo
from kit.results.snapshots import archive_of, checked_out, commit, files_below, state_of, target_of

GIT_DIR = 'cd "$(git rev-parse --absolute-git-dir)"'
VANDALS = {
    "index of the move": "GIT_INDEX_FILE=$DODO_GIT_DIR/../index git update-index --skip-worktree a; echo 3 >a",
    "stash": "echo x >a; git stash; echo y >a; git stash; git stash drop; git stash clear",
    "refs": "git for-each-ref --format='delete %(refname)' | git update-ref --stdin; git pack-refs --all",
    "branches": "git checkout -qB main $(git commit-tree -m x HEAD^{tree}); git branch -f other; git tag -f v1; rm a",
    "commits": "echo x >a; git commit -qam mine; git tag mine; git gc -q --prune=now",
    "config": "git config core.worktree /nowhere; git config core.bare true; git config core.hooksPath x; git init -q",
    "global flags": "git update-index --skip-worktree a; git update-index --assume-unchanged d/b; rm a; echo x >d/b",
    "bisect": "git bisect start HEAD HEAD~1",
    "merge": "git merge --no-commit -s ours -q HEAD~1 || true; echo HEAD >$(git rev-parse --git-path MERGE_HEAD)",
    "index.lock": f"({GIT_DIR}; echo x >index.lock; echo x >HEAD.lock; rm index)",
    "index": f"git rm -rqf . ; ({GIT_DIR}; echo x >index)",
    "sparse": "git sparse-checkout set d; git config core.sparseCheckout true",
    "attributes": f"({GIT_DIR}; mkdir -p info; echo '* text eol=crlf' >info/attributes; echo '*' >info/exclude)",
    "alternates": f"({GIT_DIR}; echo /nowhere >objects/info/alternates; rm -rf refs; echo x >packed-refs)",
    "hooks": f"({GIT_DIR}; mkdir hooks; printf '#!/bin/sh\\nexit 1' >hooks/post-checkout; chmod +x hooks/*)",
    "git dir emptied": f"({GIT_DIR}; rm -rf * || true)",
    "links in the git dir": f"U=$USERS; {GIT_DIR}; for f in HEAD config index packed-refs; do ln -sf $U/$f $f; done;"
    " rm -rf info refs objects; ln -s $U/info $U/refs $U/objects .; ln -s $U/config config.dodo-new",
    "folders in the git dir": f"{GIT_DIR}; for f in HEAD config index packed-refs; do rm -f $f; mkdir -p $f/x; done",
    ".git removed": "rm .git",
    ".git is a repository": "rm .git; git init -q; git add -f .; git -c user.name=x -c user.email=x@x commit -qm x",
    ".git leads to the user's": "echo gitdir: $USERS >.git",
    ".git is a link": "rm .git; ln -s $USERS .git",
    "files are folders": "rm a d/b; mkdir a d/b; touch a/x d/b/x",
    "files are links": "rm a d/b; ln -s $USERS/../a a; ln -s /etc/passwd d/b",
    "a folder is a link": "rm -rf d; ln -s $USERS/../d d; echo x >untracked",
    "files are FIFOs": "rm a; mkfifo a fifo d/fifo d/.gitignore d/.gitattributes .gitmodules",
    "files are hard links": "rm a; ln link-target a 2>/dev/null || ln d/b a",
    "same size and time": "cp -p a ../saved; echo Z >a; touch -r ../saved a; rm ../saved",
    "unreadable folders": "mkdir -p new/er; touch new/er/x; chmod 0 new/er d; chmod 500 .",
    "attributes files": "for f in .gitattributes d/.gitattributes d/e/.gitattributes; do echo '* eol=crlf' >$f; done",
    "ignore files": "for f in .gitignore d/.gitignore; do echo '*' >$f; done; touch junk d/junk d/e/junk",
    "a repository in a folder": "git init -q d; cd d; git add b; git init -q e",
    "a repository where a folder will be": "git init -q old; echo '*' >old/.gitignore; mkfifo old/fifo",
    "nested repositories": "git init -q nested; git init -q d/nested; touch d/nested/x",
    "tree is a link": 'T=$PWD; cd ..; rm -rf "$T"; ln -s $USERS/.. "$T"',
    "tree removed": 'rm -rf "$PWD"',
    "note": f"({GIT_DIR}; printf 'dodo-hooks snapshot 1\\0x' >../note; echo x >../index)",
    "links in the area": f"{GIT_DIR}/..; ln -sf $USERS/index index; ln -sf $USERS/config note; ln -s $USERS index.lock",
    "folders in the area": f"{GIT_DIR}/..; rm index note; mkdir -p index/x note/x note.dodo-new/x index.lock/x; >x",
    "the area is a file": f"A=$({GIT_DIR}/..; pwd); rm -rf $A; touch $A",
    "the area is a link": f"A=$({GIT_DIR}/..; pwd); rm -rf $A; ln -s $USERS $A",
    "submodules": "git submodule deinit -f --all; git submodule update --init || true",
}


@pytest.fixture
def used(repo: Repo) -> Repo:
    """Return a repository with all that a vandal may break: a stash, branches, tags, settings."""
    commit(repo, a="1\n", d__b="1\n", d__e__c="1\n", old__x="1\n")
    repo.git("rm", "-q", "old/x")
    os.symlink("a", repo.path / "link")
    commit(repo, a="2\n")
    repo.git("tag", "v1")
    repo.git("branch", "other")
    repo.write("a", "stashed")
    repo.git("stash")
    repo.write("d/b", "unstaged")
    repo.write("d/e/c", "staged")
    repo.git("add", "d/e/c")
    repo.write("d/e/.gitignore", "*.log")
    os.mkfifo(repo.path / "d/e/fifo")
    return repo


@pytest.mark.parametrize("what", VANDALS)
def test_s2_s4_a_vandal(used: Repo, what: str) -> None:
    users = str(used.path / ".git")
    head, before = target_of(used).commit, state_of(used)
    for rev, succeeds in (("HEAD", True), ("HEAD", False), ("HEAD~1", True), ("HEAD", True)):
        with checked_out(used, rev, succeeds=succeeds, waits=what == "attributes files") as job:
            assert files_below(job.tree) == archive_of(used, rev)
            assert job.git("status", "--porcelain", "--ignored") == "" and len(list(job.tree.rglob(".git"))) == 1
            assert job.git("rev-parse", "main", "v1", "other").split() == [head] * 3
            assert job.git("stash", "list") == ""
            assert (job.tree / ".git").read_text() == f"gitdir: {job.snapshot.paths.git_dir}\n"
            if rev == "HEAD":
                job.run(VANDALS[what], {"USERS": users})
    assert state_of(used) == before


def test_s4_settings_that_let_git_overlook_changes(used: Repo) -> None:
    for setting in ("trustctime=false", "checkStat=minimal", "ignoreStat=true", "fsmonitor=true"):
        used.git("config", *f"core.{setting}".split("="))
    for number in range(3):  # in seconds of their own: in the same one git compares contents
        with checked_out(used, waits=True) as job:
            assert files_below(job.tree) == archive_of(used)
            if number == 1:
                job.run(VANDALS["same size and time"])
    used.git("fsmonitor--daemon", "stop", check=False)  # where this git has one for this system


def test_s4_what_a_vandal_has_left_is_not_followed_when_a_tree_is_emptied(used: Repo, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    with checked_out(used, succeeds=False) as job:
        job.run(f"rm -rf d; ln -s {precious} d; mkdir e; ln -s {precious} e/link; rm .git; ln -s {precious} .git")
    with checked_out(used) as job:
        assert files_below(job.tree) == archive_of(used)
    assert (precious / "file").read_text() == "x"


def test_s3_a_tree_without_git_is_no_part_of_a_repository_around_the_cache(used: Repo) -> None:
    home = Repo(Path(used.env["HOME"]), used.env)
    home.git("init", "-q")
    home.write("dotfile", "1")
    home.git("add", "dotfile")
    before = (home.path / ".git/index").read_bytes()
    with checked_out(used) as job:
        assert str(job.tree).startswith(str(home.path))
        done = job.run("rm .git; cd d; git add --all", check=False)
        assert "not a git repository" in done.stderr
    assert (home.path / ".git/index").read_bytes() == before
