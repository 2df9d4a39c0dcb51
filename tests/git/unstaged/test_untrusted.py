"""Content that is read back from below the git directory is input (G5)."""

import base64
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dodo_hooks.core.errors import GitError
from dodo_hooks.git import untrusted
from dodo_hooks.git.content.file_state import FILE, FileState
from dodo_hooks.git.install import config_override
from dodo_hooks.git.replay import Replay, defer, deferred_hooks
from dodo_hooks.git.unstaged.hide import restore_interrupted
from dodo_hooks.git.unstaged.journal import Entry, Journal, load_journal
from dodo_hooks.git.unstaged.stage_fixed import FixStager
from dodo_hooks.host.files.atomic_files import create_file
from kit.repo import Repo

# One value

SECRET = b"the private key of somebody\n"
BLOB = "a" * 40
HARMLESS = [
    b"a",
    b"a/b",
    b".gitignore",
    b".github/x",
    b"git",
    b"git~2",
    b"...",
    b"a..b",
    b"\xff\xfe",
    b"-dash",
    b"a\\b",
]


HARMFUL = [b"", b".", b"..", b"/", b"/etc/passwd", b"a/../b", b"../a", b"a/", b"a//b", b"a\0b", b"./a"]
DOT_GIT = [b".git", b".GIT/config", b"a/.git/hooks/x", b".git.", b".git . .", b"git~1", b"GIT~1/x", b".git::$INDEX"]
DOT_GIT += [b"a\\.git\\x", b".git:stream/x", ".g\u200cit".encode(), "\ufeff.Git".encode(), b"git~1 .", b".git ./hooks"]


@pytest.mark.parametrize("path", HARMLESS)
def test_g5_a_path_that_git_tracks_is_believed(path: bytes) -> None:
    assert untrusted.relative_path(untrusted.path_text(path)) == path


@pytest.mark.parametrize("path", HARMFUL + DOT_GIT)
def test_g5_a_path_that_leads_elsewhere_is_not_believed(path: bytes) -> None:
    with pytest.raises(ValueError, match="not a path of the working tree"):
        untrusted.relative_path(untrusted.path_text(path))


def test_g5_a_path_is_believed_where_git_with_all_its_protections_tracks_it(repo: Repo) -> None:
    """Compare each path with git itself; those that hold a NUL cannot be compared."""
    guarded = ("git", "-c", "core.protectHFS=true", "-c", "core.protectNTFS=true")
    blob = repo.git("hash-object", "-w", "--stdin").stdout.strip()
    for path in (*HARMLESS, *HARMFUL, *DOT_GIT):
        if path and b"\0" not in path:
            name = os.fsdecode(path)
            done = repo.call(*guarded, "update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
            assert untrusted.is_tracked_path(path) == (done.returncode == 0), (path, done.stderr)
            repo.call("git", "rm", "-q", "--cached", "-r", "--ignore-unmatch", ".", check=True)


@pytest.mark.parametrize(
    ("read", "right", "wrong"),
    [
        (untrusted.permission_bits, [0, 0o600, 0o755, 0o777], [0o1777, 0o2755, 0o4755, -1, True, "0600", 6.0, None]),
        (untrusted.index_mode, [0, 0o100644, 0o100755, 0o120000], [0o100600, 0o104755, 0o40000, -1, True, "0"]),
        (untrusted.small_integer, [0, 1 << 62], [-1, 1 << 63, True, 1.5, "1", None]),
        (untrusted.blob_id, [BLOB, "0" * 64], ["", "a" * 41, "A" * 40, "../" * 13 + "a", "a" * 39 + "\n", 5, None]),
        (untrusted.digest, ["f" * 64], ["f" * 63, "", "g" * 64, 5]),
        (untrusted.flag, [True, False], [0, 1, "true", None]),
    ],
)
def test_g5_only_values_of_its_kind_are_believed(
    read: Callable[[object], object], right: list[object], wrong: list[object]
) -> None:
    assert [read(value) for value in right] == right
    for value in wrong:
        with pytest.raises(ValueError, match=r"^not |^neither|^none"):
            read(value)


def test_g5_a_file_of_ours_is_not_read_through_a_link_nor_from_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "link").symlink_to("secret")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError) as caught:
        untrusted.read_regular(str(tmp_path / "link"))
    assert caught.value.errno == errno.ELOOP
    with pytest.raises(ValueError, match="not a regular file"):
        untrusted.read_regular(str(tmp_path / "pipe"))
    os.close(create_file(str(tmp_path / "link")))
    assert (tmp_path / "secret").read_bytes() == SECRET and not (tmp_path / "link").is_symlink()


# Notes


def test_g5_g6_notes_that_are_not_valid_are_reported_and_the_index_is_left_alone(repo: Repo) -> None:
    facts = repo.facts
    repo.write(".git/dodo-hooks-restaged", json.dumps([[None, [["../x", 0o100644, BLOB, 0o100644, BLOB]]]]))
    with pytest.raises(GitError, match=r"dodo-hooks-restaged, .* is not valid .*; remove it"):
        restore_interrupted(facts, repo.env)
    with pytest.raises(GitError, match="is not valid"):
        FixStager(facts, repo.env, None, [])
    assert repo.has(".git/dodo-hooks-restaged")


def test_r12_what_was_put_off_is_read_back_as_hooks_and_their_arguments(tmp_path: Path) -> None:
    replay = Replay(str(tmp_path), "rebase", is_over=False)
    defer(replay, "post-checkout", ("0" * 40, BLOB, "1"))
    defer(replay, "commit-msg", (".git/COMMIT_EDITMSG",))
    target = tmp_path / "dodo-hooks-owed"
    assert deferred_hooks(replay) == {"post-checkout": ("0" * 40, BLOB, "1"), "commit-msg": (".git/COMMIT_EDITMSG",)}
    content = target.read_bytes()
    target.write_bytes(content + b"worktree-pre-remove\0x\nevil\0x\npost-merge\0\x1b[2J\npost-commit\0a\0b\0c\0d\n")
    assert set(deferred_hooks(replay)) == {"post-checkout", "commit-msg"}
    (tmp_path / "secret").write_bytes(content)
    target.unlink()
    target.symlink_to("secret")
    assert deferred_hooks(replay) == {}
    defer(replay, "post-commit", ())
    assert deferred_hooks(replay) == {"post-commit": ()} and (tmp_path / "secret").read_bytes() == content


def test_g5_what_we_write_can_be_read(repo: Repo) -> None:
    """Try times before 1970 and any permissions; what git tracks with its protections off is not hidden at all."""
    facts = repo.facts
    journal = Journal(facts.git_dir)
    journal.prepare()
    journal.entries = [Entry(0, b"new\nline \xff", FileState(FILE, 0o777, "0" * 64, 5))]
    journal.kept_in = journal.kept + b"/2020-01-01-000000"
    journal.write()
    again = load_journal(facts)
    assert again is not None and again.kept_in == journal.kept_in
    assert again.entries[0].path == b"new\nline \xff" and again.entries[0].base == journal.entries[0].base


def test_g5_what_we_remember_of_a_configuration_is_not_written_through_a_link(repo: Repo, tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    profile.write_bytes(b"[core]\n\thooksPath = mine\n")
    encoded = [base64.b64encode(one).decode() for one in (b"evil\n", profile.read_bytes())]
    memory = {"value": "mine", "before": [], "original": encoded[0], "written": encoded[1]}
    link = tmp_path / "config"
    link.symlink_to(profile)
    one = config_override.Override("core.hooksPath", str(link), str(repo.write(".git/memory", json.dumps(memory))))
    assert config_override.restore_setting(one, repo.env) == config_override.RESTORED
    assert b"evil" not in profile.read_bytes()
    repo.write(".git/memory", json.dumps({**memory, "before": 5}))
    with pytest.raises(GitError, match="damaged"):
        config_override.restore_setting(one, repo.env)
