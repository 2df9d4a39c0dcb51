"""The content of a snapshot, and the user's repository, which stays as it is (S1 to S4, S7)."""

import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from dodo_hooks.core.errors import CheckoutError
from dodo_hooks.git.target import Target
from dodo_hooks.host.files.file_locks import is_locked
from dodo_hooks.snapshots.checkout import prepare, renew
from dodo_hooks.snapshots.index_tree import write_index_tree
from dodo_hooks.snapshots.model import Snapshot
from dodo_hooks.snapshots.note import note_ended
from kit.gate import Gate
from kit.process import wait_until
from kit.repo import Repo
from kit.results.snapshots import (
    JOB,
    Job,
    archive_of,
    checked_out,
    commit,
    files_below,
    origin_of,
    state_of,
    take,
    target_of,
)
from kit.system.killing import in_child


def test_s1_a_snapshot_holds_the_commit_and_not_what_the_user_edits(repo: Repo) -> None:
    first = commit(repo, a__b="1", c="1")
    os.symlink("c", repo.path / "link")
    repo.write("run", "#!/bin/sh\n").chmod(0o755)
    second = commit(repo, c="2")
    repo.write("c", "unstaged")
    before = state_of(repo)
    for rev in (second, first, second):
        with checked_out(repo, rev) as job:
            assert files_below(job.tree) == archive_of(repo, rev)
            assert job.git("status", "--porcelain") == ""
            assert job.git("rev-parse", "HEAD", "main").split() == [rev, second]
    assert state_of(repo) == before


def test_s1_a_branch_that_is_called_like_the_commit_is_another_one(repo: Repo) -> None:
    first = commit(repo, a="1")
    second = commit(repo, a="2")
    repo.git("update-ref", f"refs/heads/{first}", second)
    with checked_out(repo, first) as job:
        assert files_below(job.tree) == {"a": ("file", b"1")}
        assert job.git("rev-parse", "HEAD").strip() == first
        assert job.git("log", "--walk-reflogs", "--oneline") == ""


def test_s1_names_of_any_bytes(repo: Repo) -> None:
    names = [b"new\nline/f", b"latin \xe9/\xff", b"tab\t", b' "quotes"/x', b"%2F/a%", b"-dash/-f", b":(top)x/y"]
    for name in names:
        path = os.fsencode(repo.path) + b"/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"1")
    commit(repo)
    repo.git("rm", "-rq", "--", "new*", "latin*")
    commit(repo)
    for rev in ("HEAD~1", "HEAD", "HEAD~1"):
        with checked_out(repo, rev) as job:
            assert {os.fsencode(name) for name in files_below(job.tree)} == set(names[2 if rev == "HEAD" else 0 :])
            job.run('for d in */; do mkfifo "./$d/fifo"; touch "./$d/.gitignore"; done')


def test_s1_the_tree_of_an_index_is_checked_out_on_its_parent(repo: Repo) -> None:
    parent = commit(repo, a="1", b="1")
    repo.write("a", "staged")
    repo.write("new", "staged")
    repo.git("add", "a", "new")
    repo.write("a", "unstaged")
    repo.write("intended", "x")
    repo.git("add", "--intent-to-add", "intended")
    before = state_of(repo)
    tree = write_index_tree(origin_of(repo))
    snapshot = take(repo)
    prepare(snapshot, origin_of(repo), Target(None, tree, parent), JOB, (), False, False)
    os.close(snapshot.lock)
    assert {name: content for name, (_, content) in files_below(Path(snapshot.tree)).items()} == {
        **{"a": b"staged", "b": b"1", "new": b"staged"}
    }
    after = {path: about for path, about in state_of(repo).items() if "/objects/" not in path}
    assert after == {path: about for path, about in before.items() if "/objects/" not in path}
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=snapshot.tree, env=repo.env, capture_output=True, text=True
    ).stdout
    assert status.split() == ["M", "a", "A", "new"]


@pytest.mark.parametrize("setting", ["core.splitIndex=true", "index.version=4", "core.untrackedCache=true"])
def test_s1_the_index_is_read_in_every_form_and_stays_as_it_is(repo: Repo, setting: str) -> None:
    commit(repo, a="1", b="1")
    repo.git("config", *setting.split("="))
    repo.git("update-index", "--force-write-index")
    repo.write("a", "2")
    repo.git("add", "a")
    wanted = repo.git("write-tree").stdout.strip()
    before = state_of(repo)
    assert write_index_tree(origin_of(repo)) == wanted
    assert state_of(repo) == before


def test_s1_the_index_is_the_one_that_git_uses_for_this_command(repo: Repo) -> None:
    commit(repo, a="1", b="1")
    other = repo.path / ".git" / "other-index"
    repo.git("read-tree", "HEAD", env={"GIT_INDEX_FILE": str(other)})
    repo.write("b", "2")
    repo.git("add", "b", env={"GIT_INDEX_FILE": str(other)})
    wanted = repo.git("write-tree", env={"GIT_INDEX_FILE": str(other)}).stdout.strip()
    assert write_index_tree(origin_of(repo, GIT_INDEX_FILE=".git/other-index", GIT_DIR=".git")) == wanted
    assert repo.git("write-tree").stdout.strip() != wanted


def test_s1_what_a_killed_process_has_left_of_its_copy_goes(repo: Repo, tmp_path: Path) -> None:
    commit(repo, a="1")
    gate = Gate(tmp_path / "gate")
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\n{gate.command}; exec {shutil.which("git", path=repo.env["PATH"])} "$@"\n')
    slow.chmod(0o755)
    path = {"PATH": f"{slow.parent}:{repo.env['PATH']}"}
    child = in_child(lambda: write_index_tree(origin_of(repo, **path)))
    gate.wait()
    areas = repo.path / ".git/dodo-hooks/snapshots"
    (folder,) = areas.iterdir()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    wanted = repo.git("write-tree").stdout.strip()
    assert write_index_tree(origin_of(repo)) == wanted
    assert list(areas.iterdir()) == [folder]  # the git that it has started still reads it
    gate.open()
    wait_until(lambda: not is_locked(str(folder)))
    assert write_index_tree(origin_of(repo)) == wanted
    assert not list(areas.iterdir())


def test_s1_an_index_with_unmerged_paths_is_an_error(repo: Repo) -> None:
    commit(repo, a="1")
    repo.git("checkout", "-qb", "topic")
    commit(repo, a="2")
    repo.git("checkout", "-q", "main")
    commit(repo, a="3")
    repo.git("merge", "topic", check=False)
    with pytest.raises(CheckoutError, match="unmerged paths"):
        write_index_tree(origin_of(repo))


def test_s2_before_the_first_commit_head_is_not_born_in_the_snapshot_either(
    tmp_path: Path, env: dict[str, str]
) -> None:
    repo = Repo(tmp_path / "new", env)
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "trunk")
    repo.write("a", "1")
    repo.git("add", "a")
    snapshot = take(repo)
    prepare(snapshot, origin_of(repo), Target(None, write_index_tree(origin_of(repo)), None), JOB, (), False, False)
    os.close(snapshot.lock)
    assert files_below(Path(snapshot.tree)) == {"a": ("file", b"1")}
    head = subprocess.run(
        ["git", "symbolic-ref", "HEAD"], cwd=snapshot.tree, env=repo.env, capture_output=True, text=True
    ).stdout
    assert head == "refs/heads/trunk\n"


def test_s3_variables_that_git_gave_to_its_hook_lead_nowhere(repo: Repo) -> None:
    first = commit(repo, a="1", b="1")
    commit(repo, a="2", b="2")
    repo.write("a", "edited")
    names = repo.git("rev-parse", "--local-env-vars").stdout.split()
    before = state_of(repo)
    git_dir = str(repo.path / ".git")
    leaked = {name: git_dir for name in names if name not in ("GIT_CONFIG", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE")}
    leaked |= {"GIT_WORK_TREE": str(repo.path), "GIT_INDEX_FILE": f"{git_dir}/index", "GIT_PREFIX": "sub/"}
    leaked |= {"GIT_OBJECT_DIRECTORY": f"{git_dir}/objects", "GIT_EXEC_PATH": "/nowhere", "GIT_CONFIG_COUNT": "1"}
    leaked |= {"GIT_CONFIG_KEY_0": "core.worktree", "GIT_CONFIG_VALUE_0": str(repo.path)}
    leaked |= {"GIT_CONFIG_PARAMETERS": f"'core.worktree'='{repo.path}'"}
    snapshot, origin = take(repo), origin_of(repo)
    leaking = origin._replace(environ={**origin.environ, **leaked})
    prepare(snapshot, leaking, target_of(repo, first), JOB, (), False, False)
    os.close(snapshot.lock)
    assert files_below(Path(snapshot.tree)) == archive_of(repo, first)
    with checked_out(repo, first) as job:
        assert not [name for name in job.environment(leaked) if name in (*names, "GIT_EXEC_PATH", "GIT_PREFIX")]
        job.run("git checkout -q --orphan other; git rm -rfq --cached .; git add --all", leaked)
    assert state_of(repo) == before


def test_s4_unchanged_files_keep_their_times_and_ignored_ones_stay(repo: Repo) -> None:
    repo.write(".gitignore", "*.o\n")
    first = commit(repo, same="1", changed="1")
    second = commit(repo, changed="2")
    with checked_out(repo, first) as job:
        job.run("touch build.o untracked")
        time_ns = (job.tree / "same").stat().st_mtime_ns
    with checked_out(repo, second) as job:
        assert (job.tree / "same").stat().st_mtime_ns == time_ns
        assert (job.tree / "build.o").exists() and not (job.tree / "untracked").exists()
    for why in ("failed", "other job", "clean"):
        with checked_out(repo, first, succeeds=why != "failed") as job:
            job.run("touch build.o")
        with checked_out(repo, second, job="other" if why == "other job" else JOB, clean=why == "clean") as job:
            assert not (job.tree / "build.o").exists(), why
            assert (job.tree / "same").stat().st_mtime_ns == time_ns


def test_s4_a_fifo_in_an_untracked_folder_holds_nobody(repo: Repo) -> None:
    repo.write(".gitignore", "*.o\n")
    commit(repo, a="1")
    with checked_out(repo) as job:
        job.run("mkdir -p new/er; touch new/er/build.o; mkfifo new/er/.gitignore")
    with checked_out(repo) as job:
        assert files_below(job.tree).keys() == {".gitignore", "a", "new/er/build.o"}


def test_s4_python_never_runs_what_it_compiled_for_another_commit(repo: Repo, tmp_path: Path) -> None:
    """Check 20 commits, in several snapshots at once, since each move waits for the next second."""
    repo.write(".gitignore", "__pycache__/\n")
    commit(repo, **{"module.py": ""})
    numbers = range(10, 30)  # of one length: Python would notice another size
    for number in numbers:
        repo.write("module.py", f"ANSWER = {number}\n")
        repo.git("commit", "-qam", "work")
    ids = [line.split() for line in repo.git("log", "-20", "--reverse", "--format=%H %T").stdout.splitlines()]
    targets = [Target(commit, tree, commit) for commit, tree in ids]
    snapshots, origin = [take(repo, limit=7) for _ in range(7)], origin_of(repo)

    def answer(snapshot: Snapshot) -> None:
        for index in range(snapshot.number - 1, len(targets), len(snapshots)):
            prepare(snapshot, origin, targets[index], JOB, (), False, False)
            job = Job(repo, snapshot, origin, targets[index])
            found = job.run(f"{sys.executable} -S -c 'import module; print(module.ANSWER)'").stdout
            assert list((job.tree / "__pycache__").glob("*.pyc"))
            (tmp_path / f"answer-{index}").write_text(found)
            note_ended(snapshot.paths, JOB, True)

    children = [in_child(partial(answer, snapshot)) for snapshot in snapshots]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(children)
    assert [int((tmp_path / f"answer-{index}").read_text()) for index in range(len(targets))] == list(numbers)


def test_s5_a_further_job_gets_the_git_directory_as_the_first_one_got_it(repo: Repo) -> None:
    commit(repo, a="1", b="1")
    with checked_out(repo) as job:
        job.run("git config user.name Vandal; git tag vandal; git update-index --skip-worktree a; git rm -q --cached b")
        job.run(
            "touch built; git checkout -q --orphan other; cd $(git rev-parse --git-dir); touch index.lock MERGE_HEAD"
        )
        renew(job.snapshot, job.origin, job.target, "second")
        assert job.git("rev-parse", "HEAD").strip() == job.target.commit
        assert job.git("tag", "--list") == "" and job.git("ls-files", "-v") == "H a\nH b\n"
        assert job.git("config", "user.name") == "Test\n"
        assert job.git("status", "--porcelain") == "?? built\n"
        assert not (Path(job.snapshot.paths.git_dir) / "MERGE_HEAD").exists()


def test_s7_a_job_knows_what_it_is_about(repo: Repo) -> None:
    commit(repo, a="1")
    linked = repo.worktree("linked")
    with checked_out(linked) as job:
        found = dict(line.split("=", 1) for line in job.run("env").stdout.splitlines() if line.startswith("DODO_"))
    assert found == {
        "DODO_WORKTREE": str(job.tree),
        "DODO_GIT_DIR": job.snapshot.paths.git_dir,
        "DODO_COMMIT": job.target.commit,
        "DODO_TREE": job.target.tree,
        "DODO_MAIN_WORKTREE": str(repo.path),
    }
