"""The line about a run in the background that failed, and the command of the user that gets it."""

import os
import shlex
from pathlib import Path

import pytest

from dodo_hooks.core.errors import ConfigError
from dodo_hooks.core.text.terminal_text import shell_word
from dodo_hooks.engine.background.after_run import command_of
from dodo_hooks.loader.user_config import DESKTOP, Notify, load_user_config
from dodo_hooks.store.failure_notices import format_notice


@pytest.mark.parametrize(
    ("ended", "error", "line"),
    [
        ([("a", "completed", None), ("b", "cancelled", None)], None, None),
        ([], None, None),
        ([("a b'c", "failed", None)], None, "h: a b'c failed in the background: dodo-hooks jobs logs 'a b'\\''c@1'"),
        (
            [("a", "failed", "x"), ("b", "crashed", None), ("c", "skipped", None)],
            None,
            "h: a, b failed in the background, 1 skipped: dodo-hooks jobs logs @1",
        ),
        (
            [(name, "failed", None) for name in "abcde"],
            None,
            "h: a, b, c and 2 more failed in the background: dodo-hooks jobs logs @1",
        ),
        ([("a", "skipped", "x")], "no process\nmore", "h: no process: dodo-hooks jobs --hook h"),
        ([], "Traceback (most\n  File\nKeyError: 1\n", "h: KeyError: 1: dodo-hooks jobs --hook h"),
    ],
)
def test_the_line(ended: list[tuple[str, str, str | None]], error: str | None, line: str | None) -> None:
    assert format_notice("h", "1", ended, error) == line


@pytest.mark.parametrize("word", ["", "a", "a b", "a'b", "$(rm)", "日本", "a\\b", "-x@1"])
def test_a_quoted_word_is_that_word_for_a_shell(word: str) -> None:
    assert shlex.split(shell_word(word)) == [word]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("notify: {when: later}", '1:16: "when": expected failed or always, found "later"'),
        ("notify: {timeout: 10}", "1:19:"),
        ("notify: [a]", "1:9:"),
        ("notfy: a", '1:1: unknown key "notfy" (did you mean "notify"?)'),
        ("notify: ''", "1:9:"),
        ("notify: [", "1:"),
        ("- a", "1:1:"),
    ],
)
def test_c2_every_error_has_its_place(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "config.yml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_user_config(str(path))
    assert str(caught.value).startswith(f"{path}:{place}")


@pytest.mark.parametrize(
    ("text", "notify"),
    [
        ("", None),
        ("# nothing\n", None),
        ("notify:\n", None),
        ("notify: desktop", Notify(DESKTOP, False, 10.0)),
        ("notify: {when: always}", Notify(DESKTOP, True, 10.0)),
        ("notify: {run: a b, timeout: 1m}", Notify("a b", False, 60.0)),
    ],
)
def test_what_can_be_written(tmp_path: Path, text: str, notify: Notify | None) -> None:
    path = tmp_path / "config.yml"
    path.write_text(text)
    assert load_user_config(str(path)).notify == notify


def test_the_desktop_is_asked_where_there_is_one(tmp_path: Path) -> None:
    environ = {"PATH": str(tmp_path)}
    assert command_of(DESKTOP, environ, "x") is None
    for name in ("notify-send", "osascript"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        os.chmod(tmp_path / name, 0o755)
    argv = command_of(DESKTOP, environ, "-x 'y'")
    assert argv is not None and argv[0] in ("notify-send", "osascript") and argv[-1] == "-x 'y'"
