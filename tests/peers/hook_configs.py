"""Random trees, and random configs of pre-commit for them: the hooks that people have, and a few that are rough."""

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit.repo import Repo

BIN = Path(sys.executable).parent  # the programs of pre-commit-hooks are in the environment of the tests

_NAMES = (
    *("a.py", "b.py", "pkg/c.py", "pkg/test_d.py", "with space.py", "ünïcode.py", "run.sh", "bin/tool"),
    *("data.json", "conf/two words.json", "x.yaml", "conf/y.yml", "pyproject.toml", "setup.toml", "t.xml"),
    *("README.md", "docs/-dash.md", "docs/ß.txt", "CRLF.txt", "requirements.txt", "empty", "bin.dat", "words.txt"),
)
_TEXTS = (
    b"one\ntwo\n",
    b"one  \ntwo\t\n",
    b"no newline",
    b"too many\n\n\n",
    b"crlf\r\nlf\nlf\n",
    b"crlf  \r\ncrlf\r\n",
    b"\xef\xbb\xbfbom\n",
    b"<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> topic\n",
    b"#!/bin/sh\necho 'x'  \n",
    b"-----BEGIN RSA PRIVATE KEY-----\nx\n",
    b"",
    b"\n",
    b"TODO later \n",
    b"zz\nb==1\na>=2\n",
)
_BY_ENDING = {
    ".py": (
        b'import os  \n\n\ndef f():\n    return "x"\n',
        b"def f(:\n",
        b"import pdb; pdb.set_trace()\n",
        b"x = dict()\n",
    ),
    ".json": (b'{"b": 1, "a": [2, 3]}', b'{"b": 1,\n', b'{"a": 1, "a": 2}\n', b'{\n  "a": 1\n}\n'),
    ".yaml": (b"a: 1\nb: [1, 2]  \n", b"a: [1\n", b"a: 1\na: 2\n"),
    ".yml": (b"a: 1\nb: 'x'", b"a: {\n", b"- 1\n- 2\n\n\n"),
    ".toml": (b"[a]\nb = 1  \n", b"[a\n", b"a = 1\na = 2\n"),
    ".xml": (b"<a><b/></a>", b"<a><b></a>\n"),
}
_LARGE = b"x" * 30_000 + b"\n"

# The programs of pre-commit-hooks, their arguments, and which files people give them.
_PUBLISHED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("trailing-whitespace-fixer", (), ""),
    ("trailing-whitespace-fixer", ("--markdown-linebreak-ext=md",), ""),
    ("end-of-file-fixer", (), ""),
    ("mixed-line-ending", (), ""),
    ("mixed-line-ending", ("--fix=lf",), r"\.txt$"),
    ("fix-byte-order-marker", (), ""),
    ("double-quote-string-fixer", (), r"\.py$"),
    ("pretty-format-json", ("--autofix",), r"\.json$"),
    ("file-contents-sorter", (), r"words\.txt$"),
    ("requirements-txt-fixer", (), r"requirements\.txt$"),
    ("check-added-large-files", ("--maxkb=20",), ""),
    ("check-ast", (), r"\.py$"),
    ("check-builtin-literals", (), r"\.py$"),
    ("check-case-conflict", (), ""),
    ("check-executables-have-shebangs", (), ""),
    ("check-json", (), r"\.json$"),
    ("check-merge-conflict", ("--assume-in-merge",), ""),
    ("check-shebang-scripts-are-executable", (), ""),
    ("check-symlinks", (), ""),
    ("check-toml", (), r"\.toml$"),
    ("check-xml", (), r"\.xml$"),
    ("check-yaml", (), r"\.ya?ml$"),
    ("debug-statement-hook", (), r"\.py$"),
    ("destroyed-symlinks", (), ""),
    ("detect-private-key", (), ""),
    ("name-tests-test", (), r"test_.*\.py$"),
)

# Hooks that people write themselves. Each is a shell script, and gets its files as arguments.
_SCRIPTS: dict[str, str] = {
    "passes": "exit 0",
    "fails": 'echo "no"; exit 3',
    "finds": '! grep -l TODO -- "$@"',
    "stages": 'for f; do [ ! -f "$f" ] || [ -h "$f" ] || { printf "staged\\n" >>"$f"; git add -- "$f"; }; done',
    "writes-another": 'echo more >>README.md; echo more >>"docs/ß.txt"',
    "writes-and-restores": "cp README.md ../kept.$$; echo x >README.md; cp ../kept.$$ README.md; rm ../kept.$$",
    "writes-untracked": "echo 1 >>untracked.log",
    "modes": 'for f; do [ ! -f "$f" ] || [ -h "$f" ] || chmod +x "$f"; done',
    "touches": 'for f; do [ ! -f "$f" ] || touch "$f"; done',
    "appends-and-fails": 'for f; do [ ! -f "$f" ] || [ -h "$f" ] || echo end >>"$f"; done; exit 1',
    "reads-all": "! git grep -q -I 'two\t$'",
    "asks-git": "git status --short >/dev/null",
    "removes": 'rm -f -- "$1"',
    "adds-new": "echo new >new-file; git add new-file",
}
# Those whose result depends on which files one process gets, and in which order: the last one stops at a file that
# is no Python. pre-commit splits and shuffles the list of others.
_SERIAL = (
    *("stages", "writes-another", "writes-and-restores", "writes-untracked", "removes", "adds-new"),
    "double-quote-string-fixer",
)


@dataclass(frozen=True, slots=True)
class LocalHook:
    """One hook of a config: `repo: local, language: system`."""

    name: str
    entry: str
    args: tuple[str, ...] = ()
    keys: dict[str, Any] = field(default_factory=dict[str, Any])

    def as_map(self) -> dict[str, Any]:
        base = {"id": self.name, "name": self.name, "entry": self.entry, "language": "system"}
        return {**base, **({"args": list(self.args)} if self.args else {}), **self.keys}


@dataclass(frozen=True, slots=True)
class Config:
    hooks: tuple[LocalHook, ...]
    fail_fast: bool

    def as_map(self) -> dict[str, Any]:
        repos = [{"repo": "local", "hooks": [hook.as_map() for hook in self.hooks]}]
        return {"repos": repos, **({"fail_fast": True} if self.fail_fast else {})}


def draw_config(chance: random.Random, folder: Path) -> Config:
    """Draw 8 to 14 hooks, some of one's own among them, whose scripts are put into `folder`."""
    hooks: list[LocalHook] = []
    own = chance.randint(1, 4)
    for place in range(chance.randint(8, 14)):
        args: tuple[str, ...] = ()
        if place < own:
            word = chance.choice([*_SCRIPTS])
            script = folder / word
            if not script.exists():
                script.write_text(f"#!/bin/sh\n{_SCRIPTS[word]}\n")
                script.chmod(0o755)
            program, files = str(script), chance.choice(("", "", r"\.py$", r"\.(md|txt)$"))
        else:
            word, args, files = chance.choice(_PUBLISHED)
            program = str(BIN / word)
        keys: dict[str, Any] = {"files": files} if files else {}
        for key, share in (("always_run", 10), ("require_serial", 5), ("verbose", 10), ("fail_fast", 25)):
            if not chance.randrange(share):
                keys[key] = True
        if word in _SERIAL:
            keys["require_serial"] = True
        hooks.append(LocalHook(f"{place}-{word}", program, args, keys))
    chance.shuffle(hooks)
    hooks.sort(key=lambda hook: hook.name.endswith("removes"))  # what fails in the middle of its list goes as it likes
    return Config(tuple(hooks), not chance.randrange(6))


def draw_tree(chance: random.Random) -> Callable[[Repo], None]:
    """Draw what a repository holds: a commit, and staged and unstaged changes. The result makes it."""
    seed = chance.randrange(1 << 30)
    return lambda repo: _make(random.Random(seed), repo)


def _make(chance: random.Random, repo: Repo) -> None:
    names = chance.sample(_NAMES, chance.randint(6, len(_NAMES)))
    repo.write("README.md", "read  \nme\n")
    repo.write("docs/ß.txt", "text\n")
    for name in names:
        _put(chance, repo, name)
    repo.git("add", "-A")
    repo.git("commit", "-q", "--no-verify", "-m", "one")
    for name in chance.sample(names, chance.randint(2, len(names))):
        action = chance.randrange(12)
        if action == 0:
            repo.git("rm", "-q", "-f", "--ignore-unmatch", "--", name)
        elif action == 1:
            repo.git("mv", "-f", "--", name, f"moved {Path(name).name}", check=False)
        else:
            _put(chance, repo, name)
    for place in range(chance.randrange(3)):
        _put(chance, repo, f"new {place}.py")
    repo.git("add", "-A")
    if not chance.randrange(3):
        for name in chance.sample(names, 2):
            if (repo.path / name).is_file():
                _put(chance, repo, name)


def _put(chance: random.Random, repo: Repo, name: str) -> None:
    path = repo.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    kind = chance.randrange(20)
    if kind == 0:
        path.symlink_to(chance.choice(("README.md", "nowhere")))
        return
    if kind == 1:
        content = chance.choice((_LARGE, b"\0binary \n"))
    else:
        content = chance.choice((*_TEXTS, *_BY_ENDING.get(path.suffix, ()) * 4))
    path.write_bytes(content)
    path.chmod(chance.choice((0o644, 0o644, 0o644, 0o755)))
