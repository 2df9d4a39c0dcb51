"""The first hooks of a new user, several at once: the directories above their records are made by all of them."""

import os
import subprocess
import sys
from pathlib import Path

from kit.history import History
from kit.repo import PACKAGES

# Six processes wait for the closing of a pipe, and then make the first invocation of a new store at the same moment.
AT_ONCE = """
import os, sys
sys.path[:0] = sys.argv[2:]
from kit.history import History
from pathlib import Path
failed = 0
for number in range(25):
    starting, waiting = os.pipe()
    children = []
    for _ in range(6):
        child = os.fork()
        if not child:
            os.close(waiting)
            os.read(starting, 1)
            try:
                History(Path(sys.argv[1]) / str(number) / "deep" / "state").begin({"job": ()}).finish(0)
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    os.close(waiting)
    os.close(starting)
    failed += sum(os.waitpid(child, 0)[1] != 0 for child in children)
print(failed)
"""


def test_r19_the_first_invocations_of_a_store_can_be_made_at_once(tmp_path: Path) -> None:
    tests = str(Path(__file__).parents[1])
    argv = [sys.executable, "-c", AT_ONCE, str(tmp_path), PACKAGES, tests]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == "0\n"
    made = list(tmp_path.glob("*/deep/state/dodo-hooks/jobs/*/*/*/invocation.json"))
    assert len(made) == 25 * 6


def test_r19_an_empty_directory_that_somebody_has_removed_is_made_again(history: History) -> None:
    """Some programs tidy a home directory up like that."""
    history.begin({"job": ()}).finish(0)
    os.rmdir(f"{history.directory}/live")
    history.begin({"job": ()}).finish(0)
