"""Completion in a shell: commands, hooks, jobs, tags, runs. A Tab that cannot be answered is answered by nothing."""

import os
import shutil
import subprocess
import sys

import pytest

from kit.answer import Cli
from kit.history import History, ended_as
from kit.repo import Repo

FILE = """\
hooks:
  pre-commit:
    jobs:
      - {name: format, run: "true", tags: [style]}
      - {name: "lint *", run: "true", description: "finds: errors"}
  pre-push:
    jobs:
      - {name: scan, run: "true", tags: [slow]}
"""


def offered(repo: Repo, *words: str, shell: str = "bash") -> list[str]:
    """Return the completions of the last of these words."""
    cword = words[-1] if shell == "fish" else str(len(words))
    done = repo.run(
        env={
            "_DODO_HOOKS_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": "\n".join(["dodo-hooks", *words]),
            "COMP_CWORD": cword,
        }
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


@pytest.fixture(autouse=True)
def hook_file(repo: Repo) -> None:
    repo.file(FILE)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["gr"], ["graph"]),
        (["jobs", "ca"], ["cancel"]),
        (["graph", "--format", ""], ["text", "mermaid", "dot", "svg"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["run", ""], ["pre-commit", "pre-push"]),
        (["graph", "pre-p"], ["pre-push"]),
        (["list", "pre-c"], ["pre-commit"]),
        (["jobs", "--hook", "pre-p"], ["pre-push"]),
        (["run", "pre-commit", "--job", ""], ["format", r"lint\\ \\*"]),
        (["run", "pre-push", "--job", ""], ["scan"]),
        (["run", "--job", ""], ["format", r"lint\\ \\*", "scan"]),
        (["run", "pre-commit", "--tag", ""], ["style"]),
        (["run", "pre-commit", "--skip", "tag"], ["tag:style"]),
        (["run", "pre-commit", "--job", r"lint\ "], [r"lint\\ \\*"]),
        (["install", ""], ["pre-commit", "pre-push"]),
        (["install", "pre-commit", "pre-p"], ["pre-push"]),
        (["why", "pre-push", ""], ["scan"]),
        (["why", "s"], ["scan"]),
        (["nothing", ""], []),
        (["jobs", "logs", ""], []),  # nothing has run
    ],
)
def test_what_bash_is_offered(repo: Repo, words: list[str], expected: list[str]) -> None:
    assert [line.removeprefix("plain,") for line in offered(repo, *words) if line] == expected


def test_git_s_hooks_are_offered_where_no_hook_file_names_one(repo: Repo) -> None:
    repo.file("hooks: {}\n")
    assert [line.removeprefix("plain,") for line in offered(repo, "install", "pre-m")] == ["pre-merge-commit"]


def test_the_other_shells_get_the_kind(repo: Repo) -> None:
    assert offered(repo, "run", "pre-commit", "--job", "l", shell="zsh") == ["plain", "lint *", "finds: errors"]
    assert offered(repo, "run", "pre-commit", "--job", "l", shell="fish") == ["plain,lint *\tfinds: errors"]


@pytest.mark.parametrize("variables", [{}, {"COMP_WORDS": "dodo-hooks", "COMP_CWORD": "x"}])
def test_what_no_script_asks_is_answered_by_nothing(repo: Repo, variables: dict[str, str]) -> None:
    done = repo.run(env={"_DODO_HOOKS_COMPLETE": "bash_complete", **variables})
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_addresses_are_jobs_and_behind_an_at_their_runs(repo: Repo, history: History) -> None:
    done = ended_as("completed", exit_code=0)
    older, newer = history.finished({"a": done}), history.finished({"a": done, "b": done})
    for command in ("logs", "wait", "cancel", "retry"):
        assert offered(repo, "jobs", command, "") == ["plain,a", "plain,b"]
    assert offered(repo, "jobs", "logs", "@") == [f"plain,@{newer.id}", f"plain,@{older.id}"]
    assert offered(repo, "jobs", "logs", "b@") == [f"plain,b@{newer.id}"]
    assert offered(repo, "jobs", "logs", "c@") == [""]


def test_a_tab_never_says_what_is_wrong(repo: Repo) -> None:
    repo.file("hooks: {pre-commit: {jobs: [{rnu: x}]}}\n")
    assert offered(repo, "run", "") == [""]
    assert offered(repo, "run", "pre-commit", "--job", "") == [""]
    (repo.path / ".git" / "HEAD").unlink()
    assert offered(repo, "run", "") == [""]
    assert offered(repo, "jobs", "logs", "") == [""]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_takes(cli: Cli, shell: str) -> None:
    answer = cli("completion", shell)
    assert (answer.code, answer.err) == (0, "")
    assert f"_DODO_HOOKS_COMPLETE={shell}_complete" in answer.out
    program = shutil.which(shell)
    if program:
        subprocess.run([program, "-n"], input=answer.out, text=True, check=True)


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")
def test_bash_completes_with_what_stands_in_its_rc_file(repo: Repo) -> None:
    """The line of the documentation, and what bash does for a Tab."""
    done = repo.call(
        "bash",
        "--norc",
        "-c",
        'dodo-hooks() { python -m dodo_hooks "$@"; }\n'
        'env() { command env "${@:1:$#-1}" python -m dodo_hooks; }\n'
        'eval "$(dodo-hooks completion bash)"\n'
        "COMP_WORDS=(dodo-hooks run pre-commit --job l); COMP_CWORD=4\n"
        "_dodo_hooks_completion dodo-hooks\n"
        'printf "<%s>" "${COMPREPLY[@]}"\n'
        "complete -p dodo-hooks",
        env={"PATH": _path_with_python(repo)},
    )
    assert done.stdout == "<lint\\ \\*>complete -o nosort -F _dodo_hooks_completion dodo-hooks\n"
    assert done.stderr == ""


def _path_with_python(repo: Repo) -> str:
    return f"{os.path.dirname(sys.executable)}{os.pathsep}{repo.env['PATH']}"
