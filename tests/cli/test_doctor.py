"""`dodo-hooks doctor`: each thing that can be wrong, what is reported, and that the fix works."""

import functools
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dodo_hooks.git.install import launcher
from kit.repo import Repo

FILE = "hooks: {pre-commit: {jobs: [{name: a, run: 'true'}]}}\n"


@pytest.fixture
def installed(repo: Repo) -> Repo:
    repo.file(FILE)
    repo.write(".git/hooks/pre-commit", "#!/bin/sh\n").chmod(0o755)
    repo.run("install", check=True)
    assert doctor(repo) == (0, [])
    return repo


def doctor(repo: Repo) -> tuple[int, list[tuple[str, str, str]]]:
    """Return the exit code, and severity, check and sentence of each diagnostic."""
    done = repo.run("doctor", "--format", "json")
    found = [(one["severity"], one["subject"], f"{one['message']}; {one['fix']}") for one in json.loads(done.stdout)]
    return done.returncode, found


def fix(repo: Repo, sentence: str) -> None:
    command = re.findall(r"`(dodo-hooks .+?)`", sentence)[-1]
    repo.run(*shlex.split(command)[1:], check=True)


def hooks_gone(repo: Repo) -> None:
    (repo.path / ".git/hooks/pre-commit").unlink()


def hook_off(repo: Repo) -> None:
    (repo.path / ".git/hooks/pre-commit").chmod(0o644)


def launcher_gone(repo: Repo) -> None:
    (repo.path / ".git/dodo-hooks/launch.py").unlink()


def package_gone(repo: Repo) -> None:
    path = repo.path / ".git/dodo-hooks/launch.py"
    path.write_bytes(launcher.launcher_text("/nothing-here", []))
    (repo.path / ".git/dodo-hooks/hot.bin").unlink()


def python_gone(repo: Repo) -> None:
    path = repo.path / ".git/hooks/pre-commit"
    path.write_text(re.sub("dodo_python='.*'", "dodo_python='/it'\\\\''s gone'", path.read_text()))


def led_elsewhere(repo: Repo) -> None:
    repo.git("config", "core.hooksPath", "/elsewhere")


@pytest.mark.parametrize(
    ("breaks", "check", "said"),
    (
        (hooks_gone, "shims", "git does not fire pre-commit: no shim in "),
        (hook_off, "shims", "git ignores pre-commit in "),
        (launcher_gone, "launcher", "the launcher of the hooks is gone: "),
        (package_gone, "python", "its packages have moved or are gone"),
        (python_gone, "python", "the Python of the hooks is gone: /it's gone"),
        (led_elsewhere, "hooks-path", "core.hooksPath is /elsewhere"),
    ),
)
def test_what_keeps_hooks_from_running_is_found_and_fixed(
    installed: Repo, breaks: Callable[[Repo], None], check: str, said: str
) -> None:
    breaks(installed)
    code, found = doctor(installed)
    wrong = [one for one in found if one[0] == "error"]
    assert code == 1 and len(wrong) == 1 and wrong[0][1] == check and said in wrong[0][2]
    fix(installed, wrong[0][2])
    assert doctor(installed) == (0, [])


@pytest.mark.parametrize(
    ("name", "version", "said"),
    [
        ("doit", "", "has no doit, but needs doit<0.38,>=0.37"),
        ("doit", "0.36.0", "has doit 0.36.0, but needs doit<0.38,>=0.37"),
        ("identify", "2.4.0", "has identify 2.4.0, but needs identify>=2.5"),
        ("PyYAML", "5.4.1", "has PyYAML 5.4.1, but needs PyYAML>=6"),
        ("click", "7.1", "has click 7.1, but needs click>=8.1"),
    ],
)
def test_packages_that_the_hooks_cannot_use_are_found_and_fixed(
    installed: Repo, tmp_path: Path, name: str, version: str, said: str
) -> None:
    site = packages_but(tmp_path / "site", name, version)
    path = installed.path / ".git/dodo-hooks/launch.py"
    path.write_bytes(launcher.launcher_text(launcher.package_directory(), [str(site)]))
    code, found = doctor(installed)
    assert (code, [one[:2] for one in found]) == (1, [("error", "python")]) and said in found[0][2]
    assert installed.run("install", "--check").returncode == 1
    fix(installed, found[0][2])
    assert doctor(installed) == (0, [])


def test_packages_that_this_program_cannot_use_are_found(installed: Repo, tmp_path: Path) -> None:
    site = packages_but(tmp_path / "site", "doit", "0.36.0")
    done = installed.call(sys.executable, "-m", "dodo_hooks", "doctor", env={"PYTHONPATH": str(site)})
    python = shlex.quote(sys.executable)
    assert (done.returncode, done.stdout) == (
        1,
        f"error: {sys.prefix} has doit 0.36.0, but needs doit<0.38,>=0.37; run `{python} -m pip install"
        " 'doit<0.38,>=0.37'`\n",
    )


def packages_but(site: Path, name: str, version: str) -> Path:
    """Return a directory with all packages that are here but one, which has this version there, or is missing."""
    site.mkdir()
    for directory in launcher.site_directories(()):
        for path in Path(directory).iterdir():
            is_named = path.name.lower().startswith((f"{name.lower()}-", f"{name.lower()}."))
            if not is_named and (version or path.name != name) and not (site / path.name).exists():
                (site / path.name).symlink_to(path)
    if version:
        about = site / f"{name}-{version}.dist-info/METADATA"
        about.parent.mkdir()
        about.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return site


def test_variables_that_lead_git_elsewhere_are_found(installed: Repo) -> None:
    own = str(installed.path / ".git/hooks")
    for value, wanted in (("/elsewhere", 1), (own, 0)):
        given = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.hooksPath", "GIT_CONFIG_VALUE_0": value}
        code, found = doctor(Repo(installed.path, {**installed.env, **given}))
        said = "git does not use the hooks of dodo-hooks in this shell: its variables set core.hooksPath to /elsewhere"
        assert (code, [one[:2] for one in found]) == (wanted, [("error", "hooks-path")] * wanted)
        assert all(said in one[2] for one in found)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("hooks/pre-commit", b"exec ", b"exec  "),
        ("dodo-hooks/hot.bin", b"4 3.", b"0 3."),  # of another Python
        ("dodo-hooks/hot.bin", b"dodo_hooks.fire", b"dodo_hooks.fir"),  # damaged
    ],
)
def test_what_another_version_wrote_is_a_note(installed: Repo, name: str, before: bytes, after: bytes) -> None:
    path = installed.path / ".git" / name
    content = path.read_bytes()
    assert before in content
    path.write_bytes(content.replace(before, after))
    code, found = doctor(installed)
    assert code == 0 and [one[:1] for one in found] == [("note",)]
    fix(installed, found[0][2])
    assert doctor(installed) == (0, [])


def test_a_legacy_hook_that_is_off_is_a_note(installed: Repo) -> None:
    (installed.path / ".git/hooks.dodo-kept/pre-commit").chmod(0o644)
    code, [(level, check, sentence)] = doctor(installed)
    assert (code, level, check) == (0, "note", "legacy-hook") and "`chmod +x` it" in sentence


def test_hook_files(installed: Repo) -> None:
    installed.file(FILE, ".hooks.dodo")
    assert doctor(installed)[1] == [
        (
            "note",
            "hook-file",
            ".hooks.dodo is not read, because hooks.dodo comes first; change the hook file if this is not intended",
        )
    ]
    installed.file("hooks: {pre-commit: {jobs: [{name: lint, run: 'lint {{staged_files}}'}]}}\n")
    assert any(
        one[2].endswith("is left as it is; for the list of files write {staged_files}") for one in doctor(installed)[1]
    )
    installed.file("hooks: {pre-commit: {jobs: [{nam: a}]}}\n")
    code, found = doctor(installed)
    assert code == 1 and found[0][:2] == ("error", "hook-file") and "`dodo-hooks validate`" in found[0][2]
    for name in ("hooks.dodo", ".hooks.dodo"):
        (installed.path / name).unlink()
    code, [(level, _, sentence)] = doctor(installed)
    assert (code, level) == (0, "note") and "`dodo-hooks init` to create one" in sentence


def test_the_configuration_of_other_programs_is_a_note(installed: Repo) -> None:
    for name in (".pre-commit-config.yaml", "lefthook.yml", ".husky/pre-commit"):
        installed.write(name, "")
    code, found = doctor(installed)
    for_people = installed.run("doctor", check=True).stdout
    assert for_people == "".join(f"{level}: {line}\n" for level, _, line in found)
    programs = [sentence.split(" of ")[1].split(" ")[0] for _, check, sentence in found if check == "other-program"]
    assert code == 0 and programs == ["pre-commit", "lefthook", "husky"]


def test_a_file_of_pre_commit_below_our_own_is_no_other_program(installed: Repo) -> None:
    hook = "{id: a, name: a, entry: 'true', language: system}"
    installed.write(".pre-commit-config.yaml", f"repos: [{{repo: local, hooks: [{hook}]}}]\n")
    installed.file("extends: .pre-commit-config.yaml\nhooks: {pre-commit: {jobs: [{name: b, run: x}]}}\n")
    assert "other-program" not in [check for _, check, _ in doctor(installed)[1]]


def test_hooks_of_gits_configuration_are_notes(installed: Repo) -> None:
    set_config = functools.partial(installed.git, "config", "--global", "--add")
    for name, key, value in (
        *(("my Lint", "command", "old"), ("my Lint", "command", "lint.sh -x\n--all"), ("my Lint", "event", "update")),
        *(("my Lint", "event", ""), ("my Lint", "event", "pre-commit"), ("my Lint", "event", "pre-push")),
        *(("off", "command", "x"), ("off", "event", "pre-push"), ("off", "enabled", "no"), ("half", "command", "y")),
    ):
        set_config(f"hook.{name}.{key}", value)
    code, [(severity, check, sentence)] = doctor(installed)
    assert (code, severity, check) == (0, "note", "configured-hook")
    assert "runs `lint.sh -x\n--all` at pre-commit, pre-push, before the hooks of dodo-hooks" in sentence
    assert len(installed.run("doctor", check=True).stdout.splitlines()) == 1
    [command] = re.findall(r"`(git .+?)`", sentence)
    installed.call(*shlex.split(command), check=True)
    assert doctor(installed) == (0, [])


def test_a_legacy_hook_of_another_program_is_a_note(installed: Repo) -> None:
    """Name what removes it: while it is kept, the program itself does not find it."""
    kept = installed.path / ".git/hooks.dodo-kept/pre-commit"
    kept.write_text("#!/bin/sh\n# File generated by pre-commit\n")
    installed.write(".pre-commit-config.yaml", "")
    (_, _, other), (level, check, sentence) = doctor(installed)[1]
    assert (level, check) == ("note", "legacy-hook")
    assert other.startswith(".pre-commit-config.yaml is not read, because hooks.dodo comes first")
    assert "run `dodo-hooks uninstall`, `pre-commit uninstall`, and `dodo-hooks install`" in sentence
    kept.chmod(0o644)
    assert "both run" not in doctor(installed)[1][0][2]


def test_paths_that_were_hidden_are_named(installed: Repo) -> None:
    installed.write(".git/dodo-hooks-aside/journal", "")
    code, found = doctor(installed)
    assert code == 1 and found[0][:2] == ("error", "unstaged") and "dodo-hooks-aside" in found[0][2]


def test_r21_a_state_directory_that_cannot_be_written(installed: Repo, tmp_path: Path) -> None:
    installed.env["XDG_STATE_HOME"] = str(installed.write("a file", ""))
    code, found = doctor(installed)
    assert code == 1 and found[0][:2] == ("error", "state") and "Not a directory" in found[0][2]


def test_a_configuration_that_git_cannot_read_stops_all_commands(installed: Repo) -> None:
    with open(installed.path / ".git/config", "a") as file:
        file.write("[core\n")
    code, [(level, check, sentence)] = doctor(installed)
    assert (code, level, check) == (1, "error", "configuration") and "bad config line" in sentence
    for argv in (("jobs",), ("jobs", "logs", "x"), ("status",)):
        done = installed.run(*argv)
        assert done.returncode == 2 and "bad config line" in done.stderr, argv


def test_a_git_that_is_too_old(installed: Repo, tmp_path: Path) -> None:
    real = shutil.which("git")
    fake = tmp_path / "bin/git"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\ncase "$*" in *--version) echo git version 2.11.0 ;; *) exec {real} "$@" ;; esac\n')
    fake.chmod(0o755)
    installed.env["PATH"] = f"{fake.parent}:{os.environ['PATH']}"
    code, found = doctor(installed)
    assert code == 1 and found == [("error", "git", "git version 2.11.0 is too old; install git 2.26 or newer")]


def test_without_git_that_is_what_is_wrong(installed: Repo, tmp_path: Path) -> None:
    installed.env["PATH"] = str(tmp_path)
    code, [(level, check, sentence)] = doctor(installed)
    assert (code, level, check) == (1, "error", "git")
    assert "no git in PATH" in sentence and "install git, or fix PATH; no further checks" in sentence


def test_outside_of_a_repository_that_is_what_is_wrong(repo: Repo) -> None:
    code, found = doctor(Repo(repo.path.parent, repo.env))
    assert code == 1 and found[0][:2] == ("error", "repository")


def test_a_repository_without_hooks_installed(repo: Repo) -> None:
    assert repo.run("doctor").stdout == f"note: no hook file in {repo.path}; run `dodo-hooks init` to create one\n"
    repo.file(FILE)
    code, [(level, check, sentence)] = doctor(repo)
    assert (code, level, check) == (1, "error", "shims")
    fix(repo, sentence)
    assert doctor(repo) == (0, [])


@pytest.mark.parametrize(("text", "mode"), [("trusted: 1\n", 0o600), ("trusted: /x\n", 0o666)])
def test_an_own_configuration_that_has_no_effect_is_reported(installed: Repo, text: str, mode: int) -> None:
    path = Path(installed.env["XDG_CONFIG_HOME"], "dodo-hooks", "config.yml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    sentence = "your own configuration cannot be used, so nothing in it has an effect"
    assert doctor(installed) == (1, [("error", "config", f"{sentence}; see why with `dodo-hooks validate`")])
    assert str(path) in installed.run("validate").stderr
