"""`dodo-hooks jobs --format ...`: the same runs for programs, whatever bytes are in them; and `--all-repos`."""

import csv
import json
import os
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.cli.jobs.formats import COLUMNS, _yaml_scalar, escape_cell
from kit.answer import Cli
from kit.history import DONE, History, end, ended_as
from kit.repo import Repo

ODD = 'a\tb\nc\r"d", \\e\x1b[2J\u2028\udcff'
LOST = ended_as("failed", "exit", ODD, exit_code=7)

_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|.)")
_SHORT = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


def meant(text: str) -> str:
    """Return the argument of `escape_cell`, decoded by its documented rule."""

    def one(match: "re.Match[str]") -> str:
        sign = match[1]
        if sign in _SHORT:
            return _SHORT[sign]
        code = int(sign[1:], 16)
        return chr(code + 0xDC00 if sign[0] == "x" and code >= 0x80 else code)

    return _ESCAPE.sub(one, text)


@given(st.text(st.characters(exclude_categories=[]) | st.sampled_from("\\\t\n\r\x7f\x85\udc80\udcffx0u")))
def test_an_escaped_text_is_one_line_and_can_be_had_back(text: str) -> None:
    line = escape_cell(text)
    assert len(line.splitlines()) <= 1 and "\t" not in line
    assert meant(line) == text


@given(st.text(st.characters(exclude_categories=[]) | st.sampled_from('\\"\n\x00\x85\udcff\U0001f600: #-')))
def test_a_yaml_text_is_read_as_what_it_was(text: str) -> None:
    assert yaml.safe_load(f"- {_yaml_scalar(text)}") == [text]


def test_tsv_is_a_line_for_each_job(cli: Cli, history: History) -> None:
    history.finished({"a b": DONE, "c": LOST})
    lines = [line.split("\t") for line in cli("jobs", "--format", "tsv").out.splitlines()]
    assert tuple(lines[0]) == COLUMNS
    first, second = (dict(zip(COLUMNS, line, strict=True)) for line in lines[1:])
    assert (first["job"], first["status"], first["reason"], first["exit_code"]) == ("a b", "completed", "", "0")
    assert meant(second["reason"]) == ODD


def test_csv_is_read_by_what_reads_csv(cli: Cli, history: History) -> None:
    history.finished({'a,"b"': DONE, "c": LOST})
    first, second = csv.DictReader(cli("jobs", "--format", "csv").out.splitlines(), strict=True)
    assert first["job"] == 'a,"b"'
    assert meant(second["reason"]) == ODD


@pytest.mark.parametrize("form", ["ndjson", "yaml"])
def test_the_others_hold_what_json_holds(cli: Cli, history: History, form: str) -> None:
    history.finished({"a": DONE}, worktree="")
    history.finished({"ünï": LOST, "[x]: #": DONE})
    expected = json.loads(cli("jobs", "--format", "json").out)
    out = cli("jobs", "--format", form).out
    assert (yaml.safe_load(out) if form == "yaml" else [json.loads(line) for line in out.splitlines()]) == expected
    assert len(expected) == 2 and expected[0]["repository"] == history.worktree


@pytest.mark.parametrize(("form", "said"), [("json", "[]\n"), ("yaml", "[]\n"), ("ndjson", ""), ("csv", None)])
def test_nothing_is_still_a_document(cli: Cli, form: str, said: str | None) -> None:
    answer = cli("jobs", "--format", form)
    assert (answer.code, answer.out) == (0, ",".join(COLUMNS) + "\n" if said is None else said)


def test_the_fields_of_the_documentation_are_those_of_the_code() -> None:
    reference = (os.path.dirname(__file__), "..", "..", "..", "docs", "records.md")
    with open(os.path.join(*reference), encoding="utf-8") as file:
        text = " ".join(file.read().split())
    assert ", ".join(f"`{column}`" for column in COLUMNS) in text


def other(repo: Repo) -> History:
    return History(repo.state, "0123456789abcdef", "/home/me/other")


def test_all_repositories_are_merged_by_time(cli: Cli, history: History, repo: Repo) -> None:
    elsewhere = other(repo)
    ids = [one.finished({"a": DONE}).id for one in (history, elsewhere, history, elsewhere)]
    answer = cli("jobs", "-v", "--all-repos", cwd=str(repo.path.parent))  # no repository is here
    assert [(heading[0], heading[4]) for heading, _ in answer.runs()] == [
        (ids[3], "repository other"),
        (ids[2], "repository repo"),
        (ids[1], "repository other"),
        (ids[0], "repository repo"),
    ]
    assert "worktree" not in answer.out
    assert cli("jobs", "-v", "--all-repos", "--last", "1").ids() == [ids[3]]
    assert cli("jobs", "-v").ids() == [ids[2], ids[0]]


def test_the_repository_of_a_run_in_a_linked_worktree_is_the_main_one(cli: Cli, repo: Repo) -> None:
    repo.hook("post-checkout", a="true")
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "hooks")
    repo.install()
    linked = repo.worktree("topic")
    repo.finished("post-checkout")
    (record,) = json.loads(cli("jobs", "--format", "json").out)
    assert (record["worktree"], record["repository"]) == (str(linked.path), str(repo.path))


def test_all_repositories_of_an_empty_store_are_none(cli: Cli, repo: Repo) -> None:
    assert json.loads(cli("jobs", "--all-repos", "--format", "json").out) == []


def test_all_repositories_costs_what_is_taken(cli: Cli, history: History, repo: Repo) -> None:
    """Records that are older than what is wanted are not even read: broken ones would be reported."""
    elsewhere = other(repo)
    for _ in range(5):
        broken = elsewhere.finished({"a": DONE})
        (broken.path / "invocation.json").write_bytes(b"{")
    end(history.begin({"new": ()}), 0, DONE)
    elsewhere.finished({"newest": DONE})
    answer = cli("jobs", "--all-repos", "--last", "1")
    assert [row[0] for _, rows in answer.runs() for row in rows] == ["newest"] and answer.err == ""


def test_r22_all_repositories_and_one_contradict_each_other(cli: Cli) -> None:
    assert cli("jobs", "--all-repos", "--repo", ".").code == 3
