"""The time that people wait for dodo-hooks, and for the tools that they could use instead: `python -m benchmarks`."""

import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
sys.path.append(str(CHECKOUT / "tests"))  # throw-away repositories are made by tests/kit
