"""The tags of files, which are those of pre-commit's own classifier (P4)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from identify import extensions, interpreters
from identify.identify import ALL_TAGS
from pre_commit.commands.run import Classifier

from dodo_hooks.core.files.file_tags import may_select, selects, tags_of_file, tags_of_name
from dodo_hooks.core.plan_parts import TagRule
from dodo_hooks.host.files.tags_on_disk import tags_on_disk
from dodo_hooks.loader.globs.type_tags import tag_tables, type_tag
from kit.chance import chance_of

FILES = 2000
_PARTS = (
    *(f"name.{ending}" for ending in ("PY", "py", "", "tar.gz", "K", "\u212a", "unknown", "plist", "in")),
    *("py", ".py", "..py", ".x.py", "...", "a.", "Dockerfile.xenial", "x.Dockerfile.y", "Makefile.am", "é.md", "tool"),
)
_PROGRAMS = (
    *(
        "/bin/sh",
        "/usr/bin/env python3.11",
        "/usr/bin/env -S python3 -u",
        "/usr/bin/env -S",
        "/usr/bin/env",
        "/bin/ash",
    ),
    *("/usr/bin/python3.5.2", "python", "/bin/unknown", "", " ", "\t/bin/bash\r", "/bin/sh\x0b-e", "/bin/b\x0cash"),
    *(
        "'/usr/bin/node' x",
        '"/a b/perl"',
        '"/bin/sh',
        "/bin/s\\h",
        "/bin/s'h",
        "/bin/sh é",
        "/bin/sh\x01",
        "/bin/sh\x7f",
    ),
    *("/usr/bin/env nix-shell", "/usr/bin/env nix-shell\n#! nix-shell -i bash -p x", "/usr/bin/env nix-shell\n#!-i"),
    *("/usr/bin/env nix-shell\n#!nix-shell -i 'ruby' -i perl\n#! -i \x02\n#! -i zsh", "/usr/bin/env nix-shell\n#!é"),
)
_BODIES = (b"", b"text\n", b"caf\xe9", b"\0", b"\x7f", b"\x08", b"\x1b[1m", b"a" * 1023 + b"\0", b"a" * 1024 + b"\0")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Make files of many names, contents and modes, with all that a name can mean."""
    chance = chance_of("file tags")
    endings = [*extensions.EXTENSIONS, *extensions.EXTENSIONS_NEED_BINARY_CHECK]
    words = [*_PARTS, *extensions.NAMES, *(f"x.{ending}" for ending in endings)]
    programs = [*_PROGRAMS, *(f"/usr/bin/env {name}" for name in interpreters.INTERPRETERS)]
    names = []
    monkeypatch.chdir(tmp_path)
    for number in range(FILES):
        # Each word once, then those that say nothing more often, for which the content decides.
        name = words[number] if number < len(words) else chance.choice((*_PARTS, "tool", "tool", chance.choice(words)))
        path = Path(f"{number}") / name
        path.parent.mkdir()
        shebang = f"#!{chance.choice(programs)}\n".encode() if chance.random() < 0.6 else b""
        path.write_bytes(shebang + chance.choice(_BODIES))
        path.chmod(chance.choice((0o644, 0o755, 0o744, 0o600)))
        names.append(str(path))
    os.mkfifo("fifo.py")
    os.symlink("nowhere", "dangling.py")
    os.symlink(names[0], "link")
    yield [*names, "dangling.py", "link", "0"]


def test_p4_a_file_has_the_tags_that_pre_commit_gives_it(tree: list[str]) -> None:
    library, tables = Classifier(tree), tag_tables()
    ours = {name: tags_on_disk(os.fsencode(name), os.fsencode(name), tables) for name in tree}
    assert ours == {name: library._types_for_file(name) for name in tree}
    assert len({tags for tags in ours.values()}) > 250  # so that it is about something


def test_p4_a_rule_selects_the_files_that_pre_commit_selects(tree: list[str]) -> None:
    chance, library, tables = chance_of("tag rules"), Classifier(tree), tag_tables()
    ours = {name: tags_on_disk(os.fsencode(name), os.fsencode(name), tables) or frozenset() for name in tree}
    common = ["file", "text", "binary", "executable", "non-executable", "python", "shell", "symlink", "directory"]
    for _ in range(200):
        drawn = [chance.sample((*common, chance.choice(sorted(ALL_TAGS))), chance.randrange(3)) for _ in range(3)]
        rule = TagRule(*map(tuple, drawn))
        assert [one for one in tree if selects(rule, ours[one])] == list(library.by_types(tree, *drawn))


def test_p4_what_cannot_be_read_is_binary_and_what_is_missing_has_no_tags(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("text")
    (tmp_path / "secret").chmod(0)
    os.mkfifo(tmp_path / "fifo")
    tables = tag_tables()
    is_root = os.geteuid() == 0
    tags = tags_on_disk(b"secret", os.fsencode(tmp_path / "secret"), tables)
    assert tags == frozenset(("file", "non-executable", "text" if is_root else "binary"))
    assert tags_on_disk(b"gone", os.fsencode(tmp_path / "gone"), tables) is None
    assert tags_on_disk(b"fifo", os.fsencode(tmp_path / "fifo"), tables) == frozenset()


def test_p4_a_deleted_file_counts_unless_its_name_says_otherwise() -> None:
    tables, rule = tag_tables(), TagRule(("python", "executable"), (), ("binary",))
    by_name = {name: tags_of_name(name, tables) for name in (b"a.py", b"tool", b"a.md", b"a.png")}
    assert {name: may_select(rule, tags) for name, tags in by_name.items()} == {
        b"a.py": True,
        b"tool": True,
        b"a.md": False,
        b"a.png": False,
    }
    assert not may_select(TagRule(exclude_types=("python",)), by_name[b"a.py"])
    assert may_select(TagRule(exclude_types=("executable",)), by_name[b"a.py"])


def test_p4_the_mode_decides_whether_a_line_counts() -> None:
    tables = tag_tables()
    assert "shell" in tags_of_file(frozenset(), True, b"#!/bin/sh\n", tables)
    assert "shell" not in tags_of_file(frozenset(), False, b"#!/bin/sh\n", tables)


def test_p4_an_unknown_tag_names_the_nearest() -> None:
    assert type_tag("python") == "python"
    with pytest.raises(ValueError, match=r'no file has the type "pyton" \(did you mean "python"'):
        type_tag("pyton")
