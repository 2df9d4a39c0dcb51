"""Commands that need no shell: running them directly makes no difference."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dodo_hooks.loader.shell.direct_exec import argv_of, argv_with_list
from kit.chance import how_many

PLAIN = {
    "make": ("make",),
    "npm run build": ("npm", "run", "build"),
    "  ruff\tcheck  . \n": ("ruff", "check", "."),
    "./check.sh --level=2 a:b,c @scope/x +x 50%": ("./check.sh", "--level=2", "a:b,c", "@scope/x", "+x", "50%"),
    "python3.11 -m pytest": ("python3.11", "-m", "pytest"),
    "env A=1 make": ("env", "A=1", "make"),
    "g++ -c x.cc": ("g++", "-c", "x.cc"),
}

NEEDS_A_SHELL = [
    "", " ", "\n", "a;b", "a b;", "a|b", "a&", "a && b", "a <b", "a >b", "a 2>&1", "(a)", "a (b)", "{ a; }", "a {b,c}",
    "a $b", "$a", "a `b`", "a \\b", "a 'b'", 'a "b"', "a *", "a ?", "a [b]", "a ~", "~/a", "a ~/b", "a #b", "# a",
    "A=1 make", "A=1", "a=b", "! a", "a !b", "a ^b", "a\nb", "a\rb", "a\x00", "a \u00a0b", "größe", "a é", "%1", "-a",
    "- a", "+a", "@a", "=a", ":a", "a =b", "a %1", "a :b",
    # builtins and reserved words of one shell or another
    ".", ". a", ":", "[ -f a ]", "[[ a ]]", "test -f a", "true", "false", "echo a", "printf a", "pwd", "kill 1", "cd a",
    "export A", "exec a", "command a", "type a", "source a", "time a", "if a", "case a", "for a", "function a", "let a",
    "which a", "print a", "sleep 1", "cat a", "coproc a", "select a", "wait", "exit 1", "alias", "local a", "umask",
    "noglob a", "repeat 2", "module load x",
]  # fmt: skip


@pytest.mark.parametrize(("command", "argv"), PLAIN.items())
def test_plain_words_are_executed_as_they_are(command: str, argv: tuple[str, ...]) -> None:
    assert argv_of(command) == argv


@pytest.mark.parametrize("command", NEEDS_A_SHELL)
def test_what_a_shell_could_read_in_its_own_way_is_left_to_it(command: str) -> None:
    assert argv_of(command) == ("sh", "-c", command)


def test_c6_a_list_among_plain_words_needs_no_shell() -> None:
    assert argv_with_list("ruff check {staged_files}", "staged_files") == (("ruff", "check"), 2)
    assert argv_with_list(" mypy\t{files}  --strict . \n", "files") == (("mypy", "--strict", "."), 1)
    assert argv_with_list("env A=1 x -- {all_files}", "all_files") == (("env", "A=1", "x", "--"), 4)


@pytest.mark.parametrize(
    "command",
    ["x", "x {files}", "{staged_files}", "{staged_files} x", "x {staged_files} {staged_files}", "x --f={staged_files}",
     "x '{staged_files}'", 'x "{staged_files}"', "x {staged_files};", "x {staged_files} {branch}", "x {staged_files} *",
     "echo {staged_files}", "A=1 x {staged_files}", "x {staged_files}|y", "x {staged_files}\ny", "x $v {staged_files}",
     "x \\{staged_files}", "test {staged_files}", "x {staged_files} # y", "x {staged_files} > y", ""],
)  # fmt: skip
def test_c6_a_list_anywhere_else_is_left_to_the_shell(command: str) -> None:
    assert argv_with_list(command, "staged_files") is None


@settings(max_examples=how_many(100, 2000))
@given(st.text("ab=% ./-_~*?{}'\"\\;#\n", max_size=8), st.text("ab= -*'\"\\;#\n", max_size=8))
def test_c6_every_shell_gives_a_list_the_same_place(show: Path, before: str, after: str) -> None:
    command = f"./show {before} {{files}} {after}"
    found = argv_with_list(command, "files")
    if found is None:
        return
    files = ("a b", "-n", "*", "$(x)")
    argv, place = found
    for shell in ("sh", "bash"):
        text = command.replace("{files}", '"$@"')
        done = subprocess.run([shell, "-c", text, "sh", *files], cwd=show, capture_output=True, check=True)
        assert os.fsdecode(done.stdout).splitlines() == [*argv[1:place], *files, *argv[place:]]


@pytest.mark.skipif(not shutil.which("bash"), reason="asks bash for its own words")
def test_no_builtin_and_no_reserved_word_of_bash_is_executed_directly() -> None:
    words = subprocess.run(["bash", "-c", "compgen -b; compgen -k"], capture_output=True, text=True, check=True).stdout
    assert len(words.split()) > 60
    assert [word for word in words.split() if argv_of(word) != ("sh", "-c", word)] == []


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a program `show` that prints its arguments, one a line, and files that a glob would find."""
    folder = tmp_path_factory.mktemp("show")
    (folder / "show").write_text("#!/bin/sh\nfor word do printf '%s\\n' \"$word\"; done\n")
    (folder / "show").chmod(0o755)
    for name in ("a", "b", "=a"):
        (folder / name).touch()
    return folder


@settings(max_examples=how_many(150, 2000))
@given(st.text("ab= \t%:@,./+-_~*?[]{}$'\"\\|&;<>()#!^é1\n", max_size=10))
def test_every_shell_here_makes_the_same_of_what_goes_without_one(show: Path, rest: str) -> None:
    command = f"./show {rest}"
    argv = argv_of(command)
    if argv[0] == "sh":
        assert argv == ("sh", "-c", command)
        return
    for shell in ("sh", "dash", "bash", "ksh", "zsh"):
        if shutil.which(shell):
            done = subprocess.run([shell, "-c", command], cwd=show, capture_output=True, check=True)
            assert os.fsdecode(done.stdout).splitlines() == list(argv[1:])
