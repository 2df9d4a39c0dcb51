"""Outputs come back from the cache exactly as they were stored, or nothing changes (K9)."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dodo_hooks.core.errors import StoreError, UnsafeFileError
from dodo_hooks.host.files import exchange
from dodo_hooks.results.outputs.manifest import manifest_of
from dodo_hooks.results.outputs.restore_outputs import RestoreResult
from kit.commits.unstaged import Thing
from kit.repo import PACKAGES, Repo
from kit.results.outputs import (
    KEY,
    OUTPUTS,
    cache_dir,
    ignore,
    leftovers,
    make_outputs,
    outputs_of,
    put,
    remove,
    restore,
    store,
)
from kit.system.killing import die_before, in_child

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("ignored")]  # the time is for a busy machine

NOTHING_STORED = RestoreResult(None, "")


@pytest.fixture(params=["exchange", "two renames"])
def _each_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "exchange":
        monkeypatch.setattr(exchange, "_NAME", "there_is_no_such_call")


@pytest.mark.parametrize("link", ["reflink", "copy", "hardlink"])
@pytest.mark.usefixtures("_each_way")
def test_k9_outputs_come_back_exactly(repo: Repo, link: str) -> None:
    old = make_outputs(repo)
    stored = store(repo, link=link)
    make_outputs(repo, "2")
    assert outputs_of(repo) != old
    result = restore(repo)
    assert result.manifest is not None and stored is not None and result.manifest.digest == stored.digest
    assert outputs_of(repo) == old, "what was not there then is gone, and all else is as it was"
    found = manifest_of(str(repo.path), OUTPUTS)
    assert found is not None and found.digest == stored.digest
    assert leftovers(repo) == [] and repo.git("status", "--porcelain").stdout == ""


@pytest.mark.usefixtures("_each_way")
def test_k9_outputs_that_are_gone_come_back(repo: Repo) -> None:
    old = make_outputs(repo)
    store(repo)
    remove(repo.path / "node_modules")
    assert restore(repo).manifest is not None
    assert outputs_of(repo) == old and leftovers(repo) == []


def test_k9_a_branch_switch_and_a_new_worktree_get_their_packages_back(repo: Repo, tmp_path: Path) -> None:
    installs = []

    def npm_ci(tree: Repo) -> None:
        """Do what a job with `inputs: [package-lock.json]` does: the lock file is the key."""
        lock = tree.read("package-lock.json").strip()
        if restore(tree, key=lock).manifest is None:
            installs.append(lock)
            make_outputs(tree, lock)
            assert store(tree, key=lock) is not None

    for branch, lock in (("main", "1"), ("topic", "2")):
        repo.git("checkout", "-q", "-B", branch)
        repo.write("package-lock.json", lock)
        repo.git("add", "package-lock.json")
        repo.git("commit", "-q", "-m", branch)
        npm_ci(repo)
    topic = outputs_of(repo)
    for branch in ("main", "topic"):
        repo.git("checkout", "-q", branch)
        npm_ci(repo)
        assert (b"node_modules/only-in-2" in outputs_of(repo)) == (branch == "topic")
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "other"), "topic")
    other = Repo(tmp_path / "other", repo.env)
    npm_ci(other)
    assert outputs_of(other) == outputs_of(repo) == topic
    assert installs == ["1", "2"]


def test_k9_several_outputs_and_one_that_is_a_file(repo: Repo) -> None:
    ignore(repo, "/out*", "/deep/er/")
    outputs = (b"deep/er", b"out", b"out-file")
    put(repo.path / "deep" / "er" / "x", "x")
    put(repo.path / "out" / "y", "y")
    put(repo.path / "out-file", "z", 0o750)
    old = {name: outputs_of(repo, name) for name in outputs}
    assert store(repo, outputs=outputs) is not None
    remove(repo.path / "deep")
    remove(repo.path / "out")
    remove(repo.path / "out-file")
    put(repo.path / "out-file" / "new", "a folder in the place of a file")
    assert restore(repo, outputs=outputs).manifest is not None
    assert {name: outputs_of(repo, name) for name in outputs} == old
    assert restore(repo, outputs=(b"out",)) == NOTHING_STORED, "those of other outputs are not ours"


def test_k9_files_keep_their_order_of_age_and_are_not_older_than_the_sources(repo: Repo) -> None:
    make_outputs(repo)
    top = repo.path / "node_modules"
    seconds = {top / "private": 1_000_000_100, top / "link": 1_000_000_050}
    for path in (*sorted(top.rglob("*"), reverse=True), top):
        os.utime(path, (seconds.get(path, 1_000_000_000),) * 2, follow_symlinks=False)
    store(repo)
    source = repo.write("source", "new")
    assert restore(repo).manifest is not None
    times = {path: os.lstat(top / path).st_mtime_ns for path in ("private", "link", "large", "package-1", ".bin", "")}
    assert times["private"] >= source.stat().st_mtime_ns
    assert {path: times["private"] - at for path, at in times.items()} == {
        "private": 0,
        "link": 50 * 10**9,
        **dict.fromkeys(("large", "package-1", ".bin", ""), 100 * 10**9),
    }


def test_k9_a_ctrl_c_waits_until_all_outputs_are_exchanged(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    ignore(repo, "/out*")
    outputs = (b"out", b"out-file")
    put(repo.path / "out" / "x", "stored")
    put(repo.path / "out-file", "stored")
    old = [outputs_of(repo, name) for name in outputs]
    store(repo, outputs=outputs)
    for name in ("out/x", "out-file"):
        put(repo.path / name, "new")
    real = exchange.exchange_tree

    def interrupted(ours: bytes, path: bytes) -> bool:
        signal.raise_signal(signal.SIGINT)  # in this thread: pytest-xdist has others, which do not block it
        return real(ours, path)

    monkeypatch.setattr(exchange, "exchange_tree", interrupted)
    with pytest.raises(KeyboardInterrupt):
        restore(repo, outputs=outputs)
    assert [outputs_of(repo, name) for name in outputs] == old
    assert leftovers(repo) == []


def test_k9_where_one_output_cannot_be_exchanged_none_is(repo: Repo, far: Path) -> None:
    ignore(repo, "/out*")
    outputs = (b"out-1", b"out-2", b"out-3")
    for name in ("out-1/x", "out-3/x"):
        put(repo.path / name, "stored")
    (repo.path / "out-2").mkdir()
    store(repo, outputs=outputs)
    put(repo.path / "out-3/x", "new")
    remove(repo.path / "out-1")
    subprocess.run(("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(repo.path / "out-2")), check=True)
    try:
        assert "cannot restore cached outputs" in restore(repo, outputs=outputs).reason
    finally:
        subprocess.run(("umount", "-l", str(repo.path / "out-2")), check=True)
    assert not (repo.path / "out-1").exists() and (repo.path / "out-3/x").read_text() == "new"
    assert leftovers(repo) == []


def test_k9_a_hard_link_is_one_only_where_the_user_says_so(repo: Repo) -> None:
    make_outputs(repo)
    large = repo.path / "node_modules" / "large"
    for link, names in (("reflink", 1), ("copy", 1), ("hardlink", 2)):
        store(repo, link=link)
        restore(repo)
        assert large.stat().st_nlink == names
    large.write_text("written into the cache, too")
    assert "damaged" in restore(repo).reason
    assert restore(repo) == NOTHING_STORED


# Many files


def make_many(repo: Repo) -> "dict[bytes, Thing]":
    for number in range(1200):
        put(repo.path / "node_modules" / str(number % 7) / str(number), f"{number}\n", 0o640 if number % 3 else 0o444)
    return outputs_of(repo)


def test_k9_many_files_come_back_exactly_though_several_processes_make_them(repo: Repo) -> None:
    old = make_many(repo)
    store(repo)
    assert len(os.listdir(f"{cache_dir(repo)}/{KEY}/files")) > 1
    remove(repo.path / "node_modules")
    assert restore(repo).manifest is not None
    assert outputs_of(repo) == old and leftovers(repo) == []


@pytest.mark.parametrize("number", [50, 400, 650])
def test_k9_a_restore_by_several_processes_is_killed(repo: Repo, number: int) -> None:
    """Check that the next restore waits for those that are left, and begins anew."""
    old = make_many(repo)
    store(repo)
    remove(repo.path / "node_modules")

    def run() -> None:
        die_before(number, {"open"})
        restore(repo)

    pid = in_child(run)
    os.waitpid(pid, 0)
    assert not repo.has("node_modules")
    assert restore(repo).manifest is not None
    assert outputs_of(repo) == old and leftovers(repo) == []


def test_k9_damage_that_another_process_finds_is_a_miss(repo: Repo) -> None:
    make_many(repo)
    store(repo)
    for name in sorted(os.listdir(f"{cache_dir(repo)}/{KEY}/files"), key=int)[1:2]:
        file = Path(cache_dir(repo), KEY, "files", name)
        file.write_bytes(file.read_bytes()[:-2] + b"x\n")
    remove(repo.path / "node_modules")
    assert "damaged" in restore(repo).reason and restore(repo) == NOTHING_STORED
    assert not repo.has("node_modules") and leftovers(repo) == []


# A damaged cache


@pytest.mark.parametrize("damage", ["flip", "cut", "longer", "missing", "link", "folder"])
def test_k9_a_damaged_file_is_a_miss_and_its_entry_is_removed(repo: Repo, damage: str) -> None:
    make_outputs(repo)
    store(repo)
    new = make_outputs(repo, "2")
    file = max(Path(cache_dir(repo), KEY, "files").iterdir(), key=lambda path: path.stat().st_size)
    data = bytearray(file.read_bytes())
    file.unlink()
    if damage == "folder":
        file.mkdir()
    elif damage == "link":
        file.symlink_to("/etc/passwd")
    elif damage != "missing":
        data[len(data) // 2] ^= damage == "flip"
        file.write_bytes(data[: -1 if damage == "cut" else None] + b"x" * (damage == "longer"))
    result = restore(repo)
    assert result.manifest is None and result.reason
    assert outputs_of(repo) == new and leftovers(repo) == []
    if damage != "link":
        assert "damaged" in result.reason and restore(repo) == NOTHING_STORED
        assert [name for name in os.listdir(cache_dir(repo)) if name != "repository"] == []


@pytest.mark.parametrize("name", ["manifest", "about"])
@pytest.mark.parametrize("content", [None, b"", b"x", b"0 symlink"])
def test_k9_an_entry_without_its_records_is_a_miss(repo: Repo, name: str, content: "bytes | None") -> None:
    make_outputs(repo)
    store(repo)
    new = make_outputs(repo, "2")
    path = Path(cache_dir(repo), KEY, name)
    path.unlink() if content is None else path.write_bytes(content)
    assert restore(repo) == NOTHING_STORED
    assert outputs_of(repo) == new and not path.parent.exists()


def test_section_8_a_cache_that_others_can_write_to_is_refused(repo: Repo) -> None:
    old = make_outputs(repo)
    store(repo)
    own = Path(repo.env["XDG_CACHE_HOME"], "dodo-hooks")
    assert own.stat().st_mode & 0o777 == 0o700
    for path in (own, own / "outputs", Path(cache_dir(repo))):
        path.chmod(0o777)
        assert "others can write to" in restore(repo).reason
        with pytest.raises(UnsafeFileError, match="others can write to"):
            store(repo)
        path.chmod(0o700)
    assert restore(repo).manifest is not None and outputs_of(repo) == old


# File systems


@pytest.fixture
def far(repo: Repo, tmp_path: Path) -> Path:
    """Return a folder on another file system, of 16 MB."""
    place = tmp_path / "far"
    place.mkdir()
    if os.geteuid() or subprocess.run(("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place))).returncode:
        pytest.skip("a file system cannot be mounted")
    return place


@pytest.fixture(autouse=True)
def unmounted(request: pytest.FixtureRequest, tmp_path: Path, repo: Repo) -> "object":
    yield
    for place in (tmp_path / "far", repo.path / "deep"):
        if os.path.ismount(place):
            subprocess.run(("umount", "-l", str(place)), check=True)


def test_k9_copies_share_their_blocks_where_the_file_system_can_do_that(repo: Repo, tmp_path: Path) -> None:
    """Check outputs of which there would be no room for three."""
    image, place = tmp_path / "image", tmp_path / "far"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(256 << 20)
    for argv in (("mkfs.btrfs", "-q", str(image)), ("mount", "-o", "loop", str(image), str(place))):
        if os.geteuid() or shutil.which(argv[0]) is None or subprocess.run(argv).returncode:
            pytest.skip("a file system that shares blocks cannot be mounted")
    small = Repo.create(place / "repo", {**repo.env, "XDG_CACHE_HOME": str(place / "cache")})
    ignore(small)
    (small.path / "node_modules").mkdir()
    (small.path / "node_modules/large").write_bytes(os.urandom(90 << 20))
    assert store(small) is not None
    assert restore(small).manifest is not None
    with pytest.raises(StoreError, match="No space left"):
        store(small, "copied", link="copy")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_k9_what_root_restores_belongs_to_the_owner_of_the_repository(repo: Repo) -> None:
    old = make_outputs(repo)
    store(repo)
    remove(repo.path / "node_modules")
    repo.call("chown", "-R", "--no-dereference", "12345:12345", str(repo.path), check=True)
    repo.env["SUDO_UID"] = "12345"
    assert restore(repo).manifest is not None
    found = {path: os.lstat(os.fsencode(repo.path) + b"/" + path) for path in old}
    assert {one.st_uid for path, one in found.items() if old[path][0] != "link"} == {12345}
    assert outputs_of(repo) == old


def test_k9_the_git_directory_may_be_on_another_file_system(repo: Repo, far: Path) -> None:
    old = make_outputs(repo)
    shutil.move(repo.path / ".git", far / "git")
    repo.write(".git", f"gitdir: {far}/git\n")
    store(repo)
    make_outputs(repo, "2")
    assert restore(repo).manifest is not None
    assert outputs_of(repo) == old and leftovers(repo) == []
    assert repo.git("status", "--porcelain").stdout == ""


def test_k9_a_folder_may_be_on_another_file_system(repo: Repo, far: Path) -> None:
    (repo.path / "deep").mkdir()
    subprocess.run(("mount", "--move", str(far), str(repo.path / "deep")), check=False)
    if not os.path.ismount(repo.path / "deep"):
        subprocess.run(("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(repo.path / "deep")), check=True)
    outputs = (b"deep/er/node_modules",)
    old = make_outputs(repo, name=outputs[0])
    store(repo, outputs=outputs)
    remove(repo.path / "deep/er")
    assert restore(repo, outputs=outputs).manifest is not None
    assert outputs_of(repo, outputs[0]) == old and leftovers(repo) == []


def test_k9_an_output_that_is_a_mount_is_left_alone(repo: Repo, far: Path) -> None:
    make_outputs(repo)
    store(repo)
    ignore(repo, "deep", "node_modules")
    (repo.path / "deep").mkdir()
    subprocess.run(("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(repo.path / "deep")), check=True)
    put(repo.path / "deep/mine", "mine")
    outputs = (b"deep",)
    assert store(repo, outputs=outputs) is not None
    put(repo.path / "deep/mine", "changed")
    result = restore(repo, outputs=outputs)
    assert result.manifest is None and "cannot restore cached outputs" in result.reason
    assert (repo.path / "deep/mine").read_text() == "changed" and leftovers(repo) == []


def test_k9_a_full_disk_changes_nothing_in_a_restore(repo: Repo, far: Path) -> None:
    small = Repo.create(far / "repo", repo.env)
    ignore(small)
    make_outputs(small)
    store(small)
    new = make_outputs(small, "2")
    (far / "full").write_bytes(b"x" * (os.statvfs(far).f_bavail * os.statvfs(far).f_frsize - 1_000_000))
    result = restore(small)
    assert result == RestoreResult(None, "cannot restore cached outputs: No space left on device")
    assert outputs_of(small) == new and leftovers(small) == []
    (far / "full").unlink()
    assert restore(small).manifest is not None and outputs_of(small) != new


def test_k9_a_full_disk_keeps_the_cache_whole(repo: Repo, far: Path) -> None:
    old = make_outputs(repo)
    repo.env["XDG_CACHE_HOME"] = str(far)
    store(repo, key="1")
    (far / "full").write_bytes(b"x" * (os.statvfs(far).f_bavail * os.statvfs(far).f_frsize - 1_000_000))
    with pytest.raises(StoreError, match="No space left"):
        store(repo, key="2")
    assert restore(repo, key="2") == NOTHING_STORED
    assert restore(repo, key="1").manifest is not None and outputs_of(repo) == old
    assert sorted(os.listdir(cache_dir(repo))) == ["1", "repository"]


# What it costs


def test_k9_a_restore_imports_nothing_slow_but_what_calls_the_system(repo: Repo) -> None:
    put(repo.path / "node_modules/file", "small")
    store(repo)
    code = (
        "import sys; bare = set(sys.modules); sys.path.insert(0, sys.argv[1])",
        "from dodo_hooks.results.outputs.restore_outputs import restore_outputs",
        "from dodo_hooks.results.outputs.manifest import manifest_of",
        "from dodo_hooks.git.repo import find_repo",
        "from dodo_hooks.host.world import make_world",
        "world = make_world(); repo = find_repo(world.environ, world.cwd)",
        "assert manifest_of(repo.top, (b'node_modules',))",
        "print(*(name for name in set(sys.modules) - bare if not name.startswith('dodo_hooks')))",
        f"print(restore_outputs({cache_dir(repo)!r}, {KEY!r}, repo, world.environ, (b'node_modules',)).reason == '')",
        "print(*(name for name in set(sys.modules) - bare if not name.startswith('dodo_hooks')))",
    )
    done = repo.call(sys.executable, "-I", "-S", "-c", "\n".join(code), PACKAGES, check=True)
    imported, is_restored, after = done.stdout.splitlines()
    allowed = {"_collections", "fcntl", "select", "gc", "errno", "_sha1", "_sha256", "_sha2"}
    assert is_restored == "True"
    assert set(imported.split()) <= allowed
    assert not set(after.split()) & {"dataclasses", "typing", "pathlib", "subprocess", "json", "shutil", "hashlib"}
