"""`dodo-hooks init`: a first hook file."""

from __future__ import annotations

import os

import click

from dodo_hooks.cli.repository import repo_at
from dodo_hooks.cli.terminal_table import say, shown
from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.host.world import World
from dodo_hooks.plans.cache import find_file

FILE = "hooks.dodo"
FIRST = """\
# What runs when git does something here. `dodo-hooks validate` checks this file, `dodo-hooks install` puts it to use.
min_version: {version}

hooks:
  # Before a commit: if a job fails, there is no commit. Jobs run at the same time, unless one `needs` another.
  pre-commit:
    jobs:
      - name: whitespace
        description: No trailing blanks and no conflict markers in what is committed
        run: git diff --cached --check
      # - name: lint
      #   run: npm run lint
      # - name: unit
      #   run: npm test
      #   needs: [lint]
      #   timeout: 5m

  # After a commit, and behind the prompt: `dodo-hooks jobs` shows what became of them.
  # post-commit:
  #   background: true
  #   jobs:
  #     - name: docs
  #       run: make docs

  # After another branch was checked out, or a pull.
  # post-merge:
  #   background: true
  #   jobs:
  #     - run: npm ci
"""


@click.command()
@click.pass_obj
def init(world: World) -> None:
    """Write a first hook file, hooks.dodo, with examples in it."""
    from dodo_hooks import __version__

    repo = repo_at(world, None)
    if not repo.top:
        raise UsageError(f"{repo.git_dir} has no working tree, and so no hook file: go into a working tree")
    found = find_file(world, repo.top)
    if found is not None:
        raise UsageError(f"there is a hook file already, so nothing was written: {found}")
    path = f"{repo.top}/{FILE}"
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(FIRST.format(version=__version__))
    except OSError as error:
        raise GitError(f"cannot write {path}: {error.strerror}") from error
    say(f"{shown(os.path.relpath(path, world.cwd))} is written; now")
    say("  change it to what you need, and check it with  dodo-hooks validate")
    say("  let git use it                                 dodo-hooks install")
    say("  try it without git                             dodo-hooks run pre-commit")
