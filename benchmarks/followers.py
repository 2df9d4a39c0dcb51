"""Whether followers cost the jobs anything: the makespan of a background phase with 50 of them, and with none.

    .venv/bin/python benchmarks/followers.py [FOLLOWERS]

Half of the followers do not read what they are given, and stand still at a full pipe.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

import statistics
from datetime import datetime

from kit.repo import Repo, clean_environment

ROUNDS = 5
JOB = "for i in $(seq 60); do echo line $i of a job that says a lot about what it does; sleep 0.02; done"


def makespan(repo: Repo, followers: int) -> float:
    """Seconds from when the jobs may begin to the end of the last one, by the records."""
    before = len(repo.invocations("post-commit"))
    gate = repo.path / "go"
    gate.unlink(missing_ok=True)
    repo.git("commit", "-q", "--allow-empty", "-m", "x")
    invocation = repo.begun("post-commit", before + 1)
    argv = [sys.executable, "-m", "dodo_hooks", "jobs", "logs", "-f", "--all", f"@{invocation.id}"]
    children = [
        subprocess.Popen(
            argv,
            cwd=repo.path,
            env=repo.env,
            stdout=subprocess.PIPE if number % 2 else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for number in range(followers)
    ]
    time.sleep(0.2 * followers)  # until all of them have begun: they start Python, which is what costs
    gate.touch()
    invocation = repo.finished("post-commit", before + 1)
    for child in children:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()
    ends = [datetime.fromisoformat(job.finished_at[:-1]) for job in invocation.jobs()]
    return (max(ends) - datetime.fromisoformat(invocation.job("hold").finished_at[:-1])).total_seconds()


def main() -> None:
    followers = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as folder:
        repo = Repo.create(Path(folder) / "repo", clean_environment(Path(folder), "benchmark"))
        repo.settings(jobs=4)
        jobs = {f"job-{number}": {"run": JOB, "needs": ["hold"]} for number in range(4)}
        repo.hook("post-commit", background=True, hold="until [ -e go ]; do sleep 0.05; done", **jobs)
        spent: dict[int, list[float]] = {followers: [], 0: []}
        for _ in range(ROUNDS):
            for count, seconds in spent.items():
                seconds.append(makespan(repo, count))
        for count, seconds in spent.items():
            print(f"{count:3} followers: the jobs took {statistics.median(seconds):.3f} s")
        print(f"ratio {statistics.median(spent[followers]) / statistics.median(spent[0]):.2f}")


if __name__ == "__main__":
    main()
