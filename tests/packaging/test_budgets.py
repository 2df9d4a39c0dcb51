"""The budgets of the commands that people wait for: counted, so a busy machine makes no difference.

The budgets are a little above what was counted when they were written, with CPython 3.11, so that growth fails. Whoever
makes something cheaper lowers its budget. What a bare Python does when it starts is not in the counts. Which modules a
fired hook may import is in tests/git/install/test_bundle.py.
"""

import sys

import pytest

from kit.repo import Repo
from kit.system.cost import Cost, count_over_python, needs_no_coverage, needs_strace

pytestmark = [needs_strace, needs_no_coverage]
COMMAND = (sys.executable, "-m", "dodo_hooks")
# Another machine has other paths to search, another Python imports more or fewer of its own modules.
ALLOWANCE = 1.15 if sys.version_info[:2] == (3, 11) else 1.35


@pytest.fixture
def ready(repo: Repo) -> Repo:
    """Return a repository in which everything has been done once: the plan is compiled, and there are records."""
    repo.hook("pre-commit", python={"run": "true", "glob": "*.py"})
    repo.hook("commit-msg", one="true", two="true")
    repo.hook("post-merge", background=True, one="true")
    repo.install()
    repo.write("a.txt", "a\n")
    repo.git("add", "a.txt")
    repo.call(".git/hooks/post-merge", "0", check=True)
    repo.finished("post-merge")
    for command in ("run pre-commit", "jobs", "status"):
        repo.run(*command.split(), check=True)
    return repo


@pytest.mark.parametrize(
    ("argv", "budget"),
    [
        pytest.param((".git/hooks/pre-commit",), Cost(6, 366, 1, 1, 0), id="a fired hook with nothing to do"),
        pytest.param((".git/hooks/commit-msg", ".git/a"), Cost(4, 590, 3, 0, 4900), id="a fired hook with two jobs"),
        pytest.param(
            (".git/hooks/post-merge", "0"),
            Cost(31, 1050, 3, 0, 4200),  # on a busy machine the start of the job is a record of its own
            id="a fired hook with a background job",
        ),
        pytest.param((*COMMAND, "run", "pre-commit"), Cost(92, 1640, 1, 1, 0), id="run"),
        pytest.param((*COMMAND, "jobs"), Cost(62, 1090, 0, 0, 0), id="jobs"),
        pytest.param((*COMMAND, "status"), Cost(73, 1540, 1, 1, 0), id="status"),
    ],
)
def test_what_people_wait_for_stays_within_its_budget(ready: Repo, argv: tuple[str, ...], budget: Cost) -> None:
    cost = count_over_python(ready, *argv)
    measured = zip(Cost._fields, cost, budget, strict=True)
    over = [f"{name}: {spent}, the budget is {limit}" for name, spent, limit in measured if spent > limit * ALLOWANCE]
    assert not over, cost


def test_a_hook_file_that_was_only_touched_costs_no_compilation(ready: Repo) -> None:
    """A branch switch writes it anew, mostly with the same bytes."""
    (ready.path / "hooks.dodo").touch()
    cost = count_over_python(ready, ".git/hooks/pre-commit")
    assert cost.modules <= 9 * ALLOWANCE and cost.processes == 1, cost
