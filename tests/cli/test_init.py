"""`dodo-hooks init`: a first hook file that can be used as it is."""

from kit.repo import Repo


def test_the_first_hook_file_is_valid_and_can_be_installed(repo: Repo) -> None:
    said = repo.run("init", check=True).stdout
    assert said.startswith("created hooks.dodo; next steps:\n") and "dodo-hooks install" in said
    assert repo.run("validate", check=True).stdout == "OK: hooks.dodo: 1 hook, 1 job\n"
    repo.run("install", check=True)
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-q", "-m", "hooks")
    repo.write("file", "trailing blanks   \n")
    repo.git("add", "file")
    assert repo.git("commit", "-q", "-m", "x", check=False).returncode == 1


def test_what_is_commented_out_is_valid_too(repo: Repo) -> None:
    repo.run("init", check=True)
    lines = repo.read("hooks.dodo").splitlines()
    examples = [line.replace("# ", "", 1) if line.startswith("  ") and ":" in line else line for line in lines]
    assert len([line for line in examples if line not in lines]) > 8
    sentences = ("Before a commit", "After a commit", "After a merge")
    repo.file("\n".join(line for line in examples if not line.strip().startswith(sentences)))
    assert repo.run("validate", check=True).stdout == "OK: hooks.dodo: 3 hooks, 5 jobs\n"


def test_a_hook_file_that_is_there_stays(repo: Repo) -> None:
    repo.file("hooks: [", ".hooks.dodo.yml")  # right or wrong
    done = repo.run("init")
    assert (
        done.returncode == 3
        and f"nothing written: the hook file {repo.path}/.hooks.dodo.yml exists already" in done.stderr
    )
    assert not repo.has("hooks.dodo")
