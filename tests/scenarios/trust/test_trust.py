"""Whose hooks may run (section 8): hooks for all repositories.

The question at the terminal is in test_trust_question.py, pinned hook files are in test_pinned.py.
"""

import os
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from kit.hook_files.trust import COMMIT, FILE, files_of, install_for_all, ran, refused
from kit.repo import Repo


@pytest.fixture
def undecided(repo: Repo) -> Repo:
    """Return a clone of another user's repository, for a user with hooks for all repositories."""
    install_for_all(repo)
    repo.file(FILE)
    repo.git("remote", "add", "origin", "https://example.invalid/somebody's.git")
    return repo


# Undecided, trusted, denied


@pytest.mark.parametrize("text", (FILE, "hooks: [this is no hook file"))
def test_in_an_undecided_repository_nothing_runs_and_that_is_reported_once_a_day(undecided: Repo, text: str) -> None:
    undecided.file(text)
    first = undecided.git(*COMMIT)
    assert first.stderr.count("\n") == 1 and f"hooks not run: {undecided.path} is not trusted yet" in first.stderr
    assert "`dodo-hooks trust`" in first.stderr and "`dodo-hooks deny`" in first.stderr
    undecided.file(FILE)
    assert undecided.git(*COMMIT).stderr == "" and not undecided.invocations()


def test_what_was_not_run_can_be_replayed(undecided: Repo) -> None:
    undecided.git(*COMMIT)
    undecided.git("checkout", "-q", "-b", "topic")  # the hook file does not name it
    said = undecided.run("trust", check=True).stdout.splitlines()
    commands = [line.strip() for line in said if line.startswith("  cd ")]
    assert commands == [f"cd {undecided.path} && dodo-hooks run {hook}" for hook in ("pre-commit", "post-commit")]
    assert "replay" not in undecided.run("trust", check=True).stdout and not ran(undecided)
    undecided.git(*COMMIT)
    assert ran(undecided) == 1 and undecided.has("after")


def test_a_denied_repository_is_quiet(undecided: Repo) -> None:
    undecided.run("deny", check=True)
    assert undecided.git(*COMMIT).stderr == "" and not ran(undecided)
    undecided.run("install", "--global", check=True)  # all of them, for doctor
    assert undecided.run("doctor", check=True).stdout.startswith("note: no hook runs here: you denied it; ")
    undecided.run("trust", check=True)
    undecided.git(*COMMIT)
    assert ran(undecided) == 1


def test_a_yes_is_about_the_contents_of_the_hook_files(undecided: Repo) -> None:
    """Without a terminal a gate refuses, and other hooks say so once; contents that were accepted stay accepted."""
    undecided.run("trust", check=True)  # the first time nobody is asked
    undecided.file(FILE.replace("echo x >> ran", "touch evil"))
    for _ in range(2):
        done = undecided.git(*COMMIT, check=False)
        assert done.returncode == 1 and done.stderr.count("\n") == 1 and not undecided.has("evil")
        assert "pre-commit refused: the hook files have changed since you accepted them; review" in done.stderr
    said = [undecided.git(*COMMIT, "--no-verify").stderr for _ in range(2)]
    assert said[0].startswith("dodo-hooks: post-commit not run: the hook files have changed") and not said[1]
    assert "trusted with other hook files" in undecided.run("status", check=True).stdout
    refused = undecided.run("trust")
    assert refused.returncode == 3 and "--yes" in refused.stderr
    assert "+  pre-commit: {jobs: [{name: gate, run: touch evil}]}" in refused.stdout
    assert " " not in refused.stdout.splitlines()  # the newline at the end is no line of its own
    undecided.run("trust", "--yes", check=True)
    undecided.git(*COMMIT)
    assert undecided.has("evil")
    undecided.file(FILE)  # as on another branch
    undecided.git(*COMMIT)
    assert ran(undecided) == 1


def test_always_is_about_any_contents(undecided: Repo) -> None:
    undecided.run("trust", "--always", check=True)
    undecided.file(FILE.replace("post-commit", "post-merge"))
    undecided.git(*COMMIT)
    assert ran(undecided) == 1
    undecided.run("trust", check=True)  # binds nothing that was not bound
    undecided.file(FILE)
    undecided.git(*COMMIT)
    assert ran(undecided) == 2


def test_all_files_that_are_parsed_are_covered(undecided: Repo, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yml"
    outside.write_text("env: {A: '1'}\n")
    undecided.file(f"extends: [inside.yml, {outside}]\n{FILE}")
    files = {
        "hooks.dodo": undecided.path / "hooks.dodo",
        "inside.yml": undecided.write("inside.yml", "env: {B: '1'}\n"),
        str(outside): outside,
        ".hooks.dodo.d/pre-push.yml": undecided.write(".hooks.dodo.d/pre-push.yml", "jobs: [{name: c, run: 'true'}]\n"),
        "hooks.local.dodo": undecided.write("hooks.local.dodo", "env: {D: '1'}\n"),
    }
    undecided.run("trust", check=True)
    undecided.git(*COMMIT)
    assert ran(undecided) == 1
    for name, path in files.items():
        before = path.read_text()
        undecided.write(str(path), f"{before}# changed\n")
        refused(undecided)
        shown = undecided.run("trust").stdout
        assert f"+++ b/{name}" in shown and shown.count("+++ ") == 1
        undecided.write(str(path), before)
    undecided.write("hooks.local.dodo", "").rename(undecided.path / ".hooks.local.dodo")  # a name is covered, too
    refused(undecided)


def test_scripts_are_not_covered(undecided: Repo) -> None:
    undecided.write("job.sh", "true")
    undecided.file(FILE.replace("echo x >> ran", "sh job.sh"))
    undecided.run("trust", check=True)
    undecided.write("job.sh", "echo x >> ran")
    undecided.git(*COMMIT)
    assert ran(undecided) == 1


def test_where_there_is_no_hook_file_nothing_is_asked_or_refused(undecided: Repo) -> None:
    for command in ((), ("trust",)):
        if command:
            undecided.file(FILE)
            undecided.run(*command, check=True)
        (undecided.path / "hooks.dodo").unlink()
        undecided.write("lefthook-local", "")  # so that the shim starts Python
        assert undecided.git(*COMMIT).stderr == ""
    undecided.run("trust", "--forget", check=True)
    assert "no hook file" in undecided.run("trust").stderr


@pytest.mark.parametrize("answer", ((), ("--always",)))
def test_r22_a_hook_file_that_cannot_be_parsed_is_refused_in_a_trusted_repository(
    undecided: Repo, answer: tuple[str, ...]
) -> None:
    undecided.run("trust", *answer, check=True)
    undecided.file("hooks: [")
    assert undecided.git(*COMMIT, check=False).returncode == 1
    undecided.run("trust", "--forget", check=True)
    assert undecided.git(*COMMIT).returncode == 0


def test_what_git_replays_is_neither_run_nor_refused(undecided: Repo) -> None:
    undecided.run("install", "--global", check=True)  # with reference-transaction
    for name in ("one", "two"):
        undecided.write(name, "")
        undecided.git("add", name)
        undecided.git("commit", "-q", "-m", name)
    undecided.run("trust", check=True)
    evil = "{jobs: [{name: a, run: touch evil; exit 1}]}"
    names = ("post-commit", "prepare-commit-msg", "reference-transaction")
    undecided.file("hooks:\n" + "".join(f"  {name}: {evil}\n" for name in names))
    assert undecided.git("branch", "another").stderr == ""  # a reference-transaction
    undecided.git("checkout", "-q", "-b", "other", "main~2")
    assert undecided.git("cherry-pick", "main~1", "main").stderr == ""
    assert not undecided.has("evil") and not undecided.invocations()
    assert undecided.git("log", "--format=%s").stdout.split() == ["two", "one", "start"]
    assert "prepare-commit-msg refused" in undecided.git(*COMMIT, "--no-verify", check=False).stderr


@pytest.mark.parametrize("way", ("copied", "moved", "submodule", "with the id of another"))
def test_a_decision_is_about_one_path(undecided: Repo, tmp_path: Path, way: str) -> None:
    undecided.git("add", "hooks.dodo")
    undecided.git("commit", "-q", "-m", "hooks")
    undecided.run("trust", "--always", check=True)
    there = Repo(tmp_path / "there", undecided.env)
    if way == "moved":
        undecided.path.rename(there.path)
    elif way == "submodule":
        undecided.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(undecided.path), "sub")
        there = Repo(undecided.path / "sub", undecided.env)
    else:
        undecided.call("cp", "-r", str(undecided.path), str(there.path), check=True)
    if way == "with the id of another":
        stat_of = (there.path / ".git").stat()
        identity = undecided.read(".git/dodo-hooks/id").split()[0] if undecided.has(".git/dodo-hooks/id") else "0" * 16
        there.write(".git/dodo-hooks/id", f"{identity} {stat_of.st_dev:x} {stat_of.st_ino:x}\n")
    before = ran(there)
    assert "hooks not run" in there.git(*COMMIT).stderr and ran(there) == before
    there.run("trust", check=True)
    there.git(*COMMIT)
    assert ran(there) == before + 1


def test_in_a_manual_run_nothing_has_to_be_decided(undecided: Repo) -> None:
    undecided.run("run", "pre-commit", check=True)
    undecided.run("trust", check=True)
    undecided.file(FILE + "# changed\n")
    undecided.run("run", "pre-commit", check=True)
    undecided.doit("run", "pre-commit", check=True)
    undecided.run("deny", check=True)
    undecided.run("run", "pre-commit", check=True)
    assert ran(undecided) == 4


# `trusted:` in the user's own configuration
@pytest.mark.parametrize(("prefix", "runs"), (("", 1), ("/", 1), ("/rep", 0), ("/../{link}", 1), ("/none", 0)))
def test_what_lies_below_a_trusted_prefix_needs_no_decision(
    undecided: Repo, tmp_path: Path, prefix: str, runs: int
) -> None:
    link = tmp_path / "link"
    link.symlink_to(undecided.path)
    trusted = f"{tmp_path}{prefix}" if "link" not in prefix else str(link)
    configure(undecided, f"trusted: ['{trusted}']\n")
    undecided.git(*COMMIT)
    assert ran(undecided) == runs
    undecided.file(FILE + "# changed\n")
    undecided.git(*COMMIT)
    assert ran(undecided) == 2 * runs
    undecided.run("deny", check=True)
    undecided.git(*COMMIT)
    assert ran(undecided) == 2 * runs


def test_a_prefix_is_about_the_working_tree_and_the_repository(undecided: Repo, tmp_path: Path) -> None:
    undecided.git("add", "hooks.dodo")
    undecided.git("commit", "-q", "--no-verify", "-m", "hooks")
    linked = undecided.worktree("linked")
    configure(undecided, f"trusted: {linked.path}\n")
    linked.git(*COMMIT)
    assert not ran(linked)
    configure(undecided, f"trusted: [{linked.path}, {tmp_path}]\n")
    linked.git(*COMMIT)
    assert ran(linked) == 1
    undecided.file("hooks: [")
    assert undecided.git(*COMMIT, check=False).returncode == 1  # trusted, so it is refused
    configure(undecided, "trusted: [relative/path]\n")
    assert 'expected a path that begins with "/" or "~/"' in linked.run("validate").stderr
    linked.git(*COMMIT)
    assert ran(linked) == 1


def configure(repo: Repo, text: str) -> None:
    path = Path(repo.env["XDG_CONFIG_HOME"]) / "dodo-hooks/config.yml"
    repo.write(str(path), text)


# What an earlier version has decided


def former(repo: Repo, *fields: str, top: Path | None = None) -> Path:
    """Write a decision as it was kept under the repository's id."""
    here = (repo.path / ".git").stat()
    repo.write(".git/dodo-hooks/id", f"0123456789abcdef {here.st_dev:x} {here.st_ino:x}\n")
    path = repo.state / "dodo-hooks/trust/0123456789abcdef"
    path.parent.mkdir(parents=True, exist_ok=True)
    state, *pins = fields
    path.write_text("\0".join(("1", state, "https://example.invalid/x.git", str(top or repo.path), *pins)))
    return path


def test_an_old_denial_and_old_pins_hold_and_all_else_is_asked_once(undecided: Repo) -> None:
    path = former(undecided, "denied")
    assert undecided.git(*COMMIT).stderr == "" and not ran(undecided) and not path.exists()
    assert undecided.git(*COMMIT).stderr == ""
    undecided.run("trust", "--forget", check=True)
    digest = sha256(f"{sha256(FILE.encode()).hexdigest()} hooks.dodo\n".encode()).hexdigest()
    former(undecided, "trusted", f"{digest} pre-commit post-commit")
    undecided.git(*COMMIT)
    assert ran(undecided) == 1 and undecided.run("trust", "--list").stdout.splitlines()[1].split()[0] == "pinned"
    undecided.file(FILE + "# changed\n")
    assert undecided.run("run", "pre-commit").returncode == 3
    undecided.run("trust", "--forget", check=True)
    former(undecided, "trusted")
    assert "hooks not run" in undecided.git(*COMMIT).stderr and ran(undecided) == 1


def test_an_old_decision_of_another_repository_is_not_taken_over(undecided: Repo, tmp_path: Path) -> None:
    former(undecided, "denied", top=Repo.create(tmp_path / "other", undecided.env).path)
    assert "hooks not run" in undecided.git(*COMMIT).stderr


def test_decisions_are_listed_forgotten_and_nobody_elses_business(undecided: Repo, tmp_path: Path) -> None:
    undecided.git(*COMMIT)
    undecided.run("trust", check=True)
    other = Repo.create(tmp_path / "other", undecided.env)
    undecided.run("deny", str(other.path), check=True)
    rows = undecided.run("trust", "--list", check=True).stdout.splitlines()[1:]
    assert sorted(row.split() for row in rows) == [["denied", str(other.path)], ["trusted", str(undecided.path)]]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files_of(undecided)} == {0o600}
    assert stat.S_IMODE(files_of(undecided)[0].parent.stat().st_mode) == 0o700
    undecided.run("trust", "--forget", check=True)
    assert "hooks not run" in undecided.git(*COMMIT).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--list --forget", "--list and --forget"),
        ("--list .", "--list and PATH"),
        ("--forget --always", "--forget and --always"),
        ("--pin --always", "--always and --pin"),
    ],
)
def test_r22_options_that_contradict_each_other_change_nothing(undecided: Repo, words: str, said: str) -> None:
    done = undecided.run("trust", *words.split())
    assert (done.returncode, done.stdout, done.stderr) == (3, "", f"dodo-hooks: {said} cannot be used together\n")


@pytest.mark.parametrize("content", (b"nonsense", b"", b"(\x00"))
def test_a_decision_that_cannot_be_read_refuses(undecided: Repo, content: bytes) -> None:
    undecided.run("trust", check=True)
    files_of(undecided)[0].write_bytes(content)
    done = undecided.git(*COMMIT, check=False)
    assert done.returncode == 1 and done.stderr.startswith(
        "dodo-hooks: pre-commit refused: cannot check whether the hooks may run"
    )
    done = undecided.git(*COMMIT, "--no-verify")
    assert done.stderr.splitlines()[-1].startswith("dodo-hooks: post-commit not run: ")
    undecided.run("trust", "--forget", check=True)
    assert "hooks not run" in undecided.git(*COMMIT).stderr


def test_a_repositorys_own_hook_runs_whatever_was_decided(undecided: Repo) -> None:
    undecided.write(".git/hooks/pre-commit", "#!/bin/sh\necho own hook >&2; exit 3\n").chmod(0o755)
    for command in ("deny", "trust"):
        undecided.run(command, check=True)
        done = undecided.git(*COMMIT, check=False)
        assert (done.returncode, done.stderr) == (1, "own hook\n")


# Whose working tree it is


@pytest.mark.parametrize("way", ("file", "link", "commondir", "variable", "worktree's file"))
def test_a_strangers_folder_does_not_borrow_trust(undecided: Repo, tmp_path: Path, way: str) -> None:
    """Neither for any hook files nor, since scripts are not covered, for the same ones."""
    undecided.run("trust", *(("--always",) if way != "link" else ()), check=True)
    undecided.worktree("linked")
    stranger = Repo(tmp_path / "stranger", undecided.env)
    stranger.path.mkdir()
    target = f"{undecided.path}/.git"
    if way == "link":
        (stranger.path / ".git").symlink_to(target)
    elif way == "commondir":
        (stranger.path / ".git").mkdir()
        stranger.write(".git/HEAD", "ref: refs/heads/other\n")
        stranger.write(".git/commondir", f"{os.path.relpath(target, stranger.path / '.git')}\n")
    elif way == "variable":
        stranger.env = {**undecided.env, "GIT_DIR": target, "GIT_WORK_TREE": str(stranger.path)}
    else:
        stranger.write(".git", f"gitdir: {target}{'/worktrees/linked' if way.startswith('worktree') else ''}\n")
    stranger.write("hooks.dodo", FILE)
    said = stranger.git(*COMMIT).stderr
    assert not ran(stranger) and not stranger.has("after")
    assert "does not know this working tree" in said and said.count("\n") == 1
    undecided.git(*COMMIT)
    assert ran(undecided) == 1
    if way == "file":  # somebody has said so in this very folder
        stranger.run("trust", check=True)
        stranger.git(*COMMIT)
        assert ran(stranger) == 1


@pytest.mark.parametrize("kind", ("linked", "relative", "submodule", "bare", "separate"))
def test_a_working_tree_of_the_repository_is_trusted_with_it(undecided: Repo, tmp_path: Path, kind: str) -> None:
    env, there = undecided.env, tmp_path / "there"
    undecided.git("add", ".")
    undecided.git("commit", "-q", "-m", "hooks")
    if kind in ("linked", "relative"):
        undecided.git("worktree", "add", "-q", str(there))
        if kind == "relative":
            record = undecided.path / ".git/worktrees/there"
            (record / "gitdir").write_text(f"{os.path.relpath(there / '.git', record)}\n")
        undecided.run("trust", check=True)
    elif kind == "submodule":
        outer = Repo.create(tmp_path / "outer", env)
        outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(undecided.path), "sub")
        there = outer.path / "sub"
        Repo(there, env).run("trust", check=True)
    elif kind == "bare":
        undecided.git("clone", "-q", "--bare", str(undecided.path), str(tmp_path / "bare.git"))
        undecided.git("-C", str(tmp_path / "bare.git"), "worktree", "add", "-q", str(there))
        Repo(there, env).run("trust", check=True)
    else:
        undecided.git("clone", "-q", f"--separate-git-dir={tmp_path / 'apart'}", str(undecided.path), str(there))
        Repo(there, env).run("trust", check=True)
    Repo(there, env).git(*COMMIT)
    assert ran(Repo(there, env)) == 1
