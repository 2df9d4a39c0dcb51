"""The check of one commit by jobs of one hook: what is known about it, and how it is run now (V3, V4; HOT)."""

from dodo_hooks.core.plan import BACKGROUND, FOREGROUND, Hook
from dodo_hooks.core.statuses import COMPLETED, SKIPPED, UP_TO_DATE, Outcome
from dodo_hooks.fire.firing import ATTACHED, BY_CHECK, Firing, make_firing, select_files
from dodo_hooks.fire.guards.kept_results import results_of
from dodo_hooks.fire.left_out import left_out_but
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.target import Target
from dodo_hooks.host.console import say
from dodo_hooks.host.world import World
from dodo_hooks.plans.compiled_plan import Compiled
from dodo_hooks.results.verdicts.verdicts import NONE, PASSED, RUNNING, Verdict, Verdicts
from dodo_hooks.store.records import with_records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_PASSES = (COMPLETED, UP_TO_DATE)


class Check:
    """Jobs of a hook, and a commit that they are to pass."""

    def __init__(
        self,
        world: World,
        repo: Repo,
        compiled: Compiled,
        hook: Hook,
        target: Target,
        jobs: "Collection[int]",
        branches: "Sequence[str | None]" = (),
        ends_with_parent: bool = False,
        phase: str = FOREGROUND,
    ) -> None:
        """Prepare the check.

        `jobs`: their numbers; what they need is checked too. `branches`: those that the commit is pushed to, which
        conditions are about, since another one may be checked out; a job applies where it does for one of them.

        `ends_with_parent`: a run of it ends with the process that has started this one. `phase`: that of its jobs;
        nobody waits for those in the background.

        Raises:
            HooksError: git cannot be queried.
        """
        self.hook = hook
        self.target = target
        self.jobs = tuple(jobs)
        out = left_out_but(hook.with_needs(jobs), world, compiled, hook)
        how = ATTACHED if phase == FOREGROUND else None
        firing = make_firing(world, repo, compiled.rules, _in_phase(hook, phase), (), BY_CHECK, out, phase=how)
        # `again`: only a retry runs it on this commit.
        firing = firing._replace(target=target, again=None, ends_with_parent=ends_with_parent)
        self._unselected = firing
        for branch in branches or (None,):
            self.firing: Firing = select_files(firing._replace(branch=branch))
            if self.firing.left_out.keys().isdisjoint(jobs):
                break
        verdicts = results_of(self.firing, "", say).verdicts
        assert verdicts is not None
        self.verdicts: Verdicts = verdicts
        self._outcomes: dict[int, Outcome] = {}

    def is_of_pushed_branch(self) -> bool:
        """Return whether a job applies to a branch that the commit is pushed to, and not to the checked-out one."""
        return bool(select_files(self._unselected).left_out.keys() - self.firing.left_out.keys())

    def verdict(self, number: int) -> Verdict:
        """Return what is known about a job and its needs. One that does not apply here has passed (C7).

        One that a living run has yet to begin is running, but for a check inside of a job: that run may wait for the
        job.
        """
        outcome = self.firing.left_out.get(number)
        if outcome is not None:
            return Verdict(PASSED if outcome.status == SKIPPED else NONE, number)
        without = self._without
        found = self.verdicts.verdict(number, without)
        if found.state != NONE or self.firing.world.environ.get("DODO_INVOCATION"):
            return found
        run = self.verdicts.pending(found.job)
        if run is None:
            return self.verdicts.verdict(number, without)  # the run may have ended just now
        return Verdict(RUNNING, found.job, run=run)

    def has_failed_before(self, number: int) -> bool:
        """Return whether a job that has passed, or one that it needs, had failed on the same content."""
        return number not in self.firing.left_out and self.verdicts.has_failed_before(number, self._without)

    @property
    def _without(self) -> "list[int]":
        """The jobs that do not apply here."""
        return [number for number, one in self.firing.left_out.items() if one.status == SKIPPED]

    def keyed_jobs(self) -> list[tuple[str, str]]:
        """Return the name and the key of each job that is checked, of those whose key can be known."""
        found = []
        for number in self.hook.with_needs(self.jobs) - self.firing.left_out.keys():
            if self.verdicts.why_unknown(number) is None:
                found.append((self.hook.jobs[number].name, self.verdicts.key(number)))
        return found

    def title(self, number: int) -> str:
        """Return the job and the commit, as people read them."""
        return f"{self.hook.name}:{self.hook.jobs[number].name} on {self.target.name[:12]}"

    def run(self) -> int:
        """Run what has not passed, attached, and return the exit code.

        Raises:
            HooksError: nothing could be started.
        """
        from dodo_hooks.fire.phases import run_firing

        return run_firing(self.firing, self._outcomes)

    def has_just_passed(self) -> bool:
        """Return whether all jobs and what they need have passed in `run`, be it that nothing could be kept of it."""
        needed = self.hook.with_needs(self.jobs) - self.firing.left_out.keys()
        return all(one in self._outcomes and self._outcomes[one].status in _PASSES for one in needed)


def _in_phase(hook: Hook, phase: str) -> Hook:
    """Return the hook with all of its jobs in one phase."""
    jobs = (job._replace(phase=phase, declared_background=phase == BACKGROUND) for job in hook.jobs)
    return with_records(hook._replace(jobs=tuple(jobs)))
