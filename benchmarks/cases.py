"""The measured cases, the tools to compare with, and the aims."""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from typing import TypeAlias

from benchmarks.measure import Contender, do_nothing
from benchmarks.tools import OURS, PYTHON, Job, Tool, Work
from dodo_hooks.core.statuses import COMPLETED, Outcome
from dodo_hooks.snapshots.checkout import prepare
from dodo_hooks.snapshots.note import note_ended
from dodo_hooks.store.identity import repository_id
from kit.history import History
from kit.repo import Repo, clean_environment
from kit.results.snapshots import JOB, origin_of, take, target_of

Groups: TypeAlias = Sequence[Sequence[Contender]]
HOOK_MANAGERS = ("lefthook", "prek", PYTHON)
BUILD_TOOLS = ("make", "ninja", "doit")
GIT_STATUS = "git status"
WITH_START = "git status, and a hook with nothing to do"  # what is over that is not the check of the inputs
GIT_SWITCH = "git switch"
IN_WORKTREE = "the same job in the working tree"
IN_PRE_PUSH = "the same job in pre-push"
COMMIT = ("git", "commit", "-q", "-m", "work")
BARE = Work(())


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A directory for repositories, and the tools to put into them."""

    folder: Path
    tools: Mapping[str, Tool]
    is_quick: bool = False

    def repo(self, name: str) -> Repo:
        """Make a repository that has its HOME, and with it its records, for itself."""
        home = self.folder / name
        home.mkdir()
        env = clean_environment(home, "benchmark")
        del env["PYTHONPATH"]  # it names the checkout
        return Repo.create(home / "repo", env)

    def contender(
        self,
        tool: str,
        work: Work,
        argv: Sequence[str] = (),
        *,
        jobs: int | None = None,
        scale: float = 1000,
        before: Callable[[Repo], None] = do_nothing,
    ) -> Contender:
        """Let the tool do the work: by its own command, or by this one."""
        repo = self.repo(f"{tool.replace(' ', '-')}-{sum(1 for _ in self.folder.iterdir())}")
        self.tools[tool].install(repo, work)
        expected = 0 if tool == PYTHON else len(work.jobs) if jobs is None else jobs
        argv = argv or self.tools[tool].argv(work)
        return Contender(tool, argv, repo, expected, scale, before, self._wait if work.is_background else None)

    def _wait(self, repo: Repo) -> str:
        """Wait for the end of background jobs, and return the report about the newest run."""
        program = self.tools[OURS].program
        if not (repo.path / "hooks.dodo").exists():
            return ""
        repo.call(program, "wait", check=True)
        rows = repo.call(program, "jobs", "--last", "1", "--format", "tsv", check=True).stdout.splitlines()
        return "\n".join(row for row in rows if COMPLETED in row)


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    title: str
    make: Callable[[Sandbox, Sequence[str]], Groups]  # for these tools, those that are there
    against: tuple[str, ...]
    aims: Mapping[str, float]  # our time over theirs
    aim: float = 0  # of ours alone, in the case's unit
    unit: str = "ms"
    rounds: int = 21
    quick_rounds: int = 3


def trues(count: int, glob: str = "", takes_files: bool = False) -> list[Job]:
    return [Job(f"job-{n}", f"true job-{n}", glob=glob, takes_files=takes_files) for n in range(count)]


def stage_a_file(repo: Repo) -> None:
    """Change a file and stage it. lefthook does nothing at all where nothing is staged."""
    repo.write("staged.txt", str(time.monotonic_ns()))
    repo.git("add", "staged.txt")


def stage_a_part(repo: Repo) -> None:
    """Stage a change of a file, and change the file once more."""
    stage_a_file(repo)
    repo.write("staged.txt", "not staged")


def change_hook_file(repo: Repo) -> None:
    """Make the compiled plan useless."""
    repo.write("hooks.dodo", f"{repo.read('hooks.dodo')}\n")


def commit(
    work: Work, jobs: int | None = None, before: Callable[[Repo], None] = stage_a_file
) -> Callable[[Sandbox, Sequence[str]], Groups]:
    def make(sandbox: Sandbox, tools: Sequence[str]) -> Groups:
        return [[sandbox.contender(tool, work, COMMIT, jobs=jobs, before=before) for tool in tools]]

    return make


def run_nothing(sandbox: Sandbox, tools: Sequence[str]) -> Groups:
    work = Work(trues(1, "*.py"))
    contenders = [sandbox.contender(tool, work, jobs=0) for tool in tools]
    for one in contenders:
        stage_a_file(one.repo)
    return [contenders]


def run_many_files(sandbox: Sandbox, tools: Sequence[str]) -> Groups:
    contenders = [sandbox.contender(tool, Work(trues(1, "*.txt", takes_files=True))) for tool in tools]
    for one in contenders:
        for number in range(10_000):
            one.repo.write(f"{number}.txt", str(number))
        one.repo.git("add", ".")
    return [contenders]


def run_up_to_date(sandbox: Sandbox, tools: Sequence[str]) -> Groups:
    """Return a hook whose job depends on all files of a large repository, and git in the same repository."""
    ours = sandbox.contender(OURS, Work(trues(1), "pre-push"), ["sh", "-c", "exec .git/hooks/pre-push"], jobs=0)
    repo = ours.repo
    hooks = "pre-push: {jobs: [{name: job-0, run: 'true', inputs: ['**']}]}, pre-rebase: {jobs: [{name: job-0, run: x, "
    repo.write("hooks.dodo", f"hooks: {{{hooks}skip: true}}]}}}}\n")
    repo.call(sandbox.tools[OURS].program, "install", check=True)
    for number in range(1_000 if sandbox.is_quick else 100_000):
        repo.write(f"d{number % 100}/e{number % 2_000}/{number}.txt", str(number))
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "files")
    repo.git("status")  # which writes the stat of the files into the index
    repo.call(*ours.argv, check=True)
    with_start = ("sh", "-c", "git status && exec .git/hooks/pre-rebase")
    return [[ours, Contender(GIT_STATUS, ("git", "status"), repo), Contender(WITH_START, with_start, repo)]]


def dispatch_snapshot(sandbox: Sandbox, tools: Sequence[str]) -> Groups:
    """Return commits with a background job, in a snapshot and in the working tree."""
    work = Work(trues(1), "post-commit", is_background=True)
    in_snapshot, in_worktree = (sandbox.contender(OURS, work, COMMIT, before=stage_a_file) for _ in range(2))
    file = in_snapshot.repo.read("hooks.dodo").replace("background: true", "background: true\n    workspace: snapshot")
    in_snapshot.repo.write("hooks.dodo", file)
    return [[in_snapshot, replace(in_worktree, name=IN_WORKTREE)]]


@dataclass(frozen=True, slots=True)
class Move(Contender):
    """The move of a snapshot to the commit that it does not hold, as it precedes a job's command."""

    revisions: Iterator[str] = field(default_factory=lambda: cycle(("HEAD^", "HEAD")))

    def run(self) -> float:
        """Move the snapshot once. Raises CheckoutError."""
        target, origin, snapshot = target_of(self.repo, next(self.revisions)), origin_of(self.repo), take(self.repo)
        time.sleep(1.1)  # else the move waits for the next second (S4)
        begin = time.perf_counter()
        prepare(snapshot, origin, target, JOB, shares=(), clean=False, may_fetch=False)
        spent = time.perf_counter() - begin
        note_ended(snapshot.paths, JOB, True)
        os.close(snapshot.lock)
        return spent * self.scale


def move_snapshot(sandbox: Sandbox, tools: Sequence[str]) -> Groups:
    """Return a snapshot and a worktree that change between two commits, of which ten files differ."""
    ours, theirs = sandbox.repo("snapshot"), sandbox.repo("switch")
    for repo in (ours, theirs):
        for number in range(1_000 if sandbox.is_quick else 10_000):
            repo.write(f"d{number % 100}/{number}.txt", str(number))
        repo.git("add", ".")
        repo.git("commit", "-q", "-m", "files")
        for number in range(10):
            repo.write(f"d{number}/{number}.txt", "changed")
        repo.git("commit", "-q", "-a", "-m", "ten of them")
    theirs.git("checkout", "-q", "--detach", "HEAD^")
    back = ("git", "switch", "-q", "--detach", "-")  # to the commit before
    return [[Move(OURS, (), ours), Contender(GIT_SWITCH, back, theirs)]]


def push_after_a_while(sandbox: Sandbox, tools: Sequence[str]) -> Groups:
    """Return pushes half a second after the commit, whose job takes one: begun by the commit, and by the push."""

    def contender(hooks: str) -> Contender:
        begun = sandbox.contender(OURS, BARE, ("git", "push", "-q", "origin", "HEAD"), jobs=1, before=commit_and_edit)
        begun.repo.git("init", "-q", "--bare", "../remote.git")
        begun.repo.git("remote", "add", "origin", "../remote.git")
        begun.repo.write("hooks.dodo", f"hooks: {{{hooks}}}\n")
        begun.repo.call(sandbox.tools[OURS].program, "install", check=True)
        return begun

    job = "{name: job-0, run: sleep 1}"
    behind = f"post-commit: {{background: true, workspace: snapshot, jobs: [{job}]}}, "
    gated = contender(behind + "pre-push: {requires: [post-commit:job-0]}")
    return [[gated, replace(contender(f"pre-push: {{jobs: [{job}]}}"), name=IN_PRE_PUSH)]]


def commit_and_edit(repo: Repo) -> None:
    """Commit a change, and work on for half a second."""
    stage_a_file(repo)
    repo.git("commit", "-q", "-m", "work")
    time.sleep(0.5)


def thousand_jobs(sandbox: Sandbox, tools: Sequence[str]) -> Groups:
    work = Work(trues(1000), hook="", slots=2)
    return [[sandbox.contender(tool, work, scale=1) for tool in tools]]  # seconds for 1,000 are ms for one


def random_graphs(sandbox: Sandbox, tools: Sequence[str]) -> Groups:
    """Return a group for each graph, whose times are over what the graph takes at the very least."""
    groups: list[list[Contender]] = []
    for seed in range(3 if sandbox.is_quick else 20):
        jobs, shortest_s = random_graph(random.Random(seed), slots=8)
        work = Work(jobs, hook="", slots=8)
        groups.append([sandbox.contender(tool, work, scale=1 / shortest_s) for tool in tools])
    return groups


def random_graph(draw: random.Random, slots: int) -> tuple[list[Job], float]:
    """Return 40 jobs that need up to three earlier ones, and the seconds below which no schedule can come."""
    jobs: list[Job] = []
    ends: list[float] = []  # of each job, with as many slots as there are jobs
    total = 0.0
    for number in range(40):
        needs = sorted(draw.sample(range(number), min(number, draw.choice((0, 0, 1, 1, 2, 3)))))
        spent = draw.randint(5, 30) / 100
        total += spent
        ends.append(max((ends[need] for need in needs), default=0.0) + spent)
        command = f": job-{number}; sleep {spent}"
        jobs.append(Job(f"job-{number}", command, tuple(f"job-{need}" for need in needs)))
    return jobs, max(*ends, total / slots)


PACKAGES = 21
OF_LARGEST = 5_000  # files in the output of the first package


def packages(before: Callable[[Repo], None]) -> Callable[[Sandbox, Sequence[str]], Groups]:
    """Return a case in which packages with cached outputs are built; the last needs the others."""

    def make(sandbox: Sandbox, tools: Sequence[str]) -> Groups:
        jobs = []
        for number in range(PACKAGES):
            count = OF_LARGEST if not number else 5
            command = f"rm -rf dist; mkdir dist; cp src/* dist; cd dist; seq {count * 200} | split -l 200 -a 4"
            needs = tuple(f"job-{one}" for one in range(PACKAGES - 1)) if number == PACKAGES - 1 else ()
            jobs.append(Job(f"job-{number}", command, needs, root=f"packages/job-{number}", output="dist"))
        work = Work(jobs, hook="")
        contenders = [sandbox.contender(tool, work, before=before) for tool in tools]
        for one in contenders:
            one.repo.write(".gitignore", "dist/\n.turbo/\n")
            for job in jobs:
                one.repo.write(f"{job.root}/src/source", job.name)
            one.repo.git("add", ".")
            one.repo.git("commit", "-q", "-m", "packages")
        return [contenders]

    return make


def remove_outputs(repo: Repo) -> None:
    for path in repo.path.glob("packages/*/dist"):
        shutil.rmtree(path)


def list_history(sandbox: Sandbox, tools: Sequence[str]) -> Groups:
    ours = sandbox.contender(OURS, BARE, [sandbox.tools[OURS].program, "jobs"])
    history = History(ours.repo.state, repository_id(str(ours.repo.path / ".git")), str(ours.repo.path))
    for _ in range(500 if sandbox.is_quick else 10_000):
        history.finished({"deps": Outcome(COMPLETED, exit_code=0), "build": Outcome(COMPLETED, exit_code=0)})
    history.close()
    return [[ours, *(sandbox.contender(tool, BARE) for tool in tools if tool != OURS)]]


def read_hook_file(sandbox: Sandbox, tools: Sequence[str]) -> Groups:
    """Read a file with what most jobs have: a name, a glob, a placeholder and, each other one, a need."""
    jobs = [
        Job(f"job-{n}", "ruff check", (f"job-{n - 1}",) * (n % 2), glob="*.py", takes_files=True) for n in range(2500)
    ]
    validate = [sandbox.tools[OURS].program, "validate"]
    return [[sandbox.contender(OURS, Work(jobs), validate, jobs=0, before=change_hook_file)]]


CASES = (
    Case(
        "commit-nothing",
        "`git commit`, no file matches",
        commit(Work(trues(1, "*.py")), jobs=0),
        HOOK_MANAGERS,
        {"lefthook": 0.85, PYTHON: 1.15},
    ),
    Case("commit-2", "`git commit`, 2 x `true`", commit(Work(trues(2))), HOOK_MANAGERS, {"lefthook": 0.95}),
    Case(
        "commit-unstaged",
        "the same with unstaged changes in the staged file",
        commit(Work(trues(2)), before=stage_a_part),
        ("lefthook", "prek"),
        {},
    ),
    Case("commit-50", "`git commit`, 50 x `true`", commit(Work(trues(50))), HOOK_MANAGERS, {"lefthook": 0.95}),
    Case(
        "commit-50-slots",
        "the same with 50 slots, since lefthook has no limit",
        commit(Work(trues(50), slots=50)),
        ("lefthook",),
        {"lefthook": 0.95},
    ),
    Case(
        "background-1",
        "`git commit` with 1 background job",
        commit(Work(trues(1), "post-commit", is_background=True)),
        (PYTHON,),
        {PYTHON: 1.10},
    ),
    Case(
        "background-20",
        "`git commit` with 20 background jobs",
        commit(Work(trues(20), "post-commit", is_background=True)),
        (PYTHON,),
        {PYTHON: 1.15},
    ),
    Case("run-nothing", "`dodo-hooks run`, nothing to do", run_nothing, HOOK_MANAGERS, {"lefthook": 1.5}),
    Case("run-files", "`dodo-hooks run`, 10,000 staged files", run_many_files, ("lefthook", "prek"), {"lefthook": 1.1}),
    Case(
        "up-to-date",
        "a hook of 100,000 inputs, up to date",
        run_up_to_date,
        (),
        {WITH_START: 1.0},
        rounds=15,
    ),
    Case(
        "snapshot",
        "`git commit` with 1 background job in a snapshot",
        dispatch_snapshot,
        (),
        {IN_WORKTREE: 1.1},
    ),
    Case(
        "move",
        "a snapshot of 10,000 files moves to a commit with 10 others",
        move_snapshot,
        (),
        {GIT_SWITCH: 2.0},
    ),
    Case(
        "push",
        "`git push` 0.5 s after a commit that takes 1 s to test",
        push_after_a_while,
        (),
        {IN_PRE_PUSH: 0.6},
        rounds=7,
    ),
    Case("thousand", "1,000 x `true`, 2 slots, per job", thousand_jobs, BUILD_TOOLS, {"make": 1.5}, rounds=7),
    Case(
        "makespan",
        "time over lower bound, 20 random graphs, 8 slots",
        random_graphs,
        BUILD_TOOLS,
        {"make": 1.03},
        unit="",
        rounds=20,
    ),
    Case(
        "restore",
        f"{PACKAGES} packages, one with 5,000 files, restored from the cache",
        packages(remove_outputs),
        ("turbo",),
        {"turbo": 1.0},
        rounds=15,
    ),
    Case("packages", "the same, all up to date", packages(do_nothing), ("turbo",), {"turbo": 1.0}, rounds=15),
    Case("jobs", "`dodo-hooks jobs`, a history of 10,000 runs", list_history, (PYTHON,), {}, aim=25),
    Case("read", "`dodo-hooks validate`, 2,500 jobs", read_hook_file, (), {}, aim=300, rounds=7),
)
