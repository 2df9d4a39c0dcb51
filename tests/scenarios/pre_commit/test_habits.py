"""The commands, options and variables that people know from pre-commit (P7, P8)."""

import pytest

from kit.repo import Repo

CONFIG = """\
repos:
- repo: local
  hooks:
  - {id: names, name: Names, language: system, entry: echo, verbose: true, types: [text], exclude: '^[.]pre'}
  - {id: names, name: More names, alias: more, language: system, entry: echo more, verbose: true, exclude: '^[.]pre'}
  - {id: other, name: Other, language: system, entry: echo other, verbose: true, exclude: '^[.]pre'}
  - id: shows
    name: Shows
    language: system
    entry: sh -c "env | grep ^PRE_COMMIT | sort"
    pass_filenames: false
    always_run: true
    verbose: true
    stages: [pre-commit, pre-push, commit-msg, prepare-commit-msg, post-checkout, post-rewrite, pre-rebase, manual]
  - {id: message, name: Message, language: system, entry: cat, verbose: true, stages: [commit-msg]}
"""


@pytest.fixture
def config(repo: Repo) -> Repo:
    repo.file(CONFIG, ".pre-commit-config.yaml")
    repo.write("a.txt", "text\n")
    repo.write("b.bin", b"\0")
    repo.call("git", "add", ".", check=True)
    return repo


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["run"], ["a.txt", "more a.txt b.bin", "other a.txt b.bin"]),
        (["run", "names"], ["a.txt", "more a.txt b.bin"]),
        (["run", "more", "--all-files"], ["more a.txt b.bin"]),
        (["run", "-a"], ["a.txt", "more a.txt b.bin", "other a.txt b.bin"]),
        (["run", "other", "--files", "b.bin"], ["other b.bin"]),
        (["run", "other", "--from-ref", "HEAD~1", "--to-ref", "HEAD"], ["other c.txt"]),
        (["run", "--hook-stage", "manual", "--skip", "names"], ["other a.txt b.bin"]),
        (["run", "other", "--hook-stage", "push", "--files", "a.txt"], ["other a.txt"]),
    ],
)
def test_p8_run_takes_what_people_know(config: Repo, words: list[str], shown: list[str]) -> None:
    if "--from-ref" in words:
        for name in ("x.txt", "c.txt"):
            config.write(name, "more\n")
            config.call("git", "add", name, check=True)
            config.call("git", "commit", "-qm", "more", name, check=True)
    done = config.run(*words, check=True)
    lines = [line for line in done.stdout.splitlines() if line.endswith((".txt", ".bin")) and "..." not in line]
    assert sorted(lines) == sorted(shown)


def test_p8_skip_leaves_out_ids_and_aliases(config: Repo) -> None:
    done = config.run("run", check=True, env={"SKIP": "other, more,nobody"})
    assert "more a.txt" not in done.stdout and "other a.txt" not in done.stdout
    assert [line.split(".")[0] for line in done.stdout.splitlines() if line.endswith("Skipped")] == [
        "More names",
        "Other",
    ]


@pytest.mark.parametrize("name", ["autoupdate", "try-repo", "gc", "clean"])
def test_p8_its_own_commands_are_named_as_such(config: Repo, name: str) -> None:
    done = config.run(name)
    assert done.returncode == 3
    assert done.stderr == f"dodo-hooks: {name} is a command of pre-commit; run `pre-commit {name}`\n"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["run", "name"], 'no hook "name" in '),
        (
            ["run", "name", "--hook-stage", "pre-push"],
            'no hook name of pre-commit\'s in stage pre-push (did you mean "names"?)',
        ),
        (
            ["run", "pre-commit", "--hook-stage", "pre-push"],
            "--hook-stage pre-push and pre-commit cannot be used together",
        ),
    ],
)
def test_p8_a_wrong_name_is_an_error(config: Repo, words: list[str], error: str) -> None:
    done = config.run(*words)
    assert done.returncode == 3 and error in done.stderr


def test_p8_without_a_file_of_theirs_run_needs_a_hook(repo: Repo) -> None:
    repo.hook("pre-commit", a="true")
    done = repo.run("run")
    assert done.returncode == 3 and "name a hook or a task" in done.stderr


def variables(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if line.startswith("PRE_COMMIT"))
    return {name.removeprefix("PRE_COMMIT_"): value for name, _, value in pairs}


def test_p7_hooks_see_the_data_of_their_event(config: Repo) -> None:
    config.run("install", "pre-commit", "pre-push", "prepare-commit-msg", "commit-msg", "post-checkout", check=True)
    done = config.call("git", "commit", "-qm", "work", check=True)
    assert "\nwork\n" in done.stderr  # what `message` has shown: it is given the file
    first, *_ = done.stderr.split("prepare-commit-msg\n")
    assert variables(first) == {"PRE_COMMIT": "1"}
    assert variables(done.stderr)["COMMIT_MSG_SOURCE"] == "message"
    old = config.git("rev-parse", "HEAD~1").stdout.strip()
    new = config.git("rev-parse", "HEAD").stdout.strip()
    done = config.call("git", "checkout", "-q", "-b", "topic", check=True)
    refs = {"FROM_REF": new, "TO_REF": new, "ORIGIN": new, "SOURCE": new}
    assert variables(done.stderr) == {"PRE_COMMIT": "1", "CHECKOUT_TYPE": "1", **refs}
    config.call("git", "checkout", "-q", "main", check=True)
    remote = config.path.parent / "remote.git"
    config.call("git", "init", "-q", "--bare", str(remote), check=True)
    config.call("git", "push", "-q", "--no-verify", str(remote), "HEAD~1:refs/heads/main", check=True)
    done = config.call("git", "push", "-q", str(remote), "main", check=True)
    assert variables(done.stdout + done.stderr) == {
        "PRE_COMMIT": "1",
        "FROM_REF": old,
        "TO_REF": new,
        "ORIGIN": old,
        "SOURCE": new,
        "LOCAL_BRANCH": "refs/heads/main",
        "REMOTE_BRANCH": "refs/heads/main",
        "REMOTE_NAME": str(remote),
        "REMOTE_URL": str(remote),
    }
