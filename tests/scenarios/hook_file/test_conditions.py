"""Jobs that do not apply, through real git: the reason is recorded, none waits, and no gate is passed (C7, C5)."""

import json

import pytest

from kit.gate import Gate
from kit.ran import commit, conflict, ran, says, skipped, use
from kit.repo import Repo

STATES = f"""\
hooks:
  pre-commit:
    jobs:
      - {{name: quiet, skip: [merge, rebase], run: '{says("quiet")}'}}
      - {{name: merging, only: merge, run: '{says("merging")}'}}
"""


def test_c7_a_merge_differs_from_an_ordinary_commit(repo: Repo) -> None:
    conflict(repo)
    use(repo, STATES)
    repo.git("commit", "-q", "-m", "merged")
    assert ran(repo) == ["merging"]
    commit(repo)
    assert ran(repo) == ["quiet"]
    reasons = [skipped(repo, "pre-commit", 2), *(one.job("quiet").reason for one in repo.invocations("pre-commit"))]
    assert reasons == [
        {"merging": ("condition", "no merge is in progress")},
        "a merge is in progress",
        None,
    ]


def test_c7_a_commit_of_a_rebase_is_reported_too(repo: Repo) -> None:
    commit(repo, "a")
    commit(repo, "b")
    use(repo, STATES.replace("only: merge", "only: rebase"))
    repo.git("rebase", "-q", "--exec", "git commit -q --allow-empty -m between", "HEAD~1")
    assert ran(repo) == ["merging"]
    assert skipped(repo, "pre-commit") == {"quiet": ("condition", "a rebase is in progress")}


CONDITIONS = f"""\
hooks:
  pre-commit:
    parallel: false
    jobs:
      - {{name: main-only, only: [{{ref: main}}], run: '{says("main")}'}}
      - {{name: no-topics, skip: [{{ref: 'topic/**'}}], run: '{says("no topic")}'}}
      - {{name: full, only: [{{env: FULL}}], run: '{says("full")}'}}
      - {{name: asked, skip: [{{run: test -e .git/no}}], run: '{says("asked")}'}}
      - {{name: python, only: [{{changed: '*.py', desc: python only}}], run: '{says("python")}'}}
      - {{name: both, skip: [{{ref: 'topic/*', changed: '*.md'}}], run: '{says("both")}'}}
      - {{name: never, skip: true, run: '{says("never")}'}}
"""


def test_c7_each_condition_is_asked_of_the_event(repo: Repo) -> None:
    use(repo, CONDITIONS)
    repo.git("checkout", "-q", "-b", "topic/a")
    repo.write(".git/no", "")
    commit(repo, "a.py", "b.md")
    assert ran(repo) == ["python"]
    assert skipped(repo, "pre-commit") == {
        "main-only": ("condition", "branch topic/a does not match main"),
        "no-topics": ("condition", "branch topic/a matches topic/**"),
        "full": ("condition", "FULL is not set"),
        "asked": ("condition", "`test -e .git/no` succeeded"),
        "both": ("condition", "branch topic/a matches topic/* and a changed file matches *.md"),
        "never": ("condition", "skip: true"),
    }
    repo.git("checkout", "-q", "main")
    (repo.path / ".git" / "no").unlink()
    repo.env["FULL"] = "1"
    commit(repo, "c.txt")
    assert ran(repo) == ["main", "no topic", "full", "asked", "both"]
    assert skipped(repo, "pre-commit", 2)["python"] == ("condition", "python only")


def test_c7_the_reason_can_be_seen_by_people_and_programs(repo: Repo) -> None:
    use(repo, CONDITIONS)
    commit(repo, "c.txt")
    listed = json.loads(repo.run("jobs", "--format", "json", check=True).stdout)
    reported = {job["name"]: job["reason"] for one in listed for job in one["jobs"]}
    assert reported["python"] == "python only"
    assert "\u2013 full       FULL is not set\n" in repo.run("run", "pre-commit", "-v").stdout


def test_c5_c7_the_condition_of_a_group_is_asked_once_for_all_its_jobs(repo: Repo) -> None:
    use(
        repo,
        f"""\
hooks:
  pre-commit:
    jobs:
      - name: group
        skip: [{{run: '{says("question")}; test -e .git/no'}}]
        group:
          jobs:
            - {{name: a, run: '{says("job")}'}}
            - {{name: b, run: '{says("job")}'}}
      - {{name: behind, needs: [group], run: '{says("behind")}'}}
""",
    )
    commit(repo)
    assert ran(repo) == ["question", "job", "job", "behind"]
    repo.write(".git/no", "")
    commit(repo)
    assert ran(repo) == ["question", "behind"]
    assert set(skipped(repo, "pre-commit", 2)) == {"a", "b"}


PIPED = f"""\
hooks:
  pre-commit:
    piped: true
    jobs:
      - {{name: first, run: '{says("first")}; test ! -e .git/bad'}}
      - {{name: middle, glob: '*.py', run: '{says("middle")}'}}
      - {{name: third, run: '{says("third")}'}}
"""


def test_c5_r3_the_third_of_a_chain_comes_behind_the_first_when_the_middle_does_not_apply(repo: Repo) -> None:
    use(repo, PIPED)
    commit(repo, "a.txt")
    assert ran(repo) == ["first", "third"]
    repo.write(".git/bad", "")
    assert commit(repo, "b.txt", check=False) == 1
    assert ran(repo) == ["first"]
    third = repo.finished("pre-commit", 2).job("third")
    assert (third.status, third.cause, third.need, third.root_cause) == ("skipped", "need", "first", "first")


@pytest.mark.parametrize("mode", ["parallel: false", "follow: true"])
def test_c5_one_at_a_time_stays_so_when_the_middle_does_not_apply(repo: Repo, gate: Gate, mode: str) -> None:
    use(
        repo,
        f"""\
jobs: 4
hooks:
  pre-commit:
    {mode}
    jobs:
      - {{name: first, run: '{gate.command}; touch .git/first; exit 1'}}
      - {{name: middle, glob: '*.py', run: '{says("middle")}'}}
      - {{name: third, run: 'test -e .git/first && {says("third")}'}}
""",
    )
    git = repo.start("git", "commit", "-q", "--allow-empty", "-m", "work")
    gate.wait()
    assert "third" in repo.run("jobs", check=True).stdout  # and by now it would have run
    assert repo.begun("pre-commit").job("third").status == "pending"
    gate.open()
    git.communicate()
    assert git.returncode == 1
    assert ran(repo) == ["third"]


SETUP = f"""\
hooks:
  pre-commit:
    setup: [{{run: '{says("setup")}; test ! -e .git/bad'}}]
    jobs:
      - {{name: lint, glob: '*.py', run: '{says("lint")}'}}
      - {{name: docs, glob: '*.md', run: '{says("docs")}'}}
"""


def test_c7_setup_comes_first_and_only_if_a_job_applies(repo: Repo) -> None:
    use(repo, SETUP)
    commit(repo, "a.py")
    assert ran(repo) == ["setup", "lint"]
    commit(repo, "a.txt")
    assert ran(repo) == [] and len(repo.invocations()) == 1
    repo.write(".git/bad", "")
    assert commit(repo, "b.py", "b.md", check=False) == 1
    assert ran(repo) == ["setup"]
    assert {cause for cause, _ in skipped(repo, "pre-commit", 2).values()} == {"need"}


def test_r8_a_hook_that_only_warns_lets_git_continue(repo: Repo) -> None:
    use(repo, f"pre-commit:\n  jobs: [{{run: '{says('a')}; exit 3', name: a}}]\n", "lefthook.yml")
    assert commit(repo, check=False) == 1
    (repo.path / "lefthook.yml").unlink()
    repo.file(
        f"hooks:\n  pre-commit:\n    fail_mode: warn\n    jobs: [{{run: '{says('b')}; exit 3', name: b}}]\n", "daft.yml"
    )
    assert commit(repo) == 0
    assert ran(repo) == ["a", "b"]
    assert repo.finished("pre-commit", 2).job("b").status == "failed"


def test_c7_a_local_overlay_can_exclude_tags(repo: Repo) -> None:
    jobs = f"{{a: {{tags: slow, run: '{says('a')}'}}, b: {{run: '{says('b')}'}}, c: {{run: '{says('c')}'}}}}"
    use(repo, f"pre-commit:\n  commands: {jobs}\n", "lefthook.yml")
    repo.file("pre-commit: {exclude_tags: [slow, c]}\n", "lefthook-local.yml")
    commit(repo)
    assert ran(repo) == ["b"]
    assert skipped(repo, "pre-commit") == {
        "a": ("condition", 'excluded by tag "slow"'),
        "c": ("condition", 'excluded by tag "c"'),
    }
