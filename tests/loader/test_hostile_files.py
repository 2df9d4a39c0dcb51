"""Malicious files: each is rejected, or read, within two seconds of work and 200 MB of memory (C2).

Twenty seconds are allowed, since a busy machine counts more for the same work; what grows without end takes far longer.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit.chance import how_many

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

# Loads the file of each folder that it reads, in a process that ends where it breaks a limit. Prints how that process
# ended, how many errors there are, and one of them.
LOADER = """
import os, resource, sys
from dodo_hooks.core.errors import ConfigError
from dodo_hooks.loader.layers.discover import named_hook_file
from dodo_hooks.loader.load import load

def answer(top):
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    resource.setrlimit(resource.RLIMIT_AS, (200 << 20, 200 << 20))
    try:
        load(named_hook_file("hooks.dodo", top=top, base=top))
        return "0"
    except ConfigError as error:
        return f"{len(error.diagnostics)} {error.diagnostics[0].text}"

for line in sys.stdin:
    pid = os.fork()
    if not pid:
        os.write(1, answer(line[:-1]).encode())
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print(f"\\0{status}", flush=True)
"""

Loaded = Callable[[str | bytes], str]


def _doubled(first: str, item: str, times: int, use: str) -> str:
    """Return anchors, each of which holds the one before twice, so that the last stands for 2 ** times of the first."""
    lines = [f"a0: &a0 {first}", *(f"a{n}: &a{n} {item.format(f'*a{n - 1}, *a{n - 1}')}" for n in range(1, times))]
    return "\n".join([*lines, use.format(f"*a{times - 1}")])


def _jobs(items: str) -> str:
    return f"hooks: {{pre-commit: {{jobs: [{items}]}}}}"


MANY = how_many(2_500, 10_000)
FLAWED = "{run: 3, naem: x, glob: [3, 4], skip: [3, {reff: x}]}"
HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(range(128)) * 1_000, "1 the control character"),
    "random bytes": (bytes(range(128, 256)) * 1_500, "1 the byte 0x80 is not UTF-8"),
    "10,000 brackets": ("hooks: " + "[" * 10_000, "1 nested more than 50 levels deep"),
    "10,000 braces": ("{a: " * 10_000, "1 nested more than 50 levels deep"),
    "600 levels of blanks": ("\n".join(" " * n + "a:" for n in range(600)), "1 nested more than 50 levels deep"),
    "10,000 lists in lists": ("- " * 10_000, "1 nested more than 50 levels deep"),
    "an alias bomb": (_doubled("[x]", "[{}]", 40, "env: {}"), "1 the aliases of this file stand for more than"),
    "an alias bomb of maps": (_doubled("{b: x}", "{{b: [{}]}}", 30, "env: {}"), "1 the aliases of this file stand for"),
    "an alias bomb of merges": (
        _doubled("{b: x}", "{{<<: [{}]}}", 40, "env: {}"),
        "1 the aliases of this file stand for",
    ),
    "an alias bomb of groups": (
        _doubled("{run: 3}", "{{group: {{jobs: [{}]}}}}", 8, "hooks: {{pre-commit: {{jobs: [{}]}}}}"),
        "9 unknown key",
    ),
    "an alias bomb of conditions": (
        _doubled("{env: 3}", "{{all: [{}]}}", 12, "hooks: {{pre-commit: {{skip: [{}]}}}}"),
        "13 unknown key",
    ),
    "one wrong job 2,000 times": (
        f"hooks: {{pre-commit: {{jobs: [&a {FLAWED}{', *a' * 2_000}]}}}}",
        "6 ",
    ),
    "a thousand unknown keys": ("\n".join(f"key{n}: 1" for n in range(1_000)), "1000 unknown key"),
    "many unknown keys": ("\n".join(f"key{n}: 1" for n in range(MANY * 8)), "1000 unknown key"),
    "many unknown needs": (
        _jobs("".join(f"{{name: j{n}, run: make, needs: [k{n}]}}, " for n in range(MANY))),
        f"{MANY} job ",
    ),
    "10,000 jobs in a row that have one name": (
        _jobs("{run: make}, " * 10_000).replace("{jobs", "{parallel: false, piped: true, jobs"),
        "1 hook",
    ),
    "20,000 jobs": (_jobs("{run: make}, " * 20_000), "1 the hook file has more than 12000 jobs"),
    "400,000 values": ("x-a: [" + "1," * 400_000 + "]", "1 the file has more than 200000 values"),
    "a mistake in a megabyte": (_jobs(f"{{run: {'x' * 90}}}, " * 9_000) + "\t'", "1 this quote is never closed"),
    "many bars": ("a: " + "|" * 125_000, "1 "),
    "many colons": ("a: " + ": " * 60_000, "1 "),
    "a key of 250,000 characters": ("x" * 250_000 + ": 1", "1 "),
    "a regex of brackets": (f"hooks: {{pre-commit: {{exclude: {{regex: '{'(' * 50_000}{')' * 50_000}'}}}}}}", "1 "),
    "a comment of five megabytes": (f"# {'x' * 5_000_000}\njobs: 2", "1 the hook file is larger than 1 MB"),
    "a comment of 250 kilobytes": (f"# {'x' * 250_000}\njobs: 2", "0"),
    "a path that cannot be": ('extends: ["a\\0b", "a\\ud800", "x*/a\\0"]', "5 "),
    "a folder and a script that cannot be": (
        'source_dir_local: "a\\0"\nhooks: {pre-commit: {jobs: [{script: "a\\0"}, {script: "\\ud800"}]}}',
        "3 the character U+0000 cannot be passed",
    ),
    "patterns that cannot be": (
        'hooks: {pre-commit: {exclude: "\\ud800", only: {ref: "\\ud800", changed: {regex: "\\0"}}}}',
        "3 the character U+D800 cannot be passed",
    ),
    "a number of 250,000 digits": ("jobs: " + "9" * 250_000, "1 "),
}


@pytest.fixture(scope="module")
def loader() -> Iterator["subprocess.Popen[str]"]:
    """Start a loader, which takes as long as all that is refused at once."""
    environ = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", LOADER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
    ) as process:
        yield process
        process.communicate()


@pytest.fixture
def loaded(tmp_path: Path, loader: "subprocess.Popen[str]") -> Loaded:
    def load(content: str | bytes) -> str:
        (tmp_path / "hooks.dodo").write_bytes(content if isinstance(content, bytes) else content.encode())
        assert loader.stdin and loader.stdout
        print(tmp_path, file=loader.stdin, flush=True)
        answer = ""
        while "\0" not in answer:
            answer += loader.stdout.readline()
        said, status = answer.split("\0")
        assert status == "0\n", f"ended with {status}: {said}"
        return said

    return load


@pytest.mark.parametrize("name", HOSTILE)
def test_c2_a_hostile_file_is_refused_within_limits(loaded: Loaded, name: str) -> None:
    content, expected = HOSTILE[name]
    assert loaded(content).startswith(expected)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_c2_a_bom_and_other_ends_of_lines_move_no_place(loaded: Loaded, ends: str, mark: str) -> None:
    right = f"{mark}jobs: 2{ends}hooks:{ends}  pre-commit:{ends}    jobs:{ends}      - run: x{ends}"
    assert loaded(right) == "0"
    wrong = f"{right}        nam: y{ends}"
    assert loaded(wrong) == '1 job 1 of "pre-commit": unknown key "nam" (did you mean "name"?)'


def test_c2_a_large_file_that_is_right_is_read_within_limits(loaded: Loaded) -> None:
    items = "".join(f"      - {{name: j{n}, run: make {n}, glob: '*.py'}}\n" for n in range(2_500))
    assert loaded(f"hooks:\n  pre-commit:\n    jobs:\n{items}") == "0"


def test_c2_a_hook_of_10_000_jobs_is_read_within_limits(loaded: Loaded) -> None:
    item = "      - {{name: j{0}, run: 'make {{staged_files}} {0}', glob: '*.py', needs: [{1}]}}\n"
    items = "".join(item.format(n, f"j{n - 1}" if n % 10 else "") for n in range(10_000))
    for mode in ("piped: true", "parallel: true", "parallel: false")[: how_many(1, 3)]:  # the first adds most needs
        assert loaded(f"hooks:\n  pre-commit:\n    {mode}\n    jobs:\n{items}") == "0"
