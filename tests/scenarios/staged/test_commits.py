"""The ways in which git makes a commit, through the whole program (G5, G6).

The tests check what is committed, what is staged, and what is in the working tree afterwards.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.commits.committing import WAYS, commit_files, dash_p, merge, only_file, plain, with_bad
from kit.commits.fixing import fix_job
from kit.commits.unstaged import index_of, snapshot
from kit.repo import Repo


def head(repo: Repo, name: str = "one") -> str:
    return repo.git("show", f"HEAD:{name}").stdout


def expect_nothing_is_left(repo: Repo) -> None:
    git_dir = Path(repo.git("rev-parse", "--absolute-git-dir").stdout.strip())
    assert not (git_dir / "dodo-hooks-aside").exists() and not (git_dir / "dodo-hooks-restaged").exists()
    assert not (git_dir / "index.lock").exists()


@pytest.mark.parametrize("commit", WAYS)
def test_g6_each_commit_has_the_fix_and_the_next_one_reverts_nothing(
    fixing: Repo, commit: Callable[[Repo], None]
) -> None:
    commit(fixing)
    assert head(fixing) == with_bad("one", "good")
    assert fixing.git("diff", "--cached", "--name-only", "--", "one").stdout == ""
    assert fixing.read("one").startswith("one, good\n")
    if commit is only_file:  # what was staged besides is neither committed nor lost
        assert fixing.git("diff", "--cached", "--name-only").stdout == "two\n"
        assert fixing.read("two").endswith("staged\nunstaged\n")
    expect_nothing_is_left(fixing)
    fixing.git("commit", "-q", "--allow-empty", "-m", "next")
    assert head(fixing) == with_bad("one", "good")
    for name, ways in {"one": (plain, dash_p), "three": (merge,)}.items():
        if commit in ways:
            assert fixing.read(name).endswith("unstaged\n") and "unstaged" not in head(fixing, name)


@pytest.mark.parametrize("commit", WAYS)
def test_g6_where_the_job_fails_nothing_is_committed_or_staged(fixing: Repo, commit: Callable[[Repo], None]) -> None:
    fixing.env["FAILS"] = "not today"
    commit(fixing)
    assert "good" not in head(fixing) and "good" not in fixing.git("show", ":one").stdout
    beside = fixing.path / "one.during-hook"
    assert beside.exists() == (commit in (plain, dash_p))
    what_it_did = beside.read_text() if beside.exists() else fixing.read("one")
    assert what_it_did.startswith("one, good\n")  # stays for its owner to see
    assert not beside.exists() or fixing.read("one") == with_bad("one", bottom="unstaged\n")
    expect_nothing_is_left(fixing)
    for name, ways in {"one": (plain, dash_p), "two": (only_file,), "three": (merge,)}.items():
        if commit in ways:
            assert fixing.read(name).endswith("unstaged\n")


def expect_fixed(repo: Repo, *argv: str, directory: str = "", **env: str) -> None:
    """`git commit` of a partially staged `one`."""
    repo.write("one", with_bad("one"))
    repo.git("add", "one")
    repo.write("one", with_bad("one", bottom="unstaged\n"))
    Repo(repo.path / directory, repo.env).git("commit", "-qm", "work", *argv, env=env)
    assert head(repo) == with_bad("one", "good")
    assert repo.read("one") == with_bad("one", "good", "unstaged\n")
    assert repo.git("diff", "--cached", "--name-only").stdout == ""
    expect_nothing_is_left(repo)


def test_g6_from_a_sub_directory(fixing: Repo) -> None:
    expect_fixed(fixing, directory="dir")


def test_g6_with_an_index_named_absolutely_as_programs_with_windows_do(fixing: Repo) -> None:
    expect_fixed(fixing, GIT_INDEX_FILE=str(fixing.path / ".git/index"))


def test_g6_with_another_index_than_the_repositorys(fixing: Repo) -> None:
    other = str(fixing.path.parent / "other-index")
    shutil.copy(fixing.path / ".git/index", other)
    before = index_of(fixing)
    fixing.write("one", with_bad("one"))
    fixing.git("add", "one", env={"GIT_INDEX_FILE": other})
    fixing.git("commit", "-qm", "work", env={"GIT_INDEX_FILE": other})
    assert head(fixing) == with_bad("one", "good")
    assert index_of(fixing) == before
    assert fixing.git("diff", "--cached", "--name-only", env={"GIT_INDEX_FILE": other}).stdout == ""


def test_g6_where_the_git_directory_is_elsewhere_and_named(fixing: Repo, tmp_path: Path) -> None:
    """As people keep their dotfiles."""
    away = tmp_path / "dotfiles.git"
    shutil.move(fixing.path / ".git", away)
    fixing.env |= {"GIT_DIR": str(away), "GIT_WORK_TREE": str(fixing.path)}
    fixing.install()
    expect_fixed(fixing)
    expect_fixed(fixing, "--allow-empty", directory="dir")


def test_g6_in_a_linked_worktree(fixing: Repo) -> None:
    expect_fixed(fixing.worktree("linked"))


def test_g6_in_a_submodule(fixing: Repo, tmp_path: Path) -> None:
    outer = Repo.create(tmp_path / "outer", fixing.env)
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(fixing.path), "inner")
    inner = Repo(outer.path / "inner", fixing.env)
    inner.install()
    expect_fixed(inner)
    outer.git("commit", "-qam", "inner")


def test_g6_the_first_commit_of_a_repository(env: dict[str, str], tmp_path: Path) -> None:
    new = Repo(tmp_path / "new", env)
    new.path.mkdir()
    new.call("git", "init", "-q", check=True)
    new.hook("pre-commit", fix=fix_job(tmp_path))
    new.install()
    expect_fixed(new)


def test_g6_a_sha_256_repository(env: dict[str, str], tmp_path: Path) -> None:
    new = Repo(tmp_path / "new", env)
    new.path.mkdir()
    new.call("git", "init", "-q", "--object-format=sha256", check=True)
    commit_files(new)
    new.hook("pre-commit", fix=fix_job(tmp_path))
    new.install()
    expect_fixed(new)
    new.write("two", "two, bad\n")
    new.git("commit", "-qm", "only", "--", "two")
    assert head(new, "two") == "two, good\n" and new.git("diff", "--cached", "--name-only").stdout == ""


def test_g6_a_rebase_that_stops_to_edit(fixing: Repo) -> None:
    fixing.write("two", "two, first\n")
    fixing.git("commit", "-qam", "first", "--no-verify")
    fixing.write("three", "three, second\n")
    fixing.git("commit", "-qam", "second", "--no-verify")
    fixing.git("rebase", "-q", "-i", "HEAD~2", env={"GIT_SEQUENCE_EDITOR": "sed -i.bak 's/^pick/edit/'"})
    fixing.write("two", with_bad("two"))
    fixing.git("add", "two")
    fixing.write("two", with_bad("two", bottom="unstaged\n"))
    fixing.git("commit", "-q", "--amend", "--no-edit")
    assert head(fixing, "two") == with_bad("two", "good")
    assert fixing.read("two") == with_bad("two", "good", "unstaged\n")
    fixing.git("checkout", "-q", "two")
    fixing.git("rebase", "--continue")
    fixing.write("three", "three, bad\n")
    fixing.git("commit", "-qa", "--amend", "--no-edit")
    fixing.git("rebase", "--continue")
    assert (head(fixing, "two"), head(fixing, "three")) == (with_bad("two", "good"), "three, good\n")
    assert fixing.git("status", "--porcelain", "--", "one", "two", "three").stdout == ""
    expect_nothing_is_left(fixing)


def test_g6_a_job_that_is_given_no_names_gets_staged_what_it_changed_among_its_files(repo: Repo) -> None:
    repo.hook(
        "pre-commit", fix={"run": "for f in *.txt *.md; do echo fixed >$f; done", "glob": "*.txt", "stage_fixed": True}
    )
    repo.git("add", "hooks.dodo")
    for name in ("a.txt", "b.txt", "c.md"):
        repo.write(name, "committed\n")
    repo.git("add", "b.txt")
    repo.git("commit", "-qm", "b", "--no-verify")
    repo.git("add", "a.txt", "c.md")
    repo.git("commit", "-qm", "work")
    assert [head(repo, name) for name in ("a.txt", "b.txt", "c.md")] == ["fixed\n", "committed\n", "committed\n"]
    assert repo.git("status", "--porcelain").stdout == " M b.txt\n M c.md\n"


def test_g6_what_fires_no_pre_commit_is_left_alone(fixing: Repo) -> None:
    fixing.git("checkout", "-qb", "topic")
    for name in ("one", "two"):
        fixing.write(name, with_bad(name))
        fixing.git("commit", "-qam", name, "--no-verify")
    fixing.git("checkout", "-q", "main")
    fixing.git("cherry-pick", "topic")
    fixing.git("revert", "--no-edit", "HEAD")
    fixing.write("three", "bad\n")
    fixing.git("stash")
    fixing.git("stash", "pop")
    fixing.git("checkout", "-q", "three")
    fixing.git("rebase", "-q", "topic")
    assert not fixing.invocations("pre-commit")
    assert "good" not in head(fixing) + head(fixing, "two")
    assert not fixing.git("status", "--porcelain").stdout


def test_g6_a_fix_that_collides_with_unstaged_work_refuses_the_commit(fixing: Repo) -> None:
    fixing.write("one", with_bad("one"))
    fixing.write("two", "two, bad\n")
    fixing.git("add", "one", "two")
    fixing.write("one", with_bad("one", "bad in another way"))
    tree, index = snapshot(fixing.path), index_of(fixing)
    done = fixing.git("commit", "-qm", "work", check=False)
    assert (
        done.returncode == 1 and "commit refused: the fixes to one conflict with your unstaged changes" in done.stderr
    )
    assert (snapshot(fixing.path), index_of(fixing)) == (tree, index)
    expect_nothing_is_left(fixing)


def test_g5_a_refused_commit_is_recorded_as_a_failed_run(fixing: Repo) -> None:
    fixing.write("one", with_bad("one"))
    fixing.git("add", "one")
    fixing.write("one", with_bad("one", "bad in another way"))
    assert fixing.git("commit", "-qm", "work", check=False).returncode == 1
    run = fixing.finished("pre-commit")
    assert run.statuses() == {"fix": "completed"}  # the job did what it should; the run as a whole failed
    assert run.record.exit_code == 2 and run.record.error.startswith("commit refused: the fixes to one conflict")
    (listed,) = json.loads(fixing.run("jobs", "--failed", "--format", "json", check=True).stdout)
    assert listed["error"] == run.record.error and listed["exit_code"] == 2
    heading, *below = fixing.run("jobs", "--failed", check=True).stdout.splitlines()
    assert heading.endswith(" failed") and below[-1].startswith("  commit refused: the fixes to one conflict")
    failures = fixing.run("status", check=True).stdout.partition("\nfailed")[2]
    assert f"{run.id} pre-commit: commit refused: the fixes to one conflict" in failures


def test_g5_g6_where_the_index_stays_locked_the_unstaged_work_comes_back_and_the_fix_goes_beside(repo: Repo) -> None:
    commit_files(repo)
    lock = repo.path / ".git/index.lock"
    command = "sed -i s/bad/good/ {staged_files}; : >.git/index.lock"  # as a killed git leaves it
    repo.hook("pre-commit", fix={"run": command, "glob": "*", "exclude": "*.dodo", "stage_fixed": True})
    repo.write("one", with_bad("one"))
    repo.write("two", with_bad("two"))
    repo.git("add", "one", "two")
    repo.write("one", with_bad("one", bottom="unstaged\n"))
    index = index_of(repo)
    done = repo.git("commit", "-qm", "work", check=False)
    assert done.returncode == 1
    assert f"cannot stage the fixed files: the index is locked; if no other git runs here, `rm {lock}`" in done.stderr
    assert repo.read("one") == with_bad("one", bottom="unstaged\n") and repo.read("two") == with_bad("two", "good")
    assert repo.read("one.during-hook") == with_bad("one", "good") and index_of(repo) == index
    lock.unlink()
    expect_nothing_is_left(repo)


def test_g5_g6_a_manual_run_does_the_same(fixing: Repo) -> None:
    fixing.write("one", with_bad("one"))
    fixing.git("add", "one")
    fixing.write("one", with_bad("one", bottom="unstaged\n"))
    fixing.run("run", "pre-commit", check=True)
    assert fixing.git("show", ":one").stdout == with_bad("one", "good")
    assert fixing.read("one") == with_bad("one", "good", "unstaged\n")
    expect_nothing_is_left(fixing)


def test_g5_with_files_that_a_person_names_nothing_is_hidden(fixing: Repo) -> None:
    fixing.write("two", "two\nunstaged, bad\n")
    fixing.write("three", "three\nunstaged, bad\n")
    index = index_of(fixing)
    fixing.run("run", "pre-commit", "--files", "two", check=True)
    assert fixing.read("two") == "two\nunstaged, good\n"
    assert fixing.read("three") == "three\nunstaged, bad\n" and index_of(fixing) == index


def test_g6_a_commit_that_a_task_makes_is_fixed_as_any_other(repo: Repo) -> None:
    repo.hook("pre-commit", fix={"run": "sed -i s/foo/bar/ {staged_files}", "glob": "*.txt", "stage_fixed": True})
    repo.settings(tasks={"release": {"jobs": [{"name": "commit", "run": "git commit -q -m release"}]}})
    repo.install()
    repo.write("a.txt", "foo\n2\n3\n4\n5\n")
    repo.git("add", "a.txt")
    repo.write("a.txt", "foo\n2\n3\n4\nunstaged\n")
    repo.run("run", "release", check=True)
    assert repo.git("show", "HEAD:a.txt").stdout == "bar\n2\n3\n4\n5\n"
    assert repo.read("a.txt") == "bar\n2\n3\n4\nunstaged\n"


def test_r8_g5_a_commit_that_is_refused_for_a_collision_begins_no_background(repo: Repo) -> None:
    repo.hook(
        "pre-commit",
        fix={"run": "sed -i s/foo/bar/ {staged_files}", "glob": "*.txt", "stage_fixed": True},
        late={"run": "touch late", "background": True},
    )
    repo.install()
    repo.write("a.txt", "foo\n")
    repo.git("add", "a.txt")
    repo.write("a.txt", "foo, and more\n")
    refused = repo.git("commit", "-q", "-m", "work", check=False)
    assert refused.returncode and "the fixes to a.txt conflict" in refused.stderr
    assert repo.finished("pre-commit").job("late").cause == "gate"
    assert repo.read("a.txt") == "foo, and more\n" and not repo.has("late")
