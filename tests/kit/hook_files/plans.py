"""Hook files as plans, for tests of the loader."""

from pathlib import Path

from dodo_hooks.core.plan import Hook, Job, Plan
from dodo_hooks.loader.layers.discover import named_hook_file
from dodo_hooks.loader.load import load


def plan_of(tmp_path: Path, text: str) -> Plan:
    (tmp_path / "hooks.dodo").write_text(text)
    return load(named_hook_file("hooks.dodo", top=str(tmp_path), base=str(tmp_path)))


def hook_of(tmp_path: Path, body: str, name: str = "pre-commit") -> Hook:
    """Return the hook with this body, which may be indented or not."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    hook = plan_of(tmp_path, f"hooks:\n  {name}:\n{lines}").hook(name)
    assert hook is not None
    return hook


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
