"""`inputs` and `outputs` in a hook file: the needs that they make, and what is wrong with them (K2, K10)."""

from pathlib import Path

import pytest

from kit.hook_files.broken import errors_in
from kit.hook_files.plans import hook_of, job_of, needs
from kit.repo import Repo


def test_k10_a_job_needs_the_one_that_makes_its_input(tmp_path: Path) -> None:
    hook = hook_of(
        tmp_path,
        """
jobs:
  - {name: use, run: x, inputs: [./gen//api.c]}
  - {name: all, run: x, inputs: ['dist/**/*.js']}
  - {name: folder, run: x, inputs: [gen]}
  - {name: wide, run: x, inputs: ['**/*.js']}
  - {name: exact, run: x, inputs: ['gen/*.c']}
  - {name: gen, run: x, outputs: gen/api.c}
  - {name: build, run: x, outputs: dist}
""",
    )
    assert needs(hook) == {
        "use": {"gen"},
        "all": {"build"},
        "folder": {"gen"},
        "wide": set(),
        "exact": {"gen"},
        "gen": set(),
        "build": set(),
    }
    assert hook.jobs[0].made_by == (5,)


def test_k10_a_job_does_not_need_itself(tmp_path: Path) -> None:
    assert job_of(tmp_path, "run: x\ninputs: ['src/**']\noutputs: src/made").needs == ()


def test_k2_a_job_with_inputs_or_uptodate_is_incremental(tmp_path: Path) -> None:
    assert job_of(tmp_path, "run: x\ninputs: a").is_incremental
    assert job_of(tmp_path, "run: x\ninputs: []\nuptodate: node --version").is_incremental
    assert not job_of(tmp_path, "run: x\noutputs: a").is_incremental


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("outputs: [../a]", '"../a" leads out of it'),
        ("outputs: [/tmp/a]", 'found the absolute "/tmp/a"'),
        ("outputs: [a/.git/b]", '"a/.git/b" is git\'s own'),
        ("outputs: [.]", "found the repository itself"),
        ("outputs: ['*.c']", '"*.c" is a pattern'),
        ("inputs: [a/../../b]", "leads out of it"),
        ("inputs: []", '"inputs" is empty; add a path'),
        ("env_inputs: [A]", '"env_inputs" has no effect without "inputs" or "uptodate"'),
        ("inputs: [a]\nenv_inputs: ['A=B']", "A=B"),
    ],
)
def test_k10_a_wrong_input_or_output_is_an_error(body: str, error: str, tmp_path: Path) -> None:
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    (one,) = errors_in(tmp_path, f"hooks:\n  pre-commit:\n    jobs:\n      - run: x\n{lines}")
    assert error in one


@pytest.mark.parametrize("other", ["dist", "dist/a", "./dist/"])
def test_k10_two_jobs_cannot_make_the_same(other: str, tmp_path: Path) -> None:
    text = f"""\
hooks:
  pre-commit:
    jobs:
      - {{name: a, run: x, outputs: [dist]}}
      - name: b
        run: x
        outputs: [{other}]
"""
    (one,) = errors_in(tmp_path, text)
    assert one.startswith("7:19: ") and 'job "b": output' in one and 'job "a" makes' in one


def test_k10_a_cycle_names_the_files(tmp_path: Path) -> None:
    text = """\
hooks:
  pre-commit:
    jobs:
      - {name: a, run: x, inputs: [b.c], outputs: [a.c]}
      - {name: b, run: x, inputs: [a.c], outputs: [b.c]}
"""
    (one,) = errors_in(tmp_path, text)
    assert "needs form a cycle: a -(b.c)-> b -(a.c)-> a" in one


def test_k10_a_tracked_output_is_an_error(repo: Repo) -> None:
    repo.write("dist/a", "1")
    repo.git("add", "-f", "dist/a")
    repo.hook("pre-commit", build={"run": "true", "outputs": ["dist"]})
    done = repo.run("validate")
    assert done.returncode == 3 and 'output "dist" is tracked by git' in done.stderr


def test_k10_validate_asks_git_anew_what_is_tracked(repo: Repo) -> None:
    repo.hook("pre-commit", build={"run": "true", "outputs": ["dist"]})
    repo.run("list", check=True)  # the plan is cached
    assert repo.run("validate").returncode == 0
    repo.write("dist/a", "1")
    repo.git("add", "-f", "dist/a")
    assert repo.run("validate").returncode == 3
