"""`notify:` in the user's own configuration: a command of theirs when a background run has ended."""

from pathlib import Path

from kit.gate import Gate
from kit.process import group_alive, wait_until
from kit.repo import Repo

REPORT = (
    'printf "%s|%s|%s|%s|" "$DODO_HOOK" "$DODO_STATUS" "$DODO_FAILED" "$DODO_MESSAGE" >>"$HOME/reported"; '
    'pwd >>"$HOME/reported"'
)


def configure(repo: Repo, text: str) -> Path:
    path = Path(repo.env["XDG_CONFIG_HOME"]) / "dodo-hooks" / "config.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def reported(repo: Repo) -> str:
    """Wait for the notification, which comes after the records are closed."""
    path = Path(repo.env["HOME"]) / "reported"
    wait_until(lambda: path.exists() and path.read_text().endswith("\n"), what=str(path))
    return path.read_text()


def commit(repo: Repo) -> None:
    repo.git("commit", "--allow-empty", "-m", "work")


def test_a_failed_run_runs_the_users_command(repo: Repo) -> None:
    configure(repo, f"notify:\n  run: {REPORT!r}\n")
    repo.hook("post-commit", background=True, a="exit 7", b="exit 7", c={"run": "true", "needs": ["a"]})
    commit(repo)
    invocation = repo.finished("post-commit")
    message = f"post-commit: a, b failed in the background, 1 skipped: dodo-hooks jobs logs @{invocation.id}"
    assert reported(repo) == f"post-commit|failed|a\nb|{message}|{repo.path}\n"


def test_what_went_well_is_reported_only_if_that_is_wanted(repo: Repo) -> None:
    repo.hook("post-commit", background=True, a="true")
    configure(repo, f"notify: {REPORT!r}\n")  # short for run, and for failures alone
    commit(repo)
    repo.finished("post-commit")
    configure(repo, f"notify: {{run: {REPORT!r}, when: always}}\n")
    commit(repo)
    repo.finished("post-commit", 2)
    assert reported(repo).count("completed") == 1


def test_a_repository_has_no_say_in_it(repo: Repo) -> None:
    repo.hook("post-commit", background=True, a="true")
    repo.settings(notify="true")
    done = repo.run("validate")
    assert done.returncode == 3 and 'unknown key "notify"' in done.stderr


def test_a_command_that_does_not_end_is_ended(repo: Repo, gate: Gate) -> None:
    configure(repo, f"notify:\n  run: {gate.command!r}\n  timeout: 50ms\n")
    repo.hook("post-commit", background=True, a="exit 7")
    commit(repo)
    group = gate.wait()
    assert repo.finished("post-commit").statuses() == {"a": "failed"}  # nobody waits for it
    wait_until(lambda: not group_alive(group), what="the end of the user's command")


def test_what_it_prints_is_kept_beside_the_records(repo: Repo) -> None:
    configure(repo, "notify: 'echo oops >&2; echo done >$HOME/reported'\n")
    repo.hook("post-commit", background=True, a="exit 7")
    commit(repo)
    invocation = repo.finished("post-commit")
    reported(repo)
    assert (invocation.path / "notify.log").read_text() == "oops\n"


def test_a_wrong_configuration_is_reported_with_its_place(repo: Repo) -> None:
    path = configure(repo, "notify:\n  runn: true\n")
    repo.hook("post-commit", background=True, a="true")
    commit(repo)
    invocation = repo.finished("post-commit")
    assert invocation.statuses() == {"a": "completed"}
    error = f'{path}:2:3: unknown key "runn" (did you mean "run"?)'
    wait_until(lambda: list(repo.state.glob("dodo-hooks/jobs/*/failed/*")), what="a failure notice")
    assert f"no notification sent: {error}" in repo.run("jobs").stderr
    done = repo.run("validate")
    assert (done.returncode, error in done.stderr) == (3, True)
