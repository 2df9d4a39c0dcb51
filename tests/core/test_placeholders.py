"""The known placeholders, and their values (C6)."""

import pytest

from dodo_hooks.core.git_hooks import known_hooks
from dodo_hooks.loader.shell.placeholders import (
    LISTS,
    SCALARS,
    arguments_of,
    is_known,
    nearest,
    takes_event,
    variable_of,
)

NEARLY = {
    "staged_files": "staged_file stagedfiles StagedFiles STAGED_FILES staged-files stage_files unstaged_files",
    "files": "file Files fiels",
    "push_files": "push_file pushed_files",
    "all_files": "allfiles",
    "branch": "Branch brnch branche brnach",
    "git_dir": "gitdir",
    "hook": "hooks hokk hoko",
    "job_name": "jobname job_nmae",
    "job": "jbo",
    "remote_url": "remoteurl",
    "worktree": "worktrees work_tree",
    "changed_files": "changes_files",
    "default_branch": "defaultbranch",
}

# Texts in braces from awk, jq, shells, Makefiles, format strings and other tools' command lines.
ORDINARY = """
    print next exit getline NR name path dir type text id key value x a i file_name filename basename ext user
    home version tag sha commit message subject body url host port user_id date time log book look jib bob field
    fields tiles miles profiles filter remove removed demote worker work tree base head target source
    path_to_file changed staged all push task tasks command cmd args argv arg error errors title label event
    status output input lint test tests build repo_url
"""


@pytest.mark.parametrize(("name", "words"), NEARLY.items())
def test_c6_a_word_that_is_nearly_a_placeholder_has_a_nearest_one(name: str, words: str) -> None:
    assert is_known(name, 3)
    assert {word: nearest(word, ()) for word in words.split()} == dict.fromkeys(words.split(), name)
    assert not any(is_known(word, 3) for word in words.split())


def test_c6_an_ordinary_word_in_braces_is_nobodys_business() -> None:
    assert [word for word in ORDINARY.split() if is_known(word, 3) or nearest(word, ())] == []


def test_c6_names_of_the_files_own_templates_count_too() -> None:
    assert nearest("in_box", ("in-box",)) == "in-box"
    assert nearest("in_box", ()) == ""


def test_c6_numbers_are_placeholders_up_to_what_git_gives_the_hook() -> None:
    assert [number for number in range(12) if is_known(str(number), 3)] == [0, 1, 2, 3]
    assert [text for text in ("00", "01", "1a", "99999999999999999999", "") if is_known(text, 9)] == []
    assert [number for number in range(12) if is_known(str(number), 0)] == [0]


def test_c6_every_hook_has_the_number_of_arguments_that_it_is_given() -> None:
    given = {hook: arguments_of(hook) for hook in known_hooks() if arguments_of(hook)}
    assert given == {
        "applypatch-msg": 1, "commit-msg": 1, "prepare-commit-msg": 3, "pre-rebase": 2, "post-checkout": 3,
        "post-merge": 1, "pre-push": 2, "post-rewrite": 1, "sendemail-validate": 2, "post-index-change": 2,
        "reference-transaction": 1, "worktree-post-create": 3, "post-clone": 3,
        "worktree-pre-remove": 1, "worktree-post-remove": 1,
    }  # fmt: skip


def test_c6_every_placeholder_has_a_variable_to_fall_back_to() -> None:
    assert {variable_of(name) for name in LISTS} == {"DODO_FILES0"}
    assert [variable_of(name) for name in ("0", "1", "12", "branch")] == [
        "DODO_ARG1",
        "DODO_ARG1",
        "DODO_ARG12",
        "DODO_BRANCH",
    ]
    assert all(variable_of(name).startswith("DODO_") for name in SCALARS)


def test_c6_data_of_an_event_differs_from_what_is_always_there() -> None:
    assert [name for name in sorted(LISTS) if takes_event(name, "pre-commit")] == ["changed_files", "push_files"]
    assert [name for name in SCALARS if takes_event(name, "pre-push")] == ["remote", "remote_url", "repository_url"]
    assert [name for name in SCALARS if takes_event(name, "post-checkout")] == []
    assert takes_event("0", "commit-msg")
    assert takes_event("1", "commit-msg")
