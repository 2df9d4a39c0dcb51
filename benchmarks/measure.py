"""Contenders timed in turn, A B C, B C A, ..., so that a machine whose speed drifts drifts for all of them."""

import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from kit.repo import Repo

Samples = Mapping[str, Sequence[float]]  # contender -> what it took in each round
JOB = re.compile(r"\bjob-\d+\b")
NOT_RUN = re.compile(r"skip|no matching", re.IGNORECASE)  # what the tools say of a job that does not apply


class NotDoneError(Exception):
    """A contender did not do what it is timed for."""


def ran(output: str) -> set[str]:
    """Return the jobs that a tool reports to have run: all tools print their names or their commands."""
    return {name for line in output.splitlines() if not NOT_RUN.search(line) for name in JOB.findall(line)}


def do_nothing(_: Repo) -> None:
    """Need nothing before a round."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A command in a repository of its own. `scale` makes of its seconds what is shown."""

    name: str
    argv: Sequence[str]
    repo: Repo
    jobs: int = 0  # how many have to run, each called job-N
    scale: float = 1000
    before: Callable[[Repo], None] = do_nothing  # not timed, as is `after`
    after: Callable[[Repo], str] | None = None  # waits for the jobs and returns their report, if the command does not

    def run(self) -> float:
        """Run the command once. Raises NotDoneError."""
        self.before(self.repo)
        with tempfile.TemporaryFile("w+", errors="replace") as file:  # no pipe: nobody has to wake up to read it
            begin = time.perf_counter()
            child = subprocess.Popen(
                self.argv, cwd=self.repo.path, env=self.repo.env, stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
            code = child.wait()
            spent = time.perf_counter() - begin
            file.seek(0)
            output = file.read()
        done = ran(self.after(self.repo) if self.after and code == 0 else output)
        if code or len(done) != self.jobs:
            raise NotDoneError(f"{self.name}: exit code {code}, {len(done)} of {self.jobs} jobs ran\n{output[-2000:]}")
        return spent * self.scale


def measure(groups: Sequence[Sequence[Contender]], rounds: int) -> Samples:
    """Run each contender once untimed, then `rounds` times. A round is run by one of the groups, which take turns."""
    for contender in (one for group in groups for one in group):
        contender.run()
    samples: dict[str, list[float]] = {one.name: [] for one in groups[0]}
    for number in range(rounds):
        group = groups[number % len(groups)]
        first = number % len(group)
        for contender in (*group[first:], *group[:first]):
            samples[contender.name].append(contender.run())
    return samples


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios of each round, in which both had the same machine."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))
