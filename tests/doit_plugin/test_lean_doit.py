"""doit's runner without doit's commands (doit_runner/lean_doit.py)."""

import subprocess
import sys

from kit.repo import PACKAGES

RUNNER = ("action", "cmdparse", "control", "dependency", "exceptions", "loader", "runner", "task")
UNWANTED = (
    *("copy", "dbm", "enum", "functools", "hashlib", "importlib", "inspect", "json", "multiprocessing", "pathlib"),
    *("pdb", "pickle", "queue", "re", "socket", "subprocess", "tempfile", "threading", "traceback", "typing"),
)


def printed(program: str) -> str:
    argv = [sys.executable, "-c", f"import sys; sys.path.insert(0, {PACKAGES!r})\n{program}"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def test_r10_the_coordinator_imports_no_command_of_doit_and_nothing_that_no_job_needs() -> None:
    site = [path for path in sys.path if path.endswith("site-packages")]
    program = f"""
import sys
sys.path += {[PACKAGES, *site]!r}
from dodo_hooks.doit_runner.lean_doit import import_runner
import_runner()
import dodo_hooks.doit_runner.phase_run
print(*sorted(name for name in sys.modules if name.startswith("doit.")))
print(*sorted(name for name in {UNWANTED!r} if name in sys.modules))
"""
    argv = [sys.executable, "-I", "-S", "-c", program]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines == [" ".join(f"doit.{name}" for name in RUNNER), ""]


def test_all_others_get_the_modules_and_so_does_doit_where_it_uses_them() -> None:
    program = """
from dodo_hooks.doit_runner.lean_doit import import_runner
import_runner()
import doit.action, doit.dependency, doit.exceptions
print(doit.dependency.get_md5("text"), doit.dependency.inspect.isclass(int), doit.action.subprocess.PIPE)
print(isinstance("path", doit.action.PurePath))
import hashlib, pathlib, pdb, pickle, queue, subprocess, threading, multiprocessing
print(pdb.Pdb.__name__, pickle.loads(pickle.dumps(1)), queue.Queue.__name__, threading.Thread.__name__)
print(pathlib.PurePath.__name__, hashlib.sha1.__name__, subprocess.PIPE, multiprocessing.Queue is not None)
"""
    assert printed(program).splitlines() == [
        "1cb251ec0d568de6a929b520c4aed8d1 True -1",
        "False",
        "Pdb 1 Queue Thread",
        "PurePath openssl_sha1 -1 True",
    ]


def test_no_other_module_has_a_stand_in() -> None:
    program = """
from dodo_hooks.doit_runner.lean_doit import import_runner, _Later, _Unused
import_runner()
others = [module for name, module in sys.modules.items() if not name.startswith("doit.")]
print([module for module in others if any(isinstance(one, (_Later, _Unused)) for one in vars(module).values())])
"""
    assert printed(program) == "[]"


def test_a_process_that_has_imported_doit_keeps_it() -> None:
    program = """
import doit
from dodo_hooks.doit_runner.lean_doit import import_runner
import_runner()
import doit.runner
print(doit.get_var is not None, doit.runner.pickle.__name__, doit.runner.MRunner.Child.__name__)
"""
    assert printed(program) == "True pickle Process"
