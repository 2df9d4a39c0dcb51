"""`dodo-hooks checks`: which jobs have passed on which commits, and running what is missing (V7)."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from dodo_hooks.cli.options.click_options import color_option
from dodo_hooks.cli.options.completion import checked_jobs
from dodo_hooks.cli.repository import no_hook_file, with_tree
from dodo_hooks.cli.terminal_table import print_table, say
from dodo_hooks.cli.verdicts.matrix import COLORS, WELL, Commit, Matrix, State, fields_of, find_commits, wanted_jobs
from dodo_hooks.core.errors import JOB_FAILED, RUN_ERROR, UsageError
from dodo_hooks.git.files import GitQuery
from dodo_hooks.git.repo import Repo, find_repo
from dodo_hooks.host.world import World
from dodo_hooks.results.verdicts.verdicts import FAILED_BEFORE, NONE

INTERRUPTED = 130
_NOTES_REF = "dodo-hooks"


@click.command()
@click.argument("revisions", nargs=-1, metavar="[REV]...")
@click.option(
    "--job", "jobs", multiple=True, metavar="HOOK:JOB", shell_complete=checked_jobs, help="Show this job; repeatable."
)
@click.option("-n", "most", type=click.IntRange(min=1), metavar="N", help="Show N commits from each REV on back.")
@click.option("--run", "is_run", is_flag=True, help="Run what has not passed, each commit in a snapshot.")
@click.option("--bisect", metavar="GOOD..BAD", help="Find the first bad commit, running what is missing.")
@click.option("--notes", is_flag=True, help="Write the results to refs/notes/dodo-hooks.")
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", help="The output format.")
@color_option
@click.pass_obj
def checks(
    world: World,
    revisions: tuple[str, ...],
    jobs: tuple[str, ...],
    most: int | None,
    is_run: bool,
    bisect: str | None,
    notes: bool,
    form: str,
) -> int:
    """Show which of the jobs that a push requires have passed on each commit REV (HEAD); A..B: on each of a range.

    Exit code 0: all have passed; 1: one has failed; 2: none has failed, and one has no result yet.
    """
    if bisect is not None and (revisions or most or is_run or notes or form != "table"):
        raise UsageError("--bisect takes --job and nothing else")
    repo = with_tree(find_repo(world.environ, world.cwd))
    matrix, query = _matrix(world, repo, jobs), GitQuery(repo, world.environ)
    if bisect is not None:
        from dodo_hooks.cli.verdicts.bisect import find_first_bad

        return find_first_bad(matrix, query, bisect)
    commits = find_commits(query, revisions or ("HEAD",), most)
    if is_run:
        from dodo_hooks.cli.verdicts.run_checks import run_missing

        if run_missing(matrix, commits) == INTERRUPTED:
            return INTERRUPTED
    rows = [(commit, matrix.states(commit)) for commit in commits]
    if notes:
        _write_notes(query, rows)
    if form == "json":
        say(json.dumps([fields_of(commit, state) for commit, states in rows for state in states], indent=2))
    else:
        _print_table(matrix, rows)
    return exit_code([state for _, states in rows for state in states])


def _matrix(world: World, repo: Repo, jobs: Sequence[str]) -> Matrix:
    from dodo_hooks.plans.plan_cache import load_compiled
    from dodo_hooks.trust.policy import expect_accepted

    compiled, _ = load_compiled(world, repo.top)
    plan = compiled.plan()
    if plan is None:
        raise no_hook_file(repo.top)
    wanted = wanted_jobs(plan, jobs)
    expect_accepted(world, repo, compiled.rules)  # commands of the file are run: conditions, `uptodate`, jobs
    return Matrix(world, repo, compiled, wanted)


def exit_code(states: Sequence[State]) -> int:
    """Return the exit code that sums up results (R22)."""
    words = {state.word for state in states}
    return JOB_FAILED if FAILED_BEFORE in words else RUN_ERROR if words - set(WELL) else 0


def _print_table(matrix: Matrix, rows: Sequence[tuple[Commit, Sequence[State]]]) -> None:
    jobs = matrix.jobs()
    names = [job for _, job in jobs]
    heads = [job if names.count(job) == 1 else f"{hook}:{job}" for hook, job in jobs]
    cells = [(commit.short, *(state.text for state in states), commit.subject) for commit, states in rows]
    print_table(("COMMIT", *heads, "SUBJECT"), cells, matrix.world, COLORS)


def _write_notes(query: GitQuery, rows: Sequence[tuple[Commit, Sequence[State]]]) -> None:
    """Write the results of each commit that has any. Raises GitError."""
    for commit, states in rows:
        lines = [
            f"{state.hook}:{state.job} {state.word} {state.since or ''}".rstrip() + "\n"
            for state in states
            if state.word != NONE
        ]
        if lines:
            text = "".join(lines).encode("utf-8", "surrogateescape")
            query.git("notes", f"--ref={_NOTES_REF}", "add", "-f", "-F", "-", commit.target.name, stdin=text)
