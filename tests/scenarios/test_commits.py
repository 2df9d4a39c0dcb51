"""The ways in which git makes a commit, through the whole program (G3, G5, G6).

The tests check what is committed, what is staged, and what is in the working tree afterwards.
"""

import json
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.committing import WAYS, commit_files, dash_p, merge, only_file, plain, with_bad
from kit.invocation import Invocation
from kit.repo import Repo
from kit.unstaged import index_of, snapshot

GOOD = """\
import os, sys
for name in sys.argv[1:]:
    with open(name) as file:
        text = file.read()
    if "bad" in text:
        with open(name, "w") as file:
            file.write(text.replace("bad", "good"))
sys.exit(os.environ.get("FAILS"))
"""


def fix_job(place: Path) -> dict[str, Any]:
    """Return a job that makes `good` of every `bad`. FAILS=why: it fails afterwards."""
    script = place / "good.py"
    script.write_text(GOOD)
    return {"run": f"{shlex.quote(sys.executable)} {script} {{staged_files}}", "glob": "*", "stage_fixed": True}


@pytest.fixture
def fixing(repo: Repo) -> Repo:
    """Return a repository with such a hook and a few committed files."""
    commit_files(repo)
    repo.hook("pre-commit", fix=fix_job(repo.path.parent))
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-qm", "hooks", "--no-verify")
    return repo


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


# By hand


def test_g5_g6_a_hook_that_is_run_by_hand_does_the_same(fixing: Repo) -> None:
    fixing.write("one", with_bad("one"))
    fixing.git("add", "one")
    fixing.write("one", with_bad("one", bottom="unstaged\n"))
    fixing.run("run", "pre-commit", check=True)
    assert fixing.git("show", ":one").stdout == with_bad("one", "good")
    assert fixing.read("one") == with_bad("one", "good", "unstaged\n")
    expect_nothing_is_left(fixing)


def test_g5_with_files_that_a_person_names_nothing_is_set_aside(fixing: Repo) -> None:
    fixing.write("two", "two\nunstaged, bad\n")
    fixing.write("three", "three\nunstaged, bad\n")
    index = index_of(fixing)
    fixing.run("run", "pre-commit", "--files", "two", check=True)
    assert fixing.read("two") == "two\nunstaged, good\n"
    assert fixing.read("three") == "three\nunstaged, bad\n" and index_of(fixing) == index


# What hooks are told


def text(invocation: Invocation, job: str) -> str:
    return invocation.log(job).decode()


def test_g3_jobs_edit_the_message_of_the_commit(repo: Repo) -> None:
    repo.hook("prepare-commit-msg", template="echo \"from $2\" >>{1}; echo {0} '{2}'")
    repo.hook("commit-msg", sign="echo signed >>{1}", check="grep -q work {1}")
    repo.git("commit", "-q", "--allow-empty", "-m", "work", check=False)
    told = text(repo.finished("prepare-commit-msg"), "template").strip()
    assert told == ".git/COMMIT_EDITMSG message message"
    message = repo.git("log", "-1", "--format=%B").stdout
    assert message.split("\n")[0] == "work" and "signed" in message
    assert repo.git("commit", "-q", "--allow-empty", "-m", "other", check=False).returncode == 1


def test_g3_patches_that_are_to_be_mailed(repo: Repo) -> None:
    repo.hook("sendemail-validate", check="grep -q signed {1} && echo {0}")
    repo.install()
    mailed = repo.write("0001-good.patch", "signed\n")
    refused = repo.write("0002-bad.patch", "not that\n")
    hook = ("git", "hook", "run", "--ignore-missing", "sendemail-validate", "--")  # as git-send-email does
    repo.call(*hook, str(mailed), "headers", check=True)
    assert text(repo.finished("sendemail-validate"), "check") == f"{mailed} headers\n"
    assert repo.call(*hook, str(refused), "headers").returncode == 1


def test_g3_rewritten_commits_are_told_to_each_job(repo: Repo) -> None:
    repo.hook(
        "post-rewrite", one={"run": "cat", "use_stdin": True}, two={"run": "cat", "use_stdin": True}, arg="echo {0}"
    )
    old = repo.git("rev-parse", "HEAD").stdout.strip()
    repo.git("commit", "-q", "--amend", "--allow-empty", "-m", "amended")
    new = repo.git("rev-parse", "HEAD").stdout.strip()
    told = repo.finished("post-rewrite")
    assert [text(told, job) for job in ("one", "two", "arg")] == [f"{old} {new}\n", f"{old} {new}\n", "amend\n"]


# What it costs


def git_calls(repo: Repo, *argv: str) -> list[str]:
    """Return the git commands that we start during a git command."""
    bin_dir, calls = repo.path.parent / "bin", repo.path.parent / "calls"
    bin_dir.mkdir(exist_ok=True)
    wrapper = bin_dir / "git"
    wrapper.write_text(f'#!/bin/sh\necho "$@" >>{calls}\nexec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    calls.write_text("")
    # git puts this directory in front of the PATH that its hooks have.
    repo.call("git", *argv, env={"GIT_EXEC_PATH": str(bin_dir)}, check=True)
    return [_command(line.split()) for line in calls.read_text().splitlines()]


def _command(words: list[str]) -> str:
    while words[0] in ("-C", "-c"):  # options of git itself
        words = words[2:]
    return words[0]


def stage_many(repo: Repo, count: int, *, is_partial: bool) -> None:
    for n in range(count):
        repo.write(f"many/{n}", with_bad(str(n)))
    repo.git("add", "many")
    for n in range(count if is_partial else 0):
        repo.write(f"many/{n}", with_bad(str(n), bottom="unstaged\n"))


def test_g5_a_commit_without_unstaged_work_asks_git_once(repo: Repo) -> None:
    commit_files(repo)
    repo.hook("pre-commit", look={"run": ": {staged_files}", "glob": "many/*"}, branch=": {branch}")
    repo.install()
    stage_many(repo, 20, is_partial=False)
    repo.git("commit", "-qm", "to warm up")
    repo.write("many/1", "changed\n")
    repo.git("add", "many")
    assert git_calls(repo, "commit", "-qm", "work") == ["status"]
    assert git_calls(repo, "commit", "--allow-empty", "-qm", "nothing") == ["status"]


def test_g5_g6_the_number_of_git_processes_does_not_grow_with_the_files(fixing: Repo) -> None:
    fixing.git("commit", "--allow-empty", "-qm", "to warm up")
    counts = []
    for count in (1, 60):
        stage_many(fixing, count, is_partial=True)
        counts.append(git_calls(fixing, "commit", "-qm", "work"))
        assert fixing.git("show", "HEAD:many/0").stdout == with_bad("0", "good")
        assert fixing.read("many/0") == with_bad("0", "good", "unstaged\n")
        shutil.rmtree(fixing.path / "many")
        fixing.git("rm", "-rq", "--cached", "many")
        fixing.git("commit", "-qm", "again", "--no-verify")
    in_all = ["status", "checkout-index", "status", "update-index", "ls-files"]
    # The last one is for the files that a job and their owner have both changed: all of them.
    assert counts == [[*in_all, "diff"], [*in_all, "diff"]]


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
