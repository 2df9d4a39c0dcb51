"""Hook files with errors, and their diagnostics."""

import re
from pathlib import Path
from typing import TypeAlias

import pytest

from dodo_hooks.core.errors import ConfigError
from dodo_hooks.loader.layers.discover import named_hook_file
from dodo_hooks.loader.load import load

FIX_IN_MESSAGE = re.compile(
    r"[:;,] (add|change|check|compute|give|hand|have|indent|install|keep|leave|let|make|move|name|put|read|remove|"
    r"rename|resolve|run|save|set|split|use|write)\b"
)

Cases: TypeAlias = dict[str, tuple[str | bytes, str]]  # what is wrong: the file, the error or a piece of it


def errors_in(tmp_path: Path, content: str | bytes) -> list[str]:
    """Return the diagnostics of a hook file with this content, as `line:column: message; fix`."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    (tmp_path / "hooks.dodo").write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        load(named_hook_file("hooks.dodo", top=str(tmp_path), base=str(tmp_path)))
    diagnostics = caught.value.diagnostics
    assert {one.location.file for one in diagnostics} == {"hooks.dodo"}
    assert [one.message for one in diagnostics if FIX_IN_MESSAGE.search(one.message)] == []
    return [f"{one.location.line}:{one.location.column}: {one.text}" for one in diagnostics]


def hook(body: str, name: str = "pre-commit") -> str:
    """Return a hook file whose hook has this body, which begins in line 3, column 5."""
    return f"hooks:\n  {name}:\n" + "".join(f"    {line}\n" for line in body.splitlines())


def jobs(*items: str) -> str:
    """Return a hook file with these jobs: the first one's first key is in line 4, column 9."""
    lines = [f"{'- ' if not number else '  '}{line}" for item in items for number, line in enumerate(item.splitlines())]
    return hook("\n".join(["jobs:", *(f"  {line}" for line in lines)]))
