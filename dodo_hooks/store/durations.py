"""The durations of a hook's jobs: advice for the order of ready jobs, and for an estimate of the end (HOT).

    JOB-NAME TAB SECONDS SECONDS ...     the last successes, the newest last

A file for each hook. Nothing depends on it but the order: what cannot be read or written is left out.
"""

from dodo_hooks.core.errors import StoreError
from dodo_hooks.host.files.atomic_files import replace_unlocked
from dodo_hooks.host.posix import os, read_file
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 5  # durations of a job
_LONGEST_S = 1e7
_LARGEST = 1 << 20  # bytes of a file; one that grows beyond it begins anew


def usual_durations(repository_dir: str, hook: str) -> "dict[str, float]":
    """Return the median of each job in seconds, by name; of none where nothing is known."""
    found = _read(layout.durations_file(repository_dir, hook))
    return {name: sorted(times)[len(times) // 2] for name, times in found.items()}


def add_durations(repository_dir: str, hook: str, taken_s: "Mapping[str, float]") -> None:
    """Add those of the jobs of a run, by name. Of two runs that end at the same moment one may win."""
    path = layout.durations_file(repository_dir, hook)
    known = _read(path)
    for name, duration_s in taken_s.items():
        known[name] = [*known.get(name, ()), duration_s][-_MOST:]
    lines = [f"{name}\t{' '.join(format(one, '.3f') for one in times)}\n" for name, times in known.items()]
    try:
        replace_unlocked(path, "".join(lines).encode("utf-8", "surrogateescape"))
    except StoreError:
        pass


def _read(path: str) -> "dict[str, list[float]]":
    try:
        data = read_file(path) if os.stat(path).st_size <= _LARGEST else b""
    except OSError:
        return {}
    found: dict[str, list[float]] = {}
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        name, _, text = line.partition("\t")
        try:
            times = [float(one) for one in text.split(" ")]
        except ValueError:
            continue
        if all(0 <= one <= _LONGEST_S for one in times):  # which nothing is that is no number
            found[name] = times[-_MOST:]
    return found
