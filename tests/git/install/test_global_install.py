"""Hooks for all repositories of a user: `install --global` and `--template` (section 8)."""

import fcntl
import sys
from pathlib import Path

import pytest

from dodo_hooks import doit_plugin
from dodo_hooks.git.install.launcher import launcher_text
from dodo_hooks.git.install.shim_text import ENDINGS, HOOK_FILES
from dodo_hooks.loader.layers.config_formats import CONFIG_FORMATS
from kit.chance import how_many
from kit.repo import Repo

COMMIT = ("commit", "-q", "--allow-empty", "-m", "x")
FILE = "hooks: {pre-commit: {jobs: [{name: a, run: 'touch ran'}]}}\n"
ROUNDS = how_many(1, 20, "TORTURE_ROUNDS")


def config_of(repo: Repo) -> Path:
    return Path(repo.env["GIT_CONFIG_GLOBAL"])


def data_of(repo: Repo) -> Path:
    return Path(repo.env["HOME"]) / ".local/share/dodo-hooks"


def own_hook(repo: Repo, name: str, text: str, hooks: str = ".git/hooks") -> None:
    repo.write(f"{hooks}/{name}", f"#!/bin/sh\n{text}\n").chmod(0o755)


def without_python(repo: Repo) -> None:
    """Make every start of Python by a shim fail, so that a test sees it."""
    (data_of(repo) / "launch.py").write_text("raise SystemExit('Python was started')")


@pytest.fixture
def global_hooks(repo: Repo) -> Repo:
    """Make a repository of a user who has installed the hooks for all."""
    repo.run("install", "--global", check=True)
    return repo


def test_every_hook_file_is_one_that_the_shims_look_for_and_plain_doit_knows() -> None:
    looked_for = {f"{name}{ending}" for name in HOOK_FILES for ending in ENDINGS}
    every_name = {name for one in CONFIG_FORMATS for name in (*one.candidates, *one.alone)}
    assert every_name <= looked_for
    assert [name for name in every_name if not name.endswith(doit_plugin.ENDINGS)] == []


@pytest.mark.parametrize("option", ("--global", "--template"))
def test_a_global_install_and_back_leaves_every_byte_of_the_configuration(repo: Repo, option: str) -> None:
    config = config_of(repo)
    with open(config, "a") as file:
        file.write("[alias]   # mine\n    x =   status ; there\n[core] ; again\n")
    before, mode = config.read_bytes(), config.stat().st_mode
    assert str(config) in repo.run("install", option, check=True).stdout
    once = config.read_bytes()
    assert once != before
    repo.run("install", option, check=True)
    assert config.read_bytes() == once
    said = repo.run("uninstall", "--global", check=True).stdout
    assert "restored" in said
    assert (config.read_bytes(), config.stat().st_mode) == (before, mode) and not data_of(repo).exists()
    assert "no hooks of dodo-hooks" in repo.run("uninstall", "--global", check=True).stdout


def test_a_configuration_that_is_a_link_stays_one(repo: Repo, tmp_path: Path) -> None:
    config = config_of(repo)
    config.rename(tmp_path / "dotfiles")
    config.symlink_to(tmp_path / "dotfiles")
    before = config.read_bytes()
    repo.run("install", "--global", check=True)
    repo.run("uninstall", "--global", check=True)
    assert config.is_symlink() and config.read_bytes() == before


def test_a_configuration_that_was_not_there_is_not_there_again(repo: Repo) -> None:
    env = {"GIT_CONFIG_GLOBAL": str(Path(repo.env["HOME"]) / "none")}
    repo.run("install", "--global", check=True, env=env)
    assert Path(env["GIT_CONFIG_GLOBAL"]).exists()
    repo.run("uninstall", "--global", check=True, env=env)
    assert not Path(env["GIT_CONFIG_GLOBAL"]).exists()


def test_what_others_have_configured_meanwhile_stays(global_hooks: Repo) -> None:
    global_hooks.git("config", "--global", "user.name", "Somebody Else")
    global_hooks.run("uninstall", "--global", check=True)
    assert global_hooks.git("config", "core.hooksPath", check=False).returncode == 1
    assert global_hooks.git("config", "user.name").stdout == "Somebody Else\n"


def test_global_hooks_of_another_program_are_not_put_out_of_use(repo: Repo) -> None:
    repo.git("config", "--global", "core.hooksPath", "/elsewhere")
    before = config_of(repo).read_bytes()
    done = repo.run("install", "--global")
    assert done.returncode == 3 and "core.hooksPath is /elsewhere in the global git configuration" in done.stderr
    assert config_of(repo).read_bytes() == before and not data_of(repo).exists()


def test_a_configuration_that_cannot_be_written_leaves_nothing(repo: Repo) -> None:
    repo.env["GIT_CONFIG_GLOBAL"] = f"{repo.env['HOME']}/not-there/config"
    done = repo.run("install", "--global")
    assert done.returncode == 2 and "could not lock config file" in done.stderr and not data_of(repo).exists()


# Installs, or uninstalls, when the test releases of the lock, together with all others that wait for it.
AT_ONCE = """
import fcntl, sys
import dodo_hooks.cli.install.install, dodo_hooks.cli.install.uninstall, dodo_hooks.main
print("ready", flush=True)
fcntl.flock(open(sys.argv[1]), fcntl.LOCK_SH)
sys.exit(dodo_hooks.main.main(sys.argv[2:]))
"""


@pytest.mark.timeout(600)
def test_global_installs_at_once_agree(repo: Repo, tmp_path: Path) -> None:
    before = config_of(repo).read_bytes()

    def at_once(*argvs: tuple[str, ...]) -> None:
        with open(tmp_path / "start", "w") as start:
            fcntl.flock(start, fcntl.LOCK_EX)
            several = [repo.start(sys.executable, "-c", AT_ONCE, start.name, *argv) for argv in argvs]
            for process in several:
                assert process.stdout and process.stdout.readline() == b"ready\n"
        for process in several:
            assert (process.communicate()[1], process.returncode) == (b"", 0)

    at_once(("install", "--global"))
    once = config_of(repo).read_bytes()
    for _ in range(ROUNDS):
        at_once(("install", "--global"), ("uninstall", "--global"), ("install", "--global"))
        repo.run("install", "--global", check=True)
        assert config_of(repo).read_bytes() == once
    repo.run("uninstall", "--global", check=True)
    assert config_of(repo).read_bytes() == before and not data_of(repo).exists()


# What a global shim does


def test_a_global_shim_costs_no_python_where_there_is_no_hook_file(global_hooks: Repo) -> None:
    without_python(global_hooks)
    own_hook(global_hooks, "pre-commit", 'echo "own hook in $PWD" >&2')
    assert global_hooks.git(*COMMIT).stderr == f"own hook in {global_hooks.path}\n"
    global_hooks.file(FILE)
    assert "Python was started" in global_hooks.git(*COMMIT, check=False).stderr
    assert global_hooks.git(*COMMIT, env={"DODO_HOOKS": "0"}).stderr.count("\n") == 1


def test_a_global_shim_gives_a_repositorys_own_hook_its_input_and_takes_its_exit_code(global_hooks: Repo) -> None:
    global_hooks.git("init", "-q", "--bare", "../origin.git")
    own_hook(global_hooks, "pre-push", 'echo "$1 $2" >&2; cat >&2; exit 7')
    for _ in range(2):
        done = global_hooks.git("push", "../origin.git", "main", check=False)
        assert done.returncode == 1
        assert "../origin.git ../origin.git\nrefs/heads/main " in done.stderr
        global_hooks.file(FILE)  # and the same where there is a hook file
        global_hooks.run("trust", check=True)


@pytest.mark.parametrize("place", ("linked", "submodule", "bare"))
def test_a_global_shim_finds_a_repositorys_own_hook(global_hooks: Repo, tmp_path: Path, place: str) -> None:
    if place == "linked":
        own_hook(global_hooks, "pre-commit", "echo own hook >&2")
        there = global_hooks.worktree("linked")
    elif place == "bare":
        global_hooks.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
        bare = Repo(tmp_path / "bare.git", global_hooks.env)
        own_hook(bare, "pre-commit", "echo own hook >&2", "hooks")
        own_hook(bare, "reference-transaction", 'echo "own $1" >&2', "hooks")
        assert "own prepared" in bare.git("update-ref", "refs/heads/new", "main").stderr
        (bare.path / "hooks/reference-transaction").unlink()
        bare.git("worktree", "add", "-q", str(tmp_path / "one"))
        there = Repo(tmp_path / "one", global_hooks.env)
    else:
        library = Repo.create(tmp_path / "library", global_hooks.env)
        global_hooks.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.path), "sub")
        own_hook(global_hooks, "pre-commit", "echo own hook >&2", ".git/modules/sub/hooks")
        there = Repo(global_hooks.path / "sub", global_hooks.env)
    assert there.git(*COMMIT).stderr == "own hook\n"
    there.file(FILE)
    there.run("trust", check=True)
    assert there.git(*COMMIT).stderr.startswith("own hook\n") and there.has("ran")


def test_where_hooks_are_installed_too_they_run_once(repo: Repo) -> None:
    own_hook(repo, "pre-commit", "echo own hook >&2")
    repo.file("hooks: {pre-commit: {jobs: [{name: a, run: 'echo x >> ran'}]}}\n")
    repo.run("install", check=True)
    repo.run("install", "--global", check=True)
    assert repo.git(*COMMIT).stderr.count("own hook") == 1
    assert repo.read("ran") == "x\n"
    assert repo.run("doctor", check=True).stdout == "no errors or warnings\n"


def test_a_repository_with_hooks_of_its_own_needs_no_more_of_them(repo: Repo) -> None:
    repo.file(FILE)
    repo.run("install", check=True)
    repo.run("install", "--global", check=True)
    repo.file(FILE.replace("hooks: {", "hooks: {post-commit: {jobs: [{name: b, run: touch after}]}, "))
    assert "install" not in repo.git(*COMMIT).stderr
    assert repo.has("ran") and repo.has("after") and not repo.has(".git/hooks/post-commit")
    assert "installed for all repositories; this one is trusted" in repo.run("status", check=True).stdout


def test_install_in_a_repository_with_global_hooks_is_consent(global_hooks: Repo) -> None:
    global_hooks.file(FILE)
    before = {path: path.read_bytes() for path in (global_hooks.path / ".git/hooks").iterdir()}
    assert "the hooks for all repositories" in global_hooks.run("install", check=True).stdout
    assert {path: path.read_bytes() for path in (global_hooks.path / ".git/hooks").iterdir()} == before
    global_hooks.git(*COMMIT)
    assert global_hooks.has("ran")


def test_g1_when_python_is_gone_a_global_gate_refuses_where_there_is_a_hook_file_alone(global_hooks: Repo) -> None:
    (data_of(global_hooks) / "launch.py").unlink()
    assert global_hooks.git(*COMMIT).stderr == ""
    global_hooks.file(FILE)
    done = global_hooks.git(*COMMIT, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "install dodo-hooks again and run `dodo-hooks install --global`" in done.stderr


def test_g1_when_the_package_is_gone_a_global_gate_refuses_and_others_pass(global_hooks: Repo) -> None:
    global_hooks.file(FILE)
    global_hooks.git("add", "hooks.dodo")
    (data_of(global_hooks) / "launch.py").write_bytes(launcher_text("/nothing-here", []))
    (data_of(global_hooks) / "hot.bin").unlink()
    own_hook(global_hooks, "post-checkout", "echo own hook >&2")
    done = global_hooks.git(*COMMIT, check=False)
    assert done.returncode == 1 and "pre-commit cannot be run (No module named 'dodo_hooks')" in done.stderr
    said = global_hooks.git("checkout", "-q", "--", "hooks.dodo").stderr.splitlines()
    assert said[0].startswith("dodo-hooks: post-checkout cannot be run") and said[1:] == ["own hook"]


def test_g2_global_hooks_fire_for_a_clone_and_a_new_worktree(global_hooks: Repo, tmp_path: Path) -> None:
    global_hooks.file(
        "hooks:\n"
        "  post-clone: {jobs: [{name: a, run: touch cloned}]}\n"
        "  worktree-post-create: {jobs: [{name: b, run: touch created}]}\n"
    )
    global_hooks.run("trust", check=True)
    global_hooks.git("add", "hooks.dodo")
    global_hooks.git("commit", "-q", "-m", "hooks")
    old = global_hooks.worktree("old")
    assert old.has("created")
    (old.path / "created").unlink()
    old.git("checkout", "-q", "-b", "topic")
    assert not old.has("created")
    global_hooks.git("clone", "-q", ".", str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", global_hooks.env)
    assert not clone.has("cloned")  # nobody has said that it is trusted
    said = clone.run("trust", check=True).stdout
    assert f"cd {clone.path} && dodo-hooks run post-clone -- 0000" in said and "run post-checkout" not in said


def test_g2_a_worktree_from_before_a_global_install_is_not_taken_for_a_new_one(repo: Repo) -> None:
    repo.file("hooks: {worktree-post-create: {jobs: [{name: b, run: touch created}]}}\n")
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks")
    old = repo.worktree("old")
    repo.run("install", "--global", check=True)
    repo.run("trust", check=True)
    old.git("checkout", "-q", "-b", "topic")
    assert not old.has("created")


# A template


def test_a_template_gives_hooks_to_new_repositories_and_asks_for_trust(repo: Repo, tmp_path: Path) -> None:
    repo.file(FILE)
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks")
    repo.run("install", "--template", check=True)
    assert not repo.has("ran")
    repo.git("clone", "-q", ".", str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", repo.env)
    assert clone.has(".git/info/exclude")
    assert "is not trusted yet" in clone.run("doctor").stdout
    clone.git(*COMMIT)
    assert not clone.has("ran")
    clone.run("trust", check=True)
    clone.git(*COMMIT)
    assert clone.has("ran") and clone.run("doctor", check=True).stdout == "no errors or warnings\n"
    clone.run("install", check=True)  # from now on without the template
    repo.run("uninstall", "--global", check=True)
    (clone.path / "ran").unlink()
    clone.git(*COMMIT)
    assert clone.has("ran")
