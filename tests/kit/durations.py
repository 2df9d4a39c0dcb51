"""The durations of jobs that a repository's store knows."""

from dodo_hooks.store import durations
from kit.repo import Repo


def add_durations(repo: Repo, hook: str, **taken_s: float) -> None:
    """Let it be known how long these jobs of a hook took; a run of any hook has made the store."""
    durations.add_durations(_store_of(repo), hook, taken_s)


def usual_durations(repo: Repo, hook: str) -> dict[str, float]:
    return durations.usual_durations(_store_of(repo), hook)


def forget_durations(repo: Repo) -> None:
    for path in repo.state.glob("dodo-hooks/jobs/*/durations/*"):
        path.unlink()


def _store_of(repo: Repo) -> str:
    (path,) = (repo.state / "dodo-hooks/jobs").iterdir()
    return str(path)
