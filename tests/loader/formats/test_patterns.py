"""Globs and regular expressions of other tools: they match the same paths here as there (C8)."""

import re

import pytest

from dodo_hooks.core.diagnostics import Location
from dodo_hooks.loader.formats.lefthook.go_regex import python_regex
from dodo_hooks.loader.formats.patterns import GlobRules, pattern_node, ref_node, regex_of
from dodo_hooks.loader.formats.translation import text
from kit.hook_files.nodes import plain

GOBWAS = GlobRules(star_crosses=True)
GOBWAS_GLOB = GlobRules(star_crosses=True, ignores_case=True)
DOUBLESTAR = GlobRules()

# A pattern, what it matches, what it does not. From lefthook's pages on `glob` and `glob_matcher`, and gobwas' readme.
GOBWAS_CASES = [
    ("*.js", "a.js src/a.js a/b/c.js .js", "a.jsx a.js/b"),
    ("*.{js,ts}", "a.js src/b.ts", "a.jsx a.css"),
    ("src/*.js", "src/a.js src/b/c.js", "a.js lib/src/a.js"),
    ("src/**/*.js", "src/a/b.js src/a/b/c.js", "src/a.js"),
    ("**/*.js", "src/a.js", "a.js"),
    ("**/external/**", "a/external/b", "external/b"),
    ("Cargo.toml", "Cargo.toml", "crates/a/Cargo.toml Cargo_toml"),
    ("*Cargo.toml", "Cargo.toml a/Cargo.toml", "Cargo.lock"),
    ("{yarn.lock,package.json}", "yarn.lock package.json", "web/yarn.lock"),
    ("docs/**", "docs/a docs/a/b", "docs doc/a"),
    ("db/migrations/*", "db/migrations/1.rb db/migrations/old/1.rb", "db/migrations"),
    ("{*.*,src/**/*}", "a.b src/a/b", "src/a"),
    ("a[bc]?.[!d]", "abx.e ac/.f", "adx.e abx.d"),
    ("*", "a a/b", ""),
    (r"\*.js", "*.js", "a.js"),
    ("a{b,{c,d}}e", "abe ace ade", "ae abce"),
    ("new\nline*", "new\nline.js", "newline"),
]
DOUBLESTAR_CASES = [
    ("*.js", "a.js", "src/a.js"),
    ("**/*.js", "a.js src/a.js a/b/c.js", "a.jsx"),
    ("src/**/*.js", "src/a.js src/a/b.js", "a.js lib/src/a.js"),
    ("docs/**", "docs/index.md docs/a/b.md", "docs src/docs.rs"),
    ("Cargo.{toml,lock}", "Cargo.toml Cargo.lock", "Cargo.rs a/Cargo.toml"),
    ("a?b", "axb", "a/b"),
    ("a[!x]b", "ayb", "axb a/b"),
    ("**", "a a/b", ""),
]


@pytest.mark.parametrize(("glob", "matches", "misses"), GOBWAS_CASES)
def test_c8_in_gobwas_a_star_crosses_folders(glob: str, matches: str, misses: str) -> None:
    check(regex_of(glob, GOBWAS), matches, misses)


@pytest.mark.parametrize(("glob", "matches", "misses"), DOUBLESTAR_CASES)
def test_c8_in_doublestar_only_two_stars_cross_folders(glob: str, matches: str, misses: str) -> None:
    check(regex_of(glob, DOUBLESTAR), matches, misses)


def test_c8_a_glob_of_lefthook_takes_no_notice_of_case_and_an_exclude_does() -> None:
    check(regex_of("SRC/*.js", GOBWAS_GLOB), "src/a.JS Src/b/c.js", "lib/a.js")
    check(regex_of("*.js", GOBWAS), "a.js", "a.JS")


@pytest.mark.parametrize(
    ("glob", "rules", "expected"),
    [
        ("*.snap", GOBWAS, "*.snap"),
        ("*.{snap,patch}", GOBWAS, "*.{snap,patch}"),
        ("*", GOBWAS_GLOB, "*"),
        ("**", GOBWAS_GLOB, "**"),
        ("config/routes.rb", GOBWAS, "config/routes.rb"),
        ("routes.rb", GOBWAS, "/routes.rb"),
        ("docs/*", GOBWAS, "docs/**"),
        ("./a", GOBWAS, {"regex": r"^\./a\Z"}),
        ("/a", DOUBLESTAR, {"regex": "(?!)"}),
        ("config/*.rb", GOBWAS, {"regex": r"(?s)^config/.*\.rb\Z"}),
        ("*.js", GOBWAS_GLOB, {"glob": "*.js", "ignore_case": True}),
        ("src/**/*.js", DOUBLESTAR, "src/**/*.js"),
        ("*.js", DOUBLESTAR, "/*.js"),
        ("{src/**,README.md}", DOUBLESTAR, "/{src/**,README.md}"),
    ],
)
def test_c8_a_glob_stays_as_it_is_where_it_means_the_same_here(glob: str, rules: GlobRules, expected: object) -> None:
    assert plain(pattern_node(text(Location("", 1, 1), glob), rules)) == expected


def test_c8_a_branch_is_compared_as_a_whole() -> None:
    shown = [plain(ref_node(text(Location("", 1, 1), ref))) for ref in ("main", "feature/x", "dev/*", "*-wip")]
    assert shown == ["main", "feature/x", "dev/**", {"regex": r"\-wip\Z"}]


@pytest.mark.parametrize("glob", ["a[b", "{a,b", "a\\"])
def test_c8_a_glob_that_is_none_is_refused(glob: str) -> None:
    with pytest.raises(ValueError, match=r"without its|single backslash"):
        regex_of(glob, GOBWAS)


# An expression in Go's syntax, the same in Python's, and texts in which it is found or not.
REGEX_CASES = [
    (r"(^|/)vendor/", r"(^|/)vendor/", "vendor/a x/vendor/a", "vendored/a"),
    (r"\.rb\z", r"\.rb\Z", "a.rb", "a.rb.x"),
    (r"^\Qa.b\E+", r"^a\.b+", "a.bb", "axb"),
    ("[[:digit:]_]+x", "[0-9_]+x", "1_x", "ax"),
    (r"[^[:alpha:]]$", r"[^A-Za-z]$", "a1", "1a"),
    (r"\x{2e}md", r"\.md", "a.md", "amd"),
    ("(?i)readme", "(?i)readme", "README", "read"),
    ("a(?i)b|c", "a(?i:b)|(?i:c)", "aB C", "AB"),
    ("(a(?i)b)c", "(a(?i:b))c", "aBc", "aBC"),
    ("(?U)a+b", "a+b", "aab", "b"),
    ("(?i-s:x)", "(?i-s:x)", "X", "y"),
    ("(?<part>x)", "(?P<part>x)", "x", "y"),
    ("x{,3}", r"x\{,3}", "x{,3}", "xxx"),
    ("x{2,3}", "x{2,3}", "xx", "x"),
    ("[]a&&b]", r"[\]a\&\&b]", "] a &", "c"),
]


@pytest.mark.parametrize(("written", "expected", "matches", "misses"), REGEX_CASES)
def test_a_regular_expression_of_gos_finds_the_same(written: str, expected: str, matches: str, misses: str) -> None:
    assert python_regex(written) == expected
    check(expected, matches, misses)


@pytest.mark.parametrize("written", [r"\pL", r"\C", "[[:nothing:]]", "((", "**/x", r"\x{zz}"])
def test_a_regular_expression_that_python_cannot_have_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"Python has no|not a regular expression|not a character"):
        python_regex(written)


def check(regex: str, matches: str, misses: str) -> None:
    pattern = re.compile(regex)
    assert [path for path in matches.split(" ") if not pattern.search(path)] == []
    assert [path for path in misses.split(" ") if path and pattern.search(path)] == []
