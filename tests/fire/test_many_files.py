"""The cost of a hook with many files: git has checked them, and they are not checked again."""

import pytest

from kit.repo import Repo
from kit.system.cost import Cost, count, needs_no_coverage, needs_strace

pytestmark = [needs_strace, needs_no_coverage]


def cost_with(repo: Repo, files: int) -> Cost:
    for number in range(files):
        repo.write(f"{number}.txt", str(number))
    repo.git("add", ".")
    repo.call(".git/hooks/pre-commit", check=True)  # compiles the plan, if it is the first
    return count(repo, ".git/hooks/pre-commit")


def test_the_system_calls_of_a_hook_do_not_grow_with_its_files(repo: Repo) -> None:
    repo.hook("pre-commit", one={"run": "true {staged_files}", "glob": "*.txt"})
    repo.install()
    few, many = cost_with(repo, 10), cost_with(repo, 200)
    assert many.system_calls < few.system_calls + 40


@pytest.mark.parametrize("is_dangling", [True, False])
def test_a_staged_link_is_still_checked(repo: Repo, is_dangling: bool) -> None:
    """Check what git does not say: whether the link leads anywhere."""
    repo.hook("pre-commit", one={"run": "echo {staged_files}", "glob": "*.txt"})
    repo.write("target", "x")
    (repo.path / "link.txt").symlink_to("nowhere" if is_dangling else "target")
    repo.write("file.txt", "x")
    repo.git("add", ".")
    said = repo.run("run", "pre-commit", "-v", check=True).stdout
    assert "file.txt" in said and ("link.txt" in said) != is_dangling


def test_merged_fixes_are_synced_at_once(repo: Repo) -> None:
    repo.hook("pre-commit", fix={"run": "sed -i s/one/fixed/ {staged_files}", "glob": "*.txt", "stage_fixed": True})
    repo.install()
    for number in range(40):
        repo.write(f"{number}.txt", "one\n2\n3\n4\n5\n")
    repo.git("add", ".")
    for number in range(40):
        repo.write(f"{number}.txt", "one\n2\n3\n4\n5\nmine\n")
    repo.call("strace", "-f", "-o", ".git/calls", "-e", "trace=fsync", ".git/hooks/pre-commit", check=True)
    assert repo.read("39.txt") == "fixed\n2\n3\n4\n5\nmine\n"
    assert 0 < repo.read(".git/calls").count("fsync(") < 40
