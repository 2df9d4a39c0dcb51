"""The translation of each key of a lefthook.yml: the same meaning in our format, a notice, or an error."""

import textwrap
from typing import Any

import pytest

from dodo_hooks.loader.formats.lefthook.lefthook_file import translate
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, node_at
from kit.nodes import plain, tree


def translated(text: str) -> Any:
    """Return the file in our format, where there are no diagnostics."""
    translation = translate(tree(text))
    assert (translation.findings, translation.notices) == ([], [])
    return plain(translation.root)


def diagnostics(text: str) -> list[str]:
    """Return the notices (N) and the findings (F) with their locations."""
    translation = translate(tree(text))
    notices = [f"N {one.mark.line}:{one.mark.column} {one.message}" for one in translation.notices]
    return notices + [f"F {one.mark.line}:{one.mark.column} {one.who}: {one.message}" for one in translation.findings]


def pre_commit(body: str, name: str = "pre-commit") -> str:
    """Return a file with one hook, whose body begins in line 2, column 3."""
    return f"{name}:\n{textwrap.indent(textwrap.dedent(body), '  ')}"


def hook(body: str, name: str = "pre-commit") -> Any:
    return translated(pre_commit(body, name))["hooks"][name]


def job(keys: str, name: str = "pre-commit") -> Any:
    """Return the keys of the only job of a hook."""
    (only,) = hook("jobs:\n" + textwrap.indent(textwrap.dedent(keys), "    ").replace("    ", "  - ", 1), name)["jobs"]
    return only


TOP_KEYS = [
    ("rc: ~/.rc", {"rc": "~/.rc"}),
    ("source_dir: hooks\nsource_dir_local: mine", {"source_dir": "hooks", "source_dir_local": "mine"}),
    ("templates: {dip: docker compose, none: }", {"templates": {"dip": "docker compose", "none": ""}}),
    ("templates: {n: 5, b: true}", {"templates": {"n": "5", "b": "true"}}),
    ("x-base: &b {run: x}\nrc: ~/.rc", {"rc": "~/.rc"}),
    ("colors: false", {"colors": False}),
    ("colors: off", {"colors": False}),
    ("colors: auto", {}),
    ("output: true", {"output": True}),
    ("output: false", {"output": False}),
    ("output: [meta, summary, success, execution_out]", {"output": ["summary", "execution"]}),
    ("output: [failure, skips, execution]", {"output": ["failure", "skips", "execution"]}),
    ("skip_output: true", {"output": False}),
    ("skip_output: [meta, summary, skips]", {"output": ["execution", "failure"]}),
    ("no_tty: false\ninstall_non_git_hooks: false", {}),
    ("$schema: x\nmin_version: 1.6.0\nextends: [a]\nglob_matcher: gobwas\nlefthook: npx lefthook", {}),
    ("assert_lefthook_installed: true\nskip_lfs: true\nno_auto_install: true", {}),
    ("colors:\noutput:\nrc:", {}),
]


@pytest.mark.parametrize(("text", "expected"), TOP_KEYS)
def test_a_key_of_the_file(text: str, expected: object) -> None:
    assert translated(text) == expected


HOOK_KEYS = [
    ("parallel: true", {"parallel": True}),
    ("parallel: false", {"parallel": False}),
    ("{}", {"parallel": False}),
    ("piped: true", {"piped": True}),
    ("piped: true\nparallel: false", {"piped": True}),
    ("piped: false", {"parallel": False}),
    ("follow: true", {"parallel": False}),
    ('parallel: "true"\nexclude_tags: [1]', {"parallel": True, "exclude_tags": ["1"]}),
    ("parallel: true\npiped: true", {"parallel": True, "piped": True}),  # the models reject it
    ("skip: true", {"parallel": False, "skip": True}),
    ("skip: merge", {"parallel": False, "skip": "merge"}),
    ("skip: [merge, rebase, merge-commit]", {"parallel": False, "skip": ["merge", "rebase", "merge-commit"]}),
    ("only: [{ref: dev/*}]", {"parallel": False, "only": [{"ref": "dev/**"}]}),
    (
        "skip: [{ref: main}, {run: test -f x}]",
        {"parallel": False, "skip": [{"ref": "main"}, {"run": "test -f x"}]},
    ),
    ("skip: [{ref: a/b, run: x}]", {"parallel": False, "skip": [{"ref": "a/b"}, {"run": "x"}]}),
    ("exclude_tags: slow", {"parallel": False, "exclude_tags": ["slow"]}),
    ("setup: [{run: npm ci}]", {"parallel": False, "setup": [{"run": "npm ci"}]}),
    ("fail_on_changes: never", {"parallel": False}),
    ("fail_on_changes: false", {"parallel": False}),
    ("fail_on_changes: always", {"parallel": False, "fail_on_changes": True}),
    ("fail_on_changes: true\nfail_on_changes_diff: true", {"parallel": False, "fail_on_changes": True}),
    ("fail_on_changes: ci", {"parallel": False, "fail_on_changes": ["ci"]}),
    ("fail_on_changes: non-ci", {"parallel": False, "fail_on_changes": ["non-ci"]}),
    ("stash_unstaged_changes: true", {"parallel": False}),
    ("commands: {}", {"parallel": False, "jobs": []}),
]


@pytest.mark.parametrize(("text", "expected"), HOOK_KEYS)
def test_a_key_of_a_hook(text: str, expected: object) -> None:
    assert hook(text) == expected


JOB_KEYS = [
    ("run: 1\nname: 2\ninteractive: 'false'", {"name": "2", "run": "1", "interactive": False}),
    ("run: x\nname: lint", {"name": "lint", "run": "x"}),
    (
        "run: x\nfail_text: no\ninteractive: true\nuse_stdin: true\nstage_fixed: true",
        {"run": "x", "fail_text": "no", "interactive": True, "use_stdin": True, "stage_fixed": True},
    ),
    ("run: x\nargs: '{staged_files} -v'", {"run": "x {staged_files} -v"}),
    ("run: x\ntags: [a, b]", {"run": "x", "tags": ["a", "b"]}),
    ("run: x\ntags: a", {"run": "x", "tags": ["a"]}),
    ("run: x\ntimeout: 15s", {"run": "x", "timeout": "15s"}),
    ("run: x\ntimeout: 1m30s", {"run": "x", "timeout": "90s"}),
    ("run: x\ntimeout: 1.5s", {"run": "x", "timeout": "1500ms"}),
    ("run: x\ntimeout: 1m1500us", {"run": "x", "timeout": "60002ms"}),
    ("run: x\ntimeout: soon", {"run": "x", "timeout": "soon"}),  # the models reject it
    ("run: x\nskip: merge\nonly: [rebase]", {"run": "x", "skip": "merge", "only": ["rebase"]}),
    ("run: x\nroot: web/", {"run": "x", "root": "web/", "glob": "**"}),
    ("run: x {all_files}\nroot: web/", {"run": "x {all_files}", "root": "web/"}),
    ("run: x\nroot: web/\nglob: '*'", {"run": "x", "root": "web/", "glob": "*"}),
    ("run: x\nglob: '*.js'", {"run": "x", "glob": {"glob": "*.js", "ignore_case": True}}),
    ("run: x\nglob: ['*.js', '']", {"run": "x", "glob": [{"glob": "*.js", "ignore_case": True}]}),
    (
        "run: x\nexclude: ['*.snap', a/b.js, x.js]",
        {"run": "x", "exclude": ["*.snap", "a/b.js", "/x.js"]},
    ),
    (
        r"run: x" "\n" r"exclude: '(^|/)vendor/|\.min\.js\z'",
        {"run": "x", "exclude": {"regex": r"(^|/)vendor/|\.min\.js\Z"}},
    ),
    ("run: x\nfile_types: text", {"run": "x", "file_types": "text"}),
    ("run: x\nfile_types: [text, not symlink]", {"run": "x", "file_types": ["text", "not symlink"]}),
    ("run: x {files}\nfiles: git ls-files", {"run": "x {files}", "files": "git ls-files"}),
    ("run: x\nenv: {A: 1, B: , C: text}", {"run": "x", "env": {"A": 1, "B": "", "C": "text"}}),
    ('run: x\nenv: {PATH: "$PATH:/o p"}', {"run": 'export PATH="$PATH:/o p"\nx'}),
    ("run: x\nenv: {A: '$B`c`$(d)\"'}", {"run": r'export A="$B\`c\`\$(d)\""' + "\nx"}),
    ("run: echo {lefthook_job_name} {1}", {"run": "echo {lefthook_job_name} {1}"}),
]


@pytest.mark.parametrize(("text", "expected"), JOB_KEYS)
def test_a_key_of_a_job(text: str, expected: object) -> None:
    assert job(text) == expected


def test_a_script_is_looked_for_below_the_folder_of_lefthook() -> None:
    assert translated(pre_commit("scripts: {a.sh: {runner: bash, priority: 1}, b: }")) == {
        "source_dir": ".lefthook",
        "source_dir_local": ".lefthook-local",
        "hooks": {
            "pre-commit": {
                "parallel": False,
                "jobs": [{"name": "a.sh", "script": "a.sh", "runner": "bash"}, {"name": "b", "script": "b"}],
            }
        },
    }


def test_a_script_is_about_files_only_if_it_is_given_them() -> None:
    text = "jobs: [{script: a, args: '{staged_files}', glob: '*'}, {script: b, root: web}]"
    assert hook(text)["jobs"] == [
        {"script": "a", "args": "{staged_files}", "glob": "*"},
        {"script": "b", "root": "web"},
    ]


def test_commands_go_by_priority_then_by_number_then_by_name() -> None:
    written = (
        "10z: {run: x}, b: {run: x}, 9z: {run: x}, a: {run: x}, two: {run: x, priority: 2}, one: {run: x, priority: 1}"
    )
    names = [one["name"] for one in hook(f"commands: {{{written}}}")["jobs"]]
    assert names == ["one", "two", "9z", "10z", "a", "b"]


def test_jobs_come_before_commands_and_commands_before_scripts() -> None:
    body = "scripts: {s: {runner: sh}}\ncommands: {c: {run: c}}\njobs: [{run: j}]"
    assert [one.get("name", "") for one in hook(body)["jobs"]] == ["", "c", "s"]


def test_a_group_hands_down_what_lefthook_hands_down() -> None:
    group = """\
        exclude: ["*.x"]
        files: git ls-files
        jobs:
          - name: g
            glob: "*"
            root: web
            env: {A: "1", P: "$P:2"}
            tags: t
            skip: merge
            group:
              piped: true
              jobs:
                - {run: one}
                - {run: two, glob: ["**"], root: api, files: ls, env: {P: "3"}}
        """
    (made,) = hook(group)["jobs"]
    assert made == {
        "name": "g",
        "tags": ["t"],
        "skip": "merge",
        "env": {"A": "1"},
        "group": {
            "piped": True,
            "jobs": [
                {
                    "run": 'export P="$P:2"\none',
                    "root": "web",
                    "files": "git ls-files",
                    "glob": "*",
                    "exclude": ["*.x"],
                },
                {
                    "run": "two",
                    "root": "api",
                    "files": "ls",
                    "glob": ["*", "**"],
                    "exclude": ["*.x"],
                    "env": {"P": "3"},
                },
            ],
        },
    }


def test_a_group_is_sequential_unless_it_says_otherwise() -> None:
    groups = [one["group"] for one in hook("jobs: [{group: {jobs: []}}, {group: {parallel: true, jobs: []}}]")["jobs"]]
    assert groups == [{"parallel": False, "jobs": []}, {"parallel": True, "jobs": []}]


def test_a_name_among_the_excluded_tags_excludes_the_job() -> None:
    made = hook("exclude_tags: [lint]\ncommands: {lint: {run: x, tags: a}, test: {run: y}}")
    assert made["jobs"] == [{"name": "lint", "tags": ["a", "lint"], "run": "x"}, {"name": "test", "run": "y"}]


def test_a_hook_of_another_name_is_a_task() -> None:
    text = "tidy:\n  parallel: true\n  jobs: [{run: x, root: web}]"
    assert translated(text) == {"tasks": {"tidy": {"parallel": True, "jobs": [{"run": "x", "root": "web"}]}}}


def test_a_hook_with_nothing_in_it_is_one_without_jobs() -> None:
    assert translated("pre-commit:\n# commands:") == {"hooks": {"pre-commit": None}}


def test_with_doublestar_a_star_stays_in_its_folder() -> None:
    text = "glob_matcher: doublestar\n" + pre_commit("jobs: [{run: x, glob: 'src/**/*', exclude: [a/*, '*.js']}]")
    assert translated(text)["hooks"]["pre-commit"]["jobs"] == [
        {"run": "x", "glob": {"glob": "src/**/*", "ignore_case": True}, "exclude": ["a/*", "/*.js"]}
    ]


def test_in_other_hooks_only_a_command_that_names_files_is_about_them() -> None:
    body = "jobs: [{run: 'x {staged_files}', glob: '*'}, {run: y, files: ls, glob: '*'}]"
    assert hook(body, "commit-msg")["jobs"] == [
        {"run": "x {staged_files}", "glob": "*"},
        {"run": "y", "files": "ls", "glob": "*"},
    ]


NOTICES = [
    (
        "remotes: [{git_url: x}]",
        ['N 1:1 "remotes" is not checked here: nothing is fetched, and hooks that come from there do not run'],
    ),
    (
        "remote: {git_url: x}",
        ['N 1:1 "remote" is not checked here: nothing is fetched, and hooks that come from there do not run'],
    ),
    (
        "ai: {claude: {Stop: x}}",
        ['N 1:1 "ai" is ignored: no settings of other programs are written; its jobs can be run as a task'],
    ),
    ("no_tty: true", ['N 1:1 "no_tty" is ignored: a terminal is detected']),
    (
        "install_non_git_hooks: true",
        ['N 1:1 "install_non_git_hooks" is ignored: a hook that git does not fire is a task here, run manually'],
    ),
    ("colors: {red: 1}", ['N 1:1 "colors" is ignored: the colors themselves cannot be chosen here']),
    ("output: [sumary]", ['N 1:10 the text "sumary" is ignored: "output" has no such word']),
    ("output: false\nskip_output: [meta]", ['N 2:1 "skip_output" is ignored: "output" is there as well']),
    ("glob_matcher: regex", ['N 1:1 "glob_matcher" is ignored: it is gobwas or doublestar']),
    ("min_versoin: 1", ['N 1:1 "min_versoin" is ignored: unknown key of lefthook (did you mean "min_version"?)']),
    ("parallel: true", ['N 1:1 "parallel" is ignored: it belongs below the name of a hook']),
    (
        "pre-receive: {jobs: []}",
        ['N 1:1 "pre-receive" is ignored: only hooks that git fires where you work are run here'],
    ),
    (
        "pre-comit: {jobs: []}",
        ['N 1:1 "pre-comit" is no hook of git\'s and runs as a task only (did you mean "pre-commit"?)'],
    ),
    (
        pre_commit("skpi: true"),
        ['N 2:3 "skpi" is ignored: unknown key of lefthook\'s hooks, in hook "pre-commit" (did you mean "skip"?)'],
    ),
    (
        pre_commit("parallel: true\nfollow: true"),
        ['N 3:3 "follow" is ignored: what jobs print that run at the same time is shown one job after the other'],
    ),
    (
        pre_commit("fail_on_changes_diff: false"),
        ['N 2:3 "fail_on_changes_diff" is ignored: the diff of what was changed is always shown'],
    ),
    (
        pre_commit("stash_unstaged_changes: false"),
        ['N 2:3 "stash_unstaged_changes" is ignored: unstaged changes are hidden whenever jobs change files'],
    ),
    (
        pre_commit("skip: [true, rebase, {ref: [main], run: x}]"),
        [
            "N 2:10 the boolean true in a list never holds: a word is merge, rebase or merge-commit",
            'N 2:30 "ref" with a list never holds: lefthook takes one text: write an item for each',
        ],
    ),
    (pre_commit("skip: CI"), ['N 2:9 "CI" never holds: a word is merge, rebase or merge-commit']),
    (
        pre_commit("skip: {ref: main}"),
        ['N 2:3 "skip" never holds: lefthook reads conditions from a list: write "- " before "ref"'],
    ),
    (
        pre_commit("only: [{os: linux}]"),
        [
            'N 2:3 "only" never holds, so what it stands at never runs',
            'N 2:11 "os" is ignored: unknown key of a condition',
        ],
    ),
    (
        pre_commit("jobs: [{run: x, file_types: [txt, text/x-sh], runner: sh}]"),
        [
            'N 2:32 "txt" is ignored: lefthook has no such type of files',
            'N 2:49 "runner" is ignored: it goes with a script, and here is none',
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
        ['N 2:11 "stage_fixed" is ignored: lefthook does not hand it down to the jobs of a group'],
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
            'N 2:28 "vendor" is read as a glob, as by lefthook 2, not as a regular expression, as by lefthook 1: '
            "write a list to be sure"
        ],
    ),
]

FINDINGS = [
    (
        pre_commit("jobs: [{run: [a, b]}]"),
        ['F 2:16 a job of "pre-commit": "run": lefthook takes one text, found a list'],
    ),
    (
        pre_commit("commands: {a: {run: {linux: x}}}"),
        ['F 2:23 job "a": "run": lefthook takes one text, found a mapping'],
    ),
    (
        pre_commit("commands: [{run: a}]"),
        ['F 2:13 hook "pre-commit": "commands": expected a mapping of names to what they run, found a list'],
    ),
    (
        pre_commit("fail_on_changes: sometimes"),
        ['F 2:20 hook "pre-commit": "fail_on_changes": expected always, never, ci or non-ci'],
    ),
    (
        pre_commit("jobs: [{name: a, run: b, glob: 'x[y'}]"),
        ['F 2:34 job "a": "glob": \'x[y\' has a [ without its ]: add it, or write \\[ for the character'],
    ),
    (
        pre_commit("skip: [{ref: 'a['}]"),
        ["F 2:16 : \"ref\": 'a[' has a [ without its ]: add it, or write \\[ for the character"],
    ),
    (
        pre_commit(r"jobs: [{name: a, run: b, exclude: '^\pL+$'}]"),
        [r'F 2:37 job "a": "exclude": "^\pL+$" cannot be used here: Python has no \p: write the characters out'],
    ),
]


@pytest.mark.parametrize(("text", "expected"), NOTICES)
def test_what_means_less_here_is_told_and_nothing_fails(text: str, expected: list[str]) -> None:
    assert diagnostics(text) == expected


@pytest.mark.parametrize(("text", "expected"), FINDINGS)
def test_what_would_let_a_gate_pass_unchecked_is_an_error(text: str, expected: list[str]) -> None:
    assert diagnostics(text) == expected


@pytest.mark.parametrize("only", ["[{os: linux}]", "[]", "{ref: main}", "CI", "[true]", "[{ref: [main]}]"])
def test_c7_what_lefthook_never_runs_never_runs_here(only: str) -> None:
    root = plain(translate(tree(pre_commit(f"only: {only}"))).root)
    assert root["hooks"]["pre-commit"]["only"] is False


@pytest.mark.parametrize("skip", ["[{os: linux}]", "[]", "{ref: main}", "CI", "[true]", "[{ref: [main]}]"])
def test_c7_what_lefthook_never_skips_is_never_skipped_here(skip: str) -> None:
    root = plain(translate(tree(pre_commit(f"skip: {skip}"))).root)
    assert "skip" not in root["hooks"]["pre-commit"]


def test_a_single_exclude_is_read_as_the_version_that_the_file_asks_for() -> None:
    body = pre_commit(r"jobs: [{run: x, exclude: '^docs/.*\.md$'}]")
    assert translated("min_version: 1.11.0\n" + body)["hooks"]["pre-commit"]["jobs"][0]["exclude"] == {
        "regex": r"^docs/.*\.md$"
    }
    root = plain(translate(tree("min_version: 2.0.0\n" + body)).root)
    assert root["hooks"]["pre-commit"]["jobs"][0]["exclude"] == {"regex": r"(?s)^\^docs/\..*\.md\$\Z"}
    no_expression = pre_commit("jobs: [{run: x, exclude: 'gen/**'}]")
    assert translated(no_expression)["hooks"]["pre-commit"]["jobs"][0]["exclude"] == "gen/**"
    plain_text = "min_version: 2.1.0\n" + pre_commit("jobs: [{run: x, exclude: vendor/a.js}]")
    assert translated(plain_text)["hooks"]["pre-commit"]["jobs"][0]["exclude"] == "vendor/a.js"


@pytest.mark.parametrize(
    "text",
    [
        "pre-commit: 3",
        "pre-commit: {jobs: {a: b}}",
        "pre-commit: {jobs: [3, a]}",
        "pre-commit: {commands: {a: 3}}",
        "pre-commit: {jobs: [{group: 3}]}",
        "pre-commit: {jobs: [{group: {jobs: 3}}]}",
        "output: 3",
        "templates: 3",
        "pre-commit: {skip: 3, exclude_tags: {a: b}, setup: 3, parallel: yes}",
        "pre-commit: {jobs: [{run: x, env: 3, glob: {a: b}, exclude: 3, tags: {}, timeout: []}]}",
    ],
)
def test_what_has_a_wrong_type_is_left_to_the_models(text: str) -> None:
    assert [one for one in diagnostics(text) if one.startswith("F")] == []


def test_every_node_keeps_its_place() -> None:
    text = pre_commit("parallel: true\ncommands:\n  b: {run: x, glob: '*.js'}\n  a: {run: y, env: {P: $P}}")
    root = translate(tree(text, "lefthook.yml")).root
    assert all(mark.file == "lefthook.yml" and mark.line >= 1 for mark in marks(root))
    jobs = node_at(root, ("hooks", "pre-commit", "jobs"))
    assert isinstance(jobs, ListNode)
    assert [item.mark.line for item in jobs.items] == [5, 4]


def marks(node: Node | Entry) -> list[Any]:
    inside: tuple[Any, ...] = ()
    if isinstance(node, MapNode):
        inside = node.entries
    elif isinstance(node, ListNode):
        inside = node.items
    elif isinstance(node, Entry):
        inside = (node.value,)
    return [node.mark, *(mark for one in inside for mark in marks(one))]
