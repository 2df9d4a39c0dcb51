"""Whole lefthook files as teams write them, and an equal hooks.dodo for each."""

import textwrap

import pytest

from kit.hook_files.lefthook import diagnostics, translated
from kit.hook_files.nodes import plain, tree

FILES = {
    "a small web project": (
        """
        pre-commit:
          parallel: true
          commands:
            types: {run: npx tsc --noEmit}
            eslint:
              glob: "*.{js,ts}"
              run: npx eslint --fix {staged_files}
              stage_fixed: true
        commit-msg:
          commands:
            style: {run: 'npx commitlint --edit {1}'}
        """,
        r"""
        hooks:
          pre-commit:
            parallel: true
            jobs:
              - name: eslint
                run: npx eslint --fix {staged_files}
                stage_fixed: true
                glob: {glob: '*.{js,ts}', ignore_case: true}
              - {name: types, run: npx tsc --noEmit}
          commit-msg:
            parallel: false
            jobs:
              - {name: style, run: 'npx commitlint --edit {1}'}
        """,
    ),
    "a monorepo with folders": (
        """
        pre-push:
          piped: true
          jobs:
            - name: api
              root: api/
              glob: "*.go"
              run: go test ./...
            - name: web
              root: web/
              run: npm test
              env: {CI: true}
        """,
        r"""
        hooks:
          pre-push:
            piped: true
            jobs:
              - {name: api, run: go test ./..., root: api/, glob: {glob: '*.go', ignore_case: true}}
              - {name: web, run: npm test, root: web/, glob: "**", env: {CI: true}}
        """,
    ),
    "scripts in their folder": (
        """
        source_dir: .hooks/lefthook
        prepare-commit-msg:
          scripts:
            "ticket.sh": {runner: bash}
            "template": {use_stdin: true}
        """,
        """
        source_dir: .hooks/lefthook
        source_dir_local: .lefthook-local
        hooks:
          prepare-commit-msg:
            parallel: false
            jobs:
              - {name: template, script: template, use_stdin: true}
              - {name: ticket.sh, script: ticket.sh, runner: bash}
        """,
    ),
    "groups": (
        """
        pre-commit:
          parallel: true
          exclude: ["*.lock"]
          jobs:
            - name: database
              glob: "db/*"
              group:
                piped: true
                jobs:
                  - {name: create, run: make db}
                  - {name: migrate, run: make migrate}
            - run: make lint
              tags: [slow]
        """,
        """
        hooks:
          pre-commit:
            parallel: true
            jobs:
              - name: database
                group:
                  piped: true
                  jobs:
                    - {name: create, run: make db, glob: {glob: 'db/**', ignore_case: true}, exclude: ["*.lock"]}
                    - {name: migrate, run: make migrate, glob: {glob: 'db/**', ignore_case: true}, exclude: ["*.lock"]}
              - {run: make lint, tags: [slow], exclude: ["*.lock"]}
        """,
    ),
    "conditions": (
        """
        pre-push:
          skip: [merge, {ref: main}]
          only: [{ref: "feature/*"}, {run: test -f go}]
          commands:
            test: {run: make test, skip: rebase}
        """,
        """
        hooks:
          pre-push:
            parallel: false
            skip: [merge, {ref: main}]
            only: [{ref: "feature/**"}, {run: test -f go}]
            jobs:
              - {name: test, run: make test, skip: rebase}
        """,
    ),
    "an order of steps": (
        """
        min_version: 1.6.0
        assert_lefthook_installed: true
        post-checkout:
          piped: true
          commands:
            seed: {run: rails db:seed}
            create: {run: rails db:create, priority: 1}
            migrate: {run: rails db:migrate, priority: 2}
        """,
        """
        hooks:
          post-checkout:
            piped: true
            jobs:
              - {name: create, run: rails db:create}
              - {name: migrate, run: rails db:migrate}
              - {name: seed, run: rails db:seed}
        """,
    ),
    "a file list of its own, and what is shown": (
        r"""
        output: [summary, failure]
        colors: false
        pre-push:
          files: git diff --name-only @{push}
          commands:
            rubocop:
              glob: ["*.rb"]
              exclude: '(^|/)(db|vendor)/'
              run: rubocop {files}
              fail_text: see above
        """,
        r"""
        output: [summary, failure]
        colors: false
        hooks:
          pre-push:
            parallel: false
            jobs:
              - name: rubocop
                run: rubocop {files}
                fail_text: see above
                files: git diff --name-only @{push}
                glob: [{glob: '*.rb', ignore_case: true}]
                exclude: {regex: '(^|/)(db|vendor)/'}
        """,
    ),
    "macros, setup and a hook run manually": (
        """
        templates: {in: docker compose exec app, tty: }
        pre-commit:
          setup: [{run: docker compose up -d}]
          jobs:
            - {run: "{in} {tty} make lint", timeout: 1h30m}
        tidy:
          jobs:
            - run: make tidy
              args: --all
        """,
        """
        templates: {in: docker compose exec app, tty: ""}
        hooks:
          pre-commit:
            parallel: false
            setup: [{run: docker compose up -d}]
            jobs:
              - {run: "{in} {tty} make lint", timeout: 5400s}
        tasks:
          tidy:
            parallel: false
            jobs:
              - run: make tidy --all
        """,
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_lefthook_file_and_its_manual_translation_are_equal(name: str) -> None:
    written, manual = map(textwrap.dedent, FILES[name])
    assert diagnostics(written) == []
    assert translated(written) == plain(tree(manual))
