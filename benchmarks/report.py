"""The results as Markdown: all of them in RESULTS.md, and a line for each case in the README."""

import os
import platform
import re
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from statistics import median

from benchmarks import CHECKOUT
from benchmarks.cases import Case
from benchmarks.measure import Samples, ratio
from benchmarks.tools import OURS, Tool

RESULTS = CHECKOUT / "benchmarks" / "RESULTS.md"
README = CHECKOUT / "README.md"
MARKED = re.compile(r"(<!-- benchmarks -->\n).*?(<!-- end of benchmarks -->)", re.DOTALL)
BUSY = 0.25  # load per CPU from which others have disturbed the measurement
QUIET = 0.3  # load below which nobody has


@dataclass(frozen=True, slots=True)
class Result:
    case: Case
    samples: Samples

    def ratios(self) -> Mapping[str, float]:
        return {name: ratio(self.samples[OURS], taken) for name, taken in self.samples.items() if name != OURS}

    def aim(self, name: str) -> float:
        """Return the aim for our time over this contender's, or for our time alone; 0 where there is none."""
        return self.case.aim if name == OURS else self.case.aims.get(name, 0)

    def is_missed(self, name: str) -> bool:
        reached = median(self.samples[OURS]) if name == OURS else self.ratios()[name]
        return 0 < self.aim(name) < reached


def circumstances(load: float) -> Sequence[str]:
    """Return the machine, the date, and `load`, that of the machine before the measurement, as lines of a list."""
    cpus = os.cpu_count() or 1
    is_busy = load / cpus > BUSY
    return (
        f"- {_processor()}, {cpus} CPUs, {platform.system()} {platform.release()}, CPython {platform.python_version()}",
        f"- {datetime.now(timezone.utc):%Y-%m-%d}, load {load:.1f} at the start"
        + ("; **the machine was busy, so take all of this as proportions**" if is_busy else ""),
        *caveats(load, "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")),
    )


def caveats(load: float, is_optimised: bool) -> Sequence[str]:
    """Return what makes the figures worse than they need be, as a line of a list; none where nothing does."""
    causes = [f"other programs ran on the machine (load {load:.1f})"] * (load >= QUIET)
    causes += ["this Python was built without `--enable-optimizations`"] * (not is_optimised)
    return [f"- the figures say worse of us and of others than is true: {', and '.join(causes)}"] if causes else []


def full_report(results: Sequence[Result], tools: Mapping[str, Tool], facts: Sequence[str], options: str) -> str:
    """Return the text of RESULTS.md."""
    lines = [
        "# Results",
        "",
        f"Written by `python -m benchmarks{options}`. Times are medians (least to most), ratios the median of those of",
        "each round. The contenders take turns, each in repositories of its own. Each run is checked: its exit code,",
        "and that its jobs ran.",
        "",
        *facts,
        *(f"- {name}: {tool.version().removeprefix(f'{name}, ')}" for name, tool in tools.items()),
        "",
        *table(results),
        "",
    ]
    return "\n".join(lines)


def table(results: Sequence[Result]) -> list[str]:
    """Return a row for each case and contender."""
    rows = ["| what | contender | it takes | we take, over that | aim |", "| --- | --- | --- | --- | --- |"]
    for result in results:
        unit, ratios = result.case.unit, result.ratios()
        for name, taken in result.samples.items():
            spread = f"{value(median(taken), unit)} ({value(min(taken))} to {value(max(taken))})"
            title = result.case.title if name == OURS else ""
            share = f"{ratios[name]:.2f}" if name in ratios else ""
            rows.append(f"| {title} | {name} | {spread} | {share} | {_aim(result, name)} |")
    return rows


def summary(results: Sequence[Result]) -> list[str]:
    """Return a row for each case."""
    rows = ["| what | dodo-hooks | others |", "| --- | --- | --- |"]
    for result in results:
        taken = {name: value(median(one), result.case.unit) for name, one in result.samples.items()}
        ours = taken.pop(OURS)
        rows.append(f"| {result.case.title} | {ours} | {', '.join(f'{name} {one}' for name, one in taken.items())} |")
    return rows


def write(results: Sequence[Result], report: str, facts: Sequence[str]) -> None:
    """Write RESULTS.md, and the summary between its marks in the README."""
    RESULTS.write_text(report)
    rows = "\n".join([*facts, "", *summary(results)])
    README.write_text(MARKED.sub(lambda found: f"{found[1]}{rows}\n{found[2]}", README.read_text()))


def value(number: float, unit: str = "") -> str:
    """Return a number with three digits, and its unit."""
    return f"{f'{number:.3g}' if number < 100 else f'{number:.0f}'} {unit}".rstrip()


def _aim(result: Result, name: str) -> str:
    if not result.aim(name):
        return ""
    aim = value(result.aim(name), result.case.unit if name == OURS else "")
    return f"{aim}, **missed**" if result.is_missed(name) else aim


def _processor() -> str:
    """Return the processor's name, which the standard library does not know on Linux."""
    try:
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()
