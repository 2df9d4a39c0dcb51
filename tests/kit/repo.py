"""A real git repository of the test's own, and the programs that run in it."""

import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

import dodo_hooks
from dodo_hooks.git.repo import Repo as Facts
from dodo_hooks.git.repo import find_repo
from kit.here import cache_plan, can_run_here, is_as_ever, run_here
from kit.invocation import Invocation
from kit.process import wait_until

# The folder that `import dodo_hooks` works from: the checkout, or where the wheel was installed.
PACKAGES = str(Path(dodo_hooks.__file__).parent.parent)
TEST_ID = "KIT_TEST_ID"  # marks every process that a test starts; conftest.py looks for what is left of them
Done = subprocess.CompletedProcess[str]
HOOK_FILES = (".dodo", ".yml")  # what a plan is compiled of
SCRIPT = "from dodo_hooks.main import run_cli; run_cli()"  # as an installer writes it; `-m` imports 8 ms more
TIMEOUT_S = 60  # of one command; a background phase that keeps a pipe of ours open ends here (R10)

GIT_CONFIG = """\
[user]
    name = Test
    email = test@example.invalid
[init]
    defaultBranch = main
[gc]
    auto = 0
[maintenance]
    auto = false
[advice]
    detachedHead = false
"""


def clean_environment(home: Path, test_id: str) -> dict[str, str]:
    """Return an environment without anything of the person who runs the tests.

    It lacks their HOME, their git configuration, the variables of a git hook or a job (these tests may well run in
    one), and CI, which attaches background jobs.
    """
    config = home / "gitconfig"
    config.write_text(GIT_CONFIG)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "TMPDIR")}
    kept |= {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return kept | {
        "LC_ALL": "C.UTF-8",  # what we print depends on it
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONPATH": PACKAGES,
        TEST_ID: test_id,
    }


@functools.cache
def _new_repository() -> tuple[list[str], dict[str, bytes]]:
    """Return the directories and files of a repository that git has made, but for its examples of hooks.

    Half of all tests begin with one, and writing a dozen files takes a fifth of the time of two git processes.
    """
    with tempfile.TemporaryDirectory() as place:
        home, path = Path(place, "home"), Path(place, "repo")
        for directory in (home, path):
            directory.mkdir()
        repo = Repo(path, clean_environment(home, "template"))
        repo.git("init", "-q")
        repo.git("commit", "-q", "--allow-empty", "-m", "start")
        made = {str(one.relative_to(path)): one for one in sorted(path.rglob("*")) if one.suffix != ".sample"}
        directories = [name for name, one in made.items() if one.is_dir()]
        return directories, {name: one.read_bytes() for name, one in made.items() if name not in directories}


class Repo:
    """One working tree. `env` is the environment of every command, and may be changed."""

    def __init__(self, path: Path, env: dict[str, str]) -> None:
        self.path = path
        self.env = env
        self.state = Path(env["XDG_STATE_HOME"])
        self._file: dict[str, Any] = {"hooks": {}}
        self._has_new_hooks = False
        self._has_new_file = (path / "hooks.dodo").exists()  # as in a worktree that git has just made

    @classmethod
    def create(cls, path: Path, env: dict[str, str]) -> "Repo":
        """Make a repository on branch `main`, with one empty commit."""
        path.mkdir(parents=True)
        directories, files = _new_repository()
        for directory in directories:
            (path / directory).mkdir()
        for name, content in files.items():
            (path / name).write_bytes(content)
        return cls(path, env)

    @property
    def facts(self) -> Facts:
        """The facts about it, as the product finds them."""
        return find_repo(self.env, str(self.path))

    # The hook file

    def hook(self, event: str, *, background: bool | None = None, **jobs: str | Mapping[str, Any]) -> None:
        """Add a hook to `hooks.dodo`; each job is its command or a map of its keys.

        The shims are installed before the next git command. `hook_options` sets keys of the hook itself.
        """
        body: dict[str, Any] = self._file["hooks"].setdefault(event, {"jobs": []})
        if background is not None:
            body["background"] = background
        for name, job in jobs.items():
            body["jobs"].append({"name": name, **({"run": job} if isinstance(job, str) else job)})
        self._write_file()

    def hook_options(self, event: str, **options: Any) -> None:
        """Set keys of a hook that `hook` has added, such as `fail_fast=True` or `timeout="1s"`."""
        self._file["hooks"][event].update(options)
        self._write_file()

    def settings(self, **options: Any) -> None:
        """Set keys of the file's top level, such as `jobs=1`."""
        self._file.update(options)
        self._write_file()

    def file(self, text: str, name: str = "hooks.dodo") -> Path:
        """Write a hook file with this text, right or wrong, and install nothing."""
        return self.write(name, text)

    def _write_file(self) -> None:
        self.file(yaml.safe_dump(self._file, sort_keys=False, allow_unicode=True, width=10_000))
        self._has_new_hooks = True

    # Commands

    def run(self, *argv: str, check: bool = False, env: Mapping[str, str] | None = None) -> Done:
        """Run `dodo-hooks ARGV` to its end, in this process if it is a command that starts none that outlives it."""
        environ = {**self.env, **(env or {})}
        if can_run_here(argv, environ):
            return self._checked(run_here(argv, self.path, environ), check)
        self._cache_plan(environ)
        return self.call(sys.executable, "-c", SCRIPT, *argv, check=check, env=env)

    def doit(self, *argv: str, check: bool = False, env: Mapping[str, str] | None = None) -> Done:
        """Run plain `doit ARGV`, which finds dodo-hooks only where it is installed."""
        return self.call(sys.executable, "-m", "doit", *argv, check=check, env=env)

    def git(self, *argv: str, check: bool = True, env: Mapping[str, str] | None = None) -> Done:
        """Run `git ARGV`, after installing what `hook` has added."""
        self.prepare("git", env)
        return self.call("git", *argv, check=check, env=env)

    def prepare(self, program: str, env: Mapping[str, str] | None = None) -> None:
        """Install the hooks, and read their file, before a program starts that would take much longer for it."""
        if self._has_new_hooks and program == "git":
            self.install()
        self._cache_plan({**self.env, **(env or {})})

    def _cache_plan(self, environ: Mapping[str, str]) -> None:
        if self._has_new_file and is_as_ever(environ):
            self._has_new_file = False
            cache_plan(self.path, environ)

    def install(self) -> None:
        """Install the shims of the hooks in the file, without output.

        Nearly every test does it.
        """
        self._has_new_hooks = False
        done = run_here(("install",), self.path, self.env)
        assert done.returncode == 0, done.stderr
        if is_as_ever(self.env):
            self._has_new_file = False
            cache_plan(self.path, self.env, is_installed=True)

    def call(self, *argv: str, check: bool = False, input: str = "", env: Mapping[str, str] | None = None) -> Done:
        """Run any command in the working tree, and return its exit code and its output.

        The output is text in which bytes that are no UTF-8 are surrogates.

        Raises:
            AssertionError: `check` is set and the command failed; or the command, or a process that holds its output,
                takes longer than TIMEOUT_S.
        """
        try:
            done = subprocess.run(
                argv,
                cwd=self.path,
                env={**self.env, **(env or {})},
                input=input,
                capture_output=True,
                encoding="utf-8",
                errors="surrogateescape",
                timeout=TIMEOUT_S,
            )
        except subprocess.TimeoutExpired as error:
            raise AssertionError(
                f"{argv} took longer than {TIMEOUT_S} s, or something still holds its output"
            ) from error
        return self._checked(done, check)

    def _checked(self, done: Done, check: bool) -> Done:
        if check and done.returncode:
            raise AssertionError(f"{done.args} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def start(self, *argv: str) -> subprocess.Popen[bytes]:
        """Start a command with its output in pipes, without waiting; the test has to wait for its end."""
        self.prepare(argv[0])
        return subprocess.Popen(
            argv,
            cwd=self.path,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    # Files

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file of the working tree, making its folders."""
        path = self.path / name
        self._has_new_file |= path.suffix in HOOK_FILES
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def read(self, name: str) -> str:
        return (self.path / name).read_text()

    def has(self, name: str) -> bool:
        return (self.path / name).exists()

    def worktree(self, name: str, *argv: str) -> "Repo":
        """Add a linked worktree beside this one, on a new branch of that name."""
        path = self.path.parent / name
        self.git("worktree", "add", "-q", "-b", name, str(path), *argv)
        return Repo(path, self.env)

    # The store

    def invocations(self, hook: str | None = None) -> list[Invocation]:
        """Return the invocations in the store, oldest first; those of all worktrees that share this environment."""
        # A name that begins with a dot is one that is not complete yet (R19), and `*` does not match it.
        records = self.state.glob("dodo-hooks/jobs/*/*/*/invocation.json")
        found = [Invocation(path.parent) for path in records if not path.parent.name.startswith(".")]
        found.sort(key=lambda one: one.id)
        return [one for one in found if hook is None or one.record.hook == hook]

    def begun(self, hook: str, n: int = 1) -> Invocation:
        """Wait until the store holds `n` invocations of the hook, and return the newest."""
        return wait_until(
            lambda: found[-1] if len(found := self.invocations(hook)) >= n else None,
            what=f"invocation {n} of {hook}",
        )

    def finished(self, hook: str, n: int = 1) -> Invocation:
        """Wait until the store holds `n` invocations of the hook and the newest has ended, and return that one."""
        invocation = self.begun(hook, n)
        try:
            wait_until(invocation.has_ended, what=f"the end of {hook}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{invocation.story()}") from None
        return invocation
