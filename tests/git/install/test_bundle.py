"""The imports of a fired hook, and where they come from: section 9's "import-lean", and host/bundle.py."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from dodo_hooks.host import bundle
from kit.repo import PACKAGES, Repo
from kit.system.cost import needs_strace
from kit.system.foreign import NOBODY, needs_root

LAUNCHER = ".git/dodo-hooks/launch.py"
# What may be there when a hook that has nothing to do is over, besides what a bare `python -I -S` has.
NOTHING_TO_DO = {
    "_collections",
    "dodo_hooks",
    "dodo_hooks.core",
    "dodo_hooks.core.errors",
    "dodo_hooks.core.git_hooks",
    "dodo_hooks.core.plan",
    "dodo_hooks.core.named_tuple",
    "dodo_hooks.fire",
    "dodo_hooks.fire.entry",
    "dodo_hooks.plans",
    "dodo_hooks.plans.plan_cache",
    "dodo_hooks.plans.compiled_plan",
    "dodo_hooks.git",
    "dodo_hooks.git.event",
    "dodo_hooks.git.ownership",
    "dodo_hooks.git.repo",
    "dodo_hooks.host",
    "dodo_hooks.host.posix",
    "dodo_hooks.host.files",
    "dodo_hooks.host.files.private_files",
    "dodo_hooks.host.world",
    "dodo_hooks.main",
    "dodo_hooks.store",
    "dodo_hooks.store.identity",
    "dodo_hooks.store.layout",
    "gc",
}
# And when jobs have run, in the foreground and in the background: of others only these.
SMALL = {"_bisect", "_sha1", "_sha2", "_sha256"}  # C, for keys
OF_OTHERS = {"_collections", "fcntl", "gc", "select"}
# And when unstaged changes are hidden.
OF_MOVES = {"_json", "errno"}
# And when a background job runs in a snapshot.
OF_A_SNAPSHOT = {
    "zlib",  # the tree of the commit is in its object
    "dodo_hooks.core.digests",
    "dodo_hooks.core.job_key",
    "dodo_hooks.fire.guards",
    "dodo_hooks.fire.guards.kept_results",
    "dodo_hooks.fire.select",
    "dodo_hooks.fire.select.targets",
    "dodo_hooks.git.content",
    "dodo_hooks.git.content.conversions",  # a key depends on how git writes files
    "dodo_hooks.git.target",
    "dodo_hooks.results.facts",
    "dodo_hooks.results.found",
    "dodo_hooks.results.kept",
    "dodo_hooks.results.run_results",
    "dodo_hooks.results.verdicts",
    "dodo_hooks.results.verdicts.commit_tree",
    "dodo_hooks.results.verdicts.verdicts",
}


def modules_after(repo: Repo, *words: str, stdin: str = "") -> dict[str, str]:
    """Return what a firing had imported, and by which kind of loader: the program itself reports it when it leaves."""
    lines = (repo.path / LAUNCHER).read_text().replace("[:-9]", "[:-8]").splitlines()
    start = lines.index("try:")
    lines[start:start] = [
        "def leave(code, leave=posix._exit):",
        "    loaders = {name: type(getattr(module, '__loader__', None)) for name, module in sys.modules.items()}",
        "    report = ' '.join(f'{name}={loader.__name__}' for name, loader in loaders.items())",
        "    posix.write(2, f'<{report}>'.encode())",
        "    leave(code)",
        "posix._exit = leave",
    ]
    script = repo.write(".git/dodo-hooks/probe.py", "\n".join(lines))
    done = repo.call(sys.executable, "-I", "-S", str(script), "fire", *words, check=True, input=stdin)
    # The wave leaves first, and has the same to tell: take the last.
    report = done.stderr.rpartition("<")[2].partition(">")[0]
    bare = repo.call(sys.executable, "-I", "-S", "-c", "import sys; print(*sys.modules)", check=True).stdout.split()
    return {name: loader for name, _, loader in (one.partition("=") for one in report.split()) if name not in bare}


@pytest.fixture
def fired(repo: Repo) -> Repo:
    repo.hook("pre-commit", one="true", two="true")
    repo.hook("post-merge", background=True, one="true")
    repo.install()
    repo.call(".git/hooks/post-merge", "0", check=True)  # the plan is compiled now
    repo.finished("post-merge")
    return repo


def test_a_hook_that_has_nothing_to_do_imports_next_to_nothing(fired: Repo) -> None:
    assert set(modules_after(fired, "post-checkout")) == NOTHING_TO_DO


@pytest.mark.parametrize("hook", ["pre-commit", "post-merge"])
def test_jobs_run_without_a_module_that_is_slow_to_import(fired: Repo, hook: str) -> None:
    imported = modules_after(fired, hook)
    assert {name for name in imported if not name.startswith("dodo_hooks")} <= OF_OTHERS
    assert {"dodo_hooks.engine.loop", "dodo_hooks.store.writer"} <= set(imported)


def test_g5_unstaged_changes_are_hidden_without_a_slow_module(fired: Repo) -> None:
    fired.write("a", "staged")
    fired.git("add", "a", "hooks.dodo")
    fired.write("a", "unstaged")
    imported = modules_after(fired, "pre-commit")
    assert "dodo_hooks.git.unstaged.restore" in imported
    assert {name for name in imported if not name.startswith("dodo_hooks")} <= OF_OTHERS | SMALL | OF_MOVES
    assert {name for name in imported if name.startswith("dodo_hooks") and imported[name] != "Finder"} == set()


def test_k6_jobs_that_are_up_to_date_are_found_without_a_slow_module(fired: Repo) -> None:
    fired.write("a", "1")
    fired.git("add", "a")
    fired.hook("post-commit", job={"run": "true", "inputs": ["*"], "env_inputs": ["V"]})
    fired.git("commit", "-qm", "m")
    imported = modules_after(fired, "post-commit")
    assert "dodo_hooks.results.run_results" in imported
    assert {name for name in imported if not name.startswith("dodo_hooks")} <= OF_OTHERS | SMALL
    assert {name for name in imported if name.startswith("dodo_hooks") and imported[name] != "Finder"} == set()


def test_v1_the_prompt_waits_for_the_key_of_a_snapshot_job_and_for_no_more(fired: Repo) -> None:
    fired.hook("post-commit", background=True, job={"run": "true", "workspace": "snapshot"})
    fired.git("commit", "-q", "--allow-empty", "-m", "m")
    fired.finished("post-commit")
    fired.write("a", "1")
    fired.git("add", "a")
    fired.git("commit", "-qm", "m", env={"DODO_HOOKS": "0"})
    more = modules_after(fired, "post-commit").keys() - modules_after(fired, "post-merge", "0").keys()
    assert more - SMALL == OF_A_SNAPSHOT
    fired.finished("post-commit")
    fired.finished("post-merge")


@needs_strace
def test_v4_a_push_of_what_has_passed_starts_one_git_and_imports_no_slow_module(fired: Repo) -> None:
    fired.hook("post-commit", background=True, job={"run": "true", "workspace": "snapshot"})
    fired.hook("pre-push")
    fired.hook_options("pre-push", requires=["post-commit:job"])
    fired.git("add", "hooks.dodo")
    fired.git("commit", "-qm", "m")
    fired.finished("post-commit")
    head = fired.git("rev-parse", "HEAD").stdout.strip()
    line = f"refs/heads/main {head} refs/heads/main {'0' * 40}\n"
    imported = modules_after(fired, "pre-push", "origin", "url", stdin=line)
    assert "dodo_hooks.results.verdicts.verdicts" in imported
    assert {name for name in imported if not name.startswith("dodo_hooks")} <= OF_OTHERS | SMALL | {"_json"}
    assert {name for name in imported if name.startswith("dodo_hooks") and imported[name] != "Finder"} == set()
    argv = ("strace", "-f", "-e", "trace=execve", "-o", ".git/trace", ".git/hooks/pre-push", "origin", "url")
    fired.call(*argv, check=True, input=line)
    started = [one for one in fired.read(".git/trace").splitlines() if '/git", [' in one and one.endswith("= 0")]
    assert len(started) == 1


@pytest.mark.parametrize("hook", ["pre-commit", "post-merge"])
def test_all_that_a_firing_imports_of_us_comes_out_of_the_bundle(fired: Repo, hook: str) -> None:
    """Find a hot module that does not say so: Python would search the directories for it at each firing."""
    imported = modules_after(fired, hook)
    assert {name for name in imported if name.startswith("dodo_hooks") and imported[name] != "Finder"} == set()


@pytest.mark.parametrize("flag", ["--global", "--pinned"])
def test_whether_hooks_may_run_is_found_out_without_a_slow_module(fired: Repo, flag: str) -> None:
    """Check the trust query. An ordinary install does not make it at all: the question is in the shim."""
    assert "dodo_hooks.trust.policy" not in modules_after(fired, "pre-commit")
    fired.run("trust", "--pin", "--yes", check=True)
    imported = modules_after(fired, flag, "pre-commit")
    assert {"dodo_hooks.trust.policy", "dodo_hooks.trust.decisions", "dodo_hooks.engine.loop"} <= set(imported)
    others = {name for name in imported if not name.startswith("dodo_hooks")}
    assert others <= OF_OTHERS | SMALL
    assert {name for name in imported if name.startswith("dodo_hooks") and imported[name] != "Finder"} == set()


def test_a_module_whose_source_has_changed_is_imported_from_its_source(fired: Repo, tmp_path: Path) -> None:
    package = tmp_path / "package"
    shutil.copytree(f"{PACKAGES}/dodo_hooks", package / "dodo_hooks", ignore=shutil.ignore_patterns("__pycache__"))
    env = {"PYTHONPATH": str(package)}
    fired.call(sys.executable, "-m", "dodo_hooks", "install", check=True, env=env)
    report = package / "dodo_hooks/fire/report/run_report.py"
    report.write_text(report.read_text().replace("title = hook.name if", "title = 'the new version' if"))
    assert "the new version" in fired.call(".git/hooks/pre-commit", check=True).stdout


def test_a_bundle_that_is_replaced_under_a_hook_is_left_alone(fired: Repo) -> None:
    """Install during a slow hook, or one that finds the plan changed: what is imported afterwards still works."""
    path = fired.path / ".git/dodo-hooks" / bundle.FILE
    code = "\n".join(
        (
            "import marshal, os, sys; sys.path.insert(0, sys.argv[1])",
            "from dodo_hooks.host import bundle",
            "data = open(sys.argv[2], 'rb').read(); length = int(data[: bundle.DIGITS])",
            "index = marshal.loads(data[bundle.DIGITS : bundle.DIGITS + length])[2]",
            "open(sys.argv[2], 'wb').write(data[:-9000] + b'x' * 17)",
            "bundle.start(sys.argv[2], os.open(sys.argv[2], os.O_RDONLY), bundle.DIGITS + length + 3, index)",
            "from dodo_hooks.fire import phases; print(type(phases.__loader__).__name__)",
        )
    )
    done = fired.call(sys.executable, "-I", "-S", "-c", code, PACKAGES, str(path), check=True)
    assert done.stdout == "SourceFileLoader\n"


@pytest.mark.parametrize("content", [b"", b"no marshal at all", b"00000004junk", b"99999999"])
def test_a_damaged_bundle_is_left_alone(fired: Repo, content: bytes) -> None:
    fired.write(f".git/dodo-hooks/{bundle.FILE}", content)
    assert fired.call(".git/hooks/pre-commit", check=True).stdout.count(" 0.") == 2


def test_the_bundle_of_another_python_is_left_alone_and_written_anew_with_the_next_plan(fired: Repo) -> None:
    path = fired.path / ".git/dodo-hooks" / bundle.FILE
    ours, other = bundle.KEY.encode(), f"0{bundle.KEY[1:]}".encode()
    path.write_bytes(path.read_bytes().replace(ours, other))
    assert fired.call(".git/hooks/pre-commit", check=True).stdout.count(" 0.") == 2
    fired.write("hooks.dodo", f"{fired.read('hooks.dodo')}\n# more\n")  # the plan is compiled again
    assert fired.call(".git/hooks/pre-commit", check=True).stdout.count(" 0.") == 2
    assert ours in path.read_bytes() and other not in path.read_bytes()


@pytest.mark.parametrize("change", ["mode", pytest.param("owner", marks=needs_root)])
def test_a_bundle_that_others_could_have_written_is_left_alone(fired: Repo, change: str) -> None:
    """Import from the files: the hook is slower then, and `doctor` says so."""
    path = fired.path / ".git/dodo-hooks" / bundle.FILE
    if change == "mode":
        path.chmod(0o646)
    else:
        os.chown(path, NOBODY, NOBODY)
    loaders = {loader for name, loader in modules_after(fired, "pre-commit").items() if name.startswith("dodo_hooks")}
    assert loaders == {"SourceFileLoader"}
    assert (
        "note: hooks start slowly: their compiled code is from another version, or others can write it"
        in fired.run("doctor").stdout
    )


@pytest.mark.parametrize("others", ["closed", "another file", "a pipe"])
@pytest.mark.parametrize("mode", [0o644, 0o666])
def test_a_bundle_whose_descriptor_is_gone_is_opened_and_checked_again(fired: Repo, others: str, mode: int) -> None:
    """Do what a process does that leaves git behind: it closes all descriptors, and their numbers are used again."""
    path = fired.path / ".git/dodo-hooks" / bundle.FILE
    code = "\n".join(
        (
            "import marshal, os, sys; sys.path.insert(0, sys.argv[1])",
            "from dodo_hooks.host import bundle",
            "data = open(sys.argv[2], 'rb').read(); length = int(data[: bundle.DIGITS])",
            "index = marshal.loads(data[bundle.DIGITS : bundle.DIGITS + length])[2]",
            "file = os.open(sys.argv[2], os.O_RDONLY)",
            "bundle.start(sys.argv[2], file, bundle.DIGITS + length, index)",
            "from dodo_hooks.fire import firing; print(type(firing.__loader__).__name__)",
            "other = {'another file': os.open('hooks.dodo', os.O_RDONLY), 'a pipe': os.pipe()[0]}.get(sys.argv[3])",
            "os.close(file) if other is None else os.dup2(other, file)",
            "os.chmod(sys.argv[2], int(sys.argv[4]))",
            "from dodo_hooks.fire import phases; print(type(phases.__loader__).__name__)",
        )
    )
    argv = (sys.executable, "-I", "-S", "-c", code, PACKAGES, str(path), others, str(mode))
    done = fired.call(*argv, check=True)
    assert done.stdout.split() == ["Finder", "Finder" if mode == 0o644 else "SourceFileLoader"]


@needs_strace
def test_the_bundle_is_opened_once_and_read_in_few_pieces(fired: Repo) -> None:
    argv = ("strace", "-y", "-e", "trace=openat,pread64", "-o", "trace", ".git/hooks/pre-commit")
    fired.call(*argv, check=True)
    lines = fired.read("trace").splitlines()
    opened = [line for line in lines if line.startswith("openat(") and bundle.FILE in line]
    read = [line for line in lines if line.startswith("pread64(") and bundle.FILE in line]
    assert len(opened) == 1 and len(read) <= 6
