"""Hook files as plans, for tests of the loader."""

from pathlib import Path

import pytest

from dodo_hooks.core.errors import ConfigError
from dodo_hooks.core.plan import Hook, Job, Plan
from dodo_hooks.loader.layers.discover import named_hook_file
from dodo_hooks.loader.load import load


def plan_of(tmp_path: Path, text: str, name: str = "hooks.dodo") -> Plan:
    (tmp_path / name).write_text(text)
    return load_from(tmp_path, name)


def load_from(folder: Path, name: str = "hooks.dodo") -> Plan:
    return load(named_hook_file(name, top=str(folder), base=str(folder)))


def errors_of(tmp_path: Path, text: str) -> list[str]:
    """Return each error of a hook file that has some, as `line: message; fix`."""
    with pytest.raises(ConfigError) as caught:
        plan_of(tmp_path, text)
    return _lines(caught.value)


def hook_of(tmp_path: Path, body: str, name: str = "pre-commit") -> Hook:
    """Return the hook with this body, which may be indented or not."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    hook = plan_of(tmp_path, f"hooks:\n  {name}:\n{lines}").hook(name)
    assert hook is not None
    return hook


def hook_or_errors(tmp_path: Path, body: str, name: str = "pre-commit") -> Hook | list[str]:
    """Return the hook, or where it has none each error as `line: message; fix`."""
    try:
        return hook_of(tmp_path, body, name)
    except ConfigError as error:
        return _lines(error)


def _lines(error: ConfigError) -> list[str]:
    return [f"{one.location.line}: {one.text}" for one in error.diagnostics]


def job_of(tmp_path: Path, body: str, name: str = "pre-commit") -> Job:
    """Return the only job of a hook; `body`: its keys, one in each line."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    (job,) = hook_of(tmp_path, "jobs:\n  -\n" + lines, name).jobs
    return job


def needs(hook: Hook) -> dict[str, set[str]]:
    """Return the needs of each job, all by name."""
    return {job.name: {hook.jobs[number].name for number in job.order.needs} for job in hook.jobs}


def after(hook: Hook) -> dict[str, set[str]]:
    return {job.name: {hook.jobs[number].name for number in job.order.after} for job in hook.jobs}
