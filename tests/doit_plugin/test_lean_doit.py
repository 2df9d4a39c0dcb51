"""doit's runner without doit's commands (doit_runner/lean_doit.py)."""

import subprocess
import sys

from kit.repo import PACKAGES


def printed(program: str) -> str:
    argv = [sys.executable, "-c", f"import sys; sys.path.insert(0, {PACKAGES!r})\n{program}"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def test_r10_the_coordinator_imports_no_command_of_doit_no_debugger_and_no_pool() -> None:
    unwanted = ("doit.doit_cmd", "doit.cmd_base", "importlib.metadata", "email", "pdb", "multiprocessing", "pickle")
    program = f"""
from dodo_hooks.doit_runner.lean_doit import import_runner
import_runner()
import dodo_hooks.doit_runner.phase_run
print([name for name in {unwanted!r} if name in sys.modules])
import pdb, pickle, multiprocessing
print(pdb.Pdb.__name__, pickle.loads(pickle.dumps(1)), multiprocessing.Queue is not None)
"""
    assert printed(program).splitlines() == ["[]", "Pdb 1 True"]


def test_a_process_that_has_imported_doit_keeps_it() -> None:
    program = """
import doit
from dodo_hooks.doit_runner.lean_doit import import_runner
import_runner()
import doit.runner
print(doit.get_var is not None, doit.runner.pickle.__name__, doit.runner.MRunner.Child.__name__)
"""
    assert printed(program) == "True pickle Process"
