"""The options of `dodo-hooks run`: which files, which jobs, and how."""

import sys

import pytest

from kit.gate import Gate
from kit.ran import ran, use
from kit.repo import Repo

FILE = """\
hooks:
  pre-commit:
    jobs:
      - name: names
        run: for f in {staged_files}; do echo "$f"; done >>.git/ran
"""


@pytest.fixture
def files(repo: Repo) -> Repo:
    """Return a repository with a hook whose job records the names that it is given."""
    use(repo, FILE)
    for name in ("a.py", "b.py", "c.txt", "lib/d.py"):
        repo.write(name, name)
    repo.git("add", "a.py", "b.py", "c.txt", "lib", "hooks.dodo")
    repo.git("commit", "-q", "-m", "first")
    ran(repo)
    return repo


def run(repo: Repo, *options: str, input: str = "") -> list[str]:
    repo.call(sys.executable, "-m", "dodo_hooks", "run", "pre-commit", *options, input=input, check=True)
    return ran(repo)


def test_files_may_be_named_one_by_one_or_behind_the_hook(files: Repo) -> None:
    assert run(files, "--files", "a.py", "--files", "c.txt") == ["a.py", "c.txt"]
    assert run(files, "--files", "b.py", "a.py", "lib/d.py") == ["b.py", "a.py", "lib/d.py"]


def test_a_file_that_does_not_exist_is_left_out_with_a_warning(files: Repo) -> None:
    done = files.run("run", "pre-commit", "--files", "a.py", "gone.py")
    assert (done.returncode, ran(files)) == (0, ["a.py"])
    assert 'dodo-hooks: left out "gone.py": no such file\n' in done.stderr


def test_a_file_elsewhere_is_an_error(files: Repo) -> None:
    done = files.run("run", "pre-commit", "--files", "/etc/passwd")
    assert done.returncode == 3 and "not in the working tree" in done.stderr and not ran(files)


@pytest.mark.parametrize("names", ["a.py\nlib/d.py\n", "a.py\0lib/d.py\0"])
def test_files_may_be_listed_in_a_file_or_on_standard_input(files: Repo, names: str) -> None:
    files.write("list", names)
    assert run(files, "--files-from", "list") == ["a.py", "lib/d.py"]
    assert run(files, "--files-from", "-", input=names) == ["a.py", "lib/d.py"]


def test_a_standard_input_that_is_closed_lists_no_file(files: Repo) -> None:
    argv = ("sh", "-c", '"$0" -m dodo_hooks run pre-commit --files-from - <&-', sys.executable)
    done = files.call(*argv, check=True)
    assert "nothing to run" in done.stdout and done.stderr == ""


def test_all_files_and_patterns(files: Repo) -> None:
    assert run(files, "-a") == files.git("ls-files").stdout.split()
    assert run(files, "-a", "--glob", "*.py", "--exclude", "lib/**") == ["a.py", "b.py"]
    assert run(files, "--glob", "*.txt") == ["c.txt"]


def test_the_files_of_a_range_and_of_the_last_commit(files: Repo) -> None:
    files.git("switch", "-q", "-c", "topic")
    files.write("b.py", "new")
    files.git("rm", "-q", "a.py")
    files.git("commit", "-q", "-a", "-m", "second")
    files.write("e.py", "e")
    files.git("add", "e.py")
    files.git("commit", "-q", "-m", "third")
    ran(files)
    assert run(files, "--from-ref", "main") == ["b.py", "e.py"]
    assert run(files, "--from-ref", "main", "--to-ref", "HEAD~1") == ["b.py"]
    assert run(files, "--last-commit") == ["e.py"]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--files", "a.py", "--all-files"), "cannot be used together"),
        (("--last-commit", "--from-ref", "main"), "cannot be used together"),
        (("--to-ref", "main"), "--from-ref"),
        (("--from-ref", "nowhere"), "nowhere"),
        (("--from-ref", "--output=x"), "not a range"),
        (("--glob", "[a"), "--glob"),
        (("--files-from", "nothing"), "nothing"),
        (("--detach", "--phase", "off"), "cannot be used together"),
        (("--verbose", "--quiet"), "--verbose and --quiet cannot be used together"),
        (("--job", "nmaes"), '"names"'),
    ],
)
def test_r22_options_that_cannot_be_used_are_one_line(files: Repo, options: tuple[str, ...], word: str) -> None:
    done = files.run("run", "pre-commit", *options)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert word in done.stderr and not ran(files) and not files.has("x")


def test_words_behind_a_hook_without_arguments_are_no_files(files: Repo) -> None:
    done = files.run("run", "pre-commit", "a b.py")
    assert done.returncode == 3
    assert done.stderr == "dodo-hooks: pre-commit has no arguments; name files with `--files 'a b.py'`\n"


def test_a_dry_run_shows_commands_as_they_are(repo: Repo) -> None:
    repo.hook("pre-commit", a="printf '%s  %s\\n' a b\ntrue\n")
    assert "printf '%s  %s\\n' a b\\ntrue" in repo.run("run", "pre-commit", "--dry-run").stdout


def test_arguments_of_the_hook_stand_behind_two_dashes_and_may_look_like_options(repo: Repo) -> None:
    use(repo, "hooks: {commit-msg: {jobs: [{name: a, run: 'echo {1} >>.git/ran'}]}}")
    repo.run("run", "commit-msg", "--", "--files", check=True)
    repo.run("run", "commit-msg", "plain", check=True)
    assert ran(repo) == ["--files", "plain"]


def test_force_runs_jobs_for_which_no_file_matches(repo: Repo) -> None:
    use(repo, "hooks: {pre-commit: {jobs: [{name: a, glob: '*.py', run: 'echo a >>.git/ran'}]}}")
    repo.run("run", "pre-commit", check=True)
    assert ran(repo) == []
    repo.run("run", "pre-commit", "--force", check=True)
    assert ran(repo) == ["a"]


def test_g6_no_stage_fixed_leaves_the_index_alone(repo: Repo) -> None:
    use(
        repo,
        "hooks: {pre-commit: {jobs: [{name: a, run: 'for f in {staged_files}; do echo fixed >$f; done',"
        " stage_fixed: true}]}}",
    )
    repo.write("x", "as it was\n")
    repo.git("add", "x")
    repo.run("run", "pre-commit", "--no-stage-fixed", check=True)
    assert (repo.read("x"), repo.git("show", ":x").stdout) == ("fixed\n", "as it was\n")
    repo.run("run", "pre-commit", check=True)
    assert repo.git("show", ":x").stdout == "fixed\n"


def test_another_hook_file_can_be_named(files: Repo) -> None:
    files.write("other.dodo", "hooks: {pre-commit: {jobs: [{name: b, run: 'echo other >>.git/ran'}]}}")
    assert run(files, "--config", "other.dodo") == ["other"]


def test_a_quiet_run_shows_what_failed_alone(repo: Repo) -> None:
    use(
        repo, "hooks: {pre-commit: {jobs: [{name: a, run: echo from a}, {name: b, run: 'echo from b; test ! -e bad'}]}}"
    )
    done = repo.run("run", "pre-commit", "-q", check=True)
    assert done.stdout + done.stderr == ""
    repo.write("bad", "")
    done = repo.run("run", "pre-commit", "-q")
    assert done.returncode == 1 and "from b" in done.stdout and "from a" not in done.stdout


GROUPS = """\
hooks:
  pre-commit:
    jobs:
      - name: checks
        group:
          jobs:
            - {name: style, run: 'echo style >>.git/ran'}
            - {name: inner, group: {jobs: [{name: types, run: 'echo types >>.git/ran'}]}}
      - {name: docs, run: 'echo docs >>.git/ran'}
"""
PUSH = """\
  pre-push:
    jobs:
      - {name: scan, run: 'echo scan >>.git/ran', tags: [slow]}
      - {name: docs, run: 'echo docs >>.git/ran'}
"""


@pytest.mark.parametrize(
    ("options", "variable", "expected"),
    [
        (("--job", "checks"), "", ["style", "types"]),
        (("--job", "inner"), "", ["types"]),
        (("--skip", "checks"), "", ["docs"]),
        ((), "inner", ["docs", "style"]),
        ((), "checks,docs", []),
    ],
)
def test_c7_groups_are_selected_by_their_names(
    repo: Repo, options: tuple[str, ...], variable: str, expected: list[str]
) -> None:
    use(repo, GROUPS)
    done = repo.run("run", "pre-commit", *options, env={"DODO_HOOKS_SKIP": variable})
    assert done.returncode == 0 and sorted(ran(repo)) == expected
    assert "DODO_HOOKS_SKIP" not in done.stderr.replace("DODO_HOOKS_SKIP=", "")


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("pre-push", ["docs", "style", "types"]),
        ("pre-push:docs", ["docs", "scan", "style", "types"]),
        ("pre-commit,docs", ["scan"]),
        ("pre-commit:inner, pre-push:tag:slow", ["docs", "docs", "style"]),
        ("pre-commit:scan", ["docs", "docs", "scan", "style", "types"]),
    ],
)
def test_c7_a_hook_or_a_job_of_one_hook_can_be_left_out(repo: Repo, variable: str, expected: list[str]) -> None:
    use(repo, GROUPS + PUSH)
    for hook in ("pre-commit", "pre-push"):
        done = repo.run("run", hook, check=True, env={"DODO_HOOKS_SKIP": variable})
        assert ("unknown" in done.stderr) == (variable == "pre-commit:scan")  # which is a job of another hook
    assert sorted(ran(repo)) == expected


def test_c7_a_word_is_a_job_before_it_is_a_hook(repo: Repo) -> None:
    use(repo, GROUPS + PUSH.replace("scan,", "pre-commit,"))
    for word in ("pre-commit", "pre-commit:"):  # of the first, the jobs of the hook run; of the other, the job
        for hook in ("pre-commit", "pre-push"):
            repo.run("run", hook, "--skip", "docs", check=True, env={"DODO_HOOKS_SKIP": word})
    assert sorted(ran(repo)) == ["scan", "style", "types"]


def test_c7_a_name_that_nothing_in_the_file_has_is_warned_about(repo: Repo) -> None:
    use(repo, GROUPS + "  pre-push: {jobs: [{name: scan, run: 'true', tags: [slow]}]}\n")
    done = repo.run("run", "pre-commit", check=True, env={"DODO_HOOKS_SKIP": "scan,tag:slow,stlye"})
    assert [line for line in done.stderr.splitlines() if "DODO_HOOKS_SKIP" in line] == [
        'dodo-hooks: unknown job, group, tag or hook "stlye" in DODO_HOOKS_SKIP'
    ]


def test_c7_it_is_warned_about_once_in_a_command(repo: Repo) -> None:
    use(repo, GROUPS + "  post-commit: {jobs: [{name: scan, run: 'true'}]}\n")
    repo.run("install", check=True)
    env = {"DODO_HOOKS_SKIP": "stlye"}
    for _ in range(2):
        assert repo.git("commit", "--allow-empty", "-qm", "x", env=env).stderr.count("unknown job") == 1
    assert repo.git("commit", "--allow-empty", "-nqm", "x", env=env).stderr.count("unknown job") == 1
    for _ in range(2):
        assert repo.doit("run", "pre-commit", "post-commit", env=env).stderr.count("unknown job") == 1


def test_a_run_obeys_the_phase_of_the_environment(repo: Repo) -> None:
    use(repo, "hooks: {post-commit: {background: true, jobs: [{name: a, run: 'echo a >>.git/ran'}]}}")
    repo.run("run", "post-commit", check=True, env={"DODO_HOOKS_PHASE": "off"})
    assert ran(repo) == []
    repo.run("run", "post-commit", "--phase", "foreground", check=True, env={"DODO_HOOKS_PHASE": "off"})
    assert ran(repo) == ["a"]


def test_a_run_that_is_turned_off_says_so(repo: Repo) -> None:
    use(repo, "hooks: {pre-commit: {jobs: [{name: a, run: 'exit 7'}]}}")
    done = repo.run("run", "pre-commit", env={"DODO_HOOKS": "0"})
    assert (done.returncode, done.stderr) == (0, "dodo-hooks: nothing run: DODO_HOOKS is 0\n")


def test_detach_sends_all_jobs_to_the_background(repo: Repo, gate: Gate) -> None:
    repo.hook("pre-commit", lint=gate.command, test={"run": "true", "needs": ["lint"]})
    assert repo.run("run", "pre-commit", "--detach").returncode == 0  # while lint waits
    gate.wait()
    gate.open()
    invocation = repo.finished("pre-commit")
    assert invocation.statuses() == {"lint": "completed", "test": "completed"}
    assert {job.phase for job in invocation.jobs()} == {"background"}


def test_an_interactive_job_cannot_be_detached(repo: Repo) -> None:
    repo.hook("pre-commit", ask={"run": "true", "interactive": True})
    done = repo.run("run", "pre-commit", "--detach")
    assert done.returncode == 3 and "ask is interactive" in done.stderr
    assert repo.invocations() == []
