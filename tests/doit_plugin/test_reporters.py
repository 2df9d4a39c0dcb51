"""The reporters of a run: for people, for machines, and several at once (R23)."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from colorama import Fore, Style
from doit.exceptions import TaskFailed, UnmetDependency  # type: ignore[import-untyped]
from doit.reporter import ErrorOnlyReporter, ZeroReporter  # type: ignore[import-untyped]
from doit.reporter import JsonReporter as DoitJsonReporter
from doit.task import Task  # type: ignore[import-untyped]

from dodo_hooks.core import statuses
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.doit_runner.console_reporter import ConsoleReporter
from dodo_hooks.doit_runner.job_notes import JobFailed, JobNote, JobSkipped, note_job
from dodo_hooks.doit_runner.json_reporter import JsonReporter
from dodo_hooks.doit_runner.reporters import FanOut
from dodo_hooks.engine.job_line import reason_of
from dodo_hooks.store.records import JobState

FAILED = Outcome(statuses.FAILED, statuses.EXIT, exit_code=7)
SKIPPED = Outcome(statuses.SKIPPED, statuses.NEED, need=0, root_cause=0)
BEGAN_NS = 1795506900_500000000
NO_FILES = Outcome(statuses.SKIPPED, statuses.CONDITION, "no file matches *.py")


@pytest.fixture(autouse=True)
def plain_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a locale in which marks are ASCII."""
    monkeypatch.setenv("LC_ALL", "C")


def test_r23_the_console_says_of_each_job_how_it_ended_and_how_long_it_took() -> None:
    assert _output_of(ConsoleReporter, _a_run) == (
        "+ pre-commit:format      0.3s\n"
        "x pre-commit:big lint    2.0s  exit code 7\n"
        "- pre-commit:build     because big lint failed\n"
        "- pre-commit:types     no file matches *.py\n"
        "> pre-commit:same      up to date\n"
        "- pre-commit:never     ignored until you type `doit forget pre-commit:never`\n"
        "\n"
        "1 failed:\n"
        "  big lint: exit code 7\n"
        "    log:       dodo-hooks jobs logs 'big lint@20261124-075500-123456'\n"
        "    run again: doit run 'pre-commit:big lint'\n"
    )


def test_r23_the_console_has_the_colours_of_colorama(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    first, second, third, *_ = _output_of(ConsoleReporter, _a_run).splitlines()
    assert first == f"{Fore.GREEN}+{Style.RESET_ALL} pre-commit:format      0.3s"
    assert second.startswith(f"{Fore.RED}x ") and third.startswith(f"{Style.DIM}- ")


def test_r23_the_console_is_silent_when_nothing_was_done() -> None:
    def run(reporter: Any) -> None:
        reporter.initialize({}, [])
        reporter.get_status(_group("fg"))
        reporter.execute_task(_group("fg"))
        reporter.add_success(_group("fg"))
        reporter.complete_run()

    assert _output_of(ConsoleReporter, run) == ""


def test_the_json_reporter_prints_one_document_in_the_form_of_doits_own(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(_output_of(JsonReporter, _a_run))
    assert list(document) == ["tasks", "out", "err"]
    tasks = {task["name"]: task for task in document["tasks"]}
    assert {name: (task["result"], task["status"]) for name, task in tasks.items()} == {
        "pre-commit:format": ("success", "completed"),
        "pre-commit:big lint": ("fail", "failed"),
        "pre-commit:build": ("fail", "skipped"),
        "pre-commit:types": ("up-to-date", "skipped"),
        "pre-commit:same": ("up-to-date", "up-to-date"),
        "pre-commit:never": ("ignore", "skipped"),
    }
    assert tasks["pre-commit:big lint"] == {
        "name": "pre-commit:big lint",
        "result": "fail",
        "status": "failed",
        "cause": "exit",
        "reason": None,
        "root_cause": None,
        "exit_code": 7,
        "signal": None,
        "started": "2026-11-24 07:55:00.500000",
        "elapsed": 2.0,
        "error": "big lint: exit code 7",
        "log": "big lint@20261124-075500-123456",
    }
    assert tasks["pre-commit:build"]["root_cause"] == "big lint"
    assert tasks["pre-commit:build"]["error"] == "build: skipped, because big lint failed"
    assert document["err"] == ""


def test_the_fields_of_doits_json_reporter_are_all_there_but_the_outputs() -> None:
    def run(reporter: Any) -> None:
        task = _task("format")
        reporter.get_status(task)
        reporter.execute_task(task)
        reporter.add_success(task)
        reporter.complete_run()

    ours, doits = (json.loads(_output_of(cls, run)) for cls in (JsonReporter, DoitJsonReporter))
    assert set(ours) == set(doits)
    assert set(doits["tasks"][0]) - set(ours["tasks"][0]) == {"out", "err"}


def test_errors_of_the_run_are_reported_at_its_end() -> None:
    def run(reporter: Any) -> None:
        reporter.runtime_error("the graph cannot be run")
        reporter.complete_run()

    assert _output_of(ConsoleReporter, run) == "error: the graph cannot be run\n"
    assert json.loads(_output_of(JsonReporter, run))["err"] == "the graph cannot be run"


def test_doits_own_reporters_say_who_failed_and_why() -> None:
    output = _output_of(ErrorOnlyReporter, lambda one: _a_run(FanOut([one])))
    assert output == (
        "taskid:pre-commit:big lint - JobFailed\nbig lint: exit code 7\n"
        "taskid:pre-commit:build - JobSkipped\nbuild: skipped, because big lint failed\n"
    )


def test_the_failures_are_doits_so_that_any_reporter_understands_them() -> None:
    assert isinstance(JobFailed("lint", FAILED), TaskFailed)
    assert isinstance(JobSkipped("lint", SKIPPED, "deps"), UnmetDependency)
    assert JobFailed("lint", FAILED).outcome == FAILED


def test_a_failure_that_is_not_ours_is_reported_as_well() -> None:
    def run(reporter: Any) -> None:
        reporter.add_failure(_task("lint"), TaskFailed("the input\nis gone"))
        reporter.complete_run()

    output = _output_of(ConsoleReporter, run)
    assert output.startswith("x pre-commit:lint  the input is gone\n\n1 failed:\n  the input is gone\n")
    assert json.loads(_output_of(JsonReporter, run))["tasks"][0]["status"] == "failed"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (FAILED, "exit code 7"),
        (Outcome(statuses.FAILED, statuses.SIGNAL, "ended by signal 9", signal=9), "ended by SIGKILL"),
        (Outcome(statuses.FAILED, statuses.SIGNAL, signal=63), "ended by signal 63"),
        (Outcome(statuses.FAILED, statuses.TIMEOUT, "timeout after 2 s"), "timeout after 2 s"),
        (Outcome(statuses.FAILED, statuses.SPAWN, exit_code=127), "could not be started"),
        (Outcome(statuses.CANCELLED, statuses.USER, exit_code=0), "cancelled"),
        (Outcome(statuses.CRASHED, statuses.WAVE_DIED), "the process that ran it died"),
        (Outcome(statuses.FAILED), "failed"),
    ],
)
def test_r23_why_a_job_failed_is_reported_in_a_few_words(outcome: Outcome, words: str) -> None:
    assert reason_of(outcome) == words


@pytest.mark.parametrize(
    ("skipped", "message"),
    [
        (JobSkipped("build", SKIPPED, "deps", statuses.FAILED), "build: skipped, because deps failed"),
        (JobSkipped("build", SKIPPED, "deps"), "build: skipped, because deps did not succeed"),
        (JobSkipped("build", SKIPPED, "deps", statuses.CANCELLED), "build: skipped, because deps was cancelled"),
        (JobSkipped("build", SKIPPED, "deps", statuses.CRASHED), "build: skipped, because deps crashed"),
        (
            JobSkipped("build", Outcome(statuses.SKIPPED, statuses.NESTED)),
            "build: skipped, the hook fired inside a job",
        ),
        (JobSkipped("build", SKIPPED._replace(reason="because x")), "build: skipped, because x"),
    ],
)
def test_r3_a_skipped_job_says_which_job_was_the_root_cause(skipped: JobSkipped, message: str) -> None:
    assert skipped.get_msg() == message


def test_fan_out_reports_every_reporter_and_puts_skip_condition_into_words_that_it_knows() -> None:
    class Deaf(ZeroReporter):  # type: ignore[misc]
        desc = "knows what doit's reporters know"

        def skip_uptodate(self, task: Task) -> None:
            self.write(f"nothing to do for {task.name}\n")

    console, deaf = io.StringIO(), io.StringIO()
    fan_out = FanOut([ConsoleReporter(console, {}), Deaf(deaf, {})])
    fan_out.skip_condition(_task("types"), NO_FILES)
    assert console.getvalue() == "- pre-commit:types  no file matches *.py\n"
    assert deaf.getvalue() == "nothing to do for pre-commit:types\n"


def test_fan_out_reports_all_even_if_one_raises_and_then_raises_the_error() -> None:
    class Broken(ZeroReporter):  # type: ignore[misc]
        desc = "broken"

        def add_success(self, task: Task) -> None:
            raise RuntimeError("no paper")

    console = io.StringIO()
    fan_out = FanOut([Broken(io.StringIO(), {}), ConsoleReporter(console, {})])
    with pytest.raises(RuntimeError, match="no paper"):
        fan_out.add_success(_task("format"))
    assert console.getvalue() == "+ pre-commit:format\n"


def _a_run(reporter: Any) -> None:
    """Call the reporter as our runner does, for one job of each kind."""
    invocation = "20261124-075500-123456"
    names = ("format", "big lint", "build", "types", "same", "never")
    format_, lint, build, types, same, never = (_task(name) for name in names)
    reporter.initialize({name: _task(name) for name in names}, [])
    for task in (format_, lint, build, types, same, never):
        reporter.get_status(task)
    reporter.execute_task(format_)
    reporter.execute_task(lint)
    _note_end(format_, f"format@{invocation}", Outcome(statuses.COMPLETED), 0.312)
    reporter.add_success(format_)
    _note_end(lint, f"big lint@{invocation}", FAILED, 2.0)
    reporter.add_failure(lint, JobFailed("big lint", FAILED))
    reporter.add_failure(build, JobSkipped("build", SKIPPED, "big lint", statuses.FAILED))
    reporter.skip_condition(types, NO_FILES)
    reporter.skip_uptodate(same)
    reporter.skip_ignore(never)
    reporter.complete_run()


def _note_end(task: Task, address: str, outcome: Outcome, duration_s: float) -> None:
    """Note the job of a task, as its record has it when it has ended."""
    state = JobState("/")
    state.started_ns, state.outcome, state.duration_s = BEGAN_NS, outcome, duration_s
    note_job(task, JobNote(0, state, address))


def _output_of(reporter: Callable[..., Any], run: Callable[[Any], None]) -> str:
    stream = io.StringIO()
    run(reporter(stream, {}))
    return stream.getvalue()


def _task(name: str) -> Task:
    return Task(f"pre-commit:{name}", [lambda: True], subtask_of="pre-commit")


def _group(name: str) -> Task:
    return Task(name, None, has_subtask=True)
