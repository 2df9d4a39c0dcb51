"""`dump` keeps the comments of YAML files (section 4)."""

from pathlib import Path

import pytest

from dodo_hooks.loader.layers.discover import find_hook_file
from dodo_hooks.loader.load import Loaded, load_with_tree
from dodo_hooks.loader.read.comments import attach_comments, comments_of, read_comments
from dodo_hooks.loader.read.sources import Sources
from dodo_hooks.loader.read.yaml_writer import emit_yaml
from kit.repo import Repo


def dumped(folder: Path, *, with_origin: bool = False) -> tuple[Loaded, str]:
    found = find_hook_file(str(folder))
    assert found is not None
    sources = Sources()
    whole = load_with_tree(found, sources)
    comments = attach_comments(read_comments(sources, found.top), whole.root)
    return whole, emit_yaml(whole.root, with_origin=with_origin, comments=comments)


LEFTHOOK = """\
# for all
min_version: 1.6  # gone

# before a commit
pre-commit:  # behind the hook
  parallel: true  # at once
  commands:
    # finds bugs
    lint:  # behind the name
      glob: "*.{js,ts}"  # behind the glob
      # above the command
      run: |  # at the block
        echo "# no comment"  # neither
      # below the block
    test:
      run: "echo '# no comment'"  # behind the text
      tags: [a,  # between
        b#c]
# at the end
"""
DUMPED = """\
hooks:
  # for all
  # gone
  # before a commit
  pre-commit:  # behind the hook
    parallel: true  # at once
    jobs:
      # finds bugs
      # behind the name
      - name: lint
        # above the command
        run: |  # at the block
          echo "# no comment"  # neither
        glob:  # behind the glob
          glob: "*.{js,ts}"
          ignore_case: true
      # below the block
      - name: test
        tags:  # between
          - a
          - b#c
        run: echo '# no comment'  # behind the text
# at the end
"""


def test_comments_stay_with_what_they_stand_at(tmp_path: Path) -> None:
    (tmp_path / "lefthook.yml").write_text(LEFTHOOK)
    first, text = dumped(tmp_path)
    assert text.replace("run: \"echo '# no comment'\"", "run: echo '# no comment'") == DUMPED
    (tmp_path / "lefthook.yml").unlink()
    (tmp_path / "hooks.dodo").write_text(text)
    second, again = dumped(tmp_path)
    assert second.plan.hooks == first.plan.hooks
    assert again == text


def test_comments_of_all_layers_are_kept_and_each_once(tmp_path: Path) -> None:
    (tmp_path / "hooks.dodo").write_text(
        "hooks:\n  pre-commit:\n    jobs:\n    # one\n    - &a {name: a, run: x}  # two\n"
        "  pre-push: {jobs: [*a]}  # three\n"
    )
    (tmp_path / "hooks.local.dodo").write_text(
        "# four\nhooks:\n  pre-commit:\n    jobs:\n    - name: a\n      run: y  # five\n"
    )
    for with_origin in (False, True):
        _, text = dumped(tmp_path, with_origin=with_origin)
        for word in ("one", "two", "three", "four", "five"):
            assert text.count(f"# {word}") == 1, word


def test_a_comment_behind_what_is_dropped_stays(tmp_path: Path) -> None:
    (tmp_path / "lefthook.yml").write_text("pre-push:\n  commands:\n    a:\n      root: /  # the top\n      run: x\n")
    assert "      # the top\n      - name: a\n        run: x\n" in dumped(tmp_path)[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b#c # d", [(1, "# d", True)]),
        ("a: 'b # c'\r\n# d\r\n", [(2, "# d", False)]),
        ('a: "b \\" # c" # d', [(1, "# d", True)]),
        ("a: |\n  # b\n  c\n# d\n", [(4, "# d", False)]),
        ("a: >- # b\n  # c\n", [(1, "# b", True)]),
        ("a: b # c\n  # d\n", [(1, "# c", True), (2, "# d", False)]),
        ("%YAML 1.2\n---\n{a: [b, # c\n d]}", [(3, "# c", True)]),
        ("#\n", [(1, "#", False)]),
    ],
)
def test_a_comment_is_a_mark_behind_a_blank_and_outside_of_a_value(
    text: str, expected: list[tuple[int, str, bool]]
) -> None:
    found = list(comments_of(text.encode(), "f"))
    assert [(one.position[1], one.text, one.is_behind) for one in found] == expected


def test_the_command_keeps_them_but_in_json(repo: Repo) -> None:
    repo.file("# why\nhooks: {}\n")
    assert repo.run("dump").stdout == "# why\nhooks: {}\n"
    assert repo.run("dump", "--format", "json").stdout == '{\n  "hooks": {}\n}\n'
