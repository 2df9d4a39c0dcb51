"""`dodo-hooks checks`: which jobs have passed on which commits, running what is missing, and bisecting (V7)."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from dodo_hooks.cli.options.click_options import color_option
from dodo_hooks.cli.options.completion_words import checked_jobs
from dodo_hooks.cli.repository import no_hook_file, with_tree
from dodo_hooks.cli.terminal_table import print_table, say, status_colors
from dodo_hooks.cli.verdicts.matrix import LIKE, WELL, Commit, Matrix, State, find_commits, wanted_jobs
from dodo_hooks.core.errors import INTERRUPTED, JOB_FAILED, RUN_ERROR, HooksError, UsageError
from dodo_hooks.core.text.terminal_text import counted
from dodo_hooks.git.files import GitQuery
from dodo_hooks.git.repo import Repo, find_repo
from dodo_hooks.host.world import World
from dodo_hooks.results.verdicts.verdicts import FAILED_BEFORE, NONE, RUNNING

Rows = Sequence[tuple[Commit, Sequence[State]]]
_HELP = {
    "jobs": "Show this job; can be repeated.",
    "most": "Show N commits back from each REV.",
    "run": "Run what has not passed, each commit in a snapshot.",
    "failed": "With --run: run what has failed once more (again), or leave it (keep). Default: again.",
    "bisect": "Find the first bad commit, running what is missing.",
    "notes": "Write the results to refs/notes/dodo-hooks.",
}


@click.command()
@click.argument("revisions", nargs=-1, metavar="[REV]...")
@click.option("--job", "jobs", multiple=True, metavar="HOOK:JOB", shell_complete=checked_jobs, help=_HELP["jobs"])
@click.option("-n", "most", type=click.IntRange(min=1), metavar="N", help=_HELP["most"])
@click.option("--run", "is_run", is_flag=True, help=_HELP["run"])
@click.option("--failed", type=click.Choice(("again", "keep")), help=_HELP["failed"])
@click.option("--bisect", metavar="GOOD..BAD", help=_HELP["bisect"])
@click.option("--notes", is_flag=True, help=_HELP["notes"])
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", help="The output format.")
@color_option
@click.pass_obj
def checks(
    world: World,
    revisions: tuple[str, ...],
    jobs: tuple[str, ...],
    most: int | None,
    is_run: bool,
    failed: str | None,
    bisect: str | None,
    notes: bool,
    form: str,
) -> int:
    """Show which jobs that a push requires have passed.

    REV is a commit (HEAD), or A..B for each of a range.

    Exit code 0: all have passed; 1: one has failed; 2: none has failed, and one has no result yet.
    """
    if bisect is not None and (revisions or most or is_run or notes or form != "table"):
        raise UsageError("--bisect can only be combined with --job")
    if failed is not None and not is_run:
        raise UsageError("--failed can only be combined with --run")
    repo = with_tree(find_repo(world.environ, world.cwd))
    matrix, query = _matrix(world, repo, jobs), GitQuery(repo, world.environ)
    if bisect is not None:
        return _find_first_bad(matrix, query, bisect)
    commits = find_commits(query, revisions or ("HEAD",), most)
    if is_run:
        from dodo_hooks.cli.verdicts.run_checks import run_missing

        if run_missing(matrix, commits, failed == "keep") == INTERRUPTED:
            return INTERRUPTED
    rows = [(commit, matrix.states(commit)) for commit in commits]
    if notes:
        _write_notes(query, rows)
    if form == "json":
        _print_json(rows)
    else:
        _print_table(matrix, rows)
    states = {one.state for _, states in rows for one in states}
    return JOB_FAILED if FAILED_BEFORE in states else RUN_ERROR if states - WELL else 0


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


def _print_json(rows: Rows) -> None:
    found = [
        {"commit": commit.target.commit, "tree": commit.target.tree, "subject": commit.subject, **state._asdict()}
        for commit, states in rows
        for state in states
    ]
    say(json.dumps(found, indent=2))


def _print_table(matrix: Matrix, rows: Rows) -> None:
    jobs = [(hook.name, hook.jobs[number].name) for hook, numbers in matrix.wanted for number in numbers]
    names = [job for _, job in jobs]
    heads = [job if names.count(job) == 1 else f"{hook}:{job}" for hook, job in jobs]
    cells = [(commit.target.name[:12], *(one.text for one in states), commit.subject) for commit, states in rows]
    colors = status_colors(matrix.world)
    print_table(("COMMIT", *heads, "SUBJECT"), cells, matrix.world, {one: colors.get(LIKE[one], "") for one in LIKE})


def _write_notes(query: GitQuery, rows: Rows) -> None:
    """Write the results of each commit that has any. Raises GitError."""
    for commit, states in rows:
        known = [one for one in states if one.state not in (NONE, RUNNING)]
        lines = [_note_of(one) for one in known]
        if lines:
            text = "\n".join(lines).encode("utf-8", "surrogateescape")
            query.git("notes", "--ref=dodo-hooks", "add", "-f", "-F", "-", commit.target.name, stdin=text)


def _note_of(state: State) -> str:
    line = f"{state.hook}:{state.job} {state.state} {state.since or ''}".rstrip()
    return f"{line} (failed before)" if state.failed_before else line


def _find_first_bad(matrix: Matrix, query: GitQuery, written: str) -> int:
    """Print the first bad commit of `GOOD..BAD`, along first parents; return the exit code.

    BAD is checked first. GOOD is taken at its word.

    Raises:
        HooksError: there is nothing to search in, or a commit has no result.
    """
    good, _, bad = written.partition("..")
    if not good or not bad or bad.startswith("."):
        raise UsageError(f"--bisect {written}: write GOOD..BAD")
    commits = find_commits(query, [written], None, "--first-parent", "--reverse")
    if not commits:
        raise UsageError(f"no commits in {written}")
    first, last = 0, len(commits) - 1  # the first bad one is among these
    at = last
    while True:
        is_bad = _is_bad(matrix, commits[at])
        if is_bad is None:
            return INTERRUPTED
        if not is_bad and at == len(commits) - 1:
            raise UsageError(f"{bad} is good; nothing to search for")
        first, last = (first, at) if is_bad else (at + 1, last)
        left = counted(last - first, "commit")
        say(f"{commits[at].title}: {'bad' if is_bad else 'good'}; {left} left to test after this")
        if first == last:
            say(f"{commits[last].target.name} is the first bad commit\n{commits[last].subject}")
            return 0
        at = (first + last) // 2


def _is_bad(matrix: Matrix, commit: Commit) -> bool | None:
    """Return whether a job has failed on a commit, after running what is missing; None after Ctrl-C."""
    from dodo_hooks.cli.verdicts.run_checks import run_checks

    for has_run in (False, True):
        states = {one.state for one in matrix.states(commit)}
        if FAILED_BEFORE in states or states <= WELL:
            return FAILED_BEFORE in states
        if not has_run and run_checks(matrix.missing(commit)) == INTERRUPTED:
            return None
    raise HooksError(f"{commit.title}: no result; see why with `dodo-hooks jobs`")
