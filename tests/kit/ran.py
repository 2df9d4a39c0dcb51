"""What jobs say of themselves in `.git/ran`, where no git command looks: a line each, in their order."""

from kit.repo import Repo

RAN = ".git/ran"


def says(line: str) -> str:
    """A command that writes the line, in double quotes."""
    return f'echo "{line}" >>{RAN}'


def ran(repo: Repo) -> list[str]:
    """What the jobs have written since this was last asked."""
    path = repo.path / RAN
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def use(repo: Repo, text: str, name: str = "hooks.dodo") -> None:
    """Write the hook file and install its hooks."""
    repo.file(text, name)
    repo.install()


def commit(repo: Repo, *names: str, check: bool = True) -> int:
    """Commit these files, made now, on top of what is staged; returns git's exit code."""
    for name in names:
        repo.write(name, f"{name}\n")
    if names:
        repo.git("add", *names)
    return repo.git("commit", "-q", "--allow-empty", "-m", "work", check=check).returncode


def skipped(repo: Repo, hook: str, n: int = 1) -> dict[str, tuple[str, str]]:
    """Cause and reason of each job that was skipped, of the hook's newest invocation, which is the nth."""
    jobs = repo.finished(hook, n).jobs()
    return {job.name: (job.cause, job.reason) for job in jobs if job.status == "skipped"}


def conflict(repo: Repo) -> None:
    """On `main`, in a merge of `topic` whose one conflict has been resolved and is not yet committed."""
    repo.git("checkout", "-q", "-b", "topic")
    commit(repo, "same.txt")
    repo.git("checkout", "-q", "main")
    repo.write("same.txt", "other\n")
    repo.git("add", "same.txt")
    commit(repo)
    assert repo.git("merge", "-q", "topic", check=False).returncode == 1
    repo.write("same.txt", "both\n")
    repo.git("add", "same.txt")
