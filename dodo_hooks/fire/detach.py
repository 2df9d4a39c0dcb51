"""The fork of the coordinator, and the return to the prompt (R10; HOT)."""

from dodo_hooks.core.errors import HooksError
from dodo_hooks.engine.background.coordinator import coordinate
from dodo_hooks.host import descriptors, process, signals
from dodo_hooks.host.posix import os, signal, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.engine.background.background_phase import Background

_END = b"\0"
_PROMPT_MS = 20  # how long the way back to the prompt has the processors for itself, at most
_NOTHING_SAID = "the background process died before it started a job"


class DetachError(HooksError):
    """A background phase that could not be started. It does not fail git (R21)."""


def detach(phase: "Background") -> None:
    """Fork the coordinator of the phase, and return once it has forked its first wave.

    The coordinator takes over the locks of `phase.writer`. The caller must not write records afterwards; it only exits.

    Raises:
        DetachError: nothing was started. The message says why.
    """
    reader, writer = os.pipe()
    try:
        pid = process.fork()
    except OSError as error:
        raise DetachError(f"cannot start a process for the background jobs: {error.strerror}") from error
    if not pid:
        _be_coordinator(phase, writer)
    os.close(writer)
    phase.writer.release()
    signals.drop_signals()  # nothing is left to clean up, so Ctrl-C may end this process
    # The reading end stays open: that it closes when this process ends tells the coordinator that the prompt is free.
    answer = _read_answer(reader)
    if answer != _END:
        raise DetachError(answer.rstrip(_END).decode("utf-8", "replace") or _NOTHING_SAID)


def _be_coordinator(phase: "Background", pipe: int) -> None:
    """Run the coordinator in the forked child. Never returns."""
    try:
        os.setsid()
        # The invocation's directory, where the socket is bound; and the working tree can be removed under us.
        os.chdir(phase.context.invocation_dir)
        descriptors.close_all_but({pipe, phase.writer.lock, phase.writer.alive})
        descriptors.redirect_to_null((0, 1, 2))
        wake_up = signals.take_signals((signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGIO))

        def release(sentence: str) -> None:
            try:
                write_all(pipe, sentence.encode("utf-8", "replace") + _END)
                descriptors.wait_for_reader_to_leave(pipe, _PROMPT_MS)
            except OSError:  # the waiting parent was killed, which does not affect the jobs
                pass
            os.close(pipe)

        if coordinate(phase, release, wake_up):
            _run_following(phase, wake_up)
    finally:
        os._exit(0)


def _run_following(phase: "Background", wake_up: int) -> None:
    """Run the phases that follow this one, one at a time. The prompt is back already."""
    while (following := phase.begin_next()) is not None:
        os.chdir(following.context.invocation_dir)
        if not coordinate(following, lambda sentence: None, wake_up):
            break
        phase = following


def _read_answer(descriptor: int) -> bytes:
    """Return what the coordinator writes, up to its end mark.

    Do not wait for the end of the pipe: the first wave also holds the pipe, until it has run for a moment.
    """
    data = b""
    while not data.endswith(_END):
        piece = os.read(descriptor, 65536)
        if not piece:
            break
        data += piece
    return data
