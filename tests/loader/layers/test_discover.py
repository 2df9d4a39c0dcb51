"""The search for the hook file (section 4)."""

import os
from pathlib import Path

import pytest

from dodo_hooks.core.errors import ConfigError
from dodo_hooks.loader.layers.config_formats import CONFIG_FORMATS, DAFT, DODO, LEFTHOOK, PRE_COMMIT
from dodo_hooks.loader.layers.discover import Found, find_hook_file, named_hook_file
from dodo_hooks.loader.load import load
from dodo_hooks.loader.read.sources import Sources

CANDIDATES = [(one, name) for one in CONFIG_FORMATS for name in one.candidates]


def test_a_tree_without_a_hook_file_has_none(tmp_path: Path) -> None:
    (tmp_path / ".config").touch()  # a file where a folder could be
    assert find_hook_file(str(tmp_path)) is None


@pytest.mark.parametrize("place", range(len(CANDIDATES)), ids=[name for _, name in CANDIDATES])
def test_every_candidate_is_found_and_the_absence_of_the_others_is_known(tmp_path: Path, place: int) -> None:
    (tmp_path / ".config").mkdir()
    config_format, candidate = CANDIDATES[place]
    (tmp_path / candidate).touch()
    sources = Sources()
    found = find_hook_file(str(tmp_path), sources)
    assert found == Found(f"{tmp_path}/{candidate}", str(tmp_path), config_format, home=str(tmp_path))
    absent = {path for path, seen in sources.seen.items() if seen.stat is None}
    names = [*(name for _, name in CANDIDATES), *(LEFTHOOK.alone if config_format is PRE_COMMIT else ())]
    assert absent == {f"{tmp_path}/{name}" for name in names if name != candidate}


def test_the_names_of_each_format_come_in_its_order() -> None:
    names = [name for _, name in CANDIDATES]
    assert names[:4] == ["hooks.dodo", "hooks.dodo.yml", "hooks.dodo.yaml", ".hooks.dodo"]
    assert names[9:15] == ["daft.yml", "daft.yaml", ".daft.yml", ".daft.yaml", ".config/daft.yml", ".config/daft.yaml"]
    assert names[15:19] == ["lefthook.yml", ".lefthook.yml", ".config/lefthook.yml", "lefthook.yaml"]
    assert names[-5:-2] == ["lefthook.toml", ".lefthook.toml", ".config/lefthook.toml"]
    assert names[-2:] == [".pre-commit-config.yaml", ".pre-commit-config.yml"]


def test_a_local_lefthook_file_with_nothing_below_it_is_a_hook_file(tmp_path: Path) -> None:
    (tmp_path / ".lefthook-local.yml").touch()
    found = find_hook_file(str(tmp_path))
    assert found is not None
    assert (found.file, found.config_format) == (f"{tmp_path}/.lefthook-local.yml", LEFTHOOK)
    (tmp_path / ".pre-commit-config.yaml").touch()
    assert find_hook_file(str(tmp_path)) == found
    (tmp_path / ".pre-commit-config.yaml").unlink()
    (tmp_path / "hooks.dodo").touch()
    found = find_hook_file(str(tmp_path))
    assert found is not None
    assert (found.file, found.config_format, found.also) == (f"{tmp_path}/hooks.dodo", DODO, ())


def test_the_first_candidate_wins_and_the_others_are_named(tmp_path: Path) -> None:
    (tmp_path / ".config").mkdir()
    for name in (".config/hooks.dodo.yaml", ".hooks.dodo", "hooks.dodo.yml"):
        (tmp_path / name).touch()
    found = find_hook_file(str(tmp_path))
    assert found is not None
    assert found == Found(
        file=f"{tmp_path}/hooks.dodo.yml",
        top=str(tmp_path),
        config_format=DODO,
        home=str(tmp_path),
        also=(f"{tmp_path}/.hooks.dodo", f"{tmp_path}/.config/hooks.dodo.yaml"),
    )
    assert [one.sentence for one in load(found).diagnostics] == [
        ".hooks.dodo is not read, because hooks.dodo.yml comes first",
        ".config/hooks.dodo.yaml is not read, because hooks.dodo.yml comes first",
    ]


def test_the_file_of_another_format_is_named_too(tmp_path: Path) -> None:
    for name in ("lefthook.yml", "daft.yml", "hooks.dodo"):
        (tmp_path / name).touch()
    found = find_hook_file(str(tmp_path))
    assert found is not None
    assert [one.sentence for one in load(found).diagnostics] == [
        "daft.yml is not read, because hooks.dodo comes first",
        "lefthook.yml is not read, because hooks.dodo comes first",
    ]


def refusal(found: Found | None) -> str:
    assert found is not None
    with pytest.raises(ConfigError) as caught:
        load(found)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_r22_a_candidate_that_cannot_be_read_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".hooks.dodo").touch()
    (tmp_path / "hooks.dodo").mkdir()
    assert refusal(find_hook_file(str(tmp_path))) == "hooks.dodo: expected a hook file, found a directory"
    (tmp_path / "hooks.dodo").rmdir()
    (tmp_path / "hooks.dodo").symlink_to("nowhere")
    assert refusal(find_hook_file(str(tmp_path))) == "hooks.dodo: no such file"
    (tmp_path / "hooks.dodo").unlink()
    (tmp_path / "hooks.dodo").symlink_to("hooks.dodo")
    assert "hooks.dodo: the hook file cannot be read: " in refusal(find_hook_file(str(tmp_path)))


def test_r22_a_fifo_is_refused_and_does_not_keep_git_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hooks.dodo")
    assert refusal(find_hook_file(str(tmp_path))) == "hooks.dodo: expected a hook file, found something else"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_r22_a_file_or_a_folder_that_is_forbidden_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".config").mkdir(mode=0)
    assert "cannot be read: Permission denied" in refusal(find_hook_file(str(tmp_path)))
    (tmp_path / "hooks.dodo").touch(mode=0)
    assert "hooks.dodo: the hook file cannot be read: Permission denied" in refusal(find_hook_file(str(tmp_path)))


def test_a_named_file_is_taken_as_it_is_and_named_from_the_top(tmp_path: Path) -> None:
    (tmp_path / "hooks.dodo").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.dodo").write_text("jobs: no\n")
    top, other = str(tmp_path), str(tmp_path / "other")
    found = named_hook_file("./x.dodo", top=top, base=other)
    assert found == Found(file=f"{other}/x.dodo", top=top)
    assert refusal(found).startswith("other/x.dodo:1:7: ")
    assert refusal(named_hook_file("other/y.dodo", top=top, base=top)) == "other/y.dodo: no such file"
    assert refusal(named_hook_file(f"{other}/x.dodo", top="/elsewhere", base=top)).startswith(f"{other}/x.dodo:1:7: ")


def test_a_named_file_behind_a_link_is_the_one_that_the_system_finds(tmp_path: Path) -> None:
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "far" / "x.dodo").write_text("jobs: 2\n")
    (tmp_path / "link").symlink_to("far/away")
    found = named_hook_file("link/../x.dodo", top=str(tmp_path), base=str(tmp_path))
    assert load(found).slots == 2
    (tmp_path / "far" / "x.dodo").write_text("jobs: two\n")
    assert refusal(found).startswith(f"{tmp_path}/link/../x.dodo:1:7: ")


@pytest.mark.parametrize(
    ("name", "config_format", "home"),
    [
        ("hooks.dodo", DODO, "/x"),
        ("a/.config/hooks.dodo.yml", DODO, "/x/a"),
        ("lefthook.toml", LEFTHOOK, "/x"),
        (".config/daft.yml", DAFT, "/x/.config/.."),
        ("lefthook-ci.yml", LEFTHOOK, None),
        ("daft.ci.yml", DAFT, None),
        ("lefty.yml", DODO, None),
        ("other.json", DODO, None),
    ],
)
def test_the_name_of_a_named_file_reports_its_config_format(name: str, config_format: object, home: str | None) -> None:
    found = named_hook_file(name, top="/x", base="/x")
    assert found.config_format is config_format
    assert found.home == (home and os.path.normpath(home))
