"""`dodo-hooks init`: a first hook file that can be used as it is."""

import sys

import pytest

from kit.repo import Repo


def test_the_first_hook_file_is_valid_and_can_be_installed(repo: Repo) -> None:
    said = repo.run("init", check=True).stdout
    assert said.startswith("created hooks.dodo; next steps:\n") and "dodo-hooks install" in said
    assert repo.run("validate", check=True).stdout == "OK: hooks.dodo: 1 hook, 1 job\n"
    repo.run("install", check=True)
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks")
    repo.write("file", "trailing blanks   \n")
    repo.git("add", "file")
    assert repo.git("commit", "-q", "-m", "x", check=False).returncode == 1


def test_what_is_commented_out_is_valid_too(repo: Repo) -> None:
    repo.run("init", check=True)
    lines = repo.read("hooks.dodo").splitlines()
    examples = [line.replace("# ", "", 1) if line.startswith("  ") and ":" in line else line for line in lines]
    assert len([line for line in examples if line not in lines]) > 8
    sentences = ("Before a commit", "After a commit", "After a merge")
    repo.file("\n".join(line for line in examples if not line.strip().startswith(sentences)))
    assert repo.run("validate", check=True).stdout == "OK: hooks.dodo: 3 hooks, 5 jobs\n"


def test_a_hook_file_that_is_there_stays(repo: Repo) -> None:
    repo.file("hooks: [", ".hooks.dodo.yml")  # right or wrong
    done = repo.run("init")
    assert (
        done.returncode == 3
        and f"nothing written: the hook file {repo.path}/.hooks.dodo.yml exists already" in done.stderr
    )
    assert not repo.has("hooks.dodo")


@pytest.mark.parametrize(
    ("files", "command", "shared"),
    [
        ({"Makefile": "all:\n\ntest: all\n"}, "make test", ""),
        (
            {"package.json": '{"scripts": {"test": "jest"}}', "node_modules/.package-lock.json": "{}"},
            "npm test",
            "node_modules",
        ),
        ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'}, "", ""),
        ({"pyproject.toml": "[tool.pytest.ini_options]\n", "src/a.py": ""}, "python3 -m pytest", ""),
        ({"Cargo.toml": ""}, "cargo test", ""),
        ({"go.mod": ""}, "go test ./...", ""),
        ({"Makefile": "test := x\n"}, "", ""),
    ],
)
def test_the_test_of_the_project_is_proposed(repo: Repo, files: dict[str, str], command: str, shared: str) -> None:
    for name, text in files.items():
        repo.write(name, text)
    said = repo.run("init", check=True).stdout
    done = repo.run("validate", check=True)
    if not command:
        assert done.stdout == "OK: hooks.dodo: 1 hook, 1 job\n" and "requires" not in said
        return
    assert (done.stdout, done.stderr) == ("OK: hooks.dodo: 3 hooks, 2 jobs\n", "")
    assert command in said and f"run: {command}\n" in repo.read("hooks.dodo")
    assert ("share: [" in repo.read("hooks.dodo")) == bool(shared) and shared in repo.read("hooks.dodo")


def test_a_proposed_test_has_the_virtual_environment(repo: Repo) -> None:
    repo.write("pytest.ini", "[pytest]\n")
    repo.write("src/a.py", "")
    (repo.path / ".venv/bin").mkdir(parents=True)
    (repo.path / ".venv/bin/python").symlink_to(sys.executable)
    repo.run("init", check=True)
    text = repo.read("hooks.dodo")
    assert "run: .venv/bin/python -m pytest" in text and "share: [.venv]" in text and "PYTHONPATH: src" in text
    assert repo.run("validate", check=True).stderr == ""
