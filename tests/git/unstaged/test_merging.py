"""Versions of a file are merged by the ranges of lines that git finds, whatever anybody has configured (G5)."""

import hashlib
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dodo_hooks.git.content.file_state import FILE, LINK, FileState
from dodo_hooks.git.unstaged import merge_file
from dodo_hooks.git.unstaged.journal import Journal
from dodo_hooks.git.unstaged.merge_file import Case, Merger, MergeResult, Side
from kit.chance import how_many
from kit.repo import Repo

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n", b"d\r\n"]), max_size=8).map(b"".join)
NUMBERS = b"".join(b"%d\n" % number for number in range(9))


def side(text: bytes, mode: int = 0o644, kind: str = FILE) -> Side:
    return Side(FileState(kind, mode, hashlib.sha256(text).hexdigest(), len(text)), lambda: iter((text,)))


def case(base: bytes, ours: bytes, theirs: bytes, number: int = 0) -> Case:
    return Case(side(base), side(ours), side(theirs), b"merged/%d-0" % number)


@pytest.fixture
def merger(repo: Repo) -> Merger:
    journal = Journal(str(repo.path / ".git"))
    journal.prepare()
    return Merger(repo.facts, repo.env, journal)


def merge_one(merger: Merger, one: Case) -> "MergeResult | None":
    (result,) = merger.merge_all([one])
    return result


def merge(merger: Merger, repo: Repo, base: bytes, ours: bytes, theirs: bytes) -> "bytes | None":
    result = merge_one(merger, case(base, ours, theirs))
    if result is None:
        return None
    return (repo.path / ".git/dodo-hooks-aside/merged/0-0").read_bytes() if result.is_in_file else theirs


@settings(max_examples=how_many(40, 1000), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, LINES, LINES)
def test_g5_what_git_can_merge_is_merged_to_the_same(
    repo: Repo, merger: Merger, base: bytes, ours: bytes, theirs: bytes
) -> None:
    names = []
    for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
        names.append(str(repo.write(f"../{name}", text)))
    done = subprocess.run(["git", "merge-file", "-p", "-q", *names], stdout=subprocess.PIPE)
    found = merge(merger, repo, base, ours, theirs)
    if done.returncode == 0 and found is not None:
        assert found == done.stdout
    assert done.returncode or found is not None


def test_g5_lines_that_touch_are_merged_and_those_that_overlap_are_not(repo: Repo, merger: Merger) -> None:
    third, fourth = NUMBERS.replace(b"3\n", b"three\n"), NUMBERS.replace(b"4\n", b"four\n")
    assert merge(merger, repo, NUMBERS, third, fourth) == NUMBERS.replace(b"3\n4\n", b"three\nfour\n")
    assert merge(merger, repo, NUMBERS, third, NUMBERS.replace(b"3\n", b"drei\n")) is None
    assert merge(merger, repo, NUMBERS, third, NUMBERS.replace(b"3\n", b"three\n")) == third
    assert merge(merger, repo, NUMBERS, third, NUMBERS.replace(b"3\n", b"")) is None
    new, other = NUMBERS.replace(b"3\n", b"3\nnew\n"), NUMBERS.replace(b"3\n", b"3\nother\n")
    assert merge(merger, repo, NUMBERS, new, other) is None
    assert merge(merger, repo, NUMBERS, new, third) == NUMBERS.replace(b"3\n", b"three\nnew\n")


@pytest.mark.parametrize("odd", [b"", b"0\n"])
@pytest.mark.parametrize("is_crlf", [True, False])
def test_g5_line_ends_that_git_would_write_otherwise_are_no_conflict(
    repo: Repo, merger: Merger, is_crlf: bool, odd: bytes
) -> None:
    def crlf(text: bytes) -> bytes:
        return text.replace(b"\n", b"\r\n")

    base, ours, theirs = NUMBERS, NUMBERS.replace(b"3\n", b"three\n"), NUMBERS.replace(b"8\n", b"eight\n")
    both = ours.replace(b"8\n", b"eight\n")
    if is_crlf:  # in the tree; git checks out LF
        found = merge(merger, repo, base, ours, crlf(theirs).replace(crlf(odd), odd))
        assert found == crlf(both).replace(crlf(odd), odd)
        assert merge(merger, repo, base, crlf(ours), crlf(theirs)) == crlf(both)
    else:
        assert merge(merger, repo, crlf(base), crlf(ours), theirs.replace(odd, crlf(odd))) == both.replace(
            odd, crlf(odd)
        )
    assert merge(merger, repo, base, base.replace(b"8\n", b"acht\n"), crlf(theirs)) is None
    assert merger.contains(side(base), side(crlf(theirs)), side(crlf(both)))
    assert not merger.contains(side(base), side(crlf(theirs)), side(ours))


def test_g5_what_is_no_text_is_not_merged(repo: Repo, merger: Merger) -> None:
    assert merge(merger, repo, b"\0" + NUMBERS, b"\0one\n" + NUMBERS, b"\0" + NUMBERS + b"two\n") is None
    link = side(b"target", kind=LINK)
    assert merge_one(merger, Case(side(NUMBERS), side(b"new\n"), link, b"merged/0-0")) is None
    assert not merger.contains(side(NUMBERS), link, side(b"new\n"))


def test_g5_what_is_too_large_for_a_diff_is_not_merged(repo: Repo, merger: Merger) -> None:
    large = NUMBERS * ((33 << 20) // len(NUMBERS))
    assert merge(merger, repo, large, b"one\n" + large, large + b"two\n") is None
    assert merge(merger, repo, large, large, b"one\n" + large) == b"one\n" + large


def test_g5_nobodys_configuration_has_a_say(repo: Repo, merger: Merger) -> None:
    for name, value in {
        "diff.external": "false",
        "diff.orderFile": "/nowhere",
        "diff.noprefix": "true",
        "diff.interHunkContext": "9",
        "core.autocrlf": "true",
        "filter.broken.clean": "false",
        "filter.broken.required": "true",
    }.items():
        repo.git("config", name, value)
        subprocess.run(["git", "config", "--global", name, value], env=repo.env, check=True)
    for attributes in (".git/info/attributes", "../home/config/git/attributes"):
        repo.write(attributes, "* filter=broken text -diff\n")
    assert repo.env["XDG_CONFIG_HOME"] == str(repo.path.parent / "home/config")
    with_returns = NUMBERS.replace(b"3\n", b"3\r\n")
    appended = NUMBERS + b"last\n"
    assert merge(merger, repo, NUMBERS, with_returns, appended) == with_returns + b"last\n"


def test_g5_ranges_that_do_not_lead_from_one_text_to_the_other_are_not_believed(
    repo: Repo, merger: Merger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge_file, "_DIFF", (*merge_file._DIFF, "--ignore-cr-at-eol"))
    assert merge(merger, repo, NUMBERS, NUMBERS.replace(b"3\n", b"3\r\n"), NUMBERS + b"last\n") is None


@pytest.mark.parametrize("ours", [0o644, 0o755])
def test_g5_the_permissions_are_the_owners_but_for_what_the_other_side_made_executable(
    merger: Merger, ours: int
) -> None:
    theirs = side(NUMBERS.replace(b"8\n", b"eight\n"), 0o600)
    result = merge_one(
        merger, Case(side(NUMBERS), side(NUMBERS.replace(b"1\n", b"one\n"), ours), theirs, b"merged/0-0")
    )
    assert result is not None and result.version.mode == (0o700 if ours == 0o755 else 0o600)


@pytest.mark.parametrize("at_once", [merge_file._AT_ONCE, 1, 200])
def test_g5_many_are_merged_together_as_far_as_the_memory_allows(
    repo: Repo, merger: Merger, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(merge_file, "_AT_ONCE", at_once)
    cases = []
    for number in range(12):
        ours, theirs = NUMBERS.replace(b"1\n", b"%d, ours\n" % number), NUMBERS + b"%d, theirs\n" % number
        cases.append(case(NUMBERS, ours, theirs, number))
    found = merger.merge_all([*cases, case(NUMBERS, NUMBERS + b"one\n", NUMBERS + b"two\n", 12)])
    assert [one is None for one in found] == [*[False] * 12, True]
    texts = [(repo.path / f".git/dodo-hooks-aside/merged/{number}-0").read_bytes() for number in range(12)]
    assert texts == [NUMBERS.replace(b"1\n", b"%d, ours\n" % number) + b"%d, theirs\n" % number for number in range(12)]
