"""A job that fixes files, and a repository with one."""

import shlex
import sys
from pathlib import Path
from typing import Any

GOOD = """\
import os, sys
for name in sys.argv[1:]:
    with open(name) as file:
        text = file.read()
    if "bad" in text:
        with open(name, "w") as file:
            file.write(text.replace("bad", "good"))
sys.exit(os.environ.get("FAILS"))
"""


def fix_job(place: Path) -> dict[str, Any]:
    """Return a job that makes `good` of every `bad`. FAILS=why: it fails afterwards."""
    script = place / "good.py"
    script.write_text(GOOD)
    return {"run": f"{shlex.quote(sys.executable)} {script} {{staged_files}}", "glob": "*", "stage_fixed": True}
