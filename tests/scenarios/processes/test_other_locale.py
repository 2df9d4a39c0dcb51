"""Names that are not ASCII, under a locale whose encoding is not UTF-8: paths are bytes, and hook files UTF-8."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kit.commits.committing import with_bad
from kit.commits.fixing import fix_job
from kit.repo import Repo

NAME = "de_DE.ISO-8859-1"
GREEK = "\u03b1"  # which the locale's encoding lacks


@pytest.fixture
def latin(env: dict[str, str], tmp_path: Path) -> Repo:
    """Return a repository in such a folder, under such a locale."""
    argv = ("localedef", "-i", "de_DE", "-f", "ISO-8859-1", str(tmp_path / NAME))
    if shutil.which("localedef") is None or subprocess.run(argv, capture_output=True).returncode:
        pytest.skip("such a locale cannot be made")
    return Repo.create(tmp_path / f"caf\u00e9 {GREEK}", {**env, "LOCPATH": str(tmp_path), "LC_ALL": NAME})


def run(repo: Repo, *argv: str) -> str:
    """Run a command in a process of its own: that of the tests has another locale."""
    return repo.call(sys.executable, "-m", "dodo_hooks", *argv, check=True).stdout


def test_g5_g6_k3_s1_each_kind_of_job_works_under_a_locale_that_is_not_utf_8(latin: Repo, tmp_path: Path) -> None:
    folder, name = f"\u00fc{GREEK}", f"\u00fc{GREEK}/\u00e9"
    other = os.fsencode(latin.path) + b"/\xe9"  # as this locale writes it
    show = f"pwd; cat {name}"
    latin.hook(
        "pre-commit",
        fix={**fix_job(tmp_path), "glob": f"{{{folder}/*,?}}"},
        rooted={"run": "echo {staged_files} >../.git/rooted", "root": folder, "file_types": "text"},
        kept={"run": f"echo ran >>.git/kept; cat {name}", "inputs": [name]},
    )
    latin.hook("post-commit", back={"run": show}, snap={"run": show, "workspace": "snapshot"}, background=True)
    for bottom in ("", "unstaged\n"):
        latin.write(name, with_bad("one", bottom=bottom))
        with open(other, "wb") as file:
            file.write(with_bad("one", bottom=bottom).encode())
        if not bottom:
            latin.git("add", ".")
    latin.git("commit", "-qm", "work")
    assert latin.git("show", f"HEAD:{name}").stdout == with_bad("one", "good")
    assert latin.git("cat-file", "blob", f"HEAD:{name}").stdout == latin.git("show", "HEAD:\udce9").stdout
    assert latin.read(name) == with_bad("one", "good", "unstaged\n")
    with open(other) as file:
        assert file.read() == with_bad("one", "good", "unstaged\n")
    assert latin.read(".git/rooted") == "\u00e9\n"
    after = latin.finished("post-commit")
    assert after.statuses() == {"back": "completed", "snap": "completed"}
    assert run(latin, "jobs", "logs", "back") == f"{latin.path}\n{with_bad('one', 'good', 'unstaged' + chr(10))}"
    assert run(latin, "jobs", "logs", "snap").endswith(f"\n{with_bad('one', 'good')}")
    run(latin, "run", "pre-commit", "--all-files", "--job", "fix", "--job", "rooted")
    latin.git("add", ".")
    for _ in range(2):
        run(latin, "run", "pre-commit", "--job", "kept")
    assert latin.read(".git/kept") == "ran\nran\n"  # in the commit, and once with what is staged by now
    assert run(latin, "validate").startswith("OK: hooks.dodo")


def test_c1_what_is_printed_is_in_the_encoding_of_the_terminal(latin: Repo) -> None:
    latin.hook("pre-commit", job=f"echo \u00e9{GREEK}")
    listed = subprocess.run(
        (sys.executable, "-m", "dodo_hooks", "list"), cwd=latin.path, env=latin.env, capture_output=True, check=True
    ).stdout
    assert b"echo \xe9\\u03b1\n" in listed
