"""All that is below a folder, and its owner."""

import os
from pathlib import Path

import pytest

from dodo_hooks.host.files.file_owner import inherit_owner, inherit_owner_of, make_folder
from dodo_hooks.host.files.file_tree import inherit_owner_below, remove_tree, walk, walk_below

SOMEBODY = 12345
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a folder with a file, a folder that is not writable, and links that lead out."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").touch()
    tree = tmp_path / "tree"
    (tree / "folder").mkdir(parents=True)
    (tree / "folder/file").touch()
    (tree / "folder/link").symlink_to("../../outside")
    (tree / "link").symlink_to("../outside/file")
    (tree / "folder").chmod(0o500)
    return tree


def test_each_folder_comes_before_what_is_in_it_and_no_link_is_followed(tree: Path) -> None:
    names = [os.path.relpath(os.fsdecode(path), tree) for path in walk(bytes(tree))]
    assert sorted(names) == [".", "folder", "folder/file", "folder/link", "link"]
    assert names[0] == "." and names.index("folder") < names.index("folder/file")
    assert sorted(os.fsencode(tree / name) for name in names[1:]) == sorted(one.path for one in walk_below(bytes(tree)))


def test_a_folder_that_cannot_be_listed_is_left_out_or_an_error(tree: Path) -> None:
    assert list(walk(b"/nowhere")) == [b"/nowhere"]
    with pytest.raises(FileNotFoundError):
        list(walk_below(b"/nowhere"))


def test_a_tree_is_removed_and_what_its_links_lead_to_stays(tree: Path) -> None:
    assert remove_tree(bytes(tree)) and not tree.exists()
    assert remove_tree(bytes(tree))  # nothing is left of it
    file = tree.parent / "outside/file"
    assert file.exists() and not remove_tree(bytes(file / "below"))
    assert remove_tree(bytes(file)) and not file.exists()


@as_root
def test_what_root_makes_belongs_to_the_owner_of_its_folder(tree: Path) -> None:
    os.chown(tree, SOMEBODY, SOMEBODY)
    make_folder(str(tree / "made"))
    descriptor = os.open(tree / "file", os.O_CREAT | os.O_WRONLY)
    inherit_owner(descriptor, str(tree / "file"))
    os.close(descriptor)
    assert {(path.stat().st_uid, path.stat().st_gid) for path in (tree / "made", tree / "file")} == {(SOMEBODY,) * 2}
    make_folder(str(tree.parent / "ours"))
    assert (tree.parent / "ours").stat().st_uid == 0


@as_root
def test_all_in_a_folder_is_given_away_but_links_and_what_they_lead_to(tree: Path) -> None:
    os.chown(tree, SOMEBODY, SOMEBODY)
    inherit_owner_below(bytes(tree))
    inherit_owner_of(str(tree / "link"))
    assert {(tree / name).lstat().st_uid for name in ("folder", "folder/file")} == {SOMEBODY}
    assert {(tree / name).lstat().st_uid for name in ("link", "folder/link", "../outside/file")} == {0}
