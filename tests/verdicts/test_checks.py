"""`dodo-hooks checks`: jobs by commits, running what is missing, and searching for the first bad commit (V7)."""

import signal
import sys
from pathlib import Path

import pytest

from kit.gate import Gate
from kit.process import DEADLINE_S, is_alive, wait_until
from kit.repo import Repo
from kit.results.pushing import PASSES_UNLESS_BAD, checks, commit, count, require, states


def test_v7_jobs_are_shown_by_commits(repo: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    require(repo, test=f"! grep -q bad file || exit 3; grep -v held file || {{ {gate.command}; }}")
    assert repo.run("checks").returncode == 2
    commit(repo, "good")
    repo.finished("post-commit")
    assert repo.run("checks").returncode == 0
    head = commit(repo, "bad")
    failed = repo.finished("post-commit", 2)
    commit(repo, "held")
    gate.wait()
    answer = repo.run("checks", "-n", "4")
    heads, *rows = (line.split() for line in answer.stdout.splitlines())
    assert heads == ["COMMIT", "test", "SUBJECT"]
    assert [(row[1], row[-1]) for row in rows] == [
        ("running", "held"),
        ("failed", "bad"),
        ("passed", "good"),
        ("none", "start"),
    ]
    assert answer.returncode == 1
    (one,) = checks(repo, "HEAD^")
    assert (one["commit"], one["hook"], one["job"], one["by"]) == (head, "post-commit", "test", "test")
    assert (one["subject"], one["invocation"]) == ("bad", failed.id)
    assert one["since"].endswith("Z")
    gate.open()
    repo.finished("post-commit", 3)


def test_v7_a_range_is_what_git_takes_for_one(repo: Repo) -> None:
    require(repo)
    commits = [commit(repo, text, is_seen=False) for text in ("one", "two", "three")]
    assert [one["commit"] for one in checks(repo, "HEAD~2..HEAD")] == [commits[2], commits[1]]
    assert [one["commit"] for one in checks(repo, "HEAD~2", "HEAD", "HEAD")] == [commits[0], commits[2]]
    assert [one["commit"] for one in checks(repo, "-n", "2", "HEAD~1")] == [commits[1], commits[0]]
    for revision in ("nowhere", "HEAD:file", "HEAD^{tree}", ""):
        done = repo.run("checks", revision)
        assert done.returncode == 3 and revision in done.stderr, revision


def test_v7_what_a_job_needs_is_named(repo: Repo) -> None:
    require(repo, build="exit 1", test={"run": "true", "needs": ["build"]})
    commit(repo, "good")
    repo.finished("post-commit")
    assert "failed (build)" in repo.run("checks").stdout
    assert "passed" not in repo.run("checks", "--job", "post-commit:build").stdout


def test_v7_what_has_not_passed_is_run_in_snapshots_of_the_commits(repo: Repo) -> None:
    require(repo)
    for text in ("good", "bad", "better"):
        commit(repo, text, is_seen=False)
    repo.write("file", "edited")
    done = repo.run("checks", "--run", "HEAD~3..HEAD")
    assert done.returncode == 1
    assert states(repo, "-n", "4") == ["passed", "failed", "passed", "none"]
    for text in ("good", "bad", "better"):
        assert f" {text}\n" in done.stdout
    assert repo.read("file") == "edited"
    before = len(repo.invocations("post-commit"))
    repo.run("checks", "--run", "HEAD", check=True)
    assert len(repo.invocations("post-commit")) == before


@pytest.fixture
def flaky(repo: Repo, tmp_path: Path) -> Repo:
    """Return a repository with two jobs, the first of which fails once, and then passes on the same content."""
    test = f"echo x >>{tmp_path}/tests; [ -e {tmp_path}/once ] || {{ touch {tmp_path}/once; exit 1; }}"
    require(repo, test=test, lint=f"echo x >>{tmp_path}/lints")
    repo.hook_options("pre-push", requires=["post-commit:test", "post-commit:lint"])
    repo.git("add", "hooks.dodo")
    return repo


def test_v7_what_passes_after_a_failure_on_the_same_content_is_shown(flaky: Repo) -> None:
    commit(flaky, "good")
    flaky.finished("post-commit")
    assert states(flaky) == ["failed", "passed"]
    done = flaky.run("checks", "--run")
    assert done.returncode == 0
    heads, row = done.stdout.splitlines()[-2:]
    assert heads.split() == ["COMMIT", "test", "lint", "SUBJECT"]
    assert "  passed (failed before) " in row and row.count("failed before") == 1
    assert [one["failed_before"] for one in checks(flaky)] == [True, False]
    flaky.run("checks", "--notes")
    note = flaky.git("notes", "--ref=dodo-hooks", "show", "HEAD").stdout.splitlines()
    assert [line.endswith("Z (failed before)") for line in note] == [True, False]
    commit(flaky, "other")
    flaky.finished("post-commit", 3)
    assert [one["failed_before"] for one in checks(flaky)] == [False, False]


def test_v7_known_failures_can_be_left_alone(flaky: Repo, tmp_path: Path) -> None:
    commit(flaky, "good", is_seen=False)
    flaky.run("checks", "--run", "--job", "post-commit:test")
    assert states(flaky) == ["failed", "none"]
    done = flaky.run("checks", "--run", "--failed", "keep")
    assert done.returncode == 1 and states(flaky) == ["failed", "passed"]
    assert count(tmp_path / "tests") == count(tmp_path / "lints") == 1
    runs = len(flaky.invocations())
    assert flaky.run("checks", "--run", "--failed", "keep").returncode == 1 and len(flaky.invocations()) == runs
    assert flaky.run("checks", "--run", "--failed", "again").returncode == 0
    assert count(tmp_path / "tests") == 2
    wrong = flaky.run("checks", "--failed", "keep")
    assert wrong.returncode == 3 and "--failed can only be combined with --run" in wrong.stderr


def test_v7_several_commits_run_at_once(repo: Repo, tmp_path: Path) -> None:
    """Each waits until the other has begun."""
    here, there = tmp_path / "here", tmp_path / "there"
    require(repo, test=f"touch {tmp_path}/$(cat file); until [ -e {here} ] && [ -e {there} ]; do sleep 0.01; done")
    repo.settings(jobs=2)
    repo.git("add", "hooks.dodo")
    commit(repo, "here", is_seen=False)
    commit(repo, "there", is_seen=False)
    repo.run("checks", "--run", "HEAD~2..HEAD", check=True)


def test_v7_ctrl_c_ends_all_runs(repo: Repo, tmp_path: Path) -> None:
    first, second = Gate(tmp_path / "first"), Gate(tmp_path / "second")
    require(repo, test=f"if grep -q first file; then {first.command}; else {second.command}; fi")
    repo.settings(jobs=2)
    repo.git("add", "hooks.dodo")
    commit(repo, "first", is_seen=False)
    commit(repo, "second", is_seen=False)
    run = repo.start(sys.executable, "-m", "dodo_hooks", "checks", "--run", "HEAD~2..HEAD")
    first.wait()
    second.wait()
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=DEADLINE_S)
    assert run.returncode == 130 and b"Traceback" not in said
    assert [one.statuses() for one in repo.invocations("post-commit")] == [{"test": "cancelled"}] * 2
    assert states(repo, "-n", "2") == ["none", "none"]


def test_v7_runs_end_with_the_command_that_has_started_them(repo: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    require(repo, test=gate.command)
    repo.settings(jobs=2)
    repo.git("add", "hooks.dodo")
    commit(repo, "one", is_seen=False)
    commit(repo, "two", is_seen=False)
    run = repo.start(sys.executable, "-m", "dodo_hooks", "checks", "--run", "-n", "2")
    jobs = [gate.wait(), gate.wait()]
    run.kill()
    run.communicate(timeout=DEADLINE_S)
    wait_until(lambda: not any(map(is_alive, jobs)))
    assert states(repo, "-n", "2") == ["none", "none"]


def test_v7_the_first_bad_commit_is_found(repo: Repo) -> None:
    require(repo)
    commits = [commit(repo, text, is_seen=False) for text in ("1", "2", "3", "4 bad", "5 bad", "6 bad", "7 bad")]
    done = repo.run("checks", "--bisect", f"HEAD~7..{commits[-1]}", check=True)
    assert done.stdout.splitlines()[-2:] == [f"{commits[3]} is the first bad commit", "4 bad"]
    assert len(repo.invocations("post-commit")) <= 4
    runs = len(repo.invocations("post-commit"))
    assert repo.run("checks", "--bisect", f"HEAD~7..{commits[-1]}", check=True).stdout.endswith("4 bad\n")
    assert len(repo.invocations("post-commit")) == runs


def test_v7_nothing_to_search_for_is_an_error(repo: Repo) -> None:
    require(repo)
    commit(repo, "good", is_seen=False)
    for written, word in (("HEAD^..HEAD", "HEAD is good"), ("HEAD..HEAD", "no commits"), ("HEAD", "write GOOD..BAD")):
        done = repo.run("checks", "--bisect", written)
        assert (done.returncode, word in done.stderr) == (3, True), done.stderr
    assert repo.run("checks", "--bisect", "HEAD^..HEAD", "--run").returncode == 3


def test_v7_notes_hold_the_results(repo: Repo, tmp_path: Path) -> None:
    require(repo)
    commit(repo, "good")
    repo.finished("post-commit")
    for _ in range(2):
        repo.run("checks", "--notes", "-n", "2")
    note = repo.git("notes", "--ref=dodo-hooks", "show", "HEAD").stdout
    assert note.startswith("post-commit:test passed 2")
    gate = Gate(tmp_path / "gate")
    repo.file(repo.read("hooks.dodo").replace("! grep", f"{gate.command}; ! grep"))
    commit(repo, "running")
    gate.wait()
    assert "running" in repo.run("checks", "--notes").stdout
    gate.open()
    repo.finished("post-commit", 2)
    assert repo.git("notes", "--ref=dodo-hooks", "list").stdout.count("\n") == 1


def test_v7_only_jobs_in_snapshots_can_be_shown(repo: Repo) -> None:
    repo.hook("pre-commit", lint="true")
    for words, said in (
        ((), "no gate requires a job"),
        (("--job", "pre-commit:lint"), "runs in the working tree"),
        (("--job", "pre-commit:lnt"), 'did you mean "pre-commit:lint"'),
    ):
        done = repo.run("checks", *words)
        assert (done.returncode, said in done.stderr) == (3, True), done.stderr


@pytest.mark.parametrize("uptodate", [[], ["touch run"]])
def test_v7_the_state_of_head_is_part_of_the_status(repo: Repo, uptodate: "list[str]") -> None:
    """A prompt runs no command, so there is no word on a new commit where only a command could tell."""
    require(repo, test={"run": PASSES_UNLESS_BAD, "uptodate": uptodate})
    assert repo.run("status", "--short").stdout == ""
    commit(repo, "bad")
    repo.finished("post-commit")
    assert repo.run("status", "--short").stdout == "1 failed, HEAD failed\n"
    assert "HEAD       post-commit:test failed\n" in repo.run("status").stdout
    commit(repo, "good")
    repo.finished("post-commit", 2)
    repo.git("commit", "-q", "--amend", "-m", "other words")
    repo.git("clean", "-fdq")
    assert repo.run("status", "--short").stdout == "HEAD passed\n"
    commit(repo, "new", is_seen=False)
    assert repo.run("status", "--short").stdout == ("" if uptodate else "HEAD unchecked\n")
    assert ("HEAD       post-commit:test has no result\n" in repo.run("status").stdout) == (not uptodate)
    assert not repo.has("run")


def test_v7_a_listed_run_names_its_commit(repo: Repo) -> None:
    require(repo)
    head = commit(repo, "good")
    repo.finished("post-commit")
    assert f"main \u00b7 at {head[:10]}" in repo.run("jobs").stdout


def test_s8_snapshots_are_listed_removed_and_diagnosed(repo: Repo) -> None:
    require(repo)
    assert repo.run("snapshots").stdout == "no snapshots\n"
    head = commit(repo, "good")
    repo.finished("post-commit")
    row = repo.run("snapshots").stdout.splitlines()[1].split()
    tree = Path(row[-1])
    assert row[:3] == ["1", "test", head[:12]] and (tree / "file").read_text() == "good\n"
    assert repo.run("doctor").stdout == "no errors or warnings\n"
    (repo.path / ".git/dodo-hooks/snapshots/1/note").write_text("?")
    assert "note: snapshot 1 is damaged" in repo.run("doctor").stdout
    assert repo.run("snapshots", "prune").stdout == "0 snapshots removed\n"
    assert repo.run("snapshots", "prune", "--all").stdout == f"removed {tree}\n1 snapshot removed\n"
    assert not tree.exists()
