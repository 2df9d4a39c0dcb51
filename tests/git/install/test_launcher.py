"""The launcher and the shim when git starts them (G1), and their messages when something that they need is gone."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from dodo_hooks.git.install import launcher, shims
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host import bundle
from kit.repo import Repo
from kit.system.cost import FORKS, needs_strace

HOSTILE = 'it\'s a "dir" $(touch owned) `touch owned`\n*\\ \udcff\udcc3 \u2603'
FAKE_MAIN = """
import sys
def launch(site):
    with open({call_log!r}, "a") as file:
        print([*sys.argv[1:]], site, sys.path[-1], file=file)
    sys.exit({code})
"""
INTERRUPT = "__import__('os').kill(__import__('os').getpid(), 2)"
OWN_HOOK = '#!/bin/sh\necho "own hook $*" >&2\n'


def install(repo: Repo, *hooks: str) -> None:
    shims.install(repo.facts, hooks, repo.env)


def own_hook(repo: Repo, name: str) -> None:
    repo.write(f".git/hooks/{name}", OWN_HOOK).chmod(0o755)


def use_package(repo: Repo, package: Path, site: list[str]) -> None:
    """Let the launcher import `dodo_hooks` from another directory, without the byte code of the one that is here."""
    (repo.path / ".git/dodo-hooks" / bundle.FILE).unlink(missing_ok=True)
    (repo.path / ".git/dodo-hooks/launch.py").write_bytes(launcher.launcher_text(str(package), site))


@pytest.fixture
def call_log(repo: Repo, tmp_path: Path) -> Path:
    """Return the path of a file in which a package in the place of ours records how it was called."""
    return tmp_path / "call_log"


def fake_package(repo: Repo, call_log: Path, code: int = 0) -> None:
    package = call_log.parent / "it's a \u2603 package"
    (package / "dodo_hooks").mkdir(parents=True, exist_ok=True)
    (package / "dodo_hooks/__init__.py").touch()
    (package / "dodo_hooks/main.py").write_text(FAKE_MAIN.format(call_log=str(call_log), code=code))
    use_package(repo, package, ["/a \udcff", str(package)])


def test_g1_git_reaches_our_main_with_the_hook_and_its_arguments(repo: Repo, call_log: Path) -> None:
    install(repo, "pre-commit", "post-checkout")
    fake_package(repo, call_log)
    repo.git("commit", "-q", "--allow-empty", "-m", "x")
    repo.git("checkout", "-q", "-b", "topic")
    head = repo.git("rev-parse", "HEAD").stdout.strip()
    package = str(call_log.parent / "it's a \u2603 package")
    site = ["/a \udcff", package]
    assert call_log.read_text().splitlines() == [
        f"['fire', 'pre-commit'] {site} {package}",
        f"['fire', 'post-checkout', '{head}', '{head}', '1'] {site} {package}",
    ]


def test_g1_our_exit_code_is_the_hooks(repo: Repo, call_log: Path) -> None:
    install(repo, "pre-commit")
    fake_package(repo, call_log, code=1)
    assert repo.git("commit", "--allow-empty", "-m", "x", check=False).returncode == 1


@pytest.mark.parametrize("text", [INTERRUPT, f"def launch(site):\n    {INTERRUPT}"], ids=("import", "launch"))
def test_r17_ctrl_c_at_the_very_start_is_130_without_a_word(repo: Repo, call_log: Path, text: str) -> None:
    install(repo, "pre-commit")
    fake_package(repo, call_log)
    next(call_log.parent.glob("*package/dodo_hooks/main.py")).write_text(text)
    done = repo.call(sys.executable, "-I", "-S", ".git/dodo-hooks/launch.py", "fire", "pre-commit")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@needs_strace
def test_r17_ctrl_c_at_any_moment_of_the_start_is_130_without_a_word(repo: Repo) -> None:
    """A SIGINT comes at every third system call, from where our first words open the launcher."""
    repo.hook("pre-commit", a={"run": "true", "glob": "*.py"})
    repo.install()
    hook = ".git/hooks/pre-commit"
    repo.call(hook, check=True)  # now the plan is cached
    log = str(repo.path / "log")
    repo.call("strace", "-qq", "-o", log, hook, check=True)
    lines = repo.read("log").splitlines()
    calls = [line.partition("(")[0] for line in lines]
    first = next(place for place, line in enumerate(lines) if line.startswith("open") and "launch.py" in line)
    last = next(place for place, name in enumerate(calls) if name in FORKS)  # of git: what follows depends on its speed
    for place in range(first, last, 3):
        name = calls[place]
        at = f"inject={name}:signal=INT:when={calls[: place + 1].count(name)}"
        done = repo.call("strace", "-qq", "-o", "/dev/null", "-e", at, hook)
        assert (done.returncode, done.stdout, done.stderr) == (130, "", ""), f"{at}, call {place} of {last}"


def test_g1_the_legacy_hook_is_named_to_us(repo: Repo, call_log: Path) -> None:
    own_hook(repo, "pre-commit")
    install(repo, "pre-commit")
    fake_package(repo, call_log)
    assert "own hook" not in repo.git("commit", "--allow-empty", "-m", "x").stderr  # running it is up to `fire`
    kept = ".git/hooks/../hooks.dodo-kept/pre-commit"
    assert call_log.read_text().startswith(f"{['fire', '--kept', kept, 'pre-commit']} ")


def test_g1_nothing_of_the_repository_can_be_imported(repo: Repo, call_log: Path) -> None:
    for name in ("dodo_hooks", "marshal", "os", "site", "sitecustomize"):
        repo.write(f"{name}.py", "raise SystemExit('imported from the repository')")
        repo.write(f".git/dodo-hooks/{name}.py", "raise SystemExit('imported from the repository')")
    install(repo, "pre-commit")
    fake_package(repo, call_log)
    repo.git("commit", "-q", "--allow-empty", "-m", "x", env={"PYTHONPATH": str(repo.path)})
    assert call_log.exists()


def test_g1_any_bytes_may_be_in_the_path_of_the_repository(tmp_path: Path, env: dict[str, str], call_log: Path) -> None:
    repo = Repo.create(tmp_path / HOSTILE / "repo", env)
    own_hook(repo, "pre-commit")
    install(repo, "pre-commit", "post-commit")
    fake_package(repo, call_log)
    repo.git("commit", "-q", "--allow-empty", "-m", "x")
    kept = ".git/hooks/../hooks.dodo-kept/pre-commit"
    first, second = call_log.read_text().splitlines()
    assert first.startswith(f"{['fire', '--kept', kept, 'pre-commit']} ") and second.startswith(
        "['fire', 'post-commit']"
    )
    assert not list(tmp_path.rglob("owned"))
    (repo.path / ".git/dodo-hooks/launch.py").unlink()
    assert "launch.py is gone" in repo.git("commit", "--allow-empty", "-m", "y", check=False).stderr
    assert "own hook" in repo.git("commit", "--allow-empty", "-m", "y", env={"DODO_HOOKS": "0"}).stderr
    shims.uninstall(find_repo(env, str(repo.path)), env)
    assert repo.read(".git/hooks/pre-commit") == OWN_HOOK


def test_dodo_hooks_0_leaves_only_the_legacy_hook(repo: Repo, call_log: Path) -> None:
    own_hook(repo, "pre-commit")
    own_hook(repo, "commit-msg")
    (repo.path / ".git/hooks/commit-msg").chmod(0o644)  # git never ran it
    install(repo, "pre-commit", "commit-msg", "post-commit")
    fake_package(repo, call_log, code=1)
    done = repo.git("commit", "-q", "--allow-empty", "-m", "x", env={"DODO_HOOKS": "0"})
    assert (done.stderr, call_log.exists()) == ("own hook \n", False)


# Something is gone


@pytest.fixture(params=("interpreter", "launcher", "package"))
def broken(request: pytest.FixtureRequest, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Make a repository with shims that miss something that was there when they were installed."""
    python = tmp_path / "python"
    shutil.copy2(Path(sys.executable).resolve(), python)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(python))
        own_hook(repo, "post-checkout")
        install(repo, "pre-commit", "post-checkout", "post-commit", "reference-transaction")
    if request.param == "interpreter":
        python.unlink()
    elif request.param == "launcher":
        (repo.path / ".git/dodo-hooks/launch.py").unlink()
    else:
        use_package(repo, tmp_path / "nothing-here", [])
        python.unlink()
        python.symlink_to(Path(sys.executable).resolve())  # a copy does not find its standard library
    return repo


def test_g1_when_something_is_gone_a_gate_refuses_and_names_the_fix(broken: Repo) -> None:
    done = broken.git("commit", "--allow-empty", "-m", "x", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    said = done.stderr.splitlines()
    assert len(said) == 1 and said[0].startswith("dodo-hooks: pre-commit cannot be run (")
    assert "gone" in said[0] or "No module named 'dodo_hooks'" in said[0]
    assert "install dodo-hooks again and run `dodo-hooks install`, or remove " in said[0]


def test_g1_when_something_is_gone_other_hooks_pass_and_the_legacy_hook_runs(broken: Repo) -> None:
    (broken.path / ".git/hooks/reference-transaction").unlink()
    done = broken.git("checkout", "-q", "-b", "topic")
    said = done.stderr.splitlines()
    assert done.returncode == 0 and said[0].startswith("dodo-hooks: post-checkout cannot be run (")
    assert said[1].startswith("own hook ") and said[1].endswith(" 1") and len(said) == 2
    done = broken.git("commit", "-q", "--allow-empty", "--no-verify", "-m", "x")
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("dodo-hooks: post-commit cannot be run (")


def test_g1_a_reference_transaction_is_refused_when_it_is_prepared_and_says_so_once(broken: Repo) -> None:
    done = broken.git("update-ref", "refs/heads/new", "HEAD", check=False)
    assert done.returncode != 0 and done.stderr.count("reference-transaction cannot be run") == 1
    assert broken.git("rev-parse", "-q", "--verify", "new", check=False).returncode != 0


def test_g1_the_fix_that_is_named_works(broken: Repo) -> None:
    install(broken, "pre-commit", "post-checkout", "post-commit", "reference-transaction")
    said = broken.git("commit", "--allow-empty", "-m", "x", check=False).stderr
    assert "gone" not in said and "No module named 'dodo_hooks'" not in said


# What is recorded


def test_g1_the_interpreter_is_the_binary_behind_all_links() -> None:
    path = Path(launcher.interpreter())
    assert path == Path(sys.executable).resolve() and not path.is_symlink()


def test_g1_third_party_code_is_looked_for_where_it_is_found_now(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here, package = tmp_path / "repository", launcher.package_directory()
    (here / "yaml").mkdir(parents=True)
    (here / "yaml/__init__.py").touch()
    (tmp_path / "later/doit").mkdir(parents=True)  # a mere folder
    expected = {installed_in("doit"), installed_in("yaml"), package}
    monkeypatch.setattr(sys, "path", ["", str(here), str(tmp_path / "later"), *sys.path, str(here)])
    found = launcher.site_directories({str(here)})
    assert expected <= set(found)
    assert not any(path.startswith(str(tmp_path)) for path in found) and len(found) == len(set(found))
    assert found == [path for path in dict.fromkeys(sys.path) if path in found]
    assert str(here) in launcher.site_directories(set())


def installed_in(name: str) -> str:
    spec = importlib.util.find_spec(name)
    assert spec and spec.origin
    return str(Path(spec.origin).parent.parent)


def test_g1_hot_files_import_next_to_nothing(repo: Repo) -> None:
    code = (
        f"import sys; sys.path.append({launcher.package_directory()!r}); before = set(sys.modules)\n"
        "import dodo_hooks.git.repo, dodo_hooks.git.event, dodo_hooks.git.variables\n"
        "print(*sorted(name for name in set(sys.modules) - before if not name.startswith('dodo_hooks')))"
    )
    assert set(repo.call(launcher.interpreter(), "-I", "-S", "-c", code).stdout.split()) <= {"_collections"}


@pytest.mark.parametrize(
    ("module", "argv"), [("yaml", ("validate",)), ("dodo_hooks.host.posix", ("validate",)), ("click", ("doctor",))]
)
def test_g1_a_package_that_is_missing_is_one_sentence(repo: Repo, module: str, argv: tuple[str, ...]) -> None:
    """Print no traceback in a commit that is made while a newer version is installed."""
    repo.file("hooks: {pre-commit: {jobs: [{name: a, run: 'true'}]}}\n")
    done = repo.call(sys.executable, "-c", without(module), *argv)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"are being replaced (import of {module} halted" in done.stderr


def test_g1_a_package_that_is_missing_in_the_background_is_on_record(repo: Repo) -> None:
    repo.hook("post-commit", background=True, a="true")
    repo.call(sys.executable, "-c", without("doit"), "run", "post-commit", "--detach", check=True)
    assert repo.finished("post-commit").record.error.startswith("No module named 'doit.dependency'")


def without(module: str) -> str:
    """Return our program, in an interpreter that lacks a module."""
    return f"import sys; sys.modules[{module!r}] = None; from dodo_hooks.main import run_cli; run_cli()"
