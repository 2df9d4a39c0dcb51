"""The text of the launcher, and the facts about this Python that it needs.

git starts the shim (git/install/shim_text.py), which starts the recorded interpreter, isolated (-I) and without
site-packages (-S), on the launcher. That puts the directory of this package on the path and calls `main.launch`:
nothing that lies in the repository can be imported on this way (G1). When the package is gone the launcher says so
itself.
"""

import compileall
import os
import re
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from importlib.machinery import PathFinder
from pathlib import Path

from dodo_hooks.core.errors import INTERRUPTED, GitError, UnsafeFileError
from dodo_hooks.core.git_hooks import GATES, OFTEN_UNSEEN, REFERENCE_TRANSACTION
from dodo_hooks.git.install.shim_text import OF_ALL, PINNED, START
from dodo_hooks.host import bundle
from dodo_hooks.host.files.atomic_files import put
from dodo_hooks.host.files.private_files import read_private

# What a command may import that is not ours, with what these import in turn: some systems scatter them.
THIRD_PARTY = ("doit", "cloudpickle", "yaml", "click", "colorama", "identify")
# What is read at once, each with what it imports and no line above it has. Every firing reads the first; one with jobs
# the second and the fourth; a commit the third; one whose jobs depend on files the fifth; one with a job to run, the
# sixth.
# Then come jobs with kept results, in snapshots and in the background, pushes, unstaged changes, and the coordinator.
TOGETHER = (
    ("dodo_hooks.main", "dodo_hooks.host.world", "dodo_hooks.fire.entry"),
    ("dodo_hooks.fire.left_out", "dodo_hooks.fire.commit_status", "dodo_hooks.host.process"),
    ("dodo_hooks.git.worktree_status", "dodo_hooks.git.index_flags"),
    ("dodo_hooks.fire.firing",),
    ("dodo_hooks.fire.select.job_filter",),
    ("dodo_hooks.fire.phases", "dodo_hooks.fire.guards", "dodo_hooks.store.reserve"),
    ("dodo_hooks.core.digests",),  # of several of the next
    ("dodo_hooks.fire.guards.kept_results",),
    ("dodo_hooks.fire.select.targets", "dodo_hooks.results.verdicts.verdicts"),
    ("dodo_hooks.fire.background_start", "dodo_hooks.fire.detach", "dodo_hooks.git.unstaged.lock"),
    ("dodo_hooks.fire.verdicts.gate",),
    ("dodo_hooks.host.libc",),  # of both that follow
    ("dodo_hooks.git.unstaged.hide",),
    ("dodo_hooks.engine.background.after_run", "dodo_hooks.engine.background.file_watch", "dodo_hooks.host.priority"),
    ("dodo_hooks.doit_runner.lean_doit", "dodo_hooks.doit_runner.phase_run"),
)

_ANSWER_S = 20
_IMPORT = re.compile(r"^from (\S+) import (\([^)]*\)|.*)", re.MULTILINE)  # to parse all sources takes twice as long

_LAUNCHER = """\
# Written by `dodo-hooks install`, run by the shims in the hooks directory, taken away by `dodo-hooks uninstall`.
import marshal
import posix
import sys

try:
    sys.path.append({package})
    try:
        path = sys.argv[0][:-9] + {bundle!r}
        if path[:1] != "/":  # the process may go elsewhere before it reads on
            path = posix.getcwd() + "/" + path
        file = posix.open(path, posix.O_RDONLY | posix.O_NONBLOCK)  # a FIFO would keep git waiting
        about = posix.fstat(file)
        if file < 3:  # the number of a standard stream that is closed
            posix.close(file)
            raise OSError
        if about.st_uid not in (0, posix.geteuid()) or about.st_mode & 0o22:
            raise OSError
        length = int(posix.read(file, {digits}))
        key, start, index = marshal.loads(posix.read(file, length))
        if key == "4 " + sys.version:
            names = {{"__name__": "dodo_hooks.host.bundle"}}
            exec(marshal.loads(start), names)
            names["start"](path, file, {digits} + length, index)
    except (OSError, ValueError, TypeError, EOFError):
        pass
    try:
        from dodo_hooks.main import launch
    except ImportError as error:
        # Text, because all else in this file is compiled at every start.
        exec('''
words = sys.argv[3:] if sys.argv[2] in {flags} else sys.argv[2:]
kept, words = (words[1], words[2:]) if words[0] == "--kept" else ("", words)
is_gate = words[0] in {gates} or words[:2] == ["{transaction}", "prepared"]
if is_gate or words[0] not in {unseen}:
    where = " --global" if sys.argv[2] == "--global" else ""
    fix = f"install dodo-hooks again and run `dodo-hooks install{{where}}`, or remove the hook"
    sys.stderr.write(f"dodo-hooks: {{words[0]}} cannot be run ({{error}}): {{fix}}.\\\\n")
if kept and not is_gate:
    import posix
    posix.execv("/bin/sh", ["sh", "-c", '[ -x "$0" ] || exit 0; exec "$0" "$@"', kept, *words[1:]])
sys.exit(int(is_gate))
''')
    launch({site})
except KeyboardInterrupt:  # before `main` takes it
    posix._exit({interrupted})
"""


def put_launcher(directory: str, site: "Sequence[str] | None", top: str = "") -> None:
    """Write the launcher and the bundle into a directory of ours.

    `site` are the directories of third-party modules, by default those of this interpreter; `top` is none of them.
    """
    if site is None:
        site = site_directories({top, os.path.realpath(os.curdir)})
    put(f"{directory}/launch.py", launcher_text(package_directory(), site), 0o644)
    put(f"{directory}/{bundle.FILE}", bundle_content(), 0o644)


def launcher_text(package: str, site: Sequence[str]) -> bytes:
    """Return the launcher that imports us from the directory `package`, and passes `site` to `main.launch`."""
    text = _LAUNCHER.format(
        package=_py_quoted(package),
        bundle=bundle.FILE,
        digits=bundle.DIGITS,
        flags=(OF_ALL.decode(), PINNED.decode()),
        gates=tuple(sorted(GATES)),
        transaction=REFERENCE_TRANSACTION,
        unseen=OFTEN_UNSEEN,
        site="[" + ", ".join(map(_py_quoted, site)) + "]",
        interrupted=INTERRUPTED,
    )
    return text.encode("ascii")


def _py_quoted(path: str) -> str:
    """Return an expression for the path. It is decoded where it runs: the locale there may be another than here."""
    if path.isascii():
        return repr(path)
    return f"{os.fsencode(path)!r}.decode(sys.getfilesystemencoding(), 'surrogateescape')"


def interpreter() -> str:
    """Return the binary that runs this program, behind all links: a virtual environment's `python` leads to its base.

    A link such as `python3` may lead to another version tomorrow, and a version manager's costs 70 ms at each start.
    """
    path = os.path.realpath(sys.executable) if sys.executable else ""
    if not os.access(path, os.X_OK):
        raise GitError(
            f"the path of this Python is not known (sys.executable is {path!r}); install with another Python"
        )
    return path


def package_directory() -> str:
    """Return the directory that holds the package `dodo_hooks`."""
    return os.fspath(Path(__file__).absolute().parents[3])


def site_directories(excluded: Collection[str]) -> list[str]:
    """Return the directories of third-party modules, and our own directory; in the order of `sys.path`.

    `excluded` are directories that no code may come from: `python -m dodo_hooks` has the repository itself first.
    """
    package, found, missing = package_directory(), list[str](), set(THIRD_PARTY)
    for entry in sys.path:
        is_ours = entry == package
        if not os.path.isabs(entry) or (os.path.realpath(entry) in excluded and not is_ours):
            continue
        here = {name for name in missing if _is_in(name, entry)}
        missing -= here
        if (here or is_ours) and entry not in found:
            found.append(entry)
    return found if package in found else [*found, package]


def _is_in(module: str, directory: str) -> bool:
    spec = PathFinder.find_spec(module, [directory])
    return spec is not None and spec.origin is not None  # a mere folder of that name has no origin


def compile_package() -> None:
    """Write the byte code of this package, if possible: without it every start is 5 ms longer."""
    compileall.compile_dir(os.path.join(package_directory(), "dodo_hooks"), quiet=2)


def answer_of(interpreter: str, launcher: str, *words: str) -> str:
    """Return what our program prints when it is started as a shim starts it, with these words; "" if it fails."""
    argv = [interpreter, "-I", "-S", "-X", "utf8", "-c", START, launcher, *words]
    try:
        done = subprocess.run(argv, cwd="/", capture_output=True, timeout=_ANSWER_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""


def is_bundle_current(path: str) -> bool:
    """Return whether a bundle serves this Python and these sources."""
    try:
        return bundle.is_current(read_private(path), _hot_modules())
    except (OSError, UnsafeFileError, ValueError, TypeError, EOFError):
        return False


def bundle_content() -> bytes:
    """Return the byte code of the modules of a fired hook, in one file (host/bundle.py): those that say HOT."""
    names = _hot_modules()
    imports = {name: _imports_of(path, names) for name, path in names.items()}
    pieces = _pieces(imports)
    return bundle.made_of([(name, str(names[name]), imports[name]) for name in piece] for piece in pieces)


def _pieces(imports: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return the modules in the pieces in which they are read."""
    pieces, placed = list[list[str]](), set[str]()

    def add(name: str) -> None:
        if name not in placed:
            placed.add(name)
            pieces[-1].append(name)
            package = name.rpartition(".")[0]
            for other in (package, *imports[name]) if package else imports[name]:
                add(other)

    for roots in TOGETHER:
        pieces.append([])
        for name in roots:
            add(name)
    return [*pieces, *([name] for name in imports if name not in placed)]


def _hot_modules() -> dict[str, Path]:
    root = Path(package_directory(), "dodo_hooks")
    paths = [path for path in sorted(root.rglob("*.py")) if path.name == "__init__.py" or _is_hot(path)]
    return {_module_name(path, root.parent): path for path in paths}


def _imports_of(path: Path, modules: Collection[str]) -> tuple[str, ...]:
    """Return which of `modules` a source imports when it is run, with the packages above them.

    Imports inside of functions do not count.
    """
    found: dict[str, None] = {}
    for module, imported in _IMPORT.findall(path.read_text(encoding="utf-8")):
        names = [module, *(f"{module}.{name}" for name in re.findall(r"\w+", imported))]
        parts = module.split(".")
        packages = [".".join(parts[:depth]) for depth in range(1, len(parts))]
        found.update(dict.fromkeys(name for name in (*packages, *names) if name in modules))
    return tuple(found)


def _is_hot(path: Path) -> bool:
    docstring = path.read_text(encoding="utf-8").split('"""')[1:2]
    return "HOT" in "".join(docstring)


def _module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")
