"""`dodo-hooks cache`: what is stored, and its removal."""

import os
from pathlib import Path

import pytest

from kit.answer import Cli
from kit.repo import Repo
from kit.results.outputs import cache_dir, ignore, leftovers, put, remove, restore, store


@pytest.fixture(autouse=True)
def stored(repo: Repo) -> None:
    ignore(repo)
    put(repo.path / "node_modules/file", "x" * 10_000)
    for number, key in enumerate(("a" * 64, "b" * 64)):
        store(repo, key)
        os.utime(f"{cache_dir(repo)}/{key}/manifest", (1_000_000 + number,) * 2)


def test_stored_outputs_are_listed_those_used_last_first(cli: Cli, repo: Repo) -> None:
    restore(repo, "a" * 64)
    first, second = cli("cache", "list").rows()
    assert first[:3] == [str(repo.path), "a" * 12, "16KB"] and first[3].endswith("s ago")
    assert second[1] == "b" * 12 and second[3].endswith("d ago")
    Path(cache_dir(repo), "b" * 64, "about").write_text("")
    assert cli("cache", "list").rows()[1][3] == "damaged"
    assert cli("cache", "size").out == "16KB\n"


def test_what_would_be_removed_is_shown_before_it_is(cli: Cli, repo: Repo) -> None:
    dry, done, again = (cli("cache", "prune", "--max-size", "16KB", *more) for more in (["--dry-run"], [], []))
    line = f"{repo.path}  {'a' * 12}  16KB"
    assert dry.out.splitlines() == [line, "1 stored output, 16KB, would be removed"]
    assert done.out.splitlines() == [line, "1 stored output, 16KB, removed"]
    assert again.out == "0 stored outputs, 0B, removed\n"
    assert cli("cache", "size").out == "16KB\n"
    assert cli("cache", "prune", "--all").out.endswith("1 stored output, 16KB, removed\n")
    assert cli("cache", "list").out == "no stored outputs\n" and cli("cache", "size").out == "0B\n"


def test_a_removed_repository_is_named_as_such(cli: Cli, repo: Repo, tmp_path: Path) -> None:
    remove(repo.path)
    assert {row[0] for row in cli("cache", "list", cwd=str(tmp_path)).rows()} == {f"{repo.path} (gone)"}
    assert cli("cache", "prune", cwd=str(tmp_path)).out.endswith("2 stored outputs, 32KB, removed\n")
    assert os.listdir(Path(repo.env["XDG_CACHE_HOME"], "dodo-hooks/outputs")) == []


def test_prune_removes_what_a_killed_restore_has_left(cli: Cli, repo: Repo) -> None:
    put(repo.path / ".git/dodo-hooks-outputs/0/file", "half")
    put(repo.path / ".dodo-hooks-outputs/0/file", "half")
    cli("cache", "prune", "--dry-run")
    assert len(leftovers(repo)) == 2
    cli("cache", "prune")
    assert leftovers(repo) == []


def test_a_wrong_size_is_one_line(cli: Cli) -> None:
    answer = cli("cache", "prune", "--max-size", "5 gigs")
    assert answer.code == 3 and "a size is a whole number and one of B, KB, MB, GB" in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_cache_that_others_can_write_to_is_refused(cli: Cli, repo: Repo) -> None:
    own = Path(repo.env["XDG_CACHE_HOME"], "dodo-hooks")
    own.chmod(0o777)
    for argv in (["list"], ["size"], ["prune"]):
        answer = cli("cache", *argv)
        assert answer.code == 3 and f"others can write to {own}" in answer.err
