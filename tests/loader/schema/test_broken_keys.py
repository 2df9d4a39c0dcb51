"""Every key with a wrong value, and misspelt keys at every level: one diagnostic each, at its location (C2)."""

from pathlib import Path

import pytest

from kit.hook_files.broken import Cases, errors_in, hook, jobs


def condition(text: str) -> str:
    """Return a hook file with this item in a `skip`, which begins in line 3, column 12."""
    return hook(f"skip: [{text}]")


def group(body: str) -> str:
    """Return a hook file with a group of this body, in flow style, which begins in line 4, column 16."""
    return jobs(f"group: {body}")


FILE: Cases = {
    "extends": ("extends: {a: b}", '1:10: "extends": expected a text, found a mapping'),
    "extends with a number": ("extends: [3]", '1:11: "extends": expected a text, found the number 3; write "3"'),
    "colors": ("colors: auto", '1:9: "colors": expected true or false, found the text "auto"'),
    "output as a word": (
        "output: summary",
        '1:9: "output": expected true, false or a list of execution, summary, failure or skips, '
        'found the text "summary"; write [summary]',
    ),
    "output with an unknown word": (
        "output: [execution, skip]",
        '1:21: "output": expected execution, summary, failure or skips, found "skip" (did you mean "skips"?)',
    ),
    "no output": ("output:", '1:8: "output": expected true, false or a list of'),
    "rc": ("rc: [a]", '1:5: "rc": expected a text, found a list'),
    "source_dir outside": ("source_dir: ../x", '1:13: "source_dir": expected a folder inside of the repository'),
    "source_dir_local": ("source_dir_local: /x", '1:19: "source_dir_local": expected a folder relative to the top'),
    "templates as a list": ("templates: [a]", '1:12: "templates": expected a mapping of names to values, found a list'),
    "a template that is no text": ("templates: {a: 3}", '1:16: template "a": expected a text, found the number 3'),
    "the name of a template": ("templates: {3a: x}", '1:13: "3a" cannot be the name of a template: letters, digits'),
    "a template like a placeholder": (
        "templates: {staged_files: x}",
        '1:13: "{staged_files}" already has a meaning; rename the template',
    ),
    "trust": ("trust: pined", '1:8: "trust": expected pinned, found "pined" (did you mean "pinned"?)'),
    "c3: retention": ("log: {retention: 7}", '1:18: "retention": a duration is a whole number'),
    "c3: a size": ("log: {max_log_size: 10}", '1:21: "max_log_size": a size is a whole number and one of B, KB'),
    "a small log": ("log: {max_log_size: 1KB}", '1:21: "max_log_size": a log needs at least 64KB'),
    "keep_last": ("log: {keep_last: -1}", '1:18: "keep_last": expected a whole number of at least 0'),
    "a task called like a hook": (
        "tasks: {pre-push: {}}",
        '1:9: "pre-push" is the name of a hook; move it below "hooks:", or rename the task',
    ),
    "a task called like a hook of the server": ("tasks: {update: {}}", '1:9: "update" is the name of a hook'),
    "a task called like a group": ("tasks: {bg: {}}", '1:9: "bg" means all jobs of a phase; rename the task'),
    "a task called like a job": ("tasks: {'a:b': {}}", '1:9: "a:b" cannot be the name of a task'),
    "a task with an at": ("tasks: {a@b: {}}", '1:9: the name of a task must not contain "@"'),
    "a key of a task": ("tasks:\n  dev: {pipe: true}", '2:9: task "dev": unknown key "pipe" (did you mean "piped"?)'),
    "a job of a task": ("tasks: {dev: {jobs: [{run: x}, {run: 3}]}}", 'job 2 of "dev": "run": expected a text'),
}

HOOK: Cases = {
    "fail_mode": (
        hook("fail_mode: stop"),
        '3:16: hook "pre-commit": "fail_mode": expected abort or warn, found "stop"',
    ),
    "exclude_tags": (hook("exclude_tags: [1]"), '3:20: hook "pre-commit": "exclude_tags": expected a text'),
    "files": (hook("files: [a]"), '3:12: hook "pre-commit": "files": expected a text, found a list'),
    "exclude": (hook("exclude: 3"), '3:14: hook "pre-commit": "exclude": expected a text, found the number 3'),
    "a setup that is a number": (
        hook("setup: [3]"),
        '3:13: setup 1 of "pre-commit": expected a text, found the number',
    ),
    "a setup without a command": (
        hook("setup: [a, {env: {A: 1}}]"),
        '3:16: setup 2 of "pre-commit": "run" is missing: a setup needs a command',
    ),
    "a key of a setup": (
        hook("setup:\n  - {run: x, tiemout: 5m}"),
        '4:18: setup 1 of "pre-commit": unknown key "tiemout" (did you mean "timeout"?)',
    ),
    "a setup that is a map": (hook("setup: {run: 3}"), '3:18: setup of "pre-commit": "run": expected a text, found'),
    "a named setup": (hook("setup: [{run: x, name: a, root: /}]"), '3:37: setup "a": "root": expected a folder'),
    "concurrency": (
        hook("concurrency: {group: a, on_conflict: wait}"),
        '3:42: hook "pre-commit": "on_conflict": expected queue, cancel-previous or skip, found "wait"',
    ),
    "a key of concurrency": (hook("concurrency: {group: a, on_conflct: skip}"), 'did you mean "on_conflict"?'),
}

CONDITIONS: Cases = {
    "a number": (hook("only: 3"), '3:11: hook "pre-commit": "only": expected a condition, such as merge, CI or {ref'),
    "nothing": (
        hook("only:"),
        '3:10: hook "pre-commit": "only": expected a condition, such as merge, CI or {ref: main}',
    ),
    "an empty list": (hook("skip: []"), '3:11: hook "pre-commit": "skip": expected at least one condition, found none'),
    "a boolean in a list": (condition("true"), '3:12: hook "pre-commit": "skip": expected a condition, such as merge'),
    "a word with a dash": (
        condition("merge-comit"),
        '3:12: hook "pre-commit": "skip": expected merge, rebase, merge-commit or the name of a variable, '
        'found "merge-comit" (did you mean "merge-commit"?)',
    ),
    "a key": (condition("{reff: main}"), '3:13: hook "pre-commit": unknown key "reff" (did you mean "ref"?)'),
    "a key of a job": (condition("{ref: a, glob: b}"), 'unknown key "glob" in a condition: it is a key of a job'),
    "a reason alone": (
        condition("{desc: why}"),
        '3:12: hook "pre-commit": "skip": an empty condition; write one of ref, env, run, changed or all',
    ),
    "a variable that is a map": (condition("{env: {CI: true}}"), '3:18: hook "pre-commit": "env": expected a text'),
    "a map without a list": (
        hook("skip: {run: 3}"),
        '3:17: hook "pre-commit": "run": expected a text, found the number',
    ),
    "inside of others": (condition("{all: [CI, {all: [{env: 3}]}]}"), '3:36: hook "pre-commit": "env": expected'),
    "a pattern": (
        condition("{ref: [main, {regex: a, regx: b}]}"),
        '3:36: hook "pre-commit": unknown key "regx" (did you mean "regex"?)',
    ),
    "of a job": (jobs("name: a\nrun: x\nonly: {changed: 3}"), '6:25: job "a": "changed": expected a text, found'),
}

JOB: Cases = {
    "two commands": (
        jobs("run: x\nscript: y"),
        '5:9: job 1 of "pre-commit": "run" and "script" cannot be combined in one job; keep one of them',
    ),
    "three commands": (
        jobs("name: a\nrun: x\nscript: y\ngroup: {}"),
        '7:9: job "a": "run" and "script" and "group" cannot be combined in one job',
    ),
    "a runner without a script": (
        jobs("run: x\nrunner: bash"),
        '5:9: job 1 of "pre-commit": "runner" needs a "script"',
    ),
    "arguments without a script": (jobs("run: x\nargs: a"), '5:9: job 1 of "pre-commit": "args" needs a "script"'),
    "a script outside": (jobs("script: ../x"), '4:17: job 1 of "pre-commit": "script": expected the name of a file'),
    "a script at the root": (jobs("script: /x"), '"script": expected the name of a file in the folder of the hook\'s'),
    "an unknown system": (
        jobs("run: {win: a}"),
        '4:15: job 1 of "pre-commit": expected linux, macos or windows, found "win"',
    ),
    "a system that is unknown": (jobs("run: {darwin: a}"), 'expected linux, macos or windows, found "darwin"'),
    "a number for a system": (jobs("run: {linux: 3}"), '4:22: job 1 of "pre-commit": "linux": expected a text, found'),
    "a map for a system": (jobs("run: {linux: {a: b}}"), '"linux": expected a text, found a mapping'),
    "no commands": (jobs("run: []"), '4:14: job 1 of "pre-commit": "run": expected at least one command, found none'),
    "no systems": (jobs("run: {}"), '4:14: job 1 of "pre-commit": "run": expected at least one command, found none'),
    "a number among the commands": (jobs("run: [a, 3]"), '4:18: job 1 of "pre-commit": "run": expected a text, found'),
    "a bad regex": (
        jobs("run: x\nglob: {regex: '('}"),
        '5:23: job 1 of "pre-commit": "regex": "(" is not a regular expression: missing ), unterminated subpattern',
    ),
    "a deep regex": (jobs(f"run: x\nglob: {{regex: '{'(' * 9_000}'}}"), "is not a regular expression"),
    "an empty glob": (
        jobs("run: x\nglob: ['']"),
        '5:16: job 1 of "pre-commit": "glob": expected a text, found an empty',
    ),
    "a pattern that says nothing": (
        jobs("run: x\nglob: [{}]"),
        '5:16: job 1 of "pre-commit": "glob": a pattern has one of regex or glob',
    ),
    "a key of a pattern": (
        jobs("run: x\nexclude: {regex: a, globs: b}"),
        '5:29: job 1 of "pre-commit": unknown key "globs"',
    ),
    "file_types": (
        jobs("run: x\nfile_types: [txt]"),
        '5:22: job 1 of "pre-commit": "file_types": expected text, binary, executable, not executable, symlink or not '
        'symlink, or a MIME type of docs/files.md, found "txt" (did you mean "text"?)',
    ),
    "an unknown MIME type": (
        jobs("run: x\nfile_types: [text/x-pyton]"),
        'found "text/x-pyton" (did you mean "text/x-python"?)',
    ),
    "uptodate without the files that the job is about": (
        jobs("run: grep -r evil .\nglob: '*.py'\nuptodate: grep --version"),
        '6:9: job "grep-r-evil": the files that the job gets are not its inputs; add them as "inputs", or "inputs: []"',
    ),
    "arch": (
        jobs("run: x\narch: arm"),
        '5:15: job 1 of "pre-commit": "arch": expected x86_64, amd64, aarch64 or arm64',
    ),
    "background_output": (jobs("run: x\nbackground_output: quiet"), '"background_output": expected log or silent'),
    "priority": (jobs("run: x\npriority: high"), '5:19: job 1 of "pre-commit": "priority": expected a whole number'),
    "interactive": (jobs("run: x\ninteractive: yes"), 'found the text "yes"; write true'),
    "use_stdin": (jobs("run: x\nuse_stdin: 1"), '"use_stdin": expected true or false, found the number 1'),
    "stage_fixed": (jobs("run: x\nstage_fixed: on"), '"stage_fixed": expected true or false, found the text "on"'),
    "fail_text": (jobs("run: x\nfail_text: [a]"), '5:20: job 1 of "pre-commit": "fail_text": expected a text'),
    "shell": (jobs("run: x\nshell: ''"), '5:16: job 1 of "pre-commit": "shell": expected a text, found an empty one'),
    "the log": (jobs("run: x\nlog: {max_log_size: 1}"), '5:29: job 1 of "pre-commit": "max_log_size": a size is'),
    "a key of the file's log": (
        jobs("run: x\nlog: {keep_last: 3}"),
        '5:15: job 1 of "pre-commit": unknown key "keep_last" in a job log: it is a key of a log',
    ),
    "a key of the log": (jobs("run: x\nlog: {retension: 1d}"), 'unknown key "retension" (did you mean "retention"?)'),
    "a key of a hook": (jobs("run: x\nfail_mode: warn"), 'unknown key "fail_mode" in a job: it is a key of a hook'),
    "a key that daft alone has": (
        jobs("run: x\ntracks: [branch]"),
        '5:9: job 1 of "pre-commit": "tracks" is not supported, since git fires no hook when a working tree is moved; '
        "remove it",
    ),
    "needs as a text": (jobs("run: x\nneeds: a"), '"needs": expected a list, found the text "a"; write [a]'),
}

GROUPS: Cases = {
    "a list": (
        group("[{run: x}]"),
        '4:16: job 1 of "pre-commit": "group": expected a mapping of keys to values, found',
    ),
    "a text": (
        group("a"),
        '4:16: job 1 of "pre-commit": "group": expected a mapping of keys to values, found the text',
    ),
    "a key": (
        group("{paralell: true}"),
        '4:17: job 1 of "pre-commit": unknown key "paralell" (did you mean "parallel"?)',
    ),
    "a key of a job": (group("{needs: [a]}"), 'unknown key "needs" in a group: it is a key of a job'),
    "jobs as a map": (group("{jobs: {a: b}}"), '"jobs": expected a list, found a mapping; write "- " before each job'),
    "a job": (
        group("{jobs: [{nam: a, run: x}]}"),
        '4:25: job 1 of the group in job 1 of "pre-commit": unknown key "nam"',
    ),
    "a job of a named one": (
        jobs("name: g\ngroup: {jobs: [{run: x}, {run: 3}]}"),
        '5:40: job 2 of group "g": "run": expected a text, found the number 3',
    ),
    "a named job": (group("{jobs: [{name: a, run: x, nice: 99}]}"), '4:48: job "a": "nice": expected a whole number'),
    "a group in a group": (
        group("{jobs: [{name: g, group: {jobs: [{group: {jobs: [{run: x}, {run: y, tag: z}]}}]}}]}"),
        'job 2 of the group in job 1 of group "g": unknown key "tag" (did you mean "tags"?)',
    ),
    "too deep": (
        group("{jobs: [{group: " * 9 + "{}" + "}]}" * 9),
        '4:16: job 1 of "pre-commit": "group": groups are nested more than 8 levels deep',
    ),
}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(*case, id=f"{level}: {name}")
        for level, cases in {"file": FILE, "hook": HOOK, "condition": CONDITIONS, "job": JOB, "group": GROUPS}.items()
        for name, case in cases.items()
    ],
)
def test_c2_a_wrong_key_is_one_error_at_its_place(tmp_path: Path, content: str, expected: str) -> None:
    (error,) = errors_in(tmp_path, content)
    if expected[0].isdigit():
        assert error.startswith(expected)
    else:
        assert expected in error


HIDING = {
    "a condition in a condition": "skip: [{all: [{changed: {regexx: y}}]}]",
    "a condition that asks nothing": "only: {all: [{reff: main}]}",
    "a setup": "setup: [{rum: x}, {run: [a, 3]}, {run: {linx: a}}]",
    "a pattern": "exclude: [{regexx: a}, 3]",
    "concurrency": "concurrency: {wait: soon}",
    "a list of commands": "jobs: [{run: [3]}]",
    "commands by system": "jobs: [{run: {linux: [3], mac: x}}]",
    "a group that is none": "jobs: [{group: 3}]",
    "a job in a group in a group": "jobs: [{group: {jobs: [{group: {jobs: [{rum: 3, log: 3}]}}]}}]",
    "two commands, one of them wrong": "jobs: [{run: 3, script: ../x}]",
}


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in HIDING.items()])
def test_c2_what_is_wrong_in_a_body_does_not_hide_the_graph(tmp_path: Path, body: str) -> None:
    """Enough is removed with an error that no further error follows."""
    content = f"hooks:\n  pre-commit: {{{body}}}\n  pre-push: {{jobs: [{{name: a, run: x, needs: [gone]}}]}}\n"
    found = errors_in(tmp_path, content)
    assert len(found) > 1
    assert 'unknown job "gone" in needs' in found[-1]
