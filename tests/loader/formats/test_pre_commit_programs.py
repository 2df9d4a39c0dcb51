"""The programs that stand in the place of pre-commit's own: the same output and exit code (P2, P3)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dodo_hooks.loader.compile import config_hooks
from dodo_hooks.loader.formats.pre_commit.pygrep_options import read_options
from dodo_hooks.loader.globs.type_tags import library_folder

PROGRAMS = Path(config_hooks.__file__).parents[1] / "formats/pre_commit/programs"
FILES = {"a.txt": "one\nTWO two\r\nthree", "b c.txt": "none\n\nx two\ntwo again\n", "é": "caf\u00e9 one\n", "empty": ""}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path.parent / "store"))
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, newline="")
    return tmp_path


def run(tree: Path, *words: str) -> tuple[int, bytes]:
    done = subprocess.run((sys.executable, *words), cwd=tree, stdout=subprocess.PIPE, check=False)
    return done.returncode, done.stdout


def script(name: str) -> tuple[str, ...]:
    return ("-I", "-S", str(PROGRAMS / f"{name}.py"))


@pytest.mark.parametrize("pattern", ["two", "^$", "e$", "one.*two", "(?s)two.+", "nothing", "é", "x(?= two)", "\\r"])
@pytest.mark.parametrize("args", [[], ["-i"], ["--multiline"], ["--negate"], ["--mult", "--neg", "-i"]])
def test_p3_pygrep_prints_what_pre_commit_prints(tree: Path, args: list[str], pattern: str) -> None:
    ours = run(tree, *script("pygrep"), *read_options(pattern, args), *FILES)
    assert ours == run(tree, "-m", "pre_commit.languages.pygrep", *args, pattern, *FILES)


@pytest.mark.parametrize("args", [["--unknown"], ["-i", "--nope", "x"]])
def test_p3_options_that_pygrep_does_not_have_are_errors(args: list[str]) -> None:
    with pytest.raises(ValueError, match="its argument"):
        read_options("x", args)


@pytest.mark.parametrize(
    "words",
    [
        ["n1", "sh", "-c", 'echo "$1"; [ "$1" != empty ]', "sh", "--", "a.txt", "empty", "é"],
        ["cd", "sub", "sh", "-c", 'pwd; echo "$@"', "sh", "--", "sub/x y", "sub/z"],
        ["cd", "sub", "echo", "--", "a.txt"],
        ["ignore-exit-code", "sh", "-c", "echo x; exit 7"],
        ["n1", "echo", "a.txt"],
        ["n1", "no-such-program", "--", "a.txt"],
    ],
)
def test_p3_hazmat_does_what_pre_commit_does(tree: Path, words: list[str]) -> None:
    (tree / "sub").mkdir()
    assert run(tree, *script("hazmat"), *words) == run(tree, "-m", "pre_commit.commands.hazmat", *words)


@pytest.mark.parametrize("hook", ["check-hooks-apply", "check-useless-excludes"])
def test_p2_meta_hooks_print_what_pre_commit_prints(tree: Path, hook: str) -> None:
    hooks = [
        {"id": "a", "files": "", "exclude": "^$", "types": ["text"], "types_or": [], "exclude_types": []},
        {"id": "b", "files": "none", "exclude": "^é", "types": [], "types_or": [], "exclude_types": []},
        {"id": "c", "files": "", "exclude": "txt$", "types": ["python"], "types_or": [], "exclude_types": []},
        {"id": "d", "files": "^a", "exclude": "^a", "types": ["file"], "types_or": ["text"], "exclude_types": ["json"]},
    ]
    config = {
        "exclude": "^empty",
        "repos": [
            {
                "repo": "local",
                "hooks": [{**one, "name": "x", "entry": "x", "language": "system"} for one in hooks],
            }
        ],
    }
    (tree / ".pre-commit-config.yaml").write_text(json.dumps(config))
    subprocess.run(("git", "init", "-q"), cwd=tree, check=True)
    subprocess.run(("git", "add", "."), cwd=tree, check=True)
    own = [[one[key] for key in ("id", "files", "exclude", "types", "types_or", "exclude_types")] for one in hooks]
    facts = {
        "check-hooks-apply": [
            [one, [files] if files else [], ["^empty", *([] if exclude == "^$" else [exclude])], *tags]
            for one, files, exclude, *tags in own
        ],
        "check-useless-excludes": [["", "^empty"], *own],
    }
    ours = run(tree, *script("meta"), library_folder(), hook, json.dumps(facts[hook]))
    theirs = run(tree, "-m", f"pre_commit.meta_hooks.{hook.replace('-', '_')}")
    assert ours == theirs and ours[0] == 1
