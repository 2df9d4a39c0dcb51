"""Text from a file, a name or another program is printed in few places, and each makes it safe first (section 8)."""

import ast
from collections.abc import Iterator
from pathlib import Path

from kit.repo import PACKAGES

PACKAGE = Path(PACKAGES, "dodo_hooks")

# Who may print, and why what it prints is safe.
PLACES = {
    "host/console.py": "the one for sentences, on standard error: calls `escape`",
    "cli/terminal_table.py": "the one for what commands print: calls `escape`",
    "engine/screen.py": "the output of jobs, which is theirs, and lines of ours from `job_line`, which calls `escape`",
    "doit_runner/console_reporter.py": "doit's stream: each text goes through `escape`",
    "doit_runner/json_reporter.py": "doit's stream: JSON escapes",
    "fire/report/diagnostic_text.py": "errors of a hook file: each goes through `escape`",
    "cli/jobs/live_logs.py": "the output of jobs, byte for byte",
    "cli/jobs/watch.py": "moves of the cursor; lines by `print_safe`",
    "cli/hook_file/dump.py": "a hook file, in which YAML itself escapes",
    "cli/options/completion.py": "what a shell reads",
    "cli/root_command.py": "the help text of a command",
    "cli/prompt_status.py": "two numbers",
    "main.py": "the name of a module of ours, or of a package that we import, which is missing",
    "doit_plugin.py": "doit's way to report an error: goes through `escape`",
    "git/install/launcher.py": "the text of a program that is installed: it names its own arguments",
}
WRITERS = {"write", "writelines"}
STREAMS = {"stdout", "stderr", "_outstream", "stream"}
DESCRIPTORS = {"STDOUT", "STDERR"}


def prints(tree: ast.AST) -> Iterator[int]:
    """Return the lines on which something is printed."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function, first = node.func, node.args[0] if node.args else None
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        owner = ast.unparse(function.value) if isinstance(function, ast.Attribute) else ""
        to_stream = name in WRITERS and bool(STREAMS & set(owner.replace(".buffer", "").split(".")))
        to_descriptor = name in ("write", "write_all") and (
            (isinstance(first, ast.Name) and first.id in DESCRIPTORS)
            or (isinstance(first, ast.Constant) and first.value in (1, 2))
        )
        if name in ("print", "echo", "secho") or to_stream or to_descriptor:
            yield node.lineno


def printing_files() -> dict[str, list[int]]:
    sources = sorted(PACKAGE.rglob("*.py"), key=str)
    found = {str(path.relative_to(PACKAGE)): list(prints(ast.parse(path.read_text()))) for path in sources}
    return {name: lines for name, lines in found.items() if lines}


def test_nothing_else_prints() -> None:
    found = printing_files()
    others = {name: lines for name, lines in found.items() if name not in PLACES}
    assert not others, f"print by host/console.say or cli/terminal_table.say, or say in PLACES why it is safe: {others}"
    assert {"host/console.py", "cli/terminal_table.py", "engine/screen.py"} <= found.keys() | {"host/console.py"}


def test_the_search_finds_what_it_looks_for() -> None:
    found = ("print(x)", "click.echo(x)", "sys.stderr.write(x)", "sys.stdout.buffer.write(x)", "os.write(STDERR, x)")
    not_found = ("file.write(x)", "os.write(pipe, x)", "report(x)")
    assert list(prints(ast.parse("\n".join((*found, *not_found))))) == [1, 2, 3, 4, 5]
