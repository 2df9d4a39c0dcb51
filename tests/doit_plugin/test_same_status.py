"""doit and the prompt say the same of each job: up to date, or to run (K7)."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from kit.chance import how_many
from kit.repo import Repo
from kit.results.incremental import counting, runs

JOBS: dict[str, Any] = {
    "plain": {"run": counting("plain"), "inputs": ["*.txt"]},
    "gen": {"run": counting("gen", "cut -c1 src/a > out"), "inputs": ["src/*"], "outputs": ["out"]},
    "use": {"run": counting("use"), "inputs": ["out"]},
    "tied": {"run": counting("tied"), "inputs": ["b.txt"], "needs": ["plain"]},
    "always": {"run": counting("always")},
}


@pytest.mark.parametrize("seed", range(how_many(1, 20)))
def test_k7_the_status_of_a_job_is_what_the_prompt_does(seed: int, repo: Repo) -> None:
    random = Random(seed)
    repo.write(".gitignore", "out\n")
    for name in ("a.txt", "b.txt", "src/a", "src/b"):
        repo.write(name, "1\n")
    repo.hook("post-commit", **JOBS)
    for _ in range(4):
        lines = repo.doit("list", "--all", "--status", check=True).stdout.splitlines()
        status = {words[1].partition(":")[2]: words[0] for words in map(str.split, lines) if ":" in words[1]}
        before = {name: runs(repo, name) for name in JOBS}
        repo.run("run", "post-commit", check=True)
        ran = {name for name in JOBS if runs(repo, name) > before[name]}
        to_run = {name for name in JOBS if status[name] == "R"}
        # A job whose need made other bytes runs, too: doit lists before anything has run.
        assert to_run <= ran <= to_run | ({"use"} if "gen" in to_run else set())
        path = repo.path / random.choice(("a.txt", "b.txt", "src/a", "src/b", "out"))
        _change(path, random)


def _change(path: Path, random: Random) -> None:
    act = random.choice(("write", "touch", "remove"))
    if act == "write":
        path.write_text(random.choice("123") + "\n")
    elif act == "touch":
        path.touch()
    else:
        path.unlink(missing_ok=True)
        if path.name == "a":  # `gen` cannot do without it
            path.write_text("1\n")
