"""Tasks, and hooks that are run manually or by doit: what they do without an event, and that doit does the same."""

import pytest

from kit.invocation import Invocation
from kit.ran import commit, ran, says, skipped, use
from kit.repo import Repo

TASKS = f"""\
hooks:
  pre-commit:
    jobs: [{{name: lint, run: '{says("lint")}'}}]
  post-commit:
    background: true
    jobs: [{{name: warm, run: '{says("warm")}'}}]
tasks:
  release:
    jobs:
      - {{name: tag, description: sets the tag, run: 'echo tag {{1}}, {{0}} >>.git/ran'}}
      - {{name: notes, needs: [tag], run: '{says("notes")}'}}
      - {{name: upload, background: true, run: '{says("upload")}'}}
"""


def test_a_task_is_run_manually_with_its_arguments(repo: Repo) -> None:
    use(repo, TASKS)
    repo.run("run", "release", "--", "1.2", "a b", check=True)
    invocation = repo.finished("release")
    assert invocation.statuses() == {"tag": "completed", "notes": "completed", "upload": "completed"}
    assert sorted(ran(repo)) == ["notes", "tag 1.2, 1.2 a b", "upload"]
    commit(repo)
    repo.finished("post-commit")
    assert "tag" not in str(ran(repo)) and len(repo.invocations("release")) == 1


def test_a_task_without_its_arguments_is_skipped_with_what_needs_it(repo: Repo) -> None:
    use(repo, TASKS)
    assert repo.run("run", "release").returncode == 0
    causes = {job.name: job.cause for job in repo.finished("release").jobs()}
    assert causes == {"tag": "no-event", "notes": "need", "upload": None}
    assert ran(repo) == ["upload"]


def test_a_task_is_listed_and_is_in_no_group_of_hooks(repo: Repo) -> None:
    use(repo, TASKS)
    assert "manual run" in repo.run("list", "release", check=True).stdout
    assert "tag" in repo.run("graph", check=True).stdout
    listed = repo.doit("list", "--all", check=True).stdout
    assert "release:tag        sets the tag\n" in listed
    assert repo.run("validate", check=True).stdout == "OK: hooks.dodo: 2 hooks, 1 task, 5 jobs\n"
    repo.env["DODO_HOOKS_PHASE"] = "foreground"
    repo.doit("run", "fg", "bg", check=True)
    assert sorted(ran(repo)) == ["lint", "warm"]


EVENT = f"""\
hooks:
  commit-msg:
    jobs:
      - {{name: spelling, run: 'aspell <{{1}}'}}
      - {{name: behind, needs: [spelling], run: '{says("behind")}'}}
      - {{name: alone, run: '{says("alone")}'}}
"""


def test_r3_doit_skips_a_job_that_is_about_an_event_and_what_needs_it(repo: Repo) -> None:
    use(repo, EVENT)
    repo.doit("run", "commit-msg", check=True)
    assert ran(repo) == ["alone"]
    assert {name: cause for name, (cause, _) in skipped(repo, "commit-msg").items()} == {
        "spelling": "no-event",
        "behind": "need",
    }


LEFTHOOK = f"""\
pre-commit:
  parallel: true
  setup: [{{run: '{says("setup")}'}}]
  jobs:
    - name: group
      group:
        piped: true
        jobs:
          - {{name: first, run: '{says("first")}; test ! -e .git/bad'}}
          - {{name: middle, glob: "*.py", run: '{says("middle")}'}}
          - {{name: third, run: '{says("third")}'}}
    - {{name: quiet, skip: [{{run: test -e .git/quiet}}], run: '{says("other")}'}}
    - name: asked
      only: [{{ref: main}}]
      group: {{jobs: [{{name: inner, run: '{says("other")}'}}]}}
"""


def outcomes(invocation: Invocation) -> "dict[str, tuple[str | None, ...]]":
    return {job.name: (job.status, job.cause, job.reason, job.need, job.root_cause) for job in invocation.jobs()}


@pytest.mark.parametrize("marks", [(), (".git/bad",), (".git/quiet",)])
def test_c5_c7_doit_comes_to_the_same_outcomes_as_the_prompt(repo: Repo, marks: tuple[str, ...]) -> None:
    use(repo, LEFTHOOK, "lefthook.yml")
    for mark in marks:
        repo.write(mark, "")
    repo.write("a.txt", "")
    repo.git("add", "a.txt")
    if not marks:
        repo.git("checkout", "-q", "-b", "topic")
    at_prompt = repo.git("commit", "-q", "-m", "work", check=False).returncode
    reported = ran(repo)
    assert reported[0] == "setup"
    if not at_prompt:
        repo.git("reset", "-q", "--soft", "HEAD~1")
    by_doit = repo.doit("run", "pre-commit").returncode
    assert (by_doit, sorted(ran(repo))) == (at_prompt, sorted(reported))
    first, second = repo.invocations("pre-commit")
    assert outcomes(second) == outcomes(first)


def test_g2_a_file_of_tasks_alone_has_nothing_to_install(repo: Repo) -> None:
    repo.file("tasks: {release: {jobs: [{run: 'true'}]}}\n")
    done = repo.run("install")
    assert (done.returncode, done.stdout) == (0, "nothing installed: hooks.dodo names no hook yet\n")
