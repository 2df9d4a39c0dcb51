"""A hook that was there before ours does not notice that it is kept (G1)."""

import os
from pathlib import Path

import pytest

from kit.repo import Repo

COMMIT = ("commit", "-q", "--allow-empty", "-m", "x")


def install(repo: Repo, *hooks: str) -> list[str]:
    """Return what is said of the hooks."""
    return [line for line in repo.run("install", *hooks, check=True).stdout.splitlines() if line.startswith(hooks)]


def uninstall(repo: Repo) -> list[str]:
    return repo.run("uninstall", check=True).stdout.splitlines()


def own_hook(repo: Repo, name: str, text: str) -> Path:
    path = repo.write(f".git/hooks/{name}", f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def listing(directory: Path) -> dict[str, tuple[int, bytes]]:
    """Return everything below a directory, each with its mode, and its bytes or its target."""
    return {
        str(path.relative_to(directory)): (
            path.lstat().st_mode,
            os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(directory.rglob("*"))
    }


def test_g1_a_legacy_hook_has_its_name_and_its_place(repo: Repo) -> None:
    """Check the three facts that hooks take from their own path: their name, the files beside them, the repository."""
    repo.write(".git/hooks/common.sh", 'said() { echo "$1 says: $(basename "$0")" >&2; }\n')
    repo.write("at-the-top", "")
    own_hook(repo, "pre-commit", '. "$(dirname "$0")/common.sh"; said mine; ls "$(dirname "$0")/../../at-the-top" >&2')
    before = listing(repo.path / ".git/hooks")
    install(repo, "pre-commit")
    lines = repo.git(*COMMIT).stderr.splitlines()
    assert lines[0] == "mine says: pre-commit" and lines[1].endswith("/at-the-top")
    uninstall(repo)
    assert listing(repo.path / ".git/hooks") == before and not repo.has(".git/hooks.dodo-kept")


def test_g1_a_dispatcher_finds_the_parts_that_lie_beside_it(repo: Repo) -> None:
    own_hook(repo, "pre-commit", 'for part in "$0.d"/*; do "$part"; done')
    repo.write(".git/hooks/pre-commit.d/10-first", "#!/bin/sh\necho first >&2\n").chmod(0o755)
    install(repo, "pre-commit")
    assert repo.git(*COMMIT).stderr == "first\n"


def test_g1_links_to_another_hook_lead_to_that_hook_and_not_to_a_shim(repo: Repo) -> None:
    own_hook(repo, "pre-commit", 'echo "own $(basename "$0")" >&2')
    hooks = repo.path / ".git/hooks"
    (hooks / "post-commit").symlink_to("pre-commit")
    (hooks / "post-checkout").symlink_to("post-merge")
    own_hook(repo, "post-merge", 'echo "merged by $(basename "$0")" >&2')
    before = listing(hooks)
    install(repo, "pre-commit", "post-commit")
    assert repo.git(*COMMIT).stderr == "own pre-commit\nown post-commit\n"
    install(repo, "post-checkout")  # its target stays where it is
    assert repo.git("checkout", "-q", "-b", "topic").stderr == "merged by post-checkout\n"
    install(repo, "post-merge")  # now that is kept, too
    assert repo.git("checkout", "-q", "main").stderr == "merged by post-checkout\n"
    uninstall(repo)
    assert listing(hooks) == before and not repo.has(".git/hooks.dodo-kept")


def test_g1_a_link_out_of_the_hooks_directory_leads_where_it_led(repo: Repo) -> None:
    repo.write("tools/hook", "#!/bin/sh\necho from the tools >&2\n").chmod(0o755)
    (repo.path / ".git/hooks/pre-commit").symlink_to("../../tools/hook")
    install(repo, "pre-commit")
    assert repo.git(*COMMIT).stderr == "from the tools\n"
    uninstall(repo)
    assert (repo.path / ".git/hooks/pre-commit").readlink() == Path("../../tools/hook")


@pytest.fixture
def old(repo: Repo) -> Repo:
    """Make a hooks directory as the version before this one left it: the hook is kept as NAME.dodo-kept."""
    own_hook(repo, "pre-commit", "echo kept >&2")
    hook = repo.path / ".git/hooks/pre-commit"
    install(repo, "commit-msg")
    hook.rename(f"{hook}.dodo-kept")
    hook.write_bytes((repo.path / ".git/hooks/commit-msg").read_bytes())
    return repo


def test_g1_what_an_earlier_version_kept_comes_back(old: Repo) -> None:
    assert set(uninstall(old)) == {"pre-commit: removed; your legacy hook is restored", "commit-msg: removed"}
    assert old.read(".git/hooks/pre-commit") == "#!/bin/sh\necho kept >&2\n"
    assert not old.has(".git/hooks/pre-commit.dodo-kept")


def test_g1_what_an_earlier_version_kept_is_moved_by_the_next_install(old: Repo) -> None:
    assert install(old, "pre-commit") == ["pre-commit: installed; your legacy hook runs first"]
    assert not old.has(".git/hooks/pre-commit.dodo-kept") and old.has(".git/hooks.dodo-kept/pre-commit")
    assert old.git(*COMMIT).stderr == "kept\n"
    uninstall(old)
    assert old.read(".git/hooks/pre-commit") == "#!/bin/sh\necho kept >&2\n" and not old.has(".git/hooks.dodo-kept")


def test_g1_only_what_is_a_hook_counts_as_one(repo: Repo) -> None:
    """Leave the samples that git puts there: they have no stand-ins, and need none."""
    own_hook(repo, "pre-commit", "true")
    install(repo, "applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit")
    assert [path.name for path in (repo.path / ".git/hooks.dodo-kept").iterdir()] == ["pre-commit"]


@pytest.mark.parametrize("moved", ["pre-commit.legacy", "pre-commit.old", "old-hooks/pre-commit"])
def test_g1_a_shim_that_another_program_has_moved_is_uninstalled(repo: Repo, moved: str) -> None:
    """Leave no shim without its launcher: a gate would refuse each commit."""
    hooks = repo.path / ".git/hooks"
    before = listing(hooks)
    install(repo, "pre-commit", "commit-msg")
    (hooks / moved).parent.mkdir(exist_ok=True)
    (hooks / "pre-commit").rename(hooks / moved)
    own_hook(repo, "pre-commit", f'exec "$(dirname "$0")/{moved}"')
    assert uninstall(repo) == ["commit-msg: removed", f"{moved}: removed"]
    assert {name for name in listing(hooks) if name not in before} <= {"pre-commit", "old-hooks"}


def test_g1_a_legacy_hook_takes_the_place_of_a_shim_that_was_moved(repo: Repo) -> None:
    """Restore what would be there if the other program had been installed without us."""
    own_hook(repo, "pre-commit", "echo first >&2")
    install(repo, "commit-msg", "pre-commit")
    (repo.path / ".git/hooks/pre-commit").rename(repo.path / ".git/hooks/pre-commit.legacy")
    own_hook(repo, "pre-commit", '"$0".legacy; echo second >&2')
    assert "pre-commit.legacy: removed; your legacy hook is restored" in uninstall(repo)
    assert repo.git(*COMMIT).stderr == "first\nsecond\n" and not repo.has(".git/hooks.dodo-kept")
    assert uninstall(repo) == ["no hooks of dodo-hooks are installed here"]
