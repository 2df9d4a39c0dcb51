"""Working trees full of unstaged changes, and their exact content and modes."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from kit.repo import Repo

# Names that a shell, a format or a list could trip over.
HOSTILE = (
    b"sp ace",
    b"quo'te\"",
    b"new\nline",
    b"-dash",
    b"semi;colon",
    b"st*ar",
    b"\xff\xfe",
    b"tab\t",
    b"$(touch x)",
)
TEXT = "".join(f"line {n}\n" for n in range(40))
STAGED = TEXT.replace("line 5\n", "line five, staged\n")

Thing = tuple[str, int, bytes]  # kind, permissions, bytes or target


@dataclass
class Work:
    """The files, sorted by the change that was made after they were staged."""

    names: "list[bytes]" = field(default_factory=list)
    texts: "list[bytes]" = field(default_factory=list)  # those that a job can fix without a conflict


def unstaged_text(extra: str = "") -> str:
    return STAGED.replace("line 30\n", f"line thirty, unstaged{extra}\n")


def fixed_text() -> str:
    """Return the staged text as a job fixes it."""
    return STAGED.replace("line 15\n", "line fifteen, fixed\n")


def fixed_and_unstaged_text(extra: str = "") -> str:
    return unstaged_text(extra).replace("line 15\n", "line fifteen, fixed\n")


def make_work(repo: Repo, count: int, *, megabytes: int = 2) -> Work:
    """Make `count` partially staged files and more, of every sort; only their staged part is not committed."""
    top, work = os.fsencode(repo.path), Work()
    repo.write(".gitattributes", "*.crlf text eol=crlf\n*.bin binary\n")
    texts = [b"d%d/%s-%d.txt" % (n % 7, HOSTILE[n % len(HOSTILE)], n) for n in range(count)]
    for name in texts:
        _put(top, name, TEXT.encode())
    special = {
        b"crlf/a.crlf": b"one\r\ntwo\r\nthree\r\n",
        b"a.bin": bytes(range(256)) * 4,
        b"no newline": b"one\ntwo",
        b"tool": b"#!/bin/sh\n",
        b"to-link": b"was a file\n",
        b"gone": b"deleted in the tree\n",
        b"gone-folder/deep/er": b"its folder is gone, too\n",
        b"shadowed/one": b"one\n",
        b"shadowed/two/three": b"three\n",
        b"linked-folder/one": b"one\n",
        b"staged": b"nothing unstaged here\n",
        b"big": b"0123456789abcde\n" * 65536 * megabytes,
        b"empty": b"",
        b"private": b"for me\n",
        b"exec-and-text": TEXT.encode(),
    }
    for name, content in special.items():
        _put(top, name, content)
    os.symlink(b"tool", top + b"/link")
    repo.git("add", "-A")
    repo.git("commit", "-q", "--no-verify", "-m", "work")
    for name in texts:
        _put(top, name, STAGED.encode())
    _put(top, b"staged", b"staged as a whole\n")
    repo.git("add", "-A")

    for name in texts:
        _put(top, name, unstaged_text().encode())
    _put(top, b"crlf/a.crlf", b"one\r\ntwo, unstaged\r\nthree\r\n")
    _put(top, b"a.bin", bytes(range(255, -1, -1)) * 4)
    _put(top, b"no newline", b"one, unstaged\ntwo")
    os.chmod(top + b"/tool", 0o755)
    os.unlink(top + b"/to-link")
    os.symlink(b"tool", top + b"/to-link")
    os.unlink(top + b"/link")
    os.symlink(b"big", top + b"/link")
    os.unlink(top + b"/gone")
    for path in (b"gone-folder/deep/er", b"shadowed/one", b"shadowed/two/three", b"linked-folder/one"):
        os.unlink(top + b"/" + path)
    for path in (b"gone-folder/deep", b"gone-folder", b"shadowed/two", b"shadowed", b"linked-folder"):
        os.rmdir(top + b"/" + path)
    os.symlink(b"d0", top + b"/linked-folder")
    _put(top, b"shadowed", b"a file in the place of a folder\n")
    _put(top, b"big", special[b"big"] + b"unstaged\n")
    _put(top, b"empty", b"no more\n")
    _put(top, b"private", b"for me alone\n")
    os.chmod(top + b"/private", 0o600)
    _put(top, b"exec-and-text", unstaged_text().encode())
    os.chmod(top + b"/exec-and-text", 0o755)
    _put(top, b"intended", b"git add -N\n")
    repo.git("add", "-N", "intended")
    _put(top, b"untracked", b"nobody's business\n")
    work.texts = texts
    work.names = [*texts, *special, b"link", b"shadowed", b"intended"]
    return work


def snapshot(top: "Path | str") -> "dict[bytes, Thing]":
    """Return everything below the top except git's directory; empty folders, too."""
    found: dict[bytes, Thing] = {}
    root = os.fsencode(top)
    for folder, folders, files in os.walk(root):
        if folder == root:
            folders[:] = [name for name in folders if name != b".git"]
            files = [name for name in files if name != b".git"]
        for name in (*folders, *files):
            path = folder + b"/" + name
            found[path[len(root) + 1 :]] = thing_at(path)
    return found


def thing_at(path: bytes) -> Thing:
    status = os.lstat(path)
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return "link", 0, os.readlink(path)
    if stat.S_ISDIR(status.st_mode):
        return "folder", mode, b""
    with open(path, "rb") as file:
        return "file", mode, file.read()


def difference(old: "dict[bytes, Thing]", new: "dict[bytes, Thing]") -> "dict[bytes, tuple[object, object]]":
    """Return the differences, short enough to be read."""
    return {
        path: (_short(old.get(path)), _short(new.get(path)))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    }


def index_of(repo: Repo) -> "dict[str, str]":
    """Return mode, blob and stage of each path in the index."""
    lines = repo.git("ls-files", "-s", "-z").stdout.split("\0")
    return {path: about for about, _, path in (line.partition("\t") for line in lines if line)}


def write(repo: Repo, name: bytes, content: "bytes | str") -> None:
    """Write a whole file by a rename, as an editor saves, and as a job may."""
    path, saving = os.fsencode(repo.path) + b"/" + name, os.fsencode(repo.path.parent) + b"/saving"
    data = content.encode() if isinstance(content, str) else content
    with open(saving, "wb") as file:
        file.write(data)
    if os.path.exists(path):
        os.chmod(saving, stat.S_IMODE(os.stat(path).st_mode))
    os.rename(saving, path)


def _put(top: bytes, name: bytes, content: bytes) -> None:
    path = top + b"/" + name
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def _short(thing: "Thing | None") -> object:
    return thing and (thing[0], oct(thing[1]), thing[2][:60])
