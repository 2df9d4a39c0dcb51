"""Files that have passed do not come to a job again: seen from git (K8)."""

import sys

import pytest

from kit.repo import Repo
from kit.results.incremental import counting, runs

COMMAND = (sys.executable, "-m", "dodo_hooks")


CHECK = """for f in "$@"; do echo "$f" >> .git/checked; ! grep -q bad "$f" || exit 1; done"""


def checked(repo: Repo) -> list[str]:
    """Return the files that the job was given since the last call."""
    path = repo.path / ".git/checked"
    files = sorted(path.read_text().splitlines()) if path.exists() else []
    path.unlink(missing_ok=True)
    return files


@pytest.fixture
def per_file(repo: Repo) -> Repo:
    for name in ("a.py", "b.py", "c.py"):
        repo.write(name, name)
    repo.git("add", ".")
    repo.write(".git/check", CHECK)
    lint = {"run": "sh .git/check {files}", "glob": "*.py", "incremental": True, "uptodate": "cat .git/version || true"}
    repo.hook("pre-commit", lint=lint)
    repo.run("run", "pre-commit", "--all-files", check=True)
    assert checked(repo) == ["a.py", "b.py", "c.py"]
    return repo


def test_k8_a_job_gets_only_the_files_that_have_not_passed(per_file: Repo) -> None:
    done = per_file.run("run", "pre-commit", "--all-files", check=True)
    assert checked(per_file) == [] and "its 3 files have passed" in done.stdout
    per_file.write("b.py", "changed")
    per_file.write("d.py", "new")
    per_file.git("add", ".")
    per_file.run("run", "pre-commit", "--all-files", check=True)
    assert checked(per_file) == ["b.py", "d.py"]
    per_file.git("mv", "a.py", "e.py")
    per_file.run("run", "pre-commit", "--all-files", check=True)
    assert checked(per_file) == ["e.py"]  # its name counts
    per_file.write(".git/version", "2")
    per_file.run("run", "pre-commit", "--all-files", check=True)
    assert checked(per_file) == ["b.py", "c.py", "d.py", "e.py"]


def test_k8_a_variable_counts_for_each_file(repo: Repo) -> None:
    repo.write("a.txt", "a")
    repo.git("add", ".")
    lint = {"run": counting("lint", "true {all_files}"), "incremental": True, "env_inputs": ["MODE"]}
    repo.hook("post-commit", lint=lint)
    for mode in ("one", "one", "two"):
        repo.run("run", "post-commit", check=True, env={"MODE": mode})
    assert runs(repo, "lint") == 2


def test_k8_a_failure_passes_nothing_and_force_gives_all(per_file: Repo) -> None:
    per_file.write("b.py", "bad")
    per_file.git("add", ".")
    for _ in range(2):
        assert per_file.run("run", "pre-commit", "--all-files").returncode == 1
        assert checked(per_file) == ["b.py"]
    assert per_file.run("why", "lint").stdout.splitlines()[1:] == ["  b.py"]
    per_file.run("run", "pre-commit", "--all-files", "--force")
    assert checked(per_file) == ["a.py", "b.py"]  # it ends at the first bad one
    per_file.run("run", "pre-commit", "--all-files")
    assert checked(per_file) == ["a.py", "b.py"]  # the failure has removed what had passed
    assert per_file.run("run", "pre-commit", "--all-files").returncode == 1


def test_k8_files_of_batches_that_succeeded_have_passed(repo: Repo) -> None:
    names = [f"{number:04d}-{'x' * 200}.py" for number in range(9000)]
    for name in names:
        (repo.path / name).write_text("bad" if name.startswith("8999") else "")
    repo.git("add", ".")
    repo.write(".git/check", 'printf "%s\\n" "$@" >> .git/checked; case "$*" in *8999*) exit 1;; esac')
    repo.hook("pre-commit", lint={"run": "sh .git/check {files}", "glob": "*.py", "incremental": True})
    assert repo.run("run", "pre-commit", "--all-files").returncode == 1
    assert len(checked(repo)) == 9000
    assert repo.run("run", "pre-commit", "--all-files").returncode == 1
    assert 0 < len(checked(repo)) < 9000


def test_k8_the_list_in_the_file_is_shortened_too(per_file: Repo) -> None:
    """The second job is checked when the first has run, so after its list was written."""
    words = """tr '\\0' '\\n' < "$DODO_FILES0" >> .git/checked"""
    first = {"run": "echo 1 > .out", "outputs": [".out"]}
    late = {"run": words, "glob": "*.py", "incremental": True, "needs": ["first"]}
    per_file.hook("post-commit", first=first, late=late)
    per_file.run("run", "post-commit", "--all-files", check=True)
    assert checked(per_file) == ["a.py", "b.py", "c.py"]
    per_file.write("a.py", "1")
    per_file.run("run", "post-commit", "--all-files", check=True)
    assert checked(per_file) == ["a.py"]


@pytest.mark.parametrize("more", [{}, {"outputs": ["a"], "run": "x {files}"}])
def test_k8_incremental_needs_a_list_and_has_no_outputs(more: dict[str, object], repo: Repo) -> None:
    repo.hook("pre-commit", lint={"run": "x", "incremental": True, **more})
    assert 'job "lint": "incremental" ' in repo.run("validate").stderr
