"""Plain command lines are read without click: both readers must agree on every one, and click gets all others."""

import sys
from collections.abc import Sequence
from itertools import chain
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.cli.jobs.formats import FORMATS
from dodo_hooks.cli.lazy_group import PROGRAM, load_command
from dodo_hooks.cli.options import tables
from dodo_hooks.cli.options.tables import COLOR, COLORS, FLAG, NUMBER, Option
from dodo_hooks.cli.plain_command import NotPlainError, read_plain
from dodo_hooks.cli.root_command import COMMANDS
from dodo_hooks.fire import firing
from dodo_hooks.host.world import World
from kit.repo import Repo

TABLES = {"run": tables.RUN, "jobs": tables.JOBS, "status": tables.STATUS}
HOOK_AND_FILES = ("pre-commit", "a b", "*.py", "")
HEAVY = {"click", "re", "json", "dataclasses", "typing", "subprocess", "pathlib", "datetime", "contextlib", "shutil"}


def read_by_click(command: str, words: Sequence[str]) -> dict[str, Any]:
    """Return what the command would be called with, and the choice of colours. Raises click's errors."""
    settings: dict[str, Any] = {"obj": World({}, "/"), "help_option_names": ["-h", "--help"]}  # as those of the group
    with load_command(COMMANDS[command]).make_context(f"{PROGRAM} {command}", list(words), **settings) as context:
        values = {**context.params, "colors": context.obj.colors}
        return {**values, "args": context.meta["dodo_hooks.hook_args"]} if command == "run" else values


def read_without(command: str, words: Sequence[str]) -> dict[str, Any]:
    values = read_plain(command, words)
    color = values.pop("color")
    return {**values, "colors": COLORS[color] if color else None}


def modules_after(repo: Repo, command: str) -> set[str]:
    """Return the modules that are imported when a command has run."""
    code = (
        "import sys; sys.path[:0] = sys.argv.pop(1).split(':'); from dodo_hooks.main import main; "
        "main(sys.argv[1:]); print('modules:', *sys.modules)"
    )
    path = ":".join(one for one in sys.path if one)
    argv = (sys.executable, "-I", "-S", "-c", code, path, *command.split())
    return set(repo.call(*argv, check=True).stdout.rpartition("modules:")[2].split())


def values_of(option: Option) -> list[str]:
    return [*option.choices] or (["1", "20"] if option.kind == NUMBER else ["a", "b c", "", "tag:x", "é/*.py"])


@st.composite
def plain_words(draw: st.DrawFn, command: str) -> list[str]:
    """Draw words that have to be plain: options with their values, and for `run` a hook, files and arguments."""
    options = [one for one in (*TABLES[command], *([COLOR] if command == "run" else [])) if one.key != "short"]
    parts: list[list[str]] = []
    for option in draw(st.lists(st.sampled_from(options), max_size=6)) if options else []:
        name = draw(st.sampled_from(option.names))
        parts.append([name] if option.kind == FLAG else [name, draw(st.sampled_from(values_of(option)))])
    if command != "run":
        return list(chain(*parts))
    parts += [[word] for word in draw(st.lists(st.sampled_from(HOOK_AND_FILES), min_size=1, max_size=3))]
    words = list(chain(*draw(st.permutations(parts))))
    return words + draw(st.sampled_from([[], ["--"], ["--", "x", "--hook", "--"], ["--", "-v"]]))


@pytest.mark.parametrize("command", TABLES)
@given(data=st.data())
def test_both_readers_read_plain_words_alike(command: str, data: st.DataObject) -> None:
    words = data.draw(plain_words(command))
    assert read_without(command, words) == read_by_click(command, words)


@pytest.mark.parametrize("command", TABLES)
@given(data=st.data())
def test_what_is_read_without_click_is_what_click_reads(command: str, data: st.DataObject) -> None:
    """Draw words of all kinds: wrong values, joined letters, `--name=value`, unknown options, missing values."""
    options = (*TABLES[command], COLOR)
    names = [name for option in options for name in option.names]
    odd = [
        "-",
        "--",
        "-h",
        "--help",
        "--no",
        "-vq",
        "-j4",
        "-j",
        "--last=3",
        "--phase=off",
        "0",
        "-1",
        "+4",
        " 4",
        "1_0",
    ]
    odd += ["٣", "9" * 12, "pre-commit", "AUTO", "logs"]
    words = data.draw(st.lists(st.sampled_from([*names, *odd]), max_size=5))
    try:
        found = read_without(command, words)
    except NotPlainError:
        return
    assert found == read_by_click(command, words)


@pytest.mark.parametrize("command", TABLES)
@pytest.mark.parametrize("words", [["--help"], ["-h"], ["--unknown"], ["--color", "pink"], ["--color"]])
def test_help_and_errors_are_left_to_click(command: str, words: list[str]) -> None:
    with pytest.raises(NotPlainError):
        read_plain(command, words)


def test_the_words_of_the_tables_are_those_that_the_program_knows() -> None:
    assert tuple(FORMATS) == tables.FORMATS
    assert tables.PHASES == firing.PHASES


@pytest.mark.parametrize("command", ["run pre-commit", "jobs", "status", "run pre-commit -v --color never -- x"])
def test_nothing_heavy_is_imported_for_plain_words(repo: Repo, command: str) -> None:
    repo.hook("pre-commit", one={"run": "true", "glob": "*.py"}, two="true")
    repo.install()
    repo.run("run", "pre-commit", check=True)
    modules = modules_after(repo, command)
    assert "dodo_hooks.cli.plain_command" in modules
    assert modules & HEAVY == set()


def test_a_run_with_nothing_to_do_imports_no_engine(repo: Repo) -> None:
    repo.hook("pre-commit", one={"run": "true", "glob": "*.py"})
    repo.run("run", "pre-commit", check=True)
    modules = modules_after(repo, "run pre-commit")
    assert "dodo_hooks.fire.manual.manual_run" in modules
    assert not modules & {"dodo_hooks.engine.loop", "dodo_hooks.store.writer", "dodo_hooks.fire.phases"}


def test_click_is_there_where_words_are_not_plain(repo: Repo) -> None:
    done = repo.run("jobs", "--last=0")
    assert done.returncode == 3 and "--last" in done.stderr
    with pytest.raises(click.ClickException):
        read_by_click("jobs", ["--last=0"])
