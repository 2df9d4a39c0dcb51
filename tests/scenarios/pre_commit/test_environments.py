"""The hooks of other repositories are resolved and installed before they run (P3, P10)."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from kit.hook_files.hook_repository import REV, make_hook_repository
from kit.process import wait_until
from kit.repo import PACKAGES, SCRIPT, Repo

pytestmark = pytest.mark.timeout(300)  # to install takes 3 s, and many times that on a busy machine
WITH_MODULES = """\
import sys
from dodo_hooks.main import main
code = main(sys.argv[1:])
open(".git/modules", "w").write(" ".join(sys.modules))
sys.exit(code)
"""
HOOKS = "[{id: tool, verbose: true}, {id: shell, verbose: true}, {id: grep}]"


@pytest.fixture(scope="session")
def common_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store for all tests that do not care about what is in it."""
    return tmp_path_factory.mktemp("pre-commit-home")


@pytest.fixture(scope="session")
def common_hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hooks")


@pytest.fixture
def hooks(repo: Repo, common_store: Path, common_hooks: Path) -> str:
    """Return the repository of hooks, which the config file of this test names; its store is shared."""
    path = common_hooks / "hooks"
    if not path.exists():
        make_hook_repository(path, repo.env)
    repo.env["PRE_COMMIT_HOME"] = str(common_store)
    repo.env["VIRTUALENV_OVERRIDE_APP_DATA"] = str(common_hooks / "virtualenv")
    configure(repo, str(path))
    return str(path)


@pytest.fixture
def own_store(repo: Repo, hooks: str, tmp_path: Path) -> Path:
    repo.env["PRE_COMMIT_HOME"] = str(tmp_path / "store")
    return tmp_path / "store"


def configure(repo: Repo, url: str, rev: str = REV, hooks: str = HOOKS) -> None:
    repo.write(".pre-commit-config.yaml", f"repos: [{{repo: {url}, rev: {rev}, hooks: {hooks}}}]\n")


def commit(repo: Repo, name: str = "a.txt", **env: str) -> subprocess.CompletedProcess[str]:
    repo.write(name, f"{name} {len(list(repo.path.iterdir()))}\n")
    repo.call("git", "add", ".", check=True)
    return repo.call("git", "commit", "-qm", "work", env=env)


def environments(store: Path) -> list[Path]:
    return list(store.glob("*/py_env-*"))


def test_p3_hooks_run_in_their_environments(repo: Repo, hooks: str) -> None:
    repo.run("install", check=True)
    done = commit(repo, PYTHONHOME="")
    assert "\n['.pre-commit-config.yaml', 'a.txt'] True True False 1\n" in done.stderr
    assert "\ncheck.sh -x a.txt\n" in done.stderr and done.returncode == 0
    assert commit(repo, "bad.txt").returncode == 1
    # A commit whose plan is current imports nothing of the loader, and of what that needs.
    done = repo.call(sys.executable, "-c", WITH_MODULES, "fire", "pre-commit")
    tops = {name.partition(".")[0] for name in repo.read(".git/modules").split()}
    assert done.returncode == 1 and tops.isdisjoint({"pre_commit", "identify", "cfgv", "yaml", "pydantic", "shlex"})
    assert "dodo_hooks.loader" not in repo.read(".git/modules").split()
    # Nothing can be resolved from now on: nobody is asked while the plan is current.
    (repo.path / "bad.txt").unlink()
    done = commit(repo, "b.txt", PRE_COMMIT_HOME="/nonexistent")
    assert done.returncode == 0 and "pre-commit: " not in done.stderr


def test_p3_what_is_skipped_is_not_installed_and_what_is_gone_is_installed_again(repo: Repo, own_store: Path) -> None:
    said = repo.run("install", check=True, env={"SKIP": "tool"}).stderr
    assert "pre-commit: fetching " in said and "installing" not in said
    done = commit(repo, SKIP="x, tool")
    assert done.returncode == 0 and "Run the tool....." in done.stderr and "Skipped" in done.stderr
    assert environments(own_store) == []
    assert "pre-commit: installing Run the tool\n" in commit(repo, "b.txt").stderr
    (environment,) = environments(own_store)
    shutil.rmtree(environment)
    done = commit(repo, "c.txt")
    assert done.returncode == 0 and "pre-commit: installing Run the tool\n" in done.stderr


@pytest.mark.parametrize(
    ("url", "rev", "hook", "error"),
    [
        ("", "v9.9", "tool", "pathspec 'v9.9' did not match any file(s) known to git (while fetching /"),
        ("/nonexistent", REV, "tool", "and the repository exists. (while fetching /nonexistent)"),
        ("", REV, "tol", "`tol` is not present in repository "),
    ],
)
def test_p3_what_cannot_be_resolved_refuses_the_commit_with_one_error(
    repo: Repo, own_store: Path, hooks: str, url: str, rev: str, hook: str, error: str
) -> None:
    repo.run("install", check=True, env={"SKIP": "tool"})
    configure(repo, url or hooks, rev, f"[{{id: {hook}}}]")
    done = commit(repo)
    said = [line for line in done.stderr.splitlines() if ": fetching " not in line]
    assert (
        done.returncode == 1 and len(said) == 1 and error in said[0] and said[0].startswith("dodo-hooks: pre-commit: ")
    )
    assert len(list(own_store.glob("repo*"))) == 1  # that of the first config: nothing is half done
    assert repo.call("git", "diff", "--cached", "--name-only").stdout.split() == [".pre-commit-config.yaml", "a.txt"]


def test_p3_a_ctrl_c_while_installing_leaves_nothing_half_done(repo: Repo, own_store: Path, tmp_path: Path) -> None:
    repo.run("install", check=True, env={"SKIP": "tool"})
    gate = tmp_path / "gate"
    for path in (gate, tmp_path / "gate.go"):
        os.mkfifo(path)
    repo.write("a.txt", "text\n")
    repo.call("git", "add", ".", check=True)
    environ = {**repo.env, "KIT_INSTALL_GATE": str(gate)}
    words = ("git", "commit", "-qm", "work")
    git = subprocess.Popen(words, cwd=repo.path, env=environ, stderr=subprocess.PIPE, start_new_session=True)
    gate.open().close()  # the package is being built
    os.killpg(git.pid, signal.SIGINT)
    git.communicate(timeout=100)
    assert git.returncode != 0
    wait_until(lambda: not environments(own_store))
    assert commit(repo, "b.txt").returncode == 0


def test_p10_nothing_is_resolved_to_show_it_or_before_it_is_trusted(repo: Repo, own_store: Path, hooks: str) -> None:
    for words in (["list"], ["validate"], ["graph"], ["status"], ["dump"], ["run", "pre-commit", "--dry-run"]):
        done = repo.run(*words)
        assert done.returncode == 0, done.stderr
    assert "once pre-commit has installed it" in repo.run("list").stdout
    done = repo.call(sys.executable, "-c", SCRIPT, "fire", "--global", "pre-commit")
    assert done.returncode == 0 and "dodo-hooks trust" in done.stderr
    assert not own_store.exists()


def test_p3_without_the_library_what_needs_none_runs_and_the_rest_says_how_to_get_it(
    repo: Repo, own_store: Path, hooks: str
) -> None:
    local = "{repo: local, hooks: [{id: here, name: Here, language: system, entry: echo hi, verbose: true}]}"
    repo.write(".pre-commit-config.yaml", f"repos: [{{repo: {hooks}, rev: {REV}, hooks: {HOOKS}}}, {local}]\n")
    # A folder without the library stands in the place of that where the packages lie.
    packages = repo.path.parent / "packages"
    packages.mkdir()
    for one in Path(yaml.__file__).parents[1].iterdir():
        if not one.name.startswith("pre_commit"):
            (packages / one.name).symlink_to(one)
    python = Path(sys.base_prefix, "bin", f"python3.{sys.version_info[1]}")
    repo.env["PYTHONPATH"] = f"{PACKAGES}:{packages}"
    done = repo.call(str(python), "-S", "-c", SCRIPT, "install")
    assert done.returncode == 0, done.stderr
    repo.write("a.txt", "text\n")
    repo.call("git", "add", ".", check=True)
    done = repo.call(str(python), "-S", "-c", SCRIPT, "run", "pre-commit")
    assert done.returncode == 1 and "\nhi .pre-commit-config.yaml a.txt\n" in done.stdout
    assert done.stdout.count("run `pip install 'dodo-hooks[pre-commit]'`") == 3
