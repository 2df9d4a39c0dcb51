"""The line about a job, and when it has colours (R23)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core import statuses
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.core.text.terminal_text import columns_of, duration_text, escape, has_unicode, truncate, wants_colors
from dodo_hooks.engine.job_line import Look, job_line, name_columns

DONE = Outcome(statuses.COMPLETED, exit_code=0)
FAILED = Outcome(statuses.FAILED, statuses.EXIT, "exit code 1", exit_code=1)
SKIPPED = Outcome(statuses.SKIPPED, statuses.CONDITION, "no matching staged files")
SAME = Outcome(statuses.UP_TO_DATE, reason="nothing has changed")
CANCELLED = Outcome(statuses.CANCELLED, statuses.INTERRUPTED, statuses.interrupted_by(2))
KILLED = statuses.outcome_of(None, 9)
RAN = {"format": (DONE, 0.412), "lint": (FAILED, 123.0), "types": (SKIPPED, None), "same": (SAME, None)}


def lines(look: Look) -> list[str]:
    width = name_columns(RAN, look)
    return [job_line(name, width, outcome, time_s, look) for name, (outcome, time_s) in RAN.items()]


def test_r23_lines_are_columns_with_a_mark_a_name_a_time_and_a_reason() -> None:
    assert lines(Look(has_unicode=True)) == [
        "✔ format    0.4s",
        "✘ lint     2m03s  exit code 1",
        "\u2013 types   no matching staged files",
        "↷ same    nothing has changed",
    ]


def test_r23_where_the_encoding_has_no_marks_they_are_ascii() -> None:
    assert [line[:2] for line in lines(Look())] == ["+ ", "x ", "- ", "> "]
    assert "".join(lines(Look())).isascii()


def test_r23_failure_is_red_success_green_and_skipped_dim() -> None:
    done, failed, skipped, same = lines(Look(has_colors=True))
    assert done == "\x1b[32m+\x1b[0m format    0.4s"
    assert failed == "\x1b[31mx lint     2m03s  exit code 1\x1b[0m"
    assert skipped.startswith("\x1b[2m- ") and same.startswith("\x1b[2m> ")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (CANCELLED, "interrupted (Ctrl-C)"),
        (KILLED, "ended by SIGKILL"),
        (Outcome(statuses.SKIPPED, statuses.GATE), "fore"),
    ],
)
def test_r23_a_reason_is_a_few_plain_words(outcome: Outcome, words: str) -> None:
    assert words in job_line("job", 3, outcome, None, Look())


@given(st.text(min_size=1), st.text(min_size=1), st.integers(20, 200), st.booleans())
def test_r23_a_line_fits_the_terminal_and_holds_nothing_that_it_obeys(
    name: str, reason: str, columns: int, has_unicode: bool
) -> None:
    look = Look(has_unicode=has_unicode, columns=columns)
    outcome = Outcome(statuses.FAILED, statuses.STAGING, reason)
    line = job_line(name, name_columns([name], look), outcome, 1.0, look)
    assert columns_of(line) <= columns and escape(line) == line


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0s"),
        (0.4, "0.4s"),
        (59.94, "59.9s"),
        (59.96, "1m00s"),
        (123.4, "2m03s"),
        (3599.6, "1h00m"),
        (3725.0, "1h02m"),
    ],
)
def test_r23_durations_are_for_people(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("environ", "is_terminal", "choice", "file", "wants"),
    [
        ({"TERM": "xterm"}, True, None, None, True),
        ({}, True, None, None, False),  # as git has it
        ({}, False, None, None, False),
        ({"TERM": "dumb"}, True, None, None, False),
        ({}, False, None, True, True),
        ({"TERM": "xterm"}, True, None, False, False),
        ({"CLICOLOR_FORCE": "1"}, False, None, False, True),
        ({"CLICOLOR_FORCE": "0"}, False, None, None, False),
        ({"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, True, None, True, False),
        ({"FORCE_COLOR": "0"}, False, None, False, True),  # force-color.org: "regardless of its value"
        ({"FORCE_COLOR": ""}, False, None, None, False),
        ({"FORCE_COLOR": "1", "CLICOLOR": "0"}, False, None, None, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "0"}, True, None, None, False),
        ({"TERM": "xterm", "CLICOLOR": "0"}, True, None, True, False),  # bixense.com/clicolors
        ({"TERM": "xterm", "CLICOLOR": "1"}, True, None, None, True),
        ({"CLICOLOR": "1"}, False, None, None, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, None, None, True),  # no-color.org: "and not an empty string"
        ({"NO_COLOR": "1"}, False, True, False, True),
        ({"CLICOLOR_FORCE": "1"}, True, False, True, False),
    ],
)
def test_r23_the_nearest_word_on_colours_wins(
    environ: dict[str, str], is_terminal: bool, choice: bool | None, file: bool | None, wants: bool
) -> None:
    assert wants_colors(environ, is_terminal, choice, file) is wants


@pytest.mark.parametrize(
    ("environ", "has_it"),
    [
        ({"LANG": "C.UTF-8"}, True),
        ({"LANG": "de_DE.utf8"}, True),
        ({"LANG": "sr_RS.UTF-8@latin"}, True),
        ({"LC_CTYPE": "UTF-8"}, True),  # macOS
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, False),
        ({"LC_ALL": "", "LANG": "en_US.UTF-8"}, True),
        ({"LANG": "en_US.ISO-8859-1"}, False),
        ({}, False),
    ],
)
def test_r23_the_encoding_is_that_of_the_first_variable_that_is_set(environ: dict[str, str], has_it: bool) -> None:
    assert has_unicode(environ) is has_it


@given(st.text(), st.integers(3, 30))
def test_a_text_that_is_cut_fits(text: str, columns: int) -> None:
    assert columns_of(truncate(text, columns)) <= max(columns, 1)


def test_escape_leaves_only_the_control_characters_that_are_to_stay() -> None:
    assert escape("a\x1b[31m\nb\tc\udcff\u202e\x9b") == "a\\x1b[31m\\nb\\tc\\xff\\u202e\\x9b"
    assert escape("a\nb\tc\r", keeps="\n\t") == "a\nb\tc\\r"
    assert escape("café naïve 日本 👍🏽\u200d") == "café naïve 日本 👍🏽\u200d"
