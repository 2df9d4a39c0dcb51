"""The examples, run by real git as a user would run them.

Programs that not every machine has are replaced by stubs that record their calls.
"""

import os
import shutil
from pathlib import Path

from kit.repo import Repo

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("hooks.dodo", "lefthook.yml")


def use(repo: Repo, example: str, **stubs: str) -> None:
    """Put the example's hook file into the repository and install it.

    Each stub is a program and its shell text. All of them write their name and arguments to the file `calls` beside
    the repository.
    """
    (file,) = [path for path in (EXAMPLES / example).iterdir() if path.name in NAMES]
    shutil.copy(file, repo.path)
    programs = repo.path.parent / "programs"
    programs.mkdir()
    for name, text in stubs.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>"{_calls(repo)}"\n{text}\n')
        program.chmod(0o755)
    repo.env["PATH"] = f"{programs}{os.pathsep}{repo.env['PATH']}"
    repo.install()


def calls(repo: Repo) -> list[str]:
    """Return the calls of the stubs, in order."""
    return _calls(repo).read_text().splitlines() if _calls(repo).exists() else []


def _calls(repo: Repo) -> Path:
    return repo.path.parent / "calls"


def test_each_example_is_run_here() -> None:
    source = Path(__file__).read_text()
    for example in (path.parent.name for path in EXAMPLES.glob("*/*") if path.name in NAMES):
        assert f'use(repo, "{example}"' in source, f"no test runs examples/{example}"


def test_c1_each_example_names_the_schema_for_editors() -> None:
    for path in EXAMPLES.glob("*/hooks.dodo"):
        modeline = path.read_text().partition("\n")[0]
        schema = path.parent / modeline.removeprefix("# yaml-language-server: $schema=")
        assert schema.resolve() == EXAMPLES.parent / "loader" / "hooks.schema.json", path


def test_quick_start_continues_behind_the_prompt(repo: Repo) -> None:
    use(repo, "quick-start", sleep="")
    repo.git("checkout", "-q", "-b", "topic")
    invocation = repo.finished("post-checkout")
    assert invocation.statuses() == {
        "deps": "completed",
        "build": "completed",
        "audit": "failed",
        "publish": "skipped",
    }
    assert invocation.log("build") == b"building with deps that are ready\n"
    assert invocation.job("publish").root_cause == "audit"


def test_quick_start_refuses_a_blank_at_the_end_of_a_line(repo: Repo) -> None:
    use(repo, "quick-start")
    repo.write("notes", "a line \n")
    repo.git("add", "notes")
    refused = repo.git("commit", "-m", "notes", check=False)
    assert refused.returncode == 1
    assert "trailing whitespace" in refused.stdout + refused.stderr
    repo.write("notes", "a line\n")
    repo.git("add", "notes")
    repo.git("commit", "-q", "-m", "notes")


def test_node_builds_after_a_checkout(repo: Repo) -> None:
    use(repo, "node", npm="", npx="")
    repo.git("checkout", "-q", "-b", "topic")
    invocation = repo.finished("post-checkout")
    assert invocation.statuses() == {"install": "completed", "build": "completed", "docs": "completed"}
    assert calls(repo)[0] == "npm ci --no-audit"
    assert sorted(calls(repo)[1:]) == ["npm run build", "npm run docs"]


def test_node_refuses_a_commit_that_does_not_lint(repo: Repo) -> None:
    use(repo, "node", npm="", npx='if [ "$1" = eslint ]; then echo "no-undef" >&2; exit 1; fi')
    repo.write("a.ts", "x")
    repo.git("add", "a.ts")
    refused = repo.git("commit", "-m", "work", check=False)
    assert refused.returncode == 1
    assert "no-undef" in refused.stderr
    assert "npx prettier --write a.ts" in calls(repo)  # `types` begins at the same moment
    assert repo.git("log", "--format=%s").stdout == "start\n"


def test_node_installs_packages_when_a_pull_has_changed_them(repo: Repo) -> None:
    use(repo, "node", npm="", npx="")
    repo.env["DODO_HOOKS_SKIP"] = "tag:style,types,install,build,docs"  # not the hooks on the way there
    for branch, file in (("code", "a.js"), ("packages", "package-lock.json")):
        repo.git("checkout", "-q", "-b", branch, "main")
        repo.write(file, "{}")
        repo.git("add", file)
        repo.git("commit", "-q", "-m", file)
    repo.git("checkout", "-q", "main")
    del repo.env["DODO_HOOKS_SKIP"]
    repo.git("merge", "-q", "code")
    assert not repo.invocations("post-merge")
    repo.git("merge", "-q", "packages", "-m", "packages")
    assert repo.finished("post-merge").statuses() == {"install": "completed", "build": "completed"}


def test_python_checks_slowly_behind_the_commit(repo: Repo) -> None:
    use(repo, "python", ruff="", mypy="exit 1", pytest="", python="")
    repo.git("commit", "-q", "--allow-empty", "-m", "work")
    invocation = repo.finished("post-commit")
    assert invocation.statuses() == {"types": "failed", "test": "completed", "package": "skipped"}
    assert "python -m build --wheel" not in calls(repo)


def test_python_formats_what_is_staged_and_nothing_else(repo: Repo) -> None:
    formats = 'if [ "$1" = format ]; then shift; for file; do echo formatted >>"$file"; done; fi'
    use(repo, "python", ruff=formats, mypy="", pytest="", python="")
    repo.write("a.py", "staged\n")
    repo.git("add", "a.py")
    repo.write("a.py", "not staged\nstaged\n")
    repo.git("commit", "-q", "-m", "work")
    assert repo.git("show", "HEAD:a.py").stdout == "staged\nformatted\n"
    assert repo.read("a.py") == "not staged\nstaged\nformatted\n"
    repo.finished("post-commit")


def test_lefthook_runs_as_it_is(repo: Repo) -> None:
    use(repo, "lefthook")
    repo.write("a.sh", "if\n")
    repo.write("vendor/b.sh", "if\n")
    repo.git("add", ".")
    assert repo.git("commit", "-m", "work", check=False).returncode == 1
    assert repo.finished("pre-commit").statuses() == {"scripts": "failed", "whitespace": "skipped"}
    repo.write("a.sh", "true\n")
    repo.git("add", ".")
    refused = repo.git("commit", "-m", "x" * 73, check=False)
    assert refused.returncode == 1 and "at most 72 characters" in refused.stderr
    repo.git("commit", "-q", "-m", "work")


def test_python_refuses_a_private_key(repo: Repo) -> None:
    use(repo, "python", ruff="", mypy="", pytest="", python="")
    repo.write("key.pem", "-----BEGIN EC PRIVATE KEY-----\n")  # what git grep finds in the index
    repo.git("add", "key.pem")
    refused = repo.git("commit", "-m", "key", check=False)
    assert refused.returncode == 1
    assert "key.pem" in refused.stderr


def test_python_pushes_only_a_clean_tree(repo: Repo) -> None:
    use(repo, "python", ruff="", mypy="", pytest="", python="")
    repo.git("add", "hooks.dodo")
    pushed = repo.run("run", "pre-push")  # the hook file is added and not committed
    assert pushed.returncode == 1
    assert calls(repo) == []
    repo.git("commit", "-q", "-m", "hooks")
    repo.finished("post-commit")
    assert repo.run("run", "pre-push").returncode == 0
    assert calls(repo)[-1] == "pytest -q -m not slow"


def test_worktree_makes_a_new_one_ready(repo: Repo) -> None:
    use(repo, "worktree", make='[ "$1" != database ] || pwd -P')
    repo.write("services/README", "")
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "services")
    repo.write(".env", "SECRET=1\n")
    topic = repo.worktree("topic")
    invocation = repo.finished("worktree-post-create")
    assert set(invocation.statuses().values()) == {"completed"}
    assert topic.read(".env") == "SECRET=1\n"
    assert invocation.log("database").decode() == f"{topic.path.resolve()}/services\n"
    assert calls(repo)[-1] == "make build"


def test_push_gate_pushes_what_has_passed_and_nothing_else(repo: Repo) -> None:
    use(repo, "push-gate", ruff="", make="! grep -q broken file")
    repo.git("init", "-q", "--bare", "../remote.git")
    repo.git("remote", "add", "origin", "../remote.git")
    for number, text in enumerate(("works", "broken"), 1):
        repo.write("file", text)
        repo.git("add", "file")
        repo.git("commit", "-q", "-m", text)
        repo.finished("post-commit", number)
    repo.git("push", "-q", "origin", "HEAD^:refs/heads/main")
    done = repo.git("push", "-q", "origin", "main", check=False)
    assert done.returncode == 1 and "push refused: post-commit:build" in done.stderr
    assert calls(repo) == ["make ", "make test", "make "]
