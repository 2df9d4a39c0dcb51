"""Words for tests of trust: the hook file that is trusted or pinned."""

from pathlib import Path

from kit.repo import Done, Repo

COMMIT = ("commit", "-q", "--allow-empty", "-m", "x")
FILE = """\
hooks:
  pre-commit: {jobs: [{name: gate, run: echo x >> ran}]}
  post-commit: {jobs: [{name: after, run: echo x >> after}]}
"""


def install_for_all(repo: Repo) -> None:
    """Install the hooks for all repositories, but those that FILE does not have: a commit starts Python for each."""
    repo.run("install", "--global", check=True)
    for hook in ("commit-msg", "prepare-commit-msg", "reference-transaction"):
        Path(repo.env["HOME"], ".local/share/dodo-hooks/hooks", hook).unlink()


def ran(repo: Repo) -> int:
    return len((repo.path / "ran").read_text().split()) if repo.has("ran") else 0


def files_of(repo: Repo) -> list[Path]:
    return sorted((repo.state / "dodo-hooks/trust").iterdir())


def refused(repo: Repo) -> Done:
    done = repo.git(*COMMIT, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and not repo.has("evil")
    assert "pre-commit refused: the hook files have changed since you accepted them; review" in done.stderr
    return done
