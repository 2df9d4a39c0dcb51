"""The program: python -m benchmarks [--against lefthook,prek,make,ninja,doit,turbo] [--quick] [--only NAME...]."""

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks import report
from benchmarks.cases import CASES, Case, Sandbox
from benchmarks.measure import NotDoneError, measure
from benchmarks.tools import FROM_NPM, FROM_PYPI, FROM_SYSTEM, OURS, Tool, find_tools

PEERS = (*FROM_PYPI, *FROM_NPM, *FROM_SYSTEM)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--against", default=",".join(PEERS), help="the other tools, with commas (default: all)")
    parser.add_argument("--quick", action="store_true", help="few rounds, to see that it works")
    parser.add_argument(
        "--only", nargs="+", choices=[one.name for one in CASES], metavar="NAME", help="these cases; writes no file"
    )
    given = parser.parse_args()
    given.against = [name for name in given.against.split(",") if name]
    if unknown := set(given.against) - set(PEERS):
        parser.error(f"unknown tool {', '.join(sorted(unknown))}; known are {', '.join(PEERS)}")
    return given


def run(case: Case, tools: Mapping[str, Tool], is_quick: bool) -> report.Result:
    """Measure one case, in repositories that are removed afterwards."""
    names = [OURS, *(name for name in case.against if name in tools)]
    with tempfile.TemporaryDirectory() as folder:
        groups = case.make(Sandbox(Path(folder), tools, is_quick), names)
        return report.Result(case, measure(groups, case.quick_rounds if is_quick else case.rounds))


def main() -> int:
    given = arguments()
    facts = report.circumstances(os.getloadavg()[0])  # before anything of ours runs
    tools = find_tools(given.against)
    for name in sorted(set(given.against) - set(tools)):
        print(f"{name} is not on PATH, so it is left out", file=sys.stderr)
    results: list[report.Result] = []
    for case in CASES:
        if not given.only or case.name in given.only:
            print(f"{case.name} ...", file=sys.stderr)
            results.append(run(case, tools, given.quick))
    text = report.full_report(results, tools, facts, " --quick" * given.quick)
    print(text)
    if not given.only:
        report.write(results, text, facts)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NotDoneError as error:
        sys.exit(f"benchmarks: {error}")
