"""`inputs` and `outputs` of jobs with a `root`, as the packages of a monorepo have them (K2, K6, K9, K10)."""

import shutil

import pytest

from kit.repo import Repo
from kit.results.incremental import counting, runs

LIB = "packages/lib"


@pytest.fixture
def packages(repo: Repo) -> Repo:
    """Return a repository in which `app` reads what `lib` makes, each in a folder of its own. Both have run."""
    repo.write(".gitignore", "dist\n")
    repo.write("tsconfig.json", "0")
    for name in ("lib", "app"):
        repo.write(f"packages/{name}/src/main", name)
    # `.git/runs-NAME` is at the top.
    make = counting("lib", "mkdir -p dist && cat src/main ../../tsconfig.json > dist/out").replace(".git", "../../.git")
    use = counting("app", "cat ../lib/dist/out").replace(".git", "../../.git")
    repo.hook(
        "post-commit",
        app={"run": use, "root": "packages/app", "inputs": ["src/**", "../lib/dist/out"]},
        lib={"run": make, "root": LIB, "inputs": ["src", "/tsconfig.json"], "outputs": "dist", "cache": True},
    )
    repo.git("add", ".")
    repo.git("commit", "-qm", "m")
    assert repo.read(f"{LIB}/dist/out") == "lib0" and (runs(repo, "lib"), runs(repo, "app")) == (1, 1)
    return repo


def again(repo: Repo) -> "tuple[int, int]":
    """Run the hook; return how often each job has run in all."""
    repo.run("run", "post-commit", check=True)
    return runs(repo, "lib"), runs(repo, "app")


def test_k2_a_job_runs_for_files_below_its_root_and_those_that_it_names_from_the_top(packages: Repo) -> None:
    assert again(packages) == (1, 1)
    packages.write("packages/app/src/main", "APP")
    assert again(packages) == (1, 2)
    packages.write("src/main", "the top's is no input")
    assert again(packages) == (1, 2)
    packages.write("tsconfig.json", "1")
    assert again(packages) == (2, 3)


def test_k9_outputs_below_a_root_are_restored(packages: Repo) -> None:
    packages.write(f"{LIB}/src/main", "LIB")
    assert again(packages) == (2, 2)
    packages.write(f"{LIB}/src/main", "lib")
    shutil.rmtree(packages.path / LIB / "dist")
    assert again(packages) == (2, 2) and packages.read(f"{LIB}/dist/out") == "lib0"
    assert not packages.has("dist")


def test_k11_why_names_files_from_the_top(packages: Repo) -> None:
    packages.write(f"{LIB}/src/main", "LIB")
    assert "input packages/lib/src/main has changed" in packages.run("why", "lib").stdout


def test_k7_doit_has_them_from_the_top(packages: Repo) -> None:
    shown = packages.doit("info", "post-commit:lib", check=True).stdout
    assert "targets    : \n - packages/lib/dist\n" in shown
    assert " - packages/lib/src/main\n" in shown and " - tsconfig.json\n" in shown
    shutil.rmtree(packages.path / LIB / "dist")
    packages.write(f"{LIB}/dist", "a file")
    packages.write("dist", "that of the top")
    packages.doit("clean", "post-commit:lib", check=True)
    assert not packages.has(f"{LIB}/dist") and packages.has("dist")


def test_k6_an_output_that_was_made_at_the_top_is_named_with_its_fix(repo: Repo) -> None:
    repo.write("web/in", "1")
    repo.write("made", "1")
    repo.hook("post-commit", job={"run": "true", "root": "web", "inputs": ["in"], "outputs": ["made"]})
    said = repo.run("run", "post-commit", check=True).stderr
    assert "job runs each time: it did not make its output web/made (write /made for that of the top)" in said
