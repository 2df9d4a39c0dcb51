"""Broken hook files: the location and the message of each error (C2, C3, C4, C5, R4)."""

from pathlib import Path

import pytest

from kit.hook_files.broken import Cases, errors_in, hook, jobs

YAML_TRAPS: Cases = {
    "a tab": (hook("jobs:\n\t- run: x"), "4:5: a tab is not allowed here; indent with spaces"),
    "a tab at the margin": ("hooks:\n\tpre-commit:", "2:1: a tab is not allowed here"),
    "a colon in a text": (
        jobs("run: echo a: b"),
        '4:20: a ":" is not allowed here; put a text with ": " in quotes',
    ),
    "a colon without a blank": (
        jobs("name:a\nrun: x"),
        'and the blank after the ":" of the line before',
    ),
    "an open quote": (jobs("run: 'echo"), "4:14: this quote is never closed"),
    "an open bracket": (jobs("run: x\nneeds: [a"), '5:16: this bracket is never closed: a "]" is missing'),
    "a text behind a quote": (
        jobs('run: "a b" && c'),
        '4:20: a "&" means an anchor here; put the whole value in quotes',
    ),
    "a test as a list": (jobs("run: [ -f x ] && y"), '4:23: a "&" means an anchor here; put the whole value in quotes'),
    "two texts": (jobs("run: 'a' b"), "4:18: unexpected value"),
    "a pipe behind a text": (jobs("run: 'a' | b"), '4:18: a text after "|" or ">" begins on the next line'),
    "a wrong indentation": (
        "hooks:\n    pre-commit:\n  jobs: []",
        "3:3: unexpected value",
    ),
    "a glob": (jobs("run: *.py"), '4:14: a "*" means an alias here; put the whole value in quotes'),
    "an unknown alias": (jobs("run: *make"), '4:14: unknown alias "*make"'),
    "a backquote": (jobs("run: `date`"), '4:14: a text that begins with "`" needs quotes'),
    "an escape": (jobs(r'run: "\d+"'), r'4:16: "\d" is not an escape in double quotes; use single quotes'),
    "an escape beyond unicode": (jobs(r'run: "\UFFFFFFFF"'), "4:17: a number here is too large"),
    "half a character": (jobs(r'run: "\ud800"'), "4:14: the character U+D800 cannot be passed to any program"),
    "a NUL in an escape": (jobs(r'run: "a\0b"'), "4:14: the character U+0000 cannot be passed to any program"),
    "a key without a colon": ("jobs: 2\nhooks\nenv: {}", '2:1: expected "key: value", and there is no ":" after this'),
    "a key twice": ("jobs: 1\njobs: 2", '2:1: duplicate key "jobs", first used at line 1; keep one of them'),
    "a hook twice": (
        "hooks:\n  pre-push: {}\n  'pre-push': {}",
        '3:3: duplicate key "pre-push", first used at line 2',
    ),
    "a list as a key": ("? [a]\n: b", "1:3: a key must be a text, not a list or a mapping"),
    "two documents": ("jobs: 1\n---\njobs: 2", "2:1: a hook file has one document; remove the second one"),
    "a tag": (
        jobs("run: !!python/object:os.system x"),
        '4:14: unsupported YAML tag "!!python/object:os.system"',
    ),
    "binary in base64": (jobs("run: !!binary aGk="), '4:14: unsupported YAML tag "!!binary"'),
    "a tag of ours": (jobs("run: !x y"), '4:14: unsupported YAML tag "!x"; put the text in quotes'),
    "a gate that is negated": (
        jobs("run: ! grep -q TODO README.md"),
        '4:14: a "!" means a tag in YAML, and is lost; put the whole value in quotes',
    ),
    "a test that is negated": (jobs("run: ! [make]"), '4:14: a "!" means a tag in YAML'),
    "a negated text in quotes": (jobs("run: ! 'x'"), '4:14: a "!" means a tag in YAML'),
    "a conflict": (
        "jobs: 2\n<<<<<<< HEAD\nenv: {}\n=======\nenv: {A: x}\n>>>>>>> topic\n",
        "2:1: git has left a conflict here; resolve it",
    ),
    "a test in brackets": (
        jobs("run: [ -f x ]"),
        '4:16: job 1 of "pre-commit": "run": "-f x" cannot be a command; put the whole command in quotes',
    ),
    "a placeholder that is a mapping": (
        jobs("run: {staged_files}"),
        '4:14: job 1 of "pre-commit": "run": {staged_files} is a mapping in YAML; put the whole command in quotes',
    ),
    "a command that is missing": (jobs("run:"), '"run": expected a text, found nothing; write the command after it'),
    "a glob that is negated": (
        jobs("run: x\nglob: '!*.py'"),
        '5:15: job 1 of "pre-commit": "glob": "!*.py" does not exclude anything; write "*.py" after "exclude"',
    ),
    "a range in a glob": (jobs("run: x\nglob: '{1..3}.py'"), '"{1..3}.py" has a range, which is not expanded'),
    "a tag that lies": ("env: {A: !!int many}", '1:10: "many" does not match the tag !!int'),
    "a merge of a number": (jobs("<<: 3\nrun: x"), '4:13: "<<" merges mappings only'),
    "an alias of itself": ("hooks: &a\n  pre-commit: *a", '2:15: the alias "*a" is inside of its own anchor'),
    "deep nesting": ("hooks: " + "[" * 10_000, "1:57: nested more than 50 levels deep"),
    "deep indentation": ("\n".join(" " * level + "a:" for level in range(500)), "51:51: nested more than 50"),
    "deep aliases": (
        "a0: &a0 [x]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 10_000)),
        "49:12: nested more than 50 levels deep",
    ),
    "an alias bomb": (
        "a0: &a0 [x]\n" + "\n".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)),
        "the aliases of this file stand for more than 100000 values",
    ),
    "bytes": (b"jobs: 1\nenv: {\xc3\xa9: '\xff'}", "2:11: the byte 0xff is not UTF-8; save the file as UTF-8"),
    "bytes behind a BOM": (b"\xef\xbb\xbfa\xff", "1:2: the byte 0xff is not UTF-8"),
    "UTF-16": ("jobs: 1".encode("utf-16"), "1:1: the file is UTF-16; save it as UTF-8"),
    "a program": (b"\x7fELF\x02\x01\x01\x00", "1:1: the control character U+007F is not allowed in YAML"),
    "a NUL": (b"jobs: 1\r\nx\0", "2:2: the control character U+0000 is not allowed in YAML"),
    "a directive": ("%YAML 2.0\n---\njobs: 1", "1:1: this is not valid YAML: found incompatible YAML document"),
}

WRONG_TYPES: Cases = {
    "a list as the file": ("- run: x", "1:1: expected a mapping of keys to values, found a list"),
    "a text as the file": ("hooks", '1:1: expected a mapping of keys to values, found the text "hooks"'),
    "no slots": ("jobs: 0", '1:7: "jobs": expected a whole number of at least 1, found the number 0'),
    "a fraction of slots": ("jobs: 1.5", '1:7: "jobs": expected a whole number, found the number 1.5'),
    "slots in quotes": (
        'jobs: "4"',
        '1:7: "jobs": expected a whole number, found the text "4"; write 4, without quotes',
    ),
    "slots as a boolean": ("jobs: true", '1:7: "jobs": expected a whole number, found the boolean true'),
    "no number": ("jobs:", '1:6: "jobs": expected a whole number, found nothing'),
    "yes as a boolean": (
        hook("piped: yes"),
        '3:12: hook "pre-commit": "piped": expected true or false, found the text "yes"; write true',
    ),
    "off as a boolean": (hook("parallel: off"), 'found the text "off"; write false'),
    "a boolean in quotes": (hook("follow: 'true'"), 'found the text "true"; write true, without quotes'),
    "a list as a hook": (
        hook("- run: x"),
        '3:5: hook "pre-commit": expected a mapping of keys to values, found a list; write "jobs:" above the list',
    ),
    "a mapping as jobs": (
        hook("jobs:\n  lint: {run: x}"),
        '4:7: hook "pre-commit": "jobs": expected a list, found a mapping; write "- " before each job',
    ),
    "a text as a job": (
        jobs("run: x", "npm test"),
        '5:9: job 2 of "pre-commit": expected a mapping of keys to values, found the text "npm test"',
    ),
    "a boolean as a command": (
        jobs("run: true"),
        '4:14: job 1 of "pre-commit": "run": expected a text, found the boolean true; write "true", in quotes',
    ),
    "an empty command": (jobs("name: a\nrun: ' '"), '5:14: job "a": "run": expected a text, found an empty one'),
    "no command": (jobs("run: x", "name: lint"), '5:9: job "lint": "run" is missing'),
    "an empty job": (hook("jobs:\n  -"), '4:8: job 1 of "pre-commit": "run" is missing'),
    "a number as a name": (
        jobs("name: 3\nrun: x"),
        '4:15: job 1 of "pre-commit": "name": expected a text, found the number 3; write "3", in quotes',
    ),
    "a text as needs": (
        jobs("name: a\nrun: x", "name: b\nrun: y\nneeds: a"),
        '8:16: job "b": "needs": expected a list, found the text "a"; write [a]',
    ),
    "a number among the tags": (jobs("run: x\ntags: [a, 1]"), '5:19: job 1 of "pre-commit": "tags": expected a text'),
    "a null variable": (
        "env:\n  A: 1\n  B:",
        '3:5: variable "B": expected a text, found nothing; write "" for an empty text',
    ),
    "a list as a variable": (jobs("run: x\nenv: {A: [1]}"), 'variable "A": expected a text, found a list'),
    "a list as the env": ("env: [A=1]", '1:6: "env": expected a mapping of names to values, found a list'),
    "an equals sign in a variable": ('env: {"A=B": 1}', '1:7: "A=B" cannot be the name of a variable'),
    "an absolute root": (jobs("run: x\nroot: /tmp"), '5:15: job 1 of "pre-commit": "root": expected a folder relative'),
    "a root outside": (jobs("run: x\nroot: a/../../b"), '"a/../../b" leads out of it'),
    "a list as a root": (
        jobs("run: x\nroot: [a]"),
        '5:15: job 1 of "pre-commit": "root": expected a text, found a list',
    ),
    "too nice": (jobs("run: x\nnice: 20"), '"nice": expected a whole number of at most 19, found the number 20'),
    "c3: a number as a timeout": (
        jobs("run: x\ntimeout: 30"),
        '5:18: job 1 of "pre-commit": "timeout": a duration is a '
        "whole number and one of ms, s, m, h, d, such as 300ms, 90s, 5m, 2h or 7d; write 30s",
    ),
    "c3: a timeout in words": (hook("timeout: soon"), '3:14: hook "pre-commit": "timeout": a duration is'),
    "c3: a list as a timeout": (hook("timeout: [5m]"), "expected a duration such as 90s, found a list"),
    "a word as a version": ("min_version: new", 'expected a version such as "0.1.0", found the text "new"'),
    "a newer version": ("min_version: 99.1", "1:14: this file needs dodo-hooks 99.1 or newer (this is 0."),
}

UNKNOWN_KEYS: Cases = {
    "at a job": (jobs("name: lint\nrun: x\nneed: [a]"), '6:9: job "lint": unknown key "need" (did you mean "needs"?)'),
    "at a hook": (hook("pipe: true"), '3:5: hook "pre-commit": unknown key "pipe" (did you mean "piped"?)'),
    "at the top": ("hook: {}", '1:1: unknown key "hook" (did you mean "hooks"?)'),
    "in the other case": ("Hooks: {}", '1:1: unknown key "Hooks" (did you mean "hooks"?)'),
    "a hook at the top": ("pre-commit: {}", '1:1: unknown key "pre-commit"; write the hook below "hooks:"'),
    "lefthook's": (
        hook("commands: {}"),
        '"pre-commit": unknown key "commands"; list them below "jobs:", each with its',
    ),
    "a job's key at a hook": (hook("run: x"), 'unknown key "run" in a hook: it is a key of a job'),
    "of the log": ("log: {max_log_sise: 1MB}", '1:7: unknown key "max_log_sise" (did you mean "max_log_size"?)'),
    "nothing near": (
        "zebra: 1",
        '1:1: unknown key "zebra", expected min_version, extends, jobs, ',
    ),
    "a boolean of YAML 1.1": (hook("on: 1"), '3:5: hook "pre-commit": unknown key "on"'),
    "a null": ("~: 1", '1:1: unknown key "~"'),
    "an escape sequence": ('"\\e[31m": 1', r'unknown key "\x1b[31m"'),
    "a hook": (hook("{}", "pre-comit"), '2:3: unknown hook "pre-comit" (did you mean "pre-commit"?)'),
    "a hook without a neighbour": (
        hook("{}", "zebra"),
        '2:3: unknown hook "zebra": git has no client-side hook of this name',
    ),
    "a server's hook": (
        hook("{}", "pre-receive"),
        '2:3: the hook "pre-receive" is not supported: it runs on the server',
    ),
    "a hook that changes git": (hook("{}", "fsmonitor-watchman"), "git behaves differently if there is one"),
}

GRAPHS: Cases = {
    "an unknown need": (
        jobs("name: build\nrun: x", "name: test\nrun: y\nneeds: [build, biuld]"),
        '8:24: job "test": unknown job "biuld" in needs (did you mean "build"?)',
    ),
    "a need of another hook": (
        "hooks:\n  pre-push: {jobs: [{name: a, run: x}]}\n  pre-commit: {jobs: [{name: b, run: x, needs: [a]}]}",
        '3:49: job "b": unknown job "a" in needs: "pre-push" has it, but needs are within one hook',
    ),
    "itself": (jobs("name: a\nrun: x\nneeds: [a]"), '6:17: job "a": a job cannot need itself'),
    "a circle": (
        jobs("name: a\nrun: x\nneeds: [b]", "name: b\nrun: y\nneeds: [a]"),
        '6:17: job "a": needs form a cycle: a -> b -> a; remove one of them',
    ),
    "a circle of three behind others": (
        jobs(
            "name: z\nrun: x\nneeds: [c]",
            "name: a\nrun: x\nneeds: [b]",
            "name: b\nrun: x\nneeds: [c]",
            "name: c\nrun: x\nneeds: [a]",
        ),
        "a -> b -> c -> a",
    ),
    "a name twice": (
        jobs("name: a\nrun: x", "name: a\nrun: y"),
        '6:15: job "a": duplicate name, first used at line 4',
    ),
    "a name with an at": (jobs("name: a@b\nrun: x"), '4:15: job "a@b": a name must not contain "@"'),
    "an empty name": (jobs("name: ''\nrun: x"), '4:15: job "": a name must not be empty'),
    "c5: piped and follow": (
        hook("piped: true\nfollow: true"),
        '4:5: hook "pre-commit": "piped" and "follow" cannot be combined',
    ),
    "c5: piped and parallel": (
        hook("parallel: true\npiped: true"),
        '4:5: hook "pre-commit": "piped" and "parallel" cannot be combined',
    ),
    "c5: follow and not parallel": (hook("follow: true\nparallel: false"), '4:5: hook "pre-commit": "follow" and'),
    "c5: a detached chain": (
        hook("piped: true\nbackground: true"),
        '4:5: hook "pre-commit": a "piped" hook cannot run in the background as a whole',
    ),
}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(*case, id=f"{group}: {name}")
        for group, cases in {"yaml": YAML_TRAPS, "type": WRONG_TYPES, "key": UNKNOWN_KEYS, "graph": GRAPHS}.items()
        for name, case in cases.items()
    ],
)
def test_c2_a_broken_file_is_one_error_at_its_place(tmp_path: Path, content: str | bytes, expected: str) -> None:
    (error,) = errors_in(tmp_path, content)
    if expected[0].isdigit():
        assert error.startswith(expected)
    else:
        assert expected in error


def test_c2_all_errors_of_a_file_come_at_once_and_in_its_order(tmp_path: Path) -> None:
    content = """\
jobs: 0
hooks:
  pre-commit:
    piped: yes
    jobs:
      - name: lint
        run: 3
        needs: [nothing]
      - name: a
        globs: "*.py"
        run: x
        needs: [b]
      - name: b
        run: y
        needs: [a, lint]
  pre-comit:
    jobs: [{run: x}]
  post-merge:
    jobs:
      - just a text
      - name: c
        run: z
        run: z
        needs: [c]
"""
    said = errors_in(tmp_path, content)
    assert [error.split(": ")[0] for error in said] == [
        "1:7", "4:12", "7:14", "8:17", "10:9", "12:17", "16:3", "20:9", "23:9", "24:17"
    ]  # fmt: skip


def test_r4_every_cycle_of_a_file_is_named(tmp_path: Path) -> None:
    content = jobs(
        *(f"name: {name}\nrun: x\nneeds: [{need}]" for name, need in [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")])
    )
    assert [error.split("cycle: ")[1] for error in errors_in(tmp_path, content)] == [
        "a -> b -> a; remove one of them",
        "c -> d -> c; remove one of them",
    ]


def test_r4_two_cycles_through_one_job_are_both_named(tmp_path: Path) -> None:
    content = jobs("name: a\nrun: x\nneeds: [b, c]", "name: b\nrun: x\nneeds: [a]", "name: c\nrun: x\nneeds: [a]")
    assert [error.split(": ")[0] for error in errors_in(tmp_path, content)] == ["6:17", "6:20"]


def test_c2_a_command_where_none_belongs_does_not_hide_the_graph(tmp_path: Path) -> None:
    content = "run: x\n" + jobs("run: x\nneeds: [a]")
    assert [error.split(": ")[0] for error in errors_in(tmp_path, content)] == ["1:1", "6:17"]


def test_r4_a_job_that_is_wrong_in_itself_is_no_unknown_need(tmp_path: Path) -> None:
    content = jobs("name: a\nrunn: x", "name: b\nrun: x\nneeds: [a]")
    assert errors_in(tmp_path, content) == ['5:9: job "a": unknown key "runn" (did you mean "run"?)']


def test_c2_a_command_with_a_misspelt_key_is_one_error_with_its_fix(tmp_path: Path) -> None:
    content = jobs("name: a\nrnu: x", "skript: x\nneeds: [a]", "gruup: {jobs: [{rnn: x}]}", "nam: b")
    setup = "hooks:\n  pre-push: {setup: {rn: x}}\n"
    assert errors_in(tmp_path, content.replace("hooks:\n", setup)) == [
        '2:22: setup of "pre-push": unknown key "rn" (did you mean "run"?)',
        '6:9: job "a": unknown key "rnu" (did you mean "run"?)',
        '7:9: job 2 of "pre-commit": unknown key "skript" (did you mean "script"?)',
        '9:9: job 3 of "pre-commit": unknown key "gruup" (did you mean "group"?)',
        '10:9: job 4 of "pre-commit": "run" is missing: a job needs a command, a script or a group',
        '10:9: job 4 of "pre-commit": unknown key "nam" (did you mean "name"?)',
    ]


def test_c2_what_an_anchor_brings_to_many_jobs_is_reported_once(tmp_path: Path) -> None:
    content = jobs("&base\nname: a\nrun: x\ntag: [y]", "<<: *base\nname: b", "<<: *base\nname: c")
    assert errors_in(tmp_path, content) == ['7:9: job "a": unknown key "tag" (did you mean "tags"?)']


def test_c2_a_key_that_is_called_like_a_mark_of_the_checker_does_no_harm(tmp_path: Path) -> None:
    assert errors_in(tmp_path, 'env: {"[key]": }\nrun: x') == [
        '1:15: variable "[key]": expected a text, found nothing; write "" for an empty text',
        '2:1: unknown key "run" in a file: it is a key of a job',
    ]


def test_c2_a_long_key_is_cut_in_the_message(tmp_path: Path) -> None:
    (error,) = errors_in(tmp_path, f"{'x' * 900}: 1")
    assert len(error) < 250


@pytest.mark.parametrize("size", [2, 1_000])
def test_r4_a_long_cycle_is_found_without_recursion(tmp_path: Path, size: int) -> None:
    items = ",".join(f"{{name: j{n}, run: x, needs: [j{(n + 1) % size}]}}" for n in range(size))
    (error,) = errors_in(tmp_path, f"hooks: {{pre-commit: {{jobs: [{items}]}}}}")
    assert "j0 -> j1 ->" in error
