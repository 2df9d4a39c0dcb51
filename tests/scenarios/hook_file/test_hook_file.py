"""Another tool's hook file through real git: what ran, with which files, in which order, and what did not and why."""

from pathlib import Path

import pytest

from kit.ran import commit, conflict, ran, skipped, use
from kit.repo import Repo

LEFTHOOK = """\
pre-commit:
  commands:
    lint:
      glob: "*.py"
      exclude: ["gen/*"]
      run: echo lint {staged_files} >>.git/ran
    docs:
      glob: "*.md"
      run: echo docs {staged_files} >>.git/ran
    all:
      run: echo all >>.git/ran
    quiet:
      skip: [merge, rebase]
      run: echo quiet >>.git/ran
pre-push:
  piped: true
  files: git ls-files sub
  jobs:
    - name: first
      run: echo first {push_files} >>.git/ran
    - name: middle
      glob: "*.rs"
      run: echo middle {push_files} >>.git/ran
    - name: pair
      group:
        parallel: true
        jobs:
          - name: left
            run: echo pair >>.git/ran
          - name: right
            run: echo pair >>.git/ran
    - name: last
      run: echo last {files} >>.git/ran
  scripts:
    check.sh: {runner: sh}
post-merge:
  output: [summary]
  jobs:
    - run: echo merged {1} >>.git/ran
      name: reported
"""


@pytest.fixture
def remote(repo: Repo, tmp_path: Path) -> str:
    path = str(tmp_path / "remote.git")
    repo.call("git", "init", "-q", "--bare", path, check=True)
    return path


def test_c7_c8_a_lefthook_commit_runs_what_applies_one_after_the_other(repo: Repo) -> None:
    use(repo, LEFTHOOK, "lefthook.yml")
    commit(repo, "a.py", "deep/down/B.PY", "gen/c.py", "x.txt")
    assert ran(repo) == ["all", "lint a.py deep/down/B.PY", "quiet"]
    assert skipped(repo, "pre-commit") == {"docs": ("condition", "no matching staged files")}
    assert list(repo.finished("pre-commit").statuses()) == ["all", "docs", "lint", "quiet"]


def test_c5_c8_a_lefthook_push_has_its_files_group_and_script(repo: Repo, remote: str) -> None:
    commit(repo, "sub/a.txt", "b.txt")
    repo.write(".lefthook/pre-push/check.sh", 'echo check "$#" >>.git/ran\n')
    use(repo, LEFTHOOK, "lefthook.yml")
    repo.git("push", "-q", remote, "main")
    assert ran(repo) == ["first b.txt sub/a.txt", "pair", "pair", "last sub/a.txt", "check 2"]
    assert skipped(repo, "pre-push") == {"middle": ("condition", "no matching pushed files")}


def test_c7_a_lefthook_merge_leaves_out_what_says_so(repo: Repo) -> None:
    conflict(repo)
    use(repo, LEFTHOOK, "lefthook.yml")
    repo.git("commit", "-q", "-m", "merged")
    assert ran(repo) == ["all"]
    assert skipped(repo, "pre-commit")["quiet"] == ("condition", "a merge is in progress")
    repo.git("checkout", "-q", "topic")
    repo.git("merge", "-q", "main")
    assert ran(repo) == ["merged 0"]


def test_c7_run_says_what_does_not_apply_and_why(repo: Repo) -> None:
    use(repo, LEFTHOOK, "lefthook.yml")
    repo.write("a.md", "x\n")
    repo.git("add", "a.md")
    dry = repo.run("run", "pre-commit", "--dry-run", check=True)
    assert dry.stdout == (
        "pre-commit: would run\n"
        "  all    foreground: echo all >>.git/ran\n"
        "  docs   foreground, after all, 1 file: echo docs {staged_files} >>.git/ran\n"
        "\u2013 lint   no matching staged files\n"
        "  quiet  foreground, after lint: echo quiet >>.git/ran\n"
    )
    assert ran(repo) == []
    reported = repo.run("run", "pre-commit", "-v", check=True)
    assert reported.stdout.startswith("pre-commit\n\u2013 lint   no matching staged files\n")
    assert ran(repo) == ["all", "docs a.md", "quiet"]


def test_c7_a_hook_in_which_nothing_applies_leaves_no_invocation(repo: Repo) -> None:
    use(repo, "pre-commit: {commands: {lint: {glob: '*.py', run: 'false {staged_files}'}}}\n", "lefthook.yml")
    commit(repo, "a.txt")
    assert repo.invocations() == []
    said = repo.run("run", "pre-commit", check=True).stdout
    assert said == "pre-commit: nothing to run\n\u2013 lint  no matching staged files\n"


def test_c6_a_dangerous_command_of_another_tools_file_fails_alone(repo: Repo) -> None:
    lines = [
        "post-commit:",
        "  jobs:",
        "    - {name: lint, glob: '*.py', run: 'pwsh -Command \"lint {staged_files}\"', files: git ls-files}",
        "    - {name: bad, run: 'touch started; eval {lefthook_job_name}'}",
        "    - {name: docs, run: 'echo docs >>.git/ran'}",
        "post-checkout: {jobs: [{run: 'echo other >>.git/ran'}]}",
    ]
    use(repo, "\n".join(lines) + "\n", "lefthook.yml")
    commit(repo, "a.txt")
    bad, docs = repo.finished("post-commit").job("bad"), repo.finished("post-commit").job("docs")
    assert (bad.status, bad.cause, bad.pid, docs.status) == ("failed", "spawn", None, "completed")
    assert bad.reason.startswith("{lefthook_job_name} would be read as a program by eval; ")
    assert not (repo.path / "started").exists()
    repo.git("checkout", "-q", "-b", "topic")
    assert ran(repo) == ["docs", "other"]
    again = repo.run("jobs", "retry", "bad")
    assert again.returncode == 1 and not (repo.path / "started").exists()
    dry = repo.run("run", "post-commit", "--dry-run", "--job", "bad", check=True)
    assert "would fail without being run: {lefthook_job_name} would be read" in dry.stdout
    checked = repo.run("validate", check=True)
    assert "lefthook.yml:4:45: " in checked.stderr and "the job fails without being run: " in checked.stderr


FORMS = {
    ".config/lefthook.yaml": """\
pre-commit:
  jobs:
    - {name: lint, glob: '*.py', run: 'echo lint {staged_files} >>.git/ran'}
""",
    "lefthook.toml": """\
[[pre-commit.jobs]]
name = "lint"
glob = "*.py"
run = "echo lint {staged_files} >>.git/ran"
""",
    ".lefthook.json": """\
{"pre-commit": {"jobs": [{"name": "lint", "glob": "*.py", "run": "echo lint {staged_files} >>.git/ran"}]}}
""",
    ".config/lefthook.jsonc": """\
{
  // one job
  "pre-commit": {"jobs": [{"name": "lint", "glob": "*.py", "run": "echo lint {staged_files} >>.git/ran"},]},
}
""",
}


@pytest.mark.parametrize("name", FORMS)
def test_c8_a_lefthook_file_works_in_each_of_its_forms(repo: Repo, name: str) -> None:
    use(repo, FORMS[name], name)
    commit(repo, "a.py", "b.txt")
    assert ran(repo) == ["lint a.py"]


DAFT = """\
hooks:
  post-checkout:
    jobs:
      - name: variables
        run: echo "$DAFT_HOOK $DAFT_BRANCH_NAME $DAFT_CHECKOUT_FLAG" >>.git/ran
      - name: system
        needs: [variables]
        run:
          linux: echo here >>.git/ran
          macos: echo here >>.git/ran
      - name: elsewhere
        run: {windows: echo elsewhere}
      - name: unfinished
        needs: [system]
        skip: [{ref: "wip/*", desc: work in progress}]
        run: echo finished >>.git/ran
      - name: late
        needs: [unfinished]
        run: echo late >>.git/ran
  commit-msg:
    jobs:
      - {name: subject, run: 'head -n 1 "$DAFT_COMMIT_MSG_FILE" >>.git/ran'}
"""


def test_c7_a_daft_checkout_has_its_variables_its_systems_and_its_reasons(repo: Repo) -> None:
    use(repo, DAFT, "daft.yml")
    repo.git("checkout", "-q", "-b", "wip/a")
    assert ran(repo) == ["post-checkout wip/a 1", "here", "late"]
    reasons = skipped(repo, "post-checkout")
    assert reasons["unfinished"] == ("condition", "work in progress")
    assert reasons["elsewhere"][0] == "condition"
    commit(repo)
    assert ran(repo) == ["work"]


def test_r22_a_gate_refuses_if_the_command_that_lists_its_files_fails(repo: Repo) -> None:
    text = "pre-commit:\n  files: echo gone >&2; exit 3\n  jobs: [{name: lint, run: 'echo {files} >>.git/ran'}]\n"
    use(repo, text, "lefthook.yml")
    assert commit(repo, "a.txt", check=False) == 1
    job = repo.finished("pre-commit").job("lint")
    assert (job.status, job.reason) == ("failed", "`files` command failed (echo gone >&2; exit 3): gone")
    assert ran(repo) == []
