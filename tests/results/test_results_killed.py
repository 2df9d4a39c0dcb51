"""kill -9 before each system call of a run: afterwards a job runs again, or it is exactly up to date (K7, K9)."""

import os
from itertools import count
from pathlib import Path

import pytest

from kit.system.killing import die_before, in_child
from results.oracle import Oracle

JOBS = """\
jobs:
  - {name: gen, run: "true", inputs: ["src/*.c"], outputs: [out.gen]}
  - {name: pack, run: "true", inputs: [src, a.txt], outputs: [packed], cache: true}
"""


@pytest.mark.timeout(180)
def test_k7_k9_a_kill_at_any_moment_leaves_no_wrong_result(tmp_path: Path, env: dict[str, str]) -> None:
    oracle = Oracle(tmp_path / "repo", env, JOBS)
    oracle.run("nothing")
    contents = [b"one\n", b"two\n"]
    for number in count():
        # Each second time the content is one that is cached already, so that its outputs are restored.
        (oracle.path / "src/x.c").write_bytes(b"%d\n" % number if number % 2 else contents[number // 2 % 2])

        def run(number: int = number) -> None:
            die_before(number)
            oracle.run("a kill")

        _, status = os.waitpid(in_child(run), 0)
        oracle.learn()
        oracle.run(f"a kill before call {number}")
        assert not oracle.wrong
        if status == 0:
            break
    assert number > 20
