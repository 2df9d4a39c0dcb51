"""JSON text, with or without comments -> a tree with locations.

For our reader JSON is YAML, with a few exceptions: tabs between values, comments, characters beyond U+FFFF that are
written as two escapes, and characters that YAML reads as the end of a line or rejects. They are replaced here, by text
of the same width wherever possible.
"""

import re

from dodo_hooks.loader.read.yaml_reader import Document, StopReading, decode, parse

# What is never closed continues to the end: else each further quote would be tried for a beginning.
_PIECES = re.compile(r'(?P<text>"(?:[^"\\]|\\.)*"?)|//[^\n]*|/\*.*?(?:\*/|\Z)|\t', re.DOTALL)
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")

_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def parse_json(data: bytes, file: str = "") -> Document:
    """Return the tree of a JSON file, as `yaml_reader.parse` does for YAML."""
    try:
        text = decode(data, file)
    except StopReading as stop:
        return Document(None, (stop.error,))
    return parse(_PIECES.sub(_as_yaml, text).encode(), file)


def _as_yaml(piece: re.Match[str]) -> str:
    if piece["text"]:
        text = _PAIR.sub(_joined, piece["text"])
        return _NOT_IN_YAML.sub(lambda character: f"\\u{ord(character[0]):04x}", text)
    return re.sub(r"[^\r\n]", " ", piece[0])


def _joined(pair: re.Match[str]) -> str:
    high, low = int(pair[2], 16), int(pair[3], 16)
    return f"{pair[1]}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"
