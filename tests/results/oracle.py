"""A repository that changes at random, and an oracle that reads every byte each time.

The jobs here are functions of what they read: their result is a fingerprint of it. So a job that is called up to date
although it never succeeded on this very content is a wrong skip, and one that runs although it did is a needless run.
"""

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

from dodo_hooks.core.plan import Hook, Job
from dodo_hooks.core.statuses import COMPLETED, UP_TO_DATE, Outcome
from dodo_hooks.git.repo import locate_repo
from dodo_hooks.results.cached_outputs import CachedOutputs
from dodo_hooks.results.facts import Occasion
from dodo_hooks.results.kept import KeptResults
from dodo_hooks.results.run_results import RunResults
from kit.hook_files.plans import hook_of
from kit.process import wait_until

HOOK = """\
jobs:
  - {name: plain, run: "true", inputs: ["*.txt", "sub/**"]}
  - {name: gen, run: "true", inputs: ["src/*.c"], outputs: [out.gen]}
  - {name: use, run: "true", inputs: [out.gen]}
  - {name: near, run: "true", inputs: [link, ignored.cfg], env_inputs: [V], needs: [plain]}
  - {name: mod, run: "true", inputs: [mod]}
  - {name: build, run: "true", inputs: [src], outputs: [build]}
  - {name: pack, run: "true", inputs: [src, a.txt], outputs: [packed], cache: true}
  - {name: last, run: "true", inputs: [a.txt], needs: [build, pack]}
  - {name: tool, run: "true", inputs: [], uptodate: [cat version || true]}
"""
# What a job reads, as the arguments of `git ls-files`, and beside that single files, whatever git says of them.
READS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "plain": ((":(glob)**/*.txt", "sub"), ()),
    "gen": ((":(glob)src/*.c",), ()),
    "use": ((), ("out.gen",)),
    "near": ((), ("link", "ignored.cfg")),
    "mod": ((), ()),
    "build": (("src",), ()),
    "pack": (("src",), ("a.txt",)),
    "last": ((), ("a.txt", "build/made", "packed/made")),
    "tool": ((), ("version",)),
}
FILES = ("a.txt", "b.txt", "sub/c.txt", "sub/d", "src/x.c", "src/y.c", "ignored.cfg", "version")
TEXTS = (b"one\n", b"two\n", b"ONE\n", b"one\r\n", b"$Id$\n", b"longer than that\n")


class Oracle:
    """The repository, what has passed in it, and what was counted."""

    def __init__(self, path: Path, env: dict[str, str], text: str = HOOK) -> None:
        self.path, self.env = path, env
        self.hook: Hook = hook_of(path.parent, text)
        self.passed: dict[str, set[str]] = {job.name: set() for job in self.hook.jobs}
        self.wrong: list[str] = []
        self.needless: list[str] = []
        self.skips = 0
        self.has_stale_index = False  # git takes a file for clean that other attributes would convert in another way
        self._make()

    def git(self, *args: str, cwd: Path | None = None) -> str:
        argv = ("git", "-c", "protocol.file.allow=always", *args)
        done = subprocess.run(argv, cwd=cwd or self.path, env=self.env, capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else ""

    def _make(self) -> None:
        other = self.path.parent / "other"
        for place in (self.path, other):
            place.mkdir()
            self.git("init", "-q", cwd=place)
        (other / "m").write_bytes(b"one\n")
        self.git("add", ".", cwd=other)
        self.git("commit", "-qm", "m", cwd=other)
        self.git("submodule", "add", "-q", str(other), "mod")
        for folder in ("sub", "src"):
            (self.path / folder).mkdir()
        for name in FILES:
            (self.path / name).write_bytes(TEXTS[0])
        (self.path / "link").symlink_to("a.txt")
        (self.path / ".gitignore").write_text("ignored.cfg\nout.gen\nbuild/\npacked/\nversion\n")
        self.git("config", "filter.upper.clean", "tr a-z A-Z")
        self.git("add", ".")
        self.git("commit", "-qm", "start")
        self.git("branch", "side")

    # What a job would read now

    def fingerprint(self, job: Job) -> str:
        patterns, single = READS[job.name]
        listed = self.git("ls-files", "-z", "-c", "-o", "--exclude-standard", "--", *patterns) if patterns else ""
        parts = [self._content(name) for name in sorted({*listed.split("\0"), *single} - {""})]
        if job.name == "near":
            parts.append(self.env.get("V", "unset"))
            parts.append(self.fingerprint(self.hook.jobs[0]))
        if job.name == "tool":  # it sees what the command prints, and so no mode
            parts = [(self.path / "version").read_bytes().decode()] if (self.path / "version").is_file() else []
        if job.name == "mod":
            parts.append(self._content("mod/m"))
            if (self.path / "mod/.git").exists():
                parts.append(self.git("rev-parse", "HEAD", cwd=self.path / "mod"))
        return hashlib.sha256(repr([part for part in parts if part]).encode()).hexdigest()

    def _content(self, name: str) -> str:
        path = self.path / name
        if path.is_symlink():
            return f"{name} -> {os.readlink(path)}"
        if not path.is_file():
            return ""
        return f"{name} {path.stat().st_mode & 0o100} {path.read_bytes()!r}"

    # One run of the hook

    def run(self, what: str) -> list[str]:
        """Run what is not up to date, and return the names."""
        repo = locate_repo({}, str(self.path))
        kept = KeptResults(f"{self.env['XDG_STATE_HOME']}/results", repo)
        occasion = Occasion(repo, self.hook, b"", {}, self.env, lambda _: self.env)
        cache = CachedOutputs(self.env["XDG_CACHE_HOME"], "r", repo, None, lambda _: None)
        results = RunResults(occasion, kept, cache, "an-invocation", lambda _: None)
        ran: list[str] = []
        for number in self.hook.order:
            job = self.hook.jobs[number]
            outcome = results.check(number)
            now = self.fingerprint(job)
            if outcome is not None:
                assert outcome.status == UP_TO_DATE
                self.skips += 1
                if now not in self.passed[job.name] or not self._has_outputs(job, now):
                    self.wrong.append(f"{job.name} after {what}")
            else:
                ran.append(job.name)
                is_known = now in self.passed[job.name] and self._has_outputs(job, now)
                if is_known and self._is_decidable(job) and not self.has_stale_index:
                    self.needless.append(f"{job.name} after {what}")
                results.starting(number)
                self._do(job, now)
                self.passed[job.name].add(now)
            results.ended(number, outcome or Outcome(COMPLETED, exit_code=0))
        results.save()
        return ran

    def _is_decidable(self, job: Job) -> bool:
        """Return whether the job's key can be known: not with changes in a submodule that its patterns cover."""
        looks = job.name in ("plain", "near", "mod") and (self.path / "mod/.git").exists()
        return not (looks and self.git("status", "--porcelain", cwd=self.path / "mod"))

    def _made(self, job: Job, now: str) -> bytes:
        # Of `gen` only the first digit, so that it often makes the same bytes of other inputs.
        return (now[:1] if job.name == "gen" else now).encode()

    def _output(self, job: Job) -> Path | None:
        outputs = {"gen": "out.gen", "build": "build/made", "pack": "packed/made"}
        return self.path / outputs[job.name] if job.name in outputs else None

    def _has_outputs(self, job: Job, now: str) -> bool:
        path = self._output(job)
        if path is None:
            return True
        if job.name == "pack" and (path.parent / "old").exists():  # a folder that is cached is there exactly
            return False
        return path.is_file() and path.read_bytes() == self._made(job, now)

    def _do(self, job: Job, now: str) -> None:
        path = self._output(job)
        if path is not None:
            if job.name == "pack":
                shutil.rmtree(path.parent, ignore_errors=True)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(self._made(job, now))
        with open(self.path.parent / "done", "a") as done:
            done.write(f"{job.name} {now}\n")

    def learn(self) -> None:
        """Take over what has passed in another process, which may have been killed."""
        for line in (self.path.parent / "done").read_text().splitlines():
            name, now = line.split()
            self.passed[name].add(now)

    # Steps

    def step(self, random: Random) -> str:
        name, act = random.choice(STEPS)
        act(self, random)
        self.has_stale_index |= name in ("attributes", "setting")
        return name

    def any_file(self, random: Random) -> Path:
        path = self.path / random.choice(FILES)
        path.parent.mkdir(exist_ok=True)
        return path


def _write(oracle: Oracle, random: Random) -> None:
    oracle.any_file(random).write_bytes(random.choice(TEXTS))


def _touch(oracle: Oracle, random: Random) -> None:
    path = oracle.any_file(random)
    if path.exists():
        path.touch()


def _touch_back(oracle: Oracle, random: Random) -> None:
    """Change the content and put the old time back, as `cp -p` and archives do.

    git compares whole seconds: within the second in which it has checked the file, it does not see that, nor do we.
    """
    path = oracle.any_file(random)
    if path.exists():
        stat = path.stat()
        wait_until(lambda: time.time() // 1 > stat.st_ctime // 1)
        path.write_bytes(random.choice(TEXTS))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _there_and_back(oracle: Oracle, random: Random) -> None:
    path = oracle.any_file(random)
    if path.exists():
        content = path.read_bytes()
        path.write_bytes(b"something else\n")
        path.write_bytes(content)


def _same_size_after_add(oracle: Oracle, random: Random) -> None:
    """Edit a file without a change of its size, in the tick after `git add`."""
    path = oracle.any_file(random)
    path.write_bytes(b"one\n")
    oracle.git("add", "-A")
    path.write_bytes(b"two\n")


def _chmod(oracle: Oracle, random: Random) -> None:
    path = oracle.any_file(random)
    if path.exists():
        path.chmod(random.choice((0o644, 0o755)))


def _rename(oracle: Oracle, random: Random) -> None:
    one, other = oracle.any_file(random), oracle.any_file(random)
    if one.exists():
        one.rename(other)


def _remove(oracle: Oracle, random: Random) -> None:
    oracle.any_file(random).unlink(missing_ok=True)


def _retarget(oracle: Oracle, random: Random) -> None:
    link = oracle.path / "link"
    link.unlink(missing_ok=True)
    link.symlink_to(random.choice(("a.txt", "b.txt", "gone")))


def _flag(oracle: Oracle, random: Random) -> None:
    flag = random.choice(("assume-unchanged", "skip-worktree"))
    oracle.git("update-index", f"--{random.choice(('', 'no-'))}{flag}", random.choice(FILES))


def _attributes(oracle: Oracle, random: Random) -> None:
    lines = ("*.txt text\n", "*.txt filter=upper\n", "sub/* ident\n", "* text=auto eol=crlf\n", "")
    (oracle.path / ".gitattributes").write_text(random.choice(lines))


def _setting(oracle: Oracle, random: Random) -> None:
    name = random.choice(("core.autocrlf", "core.trustctime", "core.fileMode", "core.checkStat", "core.ignoreStat"))
    value = {"core.autocrlf": ("input", "false"), "core.checkStat": ("minimal", "default")}.get(name, ("true", "false"))
    oracle.git("config", name, random.choice(value))


def _variable(oracle: Oracle, random: Random) -> None:
    oracle.env.pop("V", None)
    if value := random.choice((None, "", "1")):
        oracle.env["V"] = value
    elif value == "":
        oracle.env["V"] = ""


def _submodule(oracle: Oracle, random: Random) -> None:
    (oracle.path / "mod/m").write_bytes(random.choice(TEXTS))
    if random.random() < 0.6:
        oracle.git("commit", "-qam", "m", cwd=oracle.path / "mod")
    if random.random() < 0.2:
        oracle.git("submodule", "deinit", "-f", "-q", "mod")
    elif random.random() < 0.4:
        oracle.git("submodule", "update", "-q", "--init", "--force")


def _lose_output(oracle: Oracle, random: Random) -> None:
    if random.random() < 0.3:
        (oracle.path / "packed").mkdir(exist_ok=True)
        (oracle.path / f"packed/{random.choice(('made', 'old'))}").write_bytes(b"stale")
    elif random.random() < 0.5:
        (oracle.path / "out.gen").unlink(missing_ok=True)
    else:
        (oracle.path / "out.gen").write_bytes(b"stale")


def _next_second(oracle: Oracle, random: Random) -> None:
    """Wait for it: within the second in which the index was written, git compares contents and not times."""
    second = time.time() // 1
    wait_until(lambda: time.time() // 1 > second)


def _git(*args: str) -> Callable[[Oracle, Random], None]:
    def act(oracle: Oracle, random: Random) -> None:
        oracle.git(*args)

    return act


STEPS: Sequence[tuple[str, Callable[[Oracle, Random], None]]] = (
    *[("write", _write)] * 4,
    ("touch", _touch),
    ("touch", _touch),
    ("there and back", _there_and_back),
    ("next second", _next_second),
    ("next second", _next_second),
    ("touch back", _touch_back),
    ("same size after add", _same_size_after_add),
    ("chmod", _chmod),
    ("rename", _rename),
    ("remove", _remove),
    ("retarget", _retarget),
    ("flag", _flag),
    ("attributes", _attributes),
    ("setting", _setting),
    ("variable", _variable),
    ("submodule", _submodule),
    ("lose output", _lose_output),
    ("add", _git("add", "-A")),
    ("commit", _git("commit", "-qam", "c")),
    ("refresh", _git("update-index", "--really-refresh")),
    ("revert", _git("checkout", "-q", "--", "a.txt", "src")),
    ("stash", _git("stash", "-q")),
    ("pop", _git("stash", "pop", "-q")),
    ("switch", _git("switch", "-q", "-f", "side")),
    ("switch back", _git("switch", "-q", "-f", "main")),
    ("intend", _git("add", "-N", "src", "sub")),
    ("sparse", _git("sparse-checkout", "set", "src")),
    ("dense", _git("sparse-checkout", "disable")),
)
