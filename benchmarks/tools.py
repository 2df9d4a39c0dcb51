"""The tools that are measured: how each is given the same jobs, put into a repository, and started."""

import json
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks import CHECKOUT
from kit.repo import Repo

OURS = "dodo-hooks"
PYTHON = "bare Python"
FROM_PYPI = ("lefthook", "prek", "ninja", "doit")
FROM_NPM = ("turbo",)
FROM_SYSTEM = ("make",)
ENVIRONMENTS = CHECKOUT / "build" / "benchmarks"


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    command: str
    needs: tuple[str, ...] = ()
    glob: str = ""
    takes_files: bool = False
    root: str = ""  # the folder of a package; its inputs are in "src"
    output: str = ""  # a folder in it, which is cached


@dataclass(frozen=True, slots=True)
class Work:
    """The work of a tool. `hook` fires it; it is empty for a graph that is run directly."""

    jobs: Sequence[Job]
    hook: str = "pre-commit"
    slots: int = 0  # 0: as many as the tool likes
    is_background: bool = False


class Tool(ABC):
    """One tool. `program`: its file."""

    name = ""
    config_file = ""

    def __init__(self, program: str) -> None:
        self.program = program

    def version(self) -> str:
        done = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True)
        return done.stdout.split("\n")[0]

    @abstractmethod
    def config(self, work: Work) -> str:
        """Return the text of the tool's own file."""

    @abstractmethod
    def argv(self, work: Work) -> list[str]:
        """Return the command that runs the jobs."""

    def install(self, repo: Repo, work: Work) -> None:
        """Put the jobs, and the hook if there is one, into the repository."""
        repo.write(self.config_file, self.config(work))
        if work.hook:
            repo.call(self.program, "install", check=True)


class DodoHooks(Tool):
    name = OURS
    config_file = "hooks.dodo"

    def config(self, work: Work) -> str:
        jobs = [
            {"name": job.name, "run": job.command + " {staged_files}" * job.takes_files}
            | ({"glob": job.glob} if job.glob else {})
            | ({"needs": list(job.needs)} if job.needs else {})
            | ({"root": job.root, "inputs": ["src/**"], "outputs": [job.output], "cache": True} if job.output else {})
            for job in work.jobs
        ]
        hook = {"jobs": jobs} | ({"background": True} if work.is_background else {})
        file: dict[str, Any] = {"hooks": {work.hook: hook}} if work.hook else {"tasks": {"all": hook}}
        return yaml.safe_dump(file | ({"jobs": work.slots} if work.slots else {}), sort_keys=False)

    def argv(self, work: Work) -> list[str]:
        return [self.program, "run", work.hook or "all"]


class Lefthook(Tool):
    name = "lefthook"
    config_file = "lefthook.yml"

    def config(self, work: Work) -> str:
        jobs = [
            {"name": job.name, "run": job.command + " {staged_files}" * job.takes_files}
            | ({"glob": job.glob} if job.glob else {})
            for job in work.jobs
        ]
        return yaml.safe_dump({work.hook: {"parallel": True, "jobs": jobs}}, sort_keys=False)

    def install(self, repo: Repo, work: Work) -> None:
        super().install(repo, work)
        repo.env["LEFTHOOK_BIN"] = self.program  # else its shim takes what is on PATH, which may be a wrapper in Python

    def argv(self, work: Work) -> list[str]:
        return [self.program, "run", work.hook]


class Prek(Tool):
    name = "prek"
    config_file = ".pre-commit-config.yaml"

    def config(self, work: Work) -> str:
        hooks = [
            {"id": job.name, "name": job.name, "language": "system", "entry": job.command, "priority": 0}
            | ({"files": rf"\{job.glob[1:]}$"} if job.glob else {"always_run": True})
            | {"pass_filenames": job.takes_files}
            for job in work.jobs
        ]
        return yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}, sort_keys=False)

    def argv(self, work: Work) -> list[str]:
        return [self.program, "run"]


class Make(Tool):
    name = "make"
    config_file = "Makefile"

    def config(self, work: Work) -> str:
        names = " ".join(job.name for job in work.jobs)
        rules = (f"{job.name}: {' '.join(job.needs)}\n\t{job.command}\n" for job in work.jobs)
        return f"all: {names}\n.PHONY: all {names}\n{''.join(rules)}"

    def argv(self, work: Work) -> list[str]:
        return [self.program, f"-j{work.slots}"]


class Ninja(Tool):
    name = "ninja"
    config_file = "build.ninja"

    def config(self, work: Work) -> str:
        """Write rules whose outputs nobody makes, so that each is run again."""
        rules = (f"build {job.name}: run {' '.join(job.needs)}\n  run = {job.command}\n" for job in work.jobs)
        return f"rule run\n  command = $run\n{''.join(rules)}"

    def argv(self, work: Work) -> list[str]:
        return [self.program, f"-j{work.slots}"]


class Doit(Tool):
    name = "doit"
    config_file = "dodo.py"

    def config(self, work: Work) -> str:
        tasks = [{"basename": job.name, "actions": [job.command], "task_dep": list(job.needs)} for job in work.jobs]
        return f"def task_all():\n    yield from {tasks!r}\n"

    def argv(self, work: Work) -> list[str]:
        return [self.program, "-n", str(work.slots)]


class Turbo(Tool):
    """Turborepo. Each job is the package of its root."""

    name = "turbo"
    config_file = "turbo.json"

    def config(self, work: Work) -> str:
        outputs = sorted({f"{job.output}/**" for job in work.jobs})
        return json.dumps({"tasks": {"build": {"dependsOn": ["^build"], "inputs": ["src/**"], "outputs": outputs}}})

    def install(self, repo: Repo, work: Work) -> None:
        super().install(repo, work)
        repo.env["TURBO_TELEMETRY_DISABLED"] = "1"
        manager = {"name": "all", "private": True, "packageManager": "npm@10.0.0", "workspaces": ["packages/*"]}
        repo.write("package.json", json.dumps(manager))
        packages = {
            job.root: {"name": job.name, "version": "1.0.0", "dependencies": dict.fromkeys(job.needs, "*")}
            for job in work.jobs
        }
        for job in work.jobs:
            repo.write(
                f"{job.root}/package.json", json.dumps({**packages[job.root], "scripts": {"build": job.command}})
            )
        links = {f"node_modules/{job.name}": {"resolved": job.root, "link": True} for job in work.jobs}
        locked = {"": {"name": "all", "workspaces": ["packages/*"]}, **packages, **links}
        repo.write("package-lock.json", json.dumps({"name": "all", "lockfileVersion": 3, "packages": locked}))

    def argv(self, work: Work) -> list[str]:
        return [self.program, "run", "build", "--no-daemon", "--output-logs=hash-only"]


class BarePython(Tool):
    """The floor: a hook, or a command, that only starts the interpreter that ours are started with."""

    name = PYTHON

    def config(self, work: Work) -> str:
        return f'#!/bin/sh\nexec {self.program} -I -S -c pass "$@"\n'

    def argv(self, work: Work) -> list[str]:
        return [self.program, "-I", "-S", "-c", "pass"]

    def install(self, repo: Repo, work: Work) -> None:
        repo.write(f".git/hooks/{work.hook}", self.config(work)).chmod(0o755)


TOOLS: tuple[type[Tool], ...] = (Lefthook, Prek, Make, Ninja, Doit, Turbo)


def find_tools(against: Iterable[str]) -> Mapping[str, Tool]:
    """Install us and these peers in environments below `build/`, and return the tools that there are, ours first."""
    wanted = [name for name in FROM_PYPI if name in against]
    peers = _environment("peers", *wanted) if wanted else Path()
    ours = _environment("ours", "--force-reinstall", str(_copy_of_checkout()))
    programs = {name: str(peers / "bin" / name) for name in wanted}
    if "lefthook" in programs:  # its wheel's script would start Python first
        (program,) = peers.glob("lib/*/site-packages/lefthook/bin/*/lefthook")
        programs["lefthook"] = str(program)
    programs |= _from_npm(name for name in FROM_NPM if name in against)
    programs |= {name: path for name in FROM_SYSTEM if name in against and (path := shutil.which(name))}
    python = str(Path(sys.executable).resolve())
    found = [tool(programs[tool.name]) for tool in TOOLS if tool.name in programs]
    return {one.name: one for one in (DodoHooks(str(ours / "bin" / OURS)), *found, BarePython(python))}


def _environment(name: str, *requirements: str) -> Path:
    """Make an environment with the interpreter that runs this, unless it is there, and install into it."""
    path = ENVIRONMENTS / name
    if not (path / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", path], check=True)
    pip = [str(path / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--upgrade", "pip"], check=True)  # an old one writes scripts that start slowly
    subprocess.run([*pip, "install", *requirements], check=True)
    return path


def _from_npm(names: Iterable[str]) -> dict[str, str]:
    """Install these packages if npm is there, and return their programs themselves: a script would start node first."""
    wanted, folder = list(names), ENVIRONMENTS / "npm"
    if not wanted or (npm := shutil.which("npm")) is None:
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([npm, "install", "--silent", "--no-save", "--prefix", folder, *wanted], check=True)
    found = {name: next(folder.glob(f"node_modules/@{name}/*/bin/{name}"), None) for name in wanted}
    return {name: str(path) for name, path in found.items() if path is not None}


def _copy_of_checkout() -> Path:
    """Copy what a wheel is built of: setuptools would put what lies in the checkout's `build/` into it as well."""
    copy = ENVIRONMENTS / "source"
    shutil.rmtree(copy, ignore_errors=True)
    for folder in ("dodo_hooks", "loader"):
        shutil.copytree(CHECKOUT / folder, copy / folder, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / file, copy)
    return copy
