"""Jobs that do not run again: seen from git, with real files and processes (K2, K4 to K7, K11, K12)."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from kit.gate import Gate
from kit.repo import Repo
from kit.results.incremental import commit, counting, runs

COMMAND = (sys.executable, "-m", "dodo_hooks")


@pytest.fixture
def linted(repo: Repo) -> Repo:
    repo.write("a.py", "one\n")
    repo.git("add", "a.py")
    repo.hook("pre-commit", lint={"run": counting("lint", "! grep -q bad a.py"), "inputs": ["*.py"]})
    commit(repo)
    assert runs(repo, "lint") == 1
    return repo


def test_k6_nothing_runs_twice_for_the_same_content(linted: Repo) -> None:
    said = commit(linted)
    assert runs(linted, "lint") == 1 and said == "dodo-hooks: pre-commit: 1 up to date\n"
    assert len(linted.invocations()) == 1  # the second firing left none


def test_k1_a_change_and_its_revert(linted: Repo) -> None:
    linted.write("a.py", "two\n")
    linted.git("add", "a.py")
    commit(linted)
    linted.write("a.py", "one\n")
    linted.git("add", "a.py")
    commit(linted)
    assert runs(linted, "lint") == 2


def test_k1_the_message_counts_by_its_content(repo: Repo) -> None:
    """Git gives each message under the same name. A job that reads it there, without `{1}`, depends on it too."""
    repo.write("conf", "1")
    repo.hook(
        "commit-msg",
        given={"run": counting("given", "! grep -q bad {1}"), "inputs": ["conf"]},
        known={"run": counting("known", "! grep -q bad .git/COMMIT_EDITMSG"), "inputs": ["conf"]},
    )
    commit(repo, "good")
    assert commit(repo, "good") == "dodo-hooks: commit-msg: 2 up to date\n"
    done = repo.git("commit", "--allow-empty", "-qm", "bad", check=False)
    assert done.returncode == 1 and runs(repo, "given") == runs(repo, "known") == 2


def test_k1_the_directory_of_the_worktree_does_not_count(repo: Repo) -> None:
    """Git gives the message by an absolute path in a worktree of another place."""
    repo.write("conf", "1")
    command = counting("given", "test -n {main_worktree} && grep -q good {1}")
    repo.hook("commit-msg", given={"run": command, "inputs": ["conf"]})
    repo.git("add", ".")
    commit(repo, "good")
    other = repo.worktree("other")
    assert commit(other, "good") == "dodo-hooks: commit-msg: 1 up to date\n"
    repo.path = repo.path.rename(repo.path.with_name("moved"))
    assert commit(repo, "good") == "dodo-hooks: commit-msg: 1 up to date\n"


def test_k4_a_job_that_writes_the_message_is_not_kept(repo: Repo) -> None:
    repo.hook("prepare-commit-msg", prefix={"run": counting("prefix", "echo more >> {1}"), "uptodate": "echo 1"})
    for _ in range(2):
        commit(repo)
        assert repo.git("log", "-1", "--format=%B").stdout.strip() == "m\nmore"
    assert runs(repo, "prefix") == 2


def test_k4_the_key_is_of_what_is_staged(linted: Repo) -> None:
    """The unstaged edit is hidden while the jobs are checked, and stands again afterwards."""
    linted.write("a.py", "unstaged\n")
    commit(linted)
    assert runs(linted, "lint") == 1 and linted.read("a.py") == "unstaged\n"


def test_k7_a_failure_is_not_kept_and_removes_the_success_under_its_key(linted: Repo) -> None:
    linted.write("a.py", "bad\n")
    linted.git("add", "a.py")
    for _ in range(2):
        assert linted.git("commit", "-qm", "m", check=False).returncode == 1
    assert runs(linted, "lint") == 3
    flaky = counting("flaky", "test ! -e .git/broken")
    linted.hook("post-commit", flaky={"run": flaky, "inputs": ["a.py"]})
    linted.run("run", "post-commit", check=True)
    linted.write(".git/broken", "")
    assert linted.run("run", "post-commit", "--force").returncode == 1
    (linted.path / ".git/broken").unlink()
    linted.run("run", "post-commit", check=True)
    linted.run("run", "post-commit", check=True)
    assert runs(linted, "flaky") == 3


def test_k7_a_retry_keeps_a_success_and_a_failure_of_it_removes_one(repo: Repo) -> None:
    repo.write("a.py", "one\n")
    jobs: dict[str, Any] = {
        "first": {"run": counting("first", "true"), "inputs": ["a.py"]},
        "flaky": {"run": counting("flaky", "test ! -e .git/broken"), "inputs": ["a.py"], "needs": ["first"]},
    }
    repo.hook("post-merge", **jobs)
    repo.write(".git/broken", "")
    assert repo.run("run", "post-merge").returncode == 1
    (repo.path / ".git/broken").unlink()
    assert repo.run("retry", "flaky").returncode == 0
    assert repo.run("run", "post-merge").returncode == 0
    assert (runs(repo, "first"), runs(repo, "flaky")) == (1, 2)  # the retry's success counts
    repo.write(".git/broken", "")
    assert repo.run("run", "post-merge", "--job", "flaky", "--no-cache").returncode == 1
    assert repo.run("retry", "flaky").returncode == 1
    (repo.path / ".git/broken").unlink()
    repo.run("run", "post-merge", check=True)
    assert (runs(repo, "first"), runs(repo, "flaky")) == (2, 5)  # the retry's failure, too


def test_k5_a_need_that_made_the_same_bytes_does_not_run_its_dependents(repo: Repo) -> None:
    repo.write(".gitignore", "out\n")
    repo.write("in", "1 # a comment\n")
    repo.hook(
        "post-commit",
        gen={"run": counting("gen", "cut -c1 in > out"), "inputs": ["in"], "outputs": ["out"]},
        use={"run": counting("use", "cat out"), "inputs": ["out"]},
        always=counting("always"),
        tied={"run": counting("tied"), "inputs": ["in"], "needs": ["always"]},
    )
    for text in ("1 # a comment\n", "1 # another\n", "2\n", "2\n"):
        repo.write("in", text)
        repo.run("run", "post-commit", check=True)
    assert [runs(repo, name) for name in ("gen", "use", "always", "tied")] == [3, 2, 4, 4]


def test_k6_an_output_that_is_gone_or_changed_is_made_again(repo: Repo) -> None:
    repo.write(".gitignore", "out\nfolder\n")
    repo.write("in", "1\n")
    gen = counting("gen", "cp in out; mkdir -p folder")
    repo.hook("post-commit", gen={"run": gen, "inputs": "in", "outputs": ["out", "folder"]})

    def run() -> None:
        repo.run("run", "post-commit", check=True)

    run()
    (repo.path / "out").touch()
    run()
    assert runs(repo, "gen") == 1
    repo.write("out", "stale\n")
    run()
    assert repo.read("out") == "1\n" and runs(repo, "gen") == 2
    (repo.path / "folder").rmdir()
    run()
    assert runs(repo, "gen") == 3


def test_k6_a_folder_holds_what_the_last_run_has_made(repo: Repo) -> None:
    """A, B, A again: the folder is there, and it is B's."""
    repo.write(".gitignore", "dist\n")
    build = counting("build", "mkdir -p dist && cp in dist/made")
    repo.hook("post-commit", build={"run": build, "inputs": ["in"], "outputs": ["dist"]})
    for text in ("A", "B", "A"):
        repo.write("in", text)
        repo.run("run", "post-commit", check=True)
    assert repo.read("dist/made") == "A" and runs(repo, "build") == 3


def test_k6_an_output_that_is_not_made_is_named_and_the_job_runs_each_time(repo: Repo) -> None:
    repo.write("in", "1")
    repo.hook("post-commit", gen={"run": counting("gen"), "inputs": ["in"], "outputs": ["nowhere"]})
    for _ in range(2):
        said = repo.run("run", "post-commit", check=True).stderr
    assert "gen runs each time: it did not make its output nowhere" in said and runs(repo, "gen") == 2


def test_k4_a_job_whose_input_was_changed_meanwhile_is_not_kept(repo: Repo, gate: Gate) -> None:
    """There and back, while the job runs: the content is the same before and after."""
    repo.write("in", "1")
    repo.hook("post-commit", slow={"run": counting("slow", gate.command), "inputs": ["in"]})
    process = repo.start(*COMMAND, "run", "post-commit")
    gate.wait()
    repo.write("in", "2")
    repo.write("in", "1")
    gate.open()
    assert process.wait(15) == 0
    assert "its last success is not kept: in changed while it ran" in repo.run("why", "slow").stdout


def test_k11_the_top_folder_is_named_by_a_dot(repo: Repo) -> None:
    repo.write("a.txt", "a")
    repo.hook("post-commit", make={"run": "mkdir made", "inputs": ["*.txt"]})
    repo.run("run", "post-commit", check=True)
    assert "its last success is not kept: ./ changed while it ran" in repo.run("why", "make").stdout


def test_k11_the_tree_of_a_commit_is_named_by_a_dot(repo: Repo) -> None:
    repo.hook("post-commit", test={"run": "true", "workspace": "snapshot"})
    repo.run("run", "post-commit", check=True)
    repo.write("a.txt", "a")
    repo.git("add", "a.txt")
    repo.git("commit", "--no-verify", "-m", "two", env={"DODO_HOOKS": "0"})
    assert "input ./ has changed" in repo.run("why", "test").stdout


def test_k4_a_job_that_changes_its_input_runs_once_more(repo: Repo) -> None:
    repo.write("a.txt", "a")
    repo.git("add", ".")
    fix = counting("fix", "grep -q fixed a.txt || echo fixed >> a.txt")
    repo.hook("pre-commit", fix={"run": fix, "inputs": ["*.txt"], "glob": "*.txt", "stage_fixed": True})
    commit(repo)
    assert repo.git("show", "HEAD:a.txt").stdout == "afixed\n"
    for _ in range(2):
        repo.run("run", "pre-commit", "--all-files", check=True)
    assert runs(repo, "fix") == 2


def test_k7_worktrees_share_results_of_jobs_without_outputs(linted: Repo) -> None:
    linted.git("add", "hooks.dodo")
    commit(linted)
    other = linted.worktree("other")
    assert "1 up to date" in commit(other)
    assert runs(linted, "lint") == 1 and not (other.path / ".git/runs-lint").exists()


def test_k1_what_counts_and_what_does_not(repo: Repo) -> None:
    repo.write("in", "1")
    job = {"run": counting("job"), "inputs": ["in"], "env_inputs": ["V"], "uptodate": ["cat .git/version"]}
    repo.hook("post-commit", job=job)
    repo.write(".git/version", "1")

    def ran(**env: str) -> bool:
        before = runs(repo, "job")
        repo.run("run", "post-commit", check=True, env={**repo.env, **env})
        return runs(repo, "job") > before

    assert ran() and not ran() and not ran(PATH=repo.env["PATH"] + ":/nowhere", LC_ALL="C", TZ="Asia/Tokyo")
    assert ran(V="") and ran(V="x") and not ran(V="")
    repo.write(".git/version", "2")
    assert ran() and not ran()
    (repo.path / ".git/version").unlink()
    assert ran() and ran()  # a command that fails: nothing is kept


def test_k11_why_says_what_has_changed(repo: Repo) -> None:
    for name in ("a", "b", "c"):
        repo.write(f"src/{name}", name)
    job = {"run": "true", "inputs": ["src"], "env_inputs": ["V"], "uptodate": ["cat .git/version"]}
    repo.write(".git/version", "1")
    repo.hook("post-commit", job=job, other="true")
    assert repo.run("why", "job").stdout.splitlines()[1:] == ["  no success of it is stored here"]
    repo.run("run", "post-commit", check=True)
    assert repo.run("why", "post-commit", "job").stdout.startswith("job is up to date since ")
    repo.write("src/a", "A")
    repo.write("src/d", "d")
    (repo.path / "src/c").unlink()
    (repo.path / "src/b").chmod(0o755)
    repo.write(".git/version", "2")
    lines = repo.run("why", "job", env={**repo.env, "V": "1"}).stdout.splitlines()
    assert lines[0] == "job would run:"
    assert [line.split(" (")[0].strip() for line in lines[1:]] == [
        "the variable V",
        "the output of `cat .git/version`",
        "input src/a has changed",
        "input src/b has changed",
        "input src/c is gone",
        "input src/d is new",
    ]
    assert "job.name" not in repo.run("why", "other").stdout and "runs each time" in repo.run("why", "other").stdout
    assert "did you mean" in repo.run("why", "jbo").stderr
    repo.hook("post-commit", after={"run": "true", "needs": ["other"], "uptodate": "echo"})
    assert repo.run("why", "after").stdout == "after would run: other, which it needs, runs each time\n"


def test_k11_force_runs_and_no_cache_neither_reads_nor_keeps(linted: Repo) -> None:
    linted.run("run", "pre-commit", "--force", check=True)
    linted.run("run", "pre-commit", "--no-cache", check=True)
    assert runs(linted, "lint") == 3
    linted.write("a.py", "new\n")
    linted.git("add", "a.py")
    linted.run("run", "pre-commit", "--no-cache", check=True)
    linted.run("run", "pre-commit", check=True)
    assert runs(linted, "lint") == 5


def test_k6_background_jobs_are_up_to_date_too(repo: Repo) -> None:
    repo.write("in", "1")
    repo.hook(
        "post-commit",
        background=True,
        deps={"run": counting("deps"), "inputs": ["in"]},
        build={"run": counting("build"), "needs": ["deps"], "inputs": ["in"]},
    )
    commit(repo)
    assert repo.finished("post-commit").statuses() == {"deps": "completed", "build": "completed"}
    assert commit(repo) == "dodo-hooks: post-commit: 2 up to date\n"
    repo.hook("post-commit", last={"run": counting("last"), "needs": ["build"]})
    commit(repo)
    assert repo.finished("post-commit", 2).statuses() == {
        "deps": "up-to-date",
        "build": "up-to-date",
        "last": "completed",
    }
    assert (runs(repo, "deps"), runs(repo, "build")) == (1, 1)


def test_k6_setup_does_not_run_for_jobs_that_are_up_to_date(repo: Repo) -> None:
    repo.write("in", "1")
    repo.hook("post-commit", job={"run": counting("job"), "inputs": ["in"]})
    repo.hook_options("post-commit", setup=[{"run": counting("setup")}])
    for _ in range(2):
        repo.run("run", "post-commit", check=True)
    assert (runs(repo, "setup"), runs(repo, "job")) == (1, 1)


def test_k6_a_job_waits_for_another_run_that_is_at_it(repo: Repo, gate: Gate) -> None:
    """The second run does not run the job again, nor calls it up to date before the first has ended."""
    repo.write("in", "1")
    repo.hook("post-commit", background=True, deps={"run": counting("deps", gate.command), "inputs": ["in"]})
    commit(repo)
    gate.wait()
    commit(repo)
    gate.open()
    assert repo.finished("post-commit", 2).statuses() == {"deps": "up-to-date"}
    assert repo.invocations("post-commit")[0].statuses() == {"deps": "completed"}
    assert runs(repo, "deps") == 1


# What cannot be decided


def results_of(repo: Repo) -> list[Path]:
    folder = next((repo.state / "dodo-hooks/results").iterdir())
    return [path for path in folder.glob("*/*") if len(path.name) >= 64]


def test_k12_a_damaged_result_is_none(linted: Repo) -> None:
    (result,) = results_of(linted)
    for content in (b"", result.read_bytes()[:-1], os.urandom(100)):
        result.write_bytes(content)
        before = runs(linted, "lint")
        commit(linted)
        assert runs(linted, "lint") == before + 1


@pytest.mark.skipif(os.getuid() == 0 and not Path("/proc/self/ns/user").exists(), reason="root can read everything")
def test_k12_an_input_that_cannot_be_read_runs_the_job(repo: Repo) -> None:
    os.mkfifo(repo.path / "pipe")
    repo.hook("post-commit", job={"run": counting("job"), "inputs": ["pipe"]})
    for _ in range(2):
        repo.run("run", "post-commit", check=True)
    assert runs(repo, "job") == 2
    assert "pipe is neither a file nor a link" in repo.run("why", "job").stdout


def test_k12_a_store_that_cannot_be_written_is_one_sentence(repo: Repo) -> None:
    repo.write("in", "1")
    repo.hook("post-commit", job={"run": counting("job"), "inputs": ["in"]})
    repo.write("../home/state/dodo-hooks/results", "a file where the folder should be")
    (repo.state / "dodo-hooks").chmod(0o700)
    for _ in range(2):
        done = repo.run("run", "post-commit", check=True)
        assert done.stderr.count("the result of job is not kept: cannot write") == 1
    assert runs(repo, "job") == 2


def test_k12_a_killed_run_leaves_no_result(repo: Repo, gate: Gate) -> None:
    repo.write("in", "1")
    repo.write(".gitignore", "dist\n")
    command = counting("job", f"mkdir -p dist && {gate.command}")
    repo.hook("post-commit", job={"run": command, "inputs": ["in"], "outputs": ["dist"]})
    process = repo.start(*COMMAND, "run", "post-commit")
    gate.wait()
    gate.let_one_go()
    assert process.wait(15) == 0
    again = repo.start(*COMMAND, "run", "post-commit", "--force")
    gate.wait()
    os.kill(again.pid, signal.SIGKILL)
    again.wait()
    gate.let_one_go()
    process = repo.start(*COMMAND, "run", "post-commit")  # `dist` is there, and nobody knows what is in it
    gate.wait()
    gate.let_one_go()
    assert process.wait(15) == 0 and runs(repo, "job") == 3


def test_k7_two_worktrees_at_once(repo: Repo) -> None:
    """Whatever they write at one moment, both succeed, and the results are good afterwards."""
    repo.hook("pre-commit", lint={"run": "! grep -q bad a.py", "inputs": ["*.py"]})
    repo.git("add", "hooks.dodo")
    commit(repo)
    trees = [repo, repo.worktree("other")]
    for tree in trees:
        tree.write("a.py", "new\n")
        tree.git("add", "a.py")
    processes = [tree.start(*COMMAND, "run", "pre-commit") for tree in trees * 3]
    for process in processes:
        said = process.communicate(timeout=15)
        assert process.returncode == 0, said
    assert all("1 up to date" in tree.run("run", "pre-commit", check=True).stdout for tree in trees)
