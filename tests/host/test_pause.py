"""Waiting for a moment, as programs that poll do."""

import os
from pathlib import Path

import pytest

from dodo_hooks.host.pause import Pause


def test_a_pause_ends_at_once_when_nobody_reads_the_output_any_more() -> None:
    reader, writer = os.pipe()
    pause = Pause(writer)
    pause.wait(0)
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        pause.wait(600)
    os.close(writer)


def test_an_output_that_cannot_be_polled_is_slept_for(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "output", os.O_CREAT | os.O_WRONLY)
    pause = Pause(descriptor)
    pause.wait(0)
    os.close(descriptor)
    for _ in range(2):
        pause.wait(0)
