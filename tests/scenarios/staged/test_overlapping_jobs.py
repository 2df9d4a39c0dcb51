"""Jobs of one hook that change the same files (G6, G7)."""

from typing import Any

from kit.commits.partial import COMMIT, MakeGate, expect_nobody_at, head, make_partial
from kit.commits.unstaged import fixed_text
from kit.gate import Gate
from kit.repo import Repo


def fixer(gate: Gate, glob: str, **more: Any) -> dict[str, Any]:
    return {"run": f": {{staged_files}}; {gate.command}", "glob": glob, "stage_fixed": True, **more}


def reader(gate: Gate, glob: str) -> dict[str, Any]:
    return {"run": f": {{staged_files}}; {gate.command}", "glob": glob}


def stage(repo: Repo, *names: str) -> None:
    for name in names:
        repo.write(name, "staged\n")
    repo.git("add", *names)


def test_g7_jobs_that_share_files_go_in_turn_and_others_at_once(repo: Repo, make_gate: MakeGate) -> None:
    one, look, two, other, free, apart = (make_gate(name) for name in ("one", "look", "two", "other", "free", "apart"))
    repo.settings(jobs=8)
    repo.hook(
        "pre-commit",
        one=fixer(one, "*.py"),
        look=reader(look, "a.py"),
        two=fixer(two, "a.py"),
        other=fixer(other, "*.md"),
        free=free.command,
        apart=reader(apart, "*.txt"),
    )
    stage(repo, "a.py", "b.py", "c.md", "d.txt")
    git = repo.start(*COMMIT)
    for gate in (one, other, free, apart):
        gate.wait()
    expect_nobody_at(look)
    assert two.is_empty()
    one.open()
    look.wait()
    expect_nobody_at(two)
    look.open()
    two.wait()
    for gate in (two, other, free, apart):
        gate.open()
    git.communicate()
    assert git.returncode == 0


def test_g7_readers_of_one_file_run_at_once_before_it_is_changed(repo: Repo, make_gate: MakeGate) -> None:
    first, second, fix = make_gate("first"), make_gate("second"), make_gate("fix")
    repo.settings(jobs=8)
    repo.hook("pre-commit", first=reader(first, "*.py"), second=reader(second, "a.py"), fix=fixer(fix, "a.py"))
    stage(repo, "a.py")
    git = repo.start(*COMMIT)
    first.wait()
    second.wait()
    first.open()
    expect_nobody_at(fix)
    second.open()
    fix.wait()
    fix.open()
    git.communicate()
    assert git.returncode == 0


def test_g7_across_groups_and_after_a_failure(repo: Repo, make_gate: MakeGate) -> None:
    one, two, other = make_gate("one"), make_gate("two"), make_gate("other")
    repo.settings(jobs=8)
    in_one = {**fixer(one, "a.py"), "name": "in-one"}
    in_one["run"] += "; exit 3"
    in_two = [{**fixer(two, "*.py"), "name": "in-two"}, {**fixer(other, "c.md"), "name": "beside"}]
    repo.hook(
        "pre-commit",
        first={"group": {"parallel": True, "jobs": [in_one]}},
        second={"group": {"parallel": True, "jobs": in_two}},
    )
    stage(repo, "a.py", "b.py", "c.md")
    git = repo.start(*COMMIT)
    one.wait()
    other.wait()
    expect_nobody_at(two)
    one.open()
    two.wait()  # turns are not needs: the failure of the first does not skip the second
    two.open()
    other.open()
    git.communicate()
    assert git.returncode == 1
    statuses = repo.finished("pre-commit").statuses()
    assert sorted(statuses.values()) == ["completed", "completed", "failed"]


def test_g7_a_job_in_batches_has_its_files_until_the_last_one(repo: Repo, make_gate: MakeGate) -> None:
    one, two = make_gate("one"), make_gate("two")
    repo.settings(jobs=8)
    repo.hook("pre-commit", one=fixer(one, "*.txt"), two=fixer(two, "*/00000.txt"))
    names = [f"{'x' * 200}/{number:05}.txt" for number in range(6_000)]
    for name in names:
        repo.write(name, "text\n")
    repo.git("add", "x" * 200)
    git = repo.start(*COMMIT)
    one.wait()
    one.let_one_go()
    one.wait()  # with its second batch
    expect_nobody_at(two)
    one.open()
    two.wait()
    two.open()
    git.communicate()
    assert git.returncode == 0


def test_g6_g7_each_fixer_builds_on_the_one_before(repo: Repo) -> None:
    make_partial(repo, "text")
    fixed = fixed_text().replace("line 20\n", "line twenty, too\n")
    repo.hook(
        "pre-commit",
        one={"run": "sed -i.bak 's/^line 15$/line fifteen, fixed/' {staged_files}; rm text.bak", "stage_fixed": True},
        two={"run": "sed -i.bak 's/^line 20$/line twenty, too/' {staged_files}; rm text.bak", "stage_fixed": True},
    )
    repo.git(*COMMIT[1:])
    assert head(repo, "text") == fixed
    assert repo.read("text") == fixed.replace("line 30\n", "line thirty, unstaged\n")
    assert repo.git("diff", "--cached", "--name-only").stdout == ""


def test_p6_declared_jobs_take_turns_where_one_writes_what_the_other_reads(repo: Repo, make_gate: MakeGate) -> None:
    types, format_, apart = make_gate("types"), make_gate("format"), make_gate("apart")
    repo.settings(jobs=8)
    writer = {"glob": "*.py", "writes": "given"}
    repo.hook(
        "pre-commit",
        format={"run": f": {{staged_files}}; {format_.command}", **writer},
        types={"run": types.command, "reads": True},
        apart={"run": f": {{staged_files}}; {apart.command}", "glob": "*.md"},
    )
    stage(repo, "a.py", "b.md")
    git = repo.start(*COMMIT)
    format_.wait()
    apart.wait()
    expect_nobody_at(types)
    format_.open()
    types.wait()
    for gate in (types, apart):
        gate.open()
    git.communicate()
    assert git.returncode == 0
