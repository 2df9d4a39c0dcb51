"""The translation of each key of a daft.yml: the same meaning in our format, a notice, or an error."""

import textwrap
from typing import Any

import pytest

from dodo_hooks.core.git_hooks import CLIENT_HOOKS
from dodo_hooks.fire.environment import DAFT_VARIABLES, DAFT_VARIABLES_OF_HOOKS
from dodo_hooks.loader.formats.daft.daft_file import translate
from kit.hook_files.nodes import describe_diagnostics, plain, tree


def translated(text: str) -> Any:
    """Return the file in our format, where there are no diagnostics."""
    translation = translate(tree(text))
    assert translation.diagnostics == []
    return plain(translation.root)


def diagnostics(text: str) -> list[str]:
    """Return the notes (N), the warnings (W) and the errors (E) with their locations."""
    return describe_diagnostics(translate(tree(text)).diagnostics)


def a_hook(body: str, name: str = "pre-commit") -> str:
    """Return a file with one hook, whose body begins in line 3, column 5."""
    return f"hooks:\n  {name}:\n{textwrap.indent(body, '    ')}"


def a_job(keys: str, name: str = "pre-commit") -> str:
    """Return a file with one job, whose keys begin in line 4, column 9."""
    return a_hook("jobs:\n" + textwrap.indent(keys, "    ").replace("    ", "  - ", 1), name)


def job(keys: str, name: str = "pre-commit") -> Any:
    (only,) = translated(a_job(keys, name))["hooks"][name]["jobs"]
    return only


TOP_KEYS = [
    ("colors: true\nrc: x\ntemplates: {a: b}", {"colors": True, "rc": "x", "templates": {"a": "b"}}),
    ("min_version: 1.5.0\nextends: [a]\nsource_dir: x\nsource_dir_local: y\nskip_lfs: true\nno_tty: false", {}),
    ("output: false", {"output": False}),
    (
        "log: {retention: 14d, max_log_size: 10MB, max_total_size: 500MB, keep_last: 3}",
        {"log": {"retention": "14d", "max_log_size": "10MB", "max_total_size": "500MB", "keep_last": 3}},
    ),
    (
        "tasks: {run: {parallel: true, jobs: [{run: x}]}}",
        {"tasks": {"run": {"parallel": True, "jobs": [{"run": "x"}]}}},
    ),
]


@pytest.mark.parametrize(("text", "expected"), TOP_KEYS)
def test_a_key_of_the_file(text: str, expected: object) -> None:
    assert translated(text) == expected


HOOK_KEYS = [
    ("parallel: true\nbackground: true", {"parallel": True, "background": True}),
    ("piped: true", {"piped": True}),
    ("follow: true", {"follow": True}),
    ("exclude_tags: [slow]", {"exclude_tags": ["slow"]}),
    ("fail_mode: Warn", {"fail_mode": "warn"}),
    ("fail_on_changes: ci", {"fail_on_changes": ["ci"]}),
    ("skip: CI", {"skip": "CI"}),
    ("skip: merge", {"skip": {"env": "merge"}}),
    ("skip: [merge, rebase]", {"skip": ["merge", "rebase"]}),
    ("skip: {ref: a/b}", {"skip": {"ref": "a/b"}}),
    ("skip: {ref: a/b, env: X}", {"skip": [{"ref": "a/b"}, {"env": "X"}]}),
    (
        "skip: [{ref: main, env: X, desc: why}]",
        {"skip": [{"ref": "main", "desc": "why"}, {"env": "X", "desc": "why"}]},
    ),
    (
        "skip: [{ref: release/*}, {changed: ['docs/**', '*.md']}]",
        {"skip": [{"ref": "release/**"}, {"changed": ["docs/**", "/*.md"]}]},
    ),
    (
        "skip: {macos: [{env: A}], linux: [rebase]}",
        {
            "skip": [
                {"all": [{"run": 'test "$(uname -s)" = Darwin'}, {"env": "A"}]},
                {"all": [{"run": 'test "$(uname -s)" = Linux'}, "rebase"]},
            ]
        },
    ),
    ("only: false", {"only": False}),
    ("only: DEPLOY", {"only": "DEPLOY"}),
    ("only: [merge]", {"only": ["merge"]}),
    ("only: [merge, {env: A, run: x}]", {"only": [{"all": ["merge", {"env": "A", "run": "x"}]}]}),
    (
        "only: {macos: [{env: A}]}",
        {
            "only": [
                {"all": [{"run": 'test "$(uname -s)" = Darwin'}, {"env": "A"}]},
                {"run": 'case "$(uname -s)" in Darwin) false ;; esac'},
            ]
        },
    ),
    ("setup: [{run: x}]", {"setup": [{"run": "x"}]}),
    ("commands: {a: {run: x, tags: t}}", {"jobs": [{"name": "a", "run": "x", "tags": ["t"]}]}),
    ("jobs: [{run: x}]\ncommands: {a: {run: y}}", {"jobs": [{"run": "x"}, {"name": "a", "run": "y"}]}),
    (
        "exclude: ['*.lock']\nfiles: ls\njobs: [{run: x, glob: a/*}, {run: y}]",
        {"jobs": [{"run": "x", "glob": "a/*", "exclude": ["/*.lock"], "files": "ls"}, {"run": "y"}]},
    ),
]


@pytest.mark.parametrize(("text", "expected"), HOOK_KEYS)
def test_a_key_of_a_hook(text: str, expected: object) -> None:
    assert translated(a_hook(text))["hooks"]["pre-commit"] == expected


JOB_KEYS = [
    (
        "name: a\ndescription: b\nneeds: [c]\nbackground: true\nbackground_output: silent\nrun: x",
        {
            "name": "a",
            "description": "b",
            "needs": ["c"],
            "background": True,
            "background_output": "silent",
            "run": "x",
        },
    ),
    (
        "fail_text: a\ninteractive: true\npriority: 1\narch: [x86_64]\nuse_stdin: true\nrun: x",
        {"fail_text": "a", "interactive": True, "priority": 1, "arch": ["x86_64"], "use_stdin": True, "run": "x"},
    ),
    ("log: {retention: 1d}\nstage_fixed: true\nrun: x", {"stage_fixed": True, "log": {"retention": "1d"}, "run": "x"}),
    ("run: {linux: x, macos: [y, z]}", {"run": {"linux": "x", "macos": ["y", "z"]}}),
    ("run: x\nos: [macos, linux]", {"run": {"macos": "x", "linux": "x"}}),
    ("run: {linux: x, macos: y}\nos: linux", {"run": {"linux": "x"}}),
    ("script: setup.sh\nrunner: bash\nargs: --verbose", {"run": "bash .daft/setup.sh --verbose"}),
    ("script: setup.sh", {"run": ".daft/setup.sh"}),
    ("run: x\nroot: web", {"run": "x", "root": "web"}),
    ("run: x {files}\nroot: web", {"run": 'cd "web" || exit\nx {staged_files}'}),
    ("run: {linux: x}\nroot: web\nglob: 'a/**'", {"run": {"linux": 'cd "web" || exit\nx'}, "glob": "a/**"}),
    ('run: x\nroot: "{worktree_root}/a"', {"run": 'cd "{worktree_root}/a" || exit\nx'}),
    ("run: x\nglob: ['*.{js,ts}', 'src/**']", {"run": "x", "glob": ["/*.{js,ts}", "src/**"]}),
    ("run: x {changed_files}\nfiles: ls", {"run": "x {files}", "files": "ls"}),
    ("run: x {push_files}\nfile_types: text", {"run": "x {push_files}", "file_types": "text"}),
    ("run: x\nenv: {A: 1, B: }", {"run": "x", "env": {"A": 1, "B": ""}}),
    ('run: x\nenv: {A: "a-{branch}$`"}', {"run": 'export A="a-{branch}\\$\\`"\nx'}),
    ("run: echo {worktree_path} {job_name} ${x} {7}", {"run": "echo {worktree_path} {job_name} ${x} {7}"}),
    (
        "name: g\nneeds: [a]\ngroup: {piped: true, jobs: [{run: x}, {run: 'y {files}'}]}",
        {
            "name": "g",
            "needs": ["a"],
            "group": {"piped": True, "jobs": [{"run": "x"}, {"run": "y {staged_files}"}]},
        },
    ),
]


@pytest.mark.parametrize(("text", "expected"), JOB_KEYS)
def test_a_key_of_a_job(text: str, expected: object) -> None:
    assert job(text) == expected


@pytest.mark.parametrize(
    ("hook", "expected"),
    [("commit-msg", "x {staged_files}"), ("pre-push", "x {push_files}"), ("post-checkout", "x {changed_files}")],
)
def test_the_files_of_a_hook_are_what_the_hook_is_about(hook: str, expected: str) -> None:
    assert job("run: x {files}", hook)["run"] == expected


@pytest.mark.parametrize(
    ("hook", "expected"),
    [("pre-push", None), ("worktree-post-create", None), ("post-clone", "warn"), ("post-commit", "warn")],
)
def test_a_hook_that_git_does_not_listen_to_warns(hook: str, expected: str | None) -> None:
    assert translated(a_hook("jobs: []", hook))["hooks"][hook].get("fail_mode") == expected


def test_what_git_fires_after_a_merge_has_another_name() -> None:
    assert list(translated(a_hook("jobs: []", "git-post-merge"))["hooks"]) == ["post-merge"]


def test_the_variables_of_a_job_are_those_of_hooks_that_there_are() -> None:
    assert set(DAFT_VARIABLES_OF_HOOKS) <= set(CLIENT_HOOKS)
    of_hooks = [pair for pairs in DAFT_VARIABLES_OF_HOOKS.values() for pair in pairs]
    names = [name for name, _ in DAFT_VARIABLES]
    assert len(names) == len(set(names))
    assert all(theirs.startswith("DAFT_") and ours.startswith("DODO_") for theirs, ours in (*DAFT_VARIABLES, *of_hooks))


NOTICES = [
    ("merge: {ff: only}", ['N 1:1 "merge" is ignored: hook files do not configure merges of branches']),
    ("relations: []", ['N 1:1 "relations" is ignored: hook files do not configure other repositories']),
    ("layout: x", ['N 1:1 "layout" is ignored: hook files do not configure where working trees are']),
    ("no_tty: true", ['N 1:1 "no_tty" is ignored: terminals are detected automatically']),
    ("output: [pre-push]", ['N 1:1 "output" is ignored: the output cannot be configured for a single hook']),
    (
        "env: {salt: x}",
        ['N 1:1 "env" is ignored: jobs get no values that are derived for each working tree'],
    ),
    (
        "copy: [target]",
        ['N 1:1 "copy" is ignored: nothing is copied into a new working tree; use a job of worktree-post-create'],
    ),
    (
        "shared: [.env]",
        ['N 1:1 "shared" is ignored: no files are shared among working trees; use a job of worktree-post-create'],
    ),
    ("tsks: {}", ['N 1:1 "tsks" is ignored: unknown key of daft (did you mean "tasks"?)']),
    (
        "log: {stale_running_after: 1d, x: y}",
        [
            'N 1:7 "stale_running_after" is ignored: a dead run is detected by its lock, not by its age',
            'N 1:32 "x" is ignored: unknown key of daft\'s "log"',
        ],
    ),
    (
        a_hook("jobs: []", "worktree-pre-create"),
        [
            'N 2:3 "worktree-pre-create" is ignored: '
            "this hook never fires here: git fires nothing before it makes a working tree"
        ],
    ),
    (
        a_hook("jobs: []", "pre-merge"),
        ['N 2:3 "pre-merge" is ignored: this hook never fires here: only "daft merge" fires it'],
    ),
    (
        a_hook("jobs: []", "post-merge"),
        [
            'N 2:3 "post-merge" is ignored: this hook never fires here: in a daft.yml this is the hook of '
            '"daft merge"; that of git is "git-post-merge" there'
        ],
    ),
    (a_hook("jobs: []", "xyzzy"), ['N 2:3 "xyzzy" is ignored: neither git nor daft has a hook of this name']),
    (a_hook("skpi: true"), ['N 3:5 "skpi" is ignored: unknown key of daft\'s hooks (did you mean "skip"?)']),
    (a_hook("skip: [CI]"), ['N 3:12 "CI" never holds: a word is merge or rebase']),
    (a_hook("only: [CI, merge]"), ['N 3:12 "CI" never holds: a word is merge or rebase']),
    ("tasks: {a: {fail_mode: warn}}", ['N 1:13 "fail_mode" is ignored: a task fails when one of its jobs fails']),
    (
        a_job("tracks: [path]\nrun: x"),
        ['N 4:9 "tracks" is ignored: jobs do not run again after a working tree was moved'],
    ),
    (a_job("inputs: [a]\nrun: x"), ['N 4:9 "inputs" is ignored: unknown key of daft\'s "jobs"']),
    (
        a_job("run: x\nlog:\n  retention: 1d\n  keep_last: 3\n  stale_running_after: 1h\n  retain: 1"),
        [
            'N 7:11 "keep_last" is ignored: it is a key of all jobs together; set it in the "log" of the file',
            'N 8:11 "stale_running_after" is ignored: a dead run is detected by its lock, not by its age',
            'N 9:11 "retain" is ignored: unknown key of daft\'s "log"',
        ],
    ),
    (
        "hooks:\n  pre-push:\n    jobs: [{run: x, stage_fixed: true}]",
        ['N 3:21 "stage_fixed" is ignored: nothing to stage in "pre-push"'],
    ),
    (a_job("run: x {old_branch}"), ['N 4:14 "{old_branch}" has no value here and stays unchanged']),
]

FINDINGS = [
    (
        a_job("name: a\nos: macos\ngroup: {jobs: []}"),
        ['E 5:9 job "a": "os" needs a job with a command'],
    ),
    (
        a_job("name: a\nos: beos\nrun: x"),
        ['E 5:13 job "a": "os": expected linux, macos or windows, found the text "beos"'],
    ),
    (
        a_job("name: a\nrun: x\nglob: 'a/[b'"),
        ['E 6:15 job "a": "glob": \'a/[b\' has a [ without its ]; add it, or write \\[ for the character'],
    ),
    (
        a_hook("skip: [{changed: ['a[', b]}]"),
        ["E 3:23 : \"changed\": 'a[' has a [ without its ]; add it, or write \\[ for the character"],
    ),
    (
        a_hook("commands: [x]"),
        ['E 3:15 hook "pre-commit": "commands": expected a mapping of names to what they run, found a list'],
    ),
    (
        a_hook("fail_on_changes: sometimes"),
        ['E 3:22 hook "pre-commit": "fail_on_changes": expected always, never, ci or non-ci'],
    ),
]


@pytest.mark.parametrize(("text", "expected"), NOTICES)
def test_what_means_less_here_is_reported_and_nothing_fails(text: str, expected: list[str]) -> None:
    assert diagnostics(text) == expected


@pytest.mark.parametrize(("text", "expected"), FINDINGS)
def test_what_cannot_be_done_as_written_is_an_error(text: str, expected: list[str]) -> None:
    assert diagnostics(text) == expected


def test_c7_an_only_of_which_one_part_never_holds_never_holds() -> None:
    root = plain(translate(tree(a_hook("only: [CI, merge]"))).root)
    assert root["hooks"]["pre-commit"]["only"] is False


def test_a_misspelt_gate_is_left_to_the_models_which_refuse_it() -> None:
    assert list(translated(a_hook("jobs: []", "pre-comit"))["hooks"]) == ["pre-comit"]


@pytest.mark.parametrize(
    "text",
    ["hooks: 3", "hooks: {pre-commit: [a]}", a_hook("jobs: {a: b}"), a_job("[a]"), a_job("group: 3"), "log: 3"],
)
def test_what_has_a_wrong_type_is_left_to_the_models(text: str) -> None:
    assert [one for one in diagnostics(text) if one.startswith("F")] == []
