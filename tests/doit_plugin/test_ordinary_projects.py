"""Projects that use doit without hook files, which must not notice that dodo-hooks is installed (section 5).

Each project is put into the same directory twice, and the same commands are run there, once by doit alone and once with
dodo-hooks beside it. Output, exit codes and the files afterwards must be the same; only the choices that help texts
list may have grown.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from doit_plugin.conftest import Paths, many_doits
from doit_plugin.installed import module_path
from kit.repo import PACKAGES

HOOKS = "hooks:\n  pre-commit:\n    jobs:\n      - name: lint\n        run: touch hook-ran\n"
LEFTHOOK = "pre-commit:\n  commands: {lint: {run: touch hook-ran}}\n"
DODO = '''
DOIT_CONFIG = {"default_tasks": ["copy", "same"]}

def task_copy():
    """copies a file"""
    return {"actions": ["cp in.txt out.txt"], "file_dep": ["in.txt"], "targets": ["out.txt"], "clean": True}

def task_same():
    return {"actions": ["echo never"], "uptodate": [True]}

def task_fail():
    return {"actions": ["echo said; echo complained >&2; exit 1"], "verbosity": 0}

def task_after_fail():
    return {"actions": ["touch unreachable"], "task_dep": ["fail"]}

def task_many():
    """several"""
    for name in ("one", "two"):
        yield {"name": name, "actions": [f"echo {name}"], "task_dep": ["many:one"] if name == "two" else []}
'''
MY_COMMANDS = """
from doit.cmd_base import Command
from doit.cmd_run import Run

class MyRun(Run):
    name = "run"
    doc_purpose = "my way of running"
    def _execute(self, outfile, **kwargs):
        self.outstream.write("mine\\n")
        return super()._execute(outfile)

class Say(Command):
    name = "say"
    doc_purpose = "say something"
    def execute(self, opt_values, pos_args):
        print("something")
"""
MY_LOADER = """
from doit.cmd_base import DodoTaskLoader
from doit.exceptions import InvalidDodoFile

def task_loaded():
    return {"actions": ["echo loaded"], "verbosity": 2}

class Loader(DodoTaskLoader):
    def setup(self, opt_values):
        try:
            super().setup(opt_values)
        except InvalidDodoFile:
            self.namespace = {"task_loaded": task_loaded}
"""
APPLICATION = """
import sys
from doit.cmd_base import ModuleTaskLoader
from doit.cmd_run import Run
from doit.doit_cmd import DoitMain

def task_app():
    return {"actions": ["echo app"], "verbosity": 2}

class AppRun(Run):
    name = "run"
    doc_purpose = "run the application"

class App(DoitMain):
    BIN_NAME = "app"
    DOIT_CMDS = DoitMain.DOIT_CMDS + (AppRun,)

sys.exit(App(ModuleTaskLoader(globals()), config_filenames=()).run(sys.argv[1:]))
"""

FEW_COMMANDS = [
    "list --all --status",
    "info copy",
    "run",
    "",
    "-r executed-only copy same",
    "run fail after_fail",
    "ignore many",
    "forget many",
    "dumpdb",
    "clean",
    "help",
    "help run",
    "help list",
    "tabcompletion",
    "unknown",
    "-f nowhere.dodo list",
    "loaded",
]
COMMANDS = [
    *FEW_COMMANDS,
    "list -q --template {name}",
    "run -n 2 many",
    "run -r json same",
    "run -c after_fail copy",
    "run -v2 many:one",
    "list -s",
    "ignore many",
    "many",
    "forget",
    "forget --all",
    "reset-dep copy",
    "clean -n",
    "clean copy",
    "help copy",
    "help strace",
    "tabcompletion -s zsh --hardcode-tasks",
    "strace",
    "run unknown",
    "list unknown",
    "-f hooks list",
    "--seek-file list",
    "--backend=json --db-file=other.db run same",
    "say",
]
BELOW_COMMANDS = ["list --all", "run", "info copy", "forget copy", "unknown", "help list"]
SEEKING_COMMANDS = ["--seek-file list", "list --seek-file", "-k run", "-k info copy", "-k forget copy", "help list"]


@dataclass(frozen=True)
class Project:
    files: dict[str, str]
    commands: "list[str]"
    program: str = ""  # what is run instead of doit
    directory: str = "."  # where the commands are run
    is_repository: bool = False


DODO_FILES = {"dodo.py": DODO, "in.txt": "content"}
PROJECTS = {
    "with a dodo.py": Project(DODO_FILES, FEW_COMMANDS),
    "with a dodo.py beside a hook file": Project({**DODO_FILES, "hooks.dodo": HOOKS}, COMMANDS),
    "with a dodo.py beside a lefthook.yml": Project({**DODO_FILES, "lefthook.yml": LEFTHOOK}, FEW_COMMANDS),
    "with commands of its own": Project(
        {
            **DODO_FILES,
            "hooks.dodo": HOOKS,
            "my_commands.py": MY_COMMANDS,
            "doit.cfg": "[COMMAND]\nrun = my_commands:MyRun\nsay = my_commands:Say\n",
        },
        [*FEW_COMMANDS, "say", "help say", "run -n 2 many"],
    ),
    "with settings that name another file": Project(
        {
            "tasks.py": DODO,
            "in.txt": "content",
            "hooks.dodo": HOOKS,
            "pyproject.toml": '[tool.doit]\ndodoFile = "tasks.py"\nbackend = "json"\ndep_file = "mine.json"\n',
        },
        FEW_COMMANDS,
    ),
    "with a loader of its own": Project(
        {
            "hooks.dodo": HOOKS,
            "my_loader.py": MY_LOADER,
            "doit.cfg": "[GLOBAL]\nloader = mine\n[LOADER]\nmine = my_loader:Loader\n",
        },
        FEW_COMMANDS,
    ),
    "that is an application": Project(
        {"app.py": APPLICATION, "hooks.dodo": HOOKS}, [*FEW_COMMANDS, "app", "run app", "help app"], program="app.py"
    ),
    "that is empty": Project({}, FEW_COMMANDS),
    "whose hook file is in a repository with a dodo.py": Project(
        {**DODO_FILES, "hooks.dodo": HOOKS, "sub/readme": ""}, FEW_COMMANDS, directory="sub", is_repository=True
    ),
    "whose dodo.py is in a folder below a hook file": Project(
        {"sub/dodo.py": DODO, "sub/in.txt": "content", "hooks.dodo": HOOKS},
        BELOW_COMMANDS,
        directory="sub",
        is_repository=True,
    ),
    "whose dodo.py is sought from where a hook file is": Project(
        {**DODO_FILES, "sub/hooks.dodo": HOOKS}, SEEKING_COMMANDS, directory="sub"
    ),
}


@pytest.mark.parametrize("name", PROJECTS)
def test_an_ordinary_project_is_the_same_with_dodo_hooks_installed(
    name: str, module_paths: Paths, tmp_path: Path, env: dict[str, str]
) -> None:
    # Compiled files beside the project's own would be files to compare, and hold its time.
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    alone, beside = (_run_all(PROJECTS[name], path, tmp_path, env) for path in module_paths)
    for without, with_ in zip(alone.results, beside.results, strict=True):
        assert with_ == without
    assert beside.files == alone.files
    assert not Path(env["XDG_STATE_HOME"]).exists()
    assert "dodo-hooks" not in alone.help_of_list and "dodo-hooks" in beside.help_of_list  # or nothing was compared


def test_the_plugin_can_be_imported_next_to_a_doit_that_it_does_not_know(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "doit").mkdir()
    (tmp_path / "doit" / "__init__.py").write_text("")
    code = "import doit; from dodo_hooks.doit_plugin import HookDB; print(doit.__file__, getattr(HookDB, 'desc', ''))"
    done = _python(code, {**env, "PYTHONPATH": module_path(tmp_path, PACKAGES)})
    assert done == f"{tmp_path}/doit/__init__.py \n"


def test_the_plugin_imports_no_third_party_package_but_doit(env: dict[str, str]) -> None:
    code = "import dodo_hooks.doit_plugin, dodo_hooks.doit_runner.reporters, sys; print(*sys.modules)"
    modules = set(_python(code, env).split())
    assert "doit" in modules
    assert not modules & {"yaml", "click", "dodo_hooks.loader.load", "dodo_hooks.plans.plan_cache"}


@dataclass(frozen=True)
class Seen:
    results: list[tuple[str, int, str, str]]  # command, exit code, output, errors; without what differs in each run
    files: dict[str, str]
    help_of_list: str


def _run_all(project: Project, path: str, tmp_path: Path, env: dict[str, str]) -> Seen:
    place = tmp_path / "project"  # the same both times, since messages name it
    for name, content in project.files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content)
    place.mkdir(exist_ok=True)
    if project.is_repository:
        subprocess.run(["git", "init", "-q", str(place)], env=env, check=True)
    argvs = [([project.program] if project.program else []) + command.split() for command in project.commands]
    with many_doits({**env, "PYTHONPATH": path}) as run:
        results = run(place / project.directory, {**env, "PYTHONPATH": path}, argvs)
    raw = [(command, *result) for command, result in zip(project.commands, results, strict=True)]
    seen = Seen(
        [(command, code, _comparable(out), _comparable(err)) for command, code, out, err in raw],
        _files(place),
        raw[project.commands.index("help list")][2],
    )
    shutil.rmtree(place)
    return seen


def _python(code: str, env: dict[str, str]) -> str:
    argv = [sys.executable, "-c", code]
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout


def _files(place: Path) -> dict[str, str]:
    """Return the content of each file; of a binary database the name, because `dumpdb` has shown its content."""
    files = [path for path in sorted(place.rglob("*")) if path.is_file() and ".git" not in path.parts]
    return {
        str(path.relative_to(place)): "" if path.name.startswith(".doit.db") else _comparable(path.read_text())
        for path in files
    }


def _comparable(text: str) -> str:
    """Return the text without times, without the new choices in help texts, and without line wraps."""
    text = re.sub(r"\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d+|\d+\.\d+(e-\d+)?|[0-9a-f]{32}", "N", text)
    if "choices:" in text:
        text = re.sub(r"\s+", " ", text).replace("dbm, dodo-hooks, json", "dbm, json")
        text = text.replace(" meta: no output: the records that `dodo-hooks jobs` shows", "")
    return text
