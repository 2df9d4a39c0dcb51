"""The promises of a lefthook.yml that lefthook and we both keep (docs/lefthook.md says where we differ)."""

from pathlib import Path

import pytest

from peers.pair import Case, Pair, lefthook_binary

BINARY = lefthook_binary()
needs_lefthook = pytest.mark.skipif(BINARY is None, reason="the wheel of lefthook has no program for this system")

FILES = (
    "mkdir -p src/deep docs; for f in a.js B.JS 'a b.ts' src/c.js src/deep/d.js docs/x.md; do echo 1 >\"$f\"; done\n"
)
PUSH = """
git init -q --bare ../remote-$(basename "$PWD")
git remote add origin ../remote-$(basename "$PWD")
echo 1 >old.py; git add old.py; git commit -q -m old
git push -q --no-verify -u origin HEAD
git rm -q old.py; echo 1 >new.js; git add new.js; git commit -q -m new
"""


def says(*jobs: str, hook: str = "pre-commit", head: str = "") -> str:
    """Return a hook with these jobs, each a flow map without its `run`, which says the job's name and more."""
    lines = [f"{hook}:", *(f"  {line}" for line in head.splitlines()), "  jobs:"]
    return "\n".join([*lines, *(f"    - {{{job}}}" for job in jobs)]) + "\n"


def job(name: str, more: str = "", words: str = "") -> str:
    """Return a job that writes its name, and these words of its command."""
    return f'name: {name}, {more + ", " if more else ""}run: "echo {name} {words} >>.git/ran"'


CASES = {
    "globs and lists": Case(
        says(
            job("ext", 'glob: "*.js"', "{staged_files}"),
            job("braces", 'glob: "*.{js,ts}"', "{staged_files}"),
            job("below", 'glob: "src/**/*.js"', "{staged_files}"),
            job("several", 'glob: ["a.*", "*.md"]', "{staged_files}"),
            job("without", 'glob: "*", exclude: ["src/*", "*.md"]', "{staged_files}"),
            job("folder", 'root: src, glob: "*.js"', "{staged_files} | sed 's, [.]/, ,g'").replace(".git", "../.git"),
            job("none", 'glob: "*.py"', "{staged_files}"),
            job("gate", 'glob: "*.py"'),
            job("all", 'glob: "*.md"', "{all_files}"),
            job("types", "file_types: text", "{staged_files}"),
            job("links", "file_types: symlink", "{staged_files}"),
        ),
        FILES + "ln -s a.js link; git add -A",
    ),
    "keys of jobs in a hook, which have no effect": Case(
        says(job("list", "", "{staged_files}"), job("gate"), head='glob: "*.py"\nfile_types: text\nroot: src'),
        FILES + "git add -A",
    ),
    "doublestar": Case(
        "glob_matcher: doublestar\n"
        + says(
            job("top", 'glob: "*.js"', "{staged_files}"),
            job("any", 'glob: "**/*.js"', "{staged_files}"),
            job("not", 'glob: "**/*.js", exclude: ["src/**"]', "{staged_files}"),
        ),
        FILES + "git add -A",
    ),
    "only a deletion": Case(
        says(
            job("gate", 'glob: "*.js"'),
            job("list", 'glob: "*.js"', "{staged_files}"),
            job("other", 'glob: "*.py"'),
            job("folder", "root: src").replace(".git", "../.git"),
            job("free"),
        ),
        FILES + "git add -A; git commit -q --no-verify -m two; git rm -q a.js src/c.js",
    ),
    "a deletion beside others": Case(
        says(job("list", 'glob: "*.js"', "{staged_files}"), job("gate", 'glob: "*.js"')),
        FILES + "git add -A; git commit -q --no-verify -m two; git rm -q a.js; echo 2 >B.JS; git add B.JS",
    ),
    "a link to nowhere": Case(
        says(job("list", "", "{staged_files}"), job("all", 'glob: "*.js"', "{all_files}")),
        FILES + "ln -s missing nowhere; ln -s a.js there; git add -A",
    ),
    "what is pushed": Case(
        says(
            job("gate", 'glob: "*.py"'),
            job("list", 'glob: "*.py"', "{push_files}"),
            job("new", 'glob: "*.js"', "{push_files}"),
            hook="pre-push",
        ),
        PUSH,
        "pre-push",
        ("origin", "url"),
        stdin="$",
    ),
    "conditions and tags": Case(
        says(
            job("yes", "only: [{run: test -f lefthook.yml}]"),
            job("no", "skip: [{run: test -f lefthook.yml}]"),
            job("ref", "only: [{ref: ma*}]"),
            job("other", "only: [{ref: release/*}]"),
            job("merge", "skip: [merge, rebase]"),
            job("never", "skip: true"),
            job("tagged", "tags: [slow]"),
            job("named"),
            head="exclude_tags: [slow, named]",
        ),
        "echo 1 >a; git add a",
    ),
    "order of commands": Case(
        "pre-commit:\n  commands:\n"
        + "".join(
            f"    {name}: {{{more}run: 'echo {name} >>.git/ran'}}\n"
            for name, more in (("10_a", ""), ("2_b", ""), ("last", ""), ("first", "priority: 1, "))
        ),
        "echo 1 >a; git add a",
    ),
    "a failure among others": Case(says(job("one"), "name: two, run: exit 7", job("three")), "echo 1 >a; git add a"),
    "a failure in a pipe": Case(
        says(job("one"), "name: two, run: exit 7", job("three"), head="piped: true"), "echo 1 >a; git add a"
    ),
    "groups": Case(
        says(
            "name: outer, glob: '*.js', env: {WHO: me}, group: {jobs: ["
            "{name: inner, run: 'echo inner $WHO {staged_files} >>.git/ran'}, "
            "{name: deep, root: src, run: 'echo deep {staged_files} | sed s,[.]/,,g >>../.git/ran'}]}",
            "name: piped, group: {piped: true, jobs: [{run: 'exit 7'}, {run: 'echo never >>.git/ran'}]}",
            job("after"),
        ),
        FILES + "git add -A",
    ),
    "all at once": Case(
        says(job("one"), job("two"), job("three"), head="parallel: true"), "echo 1 >a; git add a", in_order=False
    ),
    "fixes are staged": Case(
        says("name: fix, glob: '*.js', stage_fixed: true, run: 'echo 2 >>a.js; echo 2 >>src/c.js'"),
        FILES + "git add -A; git commit -q --no-verify -m two; echo 3 >>a.js; git add a.js",
    ),
    "arguments": Case(says(job("one", "", "{1}"), hook="commit-msg"), "echo text >.git/M", "commit-msg", (".git/M",)),
    "templates": Case("templates: {word: hello}\n" + says(job("one", "", "{word}")), "echo 1 >a; git add a"),
    "a hook that the file does not have": Case(says(job("one")), "", "post-merge", ("0",)),
}
CHANGES = {
    "staged": "echo 3 >>a",
    "another": "echo 3 >>b",
    "new": "echo 3 >c",
    "gone": "rm b",
    "nothing": "touch b",
    "fixed": "echo 3 >>a, stage_fixed: true",
}
A_CHANGE = "git reset -q --hard; git clean -qfd; echo 2 >a; git add a"


def pair_of(tmp_path: Path, env: dict[str, str], file: str, setup: str = "") -> Pair:
    assert BINARY is not None
    return Pair(BINARY, tmp_path, env, file, setup)


@needs_lefthook
@pytest.mark.parametrize("name", CASES)
def test_c8_both_run_the_same(tmp_path: Path, env: dict[str, str], name: str) -> None:
    case = CASES[name]
    pair = pair_of(tmp_path, env, case.file, case.setup)
    theirs, ours = pair.run(case.hook, *case.args, stdin=case.stdin, in_order=case.in_order)
    assert ours == theirs


@needs_lefthook
def test_c5_both_fail_where_files_are_changed(tmp_path: Path, env: dict[str, str]) -> None:
    hooks = [
        says(f"name: one, run: {command}", job("two"), hook=name, head="fail_on_changes: always")
        for name, command in CHANGES.items()
    ]
    pair = pair_of(tmp_path, env, "".join(hooks), "for f in a b; do echo 1 >$f; done; git add -A; git commit -q -m two")
    for name in CHANGES:
        pair.call(A_CHANGE)
        theirs, ours = pair.run(name)
        assert ours == theirs, name
        assert (ours.succeeded, ours.lines) == (name == "nothing", ("two",)), name


@needs_lefthook
def test_c5_both_fail_in_the_same_places(tmp_path: Path, env: dict[str, str]) -> None:
    words = ("ci", "non-ci", "never")
    hooks = [says("name: one, run: echo 3 >>a", hook=f"in-{word}", head=f"fail_on_changes: {word}") for word in words]
    pair = pair_of(tmp_path, env, "".join(hooks), "echo 1 >a; git add a; git commit -q -m two")
    for word, ci in (("ci", "true"), ("ci", ""), ("non-ci", "true"), ("non-ci", ""), ("never", "")):
        pair.call(A_CHANGE)
        theirs, ours = pair.run(f"in-{word}", env={"CI": ci} if ci else {})
        assert ours == theirs, (word, ci)
        assert ours.succeeded is ((word, bool(ci)) not in (("ci", True), ("non-ci", False))), (word, ci)


@needs_lefthook
def test_c7_both_obey_the_variables(tmp_path: Path, env: dict[str, str]) -> None:
    file = says(
        job("a"),
        job("b", "tags: [slow]"),
        f"name: g, tags: [grouped], group: {{jobs: [{{{job('c')}}}, {{{job('d')}}}]}}",
    )
    pair = pair_of(tmp_path, env, file, "echo 1 >x; git add x")
    for variables, lines in (
        ({"LEFTHOOK": "0"}, ()),
        ({"LEFTHOOK": "false"}, ()),
        ({"LEFTHOOK": "no"}, ("a", "b", "c", "d")),
        ({"LEFTHOOK_EXCLUDE": "a,grouped"}, ("b",)),
        ({"LEFTHOOK_EXCLUDE": "slow, c"}, ("a", "c", "d")),
    ):
        theirs, ours = pair.run("pre-commit", env=variables)
        assert ours == theirs
        assert ours.lines == lines
