"""The input of a job: files, in batches where they are many; the hook's input; the terminal (C6, G3, R14)."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.gate import Gate
from kit.invocation import Invocation
from kit.process import kill, processes_with, wait_until
from kit.repo import TEST_ID, Repo
from kit.system.job_arguments import GIVEN, HOSTILE, HOSTILE_BRANCH, argument_printer, given_arguments, stage
from kit.terminal import Terminal

# More than a megabyte, which is all that one command line takes.
LONG_NAMES = [b"%s%05d.txt" % (5 * (200 * b"x" + b"/"), number) for number in range(1_200)]


def text(invocation: Invocation, job: str = "job") -> str:
    return invocation.log(job).decode()


def test_c6_g4_every_name_arrives_as_it_is(repo: Repo) -> None:
    command = argument_printer(repo)
    repo.hook(
        "pre-commit",
        direct={"run": f"{command} {{staged_files}}", "glob": "*.txt"},
        shell={"run": f"{command} {{staged_files}} | cat", "glob": "*.txt"},
        quoted={"run": f"{command} '{{staged_files}}' && true", "glob": "*.txt"},
        inside={"run": f'printf %s "$({command} {{staged_files}})"', "glob": "*.txt"},
        listed={"run": f'xargs -0 {command} <"$DODO_FILES0"', "glob": "*.txt"},
    )
    stage(repo, *HOSTILE)
    repo.git("commit", "-q", "-m", "work")
    for job in ("direct", "shell", "quoted", "inside", "listed"):
        assert [sorted(names) for names in given_arguments(repo.finished("pre-commit"), job)] == [GIVEN], job
    assert not list(repo.path.rglob("PWNED"))


def test_c6_a_name_that_begins_with_a_dash_is_no_option(repo: Repo) -> None:
    repo.hook(
        "pre-commit",
        list={"run": "printf '%s\\n' {staged_files}", "glob": "*.txt"},
        file={"run": 'tr "\\0" "\\n" <"$DODO_FILES0"', "glob": "*.txt", "root": "sub"},
        fix={"run": "sed -i.bak s/text/fixed/ {staged_files}; rm ./*.bak", "glob": "-x.txt", "stage_fixed": True},
    )
    stage(repo, b"-x.txt", b"sub/-e.txt")
    repo.git("commit", "-q", "-m", "work")
    invocation = repo.finished("pre-commit")
    assert (text(invocation, "list"), text(invocation, "file")) == ("./-x.txt\nsub/-e.txt\n", "./-e.txt\n")
    assert repo.git("show", "HEAD:-x.txt").stdout == "fixed\n"


def test_g4_a_commit_that_only_deletes_is_checked(repo: Repo) -> None:
    repo.write("a.ts", "")
    repo.git("add", "a.ts")
    repo.git("commit", "-q", "-m", "one")
    repo.hook(
        "pre-commit",
        types={"run": "exit 7", "glob": "*.ts"},
        lint={"run": "touch linted; : {staged_files}", "glob": "*.ts"},
        other={"run": "touch other", "glob": "*.py"},
    )
    repo.git("rm", "-q", "a.ts")
    assert repo.git("commit", "-q", "-m", "two", check=False).returncode == 1
    assert repo.finished("pre-commit").statuses() == {"types": "failed", "lint": "skipped", "other": "skipped"}
    assert not repo.has("linted") and not repo.has("other")


def test_c6_a_hostile_branch_name_is_never_executed(repo: Repo) -> None:
    branch = HOSTILE_BRANCH
    repo.hook(
        "post-checkout",
        job=f'{argument_printer(repo)} {{branch}} \'{{branch}}\' "x{{branch}}" "$(printf %s {{branch}})"',
    )
    repo.git("checkout", "-q", "-b", branch)
    log = text(repo.finished("post-checkout"))
    assert json.loads(log) == [branch, branch, "x" + branch, branch]
    assert not list(repo.path.rglob("PWNED"))


def test_c6_many_files_come_in_batches_and_are_one_job(repo: Repo) -> None:
    command = argument_printer(repo)
    repo.hook("pre-commit", job={"run": f"{command} {{staged_files}}", "glob": "*.txt"})
    stage(repo, *LONG_NAMES)
    repo.git("commit", "-q", "-m", "work")
    batches = given_arguments(repo.finished("pre-commit"))
    assert len(batches) > 1
    assert [name for batch in batches for name in batch] == [name.decode() for name in LONG_NAMES]
    (job,) = repo.finished("pre-commit").jobs()
    assert (job.status, job.exit_code) == ("completed", 0)


def test_c6_the_first_batch_that_fails_ends_the_job(repo: Repo) -> None:
    repo.hook("pre-commit", job={"run": "echo batch; : {staged_files}; exit 3", "glob": "*.txt"})
    stage(repo, *LONG_NAMES)
    assert repo.git("commit", "-q", "-m", "work", check=False).returncode == 1
    invocation = repo.finished("pre-commit")
    (job,) = invocation.jobs()
    assert (job.status, job.exit_code, text(invocation).count("batch")) == ("failed", 3, 1)


def test_r14_a_job_is_cancelled_in_its_second_batch(repo: Repo, gate: Gate) -> None:
    once = f"if mkdir once 2>/dev/null; then exit 0; fi; {gate.command}"
    repo.hook("post-commit", background=True, job={"run": f"true {{all_files}}; {once}", "timeout": "1m"})
    stage(repo, *LONG_NAMES)
    repo.git("commit", "-q", "-m", "work")
    gate.wait()
    repo.run("jobs", "cancel", "job", check=True)
    (job,) = repo.finished("post-commit").jobs()
    assert job.status == "cancelled"


@pytest.mark.parametrize("placeholder", ["{changed_files}", "{0}", "{files}", "$DODO_ARG1"])
def test_g3_a_gate_never_passes_because_a_job_is_taken_for_one_without_an_event(repo: Repo, placeholder: str) -> None:
    repo.hook("pre-commit", job=f"echo {placeholder}; exit 1")
    stage(repo, b"a.txt")
    assert repo.git("commit", "-q", "-m", "work", check=False).returncode == 1
    assert repo.finished("pre-commit").statuses() == {"job": "failed"}


def test_g3_each_job_that_wants_it_gets_all_of_the_input(repo: Repo, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    repo.call("git", "init", "-q", "--bare", str(remote), check=True)
    repo.hook(
        "pre-push",
        one={"run": "cat", "use_stdin": True},
        two={"run": "cat", "use_stdin": True},
        none="cat",
    )
    repo.git("branch", "other")
    head = repo.git("rev-parse", "HEAD").stdout.strip()
    repo.git("push", "-q", str(remote), "main", "other")
    invocation = repo.finished("pre-push")
    zeros = "0" * 40
    expected = "".join(f"refs/heads/{name} {head} refs/heads/{name} {zeros}\n" for name in ("main", "other"))
    assert [text(invocation, name) for name in ("one", "two", "none")] == [expected, expected, ""]


def test_g1_g3_a_legacy_hook_and_a_job_both_get_the_input(repo: Repo, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    repo.call("git", "init", "-q", "--bare", str(remote), check=True)
    kept = repo.write(".git/hooks/pre-push", "#!/bin/sh\ncat >kept\n")
    kept.chmod(0o755)
    repo.hook("pre-push", job={"run": "cat >ours", "use_stdin": True})
    repo.git("push", "-q", str(remote), "main")
    assert (repo.path / "kept").read_text() == (repo.path / "ours").read_text() != ""


def test_g3_a_retry_has_the_files_and_the_input_of_that_day(repo: Repo, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    repo.call("git", "init", "-q", "--bare", str(remote), check=True)
    repo.write("a.txt", "")
    repo.git("add", "a.txt")
    repo.git("commit", "-q", "-m", "a")
    repo.hook("pre-push", job={"run": "cat; echo {push_files}; test -e fixed", "use_stdin": True})
    assert repo.git("push", "-q", str(remote), "main", check=False).returncode
    first = repo.finished("pre-push")
    assert first.statuses() == {"job": "failed"}
    assert "a.txt" in text(first)
    repo.write("fixed", "")
    repo.run("jobs", "retry", "job", check=True)
    second = repo.finished("pre-push", n=2)
    assert second.statuses() == {"job": "completed"}
    assert text(second) == text(first)


def test_r14_an_interactive_job_has_the_terminal_and_runs_alone(repo: Repo, terminal: Callable[..., Terminal]) -> None:
    question = 'printf "name? "; read -r name; echo "hello $name"; test -t 0 && echo "$name" >answer'
    repo.hook(
        "pre-commit",
        before="echo before",
        ask={"run": question, "interactive": True},
        behind={"run": "cat answer", "needs": ["ask"]},
    )
    repo.install()
    screen = terminal("git", "commit", "-q", "--allow-empty", "-m", "work")
    screen.shows(b"name? ")
    screen.press(b"Ada\n")
    screen.shows(b"hello Ada")
    assert screen.wait() == 0
    assert screen.output.index(b"before") < screen.output.index(b"name? ")
    assert text(repo.finished("pre-commit"), "behind") == "Ada\n"


def test_r14_r17_ctrl_c_in_an_interactive_job_is_for_the_job(repo: Repo, terminal: Callable[..., Terminal]) -> None:
    repo.hook("pre-commit", ask={"run": "echo ready; read -r name", "interactive": True})
    repo.install()
    screen = terminal("git", "commit", "-q", "--allow-empty", "-m", "work")
    screen.shows(b"ready")
    screen.press(b"\x03")
    assert screen.wait() == 1
    job = repo.finished("pre-commit").job("ask")
    assert (job.status, job.signal) == ("failed", signal.SIGINT)


def test_r14_ctrl_z_does_not_stop_an_interactive_job(repo: Repo, terminal: Callable[..., Terminal]) -> None:
    """It would stop the job alone, and nobody would give the prompt back."""
    repo.hook("pre-commit", ask={"run": 'echo ready; read -r name; echo "got $name"', "interactive": True})
    repo.install()
    screen = terminal("git", "commit", "-q", "--allow-empty", "-m", "work")
    screen.shows(b"ready")
    screen.press(b"\x1a")
    screen.press(b"Ada\n")
    screen.shows(b"got Ada")
    assert screen.wait() == 0


def test_r14_the_terminal_comes_back_when_the_wave_is_killed(repo: Repo, terminal: Callable[..., Terminal]) -> None:
    repo.hook(
        "pre-commit",
        ask={"run": "echo ready; read -r name", "interactive": True},
        again={"run": 'echo again; read -r name; echo "got $name"', "interactive": True},
    )
    repo.install()
    screen = terminal("git", "commit", "-q", "--allow-empty", "-m", "work")
    screen.shows(b"ready")
    record = repo.begun("pre-commit").wait_for_status("ask", "running")
    assert record.wave is not None and record.pid is not None
    kill(record.wave)
    screen.shows(b"again")
    screen.press(b"x\n")
    screen.shows(b"got x")
    assert screen.wait() == 1
    wait_until(lambda: not [pid for pid in processes_with(TEST_ID, repo.env[TEST_ID]) if pid == record.pid])
    assert repo.finished("pre-commit").statuses() == {"ask": "crashed", "again": "completed"}


def test_r14_without_a_terminal_an_interactive_job_has_no_input(repo: Repo) -> None:
    repo.hook("pre-commit", ask={"run": "read -r name || echo nobody", "interactive": True})
    repo.git("commit", "-q", "--allow-empty", "-m", "work")
    assert text(repo.finished("pre-commit"), "ask") == "nobody\n"


def test_r8_a_hook_that_only_warns_does_not_stop_git(repo: Repo) -> None:
    repo.hook("pre-commit", bad="exit 3", late={"run": "true", "background": True})
    repo.hook_options("pre-commit", fail_mode="warn")
    done = repo.git("commit", "-q", "--allow-empty", "-m", "work")
    assert "bad failed: exit code 3" in done.stderr
    assert repo.finished("pre-commit").statuses() == {"bad": "failed", "late": "completed"}


def test_r23_what_is_shown_is_what_the_file_says(repo: Repo) -> None:
    repo.hook("pre-commit", good="echo GOOD", bad={"run": "echo BAD; exit 3", "fail_text": "fix it with x"})
    repo.settings(output=["failure"])
    done = repo.git("commit", "-q", "--allow-empty", "-m", "work", check=False)
    shown = done.stdout + done.stderr
    assert "GOOD" not in shown and "BAD" in shown and "  fix it with x" in shown
    repo.settings(output=False)
    done = repo.git("commit", "-q", "--allow-empty", "-m", "work", check=False)
    assert "bad failed" in done.stdout + done.stderr


def test_a_silent_job_reports_of_nothing_and_leaves_no_log(repo: Repo) -> None:
    repo.hook(
        "post-commit",
        background=True,
        good={"run": "echo good", "background_output": "silent"},
        bad={"run": "echo bad; exit 3", "background_output": "silent"},
    )
    repo.git("commit", "-q", "--allow-empty", "-m", "work")
    invocation = repo.finished("post-commit")
    assert not list(invocation.path.glob("jobs/*-good/output.log"))
    good = invocation.job("good")
    assert (good.log_bytes, good.log_left_out) == (len("good\n"), len("good\n"))
    assert "good has no log: background_output is silent (completed)" in repo.run("logs", "good").stderr
    assert text(invocation, "bad") == "bad\n"
    assert "bad" not in repo.run("list").stderr


def test_g3_a_hook_inside_a_job_does_not_see_the_arguments_of_the_outer_one(repo: Repo) -> None:
    repo.hook("post-checkout", outer="git commit -q --allow-empty -m inner")
    repo.hook("post-commit", inner='echo "[$DODO_ARG1$DODO_ARG3$DODO_REMOTE]" {0}')
    repo.git("checkout", "-q", "-b", "topic")
    assert text(repo.finished("post-commit"), "inner") == "[]\n"
    assert repo.finished("post-checkout").record.args[2] == "1"


def test_c6_where_a_job_runs_has_names(repo: Repo, tmp_path: Path) -> None:
    repo.hook("post-checkout", job="printf '%s\\n' {worktree} {worktree_root} {default_branch} {hook} {job} {git_dir}")
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks")
    repo.call("git", "clone", "-q", str(repo.path), str(tmp_path / "clone"), check=True)
    clone = Repo(tmp_path / "clone", repo.env)
    clone.install()
    topic = clone.worktree("topic")
    lines = text(topic.finished("post-checkout")).splitlines()
    assert lines == [
        str(topic.path.resolve()),
        str(clone.path.resolve()),
        "main",
        "post-checkout",
        "job",
        f"{clone.path.resolve()}/.git/worktrees/topic",
    ]
