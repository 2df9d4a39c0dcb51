"""`dodo-hooks jobs logs`: what a job wrote, byte for byte."""

from pathlib import Path

import pytest

from kit.answer import Cli
from kit.history import DONE, LOST, History, end, ended_as, start

BYTES = b"\x00\xff\x1b[31mred\r\n\n\xe2\x28\xa1 no end of line"


def test_the_bytes_are_as_written(cli: Cli, history: History) -> None:
    end(history.begin({"lint": ()}), 0, DONE, BYTES)
    answer = cli("jobs", "logs", "lint")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.encode("utf-8", "surrogateescape") == BYTES


def test_of_several_runs_the_newest_or_the_one_that_is_named(cli: Cli, history: History) -> None:
    old, new = history.begin({"lint": ()}), history.begin({"lint": ()})
    end(old, 0, DONE, b"old\n")
    end(new, 0, DONE, b"new\n")
    assert cli("jobs", "logs", "lint").out == "new\n"
    assert cli("jobs", "logs", f"lint@{old.identity}").out == "old\n"
    assert cli("jobs", "logs", "post-commit:lint").out == "new\n"


def test_the_log_of_a_job_that_still_runs(cli: Cli, history: History) -> None:
    start(history.begin({"lint": ()}), "lint")
    assert cli("jobs", "logs", "lint").out == "working"


def test_a_whole_run_has_a_heading_for_each_job(cli: Cli, history: History) -> None:
    writer = history.begin({"base": (), "lib": ("base",), "docs": (), "w\u202ex": ()})
    end(writer, 0, LOST, b"no end")
    end(writer, 1, ended_as("skipped", "need", "needs base, which failed", need=0, root_cause=0))
    end(writer, 2, DONE, b"an end\n")
    assert cli("jobs", "logs", f"@{writer.identity}").out == (
        "==> base: failed, exit code 7 <==\n"
        "no end\n"
        "\n==> lib: skipped, needs base, which failed <==\n"
        "\n==> docs: completed <==\n"
        "an end\n"
        "\n==> w\\u202ex: pending <==\n"
    )


def test_a_job_that_wrote_nothing_says_how_it_stands(cli: Cli, history: History) -> None:
    writer = history.begin({"base": (), "lib": ("base",)})
    end(writer, 1, ended_as("skipped", "need", "needs base, which failed", need=0, root_cause=0))
    answer = cli("jobs", "logs", "lib")
    assert (answer.code, answer.out) == (0, "")
    assert "lib printed nothing (skipped, needs base" in answer.err
    Path(f"{writer.jobs[0].directory}/output.log").touch()
    assert "base printed nothing (pending" in cli("jobs", "logs", "base").err


@pytest.mark.parametrize("address", ["lnit", "@1999", "lint@1999", "", "@", "post-commit:lnit"])
def test_r22_an_address_of_nothing_is_exit_code_3(cli: Cli, history: History, address: str) -> None:
    end(history.begin({"lint": ()}), 0, DONE, b"x")
    answer = cli("jobs", "logs", address)
    assert (answer.code, answer.out) == (3, "")
    assert answer.err
