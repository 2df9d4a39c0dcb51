"""Background jobs get none of git's per-command variables (R11)."""

import os
import subprocess
from pathlib import Path

import pytest

from dodo_hooks.git.repo import find_repo, is_discoverable
from dodo_hooks.git.variables import LOCAL_VARIABLES, background_environ, without_local
from kit.repo import Repo


def test_r11_every_variable_that_git_names_is_known(repo: Repo) -> None:
    named = repo.git("rev-parse", "--local-env-vars").stdout.split()
    assert "GIT_DIR" in named
    assert set(named) - set(LOCAL_VARIABLES) == set()


def test_r11_what_git_adds_for_a_hook_is_taken_away_again(repo: Repo, tmp_path: Path) -> None:
    hook = repo.write(".git/hooks/post-commit", f"#!/bin/sh\nenv -0 > {tmp_path}/seen\n")
    hook.chmod(0o755)
    linked = repo.worktree("linked")
    commit = ("commit", "--allow-empty", "-m", "x", "--author=Another <one@example.invalid>")
    linked.git("-c", "a.b=c", "--literal-pathspecs", *commit, env={"GIT_CONFIG_COUNT": "0"})
    pairs = (entry.partition("=") for entry in (tmp_path / "seen").read_text().split("\0") if entry)
    environ = {name: value for name, _, value in pairs}
    added = {name for name in environ.keys() - repo.env.keys() if name.startswith("GIT_")}
    assert {"GIT_DIR", "GIT_INDEX_FILE", "GIT_EDITOR", "GIT_AUTHOR_NAME", "GIT_LITERAL_PATHSPECS"} <= added

    clean = background_environ(environ, find_repo(environ, str(linked.path)), True)

    assert not clean.keys() & added
    assert clean.pop("GIT_OPTIONAL_LOCKS") == "0"
    # What was there before git came stays, but for what git's own start adds to PATH.
    assert {name: value for name, value in clean.items() if name in repo.env and name != "PATH"} == {
        name: value for name, value in repo.env.items() if name != "PATH"
    }


def test_r11_a_persons_own_author_and_settings_stay(repo: Repo) -> None:
    own = {"GIT_AUTHOR_NAME": "Me", "GIT_AUTHOR_DATE": "2020-01-01", "GIT_SSH_COMMAND": "ssh -v", "GIT_TRACE": "1"}
    clean = background_environ({**own, "GIT_OPTIONAL_LOCKS": "1"}, repo.facts, True)
    assert clean == {**own, "GIT_OPTIONAL_LOCKS": "0"}


def test_r11_numbered_variables_go_with_their_count(repo: Repo) -> None:
    numbered = ("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0", "GIT_PUSH_OPTION_COUNT", "GITHEAD_0a1b")
    clean = background_environ(dict.fromkeys(numbered, "1"), repo.facts, True)
    assert clean == {"GIT_OPTIONAL_LOCKS": "0"}


def test_r11_a_repository_that_git_would_not_find_is_named_absolutely(repo: Repo, tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    environ = {**repo.env, "GIT_DIR": "../repo/.git", "GIT_WORK_TREE": "."}
    found = find_repo(environ, str(top))
    clean = background_environ(environ, found, is_discoverable(found, {}))
    assert (clean["GIT_DIR"], clean["GIT_WORK_TREE"]) == (str(repo.path / ".git"), str(top))
    answer = subprocess.check_output(["git", "rev-parse", "--show-toplevel", "--git-dir"], cwd="/", env=clean)
    assert os.fsdecode(answer).split() == [str(top), str(repo.path / ".git")]


def test_r11_a_repository_without_working_tree_is_named_alone(repo: Repo) -> None:
    repo.git("clone", "-q", "--bare", ".", "../bare.git")
    found = find_repo(repo.env, str(repo.path.parent / "bare.git"))
    clean = background_environ(repo.env, found, is_discoverable(found, {}))
    assert clean["GIT_DIR"] == found.git_dir and "GIT_WORK_TREE" not in clean


# Of the settings of git's command line those stay that say whose repositories are safe.


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ([("safe.directory", "/a b")], [("safe.directory", "/a b")]),
        ([("a.b", "1"), ("Safe.Directory", "*"), ("core.x", "y")], [("safe.directory", "*")]),
        ([("safe.directory", "*"), ("safe.directory", ""), ("safe.directory", "/x")], ["*", "", "/x"]),
        ([("safe.directoryx", "*"), ("asafe.directory", "*"), ("safe.bareRepository", "all")], []),
    ],
)
def test_r11_numbered_exceptions_of_ownership_stay(
    repo: Repo, settings: list[tuple[str, str]], kept: list[tuple[str, str] | str]
) -> None:
    environ = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        environ |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    values = [one if isinstance(one, str) else one[1] for one in kept]
    assert _settings_of_command(without_local(environ), repo) == [("safe.directory", value) for value in values]


@pytest.mark.parametrize(
    "settings",
    [
        ["safe.directory=/with 'quotes' and ! and \\ blanks", "a.b=safe.directory=/x"],
        ["a.b=x' 'safe.directory=/y", "user.name=it's", "SAFE.directory=/z"],
        ["safe.directory", "safe.directory=", "safe.directory=a=b"],
    ],
)
def test_r11_exceptions_of_gits_own_options_stay(repo: Repo, settings: list[str], tmp_path: Path) -> None:
    """Keep them in whatever way this git writes them down for its children."""
    options = [word for setting in settings for word in ("-c", setting)]
    alias = f"!printf %s \"$GIT_CONFIG_PARAMETERS\" >'{tmp_path}/seen'"
    repo.git(*options, "-c", f"alias.see={alias}", "see")
    environ = {"GIT_CONFIG_PARAMETERS": (tmp_path / "seen").read_text()}
    pairs = [setting.partition("=") for setting in settings if setting.lower().startswith("safe.")]
    wanted = [("safe.directory", value) for _, _, value in pairs]
    assert _settings_of_command(without_local(environ), repo) == wanted


@pytest.mark.parametrize(
    "environ",
    [
        {"GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"},
        {"GIT_CONFIG_COUNT": "x", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"},
        {"GIT_CONFIG_COUNT": "0", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"},
        {"GIT_CONFIG_COUNT": "99999999999", "GIT_CONFIG_KEY_0": "a.b"},
        {"GIT_CONFIG_PARAMETERS": ""},
        {"GIT_CONFIG_PARAMETERS": "'a.b'='safe.directory=x'"},
    ],
)
def test_r11_what_is_no_such_setting_goes(environ: dict[str, str]) -> None:
    assert without_local(environ) == {}


def _settings_of_command(environ: dict[str, str], repo: Repo) -> list[tuple[str, str]]:
    """Return what git makes of the variables."""
    listed = repo.git("config", "--show-scope", "--null", "--list", env=environ).stdout.split("\0")[:-1]
    pairs = zip(listed[::2], listed[1::2], strict=True)
    return [(line.partition("\n")[0], line.partition("\n")[2]) for scope, line in pairs if scope == "command"]
