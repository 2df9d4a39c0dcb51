"""The types of files (C7)."""

from pathlib import Path

import pytest

from dodo_hooks.core.files.file_types import FILE_TYPES
from dodo_hooks.git.content.typed_files import TypeTest, has_types

ELF = b"\x7fELF\x02\x01\x01\x00"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    contents = {
        "empty": b"",
        "notes": b"caf\xe9\n\x1b[1mbold\n",
        "program": ELF,
        "utf16.dat": "\ufeffé".encode("utf-16"),
        "tool": b"#!/usr/bin/env -S A=1 python3.11 -x\n",
        "script": b"#! /bin/dash\n",
        "run.sh": b"echo\n",
        "main.PY": b"pass\n",
        "app.js": b"#!/bin/sh\n",  # its name comes first
        "data.json": b"{}",
        "bad.json": ELF,
        "page.htm": b"<p>",
        ".py": b"a name without an ending",
        "sub.py/notes": b"text",
    }
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    for name in ("program", "tool"):
        (tmp_path / name).chmod(0o755)
    (tmp_path / "link").symlink_to("tool")
    (tmp_path / "dangling").symlink_to("nowhere")
    return tmp_path


@pytest.mark.parametrize(
    ("types", "names"),
    [
        (["text"], "empty notes utf16.dat tool script run.sh main.PY app.js data.json page.htm .py sub.py/notes"),
        (["binary"], "program bad.json"),
        (["executable"], "program tool"),
        (["executable", "text"], "tool"),
        (["not executable", "binary"], "bad.json"),
        (["symlink"], "link dangling"),
        (["symlink", "not executable"], "link dangling"),
        (["not symlink", "executable"], "program tool"),
        (["text", "binary"], ""),
        (["symlink", "text"], ""),
        (["text/x-python"], "tool main.PY"),
        (["application/x-python", "text/x-sh"], "tool main.PY script run.sh"),
        (["text/x-shellscript"], "script run.sh"),
        (["text/javascript"], "app.js"),
        (["application/json"], "data.json bad.json"),
        (["application/json", "text"], "data.json"),
        (["text/html"], "page.htm"),
        (["text/plain"], "empty notes utf16.dat .py sub.py/notes"),
        (["text/x-python", "executable"], "tool"),
    ],
)
def test_c7_types_are_found_without_following_links(tree: Path, types: list[str], names: str) -> None:
    files = [path.relative_to(tree).as_posix() for path in tree.rglob("*") if not path.is_dir()]
    asked = has_types(str(tree), TypeTest(types))
    assert {name for name in files if asked(name.encode())} == set(names.split())


def test_c7_what_is_not_there_has_any_type_that_its_name_allows(tree: Path) -> None:
    assert has_types(str(tree), TypeTest(["text/x-python"]))(b"gone") and has_types(
        str(tree), TypeTest(["text/x-python"])
    )(b"gone.py")
    assert not has_types(str(tree), TypeTest(["text/html"]))(b"gone.py")
    assert not has_types(str(tree), TypeTest(["text"]))(b"sub.py")  # a folder


def test_c7_the_reference_names_every_type() -> None:
    reference = (Path(__file__).parents[2] / "docs/files.md").read_text()
    assert [name for name in FILE_TYPES if f"`{name}`" not in reference] == []
