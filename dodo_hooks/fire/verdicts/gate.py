"""The gate of a push: what it requires of the pushed commits, and its jobs that run on each of them (V3, V4; HOT).

A commit that has passed costs nothing. A run under way is awaited, a missing one is run here, and a failure refuses the
push without another run. The process holds the `wanted` lock of a run before it reads its state, so that nobody ends
what it waits for.
"""

import time

from dodo_hooks.core.errors import ConfigError, UsageError
from dodo_hooks.core.plan import Hook
from dodo_hooks.core.plan_parts import Requirement
from dodo_hooks.core.statuses import CONDITION, SKIPPED, Outcome
from dodo_hooks.fire.firing import BY_GIT, make_firing, select_files
from dodo_hooks.fire.verdicts import pushed_commits
from dodo_hooks.fire.verdicts.check import Check
from dodo_hooks.git.files import GitQuery
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.target import Target, without_replacements
from dodo_hooks.host.console import say
from dodo_hooks.host.posix import os, read_file
from dodo_hooks.host.world import World, monotonic_s
from dodo_hooks.plans.compiled_plan import Compiled
from dodo_hooks.results.verdicts.verdicts import FAILED_BEFORE, NONE, PASSED, RUNNING, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.fire.select.conditions import ConditionValues

MOST_UNCHECKED = 50  # commits that a push runs checks for; more are for a command of their own
_POLL_S = 0.02
_HANGUP = 129  # 128 + SIGHUP
_REFUSED = 1


class Push:
    """A push that a hook gates."""

    def __init__(
        self,
        world: World,
        repo: Repo,
        compiled: Compiled,
        hook: Hook,
        args: tuple[str, ...],
        stdin: bytes,
        source: Target | None = None,
    ) -> None:
        """Read what is pushed.

        `source`: the commit whose hook file it is; None: that of the working tree.

        Raises:
            GitError: git cannot be queried.
        """
        self._world = world
        self._repo = repo
        self._compiled = compiled
        self._hook = hook
        self._source = source
        self._remote, self._url = args if len(args) == 2 else ("", "")
        self._stdin = stdin
        self._query = GitQuery(repo, without_replacements(world.environ))
        file = compiled.rules.file
        self._file = file.removeprefix(f"{repo.top}/") if file.startswith(f"{repo.top}/") else ""
        self._pushed = pushed_commits.read_pushed(self._query, stdin, self._file)
        self._git = os.getppid()
        self._waited_s = 0.0
        self._conditions: ConditionValues | None = None

    def gate(self, left_out: dict[int, Outcome]) -> int:
        """Check the pushed commits; return 0 where the hook's other jobs may run, else the exit code of a refused push.

        The jobs that have run on the commits are added to `left_out`.

        Raises:
            HooksError: as for `check`.
        """
        code = self.check(left_out)
        if not code and any(job.workspace for job in self._hook.jobs):
            code = self._run_on_tips(left_out)
            done = Outcome(SKIPPED, CONDITION, "it has run on each pushed commit")
            left_out.update((job.number, done) for job in self._hook.jobs if job.workspace)
        return code

    def check(self, left_out: dict[int, Outcome], wait_s: float | None = None) -> int:
        """Return 0 where every pushed commit has what the hook requires, else the exit code of the refused push.

        `left_out`: the hook's own jobs that do not run. `wait_s`: how long to wait, at most; None: as the hook file
        says.

        Raises:
            HooksError: something cannot be read or started; the push is refused.
        """
        required = [one for one in self._hook.requires if one.by not in left_out and self._applies(one)]
        checks = [(one, *found) for one in required for found in self._checks(one)]
        if required:
            self._report_other_files()
        left = []  # what has passed needs no lock: the disk may be full
        for requirement, check, verdict in checks:  # before anybody waits or works in vain
            if verdict.state == FAILED_BEFORE:
                return _refuse(check, verdict)
            if verdict.state != PASSED:
                left.append((requirement, check))
        for requirement, check in left:
            code = self._settle(check, wait_s or requirement.wait_s or pushed_commits.default_wait_s(self._url))
            if code:
                return code
        return 0

    def _applies(self, requirement: Requirement) -> bool:
        """Return whether the gate's own conditions hold (C7)."""
        if not requirement.checks:
            return True
        if self._conditions is None:
            from dodo_hooks.fire.select.conditions import ConditionValues
            from dodo_hooks.fire.select.event_files import EventFiles

            args = (self._remote, self._url)
            event = EventFiles(self._world, self._repo, self._hook, args, self._stdin)
            self._conditions = ConditionValues(event)
        values = self._conditions
        return all(values.reason_to_skip(number) is None for number in requirement.checks)

    def _checks(self, requirement: Requirement) -> list[tuple[Check, Verdict]]:
        """Return the check of each pushed commit, with what is known now."""
        hook = self._compiled.hook(requirement.hook)
        number = None if hook is None else hook.number_of(requirement.job)
        if hook is None or number is None:  # the loader has seen to that
            raise ConfigError([])
        commits = pushed_commits.tips(self._pushed)
        if requirement.each:
            commits = pushed_commits.new_commits(self._query, self._remote, self._url, self._stdin, self._pushed)
        checks, missing, about = [], [], (self._world, self._repo, self._compiled, hook)
        for target, branches in pushed_commits.branches_of(self._pushed, commits):
            check = Check(*about, target, (number,), branches=branches, ends_with_parent=True)
            checks.append((check, check.verdict(number)))
            if checks[-1][1].state == NONE:
                missing.append(target)
            if len(missing) > MOST_UNCHECKED:
                from dodo_hooks.fire.verdicts.report import how_to_check

                words = pushed_commits.revisions_of(self._query, commits, missing)
                command = how_to_check(check, words)
                first = f"{command} first" if command else "push fewer of them at a time"
                raise UsageError(
                    f"push refused: more than {MOST_UNCHECKED} commits have no verdict of "
                    f"{requirement.hook}:{requirement.job}; {first}"
                )
        return checks

    def _report_other_files(self) -> None:
        """Report the tips whose hook file is another one: the present one counts."""
        source = () if self._source is None else (self._source.name,)
        where = f"of {self._source.name[:12]}" if self._source is not None else "in the working tree"
        content = read_file(self._compiled.rules.file) if self._source is None else None
        for commit, tip in {one.target.name: one for one in self._pushed}.items():
            if content is not None and tip.has_file(content):  # git may still find them equal where it converts files
                continue
            diff = ("diff", "--quiet", "--no-ext-diff", commit, *source, "--", self._file)
            if self._query.attempt(*diff).exit_code == 1:
                say(f"{self._file} of {commit[:12]} differs; the one {where} is used")

    def _settle(self, check: Check, wait_s: float | None) -> int:
        """Wait for a verdict, or run the job; return 0 for a success."""
        number, has_run = check.jobs[0], False
        while True:
            wanted = [check.verdicts.locks.want(*pair) for pair in check.keyed_jobs()]
            try:
                code = self._await(check, wait_s)
                verdict = check.verdict(number)
            finally:
                for descriptor in wanted:
                    os.close(descriptor)
            if code or verdict.state == PASSED:
                return code
            if verdict.state == FAILED_BEFORE:
                return _REFUSED if has_run else _refuse(check, verdict)
            if has_run:
                return _without_verdict(check)
            say(f"{check.title(number)} has no result; running it now")
            code, has_run = check.run(), True
            if code > _REFUSED:  # interrupted, or an error of ours
                return code

    def _await(self, check: Check, wait_s: float | None) -> int:
        """Wait as long as the check is running; return the exit code of a push that does not wait any longer, or 0.

        What was waited before, for other checks, counts: the connection is idle all the time.
        """
        verdict = check.verdict(check.jobs[0])
        if verdict.state != RUNNING:
            return 0
        from dodo_hooks.fire.verdicts.report import Waiting

        waiting, began_s = Waiting(check), monotonic_s() - self._waited_s
        try:
            while verdict.state == RUNNING:
                _expect_other(check, verdict)
                if os.getppid() != self._git:
                    return _HANGUP
                if wait_s is not None and monotonic_s() - began_s > wait_s:
                    remote, refs = filter(None, (self._remote,)), pushed_commits.refspecs(self._query, self._stdin)
                    return waiting.stop_waiting(verdict, (*remote, *refs))
                waiting.show(verdict)
                time.sleep(_POLL_S)
                verdict = check.verdict(check.jobs[0])
        finally:
            waiting.end()
            self._waited_s = monotonic_s() - began_s
        return 0

    def _run_on_tips(self, left_out: dict[int, Outcome]) -> int:
        """Run the hook's jobs that run in a snapshot, once for each tip (S1); return the exit code.

        Raises:
            HooksError: as for `run_firing`.
        """
        from dodo_hooks.fire.phases import run_firing

        in_worktree = Outcome(SKIPPED, CONDITION, "it runs once, in the working tree")
        out = {job.number: in_worktree for job in self._hook.jobs if not job.workspace} | left_out
        args, rules, code = (self._remote, self._url) if self._remote else (), self._compiled.rules, 0
        for target in pushed_commits.tips(self._pushed):
            firing = make_firing(self._world, self._repo, rules, self._hook, args, BY_GIT, out, self._stdin)
            code = max(code, run_firing(select_files(firing._replace(target=target))))
        return code


def _without_verdict(check: Check) -> int:
    """Return the exit code after a run that has left no verdict: the disk is full, or its key cannot be known."""
    if check.has_just_passed():
        return 0
    number = check.verdict(check.jobs[0]).job
    why = check.verdicts.why_unknown(number)
    cause = f", because its key is unknown: {why}; fix that, and push again" if why else ""
    say(f"push refused: {check.title(number)} has no verdict{cause}")
    return _REFUSED


def _refuse(check: Check, verdict: Verdict) -> int:
    from dodo_hooks.fire.verdicts.report import print_refusal

    return print_refusal(check, verdict)


def _expect_other(check: Check, verdict: Verdict) -> None:
    """Raise UsageError where this push is part of the run that it would wait for."""
    from dodo_hooks.engine.groups import ancestors_of

    ancestors = ancestors_of(check.verdicts.repository_dir, check.firing.world.environ.get("DODO_INVOCATION"))
    if verdict.run is not None and verdict.run.invocation in ancestors:
        raise UsageError(f"push refused: it runs inside {verdict.run.job}, whose verdict it needs")
