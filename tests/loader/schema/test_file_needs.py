"""`inputs` and `outputs` in a hook file: the needs that they make, and what is wrong with them (K2, K10)."""

from pathlib import Path

import pytest

from dodo_hooks.core.matching import matches
from dodo_hooks.core.plan_parts import Input
from dodo_hooks.host.posix import decode_path
from kit.hook_files.broken import errors_in
from kit.hook_files.plans import hook_of, job_of, needs
from kit.repo import Repo


def matches_of(one: Input, path: str) -> bool:
    return one.path == path.encode() if one.matcher is None else matches(one.matcher, path.encode())


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
    assert hook.jobs[0].order.made_by == (5,)


def test_k2_inputs_and_outputs_are_relative_to_the_root(tmp_path: Path) -> None:
    hook = hook_of(
        tmp_path,
        """
jobs:
  - group:
      jobs:
        - {name: app, run: x, inputs: [a.c, ../lib/b.c, /c.c, 'src/**/*.js', '*.ts', './*.md', '../*.css', '/*.h', .]}
    root: packages/a[1]
  - {name: lib, run: x, root: packages/lib, inputs: [in], outputs: [dist, ../made, /top]}
""",
    )
    app, lib = hook.jobs
    assert lib.results.outputs == ("packages/lib/dist", "packages/made", "top")

    def read(*paths: str) -> "list[str]":
        """Return those of these paths that the job reads."""
        patterns = [one for one in app.results.inputs if one.matcher is not None]
        assert all(
            path.startswith(decode_path(one.path)) for one in patterns for path in paths if matches_of(one, path)
        )
        return [path for path in paths if any(matches_of(one, path) for one in app.results.inputs)]

    below = [f"packages/a[1]/{path}" for path in ("a.c", "src/x/y.js", "src/y.js", "x/a.ts", "a.ts", "a.md")]
    assert read(*below) == below
    app = app._replace(results=app.results._replace(inputs=app.results.inputs[:-1]))  # without the root as a whole
    assert read(*below, "packages/a[1]/x/a.md") == below
    assert read("packages/lib/b.c", "c.c", "a.h", "packages/x.css") == [
        "packages/lib/b.c",
        "c.c",
        "a.h",
        "packages/x.css",
    ]
    assert read("a.c", "x/a.h", "src/y.js", "packages/a1/a.ts", "packages/a[1]/x/b.css", "a.ts") == []


def test_k10_a_package_needs_another_by_what_it_makes(tmp_path: Path) -> None:
    hook = hook_of(
        tmp_path,
        """
jobs:
  - {name: beside, run: x, root: packages/app, inputs: [../lib/dist/index.js]}
  - {name: top, run: x, root: packages/app, inputs: [/packages/lib/dist]}
  - {name: wide, run: x, root: packages/app, inputs: ['../lib/dist/**']}
  - {name: own, run: x, root: packages/app, inputs: [dist]}
  - {name: lib, run: x, root: packages/lib, outputs: dist}
""",
    )
    assert needs(hook) == {"beside": {"lib"}, "top": {"lib"}, "wide": {"lib"}, "own": set(), "lib": set()}


@pytest.mark.parametrize(
    ("other", "path", "made"),
    [
        ("../a/dist", "packages/a/dist", "it"),
        ("/packages/a/dist/x", "packages/a/dist/x", '"packages/a/dist"'),
        ("/packages", "packages", '"packages/a/dist"'),
    ],
)
def test_k10_two_packages_cannot_make_the_same(other: str, path: str, made: str, tmp_path: Path) -> None:
    text = f"""\
hooks:
  pre-commit:
    jobs:
      - {{name: a, run: x, root: packages/a, outputs: [dist]}}
      - {{name: b, run: x, root: packages/b, outputs: [{other}]}}
"""
    (one,) = errors_in(tmp_path, text)
    assert one == f'5:55: job "b": output "{path}": job "a" makes {made} already'


def test_k10_a_path_out_of_the_repository_is_named_with_its_place(tmp_path: Path) -> None:
    text = """\
hooks:
  pre-commit:
    jobs:
      - group: {jobs: [{name: a, run: x, inputs: [ok, ../../b]}]}
        root: web
"""
    (one,) = errors_in(tmp_path, text)
    assert one.startswith("4:55: ") and 'job "a": expected a path inside of the repository, "../../b" leads out' in one


def test_k10_a_job_does_not_need_itself(tmp_path: Path) -> None:
    assert job_of(tmp_path, "run: x\ninputs: ['src/**']\noutputs: src/made").order.needs == ()


def test_k2_a_job_with_inputs_or_uptodate_is_incremental(tmp_path: Path) -> None:
    assert job_of(tmp_path, "run: x\ninputs: a").results.is_incremental
    assert job_of(tmp_path, "run: x\ninputs: []\nuptodate: node --version").results.is_incremental
    assert not job_of(tmp_path, "run: x\noutputs: a").results.is_incremental


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("outputs: [../a]", '"../a" leads out of it'),
        ("outputs: [/../a]", '"/../a" leads out of it'),
        ("outputs: [../../a]\nroot: web", '"../../a" leads out of it'),
        ("inputs: ['../../*.c']\nroot: web", '"../../*.c" leads out of it'),
        ("outputs: [..]\nroot: web", "found the repository itself"),
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
