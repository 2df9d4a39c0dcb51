"""The files of a hook of pre-commit, spread over the slots that are free (P6)."""

import signal
import sys
from pathlib import Path

import pytest

from kit.commits.partial import MakeGate
from kit.process import is_alive
from kit.repo import Repo

NAMES = [f"file {number}" for number in range(9)]


def hook(repo: Repo, place: Path, script: str, more: str = "") -> None:
    """Write a config with one hook, a script that gets its files as arguments, and stage nine files."""
    path = place / "own"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    entry = f"{{id: own, name: own, entry: {path}, language: system, exclude: '^[.]|dodo$'{more}}}"
    repo.write(".pre-commit-config.yaml", f"repos: [{{repo: local, hooks: [{entry}]}}]\n")
    repo.file("extends: .pre-commit-config.yaml\njobs: 2\n")
    for name in NAMES:
        repo.write(name, "1\n")
    repo.git("add", "-A")


def run(repo: Repo) -> int:
    return repo.run("run", "pre-commit").returncode


def test_p6_the_files_are_spread_over_the_free_slots(repo: Repo, tmp_path: Path, make_gate: MakeGate) -> None:
    gate = make_gate("both")
    hook(repo, tmp_path, f'{gate.command}; echo $#; printf "%s\\n" "$@"; exit $#')
    process = repo.start(sys.executable, "-m", "dodo_hooks", "run", "pre-commit")
    assert gate.wait() != gate.wait()  # two processes at once
    gate.open()
    process.communicate()
    job = repo.finished("pre-commit").job("own")
    assert job.exit_code == 5  # the worst
    assert repo.finished("pre-commit").log("own").decode().splitlines() == ["5", *NAMES[:5], "4", *NAMES[5:]]


@pytest.mark.parametrize("more", [", require_serial: true", ", pass_filenames: false"])
def test_p6_a_list_that_must_not_be_split_is_not(repo: Repo, tmp_path: Path, more: str) -> None:
    hook(repo, tmp_path, "echo $#", more)
    assert run(repo) == 0
    assert repo.finished("pre-commit").log("own").decode() in ("9\n", "0\n")


def test_p6_each_process_gets_as_many_files_as_the_config_allows(repo: Repo, tmp_path: Path) -> None:
    hook(repo, tmp_path, "echo $#", ", pass_filenames: 2")
    assert run(repo) == 0
    assert repo.finished("pre-commit").log("own").decode() == "2\n2\n2\n2\n1\n"


def test_p6_a_signal_of_one_process_is_that_of_the_hook(repo: Repo, tmp_path: Path) -> None:
    hook(repo, tmp_path, f'[ "$1" = "{NAMES[0]}" ] || kill -9 $$')
    assert run(repo) == 1
    assert repo.finished("pre-commit").job("own").signal == signal.SIGKILL


def test_p6_an_interrupted_run_leaves_no_process(repo: Repo, tmp_path: Path, make_gate: MakeGate) -> None:
    gate = make_gate("both")
    hook(repo, tmp_path, gate.command)
    process = repo.start(sys.executable, "-m", "dodo_hooks", "run", "pre-commit")
    shells = [gate.wait(), gate.wait()]
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert not any(is_alive(pid) for pid in shells)
