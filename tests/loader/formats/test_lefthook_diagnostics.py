"""The parts of a lefthook.yml that our format does not have: a note, or an error."""

import pytest

from kit.hook_files.lefthook import diagnostics, pre_commit, translated

NOTICES = [
    (
        "remotes: [{git_url: x}]",
        ['W 1:1 "remotes" is not checked here: remotes are not fetched, and their hooks do not run'],
    ),
    (
        "remote: {git_url: x}",
        ['W 1:1 "remote" is not checked here: remotes are not fetched, and their hooks do not run'],
    ),
    (
        "ai: {claude: {Stop: x}}",
        ['N 1:1 "ai" is ignored: no settings of other programs are written; its jobs can be run as a task'],
    ),
    ("no_tty: true", ['N 1:1 "no_tty" is ignored: terminals are detected automatically']),
    (
        "install_non_git_hooks: true",
        ['N 1:1 "install_non_git_hooks" is ignored: a hook that git does not fire is a task here'],
    ),
    ("colors: {red: 1}", ['N 1:1 "colors" is ignored: the colors themselves cannot be configured']),
    ("output: [sumary]", ['N 1:10 the text "sumary" is ignored: "output" has no such value']),
    ("output: false\nskip_output: [meta]", ['N 2:1 "skip_output" is ignored: "output" takes precedence']),
    ("glob_matcher: regex", ['N 1:1 "glob_matcher" is ignored: expected gobwas or doublestar']),
    ("min_versoin: 1", ['N 1:1 "min_versoin" is ignored: unknown key of lefthook (did you mean "min_version"?)']),
    ("parallel: true", ['N 1:1 "parallel" is ignored: it is a key of hooks; move it below the name of a hook']),
    (
        "pre-receive: {jobs: []}",
        ['N 1:1 "pre-receive" is ignored: only client-side hooks of git are run'],
    ),
    (
        "pre-comit: {jobs: []}",
        ['N 1:1 "pre-comit" is not a git hook and runs only as a task (did you mean "pre-commit"?)'],
    ),
    (
        pre_commit("skpi: true"),
        ['N 2:3 "skpi" is ignored: unknown key of lefthook\'s hooks, in hook "pre-commit" (did you mean "skip"?)'],
    ),
    (
        pre_commit("parallel: true\nfollow: true"),
        ['N 3:3 "follow" is ignored: the output of parallel jobs is shown one job after the other'],
    ),
    (
        pre_commit("fail_on_changes_diff: false"),
        ['N 2:3 "fail_on_changes_diff" is ignored: the diff is always shown'],
    ),
    (
        pre_commit("stash_unstaged_changes: false"),
        ['N 2:3 "stash_unstaged_changes" is ignored: unstaged changes are hidden whenever jobs change files'],
    ),
    (
        pre_commit("skip: [true, rebase, {ref: [main], run: x}]"),
        [
            "N 2:10 the boolean true in a list never holds: a word is merge, rebase or merge-commit",
            'N 2:30 "ref" with a list never holds: lefthook takes one text; write an item for each',
        ],
    ),
    (pre_commit("skip: CI"), ['N 2:9 "CI" never holds: a word is merge, rebase or merge-commit']),
    (
        pre_commit("skip: {ref: main}"),
        ['N 2:3 "skip" never holds: lefthook reads conditions from a list; write "- " before "ref"'],
    ),
    (
        pre_commit("only: [{os: linux}]"),
        [
            'N 2:3 "only" never holds, so the hook or job never runs',
            'N 2:11 "os" is ignored: unknown key of a condition',
        ],
    ),
    (
        pre_commit("jobs: [{run: x, file_types: [txt, text/x-sh, text/vnd.a], runner: sh}]"),
        [
            'N 2:32 "txt" is ignored: lefthook has no such file type',
            'N 2:48 "text/vnd.a" is ignored: dodo-hooks has no such file type',
            'N 2:61 "runner" is ignored: it needs a script',
        ],
    ),
    (pre_commit("jobs: [{run: x, root: /web}]"), ['N 2:25 "/web" is read as "web": below the top of the repository']),
    (
        pre_commit("jobs: [{run: x, pass_filenames: true}]"),
        ['N 2:19 "pass_filenames" is ignored: unknown key of lefthook\'s "jobs"'],
    ),
    (
        pre_commit("commands: {a: {run: x, globs: y}}"),
        ['N 2:26 "globs" is ignored: unknown key of lefthook\'s "commands" (did you mean "glob"?)'],
    ),
    (
        pre_commit("jobs: [{stage_fixed: true, group: {jobs: []}}]"),
        ['N 2:11 "stage_fixed" is ignored: lefthook does not pass it to the jobs of a group'],
    ),
    (
        pre_commit("jobs: [{run: x, glob: y}]", "post-merge"),
        ['N 2:19 "glob" is ignored: lefthook does not filter files for a command of "post-merge" that names none'],
    ),
    (
        pre_commit("files: z\nexclude: v\njobs: [{glob: y, root: web, group: {jobs: [{script: x}]}}]", "post-merge"),
        [
            'N 2:3 "files" is ignored: lefthook does not filter files for a script without a list',
            'N 3:3 "exclude" is ignored: lefthook does not filter files for a script without a list',
            'N 4:11 "glob" is ignored: lefthook does not filter files for a script without a list',
        ],
    ),
    (
        pre_commit("jobs: [{run: x, stage_fixed: true}]", "pre-push"),
        ['N 2:19 "stage_fixed" is ignored: lefthook stages fixes in pre-commit alone'],
    ),
    (
        pre_commit("jobs: [{script: x, glob: y}]"),
        ['N 2:22 "glob" is ignored: lefthook does not filter files for a script without a list'],
    ),
    (pre_commit("jobs: [{name: a, run: x}, {name: a, run: y}]"), ['N 2:36 "a" is taken: the job is named "a 2"']),
    (pre_commit("jobs: [{name: a=b@c, run: x}]"), ['N 2:17 "a=b@c" cannot be a name here: the job is named "a-b-c"']),
    (
        pre_commit("jobs: [{run: x, exclude: vendor}]"),
        [
            'N 2:28 "vendor" is read as a glob, as by lefthook 2, not as a regular expression, as by lefthook 1; '
            "write a list to be sure"
        ],
    ),
]


FINDINGS = [
    (
        pre_commit("jobs: [{run: [a, b]}]"),
        ['E 2:16 a job of "pre-commit": "run": lefthook takes one text, found a list'],
    ),
    (
        pre_commit("commands: {a: {run: {linux: x}}}"),
        ['E 2:23 job "a": "run": lefthook takes one text, found a mapping'],
    ),
    (
        pre_commit("commands: {a: {rnu: x}}\nscripts: {a.sh: {rnu: x}}\njobs: [{run: y, runn: x}]"),
        [
            'E 2:18 : unknown key "rnu" of lefthook\'s "commands" (did you mean "run"?)',
            'N 3:20 "rnu" is ignored: unknown key of lefthook\'s "scripts" (did you mean "run"?)',
            'N 4:19 "runn" is ignored: unknown key of lefthook\'s "jobs" (did you mean "run"?)',
        ],
    ),
    (
        pre_commit("commands: [{run: a}]"),
        ['E 2:13 hook "pre-commit": "commands": expected a mapping of names to what they run, found a list'],
    ),
    (
        pre_commit("fail_on_changes: sometimes"),
        ['E 2:20 hook "pre-commit": "fail_on_changes": expected always, never, ci or non-ci'],
    ),
    (
        pre_commit("jobs: [{name: a, run: b, glob: 'x[y'}]"),
        ['E 2:34 job "a": "glob": \'x[y\' has a [ without its ]; add it, or write \\[ for the character'],
    ),
    (
        pre_commit("skip: [{ref: 'a['}]"),
        ["E 2:16 : \"ref\": 'a[' has a [ without its ]; add it, or write \\[ for the character"],
    ),
    (
        pre_commit(r"jobs: [{name: a, run: b, exclude: '^\pL+$'}]"),
        [r'E 2:37 job "a": "exclude": "^\pL+$" cannot be used here: Python has no \p; write the characters out'],
    ),
]


@pytest.mark.parametrize(("text", "expected"), NOTICES)
def test_what_means_less_here_is_reported_and_nothing_fails(text: str, expected: list[str]) -> None:
    assert diagnostics(text) == expected


@pytest.mark.parametrize(("text", "expected"), FINDINGS)
def test_what_would_let_a_gate_pass_unchecked_is_an_error(text: str, expected: list[str]) -> None:
    assert diagnostics(text) == expected


@pytest.mark.parametrize("only", ["[{os: linux}]", "[]", "{ref: main}", "CI", "[true]", "[{ref: [main]}]"])
def test_c7_what_lefthook_never_runs_never_runs_here(only: str) -> None:
    root = translated(pre_commit(f"only: {only}"))
    assert root["hooks"]["pre-commit"]["only"] is False


@pytest.mark.parametrize("skip", ["[{os: linux}]", "[]", "{ref: main}", "CI", "[true]", "[{ref: [main]}]"])
def test_c7_what_lefthook_never_skips_is_never_skipped_here(skip: str) -> None:
    root = translated(pre_commit(f"skip: {skip}"))
    assert "skip" not in root["hooks"]["pre-commit"]
