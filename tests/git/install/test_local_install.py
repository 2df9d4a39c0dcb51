"""`install --local`: git uses the repository's own hooks, whatever is configured; uninstall undoes it (section 8)."""

import fcntl
import os
import shutil
import sys
from pathlib import Path

import pytest

from kit.chance import how_many
from kit.repo import Repo

COMMIT = ("commit", "-q", "--allow-empty", "-m", "x")
ROUNDS = how_many(1, 20, "TORTURE_ROUNDS")
# The bundle is the same code each time, and marshal does not promise the same bytes for it.
IGNORED = ("/dodo-hooks", "/dodo-hooks/id", "/dodo-hooks/hot.bin")

# Installs when the test releases of the lock, together with all others that wait for it.
AT_ONCE = """
import fcntl, sys
import dodo_hooks.cli.install.install, dodo_hooks.loader.load, dodo_hooks.main
print("ready", flush=True)
fcntl.flock(open(sys.argv[1]), fcntl.LOCK_SH)
sys.exit(dodo_hooks.main.main(["install", "--local"]))
"""


def husky(repo: Repo) -> None:
    """Make what husky 9 makes: a directory of one-line hooks that lead to those of the project."""
    repo.write(".husky/_/h", '#!/usr/bin/env sh\nsh -e "$(dirname "$(dirname "$0")")/$(basename "$0")" "$@"\n')
    for name in ("pre-commit", "commit-msg"):
        repo.write(f".husky/_/{name}", '#!/usr/bin/env sh\n. "$(dirname "$0")/h"\n').chmod(0o755)
    repo.write(".husky/_/.gitignore", "*")
    repo.write(".husky/pre-commit", "echo husky >&2\n")
    repo.write(".husky/commit-msg", "true\n")
    repo.git("config", "core.hooksPath", ".husky/_")


def listing(*roots: Path) -> dict[str, tuple[int, bytes]]:
    found = {}
    for root in roots:
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            name = str(path.relative_to(root.parent))
            # What is the business of git, of records, and of the one id that a repository has for them.
            if not any(
                f"/.git/{part}" in f"/{name}" for part in ("objects", "refs", "logs", "index", "COMMIT_EDITMSG")
            ):
                content = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
                found[name] = (path.lstat().st_mode, os.fsencode(content) if isinstance(content, Path) else content)
    return {name: one for name, one in found.items() if not name.endswith(IGNORED)}


@pytest.fixture
def ours(repo: Repo) -> Repo:
    """Make a repository with a hook file, not installed yet."""
    repo.file("hooks: {pre-commit: {jobs: [{name: a, run: 'touch ran'}]}}\n")
    return repo


def test_g1_beside_husky_nothing_is_changed_and_husky_is_named(ours: Repo) -> None:
    husky(ours)
    before = listing(ours.path)
    done = ours.run("install")
    assert done.returncode == 3 and listing(ours.path) == before
    assert "where husky has its hooks; nothing was changed" in done.stderr
    assert "`dodo-hooks install --local`" in done.stderr and "`dodo-hooks install --global`" in done.stderr
    assert ours.git(*COMMIT).stderr == "husky\n" and not ours.has("ran")


@pytest.mark.parametrize("directory", (".githooks", ".husky/_", "linked"))
def test_g1_hooks_that_call_ours_are_all_that_is_needed(ours: Repo, directory: str) -> None:
    husky(ours)
    ours.git("config", "core.hooksPath", directory)
    if directory == "linked":
        ours.git("config", "--unset", "core.hooksPath")
        shutil.rmtree(ours.path / ".git/hooks")
        (ours.path / ".git/hooks").symlink_to("../linked")
    folder = directory.removesuffix("/_")
    ours.write(f"{folder}/pre-commit", '#!/bin/sh\ndodo-hooks run pre-commit -- "$@"\n').chmod(0o755)
    assert (folder == ".husky") == ("husky" not in ours.run("doctor", check=True).stdout)
    assert f"called from {ours.path}/{folder}: pre-commit\n" in ours.run("status").stdout
    ours.file("hooks: {pre-commit: {jobs: [{name: a, run: 'true'}]}, pre-push: {jobs: [{name: a, run: 'true'}]}}\n")
    done = ours.run("doctor")
    assert done.returncode == 1 and "git does not fire pre-push: no hook in" in done.stdout


@pytest.mark.parametrize("way", ("husky", "own", "global", "absolute", "none"))
def test_g1_a_local_install_and_back_leaves_every_byte_as_it_was(ours: Repo, tmp_path: Path, way: str) -> None:
    config = Path(ours.env["GIT_CONFIG_GLOBAL"])
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "pre-commit").write_text("#!/bin/sh\necho shared >&2\n")
    (shared / "pre-commit").chmod(0o755)
    ours.write(".githooks/pre-commit", "#!/bin/sh\necho of the project >&2\n").chmod(0o755)
    ours.write(".git/hooks/pre-commit", "#!/bin/sh\necho own hook >&2\n").chmod(0o640)
    match way:
        case "husky":
            husky(ours)
        case "own":
            ours.git("config", "core.hooksPath", ".githooks")
        case "global":
            ours.git("config", "--global", "core.hooksPath", "~/../shared")
        case "absolute":
            ours.git("config", "core.hooksPath", str(ours.path / ".githooks"))
    # git would write this otherwise, so only a copy of the bytes gives it back.
    with open(ours.path / ".git/config", "a") as file:
        file.write("[alias]   # mine\n    x =   status ; there\n[core] ; again\n")
    before = listing(ours.path, shared, config)
    said = ours.run("install", "--local", check=True).stdout
    assert ours.git("rev-parse", "--git-path", "hooks").stdout.strip() in (".git/hooks", f"{ours.path}/.git/hooks")
    assert ("git no longer runs" in said) == (way != "none")
    ours.git(*COMMIT)
    assert ours.has("ran")
    (ours.path / "ran").unlink()
    ours.run("install", "--local", check=True)  # again
    ours.run("uninstall", check=True)
    assert listing(ours.path, shared, config) == before


def test_g1_what_others_have_configured_meanwhile_stays(ours: Repo) -> None:
    husky(ours)
    ours.run("install", "--local", check=True)
    ours.git("config", "user.name", "Somebody Else")
    ours.run("uninstall", check=True)
    assert ours.git("config", "core.hooksPath").stdout == ".husky/_\n"
    assert ours.git("config", "user.name").stdout == "Somebody Else\n"
    ours.run("install", "--local", check=True)
    ours.git("config", "core.hooksPath", ".husky/_")  # husky does, at each `npm install`
    assert "set by husky" in ours.run("doctor").stdout
    ours.run("install", "--local", check=True)
    ours.git("config", "core.hooksPath", "elsewhere")
    ours.run("uninstall", check=True)
    assert ours.git("config", "core.hooksPath").stdout == "elsewhere\n"


def test_g1_the_configuration_of_one_worktree_wins_and_comes_back(ours: Repo) -> None:
    ours.git("add", "hooks.dodo")
    ours.git("commit", "-q", "-m", "hooks")
    linked = ours.worktree("linked")
    ours.git("config", "extensions.worktreeConfig", "true")
    linked.git("config", "--worktree", "core.hooksPath", "/elsewhere")
    config = ours.path / ".git/worktrees/linked/config.worktree"
    before = config.read_bytes()
    assert linked.run("install").returncode == 3
    linked.run("install", "--local", check=True)
    linked.git(*COMMIT)
    ours.git(*COMMIT)
    assert linked.has("ran") and ours.has("ran")
    ours.run("uninstall", check=True)  # in another working tree
    assert config.read_bytes() == before


def test_g1_every_worktree_uses_the_hooks_of_a_local_install(ours: Repo) -> None:
    husky(ours)
    ours.git("add", "hooks.dodo")
    ours.git("commit", "-q", "-m", "hooks")
    ours.run("install", "--local", check=True)
    linked = ours.worktree("linked")
    linked.git(*COMMIT)
    assert linked.has("ran")


@pytest.mark.parametrize("way", ("copied", "moved"))
def test_g1_a_local_install_is_repaired_after_a_move_and_a_copy_leaves_the_first_one_alone(
    ours: Repo, tmp_path: Path, way: str
) -> None:
    husky(ours)
    ours.run("install", "--local", check=True)
    before = listing(ours.path)
    there = Repo(tmp_path / way, ours.env)
    if way == "copied":
        ours.call("cp", "-r", str(ours.path), str(there.path), check=True)
    else:
        shutil.move(ours.path, there.path)
    assert "run `dodo-hooks install --local`" in there.run("doctor").stdout
    assert there.run("install").returncode == 3
    there.run("install", "--local", check=True)
    there.git(*COMMIT)
    assert there.has("ran") and there.run("doctor").stdout.startswith("note: .husky of husky exists beside")
    there.run("uninstall", check=True)
    assert there.git("config", "core.hooksPath").stdout == ".husky/_\n" and not there.has(".git/hooks/pre-commit")
    assert way == "moved" or listing(ours.path) == before


def test_g1_uninstall_in_a_copy_leaves_the_first_one_alone(ours: Repo, tmp_path: Path) -> None:
    husky(ours)
    ours.run("install", "--local", check=True)
    before = listing(ours.path)
    ours.call("cp", "-r", str(ours.path), str(tmp_path / "copy"), check=True)
    copy = Repo(tmp_path / "copy", ours.env)
    copy.run("uninstall", check=True)
    assert copy.git("config", "core.hooksPath").stdout == ".husky/_\n" and not copy.has(".git/hooks/pre-commit")
    assert listing(ours.path) == before


def test_g1_hooks_that_come_alive_again_are_named(ours: Repo) -> None:
    husky(ours)
    ours.write(".git/hooks/post-merge", "#!/bin/sh\n").chmod(0o755)
    said = ours.run("install", "--local", check=True).stdout.splitlines()
    assert "git no longer runs pre-commit, commit-msg in .husky/_" in said
    assert f"git now also runs post-merge in {ours.path}/.git/hooks, which dodo-hooks did not install" in said


@pytest.mark.parametrize(
    ("text", "name", "removal"),
    (
        (
            "#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\n",
            "pre-commit",
            "pre-commit uninstall",
        ),
        ('#!/bin/sh\n# husky\n\n. "$(dirname "$0")/husky.sh"\n', "husky", "npm uninstall husky"),
        ('#!/bin/sh\ncall_lefthook run "pre-commit" "$@"\n', "lefthook", "lefthook uninstall"),
    ),
)
def test_g1_the_hook_of_another_program_is_kept_and_named(ours: Repo, text: str, name: str, removal: str) -> None:
    ours.write(".git/hooks/pre-commit", text).chmod(0o755)
    said = ours.run("install", check=True).stdout
    assert f"pre-commit: the legacy hook is from {name}, and both run" in said and removal in said
    ours.run("uninstall", check=True)
    assert ours.read(".git/hooks/pre-commit") == text


@pytest.mark.timeout(600)
def test_g1_installs_at_once_agree(ours: Repo, tmp_path: Path) -> None:
    """Run real processes, again and again: each ends well, and what they leave is what one of them would have left."""
    husky(ours)
    ours.write(".git/hooks/pre-commit", "#!/bin/sh\necho own hook >&2\n").chmod(0o755)
    before = listing(ours.path)
    ours.run("install", "--local", check=True)
    once = listing(ours.path)
    for _ in range(ROUNDS):
        ours.run("uninstall", check=True)
        assert listing(ours.path) == before
        with open(tmp_path / "start", "w") as start:
            fcntl.flock(start, fcntl.LOCK_EX)
            several = [ours.start(sys.executable, "-c", AT_ONCE, start.name) for _ in range(2)]
            for process in several:
                assert process.stdout and process.stdout.readline() == b"ready\n"
        for process in several:
            assert (process.communicate()[1], process.returncode) == (b"", 0)
        assert listing(ours.path) == once
