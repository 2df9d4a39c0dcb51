"""Checkouts that fail or are killed, and files that git would write in another way (S4)."""

import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from dodo_hooks.core.errors import CheckoutError
from dodo_hooks.snapshots.checkout import prepare
from dodo_hooks.snapshots.model import Snapshot
from dodo_hooks.snapshots.note import note_ended, read_note
from dodo_hooks.snapshots.pool import acquire
from kit.repo import Repo
from kit.results.snapshots import JOB, age, archive_of, checked_out, commit, files_below, origin_of, take, target_of
from kit.system.killing import die_before, in_child
from kit.system.namespace import without

STEP = 9  # of the system calls, from a random one on


def test_s4_a_filter_that_fails_is_a_crash_and_no_verdict(repo: Repo) -> None:
    flag = repo.path.parent / "broken"
    repo.git("config", "filter.upper.smudge", f"test ! -e {flag} && tr a-z A-Z")
    repo.git("config", "filter.upper.clean", "tr A-Z a-z")
    commit(repo, plain="x", **{"one.up": "abc"})
    repo.write(".gitattributes", "*.up filter=upper\n")
    commit(repo)
    commit(repo, **{"two.up": "def"})
    flag.touch()
    with pytest.raises(CheckoutError, match=r"cannot check out .*external filter .*failed"), checked_out(repo):
        pass
    flag.unlink()
    with checked_out(repo) as job:
        assert {name: it for name, (_, it) in files_below(job.tree).items() if name != ".gitattributes"} == {
            **{"plain": b"x", "one.up": b"ABC", "two.up": b"DEF"}
        }
        assert job.git("status", "--porcelain") == ""


def test_s4_a_filter_that_is_not_there_is_a_crash(repo: Repo) -> None:
    commit(repo, **{"a.bin": "x"})
    repo.write(".gitattributes", "*.bin filter=lfs\n")
    commit(repo)
    repo.git("config", "filter.lfs.process", "no-such-program")
    with pytest.raises(CheckoutError, match="cannot check out"), checked_out(repo):
        pass


def test_s4_a_filter_for_one_way_is_no_error_in_a_job(repo: Repo) -> None:
    repo.git("config", "filter.one.way.smudge", "tr a-z A-Z")
    repo.git("config", "filter.other.clean", "tr A-Z a-z")
    repo.write(".gitattributes", "*.one filter=one.way\n*.other filter=other\n")
    commit(repo, **{"a.one": "abc", "a.other": "abc"})
    with checked_out(repo) as job:
        assert (job.tree / "a.one").read_text() == "ABC" and (job.tree / "a.other").read_text() == "abc"
        job.run("echo more >>a.one; echo more >>a.other; git add --all; git commit -qm more")


def lines_of(repo: Repo) -> Callable[[], bytes]:
    def read() -> bytes:
        with checked_out(repo) as job:
            return (job.tree / "text").read_bytes()

    return read


def test_s4_what_decides_how_a_file_is_written_makes_it_written_again(repo: Repo) -> None:
    read = lines_of(repo)
    commit(repo, text="one\n", d__keep="1")
    assert read() == b"one\n"
    repo.write(".gitattributes", "text eol=crlf\n")
    commit(repo)
    assert read() == b"one\r\n"
    repo.git("rm", "-q", ".gitattributes")
    commit(repo)
    assert read() == b"one\n"
    repo.git("config", "core.autocrlf", "true")
    assert read() == b"one\r\n"
    repo.git("config", "--unset", "core.autocrlf")
    assert read() == b"one\n"
    (repo.path / ".git/info").mkdir(exist_ok=True)
    repo.write(".git/info/attributes", "text filter=shout\n")
    repo.git("config", "filter.shout.smudge", "tr a-z A-Z")
    assert read() == b"ONE\n"
    repo.git("config", "filter.shout.smudge", "sed s/^/-/")
    assert read() == b"-one\n"
    (repo.path / ".git/info/attributes").unlink()
    attributes = repo.path.parent / "home" / "attributes"
    repo.git("config", "core.attributesFile", "~/attributes")
    attributes.write_text("text eol=crlf\n")
    assert read() == b"one\r\n"
    attributes.write_text("")
    assert read() == b"one\n"


def test_s4_sparse_patterns_that_change_make_the_tree_anew(repo: Repo) -> None:
    commit(repo, a="1", d__b="1", e__c="1")
    for patterns in (("d",), ("e",), ()):
        repo.git("sparse-checkout", *(("set", "--cone", *patterns) if patterns else ("disable",)))
        with checked_out(repo) as job:
            assert files_below(job.tree) == files_below(repo.path)


def check(repo: Repo, snapshot: Snapshot, rev: str) -> None:
    """Check the snapshot out, and that it is all there."""
    age(snapshot)
    prepare(snapshot, origin_of(repo), target_of(repo, rev), JOB, (), False, False)
    assert files_below(Path(snapshot.tree)) == archive_of(repo, rev)


@pytest.fixture
def two(repo: Repo) -> Repo:
    """Return a repository with two commits that differ in many ways."""
    commit(repo, **{f"d{number}__f": "1" * 20 for number in range(20)}, same="1", text="1\n", becomes_folder="1")
    (repo.path / "becomes_folder").unlink()
    shutil.rmtree(repo.path / "d1")
    repo.write(".gitattributes", "text eol=crlf\n")
    commit(repo, **{f"d{number}__f": "2" * 20 for number in range(5, 25)}, becomes_folder__x="1", d1="1")
    return repo


def die_in_checkout(repo: Repo, snapshot: Snapshot, number: int) -> None:
    origin, target = origin_of(repo), target_of(repo)
    die_before(number)
    prepare(snapshot, origin, target, JOB, (), False, False)


@pytest.mark.parametrize("is_first", [True, False], ids=["first checkout", "move"])
def test_s4_a_checkout_killed_before_any_system_call(two: Repo, is_first: bool, chance: random.Random) -> None:
    number, last = chance.randrange(STEP), target_of(two).commit
    while True:
        snapshot = take(two)
        if is_first:
            shutil.rmtree(snapshot.paths.area)
            os.close(snapshot.lock)
            snapshot = take(two)
        else:
            check(two, snapshot, "HEAD~1")
        age(snapshot)
        _, status = os.waitpid(in_child(partial(die_in_checkout, two, snapshot, number)), 0)
        note = read_note(snapshot.paths)
        has_ended = not os.WIFSIGNALED(status)
        assert has_ended or note is None or not (note.is_whole and note.is_clean and note.commit == last)
        check(two, snapshot, "HEAD")
        os.close(snapshot.lock)
        if has_ended:
            assert status == 0 and number > 20
            return
        number += STEP


def test_s4_git_that_outlives_the_checkout_holds_the_snapshot(two: Repo) -> None:
    fifo = two.path.parent / "fifo"
    os.mkfifo(fifo)
    two.write(".gitattributes", "slow filter=slow\n")
    two.write("slow", "x")
    commit(two)
    two.git("config", "filter.slow.smudge", f"read _ <{fifo}; cat")
    snapshot, origin, target = take(two), origin_of(two), target_of(two)
    child = in_child(lambda: prepare(snapshot, origin, target, JOB, (), False, False))
    os.close(snapshot.lock)
    with fifo.open("w") as writer:  # the filter has begun
        os.kill(child, 9)
        os.waitpid(child, 0)
        assert take_or_none(two) is None
        writer.write("\n")
    two.git("config", "--unset", "filter.slow.smudge")
    deadline = time.monotonic() + 30
    while (again := take_or_none(two)) is None:
        assert time.monotonic() < deadline
    check(two, again, "HEAD")
    os.close(again.lock)


@pytest.mark.parametrize("content", ["", "\0" * 20, "x\0" * 12, "dodo-hooks snapshot 1\0" * 11, "\xff" * 300])
def test_s4_a_note_that_we_have_not_written_is_not_believed(two: Repo, content: str) -> None:
    with checked_out(two, "HEAD~1") as job:
        job.run("touch left")
    Path(job.snapshot.paths.area, "note").write_bytes(content.encode("latin-1"))
    assert read_note(job.snapshot.paths) is None
    with checked_out(two) as job:
        assert files_below(job.tree) == archive_of(two)


def test_s4_a_clock_that_was_set_makes_the_tree_anew(two: Repo) -> None:
    with checked_out(two) as job:
        (job.tree / "d6").touch()
        time_ns = (job.tree / "same").stat().st_mtime_ns
    age(job.snapshot, by_s=-1000)
    with checked_out(two, waits=True) as job:
        assert (job.tree / "same").stat().st_mtime_ns > time_ns


def take_turns(repo: Repo, revs: list[str], rounds: int) -> None:
    for number in range(rounds):
        snapshot = None
        while snapshot is None:
            snapshot = acquire(origin_of(repo), 2, JOB)
        check(repo, snapshot, revs[number % len(revs)])
        if number % 3:
            note_ended(snapshot.paths, JOB, True)
        os.close(snapshot.lock)


def test_s5_many_that_take_turns_never_meet_in_one_snapshot(two: Repo) -> None:
    orders = [["HEAD", "HEAD~1"], ["HEAD~1", "HEAD"], ["HEAD", "HEAD", "HEAD~1"]]
    children = [in_child(partial(take_turns, two, revs, 4)) for revs in orders]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]


def take_or_none(repo: Repo) -> "Snapshot | None":
    return acquire(origin_of(repo), 1, JOB)


def test_s4_a_full_disk_fails_the_checkout_and_the_next_one_is_right(two: Repo) -> None:
    two.write("large", os.urandom(300_000).hex())
    commit(two)
    snapshot, origin, target = take(two), origin_of(two), target_of(two)
    check(two, snapshot, "HEAD~1")

    def run() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            age(snapshot)
            prepare(snapshot, origin, target, JOB, (), False, False)
        except CheckoutError:
            os._exit(7)

    assert os.waitstatus_to_exitcode(os.waitpid(in_child(run), 0)[1]) == 7
    check(two, snapshot, "HEAD")
    os.close(snapshot.lock)


def test_s4_a_small_file_system_that_is_full(two: Repo, tmp_path: Path) -> None:
    cache = tmp_path / "small"
    cache.mkdir()
    two.write("large", os.urandom(2_000_000))
    commit(two)
    script = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from kit.repo import Repo
from kit.results.snapshots import *
from dodo_hooks.core.errors import CheckoutError
repo = Repo(Path({str(two.path)!r}), dict(os.environ))
with checked_out(repo, "HEAD~1") as job:
    assert files_below(job.tree) == archive_of(repo, "HEAD~1")
try:
    with checked_out(repo):
        raise AssertionError("a file system of 1 MB holds 2")
except CheckoutError as error:
    assert "cannot check out" in str(error), error
with checked_out(repo, "HEAD~1") as job:
    assert files_below(job.tree) == archive_of(repo, "HEAD~1")
"""
    mount = f'mount -t tmpfs -o size=1m none "{cache}" && exec "$@"'
    argv = ("unshare", "--mount", "--propagation", "private", "sh", "-c", mount, "sh", sys.executable, "-c", script)
    without()  # skips where there is no namespace
    env = {**two.env, "XDG_CACHE_HOME": str(cache)}
    done = subprocess.run(argv, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
