"""The files that each job gets, and the jobs that do not apply because there are none (C7, G4)."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core import plan, statuses
from dodo_hooks.core.file_sets import listed_paths
from dodo_hooks.core.plan import FileRule
from dodo_hooks.core.plan_parts import Condition
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.loader.globs.compile_globs import compile_glob
from kit.hook_files.filtering import PROBE, ask, changed, hook_of, only, rule, skip, stage
from kit.repo import PACKAGES, Repo


@pytest.fixture
def counted(repo: Repo, tmp_path: Path) -> Repo:
    """Return a repository whose git commands are recorded; see `count`."""
    real = shutil.which("git")
    wrapper = tmp_path / "bin/git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    return Repo(repo.path, {**repo.env, "PATH": f"{wrapper.parent}:{repo.env['PATH']}"})


def count(repo: Repo) -> int:
    """Return how many git commands there were since the last call."""
    calls = repo.path.parent / "calls"
    number = len(calls.read_text().splitlines()) if calls.exists() else 0
    calls.unlink(missing_ok=True)
    return number


# Files


def test_g4_each_job_gets_its_files_and_one_without_any_does_not_apply(repo: Repo) -> None:
    stage(repo, "a.py", "web/b.js", "web/c.ts", "web/vendor/d.js", "README.md")
    hook = hook_of(
        {"files": rule(plan.STAGED)},
        {"files": rule(plan.STAGED, "*.py", "*.md")},
        {"root": "web", "files": rule(plan.STAGED, "*.{js,ts}", "!web/vendor/**")},
        {"files": rule(plan.STAGED, "*.rs")},
        {},
    )
    applies = ask(repo, hook)
    assert applies.files == {
        0: (b"README.md", b"a.py", b"web/b.js", b"web/c.ts", b"web/vendor/d.js"),
        1: (b"README.md", b"a.py"),
        2: (b"b.js", b"c.ts"),
    }
    assert applies.left_out == {3: Outcome(statuses.SKIPPED, statuses.CONDITION, "no matching staged files")}


def test_c7_excludes_win_and_patterns_see_the_whole_path(repo: Repo) -> None:
    stage(repo, "web/a.js", "web/b.js", "a.js")
    hook = hook_of(
        {"root": "web", "files": rule(plan.STAGED, "*.js", "!b.js")},
        {"files": rule(plan.STAGED, "a.js", "!/a.js")},
        {"files": rule(plan.STAGED, "!web/")},
    )
    assert ask(repo, hook).files == {0: (b"a.js",), 1: (b"web/a.js",), 2: (b"a.js",)}


def test_c7_a_job_can_ask_for_types_of_files(repo: Repo) -> None:
    stage(repo, "a.py", "b.txt")
    repo.write("tool", "#!/usr/bin/env python3\n").chmod(0o755)
    repo.git("add", "tool")
    hook = hook_of(
        {"files": rule(plan.STAGED, types=["text/x-python"])},
        {"files": rule(plan.STAGED, types=["executable", "text"])},
        {"files": rule(plan.STAGED, types=["binary"])},
    )
    applies = ask(repo, hook)
    assert applies.files == {0: (b"a.py", b"tool"), 1: (b"tool",)} and set(applies.left_out) == {2}


def test_g4_what_is_staged_is_given_to_jobs_whatever_has_become_of_it_since(repo: Repo) -> None:
    run = "for one in {staged_files}; do test -f $one && echo $one >>.git/$DODO_JOB; done"
    repo.hook("pre-commit", plain={"run": run}, typed={"run": run, "file_types": "text/x-python"})
    stage(repo, "kept.py", "gone.py", "link.py")
    for name in ("gone.py", "link.py"):
        (repo.path / name).unlink()
    (repo.path / "link.py").symlink_to("nowhere")
    repo.git("commit", "-qm", "work")
    names = ["gone.py", "kept.py", "link.py"]
    assert repo.read(".git/plain").split() == repo.read(".git/typed").split() == names


def test_c7_of_a_file_with_unstaged_changes_the_staged_one_has_the_types(repo: Repo) -> None:
    python, sizes = "#!/usr/bin/env python3\n", (0, 1, 8191, 8192, 8193, 300_000)
    staged = {f"size-{size}": "\n" * size for size in sizes}
    staged |= {"python": python, "shell": "#!/bin/sh\n", "late": "x" * 9000 + "\0", "program": "\0" + "x" * 100_000}
    for name, content in staged.items():
        repo.write(name, content)
    repo.write("tool", python).chmod(0o755)
    (repo.path / "link").symlink_to("tool")
    repo.git("add", ".")
    for name, content in staged.items():
        repo.write(name, "now text\n" if "\0" in content else "\0")
    (repo.path / "tool").chmod(0o644)
    repo.write("python", "#!/bin/sh\n").chmod(0o755)
    repo.write("shell", python)
    (repo.path / "link").unlink()
    repo.write("link", "a file\n")
    run = "for one in {staged_files}; do echo $one >>.git/$DODO_JOB; done"
    kinds = {"text": "text", "binary": "binary", "executable": "executable", "symlink": "symlink"}
    kinds |= {"python": "text/x-python", "shell": "text/x-shellscript"}
    jobs: dict[str, Any] = {name: {"run": run, "file_types": kind} for name, kind in kinds.items()}
    repo.hook("pre-commit", **jobs)
    repo.git("commit", "-qm", "work")
    seen = {name: repo.read(f".git/{name}").split() for name in kinds}
    assert seen.pop("text") == sorted({*staged, "tool"} - {"program"})
    assert seen == {
        "binary": ["program"],
        "executable": ["tool"],
        "symlink": ["link"],
        "python": ["python", "tool"],
        "shell": ["shell"],
    }


def test_c7_s7_in_a_snapshot_the_files_of_the_commit_have_the_types(repo: Repo) -> None:
    stage(repo, "kept.py", "gone", "now")
    for name in ("gone", "now"):
        repo.write(name, "#!/usr/bin/env python3\n" if name == "gone" else "#!/bin/sh\n")
    repo.git("add", ".")
    (repo.path / "gone").unlink()
    repo.write("now", "#!/usr/bin/env python3\n")
    run = "echo {changed_files}"
    job: dict[str, Any] = {"run": run, "file_types": ["text/x-python"], "workspace": "snapshot"}
    repo.hook("post-commit", front=job, back={**job, "background": True})
    repo.git("commit", "-qm", "work")
    done = repo.finished("post-commit")
    assert {done.log("front"), done.log("back")} == {b"gone kept.py\n"}


def test_c7_a_staged_file_whose_content_is_gone_fails_the_job(repo: Repo) -> None:
    stage(repo, "tool")
    blob = repo.git("rev-parse", ":tool").stdout.strip()
    repo.write("tool", "unstaged\n")
    repo.hook("pre-commit", typed={"run": "true {staged_files}", "file_types": "text"})
    repo.install()
    (repo.path / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    done = repo.git("commit", "-qm", "work", check=False)
    assert done.returncode == 1 and f"git cat-file: {blob} missing" in done.stderr


def test_g4_what_is_not_in_the_working_tree_is_given_to_nobody(repo: Repo) -> None:
    stage(repo, "kept", "gone")
    repo.git("commit", "-q", "-m", "two")
    (repo.path / "gone").unlink()
    hook = hook_of({"files": rule(plan.ALL)}, {"files": rule(plan.COMMAND, command="echo kept; echo gone")})
    assert ask(repo, hook).files == {0: (b"kept",), 1: (b"kept",)}


def commit_and_remove(repo: Repo, *names: str) -> None:
    stage(repo, *names)
    repo.git("commit", "-q", "-m", "two")
    repo.git("rm", "-q", "--", *names)


def without_list(source: str, *globs: str, **options: Any) -> FileRule:
    """Return the rule of a job whose command takes no list."""
    return rule(source, *globs, **options)._replace(counts_deleted=True)


@pytest.mark.parametrize(
    ("name", "source", "args"),
    [
        ("pre-commit", plan.STAGED, ()),
        ("commit-msg", plan.CHANGED, ()),
        ("post-checkout", plan.CHANGED, ("HEAD~1", "HEAD", "1")),
        ("post-merge", plan.CHANGED, ("0",)),
        ("post-commit", plan.CHANGED, ()),
        ("pre-push", plan.PUSHED, ("origin", "url")),
        ("pre-commit", plan.COMMAND, ()),
    ],
)
def test_g4_a_deleted_file_is_enough_for_a_job_without_a_list(
    repo: Repo, name: str, source: str, args: tuple[str, ...]
) -> None:
    commit_and_remove(repo, "a.ts")
    if name.startswith("post-") or name == "pre-push":
        repo.git("commit", "-q", "-m", "three")
        repo.git("update-ref", "ORIG_HEAD", "HEAD~1")
    old, new = (repo.git("rev-parse", one).stdout.strip() for one in ("HEAD~1", "HEAD"))
    stdin = f"refs/heads/main {new} refs/heads/main {old}\n" if name == "pre-push" else ""
    command = "echo a.ts" if source == plan.COMMAND else ""
    jobs: list[dict[str, object]] = [
        {"files": without_list(source, "*.ts", command=command)},
        {"files": without_list(source, "*.py", command=command)},
        {"files": rule(source, "*.ts", command=command)},
    ]
    applies = ask(repo, hook_of(*jobs, name=name), args, stdin.encode())
    assert applies.files == {0: ()} and set(applies.left_out) == {1, 2}


def test_g4_of_a_deleted_file_the_name_and_the_folder_count(repo: Repo) -> None:
    commit_and_remove(repo, "a.py", "gone/b.py")
    stage(repo, "kept/c.txt", "d.bin")
    repo.write("d.bin", b"\0")
    hook = hook_of(
        {"files": without_list(plan.STAGED, "a.py", types=["text"])},
        {"files": without_list(plan.STAGED, "a.py", types=["text/x-python"])},
        {"files": without_list(plan.STAGED, "a.py", types=["text/html"])},
        {"files": without_list(plan.STAGED, "d.bin", types=["text"])},
        {"root": "gone", "files": without_list(plan.STAGED)},
        {"files": without_list(plan.STAGED, "*.py", "!a.py", "!gone/**")},
    )
    assert set(ask(repo, hook).files) == {0, 1}


def test_g4_a_folder_that_comes_back_when_unstaged_changes_are_hidden_counts(repo: Repo) -> None:
    stage(repo, "web/kept")
    commit_and_remove(repo, "web/a.ts")
    shutil.rmtree(repo.path / "web")
    assert ask(repo, hook_of({"root": "web", "files": without_list(plan.STAGED, "*.ts")})).files == {0: ()}


def test_g4_a_link_that_leads_nowhere_is_in_no_list(repo: Repo) -> None:
    (repo.path / "nowhere").symlink_to("missing")
    (repo.path / "folder").symlink_to(".")
    repo.write("a", "")
    repo.git("add", "-A")
    hook = hook_of(
        {"files": rule(plan.STAGED)},
        {"files": rule(plan.ALL)},
        {"files": rule(plan.STAGED, types=["symlink"])},
        {"files": rule(plan.COMMAND, command="echo nowhere; echo a")},
        {"files": without_list(plan.STAGED, "nowhere")},
        {"files": rule(plan.STAGED, "nowhere")},
    )
    both = (b"a", b"folder")
    assert ask(repo, hook).files == {0: both, 1: both, 2: (b"folder",), 3: (b"a",), 4: ()}


def test_g4_given_files_take_the_place_of_every_set(counted: Repo) -> None:
    stage(counted, "a.py", "b.py", "c.md")
    count(counted)
    hook = hook_of(
        {"files": rule(plan.STAGED, "*.py")},
        {"files": rule(plan.PUSHED, "*.md"), "needs_event": "{push_files}"},
        {"files": rule(plan.COMMAND, "*.rs", command="exit 1")},
        {"checks": (0,)},
        checks=[skip(changed("c.md"))],
    )
    applies = ask(counted, hook, given=(b"c.md", b"b.py", b"b.py", b"not there.py", b"nul\0.py"))
    assert applies.files == {0: (b"b.py",), 1: (b"c.md",)}
    assert applies.left_out[2].reason == "no matching files among those given"
    assert applies.left_out[3].reason == "a changed file matches c.md"
    assert count(counted) == 0


@pytest.mark.parametrize("separator", [b"\n", b"\0"])
def test_g4_a_command_can_list_files_with_any_name(repo: Repo, separator: bytes) -> None:
    names = [b"a b", b"-x", b"$(touch owned)", "é".encode(), b"\xff", b'"quoted"', b"back\\slash"]
    names += [b"new\nline"] if separator == b"\0" else []
    for name in names:
        Path(os.fsdecode(os.path.join(os.fsencode(repo.path), name))).write_text("x")
    (repo.path.parent / "list").write_bytes(separator.join([*names, names[0], b""]))
    applies = ask(repo, hook_of({"files": rule(plan.COMMAND, command="cat ../list")}))
    assert applies.files == {0: tuple(names)} and not repo.has("owned")


def test_g4_a_command_may_print_as_git_does(repo: Repo) -> None:
    stage(repo, 'odd "name"\n\t\\', "sub/é", "plain")
    repo.git("commit", "-q", "-m", "odd")
    listing = hook_of(
        {"files": rule(plan.COMMAND, command="git ls-files")},
        {"files": rule(plan.COMMAND, command="find ./sub -type f; find $PWD/sub -type f; echo /etc/passwd; echo ../x")},
    )
    assert ask(repo, listing).files == {0: (b'odd "name"\n\t\\', b"plain", "sub/é".encode()), 1: ("sub/é".encode(),)}


def test_g4_a_command_runs_at_the_top_once_with_the_variables_of_hook_and_job(repo: Repo) -> None:
    stage(repo, "sub/a", "pre-push", "job")
    command = "echo x >> ../ran; pwd > ../where; echo $DODO_HOOK; echo $MINE; echo $DODO_ARG2"
    files = rule(plan.COMMAND, command=command)
    hook = hook_of({"files": files}, {"files": files}, {"files": files, "env": (("MINE", "job"),)}, name="pre-push")
    applies = ask(repo, hook, ("origin", "sub/a"))
    assert applies.files == {0: (b"pre-push", b"sub/a"), 1: (b"pre-push", b"sub/a"), 2: (b"pre-push", b"job", b"sub/a")}
    assert (repo.path.parent / "ran").read_text() == "x\nx\n"
    assert (repo.path.parent / "where").read_text() == f"{repo.path}\n"


def test_g4_a_job_whose_files_cannot_be_listed_has_failed(repo: Repo) -> None:
    stage(repo, "a")
    hook = hook_of(
        {"files": rule(plan.COMMAND, command="echo a; echo no >&2; echo 'such list' >&2; exit 3")},
        {"files": rule(plan.COMMAND, command="exit 4")},
        {"files": rule(plan.STAGED)},
    )
    applies = ask(repo, hook)
    assert applies.files == {2: (b"a",)}
    first, second = applies.left_out[0], applies.left_out[1]
    assert (first.status, first.cause) == (statuses.FAILED, statuses.SPAWN)
    assert first.reason == ("`files` command failed (echo a; echo no >&2; echo 'such list' >&2; exit 3): such list")
    assert second.reason == "`files` command failed (exit 4): exit code 4"
    assert statuses.exit_code_of([first]) == 1


def test_g4_a_command_that_takes_longer_than_its_hook_has_failed(repo: Repo) -> None:
    hook = hook_of({"files": rule(plan.COMMAND, command="sleep 1000")}, timeout_s=0.2)
    assert ask(repo, hook).left_out[0].reason == (
        "`files` command failed (sleep 1000): timed out after the 0.2 s of the hook"
    )


def test_g4_a_job_fails_if_git_cannot_tell_its_files(counted: Repo) -> None:
    stage(counted, "a")
    counted.write(".git/index", "junk")
    count(counted)
    applies = ask(counted, hook_of({"files": rule(plan.STAGED)}, {"files": rule(plan.STAGED)}, {}))
    assert [applies.left_out[number].status for number in (0, 1)] == [statuses.FAILED] * 2 and 2 not in applies.left_out
    assert (applies.left_out[0].reason or "").startswith("git diff-index: ")
    assert count(counted) == 1


def test_g4_a_set_costs_one_git_process_and_a_hook_that_needs_none_costs_none(counted: Repo) -> None:
    stage(counted, "a.py")
    count(counted)
    staged, everything = rule(plan.STAGED, "*.py"), rule(plan.ALL, "*.py")
    assert ask(counted, hook_of({}, {"absent": "on another system"})).files == {}
    assert count(counted) == 0
    many = hook_of({"files": staged}, {"files": staged}, {"checks": (0,)}, checks=[only(changed("*.py"))])
    assert set(ask(counted, many).left_out) == set() and count(counted) == 1
    both = hook_of({"files": staged}, {"files": everything}, {"files": rule(plan.CHANGED)}, name="commit-msg")
    ask(counted, both, ("msg",))
    assert count(counted) <= 3
    merged = only(Condition(plan.AT_MERGE_COMMIT))
    ask(counted, hook_of({"checks": (0,)}, {"checks": (0,)}, checks=[merged]))
    assert count(counted) == 1
    never = skip(Condition(plan.ALWAYS))
    assert set(ask(counted, hook_of({"files": staged, "checks": (0,)}, checks=[never])).left_out) == {0}
    ask(counted, hook_of({"files": staged}), left_out={0: Outcome(statuses.SKIPPED, statuses.SELECTION, PROBE)})
    assert count(counted) == 0


# What it costs
SCRIPT = """\
import sys
before = set(sys.modules)
sys.path.append({packages!r})
from dodo_hooks.core.plan import Execution, FileRule, Hook, Job, Selection
from dodo_hooks.core.plan_parts import Check, Condition
from dodo_hooks.fire.select.event_files import EventFiles
from dodo_hooks.fire.select.job_filter import filter_jobs
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.world import make_world
world = make_world()
rule = FileRule("staged", "", ({glob!r},), (), ("text/x-python",))
checks = (Check(False, (Condition("run", "false"),)),)
job = Job(0, "a", "0-a", Execution("true", ("true",)), selection=Selection(rule, checks=(0,)))
hook = Hook("pre-commit", (job,), (0,), False, None, checks)
print(filter_jobs(EventFiles(world, find_repo(world.environ, world.cwd), hook, (), b""), {{}}).files)
print(*(name for name in set(sys.modules) - before if not name.startswith("dodo_hooks")))
"""


def test_nothing_that_is_slow_to_import_is_needed(repo: Repo) -> None:
    """As tests/git/install/test_bundle.py has it for a whole firing; `_sre` is C, and there for expressions."""
    stage(repo, "src/a.py", "src/b.md")
    script = SCRIPT.format(packages=PACKAGES, glob=compile_glob("src/*.py"))
    done = repo.call(sys.executable, "-I", "-S", "-c", script, check=True)
    files, imported = done.stdout.splitlines()
    assert files == "{0: (b'src/a.py',)}"
    assert set(imported.split()) <= {"_collections", "select", "_sre"}


# Lists


file_names = st.binary(min_size=1).filter(lambda name: b"\0" not in name and not name.startswith(b"./"))


@given(st.lists(file_names, unique=True))
def test_g4_any_names_between_nuls_are_read_as_they_are(names: list[bytes]) -> None:
    assert listed_paths(b"".join(name + b"\0" for name in names)) == tuple(names)


@given(file_names)
def test_g4_names_are_read_as_git_quotes_them(name: bytes) -> None:
    escapes = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
    quoted = "".join(
        f"\\{escapes[byte]}" if byte in escapes else chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}" for byte in name
    )
    line = f'"{quoted}"' if "\\" in quoted else quoted
    assert listed_paths(line.encode() + b"\n") == (name,)
