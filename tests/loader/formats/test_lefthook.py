"""The translation of each key of a lefthook.yml: the same meaning in our format."""

import textwrap
from typing import Any

import pytest

from dodo_hooks.loader.formats.lefthook.lefthook_file import translate
from dodo_hooks.loader.read.nodes import Entry, ListNode, MapNode, Node, node_at
from kit.hook_files.lefthook import diagnostics, pre_commit
from kit.hook_files.nodes import plain, tree


def translated(text: str) -> Any:
    """Return the file in our format, where there are no diagnostics."""
    translation = translate(tree(text))
    assert translation.diagnostics == []
    return plain(translation.root)


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
    ("skip: [{ref: main}, {run: test -f x}]", {"parallel": False, "skip": [{"ref": "main"}, {"run": "test -f x"}]}),
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
    ("run: x\nexclude: ['*.snap', a/b.js, x.js]", {"run": "x", "exclude": ["*.snap", "a/b.js", "/x.js"]}),
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
