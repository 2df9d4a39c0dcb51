"""May these hooks run? (section 8): the one function that says so, and the digest that it compares."""

import os
from pathlib import Path

import pytest

from dodo_hooks.core.plan import Plan
from dodo_hooks.host.world import World
from dodo_hooks.loader.read.sources import Sources, digest_of
from dodo_hooks.plans.compile_plan import load_file
from dodo_hooks.plans.plan_cache import load_compiled
from dodo_hooks.trust.decisions import ALWAYS, DENIED, PINNED, TRUSTED, Decision
from dodo_hooks.trust.policy import ALLOWED, CHANGED, DENIED_HERE, FOR_ALL, FOR_PINNED, LOCAL, UNDECIDED, decide_trust
from kit.repo import Repo

HERE = Plan("hooks.dodo", None, (), digest="here")
SAYS_PINNED = HERE._replace(trust="pinned")
NO_FILE = Plan("", None, ())


def decided(state: str, *digests: str) -> Decision:
    return Decision("/r/.git", state, "/r", {digest: () for digest in digests}, {})


OLD, NEW = decided(TRUSTED, "old"), decided(TRUSTED, "old", "here")
PIN, ANY, NO = decided(PINNED, "old"), decided(ALWAYS), decided(DENIED)
TABLE = (
    # decision, plan: for all repositories, there if listed, installed here, pinned shims here
    (None, HERE, UNDECIDED, ALLOWED, ALLOWED, CHANGED),
    (None, SAYS_PINNED, UNDECIDED, ALLOWED, CHANGED, CHANGED),
    (None, NO_FILE, UNDECIDED, ALLOWED, ALLOWED, CHANGED),
    (OLD, HERE, CHANGED, ALLOWED, ALLOWED, CHANGED),
    (OLD, SAYS_PINNED, CHANGED, CHANGED, CHANGED, CHANGED),
    (OLD, NO_FILE, ALLOWED, ALLOWED, ALLOWED, CHANGED),
    (NEW, HERE, ALLOWED, ALLOWED, ALLOWED, ALLOWED),
    (NEW, SAYS_PINNED, ALLOWED, ALLOWED, ALLOWED, ALLOWED),
    (PIN, HERE, CHANGED, CHANGED, CHANGED, CHANGED),
    (PIN, NO_FILE, CHANGED, CHANGED, CHANGED, CHANGED),
    (decided(PINNED, "old", "here"), HERE, ALLOWED, ALLOWED, ALLOWED, ALLOWED),
    (ANY, HERE, ALLOWED, ALLOWED, ALLOWED, CHANGED),
    (ANY, SAYS_PINNED, CHANGED, CHANGED, CHANGED, CHANGED),
    (NO, HERE, DENIED_HERE, DENIED_HERE, ALLOWED, DENIED_HERE),
    (NO, SAYS_PINNED, DENIED_HERE, DENIED_HERE, CHANGED, DENIED_HERE),
)


@pytest.mark.parametrize(("decision", "plan", "for_all", "listed", "local", "pinned"), TABLE)
def test_the_table(decision: Decision | None, plan: Plan, for_all: str, listed: str, local: str, pinned: str) -> None:
    assert decide_trust(decision, plan, FOR_ALL) == for_all
    assert decide_trust(decision, plan, FOR_ALL, is_listed=True) == listed
    assert decide_trust(decision, plan, LOCAL) == local
    assert decide_trust(decision, plan, FOR_PINNED) == pinned


def test_a_digest_is_of_names_and_bytes_and_no_name_looks_like_two() -> None:
    one, two = digest_of({"a": b"x"}), digest_of({"a": b"x", "b": b"y"})
    line = f"{digest_of({})} b"
    assert len({one, two, digest_of({"b": b"x"}), digest_of({"a": b"y"}), digest_of({f"a\n{line}": b"x"})}) == 5
    assert digest_of({"b": b"y", "a": b"x"}) == two


def test_what_is_digested_is_what_the_parser_got(tmp_path: Path) -> None:
    """Also if it reads a file twice, as the target of `extends` and as the file of one hook."""
    path = tmp_path / "a.yml"
    path.write_text("first")
    sources = Sources()
    assert sources.read(str(path)) == b"first"
    path.write_text("second")
    assert sources.read(str(path)) == b"first" and sources.files(str(tmp_path)) == {"a.yml": b"first"}


@pytest.mark.parametrize("name", ("hooks.dodo", ".config/hooks.dodo"))
def test_a_file_that_is_named_has_the_digest_that_it_has_when_a_hook_fires(repo: Repo, name: str) -> None:
    repo.file("hooks: {pre-commit: {jobs: [{run: 'true'}]}}\n", name)
    repo.file("env: {A: b}\n", "hooks.local.dodo")
    world = World(repo.env, os.path.realpath(repo.path))
    compiled, _ = load_compiled(world, world.cwd)
    assert compiled.rules.digest == load_file(world, f"{world.cwd}/{name}").digest != ""
