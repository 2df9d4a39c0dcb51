"""The recipes of docs/incremental.md, run with small stand-ins for the programs that they name."""

import re
from pathlib import Path

import pytest
import yaml

from kit.repo import Repo

DOCUMENT = Path(__file__).parents[3] / "docs" / "incremental.md"
BLOCKS = re.findall(r"^```yaml\n(# hooks\.dodo\n.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
# What each program does beside noting its call, and prints for `--version`.
PROGRAMS = {
    "npm": '[ "$1" = ci ] && { rm -rf node_modules; mkdir node_modules; exit; }; mkdir -p dist; cat src/* > dist/out',
    "npx": "",
    "node": "",
    "uv": "mkdir -p .venv",
    "cargo": "mkdir -p target",
    "rustc": "",
    "protoc": "mkdir -p gen; grep -v comment api.proto > gen/api_pb2.py",
    "mypy": "",
    "ruff": "",
}
FILES = ("package.json", "package-lock.json", "pyproject.toml", "uv.lock", "Cargo.toml", "Cargo.lock", "api.proto")
SOURCES = ("src/main.rs", "src/app.py", "mypy.ini", "eslint.config.js", "web.ts", "tsconfig.json")
PACKAGES = tuple(f"packages/{name}/{file}" for name in ("lib", "app") for file in ("package.json", "src/index.ts"))


@pytest.fixture
def project(repo: Repo) -> Repo:
    programs = repo.path.parent / "programs"
    programs.mkdir()
    for name, text in PROGRAMS.items():
        script = (
            f'#!/bin/sh\ncase "$*" in *--version) echo 1; exit;; esac\necho "{name} $*" >> "{_calls(repo)}"\n{text}\n'
        )
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    repo.env["PATH"] = f"{programs}:{repo.env['PATH']}"
    repo.write(".gitignore", "node_modules\n.venv\ntarget\ngen\ndist\n")
    for name in (*FILES, *SOURCES, *PACKAGES):
        repo.write(name, f"{name}\n")
    repo.git("add", ".")
    return repo


def _calls(repo: Repo) -> Path:
    return repo.path.parent / "calls"


def calls(repo: Repo) -> list[str]:
    """Return the programs that were called since the last time."""
    names = [line.split()[0] for line in _calls(repo).read_text().splitlines()] if _calls(repo).exists() else []
    _calls(repo).unlink(missing_ok=True)
    return names


@pytest.mark.parametrize(
    ("number", "first", "edited", "again"),
    [
        (0, ["npm"], "package-lock.json", ["npm"]),
        (1, ["uv"], "uv.lock", ["uv"]),
        (2, ["cargo"], "src/main.rs", ["cargo"]),
        (3, ["protoc", "mypy"], "src/app.py", ["mypy"]),
        (4, ["npm", "npm"], "packages/lib/src/index.ts", ["npm", "npm"]),
        (4, ["npm", "npm"], "packages/app/src/index.ts", ["npm"]),
        (4, ["npm", "npm"], "tsconfig.json", ["npm", "npm"]),
        (5, ["npx", "ruff"], "src/app.py", ["ruff"]),
    ],
)
def test_k6_a_recipe_runs_once(number: int, first: list[str], edited: str, again: list[str], project: Repo) -> None:
    project.file(BLOCKS[number])
    (hook,) = yaml.safe_load(BLOCKS[number])["hooks"]

    def run() -> list[str]:
        project.git("add", ".")
        project.run("run", hook, "--phase", "foreground", check=True)
        return sorted(calls(project))

    assert run() == sorted(first) and run() == []
    project.write(edited, "edited\n")
    assert run() == again and run() == []


def test_k5_a_comment_in_the_recipe_with_a_dependent_runs_no_dependent(project: Repo) -> None:
    project.file(BLOCKS[3])
    project.run("run", "pre-commit", check=True)
    calls(project)
    project.write("api.proto", "api.proto\n# a comment\n")
    project.git("add", ".")
    project.run("run", "pre-commit", check=True)
    assert calls(project) == ["protoc"]


def test_every_recipe_is_run() -> None:
    assert len(BLOCKS) == 6
