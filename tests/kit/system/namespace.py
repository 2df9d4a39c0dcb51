"""A system that lacks something: a mount namespace of the test's own, which needs root on Linux."""

import subprocess
from pathlib import Path

import pytest

_HIDE = (
    'set -e; for place do case $place in --) shift; break;; esac; mount -t tmpfs none "$place"; shift; done; exec "$@"'
)


def without(*places: str | Path) -> tuple[str, ...]:
    """Return the words before a command that run it without the mounts at these paths.

    Skips the test where that is impossible.
    """
    words = ("unshare", "--mount", "--propagation", "private", "sh", "-c", _HIDE, "sh", *map(str, places), "--")
    try:
        refused = subprocess.run([*words, "true"], capture_output=True).returncode
    except FileNotFoundError:
        refused = 1
    if refused:
        pytest.skip("to hide a mount needs root and unshare (Linux)")
    return words
