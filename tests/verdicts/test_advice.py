"""What a refused push advises works when it is typed where the push was (V3, V4)."""

from pathlib import Path

import pytest

from kit.repo import Repo
from kit.results.pushing import commit, push, require


@pytest.mark.parametrize("keys", [{"inputs": ["*"]}, {"uptodate": ["true"]}, {"incremental": False}])
def test_v4_the_retry_of_a_job_counts_at_a_push(pushing: Repo, tmp_path: Path, keys: "dict[str, object]") -> None:
    right = tmp_path / "right"
    build = {"run": "echo built >product", **keys}
    require(pushing, build=build, test={"run": f"cat product && test -e {right}", "needs": ["build"], **keys})
    commit(pushing)
    run = pushing.finished("post-commit")
    assert run.statuses() == {"build": "completed", "test": "failed"}
    right.touch()
    pushing.run("retry", f"@{run.id}", check=True)
    assert pushing.finished("post-commit", 2).statuses() == {"build": "completed", "test": "completed"}
    assert push(pushing).returncode == 0
