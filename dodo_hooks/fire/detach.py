"""Forking the coordinator, and letting the prompt go (R10; HOT)."""

from dodo_hooks.core.errors import HooksError
from dodo_hooks.engine.coordinator import coordinate
from dodo_hooks.host import descriptors, process, signals
from dodo_hooks.host.posix import os, signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.engine.background_phase import Background

_END = b"\0"
_PROMPT_MS = 20  # how long the way back to the prompt has the processors for itself, at most
_NOTHING_SAID = "the background process died before it had started anything"


class DetachError(HooksError):
    """The background phase could not be begun. git is not failed by it (R21)."""


def detach(phase: "Background") -> None:
    """Fork the coordinator of the phase, and return once it has forked its first wave.

    It takes the locks of `phase.writer` along: the caller must not write records any more, and need only exit.

    Raises:
        DetachError: nothing was started; says why.
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
    signals.drop_signals()  # there is nothing left for us to put in order, so that a Ctrl-C may end us
    # The reading end stays open: that it closes when this process ends tells the coordinator that the prompt is free.
    answer = _read_answer(reader)
    if answer != _END:
        raise DetachError(answer.rstrip(_END).decode("utf-8", "replace") or _NOTHING_SAID)


def _be_coordinator(phase: "Background", pipe: int) -> None:
    """Never returns."""
    try:
        os.setsid()
        # The invocation's directory, where the socket is bound; and the working tree can be removed under us.
        os.chdir(phase.context.invocation_dir)
        descriptors.close_all_but({pipe, phase.writer.lock, phase.writer.alive})
        descriptors.redirect_to_null((0, 1, 2))
        wake_up = signals.take_signals((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))

        def release(sentence: str) -> None:
            try:
                descriptors.write_all(pipe, sentence.encode("utf-8", "replace") + _END)
                descriptors.wait_for_reader_to_leave(pipe, _PROMPT_MS)
            except OSError:  # whoever waited for it was killed: the jobs are none the worse for that
                pass
            os.close(pipe)

        coordinate(phase, release, wake_up)
    finally:
        os._exit(0)


def _read_answer(descriptor: int) -> bytes:
    """What the coordinator says, up to its mark and no further: the first wave, too, has the pipe until it has run
    for a moment, and the end of the pipe would come only then."""
    data = b""
    while not data.endswith(_END):
        piece = os.read(descriptor, 65536)
        if not piece:
            break
        data += piece
    return data
