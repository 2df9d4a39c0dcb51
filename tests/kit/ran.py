"""The journal of jobs in `.git/ran`, which no git command reads: a line for each job, in order."""

from kit.repo import Repo

RAN = ".git/ran"


def says(line: str) -> str:
    """Return a command that writes the line, in double quotes."""
    return f'echo "{line}" >>{RAN}'


def ran(repo: Repo) -> list[str]:
    """Return the lines that the jobs have written since the last call."""
    path = repo.path / RAN
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def use(repo: Repo, text: str, name: str = "hooks.dodo") -> None:
    """Write the hook file and install its hooks."""
    repo.file(text, name)
    repo.install()


def commit(repo: Repo, *names: str, check: bool = True) -> int:
    """Make these files, commit them with what is staged, and return git's exit code."""
    for name in names:
        repo.write(name, f"{name}\n")
    if names:
        repo.git("add", *names)
    return repo.git("commit", "-q", "--allow-empty", "-m", "work", check=check).returncode


def skipped(repo: Repo, hook: str, n: int = 1) -> dict[str, tuple[str, str]]:
    """Return cause and reason of each skipped job in the hook's newest invocation, which is the nth."""
    jobs = repo.finished(hook, n).jobs()
    return {job.name: (job.cause, job.reason) for job in jobs if job.status == "skipped"}


def conflict(repo: Repo) -> None:
    """Begin a merge of `topic` into `main`, and resolve its one conflict without committing."""
    repo.git("checkout", "-q", "-b", "topic")
    commit(repo, "same.txt")
    repo.git("checkout", "-q", "main")
    repo.write("same.txt", "other\n")
    repo.git("add", "same.txt")
    commit(repo)
    assert repo.git("merge", "-q", "topic", check=False).returncode == 1
    repo.write("same.txt", "both\n")
    repo.git("add", "same.txt")
