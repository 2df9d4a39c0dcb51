"""doit's own commands on incremental jobs do what they do on tasks, over the results that the prompt keeps (K7)."""

import shutil

import pytest

from kit.repo import Repo
from kit.results.incremental import counting, runs


@pytest.fixture
def built(repo: Repo) -> Repo:
    """Return a repository with two jobs that have run at the prompt."""
    repo.write(".gitignore", "out\n")
    repo.write("in", "1\n")
    gen = {"run": counting("gen", "cp in out"), "inputs": ["in"], "outputs": ["out"]}
    use = {"run": counting("use", "cat out"), "inputs": ["out"]}
    repo.hook("pre-commit", gen=gen, use=use, plain="true")
    repo.hook("pre-push", gen=gen)  # the same output in another hook
    repo.run("run", "pre-commit", check=True)
    return repo


def statuses(repo: Repo) -> dict[str, str]:
    lines = repo.doit("list", "--all", "--status", check=True).stdout.splitlines()
    words = [line.split()[:2] for line in lines]
    return {name: status for status, name in words if name.startswith("pre-commit:")}


def test_k7_list_shows_what_is_up_to_date(built: Repo) -> None:
    assert statuses(built) == {"pre-commit:gen": "U", "pre-commit:use": "U", "pre-commit:plain": "R"}
    built.write("in", "2\n")
    assert statuses(built) == {"pre-commit:gen": "R", "pre-commit:use": "U", "pre-commit:plain": "R"}


def test_k7_info_says_why_and_shows_dependencies_and_targets(built: Repo) -> None:
    shown = built.doit("info", "pre-commit:use").stdout
    assert (
        "up-to-date" in shown and "file_dep   : \n - out\n" in shown and "task_dep   : \n - pre-commit:gen\n" in shown
    )
    built.write("in", "2\n")
    done = built.doit("info", "pre-commit:gen")
    assert done.returncode == 1 and "input in has changed" in done.stdout and "targets    : \n - out\n" in done.stdout


def test_k7_run_uses_and_keeps_the_same_results(built: Repo) -> None:
    done = built.doit("run", "pre-commit:use", check=True)
    assert (runs(built, "gen"), runs(built, "use")) == (1, 1) and done.stdout.count("up to date since") == 2
    assert len(built.invocations()) == 1
    built.doit("run", "-a", "pre-commit:use", check=True)
    assert (runs(built, "gen"), runs(built, "use")) == (2, 2)
    built.write("in", "2\n")
    built.doit("run", "pre-commit:use", check=True)
    built.run("run", "pre-commit", check=True)
    assert (runs(built, "gen"), runs(built, "use")) == (3, 3)


@pytest.mark.parametrize("argv", [("doit", "run", "pre-commit"), ("dodo-hooks", "run", "pre-commit")])
def test_k7_a_run_in_which_all_is_up_to_date_says_what_went_wrong(repo: Repo, argv: tuple[str, ...]) -> None:
    repo.write(".gitignore", "out\n")
    repo.write("in", "1\n")
    repo.hook(
        "pre-commit", gen={"run": counting("gen", "cp in out"), "inputs": ["in"], "outputs": ["out"], "cache": True}
    )
    repo.run("run", "pre-commit", check=True)
    (repo.path / "out").unlink()
    shutil.rmtree(repo.state / "dodo-hooks/results")
    repo.write("../home/state/dodo-hooks/results", "a file where the folder should be")
    done = {"doit": repo.doit, "dodo-hooks": repo.run}[argv[0]](*argv[1:], check=True)
    assert done.stderr.count("the result of gen is not kept: cannot write") == 1
    assert repo.read("out") == "1\n" and runs(repo, "gen") == 1


def test_k7_forget_removes_all_results_of_a_job(built: Repo) -> None:
    built.doit("forget", "pre-commit:gen", check=True)
    assert statuses(built)["pre-commit:gen"] == "R"
    built.run("run", "pre-commit", check=True)
    assert (runs(built, "gen"), runs(built, "use")) == (2, 1)


def test_k7_clean_removes_outputs_and_so_the_job_runs(built: Repo) -> None:
    built.doit("clean", "pre-commit:gen", check=True)
    assert not built.has("out")
    built.run("run", "pre-commit", check=True)
    assert built.has("out") and runs(built, "gen") == 2


def test_k7_reset_dep_takes_what_is_there_for_done(built: Repo) -> None:
    built.write("in", "2\n")
    assert "processed pre-commit:gen" in built.doit("reset-dep", "pre-commit:gen", check=True).stdout
    built.run("run", "pre-commit", check=True)
    assert runs(built, "gen") == 1


def test_k7_reset_dep_opens_no_gate(repo: Repo) -> None:
    repo.hook("pre-commit", lint={"run": "exit 1", "inputs": ["in"]})
    repo.hook("post-commit", test={"run": "exit 1", "workspace": "snapshot"})
    repo.hook("pre-push", other="true")
    repo.hook_options("pre-push", requires=["post-commit:test"])
    repo.write("in", "1\n")
    repo.git("add", ".")
    repo.git("commit", "--no-verify", "--message", "one")
    repo.finished("post-commit")
    assert repo.doit("reset-dep", check=True).stderr.count("has no outputs") == 2
    assert repo.run("run", "pre-commit").returncode == 1
    assert repo.run("checks").returncode == 1


def test_k7_ignore_binds_doit_alone(built: Repo) -> None:
    built.write("in", "2\n")
    built.doit("ignore", "pre-commit:gen", check=True)
    built.doit("run", "pre-commit:gen", check=True)
    assert runs(built, "gen") == 1
    built.run("run", "pre-commit", check=True)
    assert runs(built, "gen") == 2
