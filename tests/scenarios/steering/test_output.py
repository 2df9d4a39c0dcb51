"""The output of a run, of one that does nothing, and of a dry one (R23)."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.gate import Gate
from kit.process import processes_with, wait_until
from kit.ran import commit, ran, says, use
from kit.repo import TEST_ID, Done, Repo
from kit.terminal import CTRL_C, Terminal

PYTHON = f"""\
hooks:
  pre-commit:
    jobs:
      - {{name: format, glob: "*.py", run: '{says("format")}'}}
      - name: lint
        tags: [slow]
        glob: "*.py"
        needs: [format]
        run: '{says("lint")}; echo found; test ! -e .git/bad'
      - {{name: types, glob: "*.ts", run: '{says("types")}'}}
      - {{name: build, glob: "*.py", needs: [lint], run: '{says("build")}'}}
"""
NOTHING = "\u2013 {}  no matching staged files\n"


def lines(output: str) -> str:
    return re.sub(r" +\d+\.\ds", " TIME", output)


def stage(repo: Repo, *names: str) -> None:
    for name in names:
        repo.write(name, f"{name}\n")
    repo.git("add", *names)


# A line per job


def test_r23_every_job_has_a_line_and_what_did_not_run_a_reason(repo: Repo) -> None:
    use(repo, PYTHON)
    stage(repo, "a.py")
    repo.write(".git/bad", "")
    done = repo.run("run", "pre-commit")
    assert lines(done.stdout) == (
        "pre-commit\n"
        "\u2013 types   no matching staged files\n"
        "✔ format TIME\n"
        "[lint]\nfound\n✘ lint TIME  exit code 1\n"
        "\u2013 build   dependency lint failed\n"
    )
    identity = repo.finished("pre-commit").id
    assert done.stderr == (
        "dodo-hooks: pre-commit: lint failed: exit code 1\n"
        f"  log:       dodo-hooks jobs logs lint@{identity}\n"
        "  run again: dodo-hooks run pre-commit --job lint\n"
    )


@pytest.mark.parametrize(
    ("output", "shown", "said"),
    [
        ("[execution]", "pre-commit\n[lint]\nfound\n", 1),
        ("[summary]", "pre-commit\n✔ format TIME\n[lint]\nfound\n", 1),
        ("[skips]", "pre-commit\n\u2013 types   none\n[lint]\nfound\n\u2013 build   dependency lint failed\n", 1),
        ("[failure]", "pre-commit\n[lint]\nfound\n✘ lint TIME  exit code 1\n", 3),
        ("false", "pre-commit\n[lint]\nfound\n✘ lint TIME  exit code 1\n", 3),
        ("[]", "pre-commit\n[lint]\nfound\n", 1),
    ],
)
def test_r23_output_chooses_less(repo: Repo, output: str, shown: str, said: int) -> None:
    use(repo, f"output: {output}\n{PYTHON}")
    stage(repo, "a.py")
    repo.write(".git/bad", "")
    done = repo.run("run", "pre-commit")
    assert lines(done.stdout).replace("no matching staged files", "none") == shown
    sentences = [line for line in done.stderr.splitlines() if "dependency failed" not in line]
    assert len(sentences) == said and sentences[0] == "dodo-hooks: pre-commit: lint failed: exit code 1"
    assert ("skipped (dependency failed): build" in done.stderr) is (output != "[skips]")
    verbose = repo.run("run", "pre-commit", "-v").stdout
    assert "✔ format" in verbose and "\u2013 types" in verbose and "✘ lint" in verbose


def test_r23_an_interrupted_job_says_so(repo: Repo, terminal: Callable[..., Terminal], gate: Gate) -> None:
    repo.hook("pre-commit", slow=gate.command)
    repo.install()
    # A shell outlives git, as at a prompt: a terminal takes no output any more when the leader of its session is gone.
    at_work = terminal("sh", "-c", "trap : INT; git commit -q --allow-empty -m work; read -r line")
    gate.wait()
    at_work.press(CTRL_C)
    at_work.shows(b"dodo-hooks: pre-commit: slow: interrupted (Ctrl-C)\r\n")
    at_work.press(b"\n")
    at_work.wait()


# Colours


@pytest.mark.parametrize(
    ("argv", "variables", "setting", "has_colors"),
    [
        (("run",), {}, "", False),
        (("run", "--color", "always"), {"NO_COLOR": "1"}, "", True),
        (("--color", "always", "run"), {}, "", True),
        (("run",), {"CLICOLOR_FORCE": "1"}, "", True),
        (("run",), {"FORCE_COLOR": "1"}, "colors: false\n", True),
        (("run",), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, "", False),
        (("run",), {"CLICOLOR": "0"}, "colors: true\n", False),
        (("run",), {}, "colors: true\n", True),
        (("run", "--color=never"), {"CLICOLOR_FORCE": "1"}, "", False),
    ],
)
def test_r23_colours_are_chosen(
    repo: Repo, argv: tuple[str, ...], variables: dict[str, str], setting: str, has_colors: bool
) -> None:
    use(repo, setting + "hooks: {pre-commit: {jobs: [{name: a, run: 'true'}]}}\n")
    done = repo.run(*argv, "pre-commit", env=variables, check=True)
    assert ("\x1b[32m✔\x1b[0m a" in done.stdout) is has_colors


# Manually nothing is silent


def test_r23_in_a_manual_run_what_does_not_apply_is_reported_job_by_job_and_git_sees_nothing(repo: Repo) -> None:
    use(repo, PYTHON)
    stage(repo, "a.txt")
    assert repo.run("run", "pre-commit", check=True).stdout == "pre-commit: nothing to run\n" + "".join(
        NOTHING.format(name) for name in ("format", "lint  ", "types ", "build ")
    )
    alone = repo.run("run", "pre-commit", "--job", "types", check=True).stdout
    assert alone == "pre-commit: nothing to run\n" + NOTHING.format("types")  # of the others nobody asked
    left_out = repo.run("run", "pre-commit", "--skip", "tag:slow", check=True).stdout
    assert "\u2013 lint    left out by --skip tag:slow\n" in left_out
    at_commit = repo.git("commit", "-m", "work")
    assert at_commit.stderr == "" and "matching" not in at_commit.stdout


def test_r23_skips_are_shown_when_all_were_skipped_if_the_file_says_so(repo: Repo) -> None:
    use(repo, "output: [skips]\n" + PYTHON)
    stage(repo, "a.txt")
    assert repo.git("commit", "-q", "-m", "work").stderr.count("no matching staged files") == 4
    assert repo.invocations() == []


def test_r23_in_a_manual_run_background_jobs_that_are_not_begun_are_named(repo: Repo) -> None:
    repo.hook("post-commit", background=True, warm="true", other={"run": "true", "only": [{"ref": "feature/**"}]})
    off = repo.run("run", "post-commit", "--phase", "off", check=True)
    assert off.stdout == (
        "post-commit\n"
        "\u2013 warm   background jobs were turned off\n"
        "\u2013 other  branch main does not match feature/**\n"
    )
    begun = repo.run("run", "post-commit", check=True)
    assert begun.stdout == "post-commit\n\u2013 other  branch main does not match feature/**\n"
    assert begun.stderr == "dodo-hooks: post-commit: 1 job running in the background (`dodo-hooks jobs`)\n"
    repo.finished("post-commit", 2)


def test_r23_a_hook_without_jobs_says_that(repo: Repo) -> None:
    repo.file("hooks: {pre-commit: {jobs: []}}\n")
    done = repo.run("run", "pre-commit")
    assert (done.returncode, done.stdout) == (0, "pre-commit: nothing to run (no jobs)\n")


# Running again


def again(done: Done) -> str:
    found = re.search(r"run again: (dodo-hooks .*)", done.stderr)
    assert found is not None, done.stderr
    return found[1]


NAMES = """\
hooks:
  commit-msg:
    jobs:
      - {name: "it's; a $(trap)", run: 'echo "$DODO_JOB <{1}>" >>.git/ran; exit 3'}
      - {name: other, run: 'echo other >>.git/ran; exit 4'}
      - {name: good, run: 'echo good >>.git/ran'}
"""


def test_r23_the_command_that_runs_again_runs_again(repo: Repo) -> None:
    use(repo, NAMES)
    repo.write("a message; x", "text\n")
    first = repo.run("run", "commit-msg", "--", "a message; x", "-v")
    assert ran(repo) and "..." not in first.stderr
    assert again(first).endswith("-- 'a message; x' -v")
    second = repo.call("sh", "-c", again(first), env={"PATH": f"{program(repo)}:{repo.env['PATH']}"})
    assert second.returncode == 1 and again(second) == again(first)
    assert sorted(ran(repo)) == ["it's; a $(trap) <a message; x>", "other"]


def program(repo: Repo) -> Path:
    """Return a folder with `dodo-hooks` in it."""
    path = repo.write(".git/bin/dodo-hooks", f'#!/bin/sh\nexec {sys.executable} -m dodo_hooks "$@"\n')
    path.chmod(0o755)
    return path.parent


def test_r23_the_command_that_runs_again_has_the_files(repo: Repo) -> None:
    use(repo, "hooks: {pre-commit: {jobs: [{name: a, run: 'echo {staged_files} >>.git/ran; exit 1'}]}}\n")
    repo.write("one file", "")
    repo.git("add", "one file")
    assert again(repo.run("run", "pre-commit", "--files", "one file")).endswith("--job a --files 'one file'")
    assert again(repo.run("run", "pre-commit", "--all-files")).endswith("--job a --all-files")


# A push manually


PUSH = (
    "hooks: {pre-push: {jobs: [{name: a, run: 'echo {1} {push_files} >>.git/ran; cat >>.git/ran', use_stdin: true}]}}\n"
)


def test_g3_a_manual_push_is_about_what_git_push_would_send(repo: Repo, tmp_path: Path) -> None:
    remote = str(tmp_path / "remote.git")
    repo.call("git", "init", "-q", "--bare", remote, check=True)
    repo.git("remote", "add", "origin", remote)
    commit(repo, "a.txt")
    repo.file(PUSH)
    new = repo.run("run", "pre-push", check=True)
    assert "using what `git push` would send: main to origin (new branch)\n" in new.stderr
    head = repo.git("rev-parse", "HEAD").stdout.strip()
    assert ran(repo) == ["origin a.txt", f"refs/heads/main {head} refs/heads/main {'0' * 40}"]
    repo.git("push", "-q", "-u", "origin", "main")
    nothing = repo.run("run", "pre-push", check=True)
    assert "origin/main already has all of main\n" in nothing.stderr
    assert nothing.stdout == "pre-push: nothing to run\n\u2013 a  no matching pushed files\n"
    commit(repo, "b.txt")
    assert "would send: main to origin/main\n" in repo.run("run", "pre-push", check=True).stderr
    here = repo.git("rev-parse", "HEAD").stdout.strip()
    assert ran(repo) == ["origin b.txt", f"refs/heads/main {here} refs/heads/main {head}"]


def test_g3_a_manual_push_takes_standard_input_where_there_is_some(repo: Repo) -> None:
    repo.file(PUSH)
    head = commit(repo, "a.txt") or repo.git("rev-parse", "HEAD").stdout.strip()
    line = f"refs/heads/x {head} refs/heads/x {'0' * 40}\n"
    argv = (sys.executable, "-m", "dodo_hooks", "run", "pre-push", "--", "there", "url")
    done = repo.call(*argv, input=line, check=True)
    assert "no standard input" not in done.stderr and ran(repo) == ["there a.txt", line.rstrip()]


def test_g3_a_manual_push_to_another_remote_is_new_there(repo: Repo, tmp_path: Path) -> None:
    for name in ("origin", "other one"):
        repo.call("git", "init", "-q", "--bare", str(tmp_path / name), check=True)
    repo.git("remote", "add", "origin", str(tmp_path / "origin"))
    commit(repo, "a.txt")
    repo.git("push", "-q", "-u", "origin", "main")
    repo.git("config", "branch.main.pushRemote", str(tmp_path / "other one"))
    repo.file(PUSH)
    done = repo.run("run", "pre-push", check=True)
    assert f"would send: main to {tmp_path / 'other one'} (new branch)\n" in done.stderr
    assert ran(repo)[1].endswith(f" refs/heads/main {'0' * 40}")
    named = repo.run("run", "pre-push", "--", "elsewhere", "url", check=True)
    assert "would send: main to elsewhere (new branch)\n" in named.stderr
    assert ran(repo)[0] == "elsewhere a.txt"


def test_g3_a_manual_push_without_a_remote_names_none(repo: Repo) -> None:
    commit(repo, "a.txt")
    repo.file(
        "hooks: {pre-push: {jobs: [{name: a, run: 'echo \"$DODO_ARGS $DODO_REMOTE\" {push_files} >>.git/ran'}]}}\n"
    )
    alone = repo.run("run", "pre-push", check=True)
    assert "no remote to push to; all of main counts as new\n" in alone.stderr
    assert ran(repo) == ["0  a.txt"]
    repo.git("remote", "add", "up", "../up")
    assert "would send: main to up (new branch)\n" in repo.run("run", "pre-push", check=True).stderr
    assert ran(repo) == ["2 up a.txt"]


def test_g3_a_manual_push_to_a_remote_has_its_url(repo: Repo) -> None:
    commit(repo, "a.txt")
    repo.git("remote", "add", "up", "../up.git")
    repo.file("hooks: {pre-push: {jobs: [{name: a, run: 'echo \"$DODO_REMOTE $DODO_REMOTE_URL\" >>.git/ran'}]}}\n")
    repo.run("run", "pre-push", "--", "up", check=True)
    repo.run("run", "pre-push", "--", "../other.git", check=True)
    assert ran(repo) == ["up ../up.git", "../other.git ../other.git"]


def test_g3_a_manual_push_from_no_branch_says_so(repo: Repo) -> None:
    repo.file(PUSH)
    repo.git("checkout", "-q", "--detach")
    done = repo.run("run", "pre-push", check=True)
    assert "HEAD is on no branch to push\n" in done.stderr and ran(repo) == []


# Pagers


def test_r11_a_job_at_a_terminal_meets_no_pager(repo: Repo, terminal: Callable[..., Terminal]) -> None:
    stuck = repo.write(".git/pager", "#!/bin/sh\nexec sleep 1000\n")
    stuck.chmod(0o755)
    repo.env |= {"GIT_PAGER": str(stuck), "PAGER": str(stuck)}
    repo.write("long", "".join(f"{n}\n" for n in range(300)))
    repo.git("add", "long")
    repo.hook(
        "pre-commit", check="git diff --cached; echo $PAGER", own={"run": "echo $PAGER", "env": {"PAGER": "mine"}}
    )
    repo.install()
    at_work = terminal("git", "commit", "-q", "-m", "work")
    assert at_work.wait() == 0
    invocation = repo.finished("pre-commit")
    assert re.sub(rb"\x1b\[\d*m", b"", invocation.log("check")).endswith(b"+299\ncat\n")
    assert invocation.log("own") == b"mine\n"


def test_r11_an_interactive_job_keeps_its_pager(repo: Repo, terminal: Callable[..., Terminal]) -> None:
    repo.env["PAGER"] = "less"
    repo.hook("pre-commit", ask={"run": "echo $PAGER >.git/ran", "interactive": True})
    repo.install()
    at_work = terminal("git", "commit", "-q", "--allow-empty", "-m", "work")
    assert at_work.wait() == 0 and ran(repo) == ["less"]


# A dry run


DRY = """\
hooks:
  pre-commit:
    jobs:
      - {name: listed, files: 'touch .git/asked; echo a.txt', run: 'cat {files}'}
      - {name: asked, skip: [{run: 'touch .git/asked'}], run: 'true'}
      - {name: never, skip: [{run: 'touch .git/asked'}, {ref: main}], run: 'true'}
      - {name: other, only: [{ref: elsewhere}, {run: touch .git/asked}], run: 'true'}
      - {name: both, only: [{run: touch .git/asked, ref: elsewhere}], run: 'true'}
"""


def test_r23_a_dry_run_executes_nothing_and_says_what_it_would_ask(repo: Repo) -> None:
    use(repo, DRY)
    watcher = repo.write(".git/watcher", "#!/bin/sh\ntouch .git/watched\n")
    watcher.chmod(0o755)
    stage(repo, "a.txt")
    repo.git("update-index", "--fsmonitor")
    repo.git("config", "core.fsmonitor", str(watcher))
    for option in ((), ("--all-files",)):
        done = repo.run("run", "pre-commit", "--dry-run", *option, check=True)
        assert not repo.has(".git/asked") and not repo.has(".git/watched") and not repo.invocations()
    done = repo.run("run", "pre-commit", "--dry-run", check=True)
    assert done.stdout == (
        "pre-commit: would run\n"
        "  listed  foreground: cat {files}\n"
        "    would first run: touch .git/asked; echo a.txt\n"
        "  asked   foreground: true\n"
        "    would first run: touch .git/asked\n"
        "\u2013 never   branch main matches main\n"
        "  other   foreground: true\n"
        "    would first run: touch .git/asked\n"
        "\u2013 both    branch main does not match elsewhere\n"
    )


def test_g5_a_dry_run_recovers_nothing(repo: Repo, gate: Gate) -> None:
    repo.write("text", "staged\n")
    repo.git("add", "text")
    repo.write("text", "staged\nunstaged\n")
    repo.hook("pre-commit", job=gate.command)
    git = repo.start("git", "commit", "-q", "-m", "work")
    gate.wait()
    os.kill(repo.begun("pre-commit").record.pid, 9)
    git.communicate()
    wait_until(lambda: not processes_with(TEST_ID, repo.env[TEST_ID]), what="the end of its jobs")
    assert repo.read("text") == "staged\n"
    repo.run("run", "pre-commit", "--dry-run", check=True)
    assert repo.read("text") == "staged\n"
    repo.run("list", check=True)
    assert repo.read("text") == "staged\nunstaged\n"


# Names


ESC = 'hooks:\n  pre-commit:\n    jobs:\n      - name: a\n        description: "\\e[31mred\\a"\n' + (
    '        fail_text: "\\e]0;owned\\a\\nsecond"\n        run: "echo \'\\e[31m\' >/dev/null; exit 1"\n'
)


@pytest.mark.parametrize(
    "argv",
    [("run", "pre-commit"), ("run", "pre-commit", "--dry-run"), ("run", "pre-commit", "-v"), ("list",), ("graph",)],
)
def test_no_control_character_of_a_file_reaches_the_terminal(repo: Repo, argv: tuple[str, ...]) -> None:
    repo.file(ESC)
    done = repo.run(*argv)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", done.stdout + done.stderr)
    assert "\\x1b" in done.stdout + done.stderr


MANY_LINES = """\
hooks:
  pre-commit:
    jobs:
      - run: |
          # why this is here
          set -eu

          for file in one two three four five six; do
            echo "$file"
          done >/dev/null
          exit 1
"""


def test_r23_a_job_without_a_name_is_shown_by_its_first_words(repo: Repo) -> None:
    repo.file(MANY_LINES)
    [row] = repo.run("list", check=True).stdout.splitlines()[1:]
    assert row.startswith("pre-commit  for file in one two three f...  foreground")
    done = repo.run("run", "pre-commit")
    assert "✘ for file in one two three f...    0.0s  exit code 1" in lines(done.stdout).replace(" TIME", "    0.0s")
    name = repo.finished("pre-commit").jobs()[0].name
    assert name.startswith("why-this-is-here") and again(done) == f"dodo-hooks run pre-commit --job {name}"
