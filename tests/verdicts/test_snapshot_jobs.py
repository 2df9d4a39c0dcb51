"""Jobs that run in a snapshot: what they see, whose way they are out of, and how often they run (S1, S5, V5, V6)."""

import os
import signal
from pathlib import Path

import pytest

from kit.gate import Gate
from kit.invocation import Invocation
from kit.process import wait_until
from kit.repo import Repo
from kit.results.pushing import SNAPSHOT, add_remote, commit, require


def test_s1_a_job_sees_its_commit_whatever_happens_to_the_tree(repo: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    show = 'cat file; git status --porcelain; git rev-parse HEAD; echo "$DODO_COMMIT $DODO_WORKTREE"; pwd'
    repo.hook("post-commit", background=True, test={"run": f"{gate.command}; {show}", **SNAPSHOT})
    repo.git("commit", "-q", "--allow-empty", "-m", "hooks", env={"DODO_HOOKS": "0"})
    head = commit(repo, "one")
    gate.wait()
    repo.write("file", "edited\n")
    repo.git("checkout", "-q", "-f", "-b", "other", "HEAD^")
    before = repo.git("status", "--porcelain").stdout
    gate.open()
    invocation = repo.finished("post-commit")
    content, commit_id, named, place = invocation.log("test").decode().split("\n")[:4]
    assert (content, commit_id) == ("one", head)
    assert named == f"{head} {place}"
    assert not place.startswith(str(repo.path))
    assert "while it ran" not in repo.run("jobs").stdout
    assert invocation.record.head == head
    assert invocation.record.tree == repo.git("rev-parse", f"{head}^{{tree}}").stdout.strip()
    assert repo.git("status", "--porcelain").stdout == before


def test_s1_before_a_commit_the_job_sees_the_index_and_nothing_is_hidden(repo: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    repo.hook("pre-commit", test={"run": f"{gate.command}; cat file", **SNAPSHOT})
    repo.git("commit", "-q", "--allow-empty", "-m", "hooks", env={"DODO_HOOKS": "0"})
    repo.write("file", "staged\n")
    repo.git("add", "file")
    repo.write("file", "unstaged\n")
    git = repo.start("git", "commit", "-q", "-m", "staged")
    gate.wait()
    assert repo.read("file") == "unstaged\n"
    gate.open()
    git.communicate(timeout=20)
    assert git.returncode == 0
    assert repo.finished("pre-commit").log("test") == b"staged\n"
    assert repo.git("show", "HEAD:file").stdout == "staged\n"


def test_s5_jobs_joined_by_needs_share_a_snapshot_and_others_do_not(repo: Repo) -> None:
    show = 'echo "$DODO_WORKTREE"'
    repo.hook(
        "post-commit",
        background=True,
        build={"run": f"{show}; echo built >product", **SNAPSHOT},
        test={"run": f"{show}; cat product", "needs": ["build"], **SNAPSHOT},
        other={"run": f"{show}; test ! -e product", **SNAPSHOT},
    )
    repo.settings(jobs=3)
    commit(repo, "one")
    invocation = repo.finished("post-commit")
    assert invocation.statuses() == {"build": "completed", "test": "completed", "other": "completed"}
    build, test, other = (invocation.log(name).decode().split("\n")[0] for name in ("build", "test", "other"))
    assert build == test != other


def test_s5_at_one_slot_there_is_one_snapshot_for_all(repo: Repo) -> None:
    jobs = {f"job{n}": {"run": 'echo "$DODO_WORKTREE"', **SNAPSHOT} for n in range(4)}
    repo.hook("post-commit", background=True, **jobs)
    repo.settings(jobs=1)
    commit(repo, "one")
    invocation = repo.finished("post-commit")
    assert set(invocation.statuses().values()) == {"completed"}
    assert len({invocation.log(name) for name in jobs}) == 1


def test_s5_what_a_job_leaves_behind_ends_with_it(repo: Repo, tmp_path: Path) -> None:
    left = tmp_path / "left"
    run = f"sleep 1000 & setsid sh -c 'echo $$ >{left}; exec sleep 1000' & while [ ! -s {left} ]; do sleep 0.01; done"
    repo.hook("post-commit", background=True, test={"run": run, **SNAPSHOT})
    repo.settings(grace_period="100ms")
    commit(repo, "one")
    assert repo.finished("post-commit").statuses() == {"test": "completed"}
    wait_until(lambda: not Path(f"/proc/{left.read_text().strip()}").exists())


@pytest.mark.parametrize("command", ["ln -s /etc/passwd", "mkdir", "mkfifo"])
def test_s4_a_job_can_put_nothing_in_the_place_of_a_lock(repo: Repo, command: str) -> None:
    run = f'cd "$DODO_GIT_DIR/.."; rm -r turn; {command} turn'
    repo.hook("post-commit", background=True, test={"run": run, **SNAPSHOT})
    repo.settings(jobs=1)
    for number in (1, 2):
        commit(repo, f"{number}")
        assert repo.finished("post-commit", number).statuses() == {"test": "completed"}


def test_s2_snapshots_may_lie_behind_a_link(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (repo.path / ".git/dodo-hooks").mkdir()
    (repo.path / ".git/dodo-hooks/snapshots").symlink_to(tmp_path / "elsewhere")
    repo.hook("post-commit", background=True, test={"run": "cat file", **SNAPSHOT})
    commit(repo, "one")
    assert repo.finished("post-commit").statuses() == {"test": "completed"}
    assert "1  " in repo.run("snapshots").stdout


def test_s4_a_checkout_that_fails_is_no_verdict(repo: Repo) -> None:
    repo.hook(
        "post-commit", background=True, test={"run": "true", **SNAPSHOT}, after={"run": "true", "needs": ["test"]}
    )
    repo.write(".gitattributes", "file filter=broken\n")
    repo.git("config", "filter.broken.clean", "cat")
    repo.git("config", "filter.broken.smudge", "false")
    repo.git("config", "filter.broken.required", "true")
    repo.git("add", ".gitattributes")
    commit(repo, "one")
    invocation = repo.finished("post-commit")
    assert invocation.statuses() == {"test": "crashed", "after": "skipped"}
    assert invocation.job("test").cause == "checkout"
    repo.git("config", "filter.broken.smudge", "cat")
    repo.run("run", "post-commit", "--job", "test", check=True)
    assert repo.finished("post-commit", 2).job("test").status == "completed"


def test_v5_two_runs_of_one_key_are_one(repo: Repo, tmp_path: Path) -> None:
    gate, counter = Gate(tmp_path / "gate"), tmp_path / "counter"
    repo.hook("post-commit", background=True, test={"run": f"echo x >>{counter}; {gate.command}", **SNAPSHOT})
    commit(repo, "one")
    gate.wait()
    repo.git("commit", "-q", "--amend", "-m", "reworded")
    second = repo.begun("post-commit", 2)
    gate.open()
    wait_until(second.has_ended)
    assert second.statuses() == {"test": "up-to-date"}
    assert repo.invocations("post-commit")[0].statuses() == {"test": "completed"}
    assert counter.read_text() == "x\n"


def reworded_meanwhile(repo: Repo, gate: Gate) -> Invocation:
    """Reword the commit while its run is held at the gate; return the ended run of the new one, which waited for it."""
    gate.wait()
    repo.git("commit", "-q", "--amend", "-m", "reworded")
    second = repo.begun("post-commit", 2)
    wait_until(lambda: second.job("mark").status == "completed", what="the turn of the jobs that come before")
    gate.open()
    wait_until(second.has_ended)
    return second


@pytest.mark.parametrize("needs", [[], ["build"]])
def test_v5_who_has_waited_for_a_run_that_fails_has_its_result(repo: Repo, tmp_path: Path, needs: "list[str]") -> None:
    gate, counter = Gate(tmp_path / "gate"), tmp_path / "counter"
    run = f"echo test >>{counter}; {gate.command}; exit 1"
    build = {"build": {"run": "true", **SNAPSHOT}} if needs else {}
    repo.hook("post-commit", background=True, **build, test={"run": run, "needs": needs, **SNAPSHOT}, mark="true")
    repo.settings(jobs=2)
    commit(repo, "one")
    second = reworded_meanwhile(repo, gate)
    assert second.statuses() == {**dict.fromkeys(needs, "up-to-date"), "test": "failed", "mark": "completed"}
    assert counter.read_text() == "test\n"
    assert f"failed in run {repo.invocations('post-commit')[0].id}" in (second.job("test").reason or "")
    repo.git("commit", "-q", "--amend", "-m", "once more")  # nothing runs now, so it waits for nobody
    assert repo.finished("post-commit", 3).job("test").status == "failed"
    assert counter.read_text() == "test\ntest\n"


def test_v6_a_new_commit_supersedes_the_run_of_the_older_one(repo: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    repo.hook("post-commit", background=True, test={"run": f"{gate.command}; cat file", **SNAPSHOT})
    repo.settings(grace_period="100ms")
    commit(repo, "one")
    gate.wait()
    commit(repo, "two")
    first = repo.invocations("post-commit")[0]
    wait_until(first.has_ended)
    assert first.job("test").status == "cancelled"
    assert "superseded by" in first.job("test").reason
    gate.wait()
    gate.open()
    assert repo.finished("post-commit", 2).log("test") == b"two\n"


def test_v6_a_run_that_cannot_be_noted_as_the_newest_runs_all_the_same(repo: Repo) -> None:
    repo.hook("post-commit", background=True, test={"run": "cat file", **SNAPSHOT})
    commit(repo, "one")
    repo.finished("post-commit")
    (newest,) = repo.state.glob("**/*.newest")
    newest.unlink()
    newest.mkdir()
    commit(repo, "two")
    assert repo.finished("post-commit", 2).log("test") == b"two\n"


def test_v6_an_older_run_that_somebody_waits_for_is_left_alone(repo: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    add_remote(repo)
    require(repo, test=f"{gate.command}; cat file")
    repo.settings(jobs=2)
    commit(repo, "one")
    gate.wait()
    push = repo.start("git", "push", "-q", "origin", "main")
    assert push.stderr is not None
    push.stderr.readline()
    commit(repo, "two")
    gate.wait()
    gate.open()
    push.communicate(timeout=20)
    assert push.returncode == 0
    assert [one.statuses() for one in finished(repo, "post-commit", 2)] == [
        {"test": "completed"},
        {"test": "completed"},
    ]


def finished(repo: Repo, hook: str, n: int) -> list[Invocation]:
    repo.finished(hook, n)
    found = repo.invocations(hook)
    for one in found:
        wait_until(one.has_ended)
    return found


def test_v6_twenty_commits_in_a_row_end_with_the_last_one_checked(repo: Repo) -> None:
    repo.hook("post-commit", background=True, test={"run": "sleep 0.3; cat file", **SNAPSHOT})
    repo.settings(grace_period="100ms", jobs=1)
    for number in range(20):
        commit(repo, f"{number}")
    last = finished(repo, "post-commit", 20)[-1]
    assert last.statuses() == {"test": "completed"}
    assert last.log("test") == b"19\n"


@pytest.mark.parametrize("who", ["job", "wave", "coordinator"])
def test_r20_after_a_kill_the_record_is_true_and_the_next_run_works(repo: Repo, tmp_path: Path, who: str) -> None:
    gate = Gate(tmp_path / "gate")
    repo.hook("post-commit", background=True, test={"run": f"{gate.command}; cat file", **SNAPSHOT})
    repo.settings(grace_period="100ms")
    commit(repo, "one")
    job = gate.wait()
    invocation = repo.begun("post-commit")
    wait_until(lambda: invocation.job("test").status == "running")
    pid = {"job": job, "wave": invocation.job("test").wave, "coordinator": invocation.record.coordinator}[who]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{job}").exists())
    wait_until(lambda: repo.run("jobs", check=True) and invocation.has_ended())
    assert invocation.job("test").status == ("failed" if who == "job" else "crashed")
    commit(repo, "two")
    gate.wait()
    gate.open()
    assert repo.finished("post-commit", 2).log("test") == b"two\n"


def test_v1_a_retry_runs_on_the_commit_that_the_run_was_about(repo: Repo) -> None:
    repo.hook("post-commit", background=True, test={"run": "cat file; test ! -e $DODO_MAIN_WORKTREE/../no", **SNAPSHOT})
    (repo.path.parent / "no").touch()
    first = commit(repo, "one")
    assert repo.finished("post-commit").statuses() == {"test": "failed"}
    commit(repo, "two")
    repo.finished("post-commit", 2)
    (repo.path.parent / "no").unlink()
    repo.run("retry", f"@{repo.invocations('post-commit')[0].id}", check=True)
    again = repo.finished("post-commit", 3)
    assert again.record.head == first
    assert again.log("test") == b"one\n"
    repo.git("reset", "-q", "--hard", first)
    done = repo.run("run", "post-commit", check=True)
    assert "passed since" in done.stdout + done.stderr


def test_v5_two_runs_of_a_chain_are_one(repo: Repo, tmp_path: Path) -> None:
    gate, counter = Gate(tmp_path / "gate"), tmp_path / "counter"
    repo.hook(
        "post-commit",
        background=True,
        build={"run": f"echo build >>{counter}", **SNAPSHOT},
        test={"run": f"echo test >>{counter}; {gate.command}", "needs": ["build"], **SNAPSHOT},
        mark="true",
    )
    repo.settings(jobs=2)
    commit(repo, "one")
    second = reworded_meanwhile(repo, gate)
    assert second.statuses() == {"build": "up-to-date", "test": "up-to-date", "mark": "completed"}
    assert counter.read_text() == "build\ntest\n"


def test_v5_a_run_whose_job_waits_for_its_group_is_joined(repo: Repo, gate: Gate, tmp_path: Path) -> None:
    counter, held = tmp_path / "counter", {"concurrency": "database"}
    repo.hook("post-checkout", background=True, other={"run": gate.command, **held})
    test = {"run": f"echo test >>{counter}", "needs": ["build"], **held, **SNAPSHOT}
    repo.hook("post-commit", background=True, build={"run": f"echo build >>{counter}", **SNAPSHOT}, test=test)
    repo.hook("post-commit", mark="true")
    repo.settings(jobs=2)
    repo.git("checkout", "-q", "-b", "other")
    gate.wait()
    commit(repo, "one")
    first = repo.begun("post-commit")
    first.wait_for_status("build", "completed")
    repo.git("commit", "-q", "--amend", "-m", "reworded")
    second = repo.begun("post-commit", 2)
    second.wait_for_status("mark", "completed")  # the turn of the jobs that come before
    gate.open()
    for one in (first, second):
        wait_until(one.has_ended)
    assert second.statuses() == {"build": "up-to-date", "test": "up-to-date", "mark": "completed"}
    assert counter.read_text() == "build\ntest\n"


def test_v1_long_chains_and_layers_that_all_need_each_other_have_keys(repo: Repo) -> None:
    chain = {f"c{n}": {"run": "true", "needs": [f"c{n - 1}"] * (n > 0), **SNAPSHOT} for n in range(1000)}
    layers = {
        f"l{n}": {"run": "true", "needs": [f"l{m}" for m in (n // 2 * 2 - 2, n // 2 * 2 - 1) if m >= 0], **SNAPSHOT}
        for n in range(100)
    }
    repo.hook("post-commit", background=True, **chain, **layers)
    for name in ("c999", "l99"):
        assert "no success of it is stored here" in repo.run("why", "post-commit", name, check=True).stdout
