"""The new commits of a rebase, where each of them must have passed: checked one at a time behind the prompt (V2)."""

import os
import signal
from itertools import pairwise
from pathlib import Path

import pytest

from kit.gate import Gate
from kit.invocation import Invocation
from kit.process import DEADLINE_S, PROC, is_alive, kill, wait_until
from kit.repo import Repo
from kit.results.pushing import UNSEEN, add_remote, commit, push, require, states

BACKENDS = ("--merge", "--apply")
NAMES = ("one", "two", "three")


class Topic:
    """The branch `topic` with three commits, to be rebased onto `main`; its job writes down what it is run on."""

    def __init__(self, repo: Repo, tmp_path: Path) -> None:
        self.repo = repo
        self.gate = Gate(tmp_path / "gate")
        self.seen = tmp_path / "seen"
        self.run = f"git rev-parse HEAD >>{self.seen}; {self.gate.command}"
        add_remote(repo)

    def require(self, *, each: bool = True) -> None:
        require(self.repo, {"each": each}, test=self.run)

    def make(self) -> None:
        commit(self.repo, name="file", is_seen=False)
        self.repo.git("checkout", "-q", "-b", "topic")
        for name in NAMES:
            commit(self.repo, name=name, is_seen=False)
        self.repo.git("checkout", "-q", "main")
        commit(self.repo, name="other", is_seen=False)
        self.repo.git("push", "-q", "--no-verify", "origin", "main")
        self.repo.git("checkout", "-q", "topic")

    def rebase(self, *options: str, env: "dict[str, str] | None" = None) -> list[str]:
        """Rebase it, and return the new commits, the oldest first."""
        self.repo.git("rebase", "-q", *options, "main", env=env)
        return self.commits()

    def reword(self) -> list[str]:
        """Give all commits another message, and return them."""
        editor = {"GIT_SEQUENCE_EDITOR": "sed -i s/^pick/reword/", "GIT_EDITOR": "sed -i 1s/^/re/"}
        self.repo.git("rebase", "-q", "-i", "topic~3", env=editor)
        return self.commits()

    def commits(self) -> list[str]:
        return self.repo.git("rev-list", "--reverse", "-n", "3", "topic").stdout.split()

    def ran(self) -> list[str]:
        """Return what the jobs have written, a line each."""
        return self.seen.read_text().splitlines() if self.seen.exists() else []

    def ended(self, number: int) -> list[Invocation]:
        """Wait until there are so many runs and all have ended, and return them, the oldest first."""
        self.repo.begun("post-commit", number)
        found = self.repo.invocations("post-commit")
        for one in found:
            wait_until(one.has_ended, what=f"the end of {one.id}")
        assert [one.id for one in self.repo.invocations()] == [one.id for one in found]
        return found

    def coordinator(self, run: Invocation) -> int:
        return int(wait_until(lambda: run.record.coordinator, what="the coordinator"))


@pytest.fixture
def topic(repo: Repo, tmp_path: Path) -> Topic:
    return Topic(repo, tmp_path)


@pytest.mark.parametrize("backend", BACKENDS)
def test_v2_a_rebase_has_its_commits_run_one_at_a_time_the_oldest_first(topic: Topic, backend: str) -> None:
    topic.require()
    topic.make()
    commits = topic.rebase(backend)
    for number, _ in enumerate(commits, 1):
        topic.gate.wait()
        assert topic.ran() == commits[:number]
        assert [one.has_ended() for one in topic.repo.invocations()] == [True] * (number - 1) + [False]
        topic.gate.let_one_go()
    runs = topic.ended(3)
    assert [one.record.head for one in runs] == commits
    assert [one.statuses() for one in runs] == [{"test": "completed"}] * 3
    assert all(one.record.finished_at <= other.record.started_at for one, other in pairwise(runs))
    assert push(topic.repo, "topic").stderr == ""


@pytest.mark.parametrize("backend", BACKENDS)
def test_v2_without_each_the_last_commit_of_a_rebase_is_run(topic: Topic, backend: str) -> None:
    topic.require(each=False)
    topic.make()
    topic.gate.open()
    commits = topic.rebase(backend)
    wait_until(topic.ran)
    assert all(wait_until(one.has_ended) for one in topic.repo.invocations())
    assert topic.ran() == commits[-1:]


def test_v2_the_other_jobs_of_the_hook_run_on_the_last_commit_alone(topic: Topic) -> None:
    """A job that another one needs runs there, too, and not again for the same commit."""
    write = f"echo $DODO_JOB $(git rev-parse HEAD) >>{topic.seen}"
    require(
        topic.repo,
        {"each": True},
        build={"run": write},
        test={"run": write, "needs": ["build"]},
        deploy={"run": write, "needs": ["build"]},
    )
    topic.make()
    first, second, last = topic.rebase("--merge")
    wait_until(lambda: {f"test {last}", f"deploy {last}"} <= set(topic.ran()))
    assert all(wait_until(one.has_ended) for one in topic.repo.invocations())
    assert [line for line in topic.ran() if "deploy" in line] == [f"deploy {last}"]
    assert [line for line in topic.ran() if "test" in line] == [f"test {first}", f"test {second}", f"test {last}"]


def test_v2_commits_with_a_verdict_are_not_run_again(topic: Topic) -> None:
    topic.require()
    topic.make()
    topic.gate.open()
    topic.repo.run("checks", "--run", "topic~1", check=True)
    (checked,) = topic.ran()
    first, second, third = topic.reword()
    topic.ended(3)
    assert topic.ran() == [checked, first, third]
    assert checked != second
    topic.reword()
    assert len(topic.repo.invocations()) == 3


@pytest.mark.parametrize("held", [1, 2])
def test_v5_a_second_rebase_meanwhile_runs_nothing_twice(topic: Topic, held: int) -> None:
    """Both series continue, and what both have to run is run by the one that comes to it first."""
    topic.require()
    topic.make()
    before = topic.rebase()
    for _ in range(held - 1):
        topic.gate.wait()
        topic.gate.let_one_go()
    topic.gate.wait()
    after = topic.reword()
    assert not set(before) & set(after)
    topic.gate.open()
    wait_until(lambda: states(topic.repo, "-n", "3", "topic") == ["passed"] * 3, what="a result of each commit")
    for one in topic.repo.invocations():
        wait_until(one.has_ended)
    trees = [topic.repo.git("rev-parse", f"{one}^{{tree}}").stdout for one in topic.ran()]
    assert len(trees) == len(set(trees)) == 3
    assert push(topic.repo, "topic").stderr == ""


def test_v6_a_second_rebase_does_not_end_the_series_of_the_first(topic: Topic) -> None:
    topic.require()
    topic.make()
    before = topic.rebase()
    topic.gate.wait()
    topic.repo.git("checkout", "-q", "main")
    commit(topic.repo, "again", "other", is_seen=False)
    topic.repo.git("checkout", "-q", "topic")
    after = topic.rebase()
    topic.gate.open()
    assert [one.statuses() for one in topic.ended(6)] == [{"test": "completed"}] * 6
    assert sorted(topic.ran()) == sorted((*before, *after))


def test_v2_a_commit_that_has_failed_is_not_run_again(topic: Topic) -> None:
    topic.run += "; exit 1"
    topic.require()
    topic.make()
    topic.gate.open()
    topic.rebase()
    assert [one.statuses() for one in topic.ended(3)] == [{"test": "failed"}] * 3
    topic.reword()
    assert len(topic.repo.invocations()) == 3


def test_v2_an_amended_commit_is_run_once(topic: Topic) -> None:
    topic.require()
    topic.gate.open()
    commit(topic.repo)
    topic.ended(1)
    topic.repo.write("file", "amended\n")
    topic.repo.git("commit", "-q", "-a", "--amend", "-m", "amended")
    topic.ended(2)
    assert topic.ran()[1:] == topic.repo.git("rev-parse", "HEAD").stdout.split()


def test_v2_commits_that_are_squashed_are_run_as_one(topic: Topic) -> None:
    topic.require()
    topic.make()
    topic.gate.open()
    editor = {"GIT_SEQUENCE_EDITOR": "sed -i '2s/^pick/squash/'", "GIT_EDITOR": "true"}
    topic.rebase("-i", env=editor)
    topic.ended(2)
    assert topic.ran() == topic.commits()[1:]


def test_v5_a_push_meanwhile_waits_for_what_is_running_and_nothing_runs_twice(topic: Topic) -> None:
    topic.require()
    topic.make()
    commits = topic.rebase()
    topic.gate.wait()
    pushing = topic.repo.start("git", "push", "-q", "origin", "topic:topic")
    assert pushing.stderr is not None
    assert f"waiting for post-commit:test on {commits[0][:12]}".encode() in pushing.stderr.readline()
    topic.gate.open()
    pushing.communicate(timeout=DEADLINE_S)
    assert pushing.returncode == 0
    for one in topic.repo.invocations():
        wait_until(one.has_ended)
    assert sorted(topic.ran()) == sorted(commits)


def test_r20_after_a_kill_of_their_process_the_other_commits_have_no_run(topic: Topic) -> None:
    topic.require()
    topic.make()
    commits = topic.rebase()
    job = topic.gate.wait()
    topic.gate.let_one_go()
    wait_until(lambda: not is_alive(job))
    job = topic.gate.wait()
    first, second = topic.repo.invocations()
    kill(topic.coordinator(second))
    wait_until(lambda: not is_alive(job), what="the end of the job")
    # A reader closes the record, once the wave is gone, too.
    wait_until(lambda: topic.repo.run("jobs", check=True) and second.job("test").status != "running")
    assert [first.statuses(), second.statuses()] == [{"test": "completed"}, {"test": "crashed"}]
    assert topic.ran() == commits[:2]
    topic.gate.open()
    assert push(topic.repo, "topic").returncode == 0
    assert topic.ran() == [commits[0], commits[1], commits[1], commits[2]]


@pytest.mark.parametrize("how", ["cancel", "signal"])
def test_v2_who_ends_the_run_of_one_commit_ends_the_others(topic: Topic, how: str) -> None:
    topic.require()
    topic.make()
    topic.rebase()
    topic.gate.wait()
    (run,) = topic.repo.invocations()
    coordinator = topic.coordinator(run)
    if how == "cancel":
        topic.repo.run("jobs", "cancel", "test", check=True)
    else:
        os.kill(coordinator, signal.SIGTERM)
    wait_until(lambda: not is_alive(coordinator))
    assert [one.statuses() for one in topic.ended(1)] == [{"test": "cancelled"}]


@pytest.mark.parametrize(("by_job", "status"), [(False, "cancelled"), (True, "completed")])
def test_g2_a_removed_worktree_ends_the_runs_of_its_commits(topic: Topic, by_job: bool, status: str) -> None:
    linked = topic.repo.path.parent / "linked"
    topic.run += f"; rm -r {linked}" if by_job else ""
    topic.require()
    topic.make()
    topic.repo.git("checkout", "-q", "main")
    topic.repo.git("worktree", "add", "-q", str(linked), "topic", env=UNSEEN)
    topic.repo.git("-C", str(linked), "rebase", "-q", "main")
    topic.gate.wait()
    (run,) = topic.repo.invocations()
    coordinator = topic.coordinator(run)
    if by_job:
        topic.gate.open()
    else:
        topic.repo.git("worktree", "remove", str(linked))
    wait_until(lambda: not is_alive(coordinator))
    assert [one.statuses() for one in topic.ended(1)] == [{"test": status}]


@pytest.mark.parametrize("variable", [{"CI": "1"}, {"DODO_HOOKS_PHASE": "foreground"}])
def test_r10_attached_the_rebase_waits_for_all_of_its_commits(topic: Topic, variable: "dict[str, str]") -> None:
    topic.require()
    topic.make()
    topic.gate.open()
    commits = topic.rebase(env=variable)
    assert topic.ran() == commits
    assert all(one.has_ended() for one in topic.repo.invocations())


def test_r12_a_rebase_inside_of_a_job_runs_nothing_behind_it(topic: Topic) -> None:
    topic.require()
    topic.repo.hook("post-checkout", rebase='test -z "$REBASE" || env -u REBASE git rebase -q main')
    topic.repo.git("add", "hooks.dodo")
    topic.make()
    topic.repo.git("checkout", "-q", "topic", "--", env={"REBASE": "1"})
    (run,) = topic.repo.invocations("post-commit")
    assert run.job("test").cause == "nested"
    assert topic.ran() == []


@pytest.mark.skipif(not PROC.exists(), reason="the system does not list what a process has open")
def test_r10_one_process_runs_all_commits_and_watches_each_run_as_long_as_it_lasts(topic: Topic) -> None:
    topic.require()
    topic.make()
    topic.rebase()
    seen = set()
    for number in range(1, 4):
        topic.gate.wait()
        run = topic.repo.begun("post-commit", number)
        directories = wait_until_watched(topic.coordinator(run), run)
        assert len(directories) == len(set(directories))
        seen.add(run.record.coordinator)
        topic.gate.let_one_go()
    topic.ended(3)
    assert len(seen) == 1


def wait_until_watched(pid: int, run: Invocation) -> list[str]:
    """Wait until the coordinator is notified of changes of the log, and return the directories that it has open."""

    def directories() -> list[str]:
        found = [os.readlink(one) for one in Path(f"/proc/{pid}/fd").iterdir()]
        return [one for one in found if os.path.isdir(one)]

    wait_until(lambda: str(run.job("test").path.parent) in directories(), what="the watch of the log")
    return directories()
