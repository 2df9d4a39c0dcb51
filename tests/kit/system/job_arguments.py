"""Names that do harm when a shell parses them, and a command that prints its arguments."""

import json
import os

from kit.invocation import Invocation
from kit.repo import Repo

HOSTILE = [
    b"a b.txt",
    b"-rf.txt",
    b"$(touch PWNED).txt",
    b"`touch PWNED`.txt",
    b'it\'s "quoted".txt',
    b"new\nline.txt",
    b"semi;colon.txt",
    b"star*.txt",
    b"back\\slash.txt",
    b"\xff\xfe.txt",
    "schön/grün.txt".encode(),
]
# How jobs are given them: as `argument_printer` prints them, sorted.
GIVEN = sorted((b"./" * name.startswith(b"-") + name).decode("latin-1") for name in HOSTILE)
HOSTILE_BRANCH = "a$(touch${IFS}PWNED)`touch${IFS}PWNED`;'\"&|"

# Writes its arguments on a line of their own, as JSON, one line for each time that it is run.
_TELL = """\
#!/bin/sh
exec python3 -c 'import json, os, sys; print(json.dumps([os.fsencode(a).decode("latin-1") for a in sys.argv[1:]]))' "$@"
"""


def argument_printer(repo: Repo, name: str = "tell") -> str:
    """Return a command that prints its arguments. `name`: of the file that is made for it."""
    path = repo.write(name, _TELL)
    path.chmod(0o755)
    return str(path)


def given_arguments(invocation: Invocation, job: str = "job") -> list[list[str]]:
    """Return the arguments of each run of the job's `argument_printer`; bytes as Latin-1."""
    return [json.loads(line) for line in invocation.log(job).splitlines()]


def stage(repo: Repo, *names: bytes, content: bytes = b"text\n") -> None:
    """Write these files and stage them."""
    for name in names:
        path = os.path.join(os.fsencode(repo.path), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
    (repo.path / ".git" / "names").write_bytes(b"\0".join(names))
    repo.git("add", "--pathspec-from-file=.git/names", "--pathspec-file-nul", env={"GIT_LITERAL_PATHSPECS": "1"})
