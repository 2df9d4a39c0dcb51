"""The conditions of a hook file: their values in this event, and the reasons to skip jobs (C7).

HOT, imported if a hook has conditions.
"""

from dodo_hooks.core import plan
from dodo_hooks.core.file_sets import default_file_set, has_changes
from dodo_hooks.core.matching import matches_any
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.fire.select.event_files import FilesError
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dodo_hooks.core.plan_parts import Condition
    from dodo_hooks.fire.select.event_files import EventFiles


class ConditionValue(Record):
    holds: bool
    fact: str  # the reason for the value, as a short sentence


RUN_LIMIT_S = 60.0  # of the command of a `run` condition


class ConditionValues:
    """The checks of one firing, each evaluated once."""

    def __init__(self, event: "EventFiles", executes: bool = True) -> None:
        """Prepare the checks of the event.

        Without `executes` no command is run, and a check that depends on a command leaves nothing out.
        """
        self._event = event
        self._executes = executes
        self._assumed = False  # the assumed value of commands that are not run
        self._questions: dict[int, list[str]] = {}  # by the number of the check: the commands that decide it
        self._open: list[str] = []
        self._reasons: dict[int, str | None] = {}  # by the number of the check
        self._ran: dict[str, ConditionValue] = {}  # by the command
        self._sentences: list[str] = []

    def reason_to_skip(self, number: int) -> "str | None":
        """Return the reason why a check of the hook leaves its jobs out; None: it does not."""
        if number not in self._reasons:
            find = self._reason if self._executes else self._reason_without_commands
            self._reasons[number] = find(number)
        return self._reasons[number]

    def unresolved_commands(self, number: int) -> "list[str]":
        """Return the commands that were not run and that this check depends on."""
        return self._questions.get(number, [])

    def _reason_without_commands(self, number: int) -> "str | None":
        """Return the reason to skip without running commands; None where the check depends on a command.

        The check is evaluated for both outcomes of its commands. It depends on them if the results differ.
        """
        reasons = []
        self._open = []
        for self._assumed in (False, True):
            reasons.append(self._reason(number))
        if None not in reasons:
            return reasons[self._event.hook.checks[number].is_only]  # the one that is not about the commands
        if reasons != [None, None]:
            self._questions[number] = list(dict.fromkeys(self._open))
        return None

    def sentences(self) -> "tuple[str, ...]":
        """Return messages about conditions that could not be evaluated."""
        return tuple(dict.fromkeys(self._sentences))

    def _reason(self, number: int) -> "str | None":
        """Return the reason why the jobs of a check are left out; None: they are not."""
        check = self._event.hook.checks[number]
        facts: list[str] = []
        for condition in check.conditions:
            holds, fact = self._evaluate(condition)
            if holds:
                return None if check.is_only else condition.reason or fact
            facts.append(fact)
        if not check.is_only or not facts:
            return None
        described = [condition.reason for condition in check.conditions if condition.reason]
        return described[0] if described else "; ".join(facts)

    def _evaluate(self, condition: "Condition") -> ConditionValue:
        kind, value = condition.kind, condition.value
        if kind == plan.ALWAYS:
            return ConditionValue(True, "skip: true")
        if kind == plan.NEVER:
            return ConditionValue(False, "only: false")
        if kind == plan.ALL_OF:
            return self._evaluate_all(condition)
        if kind == plan.IN_MERGE:  # git writes MERGE_HEAD only when the first of these hooks has let the merge pass
            holds = self._event.hook.name == "pre-merge-commit" or self._has("MERGE_HEAD")
            return ConditionValue(holds, "a merge is in progress" if holds else "no merge is in progress")
        if kind == plan.IN_REBASE:
            holds = self._has("rebase-merge") or self._has("rebase-apply")
            return ConditionValue(holds, "a rebase is in progress" if holds else "no rebase is in progress")
        if kind == plan.AT_MERGE_COMMIT:
            name = "HEAD" if self._event.checked is None else self._event.checked.name
            done = self._event.git_query().attempt("rev-parse", "--quiet", "--verify", f"{name}^2")
            return ConditionValue(not done.exit_code, f"{name} is {'no' if done.exit_code else 'a'} merge commit")
        if kind == plan.HAS_VARIABLE:
            is_set = self._event.world.is_set(value)
            return ConditionValue(is_set, f"{value} is set" if is_set else f"{value} is not set")
        if kind == plan.ON_REF:
            return self._is_on(condition)
        return self._run(value) if kind == plan.RUN_SUCCEEDS else self._has_changed(condition)

    def _evaluate_all(self, condition: "Condition") -> ConditionValue:
        facts: list[str] = []
        for part in condition.parts:
            holds, fact = self._evaluate(part)
            if not holds:
                return ConditionValue(False, fact)
            facts.append(fact)
        return ConditionValue(True, " and ".join(facts))

    def _has(self, name: str) -> bool:
        return self._event.checked is None and os.access(f"{self._event.repo.git_dir}/{name}", os.F_OK)

    def _is_on(self, condition: "Condition") -> ConditionValue:
        branch = self._event.branch()
        if not branch:
            return ConditionValue(False, f"HEAD is detached and does not match {condition.value}")
        holds = matches_any(condition.patterns)(branch.encode("utf-8", "surrogateescape"))
        return ConditionValue(holds, f"branch {branch} {'matches' if holds else 'does not match'} {condition.value}")

    def _has_changed(self, condition: "Condition") -> ConditionValue:
        """Return whether a changed file matches. Deleted files count as changed."""
        paths: Iterable[bytes] | None = self._event.given
        if paths is None and has_changes(self._event.hook.name):
            try:
                paths = self._event.list_condition_changes(default_file_set(self._event.hook.name))
            except FilesError as error:
                self._sentences.append(f"a `changed` condition of {self._event.hook.name} does not hold: {error}")
        if paths is None:
            return ConditionValue(False, f"cannot determine whether a file matching {condition.value} changed")
        holds = any(map(matches_any(condition.patterns), paths))
        return ConditionValue(holds, f"{'a' if holds else 'no'} changed file matches {condition.value}")

    def _run(self, command: str) -> ConditionValue:
        if not self._executes:
            self._open.append(command)
            return ConditionValue(self._assumed, f"`{command}` was not run")
        if command not in self._ran:
            exit_code, error = self._exit_code_of(command)
            if error:
                self._sentences.append(f"the condition `run: {command}` does not hold: {error}")
            what = f": {error}" if error else f" failed (exit code {exit_code})" if exit_code else " succeeded"
            self._ran[command] = ConditionValue(not error and not exit_code, f"`{command}`{what}")
        return self._ran[command]

    def _exit_code_of(self, command: str) -> "tuple[int, str]":
        """Return the exit code of a command, and an error if the command has none; else ""."""
        from dodo_hooks.host.capture import capture_command

        top, environ = self._event.repo.top, self._event.command_environ()
        try:
            done = capture_command(command, top, environ, RUN_LIMIT_S, keeps=False)
        except OSError as error:
            return 0, f"cannot start: {error.strerror}"
        return done.exit_code, f"timed out after {RUN_LIMIT_S:g} s" if done.is_late else ""
