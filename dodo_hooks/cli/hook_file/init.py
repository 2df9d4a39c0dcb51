"""`dodo-hooks init`: a first hook file, hooks.dodo."""

from __future__ import annotations

import json
import os
import re

import click

from dodo_hooks.cli.hook_file.new_file import create_hook_file, exists_already
from dodo_hooks.cli.repository import tree_here
from dodo_hooks.cli.terminal_table import escape, say
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.posix import try_read
from dodo_hooks.host.world import World
from dodo_hooks.plans.compile_plan import find_file

FIRST = """\
# The git hooks of this repository. Check this file with `dodo-hooks validate`, activate it with `dodo-hooks install`.
min_version: {version}

hooks:
  # Before a commit. If a job fails, git does not commit. Jobs run in parallel, unless one `needs` another.
  pre-commit:
    jobs:
      - name: whitespace
        description: No trailing blanks and no conflict markers in the commit
        run: git diff --cached --check
      # - name: lint
      #   run: npm run lint
      # - name: unit
      #   run: npm test
      #   needs: [lint]
      #   timeout: 5m
{after_commit}
  # After a merge or a pull.
  # post-merge:
  #   background: true
  #   jobs:
  #     - run: npm ci
"""
DOCS = """
  # After a commit, in the background. `dodo-hooks jobs` shows the results.
  # post-commit:
  #   background: true
  #   jobs:
  #     - name: docs
  #       run: make docs
"""
TESTED = """
  # After a commit, in the background, in a private checkout of the commit. `dodo-hooks checks` shows the results.
  post-commit:
    background: true
    jobs:
      - name: test
        run: {test.run}
        workspace: snapshot
{more}
  # Before a push. It waits for what is left of the test of the commit, and is refused if that has failed.
  pre-push:
    requires: [post-commit:test]
"""
SHARED = """\
        share: [{test.share}] # ignored by git, and copied into the checkout
        uptodate: {test.uptodate} # stands for it: what this prints counts, and not each file
"""


_SAYS_PYTEST = ("pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini", "requirements-dev.txt")


class ProjectTest(Record):
    """A command that tests the project, and what it needs that is not in a commit."""

    run: str
    share: str = ""  # an ignored folder; "": none is there
    uptodate: str = ""  # prints what stands for that folder
    env: str = ""  # in the form of YAML; "": nothing


def first_file(version: str, test: ProjectTest | None) -> str:
    """Return the text of a first hook file, with the test of the project where it is known."""
    if test is None:
        return FIRST.format(version=version, after_commit=DOCS)
    more = SHARED.format(test=test) if test.share else ""
    more += (
        f"        env: {test.env} # the checkout's, also where the project is installed as editable\n"
        if test.env
        else ""
    )
    return FIRST.format(version=version, after_commit=TESTED.format(test=test, more=more))


@click.command()
@click.pass_obj
def init(world: World) -> None:
    """Write a first hook file, hooks.dodo.

    It has the test of the project, where its files show one, and examples.
    """
    from dodo_hooks import __version__

    top = tree_here(world)
    found = find_file(world, top)
    if found is not None:
        raise exists_already(found)
    test = _find_test(top)
    created = create_hook_file(world, top, first_file(__version__, test))
    required = f", in which a push requires `{escape(test.run)}`" if test is not None else ""
    say(f"created {created}{required}; next steps:")
    say("  edit it, then check it  dodo-hooks validate")
    say("  let git run its hooks   dodo-hooks install")
    say("  try it without git      dodo-hooks run pre-commit")


def _find_test(top: str) -> ProjectTest | None:
    """Return the first of `make test`, npm, pytest, cargo and go that the project has."""
    has_python = os.access(f"{top}/.venv/bin/python", os.X_OK)
    # Where the project is installed as editable, Python would import the sources of the working tree.
    env = "{ PYTHONPATH: src }" if os.path.isdir(f"{top}/src") else ""
    venv = (".venv", "ls .venv/lib/python*/site-packages", env) if has_python else ()
    if re.search(r"^test\s*:(?!=)", _read(top, "Makefile"), re.MULTILINE):
        return ProjectTest("make test", *venv)
    if _has_npm_test(top):
        has_modules = os.path.isfile(f"{top}/node_modules/.package-lock.json")
        return ProjectTest(
            "npm test", *(("node_modules", "cat node_modules/.package-lock.json") if has_modules else ())
        )
    if any("pytest" in _read(top, name) for name in _SAYS_PYTEST):
        return ProjectTest(f"{'.venv/bin/python' if has_python else 'python3'} -m pytest", *venv)
    if os.path.isfile(f"{top}/Cargo.toml"):
        return ProjectTest("cargo test")
    return ProjectTest("go test ./...") if os.path.isfile(f"{top}/go.mod") else None


def _has_npm_test(top: str) -> bool:
    try:
        return "no test specified" not in json.loads(_read(top, "package.json"))["scripts"]["test"]  # as `npm init` has
    except (ValueError, KeyError, TypeError):
        return False


def _read(top: str, name: str) -> str:
    return try_read(f"{top}/{name}").decode("utf-8", "replace")
