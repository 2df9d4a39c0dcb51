"""The dependency database: one JSON file, any number of programs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from doit.dependency import Dependency, JSONCodec  # type: ignore[import-untyped]
from doit.task import Task  # type: ignore[import-untyped]

from dodo_hooks.doit_runner.database import HookDB, HookDBError
from kit.repo import PACKAGES

WRITES = 200
WRITER = """
import sys
from doit.dependency import JSONCodec
from dodo_hooks.doit_runner.database import HookDB

name, writer, writes = sys.argv[1], sys.argv[2], int(sys.argv[3])
database = HookDB(name, JSONCodec())
print("ready", flush=True)
sys.stdin.readline()
for number in range(writes):
    database.set(f"{writer}-{number}", "ignore:", "1")
    database.set("both", f"{writer}-{number}", number)
    database.flush()
"""


def test_two_programs_write_at_the_same_time_and_no_row_is_lost(tmp_path: Path, env: dict[str, str]) -> None:
    path = tmp_path / "state" / "db.json"
    writers = [_start_writer(path, writer, env) for writer in "ab"]
    for writer in writers:
        assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
    for writer in writers:  # not by `communicate`, which would wait for the end of the first
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.communicate() and writer.returncode for writer in writers] == [0, 0]
    rows = json.loads(path.read_text())
    assert set(rows) == {f"{writer}-{number}" for writer in "ab" for number in range(WRITES)} | {"both"}
    assert len(rows["both"]) == 2 * WRITES
    assert sorted(os.listdir(path.parent)) == ["db.json", "db.json.lock"]


def test_a_flush_writes_what_was_changed_and_keeps_what_others_wrote_since(tmp_path: Path) -> None:
    ours, theirs = _open(tmp_path), _open(tmp_path)
    ours.set("lint", "_values_:", {"n": 1})
    theirs.set("lint", "ignore:", "1")
    theirs.set("build", "ignore:", "1")
    theirs.flush()
    ours.flush()
    assert _rows(tmp_path) == {"lint": {"ignore:": "1", "_values_:": {"n": 1}}, "build": {"ignore:": "1"}}
    assert ours.get("build", "ignore:") == "1"  # a flush also shows us what they wrote


def test_a_removed_row_goes_with_what_others_wrote_in_it(tmp_path: Path) -> None:
    ours, theirs = _open(tmp_path), _open(tmp_path)
    theirs.set("lint", "ignore:", "1")
    theirs.flush()
    ours.remove("lint")  # it never saw the row
    ours.set("lint", "checker:", "MD5Checker")
    ours.flush()
    assert _rows(tmp_path) == {"lint": {"checker:": "MD5Checker"}}


def test_remove_all_takes_the_rows_of_others_too_and_what_is_set_afterwards_stays(tmp_path: Path) -> None:
    ours, theirs = _open(tmp_path), _open(tmp_path)
    theirs.set("lint", "ignore:", "1")
    theirs.flush()
    ours.set("docs", "ignore:", "1")
    ours.remove_all()
    ours.set("build", "ignore:", "1")
    ours.flush()
    assert _rows(tmp_path) == {"build": {"ignore:": "1"}}


def test_nothing_is_written_when_nothing_was_changed(tmp_path: Path) -> None:
    database = HookDB(str(tmp_path / "deep" / "db.json"), JSONCodec())
    database.get("lint", "ignore:")
    database.dump()
    assert os.listdir(tmp_path) == []


def test_what_is_in_no_row_is_removed_without_a_write(tmp_path: Path) -> None:
    ours, theirs = _open(tmp_path), _open(tmp_path)
    theirs.set("lint", "ignore:", "1")
    theirs.flush()
    ours.remove("lint")  # not in our memory
    ours.flush()
    assert _rows(tmp_path) == {}
    ours.set("build", "ignore:", "1")
    ours.flush()
    (file,) = tmp_path.glob("*.json")
    before = file.stat()
    ours.remove("lint")
    ours.flush()
    assert file.stat() == before
    ours.remove("build")
    ours.flush()
    assert _rows(tmp_path) == {}


def test_no_descriptor_is_open_between_two_calls(tmp_path: Path) -> None:
    before = os.listdir("/dev/fd")
    database = _open(tmp_path)
    database.set("lint", "ignore:", "1")
    database.flush()
    assert os.listdir("/dev/fd") == before


def test_doit_keeps_values_and_ignore_marks_in_it(tmp_path: Path) -> None:
    name = str(tmp_path / "db.json")
    task = Task("lint", None, file_dep=[__file__])
    task.values = {"files": 3}
    manager = Dependency(HookDB, name)
    manager.save_success(task)
    manager.ignore(task)
    manager.close()
    again = Dependency(HookDB, name)
    assert again.get_values("lint") == {"files": 3}
    assert again.status_is_ignore(task)
    assert again.get_status(task, {}).status == "up-to-date"


def test_a_relative_name_stays_where_it_was_when_the_program_changes_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    database = HookDB("db.json", JSONCodec())
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    database.set("lint", "ignore:", "1")
    database.dump()
    assert _rows(tmp_path) == {"lint": {"ignore:": "1"}}


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"lint": 1}', "\0"])
def test_r19_a_damaged_file_is_reported_once_and_replaced(
    tmp_path: Path, damage: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "db.json").write_text(damage)
    database = _open(tmp_path)
    database.set("lint", "ignore:", "1")
    database.flush()
    assert capfd.readouterr().err.count("ignored damaged database") == 1
    assert _rows(tmp_path) == {"lint": {"ignore:": "1"}}
    _open(tmp_path)
    assert capfd.readouterr().err == ""


def test_r21_a_fifo_in_its_place_is_damage_and_holds_up_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "db.json")
    database = _open(tmp_path)
    database.set("lint", "ignore:", "1")
    database.flush()
    assert capfd.readouterr().err.count("ignored damaged database") == 1
    assert _rows(tmp_path) == {"lint": {"ignore:": "1"}}


def test_r21_a_directory_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    database = HookDB(str(tmp_path / "file" / "db.json"), JSONCodec())
    database.set("lint", "ignore:", "1")
    with pytest.raises(HookDBError, match=r"^cannot write .*/file/db\.json: (Not a directory|File exists)$"):
        database.flush()


def _open(directory: Path) -> HookDB:
    return HookDB(str(directory / "db.json"), JSONCodec())


def _rows(directory: Path) -> object:
    return json.loads((directory / "db.json").read_text())


def _start_writer(path: Path, writer: str, env: dict[str, str]) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-c", WRITER, str(path), writer, str(WRITES)]
    return subprocess.Popen(
        argv, env={**env, "PYTHONPATH": PACKAGES}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
