"""Jobs that change files and must not (`fail_on_changes`)."""

from collections.abc import Callable

import pytest

from kit.gate import Gate
from kit.repo import Repo


@pytest.fixture
def staged(repo: Repo) -> Repo:
    """Commit `a` and `b`, and stage a change of `a`."""
    repo.write("a", "1\n")
    repo.write("b", "1\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "one")
    repo.write("a", "2\n")
    repo.git("add", "a")
    return repo


def commit(repo: Repo, **env: str) -> int:
    return repo.git("commit", "-q", "-m", "two", check=False, env=env).returncode


def reasons(repo: Repo) -> dict[str, "str | None"]:
    return {job.name: job.reason for job in repo.finished("pre-commit").jobs() if job.status == "failed"}


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("echo 3 >a", "changed a (fail_on_changes)"),
        ("rm b; echo 3 >c; chmod +x a", "changed a, b, c (fail_on_changes)"),
        ("printf '2\\n' >a; touch b", None),
        ("git update-index --chmod=+x b", "changed b (fail_on_changes)"),
    ],
)
def test_a_job_that_changes_files_fails(staged: Repo, command: str, reason: "str | None") -> None:
    staged.hook("pre-commit", fix=command, after="true")
    staged.hook_options("pre-commit", fail_on_changes=True, parallel=False)
    assert commit(staged) == (1 if reason else 0)
    assert reasons(staged) == ({"fix": reason} if reason else {})


def test_the_diff_is_shown_and_stays_in_the_log(staged: Repo) -> None:
    staged.hook("pre-commit", fix="echo fixing; echo 3 >>a; : >\"$(printf 'c\\033')\"")
    staged.hook_options("pre-commit", fail_on_changes=True)
    done = staged.git("commit", "-q", "-m", "two", check=False)
    log = staged.finished("pre-commit").log("fix").decode()
    assert log.startswith("fixing\ndiff --git a/a b/a\n") and log.endswith(" 2\n+3\nnew file: c\\x1b\n")
    assert log in done.stdout + done.stderr
    assert staged.finished("pre-commit").job("fix").cause == "changes"


@pytest.mark.parametrize(
    ("ci", "where", "code"), [("1", "ci", 1), ("", "ci", 0), ("0", "non-ci", 1), ("1", "non-ci", 0)]
)
def test_a_list_says_where(staged: Repo, ci: str, where: str, code: int) -> None:
    staged.hook("pre-commit", fix="echo 3 >a")
    staged.hook_options("pre-commit", fail_on_changes=[where])
    assert commit(staged, CI=ci) == code


def test_a_job_may_be_an_exception(staged: Repo) -> None:
    staged.hook("pre-commit", one="echo 3 >a", two={"run": "true", "fail_on_changes": True, "needs": ["one"]})
    assert commit(staged) == 0


def test_g5_g6_a_fix_is_staged_and_unstaged_changes_come_back(staged: Repo) -> None:
    lines = [f"{number}\n" for number in range(20)]
    staged.write("a", "".join(lines))
    staged.git("add", "a")
    staged.write("a", "".join([*lines, "unstaged\n"]))
    staged.hook("pre-commit", fix={"run": "sed -i.bak 's/^3$/three/' a; rm a.bak", "glob": "a", "stage_fixed": True})
    staged.hook_options("pre-commit", fail_on_changes=True)
    assert commit(staged) == 1
    fixed = "".join(lines).replace("\n3\n", "\nthree\n")
    assert staged.git("show", ":a").stdout == fixed
    assert staged.read("a") == fixed + "unstaged\n"
    assert commit(staged) == 0


def test_a_change_belongs_to_the_job_whose_list_has_the_file(staged: Repo, make_gate: Callable[[str], Gate]) -> None:
    early, late = make_gate("early"), make_gate("late")
    staged.write("b", "2\n")
    staged.hook(
        "pre-commit",
        early={"run": f"{early.command}; : {{staged_files}}", "glob": "a"},
        late={"run": f"echo 3 >b; {late.command}; : {{staged_files}}", "glob": "b"},
    )
    staged.hook_options("pre-commit", fail_on_changes=True)
    staged.settings(jobs=2)
    staged.git("add", "b")
    running = staged.start("git", "commit", "-q", "-m", "two")
    late.wait()
    early.open()
    staged.begun("pre-commit").wait_for_status("early", "completed", "failed")
    late.open()
    running.communicate()
    assert reasons(staged) == {"late": "changed b (fail_on_changes)"}


def test_a_change_that_no_list_has_goes_to_a_watched_job(staged: Repo, make_gate: Callable[[str], Gate]) -> None:
    other, watched = make_gate("other"), make_gate("watched")
    staged.hook(
        "pre-commit",
        other=other.command,
        watched={"run": f"echo 3 >b; {watched.command}", "fail_on_changes": True},
    )
    staged.settings(jobs=2)
    running = staged.start("git", "commit", "-q", "-m", "two")
    watched.wait()
    other.open()
    staged.begun("pre-commit").wait_for_status("other", "completed", "failed")
    watched.open()
    running.communicate()
    assert reasons(staged) == {"watched": "changed b (fail_on_changes)"}


def test_it_holds_in_a_manual_run_and_for_doit(staged: Repo) -> None:
    staged.hook("pre-push", fix="echo 3 >a")
    staged.hook_options("pre-push", fail_on_changes=True)
    assert staged.run("run", "pre-push").returncode == 1
    staged.write("a", "2\n")
    assert staged.doit("run", "pre-push").returncode == 1
    assert staged.run("run", "pre-push").returncode == 0  # it is changed already


def test_c5_a_background_job_cannot_fail_for_it(staged: Repo) -> None:
    staged.file("hooks: {post-commit: {background: true, jobs: [{run: make, fail_on_changes: true}]}}")
    done = staged.run("validate")
    assert done.returncode == 3
    assert "a background job cannot fail on changed files: nothing waits for it" in done.stderr
