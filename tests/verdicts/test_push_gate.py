"""A push waits for what is left, and for nothing else (V3, V4): with a remote beside the repository."""

import re
from pathlib import Path

import pytest

from kit.gate import Gate
from kit.process import DEADLINE_S, wait_until
from kit.repo import Repo
from kit.results.pushing import UNSEEN, commit, count, push, pushed, require, states


def test_v4_a_commit_that_has_passed_is_pushed_without_a_second_run(pushing: Repo, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    require(pushing, test=f"echo x >>{counter}")
    commit(pushing)
    assert pushing.finished("post-commit").statuses() == {"test": "completed"}
    done = pushing.git("push", "-q", "origin", "main")
    assert done.stderr == ""
    assert count(counter) == 1


def test_v4_a_commit_that_has_failed_is_refused_with_the_end_of_its_log(pushing: Repo, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    require(pushing, test=f"echo x >>{counter}; echo the reason; exit 3")
    commit(pushing)
    assert pushing.finished("post-commit").statuses() == {"test": "failed"}
    done = push(pushing)
    assert done.returncode == 1
    assert "push refused: post-commit:test on" in done.stderr
    assert "  the reason\n" in done.stderr
    assert "dodo-hooks checks --run" in done.stderr
    assert count(counter) == 1
    assert pushed(pushing) == []


def test_v4_a_run_that_has_not_begun_its_next_job_is_awaited(pushing: Repo, gate: Gate, tmp_path: Path) -> None:
    counter, held = tmp_path / "counter", {"concurrency": "database"}
    other = Gate(tmp_path / "other")
    pushing.hook("post-checkout", background=True, other={"run": other.command, **held})
    require(pushing, build=gate.command, test={"run": f"echo x >>{counter}", "needs": ["build"], **held})
    commit(pushing)
    gate.wait()
    pushing.git("checkout", "-q", "-b", "other")
    other.wait()
    push = pushing.start("git", "push", "-q", "origin", "main")
    assert push.stderr is not None
    assert b"waiting for post-commit:build on" in push.stderr.readline()
    gate.open()
    pushing.begun("post-commit").wait_for_status("build", "completed")
    other.open()  # the test begins when its run asks again for the group
    assert b"running it now" not in push.communicate()[1]
    assert push.returncode == 0 and count(counter) == 1


def test_v5_a_push_waits_for_a_run_whose_job_waits_for_its_group(pushing: Repo, gate: Gate, tmp_path: Path) -> None:
    counter, held = tmp_path / "counter", {"concurrency": "database"}
    pushing.hook("post-checkout", background=True, other={"run": gate.command, **held})
    test = {"run": f"test -e product; echo test >>{counter}", "needs": ["build"], **held}
    require(pushing, build=f"echo build >>{counter}; touch product", test=test)
    pushing.git("checkout", "-q", "-b", "other")
    gate.wait()
    commit(pushing)
    pushing.begun("post-commit").wait_for_status("build", "completed")
    assert states(pushing) == ["running"]
    push = pushing.start("git", "push", "-q", "origin", "other")
    assert push.stderr is not None
    assert b"waiting for post-commit:test on" in push.stderr.readline()
    gate.open()
    assert (push.communicate()[1], push.returncode) == (b"", 0)
    assert counter.read_text() == "build\ntest\n"


def test_s5_a_run_that_a_push_waits_for_gets_one_snapshot_more(pushing: Repo, gate: Gate, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    run = f"echo x >>{counter}; ! grep -q first file || {{ {gate.command}; }}"
    require(pushing, test={"run": run, "supersede": False})
    pushing.settings(jobs=1)
    pushing.git("add", "hooks.dodo")
    commit(pushing, "first")
    gate.wait()
    commit(pushing, "second")
    push = pushing.start("git", "push", "-q", "origin", "main")
    push.communicate(timeout=DEADLINE_S)
    assert push.returncode == 0
    assert pushing.finished("post-commit", 2).statuses() == {"test": "completed"}
    gate.open()
    assert len(pushing.invocations("post-commit")) == count(counter) == 2


def test_v4_a_commit_without_a_verdict_is_checked_now(pushing: Repo, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    require(pushing, test=f"cat file; echo x >>{counter}")
    commit(pushing, "committed", is_seen=False)
    pushing.write("file", "edited since\n")
    done = pushing.git("push", "-q", "origin", "main")
    assert "has no result; running it now" in done.stderr
    assert pushing.finished("post-commit").log("test") == b"committed\n"
    assert pushing.read("file") == "edited since\n"
    pushing.git("push", "-q", "origin", "main:other")
    assert count(counter) == 1


def test_v3_the_hook_file_of_the_working_tree_counts_and_a_line_says_so(pushing: Repo) -> None:
    require(pushing, test="exit 1")
    pushing.git("commit", "-q", "-m", "hooks", env=UNSEEN)
    pushing.write("hooks.dodo", pushing.read("hooks.dodo").replace("exit 1", "exit 0"))
    done = pushing.git("push", "-q", "origin", "main")
    assert "differs; the one in the working tree is used" in done.stderr


def test_v4_a_missing_run_that_fails_refuses_the_push(pushing: Repo) -> None:
    require(pushing, test="echo broken; exit 1")
    pushing.git("commit", "-q", "-m", "hooks", env=UNSEEN)
    done = push(pushing)
    assert done.returncode == 1
    assert "broken" in done.stdout + done.stderr
    assert pushed(pushing) == []


def test_v4_a_push_waits_for_a_run_and_uses_its_result(pushing: Repo, tmp_path: Path) -> None:
    gate, counter = Gate(tmp_path / "gate"), tmp_path / "counter"
    require(pushing, test=f"echo x >>{counter}; {gate.command}")
    commit(pushing)
    gate.wait()
    push = pushing.start("git", "push", "-q", "origin", "main")
    assert push.stderr is not None
    assert b"waiting for post-commit:test on" in push.stderr.readline()
    assert push.poll() is None
    gate.open()
    push.communicate(timeout=20)
    assert push.returncode == 0
    assert count(counter) == 1
    assert "refs/heads/main" in pushing.git("ls-remote", "origin").stdout


def test_v4_after_the_time_to_wait_the_push_is_refused_and_the_run_continues(pushing: Repo, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    require(pushing, {"wait": "100ms"}, test=gate.command)
    commit(pushing)
    gate.wait()
    pushing.git("push", "-q", "--no-verify", "origin", "HEAD^:refs/heads/old")
    done = pushing.git("push", "-q", "origin", "main", "main:other", ":old", check=False)
    assert done.returncode == 1
    assert "is still running" in done.stderr
    (line,) = re.findall("`dodo-hooks push origin (.*)` waits for it", done.stderr)
    assert sorted(line.split()) == [":refs/heads/old", "main", "main:refs/heads/other"]
    gate.open()
    assert pushing.finished("post-commit").statuses() == {"test": "completed"}
    pushing.git("push", "-q", "origin", "main")


def test_v4_the_time_to_wait_is_that_of_the_push_and_not_of_each_run(pushing: Repo, tmp_path: Path) -> None:
    gate, ended = Gate(tmp_path / "gate"), tmp_path / "ended"
    first = f"{gate.command}; sleep 1.5; touch {ended}"
    second = f"until [ -e {ended} ]; do sleep 0.1; done; sleep 1.5"
    require(pushing, {"wait": "2s"}, test=f"if [ -e two ]; then {second}; else {first}; fi")
    pushing.settings(jobs=2)
    pushing.git("add", "hooks.dodo")
    pushing.git("checkout", "-q", "--detach")  # where no run ends another
    for name in ("one", "two"):
        commit(pushing, name, name)
        pushing.git("tag", name)
    gate.wait()
    push = pushing.start("git", "push", "-q", "origin", "one", "two")
    assert push.stderr is not None
    assert b"waiting for post-commit:test on" in push.stderr.readline()
    gate.open()
    push.communicate(timeout=20)
    assert push.returncode == 1
    for one in pushing.invocations("post-commit"):
        wait_until(one.has_ended)
        assert one.statuses() == {"test": "completed"}


def test_v3_a_need_that_failed_refuses_the_push(pushing: Repo) -> None:
    require(pushing, build="exit 1", test={"run": "true", "needs": ["build"]})
    commit(pushing)
    assert pushing.finished("post-commit").statuses() == {"build": "failed", "test": "skipped"}
    done = push(pushing)
    assert done.returncode == 1
    assert "post-commit:build on" in done.stderr


def test_v1_an_amended_message_and_a_rebase_onto_the_same_content_keep_the_verdict(
    pushing: Repo, tmp_path: Path
) -> None:
    counter = tmp_path / "counter"
    require(pushing, test=f"echo x >>{counter}")
    commit(pushing)
    pushing.finished("post-commit")
    pushing.git("commit", "-q", "--amend", "-m", "another message")
    pushing.git("push", "-q", "origin", "main")
    assert count(counter) == 1


def test_v3_each_commit_needs_its_own_verdict(pushing: Repo, tmp_path: Path) -> None:
    require(pushing, {"each": True})
    commit(pushing, text="good")
    pushing.git("push", "-q", "origin", "main")
    commit(pushing, text="bad")
    commit(pushing, text="good again")
    done = push(pushing)
    assert done.returncode == 1
    bad = pushing.git("rev-parse", "HEAD^").stdout.strip()
    assert f"post-commit:test on {bad[:12]}" in done.stderr


@pytest.mark.parametrize(
    "what",
    ["deletion", "notes", "blob tag", "annotated tag", "two refs", "nothing"],
)
def test_v3_what_a_push_may_name(pushing: Repo, tmp_path: Path, what: str) -> None:
    counter = tmp_path / "counter"
    require(pushing, test=f"echo x >>{counter}")
    commit(pushing)
    pushing.finished("post-commit")
    pushing.git("push", "-q", "origin", "main", "main:other")
    counter.unlink()
    pushing.git("commit", "-q", "--allow-empty", "-m", "unseen", env=UNSEEN)
    if what == "deletion":
        pushing.git("push", "-q", "origin", ":other")
    elif what == "notes":
        pushing.git("notes", "add", "-m", "a note")
        pushing.git("push", "-q", "origin", "refs/notes/commits")
    elif what == "blob tag":
        pushing.git("tag", "blob", pushing.git("rev-parse", "HEAD:file").stdout.strip())
        pushing.git("push", "-q", "origin", "blob")
    elif what == "annotated tag":
        pushing.git("tag", "-a", "-m", "tag", "v1")
        pushing.git("push", "-q", "origin", "v1")
    elif what == "two refs":
        pushing.git("push", "-q", "origin", "main", "main:twin")
    else:
        pushing.git("push", "-q", "origin", "HEAD^:main")
    assert count(counter) == 0, "one tree, one verdict"


def test_v4_a_push_inside_the_job_that_it_would_wait_for_is_an_error_at_once(pushing: Repo, tmp_path: Path) -> None:
    require(pushing, test=f"cd {pushing.path} && git push -q origin main")
    commit(pushing)
    assert pushing.finished("post-commit").statuses() == {"test": "failed"}
    assert b"it runs inside test, whose verdict it needs" in pushing.finished("post-commit").log("test")
