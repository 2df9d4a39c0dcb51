"""The paths that a pattern matches (C8): a table from the written rules, and any pattern against a naive matcher."""

import _sre  # type: ignore[import-not-found]
import marshal
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dodo_hooks.core import matching
from dodo_hooks.core.matching import matches
from dodo_hooks.loader.globs.compile_globs import compile_branch_glob, compile_glob, compile_regex
from dodo_hooks.loader.globs.go_globs import (
    doublestar_glob,
    doublestar_regex,
    gobwas_branch_glob,
    gobwas_glob,
    gobwas_regex,
)
from kit.repo import PACKAGES

# Of each pattern and path: whether ours matches, doublestar's (daft, and lefthook if so configured), and that of gobwas
# (lefthook by default). Most cases are from the readmes, references and tests of lefthook, doublestar and daft.
TABLE = [
    # pattern, path, ours, doublestar, gobwas
    ("*.rb", "1.rb", True, True, True),
    ("*.rb", "folder/subfolder/0.rb", True, False, True),
    ("*.rb", "3.rbs", False, False, False),
    ("*.rb", ".rb", True, True, True),
    ("*.RB", "2.rb", False, False, False),
    ("*.rb?", "1.rbs", True, True, True),
    ("*.rb?", "a/1.rbs", True, False, True),
    ("*.rb?", "1.rb", False, False, False),
    ("**/*.rb", "0.rb", True, True, False),
    ("**/*.rb", "folder/1.rb", True, True, True),
    ("**/*.rb", "folder/subfolder/2.rb", True, True, True),
    ("*/*.rb", "folder/1.rb", True, True, True),
    ("*/*.rb", "folder/subfolder/2.rb", False, False, True),
    ("src/*.js", "src/app.js", True, True, True),
    ("src/*.js", "src/lib/util.js", False, False, True),
    ("src/*.js", "lib/src/app.js", False, False, False),
    ("src/**/*.js", "src/app.js", True, True, False),
    ("src/**/*.js", "src/lib/util.js", True, True, True),
    ("src/**/*.js", "other/util.js", False, False, False),
    ("src/**/*.js", "srcs/a.js", False, False, False),
    ("docs/**", "docs/index.md", True, True, True),
    ("docs/**", "docs/a/b.md", True, True, True),
    ("docs/**", "src/docs.rs", False, False, False),
    ("docs/**", "src/docs/a.rs", False, False, False),
    ("docs/*", "docs/a/b.md", False, False, True),
    ("docs/", "docs/a/b.md", True, False, False),
    ("docs/", "src/docs/b.md", False, False, False),
    ("docs", "docs/a", False, False, False),
    ("**/docs/", "src/docs/b.md", True, False, False),
    ("*.{a,b,cn}", "f.a", True, True, True),
    ("*.{a,b,cn}", "f.cn", True, True, True),
    ("*.{a,b,cn}", "f.c", False, False, False),
    ("Cargo.{toml,lock}", "Cargo.lock", True, True, True),
    ("Cargo.{toml,lock}", "sub/Cargo.lock", True, False, False),
    ("{a,b{c,d}}.x", "bd.x", True, True, True),
    ("{a,b{c,d}}.x", "b.x", False, False, False),
    ("{src/*,*}.x", "src/a.x", True, True, True),
    ("{src/*,*}.x", "a.x", True, True, True),
    ("{src,test}/**/*.{js,ts}", "test/deep/er/x.ts", True, True, True),
    ("a{,.min}.js", "a.js", True, True, True),
    ("a{,.min}.js", "a.min.js", True, True, True),
    ("README.md", "README.md", True, True, True),
    ("README.md", "docs/README.md", True, False, False),
    ("README.md", "XREADME.md", False, False, False),
    ("/README.md", "README.md", True, False, False),
    ("/README.md", "docs/README.md", False, False, False),
    ("./README.md", "README.md", True, False, False),
    ("./README.md", "docs/README.md", False, False, False),
    ("docs/README.md", "docs/README.md", True, True, True),
    ("docs/README.md", "x/docs/README.md", False, False, False),
    ("docs//README.md", "docs/README.md", True, False, False),
    ("**", "a", True, True, True),
    ("**", "a/b", True, True, True),
    ("*", "a/b", True, False, True),
    ("/*", "a/b", False, False, False),
    ("/*", "a", True, False, False),
    ("**/*", "a/b", True, True, True),
    ("**/*", "a", True, True, False),
    ("a/**/b", "a/b", True, True, False),
    ("a/**/b", "a/c/d/b", True, True, True),
    ("a/**/b", "a/c/d/xb", False, False, False),
    ("a/**/c/**/d", "a/c/d", True, True, False),
    ("a/**/c/**/d", "a/x/c/y/c/z/d", True, True, True),
    ("**/a/**", "x/a/y", True, True, True),
    ("**/a/**", "a/y", True, True, False),
    ("**/a/**", "x/ab/y", False, False, False),
    ("path/**.txt", "path/a.txt", True, True, True),
    ("path/**.txt", "path/to/a.txt", False, False, True),
    ("a**", "a/b", False, False, True),
    ("a*b?c*x", "abxbbxdbxebxczzx", True, True, True),
    ("a*b?c*x", "abxbbxdbxebxczzy", False, False, False),
    ("a*b*c*d*e*/f", "axbxcxdxexxx/f", True, True, True),
    ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", False, False, True),
    ("a?b", "a☺b", True, True, True),
    ("a?b", "a\udcffb", True, True, True),
    ("a???b", "a☺b", False, False, False),
    ("a?b", "a/b", False, False, True),
    ("a*b", "a/b", False, False, True),
    ("ab[c]", "abc", True, True, True),
    ("ab[b-d]", "abc", True, True, True),
    ("ab[e-g]", "abc", False, False, False),
    ("ab[!c]", "abc", False, False, False),
    ("ab[!e-g]", "abc", True, True, True),
    ("ab[^e-g]", "abc", True, True, False),
    ("a[!x]b", "a/b", False, False, True),
    ("[a-ζ]*", "β", True, True, True),
    ("[\\]a]", "]", True, True, True),
    ("[x\\-]", "-", True, True, True),
    ("[-x]", "-", True, True, True),
    ("[x-]", "-", True, True, True),
    ("[a-c-e]", "-", True, True, True),
    ("[{,}]", ",", True, True, True),
    ("a\\*b", "a*b", True, True, True),
    ("a\\*b", "ab", False, False, False),
    ("\\{a,b}", "{a,b}", True, True, True),
    ("a,b}", "a,b}", True, True, True),
    ("*.py", "line\nfeed.py", True, True, True),
    ("a?b.[c]", "a\nb.c", True, True, True),
    ("[&&||~~]", "&", True, True, True),
]


@pytest.mark.parametrize(("pattern", "path", "ours", "doublestar", "gobwas"), TABLE)
def test_c8_a_pattern_means_what_the_rules_of_each_format_say(
    pattern: str, path: str, ours: bool, doublestar: bool, gobwas: bool
) -> None:
    name = path.encode("utf-8", "surrogateescape")
    assert matches(compile_glob(pattern), name) == ours
    assert matches(compile_regex(doublestar_regex(pattern)), name) == doublestar
    assert matches(compile_regex(gobwas_regex(pattern)), name) == gobwas
    same = doublestar_glob(pattern)
    assert same is None or matches(compile_glob(same), name) == doublestar
    same = gobwas_glob(pattern)
    assert same is None or matches(compile_glob(same), name) == gobwas
    same = gobwas_branch_glob(pattern)
    assert same is None or matches(compile_branch_glob(same), name) == gobwas


def test_c8_the_table_of_the_reference_is_right() -> None:
    reference = (Path(__file__).parents[2] / "docs/files.md").read_text()
    rows = reference.partition("| pattern | matches | does not match |\n")[2].partition("\n\n")[0].splitlines()[1:]
    assert len(rows) > 5
    for row in rows:
        patterns, matching, others = (re.findall("`([^`]+)`", cell) for cell in row.strip("|").split(" | "))
        for pattern in patterns:
            assert [one for one in matching if not matches(compile_glob(pattern), one.encode())] == []
            assert [one for one in others if matches(compile_glob(pattern), one.encode())] == []


def test_c8_lefthook_compares_its_glob_in_lower_case() -> None:
    for regex in (gobwas_regex("*.Rb", ignores_case=True), doublestar_regex("**/*.Rb", ignores_case=True)):
        assert matches(compile_regex(regex), b"a/2.RB") and matches(compile_regex(regex), "ä/2.rB".encode())


@pytest.mark.parametrize(
    ("pattern", "same"),
    [
        ("*.{js,ts}", "*.{js,ts}"),
        ("dist/*", "dist/**"),
        ("dist/**", "dist/**"),
        ("README.md", "/README.md"),
        ("{a,b/c}", "/{a,b/c}"),
        ("{a,*.js}", None),
        ("{a/*,b/*}", None),
        ("*", "*"),
        ("***", "**"),
        ("**/*.js", None),
        ("src/*.js", None),
        ("a?", None),
        ("/a", None),
        ("./a/*", None),
    ],
)
def test_c8_what_means_the_same_in_gobwas_stays_a_glob(pattern: str, same: "str | None") -> None:
    assert gobwas_glob(pattern) == same


@pytest.mark.parametrize(
    ("pattern", "same"),
    [("main", "main"), ("{main,v/1}", "{main,v/1}"), ("v/*", "v/**"), ("*", "**"), ("*-wip", None), ("v?", None)],
)
def test_c8_what_means_the_same_for_a_branch_stays_a_glob(pattern: str, same: "str | None") -> None:
    assert gobwas_branch_glob(pattern) == same


@pytest.mark.parametrize(
    ("pattern", "same"),
    [("*.js", "/*.js"), ("src/**", "src/**"), ("{a/b,c}", "/{a/b,c}"), ("docs/", None), ("/a", None), ("../a", None)],
)
def test_c8_what_means_the_same_in_doublestar_stays_a_glob(pattern: str, same: "str | None") -> None:
    assert doublestar_glob(pattern) == same


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("", "an empty pattern"),
        ("a{b", r"a \{ without its \}"),
        ("a{b,{c}", r"a \{ without its \}"),
        ("a[b", r"a \[ without its \]"),
        ("a[", r"a \[ without its \]"),
        ("a[]b]", "an empty class"),
        ("a[!]b]", "an empty class"),
        ("[[:alpha:]]", "not known; write"),
        ("[z-a]", "the range z-a"),
        ("a\\", "a single backslash"),
        ("../a", r"without `\.\.`"),
        ("a/../b", r"without `\.\.`"),
        ("{a,b}" * 11, "more than 1024 patterns"),
        ("{" * 60, "more than 50 nested braces"),
        ("a" * 5000, "4096 characters at most"),
    ],
)
def test_c8_a_pattern_that_is_none_is_an_error_with_a_fix(pattern: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        compile_glob(pattern)


@pytest.mark.parametrize("pattern", ["(", "a**", "[", "(?P<a>x)(?P<a>y)", "(" * 5000])
def test_a_regular_expression_that_is_none_is_an_error(pattern: str) -> None:
    with pytest.raises(ValueError, match="is not a regular expression"):
        compile_regex(pattern)


def test_a_regular_expression_is_searched_for_anywhere() -> None:
    matcher = compile_regex(r"(\.min)?\.(js|ts)$")
    assert matches(matcher, b"src/a.min.js") and not matches(matcher, b"a.jsx")
    assert matches(compile_regex("(?P<x>a).*(?P=x)"), b"xxayyazz")


def test_c8_a_branch_is_compared_as_a_whole() -> None:
    assert matches(compile_branch_glob("main"), b"main") and not matches(compile_branch_glob("main"), b"topic/main")
    release = compile_branch_glob("release/*")
    assert matches(release, b"release/1.0") and not matches(release, b"release/1/hot")
    assert matches(compile_branch_glob("release/**"), b"release/1/hot")
    assert matches(compile_branch_glob("*"), b"main") and not matches(compile_branch_glob("*"), b"topic/main")


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("*.py", matching.SUFFIX),
        ("**/*.{js,ts,jsx}", matching.SUFFIX),
        ("Makefile", matching.NAME),
        ("src/a.py", matching.PATH),
        ("{src,test}/**", matching.BELOW),
        ("src/", matching.BELOW),
        ("src/**/*.{js,ts}", matching.BETWEEN),
        ("**", matching.EVERYTHING),
        ("{Makefile,*.mk}", matching.EITHER),
        ("src/*.py", matching.WHOLE),
    ],
)
def test_c8_common_patterns_need_no_regular_expression(pattern: str, kind: str) -> None:
    matcher = compile_glob(pattern)
    assert matcher[0] == kind
    assert marshal.loads(marshal.dumps(matcher)) == matcher


def test_a_matcher_works_without_re_and_in_another_python() -> None:
    matcher = compile_glob("src/*/[a-c]?*.p{y,yi}")
    foreign = (*matcher[:3], matcher[3] + 1, (), matcher[5])  # of another `_sre`
    script = (
        "import sys; from dodo_hooks.core.matching import matches\n"
        f"print(matches({matcher!r}, b'src/x/abc.py'), matches({matcher!r}, b'src/abc.py'), 're' in sys.modules)\n"
        f"print(matches({foreign!r}, b'src/x/abc.py'), matches({foreign!r}, b'src/abc.py'), 're' in sys.modules)\n"
    )
    argv = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({PACKAGES!r})\n{script}"]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "False", "False", "True", "False", "True"], done.stderr
    assert matcher[3] == _sre.MAGIC


def test_c8_no_pattern_takes_for_ever() -> None:
    begun = time.process_time()
    for pattern in ("*a" * 40 + "b", "**/a/" * 20 + "b", "{a,b}*" * 8 + "x/*a*a*a*a*a*b"):
        path = b"a/" * 100 + b"a" * 250
        assert not matches(compile_glob(pattern), path)
        assert not matches(compile_regex(gobwas_regex(pattern)), path)
    assert time.process_time() - begun < 10


# Any pattern

_PIECES = ["a", "b", ".", "/", "*", "**", "?", "[ab]", "[!a]", "\\*", "{a,b}", "{,a*}", "{*/b,?}", "/**/", "**/", "/**"]
patterns = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=7).map("".join)
paths = st.lists(st.text("ab.*", min_size=1, max_size=3), min_size=1, max_size=4).map("/".join)


@given(patterns, st.lists(paths, min_size=1, max_size=8))
@example("a/**/**/b", ["a/b"])
@example("**/**", ["a"])
def test_c8_any_pattern_matches_as_a_naive_reading_of_the_rules_says(pattern: str, names: list[str]) -> None:
    try:
        matcher = compile_glob(pattern)
    except ValueError:
        assert ".." in pattern
        return
    for name in names:
        expected = any(naive(one, name) for one in naive_braces(pattern))
        assert matches(matcher, name.encode()) == expected, (matcher, name)


def naive_braces(pattern: str) -> list[str]:
    found = re.search(r"\{([^{}]*)\}", pattern)
    if not found:
        return [pattern]
    rests = naive_braces(pattern[found.end() :])
    return [pattern[: found.start()] + one + rest for one in found[1].split(",") for rest in rests]


def naive(pattern: str, name: str) -> bool:
    """Apply the rules, in the order in which they are written in the reference."""
    if pattern.endswith(("/", "/.")):
        pattern += "/**"
    is_rooted = "/" in pattern
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    if not parts:
        parts = ["**"]
    return naive_parts(parts if is_rooted else ["**", *parts], name.split("/"))


def naive_parts(parts: list[str], names: list[str]) -> bool:
    if not parts:
        return not names
    if parts[0] == "**":
        if len(parts) == 1:
            return bool(names)
        return any(naive_parts(parts[1:], names[skipped:]) for skipped in range(len(names) + 1))
    return bool(names) and naive_text(parts[0], names[0]) and naive_parts(parts[1:], names[1:])


def naive_text(part: str, name: str) -> bool:
    if not part:
        return not name
    if part[0] == "*":
        return any(naive_text(part[1:], name[taken:]) for taken in range(len(name) + 1))
    if part[0] == "[":
        end = part.index("]")
        is_in = name[:1] in (part[2:end] if part[1] == "!" else part[1:end])
        return bool(name) and is_in == (part[1] != "!") and naive_text(part[end + 1 :], name[1:])
    if part[0] == "\\":
        return name[:1] == part[1] and naive_text(part[2:], name[1:])
    return bool(name) and part[0] in ("?", name[0]) and naive_text(part[1:], name[1:])


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: "/" not in text), min_size=1))
def test_c8_an_escaped_path_matches_itself(parts: list[str]) -> None:
    name = "/".join(parts)
    escaped = "/" + "".join(f"\\{one}" if one not in "/" else one for one in name)
    if {".", ".."} & set(parts):
        return
    assert matches(compile_glob(escaped), name.encode())
    assert matches(compile_regex(gobwas_regex(escaped[1:])), name.encode())


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.{js,ts}", b"a/B.TS", True),
        ("*.{js,ts}", b"a/b.css", False),
        ("SRC/**", b"src/a", True),
        ("Makefile", b"web/MAKEFILE", True),
        ("src/*.js", b"SRC/a/b.JS", False),
        ("**", b"A", True),
    ],
)
def test_c8_a_glob_may_take_upper_for_lower_case(pattern: str, path: bytes, expected: bool) -> None:
    assert matches(compile_glob(pattern, True), path) is expected
    assert matches(compile_glob(pattern), path) is (expected and pattern == "**")
