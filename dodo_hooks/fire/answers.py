"""What conditions ask about the event and the repository (C7; HOT, imported if a hook has conditions)."""

from dodo_hooks.core import plan
from dodo_hooks.core.conditions import Answer, is_truthy, reason_to_skip, state
from dodo_hooks.core.file_sources import default_source, has_changes
from dodo_hooks.core.matching import matches_any
from dodo_hooks.fire.event_facts import FilesError
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dodo_hooks.core.plan import Condition
    from dodo_hooks.fire.event_facts import EventFacts

RUN_LIMIT_S = 60.0  # of the command of a `run` condition


class Answers:
    """The checks of one firing, each asked once."""

    def __init__(self, event: "EventFacts") -> None:
        self._event = event
        self._reasons: dict[int, str | None] = {}  # by the number of the check
        self._ran: dict[str, Answer] = {}  # by the command
        self._sentences: list[str] = []

    def reason_to_skip(self, number: int) -> "str | None":
        """Why a check of the hook leaves its jobs out; None: it does not."""
        if number not in self._reasons:
            self._reasons[number] = reason_to_skip(self._event.hook.checks[number], self._answer)
        return self._reasons[number]

    def sentences(self) -> "tuple[str, ...]":
        """What could not be found out, for people."""
        return tuple(dict.fromkeys(self._sentences))

    def _answer(self, condition: "Condition") -> Answer:
        kind, value = condition.kind, condition.value
        if kind == plan.IN_MERGE:  # git writes MERGE_HEAD only when the first of these hooks has let the merge pass
            holds = self._event.hook.name == "pre-merge-commit" or self._has("MERGE_HEAD")
            return state(holds, "merge", "a merge is going on", "no merge is going on")
        if kind == plan.IN_REBASE:
            holds = self._has("rebase-merge") or self._has("rebase-apply")
            return state(holds, "rebase", "a rebase is going on", "no rebase is going on")
        if kind == plan.AT_MERGE_COMMIT:
            done = self._event.asked().attempt("rev-parse", "--quiet", "--verify", "HEAD^2")
            return state(not done.exit_code, "merge-commit", "HEAD is a merge", "HEAD is no merge")
        if kind == plan.HAS_VARIABLE:
            is_set = is_truthy(self._event.world.environ.get(value))
            return state(is_set, f"env {value}", "it is set", "it is not set")
        if kind == plan.ON_REF:
            return self._is_on(condition)
        return self._run(value) if kind == plan.RUN_SUCCEEDS else self._has_changed(condition)

    def _has(self, name: str) -> bool:
        return os.access(f"{self._event.repo.git_dir}/{name}", os.F_OK)

    def _is_on(self, condition: "Condition") -> Answer:
        branch = self._event.branch()
        if not branch:
            return Answer(False, f'ref "{condition.value}": HEAD is on no branch')
        holds = matches_any(condition.patterns)(branch.encode("utf-8", "surrogateescape"))
        return Answer(holds, f'ref "{condition.value}": the branch is "{branch}"')

    def _has_changed(self, condition: "Condition") -> Answer:
        """What was deleted has changed, too."""
        paths: Iterable[bytes] | None = self._event.given
        if paths is None and has_changes(self._event.hook.name):
            try:
                paths = self._event.changes(default_source(self._event.hook.name))
            except FilesError as error:
                self._sentences.append(f"a `changed` condition of {self._event.hook.name} does not hold: {error}")
        name = f'changed "{condition.value}"'
        if paths is None:
            return Answer(False, f"{name}: it is not known what has changed")
        return state(any(map(matches_any(condition.patterns), paths)), name, "a file matches", "no file matches")

    def _run(self, command: str) -> Answer:
        if command not in self._ran:
            exit_code, trouble = self._exit_code_of(command)
            if trouble:
                self._sentences.append(f"the condition `run: {command}` does not hold: {trouble}")
            what = trouble or ("it failed" if exit_code else "it succeeded")
            self._ran[command] = Answer(not trouble and not exit_code, f'run "{command}": {what}')
        return self._ran[command]

    def _exit_code_of(self, command: str) -> "tuple[int, str]":
        """How a command ended, and why that is not known."""
        from dodo_hooks.host.capture import capture_command

        top, environ = self._event.repo.top, self._event.command_environ()
        try:
            done = capture_command(command, top, environ, RUN_LIMIT_S, keeps=False)
        except OSError as error:
            return 0, f"it cannot be started: {error.strerror}"
        return done.exit_code, f"it took longer than {RUN_LIMIT_S:g} s" if done.is_late else ""
