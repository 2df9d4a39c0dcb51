"""Repositories of every layout: the snapshot holds the commit, and the user's repository stays as it is (S2)."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.repo import Repo
from kit.results.snapshots import archive_of, checked_out, commit, files_below, origin_of, refused, state_of, target_of

Make = Callable[[Repo], Repo]


def bare_root(repo: Repo) -> Repo:
    """Make a bare repository with worktrees beside it, as daft and others do."""
    root = repo.path.parent / "root"
    repo.call("git", "clone", "-q", "--bare", str(repo.path), str(root / ".git"), check=True)
    Repo(root, repo.env).git("worktree", "add", "-q", str(root / "main"), "main")
    return Repo(root / "main", repo.env)


def linked(repo: Repo) -> Repo:
    repo.git("config", "user.name", "Shared")
    return repo.worktree("linked")


def worktree_config(repo: Repo) -> Repo:
    repo.git("config", "extensions.worktreeConfig", "true")
    one = repo.worktree("linked")
    repo.git("config", "--worktree", "user.name", "Main")
    one.git("config", "--worktree", "user.name", "Linked")
    return one


def core_worktree(repo: Repo) -> Repo:
    """Make a working tree that only the configuration leads to."""
    repo.call("git", "init", "-q", "--separate-git-dir", str(repo.path.parent / "elsewhere.git"), check=True)
    repo.git("config", "core.worktree", str(repo.path))
    return repo


def sparse(repo: Repo) -> Repo:
    repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/d/b")
    return repo


def sparse_cone(repo: Repo) -> Repo:
    repo.git("sparse-checkout", "set", "--cone", "--sparse-index", "d/e")
    return repo


def shallow(repo: Repo) -> Repo:
    path = repo.path.parent / "shallow"
    repo.call("git", "clone", "-q", "--depth", "1", f"file://{repo.path}", str(path), check=True)
    return Repo(path, repo.env)


def alternates(repo: Repo) -> Repo:
    path = repo.path.parent / 'with "quotes"'
    repo.call("git", "clone", "-q", "--shared", str(repo.path), str(path), check=True)
    (path / ".git/objects/info/alternates").write_text("../../../repo/.git/objects\n")
    return Repo(path, repo.env)


def moved(repo: Repo) -> Repo:
    with checked_out(repo):
        pass
    repo.path.rename(repo.path.parent / "moved")
    return Repo(repo.path.parent / "moved", repo.env)


def copied(repo: Repo) -> Repo:
    with checked_out(repo):
        pass
    path = repo.path.parent / "copied"
    repo.call("cp", "-a", str(repo.path), str(path), check=True)
    return Repo(path, repo.env)


def detached(repo: Repo) -> Repo:
    repo.git("checkout", "-q", "--detach")
    return repo


def packed(repo: Repo) -> Repo:
    repo.git("tag", "-a", "-m", "x", "annotated")
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    repo.git("update-ref", "refs/bisect/bad", "HEAD")
    repo.git("gc", "-q")
    return repo


LAYOUTS: list[Make] = [
    *(bare_root, linked, worktree_config, core_worktree, sparse, sparse_cone, shallow, alternates, moved, copied),
    *(detached, packed),
]


@pytest.mark.parametrize("make", LAYOUTS, ids=lambda make: str(make.__name__))
def test_s2_a_layout(repo: Repo, make: Make) -> None:
    commit(repo, a="1", d__b="1", d__e__c="1")
    commit(repo, a="2", d__b="1")
    one = make(repo)
    last = commit(one, d__e__new="1") if make is not shallow else target_of(one).commit
    before = state_of(one)
    is_sparse = make in (sparse, sparse_cone)
    for rev in ("HEAD", *(() if make is shallow else ("HEAD~1", "HEAD"))):
        with checked_out(one, rev) as job:
            wanted = archive_of(one, rev)
            if is_sparse:
                wanted = {name: wanted[name] for name in wanted if (one.path / name).exists()}
            assert files_below(job.tree) == wanted
            assert job.git("status", "--porcelain", "--ignored") == ""
            assert job.git("rev-parse", "--show-toplevel", "--is-bare-repository").split() == [str(job.tree), "false"]
            same = (
                "log",
                "--format=%H %d",
                "--branches",
                "--tags",
                "--decorate-refs=refs/heads",
                "--decorate-refs=refs/tags",
            )
            assert job.git(*same) == one.git(*same).stdout
            assert job.git("config", "user.name") == one.git("config", "user.name").stdout
            job.run("echo x >mine; git add mine; git commit -qm mine; git fsck --no-dangling")
            assert last is not None
    assert state_of(one) == before


def test_s1_a_bare_repository_without_a_worktree(repo: Repo) -> None:
    commit(repo, a="1")
    with checked_out(Repo(bare_root(repo).path.parent / ".git", repo.env)) as job:
        assert job.origin.repo.top == ""
        assert files_below(job.tree) == archive_of(repo)
        assert job.git("rev-parse", "--is-bare-repository") == "false\n"


def test_s2_refs_are_those_of_the_user(repo: Repo) -> None:
    commit(repo, a="1")
    one = packed(repo)
    with checked_out(one) as job:
        assert job.git("describe") == "annotated\n"
        assert job.git("symbolic-ref", "refs/remotes/origin/HEAD") == "refs/remotes/origin/main\n"
        assert "bisect" not in job.git("for-each-ref")
        job.git("update-ref", "-d", "refs/remotes/origin/main")
        job.git("tag", "mine")
    one.git("branch", "later")
    with checked_out(one) as job:
        theirs = one.git("for-each-ref", "--format=%(refname)").stdout.replace("refs/bisect/bad\n", "")
        assert job.git("for-each-ref", "--format=%(refname)") == theirs


def test_s2_sha256(tmp_path: Path, env: dict[str, str]) -> None:
    repo = Repo(tmp_path / "new", env)
    repo.path.mkdir()
    repo.git("init", "-q", "--object-format=sha256")
    commit(repo, a="1")
    commit(repo, a="2")
    for rev in ("HEAD", "HEAD~1"):
        with checked_out(repo, rev) as job:
            assert files_below(job.tree) == archive_of(repo, rev)
            assert job.git("status", "--porcelain") == "" and len(job.git("rev-parse", "HEAD")) == 65


def test_s2_refs_in_a_reftable(tmp_path: Path, env: dict[str, str]) -> None:
    repo = Repo(tmp_path / "new", env)
    repo.path.mkdir()
    if repo.git("init", "-q", "--ref-format=reftable", check=False).returncode:
        pytest.skip("this git has no reftables")
    head = commit(repo, a="1")
    with checked_out(repo) as job:
        assert files_below(job.tree) == archive_of(repo)
        assert job.git("rev-parse", "HEAD", "refs/heads/main").split() == [head, head]


def test_s2_what_conditions_include_for_the_user_is_included(repo: Repo) -> None:
    commit(repo, a="1")
    config = Path(repo.env["GIT_CONFIG_GLOBAL"])
    home, one = config.parent, repo.worktree("linked")
    conditions = {
        "exact": f"gitdir:{repo.path}/.git/worktrees/linked",
        "above": f"gitdir:{repo.path}/",
        "branch": "onbranch:linked",
        "other": "onbranch:main",
    }
    with config.open("a") as file:
        for name, condition in conditions.items():
            (home / name).write_text(f"[test]\n\t{name} = yes\n\tlast = {name}\n")
            file.write(f'[includeIf "{condition}"]\n\tpath = {name}\n')
    repo.git("config", "test.last", "local")
    repo.git("config", "includeIf.onbranch:linked.path", str(home / "local-branch"))
    (home / "local-branch").write_text("[test]\n\tlast = local-branch\n")
    with checked_out(one) as job:
        wanted = one.git("config", "--get-regexp", "^test\\.").stdout
        found = job.git("config", "--get-regexp", "^test\\.")
        assert sorted(set(found.splitlines())) == sorted(set(wanted.splitlines()))
        assert job.git("config", "test.last") == one.git("config", "test.last").stdout == "local-branch\n"


def test_s2_s7_hooks_that_the_configuration_defines_are_off(repo: Repo) -> None:
    commit(repo, a="1")
    places = {'a "name".of\\mine': "--local", "both": "--local", "Every one": "--global"}
    for name, place in places.items():
        repo.git("config", place, f"hook.{name}.command", f"touch '{repo.path}/fired' #")
        repo.git("config", place, f"hook.{name}.event", "post-commit")
        repo.git("config", place, f"hook.{name}.enabled", "true")
    with checked_out(repo) as job:
        assert [job.git("config", f"hook.{name}.enabled") for name in places] == ["false\n"] * len(places)
        job.git("commit", "-q", "--allow-empty", "-m", "x")  # git 2.54 and later would run them
    assert not repo.has("fired")


def test_s2_a_moved_or_copied_repository_shares_no_tree(repo: Repo) -> None:
    commit(repo, a="1")
    with checked_out(repo) as first:
        first.run("touch left")
    one = copied(repo)
    with checked_out(one) as job, checked_out(repo) as same:
        assert job.tree != same.tree == first.tree
    old = repo.path
    old.rename(old.parent / "moved")
    with checked_out(Repo(old.parent / "moved", repo.env)) as job:
        assert files_below(job.tree) == {"a": ("file", b"1")}
        assert job.git("rev-parse", "--absolute-git-dir").startswith(str(old.parent / "moved"))


def test_s4_a_partial_clone_fetches_at_a_gate_alone(repo: Repo) -> None:
    commit(repo, a="old", b="1")
    commit(repo, a="new")
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    path = repo.path.parent / "partial"
    clone = ("git", "clone", "-q", "--filter=blob:none", f"file://{repo.path}", str(path))
    repo.call(*clone, check=True)
    partial = Repo(path, repo.env)
    with checked_out(partial) as job:  # all blobs of HEAD are here
        assert files_below(job.tree) == archive_of(repo)
    packs = set(path.glob(".git/objects/pack/*"))
    with refused(), checked_out(partial, "HEAD~1"):
        pass
    assert set(path.glob(".git/objects/pack/*")) == packs
    with checked_out(partial, "HEAD~1", may_fetch=True) as job:
        assert files_below(job.tree) == archive_of(repo, "HEAD~1")
    assert set(path.glob(".git/objects/pack/*")) == packs


@pytest.fixture
def nested(repo: Repo) -> Repo:
    """Return a repository with a submodule that has one itself, and one that is not initialised; the sources go."""
    allow = ("-c", "protocol.file.allow=always")
    inner, middle, idle = (Repo.create(repo.path.parent / name, repo.env) for name in ("inner", "middle", "idle"))
    commit(inner, i="1")
    middle.git(*allow, "submodule", "-q", "add", str(inner.path), "in ner")
    commit(middle, m="1")
    commit(idle, x="1")
    repo.git(*allow, "submodule", "-q", "add", str(middle.path), "lib/middle")
    repo.git(*allow, "submodule", "-q", "add", str(idle.path), "idle")
    repo.git(*allow, "submodule", "-q", "update", "--init", "--recursive")
    commit(repo, top="1")
    sub = Repo(repo.path / "lib/middle", repo.env)
    commit(Repo(sub.path / "in ner", repo.env), i="2")
    commit(sub, m="2")
    commit(repo, top="2")
    repo.git("submodule", "-q", "deinit", "-f", "idle")
    for one in (inner, middle, idle):
        shutil.rmtree(one.path)
    return repo


def test_s4_submodules_are_checked_out_without_a_network(nested: Repo) -> None:
    before = state_of(nested)
    for rev, content in (("HEAD", b"2"), ("HEAD~1", b"1"), ("HEAD", b"2")):
        with checked_out(nested, rev) as job:
            found = files_below(job.tree)
            assert {name: found[name][1] for name in found if not name.endswith(".gitmodules")} == {
                **{"top": content, "lib/middle/m": content, "lib/middle/in ner/i": content}
            }
            assert (job.tree / "idle").is_dir()
            assert job.git("status", "--porcelain") == ""
            assert [line[:1] for line in job.git("submodule", "status", "--recursive").splitlines()] == ["-", " ", " "]
            job.run("cd lib/middle; echo x >m; touch new; git stash; git tag mine; git checkout -q --orphan other")
            job.run("cd 'lib/middle/in ner'; git update-index --skip-worktree i; echo x >i; git config a.b c; touch y")
            job.run("git submodule update --init; git submodule foreach 'git gc -q --prune=now'", check=False)
            job.run("rm -rf 'lib/middle/in ner'; mkdir idle/x; touch idle/x/y idle/.git", check=False)
        assert state_of(nested) == before


def test_s4_a_submodule_whose_commit_is_not_here_is_an_error(nested: Repo) -> None:
    nested.git("update-index", "--cacheinfo", f"160000,{'1' * 40},lib/middle")
    nested.git("commit", "-qm", "gone")
    with refused(r"submodule lib/middle has no commit 1111.*update"), checked_out(nested):
        pass
    with checked_out(nested, "HEAD~1") as job:
        assert (job.tree / "lib/middle/m").read_text() == "2"


def test_s8_a_deleted_cache_is_made_again(repo: Repo) -> None:
    commit(repo, a="1")
    with checked_out(repo) as job:
        pass
    shutil.rmtree(origin_of(repo).cache)
    with checked_out(repo) as job:
        assert files_below(job.tree) == archive_of(repo)
        assert job.is_noted()


def test_s3_a_cache_behind_a_link(repo: Repo) -> None:
    commit(repo, a="1")
    (repo.path.parent / "disk").mkdir()
    os.symlink(repo.path.parent / "disk", repo.path.parent / "link")
    repo.env["XDG_CACHE_HOME"] = str(repo.path.parent / "link" / "cache")
    for _ in range(2):
        with checked_out(repo) as job:
            assert files_below(job.tree) == archive_of(repo)
            assert job.git("rev-parse", "--show-toplevel") == f"{job.tree}\n"


def test_s4_objects_that_the_user_prunes_meanwhile(repo: Repo) -> None:
    commit(repo, a="1", b="1")
    commit(repo, a="2", c="2", d__e="1")
    with checked_out(repo) as job:
        repo.git("reset", "-q", "--hard", "HEAD~1")
        repo.git("reflog", "expire", "--expire=now", "--all")
        repo.git("gc", "-q", "--prune=now")
    commit(repo, a="3")
    for _ in range(2):
        with checked_out(repo) as job:
            assert files_below(job.tree) == archive_of(repo)
            assert job.git("fsck", "--no-dangling") == ""
