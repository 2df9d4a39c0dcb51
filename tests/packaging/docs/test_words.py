"""Phrases of two words for which this project has another word; .ci/words.txt has the single words."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

TOP = Path(__file__).parents[3]
# The words that git, doit, make, pre-commit and lefthook use, or else plain ones; and one word for one thing.
PHRASES = {
    "by hand": "manually, a manual run",
    "made whole": "recovered",
    "make whole": "recover",
    "set aside": "hidden",
    "sets aside": "hides",
    "put back": "restored",
    "puts back": "restores",
    "go on": "continue",
    "goes on": "continues",
    "going on": "in progress",
    "gone on": "continued",
    "went on": "continued",
    "look at": "read, check",
    "looks at": "reads, checks",
    "looked at": "read, checked",
    "told to end": "terminated",
    "let go": "released",
    "lets go": "releases",
    "give up": "abort, stop",
    "gives up": "aborts, stops",
    "thin out": "trim",
    "leave word": "write a notice",
    "kept hook": "legacy hook",
}
_BETWEEN = r"(?:\s|#|_)+"  # also across the lines of a paragraph or a comment, and in a name in code
_ANY = "|".join(one.replace(" ", _BETWEEN) for one in PHRASES)
PATTERN = re.compile(rf"(?<![^\W_])(?:{_ANY})(?![^\W_])", re.IGNORECASE)
TEXTS = (".md", ".py", ".toml", ".dodo", ".yml", ".yaml", ".json", ".sh", "")


def texts() -> list[str]:
    """Return the names of the files that people read, but this one."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    return [name for name in names.split("\0") if name and Path(name).suffix in TEXTS and name != _own_name()]


def _own_name() -> str:
    return str(Path(__file__).relative_to(TOP))


@pytest.mark.skipif(not (TOP / ".git").exists(), reason="not a checkout")
def test_one_word_is_used_for_one_thing() -> None:
    found = []
    for name in texts():
        path = TOP / name
        if not path.is_file():  # `dodo_hooks/loader` is a link to a folder
            continue
        content = path.read_text("utf-8")
        for match in PATTERN.finditer(content):
            phrase = re.sub(_BETWEEN, " ", match[0]).lower()
            found.append(f"{name}:{content.count(chr(10), 0, match.start()) + 1}: {phrase}: say {PHRASES[phrase]}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("text", ["put back", "go\n    # on", "def test_by_hand():", "Gives up."])
def test_a_phrase_is_found_across_lines_and_in_names(text: str) -> None:
    assert PATTERN.search(text)


@pytest.mark.parametrize("text", ["goes onto", "backup", "a look atop", "algo on"])
def test_a_part_of_another_word_is_no_phrase(text: str) -> None:
    assert not PATTERN.search(text)


@pytest.mark.skipif(not (TOP / ".git").exists(), reason="not a checkout")
def test_no_docstring_needs_its_heading_to_be_understood() -> None:
    clause = re.compile(r'"""(?:What|Whether|How|Of|Which|Where|Why|Who)\s')
    sources = [name for name in texts() if name.endswith(".py") and (TOP / name).is_file()]
    assert [name for name in sources if clause.search((TOP / name).read_text("utf-8"))] == []


@pytest.mark.skipif(not (TOP / ".git").exists(), reason="not a checkout")
def test_no_two_modules_share_a_name() -> None:
    modules = Counter(Path(name).name for name in texts() if name.startswith(("dodo_hooks/", "loader/")))
    assert [name for name, count in modules.items() if count > 1 and name != "__init__.py"] == []
