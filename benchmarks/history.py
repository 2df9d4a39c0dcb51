"""How much a long history costs: `jobs --last 20` and `jobs cancel`, with 10,000 invocations in the store and with ten.

.venv/bin/python benchmarks/history.py
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

from compare import ratio

from dodo_hooks.core.statuses import COMPLETED, Outcome
from dodo_hooks.store.identity import repository_id
from kit.history import History
from kit.repo import Repo, clean_environment

LONG, SHORT = 10_000, 10


def repository(folder: Path, length: int) -> Repo:
    """Make a repository with so many finished runs of two jobs each, and one that runs."""
    folder.mkdir()
    repo = Repo.create(folder / "repo", clean_environment(folder, "benchmark"))
    history = History(repo.state, repository_id(str(repo.path / ".git")), str(repo.path))
    for _ in range(length):
        history.finished({"deps": Outcome(COMPLETED, exit_code=0), "build": Outcome(COMPLETED, exit_code=0)})
    history.close()
    return repo


def listing(repo: Repo) -> Callable[[], object]:
    return lambda: repo.run("jobs", "--last", "20", check=True)


def cancelling(repo: Repo) -> Callable[[], object]:
    """Cancel what has ended: all that a cancel does but the ending itself."""
    return lambda: repo.run("jobs", "cancel", "deps")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        long, short = (repository(Path(folder) / str(length), length) for length in (LONG, SHORT))
        print(f"with {LONG} invocations against {SHORT}, the whole command")
        print("jobs --last 20 (of ten there are only ten to print)")
        ratio(listing(long), listing(short), 25)
        print("jobs cancel JOB")
        ratio(cancelling(long), cancelling(short), 25)
        size = subprocess.run(["du", "-sh", folder], capture_output=True, text=True, check=True).stdout.split()[0]
        print(f"(the store takes {size})")


if __name__ == "__main__":
    main()
