"""Jobs that take a commit's staged changes out of the index, while its unstaged changes are hidden (G5)."""

import shutil

import pytest

from kit.commits.unstaged import STAGED, TEXT, index_of, unstaged_text
from kit.repo import Repo


@pytest.fixture
def text(repo: Repo) -> Repo:
    """Make a committed file that has a staged change and an unstaged one."""
    repo.write("text", TEXT)
    repo.git("add", "text")
    repo.git("commit", "-qm", "text")
    repo.write("text", STAGED)
    repo.git("add", "text")
    repo.write("text", unstaged_text())
    return repo


@pytest.mark.parametrize(
    "command",
    [
        "git reset -q --hard",
        "git checkout -q HEAD -- text",
        "git restore --source=HEAD --staged --worktree text",
        "git stash -q",
    ],
)
def test_g5_a_job_that_resets_the_file_takes_neither_half_of_its_owners_work(text: Repo, command: str) -> None:
    repo = text
    repo.hook("pre-commit", reset=command)
    said = repo.git("commit", "-qm", "work", check=False).stderr
    assert repo.read("text") == unstaged_text()
    assert repo.read("text.during-hook") == TEXT
    assert "text: a job removed what you had staged; stage it again" in said
    assert not repo.has(".git/dodo-hooks-aside")


def test_g5_a_fix_that_a_stash_has_taken_away_is_not_merged(text: Repo) -> None:
    repo = text
    fixer = {"run": "git stash -q; : {staged_files}", "glob": "text", "stage_fixed": True}
    repo.hook("pre-commit", fix=fixer)
    said = repo.git("commit", "-qm", "work", check=False).stderr
    assert repo.read("text") == unstaged_text()
    assert "text: a job removed what you had staged; stage it again" in said


@pytest.mark.parametrize("command", ["git stash -q; git stash pop -q", "git reset -q"])
def test_g5_g6_a_refused_commit_stages_again_what_a_fixer_has_unstaged(text: Repo, command: str) -> None:
    repo = text
    fixer = {"run": f"sed -i.bak s/^line.3/fixed/ {{staged_files}}; {command}", "glob": "[tw]*", "stage_fixed": True}
    repo.write("whole", TEXT)
    repo.git("add", "whole")
    repo.git("commit", "-qm", "whole", "--", "whole")
    repo.write("whole", STAGED)
    repo.git("add", "whole")
    repo.hook("pre-commit", fix=fixer)
    index = index_of(repo)
    done = repo.git("commit", "-qm", "work", check=False)
    assert done.returncode == 1 and "the fixes to text conflict with your unstaged changes" in done.stderr
    assert repo.read("text") == unstaged_text() and repo.read("whole") == STAGED
    assert index_of(repo) == index


def test_g5_a_job_that_stages_its_own_edit_has_that_merged(text: Repo) -> None:
    repo = text
    repo.hook("pre-commit", fix="sed -i.bak 's/^line 15$/line fifteen/' text && rm text.bak && git add text")
    said = repo.git("commit", "-qm", "work", check=False).stderr
    assert repo.read("text") == unstaged_text().replace("line 15\n", "line fifteen\n")
    assert repo.git("show", "HEAD:text").stdout == STAGED.replace("line 15\n", "line fifteen\n")
    assert "stage it again" not in said
    assert not repo.has("text.during-hook")


def test_g5_a_merge_that_cannot_be_written_holds_up_no_other(text: Repo) -> None:
    repo = text
    repo.write("other", TEXT)
    repo.git("add", "other")
    repo.write("other", TEXT + "unstaged\n")
    edit = "sed -i.bak 's/^line 15$/line fifteen/' other text && rm *.bak"
    blocked = repo.path / ".git/dodo-hooks-aside/merged/0-0"
    repo.hook("pre-commit", edit=f"{edit} && mkdir -p {blocked}/x")
    said = repo.git("commit", "-qm", "work", check=False).stderr
    assert repo.read("text") == unstaged_text().replace("line 15\n", "line fifteen\n")
    assert "other cannot be restored" in said and "text cannot be restored" not in said
    shutil.rmtree(blocked)
    repo.run("status", check=True)
    assert repo.read("other").endswith("unstaged\n") and not repo.has(".git/dodo-hooks-aside")


BY_ANOTHER = ("line 20\n", "line twenty, too\n")


@pytest.mark.parametrize("failing", ["exit 3", "sed -i.bak 's/^line 20$/line twenty, too/' text; rm text.bak; exit 3"])
@pytest.mark.parametrize("is_parallel", [False, True])
def test_g5_what_a_job_stages_by_itself_is_merged_also_where_another_fails(
    text: Repo, failing: str, is_parallel: bool
) -> None:
    repo = text
    staging = "sed -i.bak 's/^line 15$/line fifteen/' text && rm text.bak && git add text"
    repo.hook("pre-commit", fix=staging, fails={"run": failing, "needs": [] if is_parallel else ["fix"]})
    if is_parallel and "sed" in failing:
        repo.settings(jobs=1)  # two programs that rewrite one file at once lose lines by themselves
    assert repo.git("commit", "-qm", "work", check=False).returncode == 1
    fixed = unstaged_text().replace("line 15\n", "line fifteen\n")
    assert repo.read("text") == (fixed.replace(*BY_ANOTHER) if "sed" in failing else fixed)
    assert "line fifteen\n" in repo.git("show", ":text").stdout
    assert not repo.has("text.during-hook") and not repo.has(".git/dodo-hooks-aside")


def test_g5_what_a_job_stages_by_itself_in_the_owners_lines_goes_beside(text: Repo) -> None:
    repo = text
    staging = "sed -i.bak 's/^line 30$/line thirty, by a job/' text && rm text.bak && git add text"
    repo.hook("pre-commit", fix=staging, fails={"run": "exit 3", "needs": ["fix"]})
    assert repo.git("commit", "-qm", "work", check=False).returncode == 1
    assert repo.read("text") == unstaged_text()
    assert "line thirty, by a job\n" in repo.read("text.during-hook")
