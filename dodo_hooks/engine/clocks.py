"""The clocks of a phase: timeouts of jobs and of the hook, and what is called again and again (R15; HOT)."""

from dodo_hooks.host.world import monotonic_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_WAIT_S = 86400.0  # poll(2) takes an int of milliseconds, 24 days; a timeout may be longer


class Clocks:
    """The times at which the loop has to wake up. All are on the monotonic clock, in seconds."""

    def __init__(self) -> None:
        self.hook_deadline_s: float | None = None  # the end of the whole hook's timeout
        self._deadlines: dict[int, float] = {}  # job -> when its timeout is over
        self._reminders: list[float] = []
        self._ticks: list[tuple[float | None, Callable[[], None]]] = []

    def every(self, seconds: "float | None", react: "Callable[[], None]") -> None:
        """Call `react` after each event and, unless `seconds` is None, about this often while there are none."""
        self._ticks.append((seconds, react))

    def remind(self, at_s: float) -> None:
        """Wake up at this time at the latest; the callbacks of `every` are called then."""
        self._reminders.append(at_s)

    def start_timeout(self, number: int, timeout_s: float) -> None:
        self._deadlines[number] = monotonic_s() + timeout_s

    def stop_timeout(self, number: int) -> None:
        self._deadlines.pop(number, None)

    def timeout_ms(self, *limits_s: "float | None") -> "int | None":
        """Return how long poll(2) may wait; None: for ever. `limits_s`: further limits, each None if there is none."""
        deadlines = [*self._deadlines.values(), *self._reminders]
        if self.hook_deadline_s is not None:
            deadlines.append(self.hook_deadline_s)
        waits_s = [deadline - monotonic_s() for deadline in deadlines]
        limits_s += tuple(seconds for seconds, _ in self._ticks)
        waits_s.extend(limit_s for limit_s in limits_s if limit_s is not None)
        return max(0, int(min(*waits_s, _LONGEST_WAIT_S) * 1000) + 1) if waits_s else None

    def take_overdue(self) -> "tuple[list[int], bool]":
        """Return the jobs whose timeout is over, and whether that of the hook is, each of them once."""
        now_s = monotonic_s()
        self._reminders = [at_s for at_s in self._reminders if at_s > now_s]
        jobs = [number for number, deadline in self._deadlines.items() if deadline <= now_s]
        for number in jobs:
            del self._deadlines[number]
        is_hook_over = self.hook_deadline_s is not None and self.hook_deadline_s <= now_s
        if is_hook_over:
            self.hook_deadline_s = None
        return jobs, is_hook_over

    def tick(self) -> None:
        for _, react in self._ticks:
            react()
