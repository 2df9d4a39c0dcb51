"""A repository of hooks for pre-commit, which is installed without a network."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

REV = "v1.0"
# The package has its own build backend: others would be fetched.
_FILES = {
    "pyproject.toml": """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
""",
    "backend.py": """\
import os, zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    gate = os.environ.get("KIT_INSTALL_GATE")
    if gate:
        open(gate, "w").close()  # a FIFO: somebody knows now that it has begun
        open(gate + ".go").close()
    files = {
        "tool.py": open("tool.py").read(),
        "tool-1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: tool\\nVersion: 1\\n",
        "tool-1.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        "tool-1.dist-info/entry_points.txt": "[console_scripts]\\ntool = tool:main\\n",
    }
    record = "".join(f"{name},,\\n" for name in (*files, "tool-1.dist-info/RECORD"))
    name = "tool-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        for path, text in {**files, "tool-1.dist-info/RECORD": record}.items():
            wheel.writestr(path, text)
    return name
""",
    "tool.py": '''\
import os, sys

def main():
    """Print the files, whether this is the environment's Python, and what is set."""
    is_own = os.environ["VIRTUAL_ENV"] == sys.prefix
    is_first = os.environ["PATH"].startswith(sys.prefix + "/bin:")
    print(sys.argv[1:], is_own, is_first, "PYTHONHOME" in os.environ, os.environ["PRE_COMMIT"])
    return "bad" in " ".join(sys.argv)
''',
    "check.sh": '#!/bin/sh\necho "${0##*/} $*"\n',
    ".pre-commit-hooks.yaml": """\
- {id: tool, name: Run the tool, entry: tool, language: python, types: [text], stages: [pre-commit, manual]}
- {id: shell, name: Run the script, entry: check.sh -x, language: script, files: '[.]txt$'}
- {id: grep, name: Find XX, entry: XX, language: pygrep}
""",
}


def make_hook_repository(path: Path, env: Mapping[str, str]) -> str:
    """Make the repository, with the hooks `tool`, `shell` and `grep` at the revision REV; return its path."""
    for name, text in _FILES.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (path / "check.sh").chmod(0o755)
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "hooks"], ["tag", REV]):
        subprocess.run(["git", *words], cwd=path, env=env, check=True)
    return str(path)
