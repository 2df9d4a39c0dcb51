"""The manifest of outputs: what counts, what cannot be in it, and what is believed when it is read back (K5, K9)."""

import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dodo_hooks.host.files.file_tree import remove_tree
from dodo_hooks.results.outputs.manifest import FILE, FOLDER, LINK, Entry, Manifest, decode_manifest, manifest_of
from kit.commits.unstaged import snapshot
from kit.repo import Repo
from kit.results.outputs import KEY, cache_dir, ignore, make_outputs, put, restore, store

pytestmark = pytest.mark.timeout(120)  # on a busy machine

DIGEST = b"0" * 64
OUT = (b"out",)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    put(tmp_path / "out/file", "text")
    put(tmp_path / "out/folder/other", "text")
    (tmp_path / "out/link").symlink_to("file")
    return tmp_path


def digest(top: Path) -> str:
    found = manifest_of(str(top), OUT)
    assert found is not None
    return found.digest


def test_k5_only_times_do_not_count(top: Path) -> None:
    before = digest(top)
    for path in (top / "out/file", top / "out/folder", top / "out"):
        os.utime(path, (1, 1))
    (top / "out/file").rename(top / "out/other")
    (top / "out/other").rename(top / "out/file")
    assert digest(top) == before


def link(path: Path, target: str) -> Path:
    path.symlink_to(target)
    return path


CHANGES: "dict[str, Callable[[Path], object]]" = {
    "content": lambda out: (out / "file").write_text("texT"),
    "mode": lambda out: (out / "file").chmod(0o600),
    "mode of a folder": lambda out: (out / "folder").chmod(0o700),
    "name": lambda out: (out / "file").rename(out / "filf"),
    "one more": lambda out: (out / "more").touch(),
    "one less": lambda out: (out / "file").unlink(),
    "empty folder": lambda out: (out / "empty").mkdir(),
    "target": lambda out: os.replace(link(out / "new", "File"), out / "link"),
    "link for a file": lambda out: os.replace(link(out / "new", "text"), out / "file"),
    "moved": lambda out: (out / "file").rename(out / "folder/file"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_k5_all_else_counts(top: Path, change: "Callable[[Path], object]") -> None:
    before = digest(top)
    change(top / "out")
    assert digest(top) != before


def _socket(out: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = os.getcwd()
        os.chdir(out)  # the path of a socket is short
        try:
            one.bind("socket")
        finally:
            os.chdir(here)


IMPOSSIBLE: "dict[str, Callable[[Path], object]]" = {
    "socket": _socket,
    "pipe": lambda out: os.mkfifo(out / "pipe"),
    "git directory": lambda out: (out / "folder/.git").mkdir(),
    "git file": lambda out: (out / "folder/.GIT").write_text("gitdir: /somewhere\n"),
    "setuid": lambda out: (out / "file").chmod(0o4755),
    "setgid": lambda out: (out / "file").chmod(0o2755),
    "sticky": lambda out: (out / "folder").chmod(0o1755),
    "missing": lambda out: out.rename(out.parent / "gone"),
    "link above": lambda out: link(out, str(out.rename(out.parent / "there"))),
}


@pytest.mark.parametrize("change", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_k9_what_cannot_be_restored_exactly_has_no_manifest(top: Path, change: "Callable[[Path], object]") -> None:
    change(top / "out")
    assert manifest_of(str(top), (b"out/folder",) if (top / "out").is_symlink() else OUT) is None


def test_k9_an_output_that_is_a_link_is_a_link(top: Path) -> None:
    (top / "out").rename(top / "there")
    (top / "out").symlink_to("there")
    found = manifest_of(str(top), OUT)
    assert found is not None and [(one.kind, one.content) for one in found.entries] == [(LINK, b"there")]


def test_k9_a_deep_tree_has_a_manifest_and_can_be_removed(tmp_path: Path) -> None:
    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1500):
            os.mkdir("o")
            os.chdir("o")
    finally:
        os.chdir(here)
    found = manifest_of(str(tmp_path), (b"o",))
    assert remove_tree(os.fsencode(tmp_path / "o")), "pytest itself cannot remove it"
    assert found is not None and len(found.entries) == 1500
    assert decode_manifest(found.encode(), (b"o",)) == found


# There and back

names = st.text("ab-. \n*\u00e9\u200c", min_size=1, max_size=6).map(str.encode).filter(lambda name: name.strip(b"."))
moments = st.integers(0, 1 << 62)
modes = st.integers(0, 0o777)
hexes = st.binary(min_size=32, max_size=32).map(lambda raw: raw.hex().encode())
targets = st.text("ab./\n", min_size=1, max_size=20).map(str.encode)


@st.composite
def trees(draw: st.DrawFn) -> Manifest:
    """Draw a manifest of the output `out`."""
    entries = {b"out": Entry(b"out", FOLDER, draw(modes), b"", draw(moments))}
    for _ in range(draw(st.integers(0, 12))):
        folder = draw(st.sampled_from(sorted(path for path, one in entries.items() if one.kind == FOLDER)))
        path, kind = folder + b"/" + draw(names), draw(st.sampled_from((FILE, FOLDER, LINK)))
        content = {FILE: draw(hexes), FOLDER: b"", LINK: draw(targets)}[kind]
        entries.setdefault(path, Entry(path, kind, 0 if kind == LINK else draw(modes), content, draw(moments)))
    return Manifest(tuple(entries[path] for path in sorted(entries)))


@given(trees())
def test_k9_a_manifest_goes_there_and_back(manifest: Manifest) -> None:
    assert decode_manifest(manifest.encode(), OUT) == manifest
    assert Manifest(tuple(one._replace(modified_ns=1) for one in manifest.entries)).digest == manifest.digest


@given(trees(), trees())
def test_k5_two_manifests_have_one_digest_only_where_they_are_equal(one: Manifest, other: Manifest) -> None:
    identities = [tuple(entry.identity for entry in manifest.entries) for manifest in (one, other)]
    assert (one.digest == other.digest) == (identities[0] == identities[1])


@given(trees(), st.data())
def test_k9_a_damaged_manifest_is_refused(manifest: Manifest, data: st.DataObject) -> None:
    encoded = bytearray(manifest.encode())
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match="manifest"):
        decode_manifest(bytes(encoded), OUT)


# Planted manifests

ROOT = Entry(b"out", FOLDER, 0o755, b"", 0)
HOSTILE = [
    [Entry(b"out", FILE, 0o4755, DIGEST, 0)],
    [Entry(b"out", FILE, 0o1000, DIGEST, 0)],
    [Entry(b"out", FILE, 0o644, DIGEST[1:], 0)],
    [Entry(b"out", FILE, 0o644, b"/" * 64, 0)],
    [Entry(b"out", b"b", 0o644, b"", 0)],
    [Entry(b"out", b"", 0o644, b"", 0)],
    [Entry(b"out", LINK, 0, b"", 0)],
    [Entry(b"out", FOLDER, 0o755, b"content", 0)],
    [Entry(b"out", FOLDER, 0o755, b"", 1 << 63)],
    [Entry(b"other", FOLDER, 0o755, b"", 0)],
    [Entry(b"other", FOLDER, 0o755, b"", 0), ROOT],
    [ROOT, ROOT],
    [],
    *(
        [ROOT, Entry(path, FILE, 0o644, DIGEST, 0)]
        for path in (
            b"/etc/x",
            b"out/../x",
            b"out/..",
            b"out/.",
            b"out//x",
            b"out/",
            b"out/.git",
            b"out/.GIT",
            b"x",
            b"",
        )
    ),
    *([ROOT, Entry(path, FOLDER, 0o755, b"", 0)] for path in (b"out/..", b"out/.git", b"..", b"out/git~1", b"out.x")),
    [ROOT, Entry(b"out/.git", FOLDER, 0o755, b"", 0), Entry(b"out/.git/config", FILE, 0o644, DIGEST, 0)],
    [ROOT, Entry(b"out/l", LINK, 0, b"/etc", 0), Entry(b"out/l/x", FILE, 0o644, DIGEST, 0)],
    [ROOT, Entry(b"out/f", FILE, 0o644, DIGEST, 0), Entry(b"out/f/x", FILE, 0o644, DIGEST, 0)],
    [ROOT, Entry(b"out/d/x", FILE, 0o644, DIGEST, 0)],
    [ROOT, Entry(b"out/b", FOLDER, 0o755, b"", 0), Entry(b"out/a", FOLDER, 0o755, b"", 0)],
    [Entry(b"out", LINK, 0, b"/etc", 0), Entry(b"out/passwd", FILE, 0o644, DIGEST, 0)],
]


@pytest.mark.parametrize("entries", HOSTILE)
def test_k9_a_manifest_that_leads_elsewhere_is_refused(entries: "list[Entry]") -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_manifest(Manifest(tuple(entries)).encode(), OUT)


def test_k9_outputs_that_lead_elsewhere_are_refused() -> None:
    for path in (b"..", b"a/../../b", b"/etc", b".git", b".git/hooks"):
        with pytest.raises(ValueError, match=r"."):
            decode_manifest(Manifest((Entry(path, FOLDER, 0o755, b"", 0),)).encode(), (path,))


PLANTED = b"planted"
parts = st.sampled_from((b"out", b"..", b".", b"", b".git", b"a", b"link", b"src", b"\n", b"out-b"))
paths = st.lists(parts, min_size=1, max_size=4).map(b"/".join)
entries = st.builds(
    Entry,
    paths,
    st.sampled_from((FILE, FOLDER, LINK)),
    st.integers(0, 0o7777),
    st.sampled_from((hashlib.sha256(PLANTED).hexdigest().encode(), b"", b"/", b"..", b"../src", b"/etc")),
    st.integers(0, 1 << 63),
)
plausible = st.builds(  # most of what is drawn above is refused at its first entry
    Entry,
    st.lists(parts, max_size=3).map(lambda more: b"/".join((b"out", *more))),
    st.just(FOLDER),
    modes,
    st.just(b""),
    moments,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(entries, plausible), max_size=6), st.booleans())
def test_k9_whatever_a_manifest_says_nothing_is_written_outside_of_the_output(
    repo: Repo, drawn: "list[Entry]", is_sorted: bool
) -> None:
    if not (repo.path / "src").exists():
        ignore(repo, "/out")
        put(repo.path / "src", "mine")
        put(repo.path / "out/file", "text")
        assert store(repo, outputs=OUT) is not None
    entry = Path(cache_dir(repo)) / KEY
    (entry / "files").mkdir(parents=True, exist_ok=True)
    if is_sorted:
        drawn = [ROOT, *sorted({one.path: one for one in drawn if one.path != b"out"}.values())]
    (entry / "manifest").write_bytes(Manifest(tuple(drawn)).encode())
    count = sum(one.kind == FILE for one in drawn)
    (entry / "about").write_text(f"100 copy\n{f'{len(PLANTED)} ' * count}")
    (entry / "files" / "0").write_bytes(PLANTED * count)
    before = elsewhere(repo)
    restore(repo, outputs=OUT)
    assert elsewhere(repo) == before


def elsewhere(repo: Repo) -> "dict[bytes, object]":
    everything = snapshot(repo.path.parent)
    mine = (b"repo/out", b"home/cache")
    return {path: thing for path, thing in everything.items() if not path.startswith(mine)}


# A planted journal


def test_k9_a_planted_journal_moves_nothing_to_where_it_is_not_wanted(repo: Repo, tmp_path: Path) -> None:
    ignore(repo)
    put(repo.path / "src/file", "mine")
    repo.git("add", "src")
    repo.git("commit", "-q", "-m", "src")
    make_outputs(repo)
    store(repo)
    put(tmp_path / "outside/file", "outside")
    area = repo.path / ".git/dodo-hooks-outputs"
    before = snapshot(repo.path)
    for path in (
        b"src",
        b"src/new",
        b".git/hooks",
        b"../outside",
        b"out/../../outside",
        b"/outside",
        b"link/file",
        b"untracked",
    ):
        for place in (b"0", b"1", b"-1", b"99", b"x"):
            area.mkdir()
            put(area / "0" / "file", "planted")
            inode = b"%d" % (area / "0").stat().st_ino
            status = (repo.path / "src").stat()
            old = b"%d %d %d" % (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
            (area / "journal").write_bytes(b"\0".join((path, place, inode, old)))
            assert restore(repo).manifest is not None
            assert snapshot(repo.path).keys() == before.keys(), (path, place)
            assert (repo.path / "src/file").read_text() == "mine" and not area.exists()
            assert (tmp_path / "outside/file").read_text() == "outside"


@pytest.mark.parametrize("name", ["dodo-hooks-outputs", "dodo-hooks-outputs/journal", "dodo-hooks-outputs/0"])
def test_k9_a_planted_link_is_not_followed(repo: Repo, tmp_path: Path, name: str) -> None:
    ignore(repo)
    old = make_outputs(repo)
    store(repo)
    put(tmp_path / "outside/0/file", "outside")
    put(tmp_path / "outside/journal", "node_modules\0000\0001\0")
    before = snapshot(tmp_path / "outside")
    link = repo.path / ".git" / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "outside")
    assert restore(repo).manifest is not None
    assert snapshot(tmp_path / "outside") == before and not link.exists()
    assert {path: thing for path, thing in snapshot(repo.path).items() if path in old} == old
