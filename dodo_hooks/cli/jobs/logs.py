"""`dodo-hooks jobs logs`: the output of jobs, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from dodo_hooks.cli.jobs.addresses import find_addressed, find_invocations
from dodo_hooks.cli.jobs.line_labels import Labelled
from dodo_hooks.cli.jobs.live_invocation import LogTail
from dodo_hooks.cli.jobs.live_logs import Output, follow, print_output
from dodo_hooks.cli.jobs.run_table import status_text
from dodo_hooks.cli.options.click_options import repository_option
from dodo_hooks.cli.options.completion_words import known_addresses
from dodo_hooks.cli.repository import print_once, store_here
from dodo_hooks.cli.terminal_table import escape
from dodo_hooks.store.read_records import JobRecord


@click.command()
@click.argument("where", metavar="ADDRESS...", nargs=-1, shell_complete=known_addresses)
@click.option("-f", "--follow", "is_followed", is_flag=True, help="Print new output until the jobs have ended.")
@click.option("--all", "everything", is_flag=True, help="Print all jobs of the run, each line after its job's name.")
@click.option("--tail", type=click.IntRange(min=0), metavar="N", help="Print only the last N lines of each job.")
@repository_option
@click.pass_context
def logs(
    ctx: click.Context,
    where: tuple[str, ...],
    is_followed: bool,
    everything: bool,
    tail: int | None,
    repo: str | None,
) -> None:
    """Print the output of jobs.

    ADDRESS is JOB, JOB@INVOCATION, WORKTREE:JOB or HOOK:JOB; @INVOCATION means all jobs of a run. With --all and no
    address, print all jobs of the newest run.
    """
    if not where and not everything:
        raise click.UsageError("Missing argument 'ADDRESS...'", ctx)
    report = print_once()
    find = find_invocations if everything else find_addressed
    found = find(ctx.obj, store_here(ctx.obj, repo), where, report)
    jobs = [job for one in found for job in one.jobs]
    is_labelled = everything or (is_followed and len(jobs) > 1)
    width = max((len(escape(job.name)) for job in jobs if is_labelled), default=0)
    outputs = [_output(job, width, tail) for job in jobs]
    if is_followed:
        follow([one.invocation for one in found], outputs, report)
    elif is_labelled:
        for output in outputs:
            _copy(output)
    else:
        _print(outputs, len(jobs) > 1 or any(one.has_all_jobs for one in found), report)


def _output(job: JobRecord, width: int, lines: int | None) -> Output:
    """Return the output of a job; `width`: of its label, 0 for none."""
    tail = LogTail(job.directory)
    if lines is not None:
        tail.skip_to_last(lines)
    return Output(job, tail, Labelled(f"{escape(job.name):<{width}} | ") if width else None)


def _print(outputs: Sequence[Output], is_headed: bool, report: Callable[[str], None]) -> None:
    """Print one log after the other; with `is_headed`, each below a line that names its job."""
    for place, output in enumerate(outputs):
        if is_headed:
            heading = f"==> {escape(output.job.name)}: {status_text(output.job)} <==\n"
            print_output(("\n" if place else "").encode() + heading.encode("utf-8", "backslashreplace"))
        last = _copy(output)
        if is_headed and last and not last.endswith(b"\n"):
            print_output(b"\n")
        if not is_headed and not last and not output.tail.has_read_anything:
            kept = "has no log: background_output is silent" if output.job.log_left_out else "printed nothing"
            report(f"{escape(output.job.name)} {kept} ({status_text(output.job)})")


def _copy(output: Output) -> bytes:
    """Print the present output, and return its last piece."""
    last = b""
    while piece := output.tail.read():
        last = piece
        print_output(output.with_label(piece))
    print_output(output.end())
    return last
