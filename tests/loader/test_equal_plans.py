"""Files of lefthook's or daft's and their equal hooks.dodo: the same plan, except for its origin."""

import textwrap
from pathlib import Path
from typing import Any

import pytest

from kit.hook_files.plans import plan_of

LEFTHOOK = {
    "a python project": (
        """
        colors: off
        pre-commit:
          parallel: true
          commands:
            format: {glob: "*.py", exclude: ["vendor/*"], run: 'black {staged_files}', stage_fixed: true}
            types: {glob: "*.{py,pyi}", run: mypy src, tags: [slow, types]}
        """,
        r"""
        colors: false
        hooks:
          pre-commit:
            jobs:
              - name: format
                run: black {staged_files}
                stage_fixed: true
                glob: {glob: '*.py', ignore_case: true}
                exclude: vendor/**
              - {name: types, run: mypy src, tags: [slow, types], glob: {glob: '*.{py,pyi}', ignore_case: true}}
        """,
    ),
    "steps in order": (
        """
        post-checkout:
          piped: true
          commands:
            3_seed: {run: make seed}
            1_install: {run: make install}
            2_migrate: {run: make migrate, root: db, fail_text: read the log}
            early: {run: 'true', priority: 1}
        """,
        """
        hooks:
          post-checkout:
            jobs:
              - {name: early, run: 'true'}
              - {name: 1_install, run: make install, needs: [early]}
              - {name: 2_migrate, run: make migrate, root: db, needs: [1_install], fail_text: read the log}
              - {name: 3_seed, run: make seed, needs: [2_migrate]}
        """,
    ),
    "one after the other, without its being said": (
        """
        pre-push:
          jobs:
            - {run: make lint, name: lint, glob: "{Makefile,*.mk}"}
            - {run: make test}
            - {run: 'tool {push_files}', name: tool, file_types: [text, not executable]}
        """,
        r"""
        hooks:
          pre-push:
            parallel: false
            jobs:
              - {run: make lint, name: lint, glob: {regex: '(?is)^(?:Makefile|.*\.mk)\Z'}}
              - {run: make test}
              - {run: 'tool {push_files}', name: tool, file_types: [text, not executable]}
        """,
    ),
    "groups": (
        """
        pre-commit:
          parallel: true
          exclude: ["*.lock"]
          jobs:
            - name: web
              root: web/
              glob: ["*.ts", "*.css"]
              env: {NODE_ENV: test}
              tags: [web]
              group:
                piped: true
                jobs:
                  - {name: build, run: npm run build}
                  - {name: check, run: 'npx check {staged_files}'}
            - {name: rest, run: make rest, only: [{ref: 'dev/*'}]}
        """,
        r"""
        hooks:
          pre-commit:
            jobs:
              - name: web
                root: web
                exclude: "*.lock"
                glob: [{glob: '*.ts', ignore_case: true}, {glob: '*.css', ignore_case: true}]
                env: {NODE_ENV: test}
                tags: [web]
                group:
                  jobs:
                    - {name: build, run: npm run build}
                    - {name: check, run: 'npx check {staged_files}', needs: [build]}
              - {name: rest, run: make rest, exclude: "*.lock", only: {ref: 'dev/**'}}
        """,
    ),
    "conditions": (
        """
        pre-commit:
          skip: [merge, rebase, {ref: main}, {run: test -n "$NO"}]
          commands:
            a: {run: x, only: [{ref: "*-wip"}]}
            b: {run: y, skip: true}
        """,
        r"""
        hooks:
          pre-commit:
            parallel: false
            skip: [merge, rebase, {ref: main}, {run: test -n "$NO"}]
            jobs:
              - {name: a, run: x, only: [{ref: {regex: '\-wip\Z'}}]}
              - {name: b, run: y, skip: true}
        """,
    ),
    "scripts": (
        """
        source_dir: .git-hooks
        commit-msg:
          scripts:
            "message.sh": {runner: bash -e, args: '{1} --strict', timeout: 1m30s}
        """,
        """
        source_dir: .git-hooks
        hooks:
          commit-msg:
            parallel: false
            jobs:
              - {name: message.sh, script: message.sh, runner: bash -e, args: '{1} --strict', timeout: 90s}
        """,
    ),
    "doublestar, files and setup": (
        """
        min_version: 2.0.0
        glob_matcher: doublestar
        output: [execution, success, failure]
        pre-push:
          parallel: true
          files: git diff --name-only origin/main
          setup: [{run: docker start db}]
          jobs:
            - {name: api, glob: "api/**/*", run: 'go test {files}', use_stdin: true}
            - {name: docs, glob: "[0-9]*/**", exclude: "*.1", run: make docs, interactive: true}
        """,
        """
        output: [execution, summary, failure]
        hooks:
          pre-push:
            files: git diff --name-only origin/main
            setup: [docker start db]
            jobs:
              - {name: api, glob: {glob: 'api/**/*', ignore_case: true}, run: 'go test {files}', use_stdin: true}
              - {name: docs, glob: "[0-9]*/**", exclude: "/*.1", run: make docs, interactive: true}
        """,
    ),
    "macros, a hook run manually, and what moves": (
        """
        templates: {dip: docker compose run app}
        lint:
          parallel: true
          commands:
            ruby: {run: '{dip} rubocop {all_files}', glob: "*"}
        post-merge:
          follow: true
          commands:
            path: {run: make, env: {PATH: '$PATH:/opt/bin', LEVEL: 3}}
        """,
        """
        templates: {dip: docker compose run app}
        hooks:
          post-merge:
            parallel: false
            jobs:
              - {name: path, env: {LEVEL: '3'}, run: "export PATH=\\"$PATH:/opt/bin\\"\\nmake"}
        tasks:
          lint:
            jobs:
              - {name: ruby, run: '{dip} rubocop {all_files}', glob: "*"}
        """,
    ),
}
DAFT = {
    "a node project": (
        """
        hooks:
          worktree-post-create:
            piped: true
            jobs:
              - {name: install, run: npm ci}
              - {name: build, run: npm run build, background: true, tags: slow}
          pre-commit:
            exclude: dist/**
            jobs:
              - {name: lint, glob: "*.ts", run: 'eslint {files}', stage_fixed: true}
              - {name: types, run: [tsc, 'true'], needs: [lint], skip: CI}
          post-checkout:
            jobs: [{name: a, os: [linux, macos], run: make}]
        """,
        """
        hooks:
          worktree-post-create:
            jobs:
              - {name: install, run: npm ci}
              - {name: build, run: npm run build, background: true, tags: [slow], needs: [install]}
          pre-commit:
            jobs:
              - {name: lint, glob: /*.ts, exclude: dist/**, run: 'eslint {staged_files}', stage_fixed: true}
              - {name: types, run: [tsc, 'true'], needs: [lint], skip: CI}
          post-checkout:
            fail_mode: warn
            jobs: [{name: a, run: {linux: make, macos: make}}]
        """,
    ),
    "a rust project": (
        """
        log: {retention: 3d}
        hooks:
          git-post-merge:
            background: true
            jobs:
              - {name: fetch, run: cargo fetch, only: [{changed: Cargo.lock}, {env: ONLINE}]}
              - name: docs
                skip: [{ref: main, run: test -e x, desc: not here}]
                script: docs.sh
                runner: bash
                args: --all
        tasks:
          bench:
            jobs: [{name: run, run: 'cargo bench', root: crates/core, arch: arm64}]
        """,
        """
        log: {retention: 3d}
        hooks:
          post-merge:
            background: true
            fail_mode: warn
            jobs:
              - {name: fetch, run: cargo fetch, only: {all: [{changed: /Cargo.lock}, {env: ONLINE}]}}
              - name: docs
                skip: [{ref: main, desc: not here}, {run: test -e x, desc: not here}]
                run: bash .daft/docs.sh --all
        tasks:
          bench:
            jobs: [{name: run, run: 'cargo bench', root: crates/core, arch: arm64}]
        """,
    ),
}
CASES = [("lefthook.yml", *pair) for pair in LEFTHOOK.values()] + [("daft.yml", *pair) for pair in DAFT.values()]


def plan(folder: Path, name: str, text: str) -> Any:
    """Return the plan of a file of this name, without its origin."""
    folder.mkdir()
    made = plan_of(folder, textwrap.dedent(text), name)
    hooks = tuple(hook._replace(jobs=tuple(job._replace(record=b"") for job in hook.jobs)) for hook in made.hooks)
    return made._replace(file="", diagnostics=(), digest="", config_format="", hooks=hooks)


@pytest.mark.parametrize(("name", "written", "manual"), CASES, ids=[*LEFTHOOK, *DAFT])
def test_a_file_and_its_manual_translation_load_to_equal_plans(
    tmp_path: Path, name: str, written: str, manual: str
) -> None:
    theirs, ours = plan(tmp_path / "theirs", name, written), plan(tmp_path / "ours", "hooks.dodo", manual)
    for hook, expected in zip(theirs.hooks, ours.hooks, strict=True):
        for job, wanted in zip(hook.jobs, expected.jobs, strict=True):
            assert job == wanted
        assert hook == expected
    assert theirs == ours
