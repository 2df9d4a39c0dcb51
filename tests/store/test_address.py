"""The meaning of an address: the newest match, a colon after the whole was tried, and errors that help."""

import pytest

from dodo_hooks.cli.jobs import addresses
from dodo_hooks.core.errors import UsageError
from kit.history import DONE, History, ended_as
from kit.invocation import Invocation


def find(history: History, text: str, worktree: str | None = None) -> tuple[str, list[str]]:
    found = addresses.find(history.directory, text, pytest.fail, worktree)
    return found.invocation.id, [job.name for job in found.jobs]


def refusal(history: History, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        find(history, text)
    assert caught.value.exit_code == 3
    return str(caught.value)


def ran(history: History, *jobs: str, hook: str = "post-commit", worktree: str = "") -> str:
    return history.finished({job: DONE for job in jobs}, hook, worktree).id


def test_the_newest_match_wins(history: History) -> None:
    ran(history, "lint")
    newest = ran(history, "lint", "test")
    ran(history, "docs")
    assert find(history, "lint") == (newest, ["lint"])


def test_the_newest_run_in_which_the_job_was_not_skipped_wins(history: History) -> None:
    real = ran(history, "lint")
    skipped = history.finished({"lint": ended_as("skipped", "nested", "nested"), "docs": DONE}).id
    assert find(history, "lint") == (real, ["lint"])
    assert find(history, f"lint@{skipped}") == (skipped, ["lint"])


def test_a_job_that_was_only_ever_skipped_is_found(history: History) -> None:
    skipped = [history.finished({"lint": ended_as("skipped", "nested", "nested")}).id for _ in range(2)]
    assert find(history, "lint") == (skipped[1], ["lint"])


def test_a_run_of_the_callers_worktree_comes_before_a_newer_one(history: History) -> None:
    here, there = ran(history, "lint"), ran(history, "lint", worktree="/home/me/topic")
    assert find(history, "lint", history.worktree) == (here, ["lint"])
    assert find(history, "lint", "/home/me/topic") == (there, ["lint"])
    assert find(history, "lint", "/home/me/elsewhere") == (there, ["lint"])
    assert find(history, "topic:lint", history.worktree) == (there, ["lint"])


def test_an_id_may_be_given_without_its_at(history: History) -> None:
    first, _ = ran(history, "lint", "test"), ran(history, "lint")
    assert find(history, first) == (first, ["lint", "test"])
    named = ran(history, first)
    assert find(history, first) == (named, [first])  # a job's name comes first
    assert "begins with" in refusal(history, "20200101-000000-000000")


def test_a_job_of_one_invocation(history: History) -> None:
    first, _ = ran(history, "lint"), ran(history, "lint")
    assert find(history, f"lint@{first}") == (first, ["lint"])


def test_all_jobs_of_an_invocation(history: History) -> None:
    first, _ = ran(history, "lint", "test"), ran(history, "lint")
    assert find(history, f"@{first}") == (first, ["lint", "test"])


def test_the_beginning_of_an_id_is_enough(history: History) -> None:
    only = ran(history, "lint")
    for length in (1, 4, 8, 9, 15, len(only)):
        assert find(history, f"@{only[:length]}") == (only, ["lint"])
        assert find(history, f"lint@{only[:length]}") == (only, ["lint"])


def test_an_ambiguous_beginning_lists_its_candidates(history: History) -> None:
    ids = [ran(history, "lint") for _ in range(3)]
    for text in ("@2", "lint@2"):
        message = refusal(history, text)
        assert all(f"@{identity}" in message for identity in ids)
        assert "post-commit" in message and history.worktree in message


def test_of_many_candidates_the_newest_are_listed(history: History) -> None:
    ids = [ran(history) for _ in range(12)]
    message = refusal(history, "@2")
    assert [identity for identity in ids if identity in message] == ids[2:]
    assert "2 older" in message


def test_a_beginning_is_not_ambiguous_when_one_invocation_has_the_job(history: History) -> None:
    wanted, _ = ran(history, "lint"), ran(history, "docs")
    assert find(history, "lint@2") == (wanted, ["lint"])


def test_what_stands_before_a_colon_is_a_working_tree_or_a_hook(history: History) -> None:
    topic = ran(history, "lint", worktree="/home/me/topic")
    checkout = ran(history, "lint", hook="post-checkout")
    ran(history, "lint")
    assert find(history, "topic:lint") == (topic, ["lint"])
    assert find(history, "/home/me/topic:lint") == (topic, ["lint"])
    assert find(history, "post-checkout:lint") == (checkout, ["lint"])


def test_the_whole_is_taken_for_a_name_first(history: History) -> None:
    whole = ran(history, "topic:lint")
    ran(history, "lint", worktree="/home/me/topic")
    assert find(history, "topic:lint") == (whole, ["topic:lint"])


def test_colons_may_be_anywhere(history: History) -> None:
    odd = ran(history, "a:b", worktree="/home/me/x:y")
    for text in ("a:b", "x:y:a:b", "/home/me/x:y:a:b", "post-commit:a:b"):
        assert find(history, text) == (odd, ["a:b"])


@pytest.mark.parametrize("name", ["lint/all", "../..", "日本", "x" * 200, "*", "a b", "$(rm)", "."])
def test_c4_any_name_can_be_addressed(history: History, name: str) -> None:
    # Their directories are called alike, their records tell them apart.
    only = ran(history, "日 本", "x" * 201, "a-b", "a/b", name)
    assert find(history, name) == (only, [name])


def test_an_unknown_job_names_the_nearest(history: History) -> None:
    ran(history, "lint", "docs")
    assert '"lint"' in refusal(history, "lnit")
    assert '"post-commit:lint"' in refusal(history, "post-commit:lnit")
    assert '"docs"' in refusal(history, "dosc@2")
    assert "did you mean" not in refusal(history, "zzzzzzzz")


def test_an_unknown_invocation_is_an_error(history: History) -> None:
    ran(history, "lint")
    for text in ("@1999", "lint@1999", "@../..", "lint@/", "@20"[:2] + "9"):
        assert "begins with" in refusal(history, text)


def test_nothing_on_record_is_reported(history: History) -> None:
    assert "no runs yet" in refusal(history, "lint")


@pytest.mark.parametrize("text", ["", "@", "lint@", "lint@@"])
def test_what_is_no_address_is_an_error(history: History, text: str) -> None:
    ran(history, "lint")
    refusal(history, text)


def test_control_characters_never_reach_the_message(history: History) -> None:
    for _ in range(2):
        ran(history, "lint", worktree="/home/me/\x1b[2J")
    for text in ("@2", "\x1b[2J", "@\x1b", "lint@2", "\udcff"):
        assert refusal(history, text).replace("\n", " ").isprintable()


def test_r19_a_broken_match_is_reported_and_an_older_one_found(history: History) -> None:
    older = ran(history, "lint")
    newest = history.finished({"lint": DONE})
    _break(newest)
    notices: list[str] = []
    found = addresses.find(history.directory, "lint", notices.append)
    assert found.invocation.id == older
    assert len(notices) == 1


def _break(invocation: Invocation) -> None:
    (invocation.path / "jobs" / "0-lint" / "meta.json").write_bytes(b"{")
