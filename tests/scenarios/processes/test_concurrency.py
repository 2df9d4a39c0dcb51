"""`concurrency:`: of all jobs in a group one runs at a time, in whatever run and working tree (section 7)."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.gate import Gate
from kit.invocation import Invocation
from kit.process import group_alive, kill, processes_with, wait_until
from kit.repo import TEST_ID, Repo

MakeGate = Callable[[str], Gate]
# Fails when another job is at work, and counts how many were.
ALONE = "mkdir busy && echo x >>ran && sleep 0.05 && rmdir busy"


def fire(repo: Repo, event: str = "post-commit", **env: str) -> None:
    repo.call(f".git/hooks/{event}", check=True, env=env)


def grouped(run: str, **more: Any) -> dict[str, Any]:
    return {"run": run, "concurrency": "deps"} | more


def ended(repo: Repo, n: int, event: str = "post-commit") -> list[Invocation]:
    wait_until(lambda: len(found := repo.invocations(event)) == n and all(one.has_ended() for one in found))
    return repo.invocations(event)


def tickets(repo: Repo) -> list[str]:
    return sorted(path.name for path in repo.state.glob("dodo-hooks/jobs/*/groups/waiting/*"))


def test_ten_runs_take_a_group_one_after_the_other(repo: Repo) -> None:
    repo.hook("post-commit", background=True, deps=grouped(ALONE))
    repo.install()
    for _ in range(10):
        fire(repo)
    runs = ended(repo, 10)
    assert [one.statuses() for one in runs] == [{"deps": "completed"}] * 10
    assert repo.read("ran") == "x\n" * 10 and not tickets(repo)


def test_siblings_in_one_group_take_turns_and_others_do_not_wait(repo: Repo, gate: Gate) -> None:
    repo.settings(jobs=4)
    repo.hook(
        "post-commit",
        background=True,
        a=grouped(f"{gate.command}; {ALONE}"),
        b=grouped(ALONE),
        c=grouped(ALONE),
        other="true",
        after={"run": "true", "needs": ["other"]},
    )
    repo.install()
    fire(repo)
    gate.wait()
    invocation = repo.begun("post-commit")
    invocation.wait_for_status("after", "completed")
    invocation.wait_for_status("a", "running")
    assert [invocation.statuses()[name] for name in "bc"] == ["pending", "pending"]
    gate.open()
    repo.finished("post-commit")
    assert set(invocation.statuses().values()) == {"completed"}


def test_a_waiting_job_takes_no_slot(repo: Repo, make_gate: MakeGate) -> None:
    first, second = make_gate("first"), make_gate("second")
    repo.settings(jobs=1)
    repo.hook("post-merge", background=True, holder=grouped(first.command))
    repo.hook("post-commit", background=True, waits=grouped("true"), free=second.command)
    repo.install()
    fire(repo, "post-merge")
    first.wait()
    fire(repo)
    second.wait()  # it got the only slot
    assert repo.begun("post-commit").job("waits").status == "pending"
    second.open()
    first.open()
    assert set(repo.finished("post-commit").statuses().values()) == {"completed"}
    repo.finished("post-merge")


def test_first_come_first_served_also_across_worktrees(repo: Repo, gate: Gate) -> None:
    order = repo.path.parent / "order"
    repo.hook("post-commit", background=True, deps=grouped(f'echo "$WHO" >>{order}; {gate.command}'))
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks", env={"DODO_HOOKS": "0"})
    linked = repo.worktree("linked")
    repo.install()
    for n in range(4):
        place = (repo, linked)[n % 2]
        place.git("commit", "-q", "--allow-empty", "-m", "work", env={"WHO": str(n)})
        if n:
            wait_until(lambda n=n: len(tickets(repo)) == n, what="its ticket")  # type: ignore[misc]
        else:
            gate.wait()
    gate.open()
    ended(repo, 4)
    assert order.read_text().split() == list("0123")


def test_groups_are_taken_together_so_that_nobody_waits_for_ever(repo: Repo) -> None:
    """One has `a` for its hook and wants `b`, the other the other way round: each would hold what the other wants."""
    alone = "mkdir busy && sleep 0.02 && rmdir busy"
    for event, of_hook, of_job in (("post-commit", "a", "b"), ("post-merge", "b", "a")):
        repo.hook(event, background=True, **{f"j{n}": {"run": alone, "concurrency": of_job} for n in range(3)})
        repo.hook_options(event, concurrency=of_hook)
    repo.install()
    for _ in range(3):
        fire(repo)
        fire(repo, "post-merge")
    for event in ("post-commit", "post-merge"):
        for one in ended(repo, 3, event):
            assert set(one.statuses().values()) == {"completed"}


def test_the_group_of_a_hook_keeps_runs_apart_and_not_the_jobs_of_one(repo: Repo, gate: Gate) -> None:
    repo.settings(jobs=2)
    repo.hook("post-commit", background=True, a=gate.command, b=gate.command)
    repo.hook_options("post-commit", concurrency="whole")
    repo.install()
    fire(repo)
    gate.wait()
    gate.wait()  # both at once
    fire(repo)
    second = repo.begun("post-commit", n=2)
    wait_until(lambda: len(tickets(repo)) == 2, what="the second run to wait")
    assert set(second.statuses().values()) == {"pending"}
    gate.open()
    assert [set(one.statuses().values()) for one in ended(repo, 2)] == [{"completed"}] * 2


def test_skip_leaves_the_work_to_the_one_that_is_at_it(repo: Repo, gate: Gate) -> None:
    group = {"group": "deps", "on_conflict": "skip"}
    repo.hook(
        "post-commit",
        background=True,
        deps={"run": gate.command, "concurrency": group},
        build={"run": "true", "needs": ["deps"]},
    )
    repo.install()
    fire(repo)
    gate.wait()
    fire(repo)
    first = repo.invocations("post-commit")[0]
    second = repo.finished("post-commit", n=2)
    deps, build = second.job("deps"), second.job("build")
    assert (deps.status, deps.cause, deps.pid) == ("skipped", "concurrency", None) and f"deps@{first.id}" in deps.reason
    assert (build.status, build.cause, build.root_cause) == ("skipped", "need", "deps")
    gate.open()
    ended(repo, 2)
    assert first.statuses() == {"deps": "completed", "build": "completed"}


def test_cancel_previous_takes_the_place_of_what_runs_and_what_waits(repo: Repo, gate: Gate) -> None:
    group = {"group": "deps", "on_conflict": "cancel-previous"}
    repo.settings(grace_period="100ms")
    repo.hook("post-merge", background=True, queued=grouped("touch queued"))
    repo.hook("post-commit", background=True, deps={"run": gate.command, "concurrency": group})
    repo.install()
    fire(repo)
    gate.wait()
    wait_until((repo.begun("post-commit").path / "s").exists, what="the socket")
    fire(repo, "post-merge")
    wait_until(lambda: len(tickets(repo)) == 1, what="the one that waits")
    wait_until((repo.begun("post-merge").path / "s").exists, what="the socket")
    fire(repo)
    gate.wait()  # the new one
    first, second = repo.invocations("post-commit")
    for job in (first.job("deps"), repo.finished("post-merge").job("queued")):
        assert (job.status, job.cause) == ("cancelled", "concurrency") and second.id in job.reason
    assert second.job("deps").status == "running" or second.wait_for_status("deps", "running")
    gate.open()
    ended(repo, 2)
    assert second.statuses() == {"deps": "completed"} and not repo.has("queued")


def test_the_foreground_waits_as_long_as_it_should(repo: Repo, gate: Gate) -> None:
    repo.hook("post-commit", background=True, holder=grouped(gate.command))
    repo.hook("pre-push", quick={"run": "true", "concurrency": {"group": "deps", "wait": "200ms"}})
    repo.hook("pre-rebase", patient=grouped("true"))
    repo.install()
    fire(repo)
    gate.wait()
    done = repo.run("run", "pre-push")
    job = repo.finished("pre-push").job("quick")
    holder = repo.invocations("post-commit")[0].id
    assert done.returncode == 1 and f"holder@{holder}" in done.stderr
    assert (job.status, job.cause, job.pid) == ("failed", "concurrency", None) and "0.2 s" in job.reason
    patient = repo.start("sh", ".git/hooks/pre-rebase", "main")
    wait_until(lambda: len(tickets(repo)) == 1, what="the one that waits")
    gate.open()
    out, _ = patient.communicate()
    assert f"patient waits for group deps, held by holder@{holder}" in out.decode()
    assert patient.returncode == 0 and repo.finished("pre-rebase").statuses() == {"patient": "completed"}
    repo.finished("post-commit")


def test_r12_a_group_of_an_ancestor_is_an_error_and_not_a_wait(repo: Repo) -> None:
    repo.hook("pre-commit", inner=grouped("touch ran"))
    repo.hook("post-merge", background=True, outer=grouped("git commit --allow-empty -m nested"))
    repo.install()
    fire(repo, "post-merge")
    outer = repo.finished("post-merge")
    job = repo.finished("pre-commit").job("inner")
    assert (job.status, job.cause) == ("failed", "concurrency") and f"outer@{outer.id}" in job.reason
    assert outer.statuses() == {"outer": "failed"} and not repo.has("ran")


def test_one_that_waits_can_be_cancelled(repo: Repo, gate: Gate) -> None:
    repo.hook("post-merge", background=True, holder=grouped(gate.command))
    repo.hook("post-commit", background=True, waits=grouped("touch ran"))
    repo.install()
    fire(repo, "post-merge")
    gate.wait()
    fire(repo)
    wait_until(lambda: len(tickets(repo)) == 1, what="the one that waits")
    wait_until((repo.begun("post-commit").path / "s").exists, what="the socket")
    assert repo.run("jobs", "cancel", "waits", check=True).stdout == "waits: cancelled\n"
    assert repo.finished("post-commit").statuses() == {"waits": "cancelled"} and not tickets(repo)
    gate.open()
    repo.finished("post-merge")
    assert not repo.has("ran")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not show processes so")
@pytest.mark.parametrize("victim", ["coordinator", "wave"])
def test_r20_a_group_is_free_when_its_job_is_gone_and_not_before(repo: Repo, gate: Gate, victim: str) -> None:
    repo.settings(grace_period="500ms")
    stubborn = f"trap '' TERM; mkdir busy; {gate.command}"
    repo.hook("post-merge", background=True, holder=grouped(stubborn))
    state = "$(sed -n 's/^State:[^A-Z]*\\(.\\).*/\\1/p' /proc/$(cat holder)/status)"
    looks = f'case "{state}" in "" | Z | X) touch gone ;; *) touch overlap ;; esac'
    repo.hook("post-commit", background=True, waits=grouped(looks))
    repo.install()
    fire(repo, "post-merge")
    repo.write("holder", str(gate.wait()))
    holder = repo.begun("post-merge").wait_for_status("holder", "running")
    fire(repo)
    wait_until(lambda: len(tickets(repo)) == 1, what="the one that waits")
    kill(repo.begun("post-merge").record.coordinator if victim == "coordinator" else holder.wave)
    assert repo.finished("post-commit").statuses() == {"waits": "completed"}
    assert repo.has("gone") and not repo.has("overlap")


def test_r20_the_ticket_of_a_dead_one_holds_up_nobody(repo: Repo, gate: Gate) -> None:
    repo.hook("post-merge", background=True, holder=grouped(gate.command))
    repo.hook("post-commit", background=True, waits=grouped("touch ran"))
    repo.install()
    fire(repo, "post-merge")
    gate.wait()
    fire(repo)
    (dead,) = wait_until(lambda: tickets(repo), what="the one that waits")
    kill(repo.begun("post-commit").record.coordinator)
    fire(repo)
    wait_until(lambda: len(tickets(repo)) == 1 and tickets(repo)[0] != dead, what="another")
    gate.open()
    assert repo.finished("post-commit", n=2).statuses() == {"waits": "completed"}
    repo.run("jobs", check=True)
    assert repo.invocations("post-commit")[0].statuses() == {"waits": "skipped"}
    wait_until(lambda: not processes_with(TEST_ID, repo.env[TEST_ID]), what="the end of everything")


# A background job and itself


def test_a_background_job_does_not_overlap_with_itself_in_one_worktree(repo: Repo) -> None:
    repo.hook("post-commit", background=True, deps=ALONE, other="true")
    repo.install()
    for _ in range(4):
        fire(repo)
    assert [one.statuses() for one in ended(repo, 4)] == [{"deps": "completed", "other": "completed"}] * 4
    assert repo.read("ran") == "x\n" * 4 and not tickets(repo)


def test_a_background_job_waits_for_itself_only_and_only_in_its_worktree(repo: Repo, gate: Gate) -> None:
    repo.settings(jobs=4)
    repo.hook("post-commit", background=True, deps=gate.command, quick="test $PWD")
    repo.hook("post-merge", background=True, deps="true")
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks", env={"DODO_HOOKS": "0"})
    linked = repo.worktree("linked")
    fire(repo)
    gate.wait()
    fire(repo)
    second = repo.begun("post-commit", n=2)
    second.wait_for_status("quick", "completed")  # another job of the hook
    wait_until(lambda: len(tickets(repo)) == 1, what="the one that waits")
    assert second.job("deps").status == "pending" and gate.is_empty()
    fire(repo, "post-merge")
    assert repo.finished("post-merge").statuses() == {"deps": "completed"}  # another hook
    linked.call(str(repo.path / ".git/hooks/post-commit"), check=True)
    gate.wait()  # another worktree
    gate.open()
    assert {tuple(one.statuses().values()) for one in ended(repo, 3)} == {("completed", "completed")}


def test_cancel_previous_without_a_group_takes_the_place_of_the_same_job_in_the_same_worktree(
    repo: Repo, make_gate: MakeGate
) -> None:
    here, there = make_gate("here"), make_gate("there")
    repo.settings(grace_period="100ms")
    repo.hook("post-commit", background=True, deps=f"if test -d .git; then {here.command}; else {there.command}; fi")
    repo.hook_options("post-commit", concurrency={"on_conflict": "cancel-previous"})
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks", env={"DODO_HOOKS": "0"})
    linked = repo.worktree("linked")
    linked.call(str(repo.path / ".git/hooks/post-commit"), check=True)
    there.wait()
    fire(repo)
    here.wait()
    first = repo.begun("post-commit", n=2)
    wait_until((first.path / "s").exists, what="the socket")
    fire(repo)
    here.wait()
    second = repo.begun("post-commit", n=3)
    job = first.wait_for_status("deps", "cancelled")
    assert job.cause == "concurrency" and second.id in job.reason
    assert repo.invocations("post-commit")[0].job("deps").status == "running"  # the other worktree's
    here.open()
    there.open()
    ended(repo, 3)
    assert second.statuses() == {"deps": "completed"}


def test_r18_a_job_waits_until_nothing_of_a_killed_run_is_alive(repo: Repo, gate: Gate) -> None:
    repo.settings(grace_period="1s")
    repo.hook("post-commit", background=True, deps=f"test -e again && exit; trap '' TERM; touch again; {gate.command}")
    repo.install()
    fire(repo)
    gate.wait()
    first = repo.begun("post-commit")
    job = first.wait_for_status("deps", "running")
    kill(first.record.coordinator)
    fire(repo)
    second = repo.finished("post-commit", n=2)
    assert second.statuses() == {"deps": "completed"} and not group_alive(job.pid)


def test_r12_runs_that_wait_do_not_count_among_the_twenty(repo: Repo, gate: Gate) -> None:
    repo.settings(grace_period="100ms")
    repo.hook("post-commit", background=True, deps=gate.command)
    repo.install()
    fire(repo)
    gate.wait()
    for n in range(1, 22):
        fire(repo)
        wait_until(lambda n=n: len(tickets(repo)) == n, what="its ticket")  # type: ignore[misc]
    assert len(repo.invocations("post-commit")) == 22
    gate.open()
    assert {one.statuses()["deps"] for one in ended(repo, 22)} == {"completed"}


def test_the_name_of_a_group_may_be_anything_printable(repo: Repo) -> None:
    for n, name in enumerate(("../../etc", ".", "a/b c", "größe", "x" * 100)):
        repo.hook("post-commit", background=True, **{f"j{n}": {"run": "true", "concurrency": name}})
    repo.install()
    fire(repo)
    assert set(repo.finished("post-commit").statuses().values()) == {"completed"}
    assert not os.path.exists(repo.state / "dodo-hooks/etc")


@pytest.mark.parametrize(
    ("concurrency", "expected"),
    [
        ("7", "concurrency"),
        ('""', "up to 100 printable characters"),
        ("{group: a, on_conflict: skipp}", 'did you mean "skip"?'),
        ("{group: a, on_conflikt: skip}", 'unknown key "on_conflikt" (did you mean "on_conflict"?)'),
        ("{group: a, wait: 5}", "write 5s"),
    ],
)
def test_c2_what_is_wrong_with_a_group_is_reported(repo: Repo, concurrency: str, expected: str) -> None:
    for place in (f"concurrency: {concurrency}, jobs: [{{run: a}}]", f"jobs: [{{run: a, concurrency: {concurrency}}}]"):
        repo.file(f"hooks: {{post-commit: {{{place}}}}}")
        done = repo.run("validate")
        assert done.returncode == 3 and "hooks.dodo:1:" in done.stderr and expected in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
