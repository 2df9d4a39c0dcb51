"""Outputs of jobs: trees with everything that a manifest can hold, and the cache that they are stored in."""

import os
from collections.abc import Sequence
from pathlib import Path

from dodo_hooks.results.outputs.manifest import Manifest
from dodo_hooks.results.outputs.output_cache import DEFAULT_LIMIT_BYTES, repository_cache, store_outputs
from dodo_hooks.results.outputs.restore_outputs import RestoreResult, restore_outputs
from dodo_hooks.store.identity import repository_id
from kit.commits.unstaged import HOSTILE, Thing, snapshot
from kit.repo import Repo

NAME = b"node_modules"
OUTPUTS = (NAME,)
KEY = "a" * 64


def make_outputs(repo: Repo, version: str = "1", name: bytes = NAME) -> "dict[bytes, Thing]":
    """Put other outputs in the place of those that are there, and return them."""
    top = repo.path / os.fsdecode(name)
    remove(top)
    for number, hostile in enumerate(HOSTILE):
        put(top / f"package-{number}" / os.fsdecode(hostile), f"{version}, {number}\n")
    put(top / f"only-in-{version}", "here\n")
    put(top / ".bin" / "tool", f"#!/bin/sh\necho {version}\n", 0o755)
    put(top / "private", version, 0o600)
    put(top / "empty-file", "")
    put(top / "large", version * 3_000_000)
    put(top / "package-0-and-more", "stands between the folder and what is in it\n")
    (top / "empty" / "folder").mkdir(parents=True)
    (top / "read-only").mkdir()
    put(top / "read-only" / "file", version, 0o444)
    (top / "read-only").chmod(0o555)
    (top / "link").symlink_to("../elsewhere")
    (top / ".bin" / "link").symlink_to(f"tool-{version}")
    (top / "linked-folder").symlink_to("package-1")
    return outputs_of(repo, name)


def remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        for folder, _, _ in os.walk(path):
            os.chmod(folder, 0o755)
        for child in path.iterdir():
            remove(child)
        path.rmdir()


def put(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def outputs_of(repo: Repo, name: bytes = NAME) -> "dict[bytes, Thing]":
    return {path: thing for path, thing in snapshot(repo.path).items() if f"{path!r}/"[1:].startswith(repr(name)[1:-1])}


def ignore(repo: Repo, *patterns: str) -> None:
    """Have git ignore these, and commit that."""
    repo.write(".gitignore", "".join(f"{pattern}\n" for pattern in patterns or ("node_modules/",)))
    repo.git("add", ".gitignore")
    repo.git("commit", "-q", "-m", "ignore")


def cache_dir(repo: Repo) -> str:
    return repository_cache(repo.env["XDG_CACHE_HOME"], repository_id(repo.facts.common_dir))


def store(
    repo: Repo,
    key: str = KEY,
    outputs: Sequence[bytes] = OUTPUTS,
    link: str = "reflink",
    limit_bytes: int = DEFAULT_LIMIT_BYTES,
) -> "Manifest | None":
    try:
        return store_outputs(cache_dir(repo), key, repo.facts, outputs, link, limit_bytes)
    except ValueError:
        return None


def restore(repo: Repo, key: str = KEY, outputs: Sequence[bytes] = OUTPUTS) -> RestoreResult:
    return restore_outputs(cache_dir(repo), key, repo.facts, repo.env, outputs)


def leftovers(repo: Repo) -> list[str]:
    """Return what is in folders of ours, in the git directory and in the working tree."""
    found = [path for name in ("dodo-hooks-outputs", ".dodo-hooks-outputs") for path in repo.path.rglob(name)]
    git_dir = Path(repo.facts.git_dir)
    return sorted({str(path) for path in (*found, *git_dir.glob("dodo-hooks-outputs"))})
