"""Content ids: what git knows of the files, and where it does not know (K3)."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dodo_hooks.git.content.content_listing import list_contents
from dodo_hooks.git.repo import locate_repo
from dodo_hooks.results.contents import Contents
from dodo_hooks.results.found import Undecidable
from dodo_hooks.results.index_memory import IndexMemory
from dodo_hooks.results.tree import Tree
from kit.chance import how_many
from kit.hook_files.plans import job_of
from kit.process import wait_until
from kit.repo import Repo


def ids(repo: Repo, *inputs: str) -> dict[str, str]:
    """Return the content ids of the files that these inputs match, as one job sees them.

    It is the same with what earlier calls have learned of the index, and without.
    """
    job = job_of(repo.path.parent, f"run: x\ninputs: {list(inputs)}")
    place = locate_repo({}, str(repo.path))
    contents = Contents(place, str(repo.path.parent / "stats"))
    fresh = Tree(place, repo.env, contents, [job]).inputs(job)
    contents.save()
    for _ in range(2):
        memory = IndexMemory(str(repo.path.parent / "index"), str(repo.path.parent / "converted"))
        found = Tree(place, repo.env, contents, [job], memory=memory).inputs(job)
        memory.save()
        assert (found.digest, found.names.files) == (fresh.digest, fresh.names.files)
        assert set(found.names.matched) == set(fresh.names.matched)
    return {path.decode(): about.decode() for path, about in fresh.names.files.items()}


def changes(repo: Repo, act: Callable[[], object]) -> bool:
    """Return whether the id of the file `f` changes by an act, as a path and as one that a pattern matches."""
    before = ids(repo, "f"), ids(repo, "[f]")
    act()
    path_changes, match_changes = ids(repo, "f") != before[0], ids(repo, "[f]") != before[1]
    assert path_changes == match_changes
    return path_changes


@pytest.fixture
def tracked(repo: Repo) -> Repo:
    repo.write("f", "one\n")
    repo.git("add", "f")
    return repo


def test_k3_an_id_is_that_of_the_blob(tracked: Repo) -> None:
    blob = tracked.git("rev-parse", ":f").stdout.strip()
    assert ids(tracked, "f") == {"f": f"100644 {blob}"}
    (tracked.path / "f").touch()
    assert ids(tracked, "f") == {"f": f"100644 {blob}"}  # hashed, since git does not vouch for it
    tracked.write("untracked", "one\n")
    assert ids(tracked, "untracked") == {"untracked": f"100644 {blob}"}


def test_k3_an_edit_of_the_same_size_in_the_tick_after_git_add(tracked: Repo) -> None:
    for _ in range(20):
        tracked.write("f", "one\n")
        tracked.git("add", "f")
        assert changes(tracked, lambda: tracked.write("f", "two\n"))


@pytest.mark.parametrize("setting", ["core.trustctime=false", "core.checkStat=minimal", "core.ignoreStat=true"])
def test_k3_a_setting_does_not_hide_an_edit_with_the_old_time(tracked: Repo, setting: str) -> None:
    tracked.git("config", *setting.split("="))
    tracked.git("update-index", "--refresh")
    os.utime(tracked.path / "f", (1_000_000_000, 1_000_000_000))
    tracked.git("add", "f")
    added_s = int((tracked.path / "f").stat().st_ctime)
    wait_until(lambda: int(time.time()) > added_s)  # git compares whole seconds

    def edit() -> None:
        tracked.write("f", "two\n")
        os.utime(tracked.path / "f", (1_000_000_000, 1_000_000_000))

    assert changes(tracked, edit)


def test_k3_a_mode_counts_whatever_the_settings_say(tracked: Repo) -> None:
    tracked.git("config", "core.fileMode", "false")
    assert changes(tracked, lambda: (tracked.path / "f").chmod(0o755))


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_k3_a_flag_of_the_index_hides_nothing(tracked: Repo, flag: str) -> None:
    tracked.git("update-index", flag, "f")
    assert changes(tracked, lambda: tracked.write("f", "two\n"))


def test_k3_a_file_outside_of_a_sparse_checkout_counts_while_it_is_there(repo: Repo) -> None:
    for name in ("f", "in/g"):
        repo.write(name, "one\n")
    repo.git("add", ".")
    repo.git("commit", "-qm", "both")
    repo.git("sparse-checkout", "set", "--no-cone", "in")
    repo.write("f", "one\n")  # git drops its flag now, and not in the index
    assert changes(repo, (repo.path / "f").unlink)
    assert changes(repo, lambda: repo.write("f", "one\n"))


def test_k3_a_path_that_is_only_intended_to_be_added(repo: Repo) -> None:
    repo.write("f", "")
    repo.git("add", "-N", "f")
    assert changes(repo, lambda: repo.write("f", "one\n"))
    assert changes(repo, (repo.path / "f").unlink)


def test_k3_a_file_that_is_not_merged_yet(tracked: Repo) -> None:
    tracked.git("commit", "-qm", "one")
    for branch, text in (("a", "two\n"), ("b", "three\n")):
        tracked.git("checkout", "-q", "-b", branch, "main")
        tracked.write("f", text)
        tracked.git("commit", "-qam", branch)
    tracked.git("merge", "a", check=False)
    assert "UU f" in tracked.git("status", "--short").stdout
    assert changes(tracked, lambda: tracked.write("f", "four\n"))
    assert changes(tracked, lambda: tracked.git("checkout", "--ours", "f"))


@pytest.mark.parametrize("setting", ["index.skipHash=true", "feature.manyFiles=true"])
def test_k3_an_index_without_a_checksum_is_read_each_time(repo: Repo, setting: str) -> None:
    repo.git("config", *setting.split("="))
    repo.write("f", "one\n")
    repo.git("add", "f")
    place, known = locate_repo({}, str(repo.path)), []
    index = repo.path / ".git/index"
    index.write_bytes(index.read_bytes()[:-20] + bytes(20))  # as a newer git does

    def recall(stamp: object) -> None:
        known.append(stamp)

    assert list_contents(place, repo.env, [b""], recall).known
    assert not known
    assert changes(repo, lambda: repo.write("f", "two\n"))


@pytest.mark.parametrize(
    ("attributes", "other"),
    [
        ("* text=auto", "one\r\n"),
        ("f text", "one\r\n"),
        ("[attr]mine text\nf mine", "one\r\n"),
        ("f filter=upper", "ONE\n"),
        ('"f" text', "one\r\n"),
    ],
)
def test_k3_what_git_converts_is_hashed_as_it_lies(repo: Repo, attributes: str, other: str) -> None:
    repo.git("config", "filter.upper.clean", "tr A-Z a-z")
    repo.write(".gitattributes", attributes + "\n")
    repo.write("f", "one\n")
    repo.git("add", ".")

    def edit() -> None:
        repo.write("f", other)
        repo.git("add", "f")  # the blob is the same, and git calls the file clean

    blob = repo.git("rev-parse", ":f").stdout
    assert changes(repo, edit) and repo.git("rev-parse", ":f").stdout == blob


def test_k3_autocrlf_converts_too(tracked: Repo) -> None:
    tracked.git("config", "core.autocrlf", "input")

    def edit() -> None:
        tracked.write("f", "one\r\n")
        tracked.git("add", "f")

    assert changes(tracked, edit)


def test_k3_the_index_is_the_one_that_git_uses(tracked: Repo) -> None:
    tracked.git("commit", "-qm", "f")
    tracked.write("g", "1")
    env = {**tracked.env, "GIT_INDEX_FILE": str(tracked.path / ".git/other-index")}
    tracked.git("add", "g", env=env)
    place = locate_repo({}, str(tracked.path))
    assert set(list_contents(place, env, [b""]).known or ()) == {b"g"}
    assert set(list_contents(place, tracked.env, [b""]).known or ()) == {b"f"}


def test_k2_what_inputs_match(repo: Repo) -> None:
    repo.write(".gitignore", "*.log\nbuild\n")
    for name in ("a.c", "src/b.c", "src/deep/c.c", "src/d.log", "build/e.c", "build/f/g", "odd.log"):
        repo.write(name, name)
    repo.git("add", "src/b.c")
    assert set(ids(repo, "*.c")) == {"a.c", "src/b.c", "src/deep/c.c"}
    assert set(ids(repo, "src/*.c")) == {"src/b.c"}
    assert set(ids(repo, "src")) == {"src/b.c", "src/deep/c.c"}
    assert set(ids(repo, "odd.log", "a.c", "gone")) == {"odd.log", "a.c"}
    assert set(ids(repo, "build")) == {"build/e.c", "build/f/g"}
    assert ids(repo, "build/*.c") == {}


def test_k3_submodules(repo: Repo) -> None:
    other = Repo.create(repo.path.parent / "other", repo.env)
    other.write("m", "1")
    other.git("add", ".")
    other.git("commit", "-qm", "m")
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other.path), "lib/mod")
    head = other.git("rev-parse", "HEAD").stdout.strip()
    assert ids(repo, "lib/**")["lib/mod"] == f"160000 {head}" == ids(repo, "lib/mod")["lib/mod"]
    inner = Repo(repo.path / "lib/mod", repo.env)
    inner.git("commit", "-q", "--allow-empty", "-m", "n")
    head = inner.git("rev-parse", "HEAD").stdout.strip()
    assert ids(repo, "lib/mod/**")["lib/mod"] == f"160000 {head}"
    repo.git("add", "lib/mod")
    repo.git("update-index", "--assume-unchanged", "lib/mod")  # as core.ignoreStat does
    inner.git("commit", "-q", "--allow-empty", "-m", "o")
    head = inner.git("rev-parse", "HEAD").stdout.strip()
    assert ids(repo, "lib/mod")["lib/mod"] == f"160000 {head}"
    inner.write("m", "2")
    with pytest.raises(Undecidable, match="the submodule lib/mod has changes"):
        ids(repo, "lib")
    repo.git("submodule", "deinit", "-f", "lib/mod")
    assert ids(repo, "lib") == {}


def test_k3_the_cache_by_stat_is_used_and_trusts_no_young_file(repo: Repo) -> None:
    path = repo.write("f", "one\n")
    before = ids(repo, "f")
    old = time.time() - 100
    os.utime(path, (old, old))
    contents = Contents(locate_repo({}, str(repo.path)), str(repo.path.parent / "stats"))
    assert contents.about(b"f") == before["f"].encode()
    contents.save()
    assert not (repo.path.parent / "stats").exists()  # its ctime is young, whatever its mtime says


@pytest.mark.parametrize("meanwhile", ["nothing", "a run without inputs", "another version", "a damaged file"])
def test_k3_a_file_that_git_once_converted_is_hashed_when_the_attributes_are_gone(
    tracked: Repo, meanwhile: str
) -> None:
    """It has the line ends that they have made, and git takes it for clean."""
    index, ends = tracked.path.parent / "index", tracked.path.parent / "converted"
    jobs = {what: job_of(tracked.path.parent, f"run: x\n{what}") for what in ("inputs: [f]", "uptodate: date")}
    place = locate_repo({}, str(tracked.path))

    def inputs(what: str) -> Any:
        memory = IndexMemory(str(index), str(ends))
        found = Tree(place, tracked.env, Contents(place, "/nowhere"), [jobs[what]], memory=memory).inputs(jobs[what])
        memory.save()
        return found.names.files

    tracked.write(".gitattributes", "f eol=crlf\n")
    (tracked.path / "f").unlink()
    tracked.git("checkout", "f")
    os.utime(tracked.path / "f", (1_000_000_000, 1_000_000_000))
    tracked.git("update-index", "--refresh")
    before = inputs("inputs: [f]")
    if meanwhile == "a run without inputs":
        inputs("uptodate: date")
    elif meanwhile == "another version":
        index.unlink()
    elif meanwhile == "a damaged file":
        ends.write_bytes(b"damaged")
    (tracked.path / ".gitattributes").unlink()
    assert (tracked.path / "f").read_bytes() == b"one\r\n"
    assert tracked.git("diff-files").stdout == ""
    assert inputs("inputs: [f]") == before


def log_git_calls(repo: Repo) -> tuple[dict[str, str], Path]:
    """Return an environment in which each call of git leaves a line in a file, and that file."""
    programs, log = repo.path.parent / "programs", repo.path.parent / "calls"
    programs.mkdir()
    real = repo.call("sh", "-c", "command -v git").stdout.strip()
    (programs / "git").write_text(f'#!/bin/sh\necho "$*" >> {log}\nexec {real} "$@"\n')
    (programs / "git").chmod(0o755)
    return {**repo.env, "PATH": f"{programs}:{repo.env['PATH']}"}, log


def test_k3_git_is_asked_twice_for_any_number_of_jobs(repo: Repo) -> None:
    count = how_many(30, nightly=1000)
    for number in range(count):
        repo.write(f"d{number}/f", str(number))
    repo.git("add", ".")
    jobs: dict[str, Any] = {f"j{number}": {"run": "true", "inputs": [f"d{number}/*"]} for number in range(count)}
    repo.hook("post-merge", **jobs)
    repo.install()
    repo.call(".git/hooks/post-merge", "0", check=True)
    env, log = log_git_calls(repo)
    for number in range(3):
        if number == 1:
            (repo.path / "d0/f").touch()
        if number == 2:
            repo.git("update-index", "-q", "--refresh")
        log.unlink(missing_ok=True)
        done = repo.call(".git/hooks/post-merge", "0", env=env)
        assert done.stderr == f"dodo-hooks: post-merge: {count} up to date\n"
        assert len(log.read_text().splitlines()) == 2


def test_k3_each_hook_has_the_list_of_its_files(repo: Repo) -> None:
    """However they take turns, and whatever was touched, git is asked twice."""
    for number in range(4):
        repo.write(f"d{number}/f", str(number))
    repo.git("add", ".")
    for number, hook in enumerate(("post-merge", "post-checkout")):
        repo.hook(hook, one={"run": "true", "inputs": [f"d{number}/*"]}, two={"run": "true", "inputs": ["d2/*"]})
    repo.install()
    calls = [(".git/hooks/post-merge", "0"), (".git/hooks/post-checkout", "a", "b", "1")]
    for argv in calls:
        repo.call(*argv, check=True)
    env, log = log_git_calls(repo)
    for argv in calls * 3:
        (repo.path / "d2/f").touch()
        log.unlink(missing_ok=True)
        assert repo.call(*argv, env=env).stderr.endswith("2 up to date\n")
        assert len(log.read_text().splitlines()) == 2


def test_k3_an_index_is_read_once(repo: Repo) -> None:
    for name in ("a.c", "b.c", "other"):
        repo.write(name, name)
    repo.git("add", ".")
    repo.hook("post-merge", job={"run": "true", "inputs": ["*.c"]})
    repo.install()
    repo.call(".git/hooks/post-merge", "0", check=True)
    env, log = log_git_calls(repo)

    def index_reads() -> int:
        log.unlink(missing_ok=True)
        repo.call(".git/hooks/post-merge", "0", env=env, check=True)
        return log.read_text().count(" -s -v ")

    assert index_reads() == 0
    repo.write("a.c", "changed")
    assert index_reads() == 0
    repo.write("other", "changed")
    assert index_reads() == 0
    repo.git("add", "a.c")
    assert index_reads() == 1
    for kept in repo.state.rglob("index-*-*"):
        kept.write_bytes(b"damaged")
    repo.write("a.c", "changed again")
    assert index_reads() > 0
