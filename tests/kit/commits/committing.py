"""The ways in which git makes a commit of the file `one`, with a `bad` in it that a job may make `good`.

The repository has the committed files `one`, `two` and `three`, each with its name and BODY, and `dir/four`.
"""

from collections.abc import Callable

from kit.repo import Repo

BODY = "".join(f"{n}\n" for n in range(20))


def commit_files(repo: Repo) -> None:
    """Commit the files that each of these ways begins with."""
    for name in ("one", "two", "three"):
        repo.write(name, f"{name}\n{BODY}")
    repo.write("dir/four", "four\n")
    repo.git("add", "one", "two", "three", "dir")
    repo.git("commit", "-qm", "files", "--no-verify")


def with_bad(name: str, top: str = "bad", bottom: str = "") -> str:
    return f"{name}, {top}\n{BODY}{bottom}"


def plain(repo: Repo) -> None:
    repo.write("one", with_bad("one"))
    repo.git("add", "one")
    repo.write("one", with_bad("one", bottom="unstaged\n"))
    repo.git("commit", "-qm", "plain", check=False)


def dash_a(repo: Repo) -> None:
    repo.write("one", with_bad("one"))
    repo.git("commit", "-qam", "all", check=False)


def dash_p(repo: Repo) -> None:
    repo.write("one", with_bad("one", bottom="unstaged\n"))
    repo.call("git", "commit", "-qpm", "patch", input="y\nn\n")


def dash_i(repo: Repo) -> None:
    repo.write("two", "two\nstaged\n")
    repo.git("add", "two")
    repo.write("one", with_bad("one"))
    repo.git("commit", "-qm", "include", "-i", "one", check=False)


def only_file(repo: Repo) -> None:
    repo.write("two", "two\nstaged\n")
    repo.git("add", "two")
    repo.write("two", "two\nstaged\nunstaged\n")
    repo.write("one", with_bad("one"))
    repo.git("commit", "-qm", "only", "--", "one", check=False)


def only_file_in_a_folder(repo: Repo) -> None:
    repo.write("one", with_bad("one"))
    Repo(repo.path / "dir", repo.env).git("commit", "-qm", "only", "--", "../one", check=False)


def amend(repo: Repo) -> None:
    repo.write("one", with_bad("one"))
    repo.git("add", "one")
    repo.git("commit", "-q", "--amend", "--no-edit", check=False, env={"AMENDS": "--amend"})


def absolute_index(repo: Repo) -> None:
    repo.write("one", with_bad("one"))
    index = str(repo.path / ".git/index")
    repo.git("add", "one")
    repo.git("commit", "-qm", "as a program with windows does", check=False, env={"GIT_INDEX_FILE": index})


def only_file_with_an_index_of_ones_own(repo: Repo) -> None:
    repo.write("one", with_bad("one"))
    index = str(repo.path / ".git/index")
    repo.git("commit", "-qm", "own", "--", "one", check=False, env={"GIT_INDEX_FILE": index})


def another_index(repo: Repo) -> None:
    """Commit with another index, as a program does that does not touch its user's index; that has the same file."""
    repo.write("one", with_bad("one"))
    repo.git("add", "one")
    (repo.path / ".git/another").write_bytes((repo.path / ".git/index").read_bytes())
    repo.git("commit", "-qm", "by a program", check=False, env={"GIT_INDEX_FILE": str(repo.path / ".git/another")})


def only_file_of_another_index(repo: Repo) -> None:
    repo.write("one", with_bad("one"))
    repo.git("add", "one")
    (repo.path / ".git/another").write_bytes((repo.path / ".git/index").read_bytes())
    repo.git("commit", "-qm", "own", "--", "one", check=False, env={"GIT_INDEX_FILE": ".git/another"})


def merge(repo: Repo) -> None:
    """Make a merge that its user has to finish. (A clean one has its tree before `pre-merge-commit` fires.)"""
    repo.git("checkout", "-qb", "topic")
    repo.write("one", f"one, topic\n{BODY}")
    repo.git("commit", "-qam", "topic", "--no-verify")
    repo.git("checkout", "-q", "main")
    repo.write("one", f"one, main\n{BODY}")
    repo.git("commit", "-qam", "main", "--no-verify")
    repo.write("three", f"three\n{BODY}unstaged\n")
    repo.git("merge", "-q", "--no-edit", "topic", check=False)
    repo.write("one", with_bad("one"))
    repo.git("add", "one")
    repo.git("commit", "-q", "--no-edit", check=False)


def rebase_with_exec(repo: Repo) -> None:
    repo.git("commit", "-q", "--allow-empty", "-m", "to be replayed", "--no-verify")
    repo.write(".git/new-one", with_bad("one"))
    repo.git("rebase", "-q", "--exec", "cp .git/new-one one && git commit -qm exec -- one", "HEAD^", check=False)


WAYS: list[Callable[[Repo], None]] = [
    plain,
    dash_a,
    dash_p,
    dash_i,
    only_file,
    only_file_in_a_folder,
    amend,
    absolute_index,
    only_file_with_an_index_of_ones_own,
    another_index,
    only_file_of_another_index,
    merge,
    rebase_with_exec,
]
