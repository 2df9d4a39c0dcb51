"""Signals as bytes on a pipe. Each test has a process of its own, since the handlers of this one are pytest's."""

import os
import signal

from dodo_hooks.host.signals import drop_signals, read_signals, take_signals
from kit.system.killing import succeeds_in_child


def test_r14_wanted_signals_are_read_in_their_order_also_those_that_came_in_blocked_or_ignored_for_a_child() -> None:
    def run() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        reader = take_signals((signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD))
        assert read_signals(reader) == b""
        wanted = (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP)
        for number in wanted:
            os.kill(os.getpid(), number)
        assert read_signals(reader) == bytes(wanted) and read_signals(reader) == b""

    assert succeeds_in_child(run)


def test_r17_what_came_in_ignored_stays_ignored_and_all_other_handlers_go() -> None:
    def run() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, lambda *_: None)
        take_signals((signal.SIGTERM, signal.SIGINT))
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
        assert callable(signal.getsignal(signal.SIGINT))
        drop_signals()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL

    assert succeeds_in_child(run)
