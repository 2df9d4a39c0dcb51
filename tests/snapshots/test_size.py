"""The cost of a snapshot does not grow with the files of the repository, as far as it is ours (S2, S4).

Counted are the processes of git, and the calls of our own process. The work of git grows: it checks each file.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kit.repo import Repo
from kit.results.snapshots import checked_out
from kit.system.killing import in_child

MANY = int(os.environ.get("SNAPSHOT_FILES", "1000"))
FOLDERS = 10
MOST_GIT_CALLS = 7

pytestmark = pytest.mark.timeout(300)  # for 100,000 files


def fill(repo: Repo, files: int) -> None:
    """Make two commits with so many files, of which one differs."""
    blob = "M 100644 inline d{}/f{}\ndata 2\n{}\n"
    first = "".join(blob.format(number % FOLDERS, number, 1) for number in range(files))
    begin = "commit refs/heads/main\ncommitter T <t@t> {} +0000\ndata 0\n"
    text = begin.format(1) + "deleteall\n" + first + "\n" + begin.format(2) + blob.format(0, 0, 2)
    argv = ["git", "fast-import", "--quiet", "--force"]
    subprocess.run(argv, cwd=repo.path, env=repo.env, input=text.encode(), check=True)


def events_of_a_move(repo: Repo, report: Path) -> "list[str]":
    """Return the calls of the system that Python tells of, during a move; in a process of their own."""

    def move() -> None:
        seen: list[str] = []

        def note(event: str, args: "tuple[Any, ...]") -> None:
            if event.startswith("os.") or event == "open":
                seen.append(event)

        sys.addaudithook(note)
        with checked_out(repo):
            report.write_text(json.dumps(seen))

    os.waitpid(in_child(move), 0)
    found: list[str] = json.loads(report.read_text())
    return found


def test_s4_a_move_takes_as_many_calls_in_a_large_repository(repo: Repo, tmp_path: Path) -> None:
    found = []
    for name, files in (("small", FOLDERS), ("large", MANY)):
        one = Repo.create(tmp_path / name, repo.env)
        fill(one, files)
        for rev in ("HEAD^", "HEAD", "HEAD^"):
            with checked_out(one, rev):
                pass
        found.append(events_of_a_move(one, tmp_path / "report"))
    small, large = found
    assert len(large) <= len(small) + FOLDERS  # those are searched which have just changed
    assert 0 < large.count("os.posix_spawn") <= MOST_GIT_CALLS
