"""A file system without locks, as programs see it: a library before libc whose `flock` fails."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_SOURCE = """
#include <errno.h>
#include <stdlib.h>
int flock(int descriptor, int how) { errno = atoi(getenv("NO_FLOCK")); return -1; }
"""


def without_flock(directory: Path, number: int) -> dict[str, str]:
    """Return the variables that make `flock` fail with this errno in a program.

    Skips the test where that is impossible.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("a shim for flock needs a C compiler")
    (directory / "no_flock.c").write_text(_SOURCE)
    library = directory / "no_flock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, directory / "no_flock.c"], check=True)
    variables = {"LD_PRELOAD": str(library), "NO_FLOCK": str(number)}
    probe = "import fcntl, sys; fcntl.flock(0, fcntl.LOCK_SH)"
    done = subprocess.run([sys.executable, "-c", probe], env=variables, stderr=subprocess.PIPE)
    if b"OSError" not in done.stderr:
        pytest.skip("LD_PRELOAD does nothing here")
    return variables
