"""Words for tests of background jobs."""

from kit.repo import Done, Repo

COMMIT = ("git", "commit", "--allow-empty", "-m", "work")


def commit(repo: Repo, *options: str, check: bool = True, env: dict[str, str] | None = None) -> Done:
    return repo.git(*options, *COMMIT[1:], check=check, env=env)
