"""The meta hooks that check the config file: `check-hooks-apply` and `check-useless-excludes` (P2).

Usage: meta.py FOLDER HOOK FACTS [FILE]... FOLDER has the library `identify`. FACTS is JSON of the loader's, about the
hooks of the config file. It prints what pre-commit 4.7 does (meta_hooks/).
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_PACKAGES = str(Path(__file__).absolute().parents[5])  # the folder that dodo_hooks lies in


def main(hook: str, facts: str) -> int:
    return (_check_hooks_apply if hook == "check-hooks-apply" else _check_useless_excludes)(json.loads(facts))


def _check_hooks_apply(rules: "list[list[Any]]") -> int:
    tagged, code = _tagged_files(), 0
    for identity, files, excludes, *tags in rules:
        expressions, excluded = [re.compile(one) for one in files], [re.compile(one) for one in excludes]
        names = (name for name in _with_tags(tagged, *tags) if all(one.search(name) for one in expressions))
        if not any(True for name in names if not any(one.search(name) for one in excluded)):
            print(f"{identity} does not apply to this repository")
            code = 1
    return code


def _check_useless_excludes(facts: "list[list[Any]]") -> int:
    (top_files, top_exclude), *rules = facts
    tagged, code = _tagged_files(), 0
    if not _excludes_any(tagged, "", top_exclude):
        print(f"The global exclude pattern {top_exclude!r} does not match any files")
        code = 1
    include, exclude = re.compile(top_files), re.compile(top_exclude)
    left = {name: tags for name, tags in tagged.items() if include.search(name) and not exclude.search(name)}
    for identity, files, excludes, *tags in rules:
        if not _excludes_any(_with_tags(left, *tags), files, excludes):
            print(f"The exclude pattern {excludes!r} for {identity} does not match any files")
            code = 1
    return code


def _excludes_any(names: "Iterable[str]", include: str, exclude: str) -> bool:
    if exclude == "^$":
        return True
    included, excluded = re.compile(include), re.compile(exclude)
    return any(included.search(name) and excluded.search(name) for name in names)


def _tagged_files() -> "dict[str, frozenset[str]]":
    """Return all files of the index that are there, with their tags."""
    from dodo_hooks.host.files.tags_on_disk import tags_on_disk
    from dodo_hooks.loader.globs.type_tags import tag_tables

    listed = subprocess.run(("git", "ls-files", "-z"), stdout=subprocess.PIPE, check=True).stdout.split(b"\0")[:-1]
    tables = tag_tables()
    tags = {path: tags_on_disk(path, path, tables) for path in listed}
    return {os.fsdecode(path): its_tags for path, its_tags in tags.items() if its_tags is not None}


def _with_tags(
    tagged: "dict[str, frozenset[str]]", types: "list[str]", types_or: "list[str]", exclude_types: "list[str]"
) -> "Iterable[str]":
    from dodo_hooks.core.files.file_tags import selects
    from dodo_hooks.core.plan_parts import TagRule

    rule = TagRule(tuple(types), tuple(types_or), tuple(exclude_types))
    return [name for name, tags in tagged.items() if selects(rule, tags)]


if __name__ == "__main__":
    sys.path += [_PACKAGES, sys.argv[1]]
    sys.exit(main(sys.argv[2], sys.argv[3]))
