"""Hook files in layers, and the plan that they make."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dodo_hooks.core.errors import ConfigError
from dodo_hooks.core.plan import Plan
from dodo_hooks.loader.layers.discover import Found, find_hook_file
from dodo_hooks.loader.layers.extends import Layers, read_layers
from dodo_hooks.loader.load import load
from dodo_hooks.loader.read.sources import Sources

Write = Callable[..., None]
LINT = "hooks: {pre-commit: {jobs: [{name: lint, run: base}]}}\n"


def found_in(top: Path) -> Found:
    found = find_hook_file(str(top))
    assert found is not None
    return found


def plan_of(tmp_path: Path, main_top: Path | None = None) -> Plan:
    return load(found_in(tmp_path / "top"), Sources(), None if main_top is None else str(main_top))


def commands(plan: Plan) -> dict[str, list[str]]:
    return {hook.name: [job.execution.command for job in hook.jobs] for hook in plan.hooks}


def refusal(tmp_path: Path, main_top: Path | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        plan_of(tmp_path, main_top)
    return str(caught.value).splitlines()


def layers_of(tmp_path: Path, main_top: Path | None = None) -> Layers:
    """Return the layers of a file in another tool's config format, untranslated."""
    return read_layers(found_in(tmp_path / "top"), Sources(), None if main_top is None else str(main_top))
