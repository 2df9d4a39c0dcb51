"""Jobs that count their runs, for tests of what does not run again."""

from kit.repo import Repo


def counting(name: str, command: str = ":") -> str:
    """Return a command that notes each run in `.git/runs-NAME`."""
    return f"printf x >> .git/runs-{name} && {command}"


def runs(repo: Repo, name: str) -> int:
    """Return how often a job that counts has run."""
    path = repo.path / ".git" / f"runs-{name}"
    return len(path.read_text()) if path.exists() else 0


def commit(repo: Repo, message: str = "m") -> str:
    """Make a commit without changes; return what was printed beside."""
    return repo.git("commit", "-q", "--allow-empty", "-m", message).stderr
