"""Hooks of pre-commit side by side: who has modified files, and hooks that write what they are not given (P5, P6)."""

import os
import sys
from pathlib import Path

import pytest

from kit.commits.partial import MakeGate
from kit.repo import Done, Repo

# Two programs that are known to only read. In their first run `mypy` writes while `flake8` runs, which ends later.
MYPY = """
[ -e "$PLACE/done" ] || read x <"$PLACE/begun"
echo more >>README.md
[ -e "$PLACE/done" ] || { touch "$PLACE/done"; echo >"$PLACE/written"; }
"""
FLAKE8 = """
[ -e "$PLACE/done" ] || { echo >"$PLACE/begun"; read x <"$PLACE/written"; }
cat README.md
exit 1
"""


def program(place: Path, name: str, script: str) -> str:
    path = place / name
    path.write_text(f"#!/bin/sh\nPLACE={place}\n{script}\n")
    path.chmod(0o755)
    return str(path)


def config(repo: Repo, *hooks: str, **keys: str) -> None:
    """Write a config with local hooks, each by its entry, and stage it with all files."""
    lines = ["repos:", "- repo: local", "  hooks:"]
    for entry in hooks:
        name = Path(entry.split()[0]).name
        lines += [f"  - id: {name}", f"    name: {name}", f"    entry: {entry}", "    language: system"]
        lines += [f"    {key}: {value}" for key, value in keys.items()]
    repo.write(".pre-commit-config.yaml", "\n".join(lines) + "\n")
    repo.file("extends: .pre-commit-config.yaml\njobs: 2\n")
    repo.git("add", "-A")


def run(repo: Repo, *options: str) -> Done:
    return repo.run("run", "pre-commit", *options)


def memory(repo: Repo) -> list[str]:
    """Return how many runs without a write are remembered of each hook."""
    (path,) = repo.state.rglob("hook-memory")
    return sorted(path.read_text().split()[1::2])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "place"
    place.mkdir()
    for fifo in ("begun", "written"):
        os.mkfifo(place / fifo)
    return place


@pytest.mark.parametrize("priority", [0, 5])
def test_p6_a_hook_that_writes_what_it_is_not_given_is_found_out(repo: Repo, place: Path, priority: int) -> None:
    repo.write("README.md", "one\n")
    config(repo, program(place, "mypy", MYPY), program(place, "flake8", FLAKE8), always_run="true")
    later = f"hooks: {{pre-commit: {{jobs: [{{name: mypy, priority: {priority}}}]}}}}"
    repo.file(f"extends: .pre-commit-config.yaml\njobs: 2\n{later}\n")
    done = run(repo)
    found = repo.finished("pre-commit")
    assert found.statuses() == {"mypy": "failed", "flake8": "failed"}
    assert found.job("mypy").reason == "files were modified by this hook"
    assert found.job("flake8").reason == "exit code 1"
    # As if they had run one after the other: one line more, which the second one has seen.
    assert (repo.path / "README.md").read_text() == "one\nmore\n"
    assert found.log("flake8").decode() == "one\nmore\n"
    assert "README.md changed while mypy, flake8 ran, so they run again, one by one" in done.stdout + done.stderr
    assert "mypy wrote README.md, so it runs alone from now on" in done.stdout + done.stderr
    again = run(repo)
    assert "one by one" not in again.stdout + again.stderr
    assert repo.finished("pre-commit", 2).statuses() == {"mypy": "failed", "flake8": "failed"}


def test_p6_what_somebody_saves_meanwhile_is_kept(repo: Repo, place: Path) -> None:
    repo.write("README.md", "one\n")
    repo.write("notes", "1\n")
    edit = MYPY.replace("echo more >>README.md", '[ -e "$PLACE/done" ] || echo edited >notes; echo more >>README.md')
    config(repo, program(place, "mypy", edit), program(place, "flake8", FLAKE8), always_run="true")
    done = run(repo)
    kept = [path for path in (repo.path / ".git/dodo-hooks-kept").rglob("notes")]
    assert [path.read_text() for path in kept] == ["edited\n"]
    assert str(kept[0].parent) in done.stdout + done.stderr
    assert (repo.path / "notes").read_text() == "1\n"


def test_p6_an_unknown_hook_counts_as_a_reader_once_it_has_written_nothing_in_three_runs(
    repo: Repo, make_gate: MakeGate, place: Path
) -> None:
    both = [make_gate("one"), make_gate("two")]
    meet = f"[ ! -e {place}/meet ] || {{ %s; }}"
    hooks = [program(place, f"own-{number}", meet % gate.command) for number, gate in enumerate(both)]
    config(repo, *hooks, always_run="true")
    for _ in range(3):
        assert run(repo).returncode == 0
    (place / "meet").touch()
    process = repo.start(sys.executable, "-m", "dodo_hooks", "run", "pre-commit")
    for gate in both:  # both run at once
        gate.wait()
    for gate in both:
        gate.open()
    process.communicate()
    assert process.returncode == 0


def test_p6_an_unknown_hook_that_writes_in_a_run_is_not_learned(repo: Repo, place: Path) -> None:
    repo.write("README.md", "one\n")
    script = f"[ ! -e {place}/write ] || echo x >>README.md"
    config(repo, program(place, "own", script), program(place, "other", ""), always_run="true")
    run(repo)
    run(repo)
    assert memory(repo) == ["2", "2"]
    (place / "write").touch()
    run(repo)
    assert memory(repo) == ["0", "3"]
