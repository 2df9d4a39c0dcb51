"""The diagnostics of a hook file, for people and for programs."""

import json
import sys
from pathlib import Path

import pytest

from kit.repo import PACKAGES, Repo
from kit.terminal import Terminal

WRONG = """\
hooks:
  pre-commit:
    piped: yes
    jobs:
      - {nam: a, run: x}
"""
REPORTED = """\
hooks.dodo:3:12: hook "pre-commit": "piped": expected true or false, found the text "yes"; write true
  3 |     piped: yes
    |            ^
hooks.dodo:5:10: job 1 of "pre-commit": unknown key "nam" (did you mean "name"?)
  5 |       - {nam: a, run: x}
    |          ^
"""


def test_c2_each_error_is_shown_with_its_line(repo: Repo) -> None:
    repo.file(WRONG)
    for command in (["validate"], ["list"], ["run", "pre-commit"], ["validate", "hooks.dodo"]):
        done = repo.run(*command)
        assert (done.returncode, done.stdout, done.stderr) == (3, "", REPORTED)


def test_c2_a_fired_hook_shows_the_line_too(repo: Repo) -> None:
    repo.hook("pre-commit", lint="true")
    repo.install()
    repo.file(WRONG)
    done = repo.git("commit", "--allow-empty", "-m", "x", check=False)
    assert done.returncode != 0
    assert REPORTED in done.stderr


def test_c2_doit_shows_the_line_too(repo: Repo) -> None:
    repo.file(WRONG)
    done = repo.doit("-f", "hooks.dodo", "list")
    assert done.returncode == 3
    assert "  3 |     piped: yes\n    |            ^\n" in done.stderr


def test_c2_the_line_is_found_from_a_folder_below(repo: Repo) -> None:
    repo.file(WRONG)
    repo.write("below/hooks.dodo", "not: this\none: at\nall: .\n\n\n")
    done = repo.call("sh", "-c", 'cd below && exec "$0" -m dodo_hooks list', sys.executable)
    assert done.stderr == REPORTED


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": "xterm"}])
def test_c2_a_terminal_gets_colours_if_it_wants_them(repo: Repo, variables: dict[str, str]) -> None:
    repo.file(WRONG)
    terminal = Terminal(sys.executable, "-m", "dodo_hooks", "validate", cwd=repo.path, env={**repo.env, **variables})
    try:
        assert terminal.wait() == 3
    finally:
        terminal.close()
    assert b"  3 |     piped: yes\r\n" in terminal.output
    assert (b"\x1b[1mhooks.dodo:3:12:\x1b[0m" in terminal.output) == (variables == {"TERM": "xterm"})
    assert (b"\x1b" in terminal.output) == (variables == {"TERM": "xterm"})


def test_c2_nothing_in_a_file_or_its_name_reaches_the_terminal_as_it_is(repo: Repo) -> None:
    repo.file('hooks: {"\u202epre-commit": 3} # \u200f\n', "a\x1b[31m.dodo")
    done = repo.run("validate", "a\x1b[31m.dodo")
    assert done.returncode == 3
    assert not any(character in done.stderr for character in "\x1b\u202e\u200f")
    assert done.stderr.startswith("a\\x1b[31m.dodo:1:9: ")
    assert '  1 | hooks: {"\\u202epre-commit": 3} # \\u200f\n' in done.stderr


def test_c2_both_files_that_are_wrong_are_reported_at_once(repo: Repo) -> None:
    repo.file(WRONG)
    own = repo.path.parent / "own"
    (own / "dodo-hooks").mkdir(parents=True)
    (own / "dodo-hooks" / "config.yml").write_text("notify: {when: never}\n")
    done = repo.run("validate", env={"XDG_CONFIG_HOME": str(own)})
    assert done.returncode == 3
    assert done.stderr.startswith(REPORTED)
    assert 'config.yml:1:16: "when": expected failed or always' in done.stderr
    assert "  1 | notify: {when: never}\n    |                ^\n" in done.stderr


def test_c2_errors_are_reported_to_programs_as_json(repo: Repo) -> None:
    repo.file(WRONG)
    done = repo.run("validate", "--format", "json")
    assert (done.returncode, done.stderr) == (3, "")
    first, second = json.loads(done.stdout)
    assert first == {
        "file": "hooks.dodo",
        "line": 3,
        "column": 12,
        "severity": "error",
        "subject": 'hook "pre-commit"',
        "message": '"piped": expected true or false, found the text "yes"',
        "fix": "write true",
    }
    assert (second["line"], second["column"]) == (5, 10)


def test_c2_notices_are_reported_to_programs_and_are_no_errors(repo: Repo) -> None:
    repo.file("hooks: {}\n")
    repo.file("hooks: {}\n", ".hooks.dodo")
    done = repo.run("validate", "--format", "json")
    assert done.returncode == 0
    assert [(one["severity"], one["line"]) for one in json.loads(done.stdout)] == [("note", 0)]


def test_c2_the_notices_of_a_format_are_reported_once(repo: Repo) -> None:
    repo.file("no_such: 1\npre-commit:\n  commands:\n    lint: {run: 'true', runner: sh}\n", "lefthook.yml")
    notices = [
        'dodo-hooks: lefthook.yml:1:1: "no_such" is ignored: unknown key of lefthook',
        'dodo-hooks: lefthook.yml:4:25: "runner" is ignored: it needs a script',
    ]
    for command in ("validate", "list", "validate"):  # compiled, and as it was kept
        done = repo.run(command)
        assert (done.returncode, done.stderr.splitlines()) == (0, notices)
    assert done.stdout == "OK: lefthook.yml: 1 hook, 1 job\n"
    reported = json.loads(repo.run("validate", "--format", "json").stdout)
    assert [(one["file"], one["line"], one["severity"]) for one in reported] == [
        ("lefthook.yml", 1, "note"),
        ("lefthook.yml", 4, "note"),
    ]


def test_k2_an_input_that_matches_no_file_is_reported_with_its_job(repo: Repo) -> None:
    repo.hook("pre-commit", lint={"run": "true", "inputs": ["*.c"]})
    done = repo.run("validate", check=True)
    assert done.stderr == 'dodo-hooks: hooks.dodo: job "pre-commit:lint": no file matches the input "*.c"\n'
    (one,) = json.loads(repo.run("validate", "--format", "json").stdout)
    assert (one["subject"], one["message"]) == ('job "pre-commit:lint"', 'no file matches the input "*.c"')


def test_k2_an_input_that_only_the_top_has_is_reported_with_its_fix(repo: Repo) -> None:
    for path in ("package.json", "a/lib.c", "web/main.js"):
        repo.write(path, "1")
    texts = ["package.json", "web/**", "*.c", "*.js", "/package.json", "../web/main.js", "../web/*.x", "none"]
    repo.hook("pre-commit", lint={"run": "true", "root": "web", "inputs": texts})
    done = repo.run("validate", check=True)
    about = 'dodo-hooks: hooks.dodo: job "pre-commit:lint": no file matches the input '
    assert done.stderr.splitlines() == [
        about + '"package.json" below "web"; write "/package.json" for that of the top',
        about + '"web/**" below "web"; write "/web/**" for that of the top',
        about + '"*.c" below "web"; write "/**/*.c" for that of the top',
        about + '"../web/*.x"',
        about + '"none"',
    ]
    repo.file(repo.read("hooks.dodo").replace("- package.json", "- /package.json").replace("- web/", "- /web/"))
    left = repo.run("validate", check=True).stderr
    assert '"*.c" below' in left and "package.json" not in left and "web/**" not in left


def test_c2_a_file_that_is_right_is_an_empty_list(repo: Repo) -> None:
    repo.file("hooks: {}\n")
    done = repo.run("validate", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_c1_the_schema_can_be_had_from_the_program(repo: Repo) -> None:
    done = repo.run("validate", "--schema")  # there is no hook file here
    shipped = Path(PACKAGES, "dodo_hooks/loader/hooks.schema.json")
    assert (done.returncode, done.stdout) == (0, shipped.read_text(encoding="utf-8"))
