"""The entries `pre-commit hazmat ...`: a command in a folder, one whose exit code is ignored, one for each file (P3).

Usage: hazmat.py cd FOLDER COMMAND... -- [FILE]...
       hazmat.py ignore-exit-code COMMAND...
       hazmat.py n1 COMMAND... -- [FILE]...
It does what pre-commit 4.7 does (commands/hazmat.py).
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main(tool: str, words: "list[str]") -> int:
    if tool == "cd":
        return _cd(words[0], words[1:])
    if tool == "ignore-exit-code":
        _run(words)
        return 0
    if tool == "n1":
        command, files = _split(words)
        code = 0
        for file in files:
            code |= _run([*command, file])
        return code
    return _stop(f"unexpected tool: {tool}")


def _cd(folder: str, words: "list[str]") -> int:
    command, files = _split(words)
    for file in files:
        if not file.startswith(f"{folder}/"):
            _stop(f"{file} is not in {folder}")
    program = _program(command[0])
    os.chdir(folder)
    return _run([program, *command[1:], *(file[len(folder) + 1 :] for file in files)])


def _split(words: "list[str]") -> "tuple[list[str], list[str]]":
    """Return the command, and the files behind the last `--`."""
    if "--" not in words:
        _stop("a hazmat entry must end with `--`")
    at = len(words) - 1 - words[::-1].index("--")
    return words[:at], words[at + 1 :]


def _run(command: "list[str]") -> int:
    return os.spawnv(os.P_WAIT, _program(command[0]), command)


def _program(name: str) -> str:
    """Return the path of a program."""
    if "/" in name:
        return name
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = f"{folder}/{name}"
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return _stop(f"Executable `{name}` not found")


def _stop(message: str) -> "NoReturn":
    print(message, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]) & 0xFF)
