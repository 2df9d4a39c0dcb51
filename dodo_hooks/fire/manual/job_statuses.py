"""The kept results of all jobs of a plan, for doit's commands (K7)."""

from __future__ import annotations

from collections.abc import Iterator

from dodo_hooks.core.plan import Hook, Job, Plan
from dodo_hooks.core.statuses import COMPLETED, FAILED, Outcome
from dodo_hooks.fire.firing import BY_DOIT, Firing, make_firing, select_files
from dodo_hooks.fire.guards.kept_results import cached_outputs, kept_results, results_of
from dodo_hooks.git.repo import Repo
from dodo_hooks.host.console import say
from dodo_hooks.host.world import World
from dodo_hooks.loader.tasks import task_name
from dodo_hooks.results.explanation import explain
from dodo_hooks.results.run_results import RunResults
from dodo_hooks.trust.policy import expect_file_accepted


class PlanStatuses:
    """The statuses of a plan's jobs, by the names of their tasks; each hook is checked when it is needed."""

    def __init__(self, plan: Plan, world: World, repo: Repo) -> None:
        self._plan, self._world, self._repo = plan, world, repo
        self._jobs = {task_name(hook, job): (hook, job) for hook in plan.hooks for job in hook.jobs}
        self._results: dict[str, RunResults] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._jobs)

    def is_job(self, name: str) -> bool:
        return name in self._jobs

    def reasons(self, name: str) -> list[str] | None:
        hook, job = self._jobs[name]
        if self._of(hook).check(job.number, restores=False) is not None:
            return None
        return [line.strip() for line in explain(self._of(hook), job.number)]

    def begin(self, name: str) -> None:
        hook, job = self._jobs[name]
        self._of(hook).starting(job.number)

    def end(self, name: str, *, is_success: bool) -> None:
        hook, job = self._jobs[name]
        self._of(hook).ended(job.number, Outcome(COMPLETED if is_success else FAILED))

    def reset(self, name: str) -> None:
        _, job = self._jobs[name]
        if job.results.outputs:
            self.begin(name)
            self.end(name, is_success=True)
        elif job.results.is_incremental:  # nothing is there that could be taken, and gates rest on the success of a run
            say(f"{name} has no outputs, so only a run makes it up to date")

    def forget(self, name: str) -> None:
        hook, job = self._jobs[name]
        kept = kept_results(self._world, self._repo)
        for key in kept.keys(job.name) if job.results.cache else ():
            cached_outputs(self._firing(hook), say).remove(key)
        kept.forget(job.name)

    def files(self, hook: Hook, job: Job) -> list[str]:
        """Return the inputs of a job, as doit's `file_dep`; none where they cannot be had. No command is run."""
        results = results_of(self._firing(hook), "", say) if job.results.inputs else None
        return results.input_paths(job.number) if results is not None else []

    def _of(self, hook: Hook) -> RunResults:
        if hook.name not in self._results:
            expect_file_accepted(self._world, self._repo, self._plan)  # its commands are run
            self._results[hook.name] = results_of(select_files(self._firing(hook)), "", say)
        return self._results[hook.name]

    def _firing(self, hook: Hook) -> Firing:
        return make_firing(self._world, self._repo, self._plan, hook, (), BY_DOIT, {})
