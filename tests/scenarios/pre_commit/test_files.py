"""The files that a hook is given, beside those that pre-commit gives it (P4)."""

import subprocess
import sys

import pytest

from kit.repo import Repo

SHOW = """#!/bin/sh
name=$1
shift
for file; do echo "$name $file"; done
"""


def hook(name: str, keys: str = "") -> str:
    return f"{{id: {name}, name: {name}, language: system, entry: ../show {name}, verbose: true{keys}}}"


def configure(repo: Repo, *hooks: str) -> None:
    text = "repos:\n- repo: local\n  hooks:\n" + "".join(f"  - {one}\n" for one in hooks)
    repo.file(text, ".pre-commit-config.yaml")


def given(done: "subprocess.CompletedProcess[str]", *names: str) -> list[str]:
    """Return what hooks of these names have printed."""
    lines = (done.stdout + done.stderr).splitlines()
    return sorted(line for line in lines if line.startswith(tuple(f"{name} " for name in names)))


def both(repo: Repo, *names: str) -> list[str]:
    """Return what hooks were given, which has to be the same as from pre-commit itself."""
    store = {"PRE_COMMIT_HOME": str(repo.path.parent / "store")}
    theirs = repo.call(sys.executable, "-m", "pre_commit", "run", env=store, check=True)
    ours = repo.run("run", "pre-commit", check=True)
    assert given(ours, *names) == given(theirs, *names), theirs.stdout + ours.stdout
    return given(ours, *names)


@pytest.fixture
def texts(repo: Repo) -> Repo:
    """Return a repository with hooks for files of many kinds."""
    show = repo.path.parent / "show"
    show.write_text(SHOW)
    show.chmod(0o755)
    configure(
        repo,
        hook("all", ", types: []"),
        hook("python", ", types: [python]"),
        hook("link", ", types: [symlink]"),
        hook("folder", ", types: [directory]"),
        hook("notext", ", exclude_types: [text], files: '^[a-z]'"),
        hook("either", ", types_or: [shell, markdown]"),
    )
    return repo


def test_p4_staged_files_are_those_of_pre_commit(texts: Repo) -> None:
    texts.write("a.py", "x\n")
    texts.write("tool", "#!/usr/bin/env python3\n").chmod(0o755)
    texts.write("plain", "#!/usr/bin/env python3\n")
    texts.write("a b é.md", "x\n")
    texts.write("pic.bin", b"\0")
    texts.write("gone.py", "x\n")
    texts.write("dir/run.sh", "x\n")
    (texts.path / "dangling").symlink_to("nowhere")
    inner = texts.path / "module"
    texts.call("git", "init", "-q", str(inner), check=True)
    texts.call("git", "-C", str(inner), "commit", "-q", "--allow-empty", "-m", "x", check=True)
    texts.call("git", "add", ".", check=True)
    texts.call("git", "commit", "-qm", "work", "--", "gone.py", check=True)
    texts.call("git", "rm", "-q", "gone.py", check=True)
    found = both(texts, "all", "python", "link", "folder", "notext", "either")
    assert {"folder module", "link dangling", "python a.py", "python tool", "all module", "notext pic.bin"} <= {*found}
    assert "python plain" not in found and not [line for line in found if "gone" in line]


def test_p4_of_a_merge_with_conflicts_what_was_resolved_counts(texts: Repo) -> None:
    for name in ("both.py", "ours.py", "theirs.py"):
        texts.write(name, "x\n")
    texts.call("git", "add", ".", check=True)
    texts.call("git", "commit", "-qm", "base", check=True)
    texts.call("git", "checkout", "-qb", "topic", check=True)
    texts.write("both.py", "topic\n")
    texts.write("theirs.py", "topic\n")
    texts.call("git", "commit", "-qam", "topic", check=True)
    texts.call("git", "checkout", "-q", "main", check=True)
    texts.write("both.py", "main\n")
    texts.write("ours.py", "main\n")
    texts.call("git", "commit", "-qam", "main", check=True)
    assert texts.call("git", "merge", "-q", "topic").returncode
    texts.write("both.py", "both\n")
    texts.write("new.py", "new\n")
    texts.call("git", "add", ".", check=True)
    assert both(texts, "python") == ["python both.py", "python new.py"]


def test_c7_jobs_of_ours_select_by_types_as_well(repo: Repo) -> None:
    run = "for one in {staged_files}; do echo $one >>.git/$DODO_JOB; done"
    gate = {"run": "touch .git/gate", "types": ["python"]}
    repo.hook("pre-commit", python={"run": run, "types": ["python"]}, gate=gate)
    repo.hook("pre-commit", other={"run": run, "types_or": ["shell", "toml"], "exclude_types": ["executable"]})
    repo.write("tool", "#!/usr/bin/env python3\n").chmod(0o755)
    repo.write("staged", "#!/usr/bin/env python3\n").chmod(0o755)
    for name in ("a.py", "b.sh", "c.toml"):
        repo.write(name, "x\n")
    (repo.write("d.sh", "x\n")).chmod(0o755)
    repo.git("add", ".")
    repo.write("staged", "#!/bin/sh\n")  # what is staged counts
    repo.git("commit", "-qm", "work")
    assert repo.read(".git/python").split() == ["a.py", "staged", "tool"]
    assert repo.read(".git/other").split() == ["b.sh", "c.toml"]
    (repo.path / ".git/gate").unlink()
    repo.git("checkout", "-q", "staged")
    repo.git("rm", "-q", "b.sh")
    repo.git("commit", "-qm", "a shell script is gone")
    assert not repo.has(".git/gate")
    repo.git("rm", "-q", "a.py")
    repo.git("commit", "-qm", "a module is gone")
    assert repo.has(".git/gate")  # a job without a list runs for what is deleted, too
