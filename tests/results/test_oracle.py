"""No wrong skip, whatever happens to the tree, and no needless run for what changed nothing (K1 to K6)."""

from pathlib import Path

import pytest

from kit.chance import chance_of, how_many
from results.oracle import Oracle

STEPS = 25
ROUNDS = how_many(3, 400)
HARMLESS = ("touch", "there and back", "refresh")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_k6_no_job_is_skipped_wrongly(number: int, tmp_path: Path, env: dict[str, str]) -> None:
    oracle, random = Oracle(tmp_path / "repo", env), chance_of(f"oracle {number}")
    oracle.run("nothing")
    for _ in range(STEPS):
        oracle.run(oracle.step(random))
    assert not oracle.wrong
    assert oracle.skips > STEPS
    assert not [one for one in oracle.needless if one.endswith(HARMLESS)]
