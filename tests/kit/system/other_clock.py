"""A clock that differs from that of the file system, as programs see it: a library before libc that shifts the time."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

_SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(clock, now);
    if (clock == CLOCK_REALTIME && getenv("SHIFTED_S")) now->tv_sec += atol(getenv("SHIFTED_S"));
    return done;
}
"""


def with_clock(directory: Path, shifted_s: int) -> dict[str, str]:
    """Return the variables that shift the clock of a program by so many seconds.

    Skips the test where that is impossible.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("another clock needs a C compiler")
    library = directory / "other_clock.so"
    if not library.exists():
        (directory / "other_clock.c").write_text(_SOURCE)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, directory / "other_clock.c", "-ldl"], check=True)
    variables = {"LD_PRELOAD": str(library), "SHIFTED_S": str(shifted_s)}
    probe = [sys.executable, "-c", "import time; print(time.time())"]
    seen_s = float(subprocess.run(probe, env=variables, stdout=subprocess.PIPE, check=True).stdout)
    if abs(seen_s - time.time() - shifted_s) > 60:
        pytest.skip("LD_PRELOAD does nothing here")
    return variables
