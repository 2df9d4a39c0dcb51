"""PyYAML's own reader and libyaml give the same tree, with the same locations (C2)."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dodo_hooks.loader.read.nodes import ListNode, MapNode, Node, Scalar
from dodo_hooks.loader.read.yaml_reader import LIBYAML, READ_OTHERWISE, StopReading, _printable, parse, parse_with
from kit.chance import how_many

ROOT = Path(__file__).parents[2]
TEXTS = how_many(2_000, 20_000)
FILES = [
    path for pattern in ("*.yml", "*.dodo", "examples/**/*.*ml", "examples/**/*.dodo") for path in ROOT.glob(pattern)
]
PIECES = [
    *("\t", " ", "  ", "\n", "\r\n", "\r", "\x85", "\u2028", "\ufeff", "\x7f", "\xa0", "\u3000", "é", "\U0001f600"),
    *("-", "- ", "?", "? ", ":", ": ", ",", "[", "]", "{", "}", "#", " #", "&a ", "*a", "*a ", "<<: *a", "%", "@", "`"),
    *("!", "! ", "!!str ", "!!int ", "!x ", "!<x> ", "|", "|\n", "|-\n", ">\n", ">2\n", "|+1\n", "'", '"', "''", '\\"'),
    *("\\", "\\x41", "\\u0041", "\\/", "\\'", "\\\n", "%YAML 1.1\n", "%TAG ! x\n", "---", "---\n", "--- ", "...\n"),
    *("~", "null", "a", "0", "1", "=", "$", "{a}", "?a", "-a", ":a", "a:b", "a: b", "- a", "//", "\n\n", "\n  "),
]
BEGINNINGS = ("", "", "a: ", "- ", "{", "[", "a:\n  ", "{a: ", "[a, ", "a:\n- ", "? ")

needs_libyaml = pytest.mark.skipif(LIBYAML is None, reason="PyYAML was built without libyaml")


def everything_of(node: Node | None) -> object:
    """Return all of a tree, with what a comparison of nodes leaves out."""
    if isinstance(node, MapNode):
        return node.mark, [(entry.mark, entry.key, everything_of(entry.value)) for entry in node.entries]
    if isinstance(node, ListNode):
        return node.mark, [everything_of(item) for item in node.items]
    return node and (node.mark, node.text, repr(node.value), node.plain, node.source)


def is_read_alike(text: str) -> bool:
    """Compare the readers; False where only the own one reads such a text."""
    try:
        _printable(text, "f")
    except StopReading:
        return False
    fast = parse_with(LIBYAML, text, "f")  # whatever the text is, it raises nothing
    if fast.errors or READ_OTHERWISE.search(text):
        return False
    own = parse_with(yaml.SafeLoader, text, "f")
    assert not own.errors, text
    assert everything_of(fast.root) == everything_of(own.root), text
    return True


@needs_libyaml
def test_c2_both_readers_give_the_same_tree() -> None:
    texts = [path.read_text() for path in FILES]
    assert sum(map(is_read_alike, texts)) > 5
    dice, compared = random.Random(14), 0
    for _ in range(TEXTS):
        if dice.random() < 0.7:
            text = dice.choice(BEGINNINGS) + "".join(dice.choices(PIECES, k=dice.randint(1, 12)))
        else:
            text = dice.choice(texts)[:2_000]
            for _ in range(dice.randint(1, 3)):
                at = dice.randint(0, len(text))
                text = text[:at] + dice.choice(PIECES) + text[at + dice.randint(0, 3) :]
        compared += is_read_alike(text)
    assert compared > TEXTS // 12


@pytest.mark.parametrize(
    "text",
    [
        "a:\tb",  # libyaml takes the tab
        "[a? b]",  # and the question mark
        "{a: }",  # it places a value that is left out at the bracket
        "{a: # b\n}",
        "{a: # b\r}",
        "a: |# b",  # it takes the comment
        "a: \n\ufeff",
        "[a, ",  # it has other words for errors
    ],
)
@needs_libyaml
def test_c2_what_libyaml_reads_otherwise_is_left_to_the_own_reader(text: str) -> None:
    own, fast = parse_with(yaml.SafeLoader, text, "f"), parse_with(LIBYAML, text, "f")
    read = parse(text.encode(), "f")
    assert (everything_of(read.root), read.errors) == (everything_of(own.root), own.errors)
    assert (everything_of(fast.root), fast.errors) != (everything_of(own.root), own.errors)


def test_c2_without_libyaml_a_file_is_read_up_to_256_kb() -> None:
    script = (
        "import sys; sys.modules['yaml.cyaml'] = None\n"
        "from dodo_hooks.loader.read.yaml_reader import parse\n"
        "print(parse(b'a: 1').errors, *parse(b'a: ' + b'1' * 262_142, 'f').errors)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.startswith(
        "() Diagnostic(location=Location(file='f', line=0, column=0), message='the file has more"
    )


def test_c2_a_scalar_that_is_used_as_a_key_of_a_large_map_is_found() -> None:
    root = parse("".join(f"a{n}: {n}\n" for n in range(100)).encode()).root
    assert isinstance(root, MapNode)
    entries = [root.entry(f"a{n}") for n in range(101)]
    assert [entry and isinstance(entry.value, Scalar) and entry.value.value for entry in entries] == [*range(100), None]
