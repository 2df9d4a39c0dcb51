"""Plans that are made manually, and which of their jobs apply (C7, G4)."""

from collections.abc import Sequence

from dodo_hooks.core import plan
from dodo_hooks.core.plan import FileRule, Hook
from dodo_hooks.core.plan_parts import Check, Condition
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.fire.select.event_files import EventFiles
from dodo_hooks.fire.select.job_filter import FilteredJobs, filter_jobs
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.world import World
from dodo_hooks.loader.globs.compile_globs import compile_glob
from engine.graphs import make_job
from kit.repo import Repo

PROBE = "an earlier decision"


def rule(source: str, *globs: str, command: str = "", types: Sequence[str] = ()) -> FileRule:
    """Return a rule of these globs, of which those after a `!` exclude."""
    wanted = tuple(compile_glob(one) for one in globs if not one.startswith("!"))
    unwanted = tuple(compile_glob(one[1:]) for one in globs if one.startswith("!"))
    return FileRule(source, command, wanted, unwanted, tuple(types))


def hook_of(
    *jobs: dict[str, object], name: str = "pre-commit", checks: Sequence[Check] = (), **options: object
) -> Hook:
    made = tuple(make_job(number, **{"name": f"job{number}", **fields}) for number, fields in enumerate(jobs))
    hook = Hook(name, made, tuple(range(len(made))), False, None, tuple(checks))
    return hook._replace(**options)  # type: ignore[arg-type]


def ask(
    repo: Repo,
    hook: Hook,
    args: Sequence[str] = (),
    stdin: bytes = b"",
    given: "tuple[bytes, ...] | None" = None,
    left_out: "dict[int, Outcome] | None" = None,
    environ: "dict[str, str] | None" = None,
) -> FilteredJobs:
    env = {**repo.env, **(environ or {})}
    world = World(env, str(repo.path))
    facts = find_repo(env, str(repo.path))
    return filter_jobs(EventFiles(world, facts, hook, tuple(args), stdin, given), left_out or {})


def skip(*conditions: Condition) -> Check:
    return Check(False, conditions)


def only(*conditions: Condition) -> Check:
    return Check(True, conditions)


def changed(pattern: str) -> Condition:
    return Condition(plan.HAS_CHANGED, pattern, (compile_glob(pattern),))


def stage(repo: Repo, *names: str) -> None:
    for name in names:
        repo.write(name, "x\n")
    repo.git("add", "--", *names)
