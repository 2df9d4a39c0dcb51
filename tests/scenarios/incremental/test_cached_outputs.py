"""Outputs that come back from the cache: seen from git (K9, K10)."""

import shutil
import sys

import pytest

from kit.repo import Repo
from kit.results.incremental import counting, runs

COMMAND = (sys.executable, "-m", "dodo_hooks")


@pytest.fixture
def installed(repo: Repo) -> Repo:
    """Return a repository whose `modules` are made of `lock`, and are cached."""
    repo.write(".gitignore", "modules\n")
    repo.write("lock", "A")
    deps = counting("deps", "rm -rf modules && mkdir modules && cp lock modules/made")
    repo.hook("post-checkout", deps={"run": deps, "inputs": ["lock"], "outputs": ["modules"], "cache": True})
    repo.hook("post-commit", test={"run": counting("test"), "needs": []})
    repo.git("add", ".")
    repo.git("commit", "-qm", "A")
    repo.run("run", "post-checkout", check=True)
    return repo


def test_k9_a_branch_switch_gets_the_outputs_back(installed: Repo) -> None:
    installed.git("switch", "-qc", "B")
    installed.write("lock", "B")
    installed.git("commit", "-qam", "B")
    installed.run("run", "post-checkout", check=True)
    installed.write("modules/besides", "x")
    said = installed.git("switch", "-q", "main").stderr
    assert said == "dodo-hooks: post-checkout: 1 up to date\n" and runs(installed, "deps") == 2
    assert installed.read("modules/made") == "A" and not installed.has("modules/besides")


def test_k6_a_folder_is_compared_with_its_manifest_also_when_it_is_cached_no_longer(installed: Repo) -> None:
    text = installed.read("hooks.dodo")
    assert text.count("cache: true") == 1
    installed.write("hooks.dodo", text.replace("cache: true", "description: without"))
    for lock, count in (("B", 2), ("A", 3)):
        installed.write("lock", lock)
        installed.run("run", "post-checkout", check=True)
        assert installed.read("modules/made") == lock and runs(installed, "deps") == count


def test_k9_a_new_worktree_gets_the_outputs(installed: Repo) -> None:
    other = installed.worktree("other")
    assert other.read("modules/made") == "A" and runs(installed, "deps") == 1


def test_k9_in_the_background_the_coordinator_restores(installed: Repo) -> None:
    installed.hook_options("post-checkout", background=True)
    (installed.path / "modules/made").write_text("stale")
    installed.git("switch", "-qc", "topic")
    assert installed.finished("post-checkout").statuses() == {"deps": "up-to-date"}
    assert installed.read("modules/made") == "A" and runs(installed, "deps") == 1


def test_k9_what_is_not_ignored_is_not_restored(installed: Repo) -> None:
    installed.write(".gitignore", "")
    (installed.path / "modules/made").write_text("mine")
    done = installed.run("run", "post-checkout", check=True)
    assert "the outputs of deps were not restored" in done.stderr and runs(installed, "deps") == 2


def test_k10_an_output_that_was_tracked_since_the_file_was_loaded(installed: Repo) -> None:
    """The plan is not compiled anew: no source of it has changed."""
    assert "1 up to date" in installed.run("run", "post-checkout", check=True).stdout
    installed.git("add", "-f", "modules/made")
    (installed.path / "modules/made").write_text("mine")
    why = "modules/made is tracked by git: remove it with `git rm --cached`, or from outputs"
    for number in (2, 3):
        done = installed.run("run", "post-checkout", check=True)
        assert done.stderr.count(f"deps runs each time: {why}") == 1 and runs(installed, "deps") == number
    assert f"deps would run: {why}" in installed.run("why", "deps", check=True).stdout
    installed.git("rm", "-q", "--cached", "modules/made")
    assert "1 up to date" in installed.run("run", "post-checkout", check=True).stdout


def test_k9_what_cannot_be_restored_exactly_is_named(installed: Repo) -> None:
    make = "mkdir -p modules/bin; test -p modules/bin/pipe || mkfifo modules/bin/pipe"
    installed.hook("post-merge", deps={"run": make, "inputs": ["lock"], "outputs": ["modules"], "cache": True})
    said = installed.run("run", "post-merge", check=True).stderr
    why = "modules/bin/pipe is neither a file, a folder nor a link"
    assert f"the outputs of deps cannot be restored exactly, so they are not cached: {why}" in said


def test_k11_why_names_cached_outputs_that_were_changed(installed: Repo) -> None:
    (installed.path / "modules/made").write_text("stale")
    lines = installed.run("why", "deps", check=True).stdout.splitlines()
    assert lines == ["deps would be restored or run:", "  output modules is gone, or was changed"]


def test_k9_a_folder_is_restored_where_a_link_or_a_file_is_now(repo: Repo) -> None:
    """So does a package manager: it makes a link to a package on one branch, and a copy of it on the other."""
    repo.write(".gitignore", "modules\n")
    repo.write("lock", "A")
    repo.write("apart/kept", "mine")
    make = "rm -rf modules; mkdir -p modules/pkg/sub; cp lock modules/pkg/sub/made; cp lock modules/last"
    repo.hook(
        "post-checkout", deps={"run": counting("deps", make), "inputs": ["lock"], "outputs": ["modules"], "cache": True}
    )
    repo.run("run", "post-checkout", check=True)
    modules = repo.path / "modules"
    for place in ("pkg/sub", "pkg"):
        for is_link in (True, False):
            shutil.rmtree(modules / place)
            if is_link:
                (modules / place).symlink_to(repo.path / "apart")
            else:
                (modules / place).write_text("")
            assert repo.run("run", "post-checkout", check=True).stderr == ""
            assert repo.read("modules/pkg/sub/made") == "A" and not (modules / "pkg").is_symlink()
    assert runs(repo, "deps") == 1 and repo.read("apart/kept") == "mine"


def test_k9_a_failure_and_forget_remove_what_is_stored(installed: Repo) -> None:
    installed.doit("forget", "post-checkout:deps", check=True)
    (installed.path / "modules/made").unlink()
    installed.run("run", "post-checkout", check=True)
    assert runs(installed, "deps") == 2


def test_k9_cache_goes_with_outputs(repo: Repo) -> None:
    repo.hook("pre-commit", a={"run": "x", "cache": True}, b={"run": "x", "outputs": ["o"], "cache": "hardlink"})
    assert repo.run("validate").stderr.count('"cache" needs "outputs"') == 2


@pytest.mark.parametrize("wrong", [{"outputs": ["../o"]}, {"outputs": 3}, {"inputs": {"a": "b"}}, {"uptodate": 3}])
def test_k9_an_error_in_what_cache_goes_with_is_the_only_one(repo: Repo, wrong: dict[str, object]) -> None:
    keys = {"inputs": ["i"], "outputs": ["o"], "env_inputs": ["V"], "cache": True, **wrong}
    repo.hook("pre-commit", a={"run": "x {staged_files}", "glob": "*", **keys})
    assert repo.run("validate").stderr.count(': job "a": ') == 1
