"""The question whether hooks may run, at a terminal (section 8)."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.gate import Gate
from kit.hook_files.trust import install_for_all, ran
from kit.repo import Repo
from kit.terminal import Terminal

COMMIT = ("commit", "-q", "--allow-empty", "-m", "x")
FILE = "hooks:\n  pre-commit: {jobs: [{name: gate, run: echo x >> ran}]}\n  post-merge: {jobs: [{run: 'true'}]}\n"
QUESTION = b"anything else: not now: "

Start = Callable[..., Terminal]


@pytest.fixture
def undecided(repo: Repo) -> Repo:
    """Return a clone of another user's repository, for a user with hooks for all repositories."""
    install_for_all(repo)
    repo.file(FILE)
    return repo


def commit(terminal: Start, answer: bytes | None) -> tuple[int, bytes]:
    """Commit, with an answer to the one question, or without any; the exit code, and what was shown."""
    there = terminal("git", *COMMIT)
    if answer is not None:
        there.shows(QUESTION)
        there.press(answer)
    code = there.wait()
    assert there.output.count(QUESTION) == (answer is not None)
    return code, there.output.replace(b"\r\n", b"\n")


def change(repo: Repo, command: str = "echo x >> changed") -> None:
    repo.file(FILE.replace("echo x >> ran", command))


def test_the_first_question_shows_the_commands_and_later_ones_the_difference(undecided: Repo, terminal: Start) -> None:
    code, output = commit(terminal, b"y\n")
    assert code == 0 and ran(undecided) == 1
    assert b"pre-commit of %s would run:\n  gate: echo x >> ran\n" % str(undecided.path).encode() in output
    assert b"Its hook files also have post-merge" in output
    assert commit(terminal, None)[0] == 0 and ran(undecided) == 2
    change(undecided)
    code, output = commit(terminal, b"yes\n")
    assert code == 0 and undecided.has("changed")
    assert b"have changed:\n" in output and b"+  pre-commit: {jobs: [{name: gate, run: echo x >> changed}]}\n" in output
    undecided.file(FILE)  # what was accepted once stays accepted: a branch asks once per content
    assert commit(terminal, None)[0] == 0 and ran(undecided) == 3


@pytest.mark.parametrize(("answer", "runs"), ((b"n\n", 0), (b"never\n", 0), (b"a\n", 2), (b"always\n", 2)))
def test_never_and_always_are_about_any_contents(undecided: Repo, terminal: Start, answer: bytes, runs: int) -> None:
    assert commit(terminal, answer)[0] == 0
    undecided.file(FILE + "# changed\n")
    code, output = commit(terminal, None)
    assert (code, ran(undecided)) == (0, runs) and b"trust" not in output


def test_not_now_is_not_asked_again_on_that_day_and_lets_a_gate_refuse_a_change(
    undecided: Repo, terminal: Start
) -> None:
    assert commit(terminal, b"\n")[0] == 0 and not ran(undecided)
    assert commit(terminal, None)[0] == 0 and not ran(undecided)
    undecided.run("trust", check=True)
    change(undecided)
    for _ in range(2):
        code, output = commit(terminal, b"what?\n")
        assert code == 1 and b"pre-commit refused: the hook files have changed since you accepted them" in output
    assert not undecided.has("changed")


def test_what_was_typed_before_the_question_is_no_answer_nor_is_half_a_line(
    undecided: Repo, terminal: Start, gate: Gate
) -> None:
    undecided.write(".git/hooks/pre-commit", f"#!/bin/sh\n{gate.command}\n").chmod(0o755)  # runs before ours
    there = terminal("git", *COMMIT)
    gate.wait()
    there.press(b"y\ny\n")
    gate.open()
    there.shows(QUESTION)
    there.press(b"y\x04\x04")  # two ends of a file instead of a line's
    assert there.wait() == 0 and not ran(undecided)


def test_what_was_shown_is_accepted_and_runs_whatever_happens_to_the_file_meanwhile(
    undecided: Repo, terminal: Start
) -> None:
    there = terminal("git", *COMMIT)
    there.shows(QUESTION)
    assert b"gate: echo x >> ran\r\n" in there.output
    change(undecided)
    there.press(b"y\n")
    assert there.wait() == 0 and ran(undecided) == 1 and not undecided.has("changed")
    code, output = commit(terminal, b"\n")  # the other contents were accepted by nobody
    assert code == 1 and b"+  pre-commit: {jobs: [{name: gate, run: echo x >> changed}]}" in output
    assert not undecided.has("changed")


def test_the_same_holds_for_the_command(undecided: Repo, terminal: Start) -> None:
    there = terminal(sys.executable, "-m", "dodo_hooks", "trust")
    there.shows(b"[y/N]: ")
    assert b"+  pre-commit: {jobs: [{name: gate, run: echo x >> ran}]}\r\n" in there.output
    change(undecided)
    there.press(b"y\n")
    assert there.wait() == 0
    assert undecided.git(*COMMIT, check=False).returncode == 1
    there = terminal(sys.executable, "-m", "dodo_hooks", "trust")
    there.shows(b"[y/N]: ")
    there.press(b"n\n")
    assert there.wait() == 3 and undecided.git(*COMMIT, check=False).returncode == 1
    undecided.file(FILE)
    assert undecided.git(*COMMIT).returncode == 0 and ran(undecided) == 1


def test_all_that_a_command_means_is_shown_and_nothing_that_a_terminal_obeys(undecided: Repo, terminal: Start) -> None:
    undecided.file(
        "hooks:\n"
        "  pre-commit:\n"
        "    only: [{run: ask me}]\n"
        "    jobs:\n"
        '      - {name: ab, run: "one\\n\\e[2Jtwo\\r\\u202ethree", env: {PATH: ./bin}, shell: ./odd-shell}\n'
        "      - {name: c, run: 'cat {files}', files: list them}\n"
    )
    _, output = commit(terminal, b"n\n")
    assert b"  only, skip: ask me\n" in output and b"  files of c: list them\n" in output
    assert b"  ab: PATH=./bin (./odd-shell) one\n    \\x1b[2Jtwo\\r\\u202ethree\n" in output
    assert b"\x1b" not in output


def test_a_file_that_becomes_empty_or_vanishes_is_shown(undecided: Repo, terminal: Start) -> None:
    undecided.file("extends: a.yml\n" + FILE)
    undecided.write("a.yml", "")
    undecided.run("trust", check=True)
    undecided.file(FILE)
    undecided.run("trust", "--yes", check=True)
    undecided.file("extends: b.yml\n" + FILE)
    undecided.write("b.yml", "")
    output = commit(terminal, b"\n")[1]
    assert b"--- /dev/null\n+++ b/b.yml\n" in output and b"+extends: b.yml\n" in output


@pytest.mark.parametrize("variables", ({"CI": "1"}, {"GIT_TERMINAL_PROMPT": "0"}))
def test_nobody_is_asked_in_ci(undecided: Repo, terminal: Start, variables: dict[str, str]) -> None:
    undecided.env.update(variables)
    code, output = commit(terminal, None)
    assert code == 0 and b"hooks not run" in output


def test_nobody_is_asked_when_a_program_reads_what_git_says(undecided: Repo, terminal: Start) -> None:
    there = terminal("sh", "-c", "git commit -q --allow-empty -m x 2>&1 | cat")
    assert there.wait() == 0 and QUESTION not in there.output and b"hooks not run" in there.output


def test_a_strangers_folder_is_not_asked_about(undecided: Repo, tmp_path: Path) -> None:
    undecided.run("trust", "--always", check=True)
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    (stranger / ".git").write_text(f"gitdir: {undecided.path}/.git\n")
    (stranger / "hooks.dodo").write_text(FILE)
    there = Terminal("git", *COMMIT, cwd=stranger, env=undecided.env)
    assert there.wait() == 0 and QUESTION not in there.output and not (stranger / "ran").exists()
    there.close()


@pytest.mark.parametrize("way", ("--pin", "trust: pinned"))
def test_pinned_hooks_that_were_installed_here_ask_in_the_same_way(repo: Repo, terminal: Start, way: str) -> None:
    repo.file(FILE if way == "--pin" else f"{way}\n{FILE}")
    repo.run("install", check=True)
    if way == "--pin":
        repo.run("trust", way, check=True)
    repo.git(*COMMIT)
    assert ran(repo) == 1
    change(repo)
    code, output = commit(terminal, b"a\n")  # is not offered
    assert code == 1 and b"lways" not in output
    assert commit(terminal, b"y\n")[0] == 0 and repo.has("changed")
    repo.file("hooks: {}\n")  # also for what is not named any more
    assert commit(terminal, b"y\n")[0] == 0
