"""JSON without `json`: the same values, and an error for the same texts."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.text.json_text import json_text, parse_json
from kit.repo import PACKAGES

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES, st.booleans(), st.sampled_from(["", " ", "\n\t\r "]))
def test_a_value_is_what_json_makes_of_it(value: Any, is_ascii: bool, blanks: str) -> None:
    text = f"{blanks}{json.dumps(value, ensure_ascii=is_ascii, indent=len(blanks) or None)}{blanks}"
    assert parse_json(text) == json.loads(text)


@given(st.text(alphabet='{}[]",:truefalsn0123456789.eE+- \\u\x00'))
def test_the_same_texts_are_refused(text: str) -> None:
    try:
        expected = json.loads(text, parse_constant=lambda word: pytest.fail(word))
    except ValueError:
        with pytest.raises(ValueError):
            parse_json(text)
    else:
        assert parse_json(text) == expected


@pytest.mark.parametrize("text", ["", "  ", "{} {}", "[1,]", "NaN", "[Infinity]", '"\n"', "\N{NO-BREAK SPACE}1"])
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_json(text)


@pytest.mark.parametrize("text", ["{", "[1,]", '"\\x"', '{"a" 1}'])
def test_it_is_one_in_a_process_without_json_too(text: str) -> None:
    program = """
import sys
sys.path.insert(0, sys.argv[2])
from dodo_hooks.core.text.json_text import parse_json
try:
    parse_json(sys.argv[1])
except ValueError:
    print("no JSON")
"""
    argv = (sys.executable, "-I", "-S", "-c", program, text, PACKAGES)
    done = subprocess.run(argv, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("no JSON\n", "")


@given(VALUES)
def test_a_text_is_what_json_writes(value: Any) -> None:
    assert json_text(value) == json.dumps(value)
    assert json_text((value, "\udcff")) == json.dumps((value, "\udcff"))


@pytest.mark.parametrize("value", [{b"bytes"}, b"bytes", {"key": object()}])
def test_what_has_no_json_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        json_text(value)
