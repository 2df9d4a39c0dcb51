"""The promise about a .pre-commit-config.yaml: verdicts, tracked bytes and index are those of pre-commit (P7)."""

import os
import random
import re
import sys
from pathlib import Path

import pytest
import yaml

from kit.chance import draw_seed, how_many
from kit.repo import Repo
from peers.hook_configs import BIN, Config, draw_config, draw_tree

pytest.importorskip("pre_commit")
pytest.importorskip("pre_commit_hooks")

ROUNDS = how_many(40, 500, "PRE_COMMIT_ROUNDS")
_OURS = {"completed": "Passed", "failed": "Failed", "skipped": "Skipped"}
Verdicts = dict[str, str]


def their_verdicts(config: Config, output: str) -> Verdicts:
    """Return the verdicts that pre-commit prints; a hook that did not run because of `fail_fast` has none."""
    ends = re.findall(r"^(\S+?)\.{3,}(?:\(no files to check\))?(Passed|Failed|Skipped)$", output, re.MULTILINE)
    found = dict(ends)
    return {hook.name: found.get(hook.name, "Skipped") for hook in config.hooks}


def our_verdicts(config: Config, repo: Repo, output: str) -> Verdicts:
    if "nothing to run" in output:
        return {hook.name: "Skipped" for hook in config.hooks}
    statuses = repo.finished("pre-commit").statuses()
    return {hook.name: _OURS[statuses[hook.name]] for hook in config.hooks}


def tracked(repo: Repo, without_mode: frozenset[str]) -> dict[str, object]:
    """Return the index, and each tracked file as it is in the working tree; of some their content alone."""
    found: dict[str, object] = {"index": repo.git("ls-files", "-s").stdout}
    for name in repo.git("ls-files", "-z").stdout.split("\0")[:-1]:
        path = repo.path / name
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.exists():
            found[name] = (name not in without_mode and path.stat().st_mode & 0o111, path.read_bytes())
    return found


class Pair:
    """Two repositories that are alike, one for pre-commit and one for us."""

    def __init__(self, folder: Path, env: dict[str, str], config: Config, seed: int) -> None:
        folder.mkdir()
        self._config = config
        self.repos = []
        for name in ("theirs", "ours"):
            repo = Repo.create(folder / name, {**env, "PRE_COMMIT_HOME": str(folder / "store")})
            repo.write(".pre-commit-config.yaml", yaml.safe_dump(config.as_map(), sort_keys=False, allow_unicode=True))
            draw_tree(random.Random(seed))(repo)
            self.repos.append(repo)

    def compare(self) -> None:
        theirs, ours = self.repos
        # A file keeps the mode that it had with its unstaged changes: a hook's change of that is not merged into it.
        unstaged = frozenset(theirs.git("diff", "--name-only", "-z").stdout.split("\0"))
        done = theirs.call(str(BIN / "pre-commit"), "run", "--color=never")
        answer = ours.call(sys.executable, "-m", "dodo_hooks", "run", "pre-commit")
        output = f"{done.stdout}{done.stderr}\n{answer.stdout}{answer.stderr}"
        verdicts = their_verdicts(self._config, done.stdout)
        assert our_verdicts(self._config, ours, answer.stdout + answer.stderr) == verdicts, output
        assert 'Traceback (most recent call last):\n  File "<frozen' not in answer.stderr
        # pre-commit drops all fixes where unstaged changes are in the same lines, and stops with an error where a hook
        # has staged some of them; ours are merged file by file.
        if "Rolling back fixes" not in output:
            assert bool(answer.returncode) == bool(done.returncode), output
            assert tracked(ours, unstaged) == tracked(theirs, unstaged), output


@pytest.mark.timeout(60 + 10 * ROUNDS)
def test_p7_verdicts_bytes_and_index_are_those_of_pre_commit(tmp_path: Path, repo: Repo) -> None:
    seed = draw_seed()
    (tmp_path / "scripts").mkdir()
    for number in range(ROUNDS):
        chance = random.Random(f"{seed} {number}")
        config = draw_config(chance, tmp_path / "scripts")
        try:
            Pair(tmp_path / str(number), repo.env, config, chance.randrange(1 << 30)).compare()
        except AssertionError as error:
            raise AssertionError(f"round {number} of seed {seed}:\n{config}\n{error}") from None
