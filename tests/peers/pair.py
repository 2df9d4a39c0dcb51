"""One hook file, run by lefthook and by us in two repositories that are alike."""

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from kit.ran import ran
from kit.repo import Repo

_MACHINES = {"aarch64": "arm64", "amd64": "x86_64"}  # as the wheel's folders are called


@dataclass(frozen=True, slots=True)
class Case:
    file: str  # a lefthook.yml, whose jobs say that they ran in `.git/ran`
    setup: str = ""  # a script that makes the repository what it is when the hook is run
    hook: str = "pre-commit"
    args: tuple[str, ...] = ()
    in_order: bool = True  # the jobs run one after the other
    stdin: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """The part of a run that can be compared: words differ, and so do exit codes beyond success and failure."""

    succeeded: bool
    lines: tuple[str, ...]
    status: str  # what git says of the tree afterwards


def lefthook_binary() -> "Path | None":
    """Return the program in the wheel; None where there is none for this system."""
    spec = find_spec("lefthook")
    if spec is None or spec.origin is None:
        return None
    machine = platform.machine().lower()
    folder = f"lefthook-{platform.system().lower()}-{_MACHINES.get(machine, machine)}"
    path = Path(spec.origin).parent / "bin" / folder / "lefthook"
    return path if path.is_file() else None


class Pair:
    """Two repositories that are alike, one for lefthook and one for us."""

    def __init__(self, binary: Path, folder: Path, env: dict[str, str], file: str, setup: str = "") -> None:
        """Take `setup`, a script that makes each of them what it is to be."""
        self._binary = str(binary)
        self._repos = [Repo(folder / name, dict(env)) for name in ("theirs", "ours")]
        for repo in self._repos:
            repo.path.mkdir()
            repo.write("lefthook.yml", file)
        self.call(f"git init -q && git add lefthook.yml && git commit -q -m start\n{setup}")

    def call(self, script: str) -> None:
        for repo in self._repos:
            repo.call("sh", "-euc", script, check=True)

    def run(
        self, hook: str, *args: str, env: "Mapping[str, str] | None" = None, stdin: str = "", in_order: bool = True
    ) -> tuple[Ran, Ran]:
        """Run the hook; returns what lefthook did, and what we did. `in_order`: the jobs run one after the other."""
        words = ("--", *args) if args else ()
        theirs = (self._binary, "run", hook, "--no-auto-install", *args)
        ours = (sys.executable, "-m", "dodo_hooks", "run", hook, *words)
        one, other = self._repos
        other.prepare("dodo-hooks")
        return self._ran(one, theirs, stdin, in_order, env), self._ran(other, ours, stdin, in_order, env)

    def _ran(
        self, repo: Repo, argv: tuple[str, ...], stdin: str, in_order: bool, env: "Mapping[str, str] | None"
    ) -> Ran:
        done = repo.call(*argv, input=stdin, env=env)
        lines = ran(repo)
        status = repo.call("git", "status", "--porcelain", "--untracked-files=all", check=True).stdout
        return Ran(done.returncode == 0, tuple(lines if in_order else sorted(lines)), status)
