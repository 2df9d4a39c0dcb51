"""TOML and JSON have the same meaning as YAML, with locations (C2)."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.diagnostics import Diagnostic, Location
from dodo_hooks.loader.read.json_reader import parse_json
from dodo_hooks.loader.read.nodes import MapNode, key_mark_at, mark_at
from dodo_hooks.loader.read.toml_reader import parse_toml
from dodo_hooks.loader.read.yaml_reader import Document, parse
from kit.hook_files.nodes import plain

TOML = """\
# lefthook.toml
min_version = "1.2"   # text
assert = true

[pre-commit]
"parallel" = true
env = { A = "x", "B.c" = 'y' }
jobs = [
  { name = "lint", run = "a, b] #", tags = ["x", "y"] }, # one
  { name = "test", run = '''
first
second''' },
]

[pre-push.commands.unit]
run = \"\"\"
a \\"quoted\\"\"\"\"\"
priority = 1_000
deep.er = -1.5

[[post-merge.jobs]]
run = "m"
when = 1979-05-27 07:32:00

[[post-merge.jobs]]
run = "n"
  [post-merge.jobs.env]
  X = "1"
"""


def places(document: Document, *paths: str) -> list[tuple[int, int]]:
    """Return the locations of the values, each path written with dots."""
    assert document.root is not None
    steps = [[int(step) if step.isdigit() else step for step in path.split(".")] for path in paths]
    marks = [mark_at(document.root, path) for path in steps]
    assert {mark.file for mark in marks} == {"f"}
    return [(mark.line, mark.column) for mark in marks]


def test_toml_is_read_as_the_tree_that_it_says() -> None:
    document = parse_toml(TOML.encode(), "f")
    assert document.errors == ()
    assert document.root is not None
    assert plain(document.root) == {
        "min_version": "1.2",
        "assert": True,
        "pre-commit": {
            "parallel": True,
            "env": {"A": "x", "B.c": "y"},
            "jobs": [
                {"name": "lint", "run": "a, b] #", "tags": ["x", "y"]},
                {"name": "test", "run": "first\nsecond"},
            ],
        },
        "pre-push": {"commands": {"unit": {"run": 'a "quoted""', "priority": 1000, "deep": {"er": -1.5}}}},
        "post-merge": {"jobs": [{"run": "m", "when": "1979-05-27 07:32:00"}, {"run": "n", "env": {"X": "1"}}]},
    }


def test_c2_toml_every_value_and_every_key_has_its_place() -> None:
    document = parse_toml(TOML.encode(), "f")
    assert places(document, "min_version", "assert", "pre-commit", "pre-commit.parallel", "pre-commit.env.A") == [
        (2, 15), (3, 10), (5, 1), (6, 14), (7, 13)
    ]  # fmt: skip
    jobs = "pre-commit.jobs"
    assert places(document, jobs, f"{jobs}.0", f"{jobs}.0.tags.1", f"{jobs}.1", f"{jobs}.1.run") == [
        (8, 8), (9, 3), (9, 50), (10, 3), (10, 26)
    ]  # fmt: skip
    unit = "pre-push.commands.unit"
    assert places(document, unit, f"{unit}.run", f"{unit}.priority", f"{unit}.deep", f"{unit}.deep.er") == [
        (15, 1), (16, 7), (18, 12), (19, 1), (19, 11)
    ]  # fmt: skip
    merge = "post-merge.jobs"
    assert places(document, f"{merge}.0", f"{merge}.0.when", f"{merge}.1", f"{merge}.1.run", f"{merge}.1.env.X") == [
        (21, 1), (23, 8), (25, 1), (26, 7), (28, 7)
    ]  # fmt: skip
    assert document.root is not None
    assert key_mark_at(document.root, ["pre-push", "commands"]) == Location("f", 15, 11)
    assert key_mark_at(document.root, ["pre-commit", "env", "B.c"]) == Location("f", 7, 18)


BROKEN = {
    "a = ": (1, "this is not valid TOML: "),
    "a = 1\n\nb = [1,\n": (4, "this is not valid TOML: "),
    "a = 1\na = 2\n": (2, "this is not valid TOML: cannot overwrite a value"),
    "[x]\nb\n": (2, "this is not valid TOML: expected '=' after a key"),
    "a = " + "[" * 60 + "]" * 60: (1, "nested more than 50 levels deep"),
    "a = " + "[" * 100_000: (1, "nested more than 50 levels deep"),
    "a = " + "1" * 10_000: (1, "this is not valid TOML: "),
}


@pytest.mark.parametrize("text", BROKEN, ids=[str(number) for number in range(len(BROKEN))])
def test_c2_a_broken_toml_file_is_one_error_with_its_line(text: str) -> None:
    line, said = BROKEN[text]
    document = parse_toml(text.encode(), "f")
    assert document.root is None
    (error,) = document.errors
    assert error.location[:2] == ("f", line)
    assert error.message.lower().startswith(said.lower())


def test_c2_bytes_that_are_no_text_are_refused_in_every_form() -> None:
    for reader in (parse_toml, parse_json, parse):
        (error,) = reader(b"\n# \xff", "f").errors
        assert error == Diagnostic(Location("f", 2, 3), "the byte 0xff is not UTF-8", fix="save the file as UTF-8")
        (error,) = reader("a: 1".encode("utf-16"), "f").errors
        assert "UTF-16" in error.message
    (error,) = parse_toml(b'a = "\\u0000"', "f").errors
    assert error == Diagnostic(Location("f", 1, 5), "the character U+0000 cannot be passed to any program")


def test_toml_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    other = parse_toml(b"\xef\xbb\xbf" + TOML.replace("\n", "\r\n").encode(), "f")
    assert other == parse_toml(TOML.encode(), "f")


_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_values = st.recursive(
    _texts | st.integers(-(2**62), 2**62) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=12,
)


def as_toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_toml(key)} = {as_toml(child)}" for key, child in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",\n".join(map(as_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@given(st.dictionaries(_texts, _values, max_size=4))
def test_toml_whatever_it_holds_is_read_and_placed(content: dict[str, Any]) -> None:
    text = "".join(f"{as_toml(key)} = {as_toml(value)}\n" for key, value in content.items())
    document = parse_toml(text.encode(), "f")
    assert document.errors == ()
    assert document.root is not None
    assert plain(document.root) == content


@given(st.dictionaries(_texts, _values | st.none(), max_size=4), st.sampled_from([None, 2, "\t"]), st.booleans())
def test_json_whatever_it_holds_is_read(content: dict[str, Any], indent: Any, is_ascii: bool) -> None:
    text = json.dumps(content, indent=indent, ensure_ascii=is_ascii)
    document = parse_json(text.encode(), "f")
    assert document.errors == ()
    assert document.root is not None
    assert plain(document.root) == content


def test_json_tabs_comments_and_escapes() -> None:
    text = '{\n\t"a":\t"\\ud83d\\ude00\\/\\\\ud83d // no comment", // a "comment"\n\t/* another\n\t */ "b":[1,2,],\n}\n'
    document = parse_json(text.encode(), "f")
    assert document.errors == ()
    assert document.root is not None
    assert plain(document.root) == {"a": "\U0001f600/\\ud83d // no comment", "b": [1, 2]}
    assert places(document, "a", "b", "b.1") == [(2, 7), (4, 10), (4, 13)]


def test_c2_a_broken_json_file_has_its_place() -> None:
    document = parse_json(b'{\n\t"a": 1,\n\t"a": 2\n}', "f")
    assert document.errors == (
        Diagnostic(Location("f", 3, 2), 'duplicate key "a", first used at line 2', fix="keep one of them"),
    )
    assert parse_json(b'{\n\t"a": [1\n', "f").root is None


@pytest.mark.parametrize("text", ['"\\"', '\\"', "/*", "//", "\t", "[", '{"a":', "\\ud83d\\ude00", "\\\\"])
def test_c2_json_that_is_made_to_hurt_is_refused_at_once(text: str) -> None:
    begin = time.process_time()
    for whole in (text * 100_000, '"' + text * 100_000):
        parse_json(whole.encode(), "f")
    assert time.process_time() - begin < 10


@pytest.mark.parametrize("text", ["a.", "[", "[a.", "a = {", "#\n", 'a = "\\"', "a = '''", "a = 1\n"])
def test_c2_toml_that_is_made_to_hurt_is_refused_at_once(text: str) -> None:
    begin = time.process_time()
    for whole in (text * 20_000, text * 20_000 + "b = 1"):
        document = parse_toml(whole.encode(), "f")
        assert document.errors or text == "#\n"
    assert time.process_time() - begin < 10


@pytest.mark.parametrize("name", ["x.toml", "x.json", "x.jsonc"])
def test_the_ending_of_a_name_reports_the_form(tmp_path: Path, name: str) -> None:
    from dodo_hooks.loader.layers.discover import named_hook_file
    from dodo_hooks.loader.load import load

    content = "jobs = 3 # three\n" if name == "x.toml" else '{\t"jobs": 3 /* three */}'
    (tmp_path / name).write_text(content)
    assert load(named_hook_file(name, top=str(tmp_path), base=str(tmp_path))).slots == 3


def test_an_empty_file_says_nothing_in_every_form() -> None:
    root = parse_toml(b"# nothing\n", "f").root
    assert isinstance(root, MapNode)
    assert root.entries == ()
    assert parse_json(b"// nothing\n", "f") == Document(None, ())


@pytest.mark.parametrize(
    ("reader", "key"), [(parse_toml, '"a\\u0000" = "b\\u0000"'), (parse_json, '{"a\\u0000": "b\\u0000"}')]
)
def test_c2_what_no_program_can_be_given_is_found_and_goes_no_further(
    reader: Callable[[bytes], Document], key: str
) -> None:
    document = reader(key.encode())
    assert [one.message for one in document.errors] == ["the character U+0000 cannot be passed to any program"] * 2
    assert document.root is not None
    assert plain(document.root) == {"a\ufffd": "b\ufffd"}
