"""A script that runs many doit commands, each in a process of its own, without starting Python for each.

The script reads requests from its standard input, one a line, as JSON: a directory, an environment, and a list of
command lines. It answers each with a line: a list of exit code, standard output and standard error. A command line
whose first word ends in `.py` is a program of its own. Beside doit only the modules that the script's arguments name
are imported before the forks. Without any, every command finds its plugins itself, as in a new interpreter.
"""

import importlib
import importlib.metadata  # doit does so in each command that has plugins
import json
import os
import runpy
import sys
import tempfile
import traceback

IMPORTED = sys.argv[1:]
sys.argv = ["doit"]  # before the import: doit takes its own name from here

from doit.doit_cmd import DoitMain  # type: ignore[import-untyped]  # noqa: E402


def main() -> None:
    sys.path[0] = ""  # as with `python -m`: the current directory, and not the folder of this file
    for name in IMPORTED:
        importlib.import_module(name)
    for line in sys.stdin:
        directory, environ, argvs = json.loads(line)
        os.chdir(directory)
        os.environ.clear()
        os.environ.update(environ)
        print(json.dumps([run(argv) for argv in argvs]), flush=True)


def run(argv: list[str]) -> tuple[int, str, str]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            run_here(argv)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return code, _content(out.fileno()), _content(err.fileno())


def run_here(argv: list[str]) -> None:
    code: object = 99
    try:
        if argv and argv[0].endswith(".py"):
            sys.argv = argv
            runpy.run_path(argv[0], run_name="__main__")
        else:
            sys.exit(DoitMain().run(argv))
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0)


def _content(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, encoding="utf-8", errors="surrogateescape", closefd=False) as file:
        return file.read()


if __name__ == "__main__":
    main()
