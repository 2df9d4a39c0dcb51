"""The facts that a job's key is made of, gathered for the jobs of one hook (K1, K5; HOT).

Values of variables and outputs of commands are facts as digests, so that no secret is kept in a file.
"""

from dodo_hooks.core.job_key import digest_of, key_of
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import FILES_VARIABLE
from dodo_hooks.host.posix import encode_path, joined, read_file
from dodo_hooks.host.world import monotonic_s
from dodo_hooks.results.found import Found, Undecidable, lines_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dodo_hooks.core.job_key import Facts, Value
    from dodo_hooks.core.plan import Hook, Job
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.results.contents import Contents
    from dodo_hooks.results.index_memory import IndexMemory
    from dodo_hooks.results.tree import Tree
    from dodo_hooks.results.verdicts.commit_tree import CommitTree

    Parts = Callable[[int], Value]

UPTODATE_LIMIT_S = 10.0
_FRESH_S = 1.0  # how long the answer of an `uptodate` command counts
# Variables of ours that say where something is, or which run it is: they are no input.
_PLACES = (
    *("DODO_WORKTREE", "DODO_MAIN_WORKTREE", "DODO_GIT_DIR", "DODO_INVOCATION", "DODO_INVOCATION_DIR", "DODO_LEVEL"),
    *("DODO_JOB", FILES_VARIABLE, "DAFT_GIT_DIR", "DAFT_PROJECT_ROOT", "DAFT_SOURCE_WORKTREE", "DAFT_WORKTREE_PATH"),
)
_OURS = ("DODO_", "DAFT_")
# How many of the first arguments of a hook are names of files that it judges. Their names say nothing: githooks(5).
_FILE_ARGUMENTS = {"applypatch-msg": 1, "commit-msg": 1, "prepare-commit-msg": 1, "sendemail-validate": 2}


class Occasion(Record):
    """The subject of a run's jobs, beside the tree: the hook as it is in the file, and its event."""

    repo: "Repo"
    hook: "Hook"
    stdin: bytes
    files: "Mapping[int, tuple[bytes, ...]]"  # of each job with a list, relative to its root
    git_environ: "Mapping[str, str]"  # as git gave it to the hook
    environ_of: "Callable[[Job], Mapping[str, str]]"


class Known(Record):
    """The key of a job at one moment, and what it rests on."""

    key: str
    facts: "Facts"
    found: Found
    listed: "Mapping[bytes, bytes]"  # the files of the list that the job is given; b"" for one that is gone

    @property
    def files(self) -> "dict[bytes, bytes]":
        """All files that it rests on: path -> mode and id. Raises Undecidable."""
        return {**self.found.names.files, **{path: about for path, about in self.listed.items() if about}}

    @property
    def named_facts(self) -> "Facts":
        """The facts with the inputs by name, for `dodo-hooks why`. Raises Undecidable."""
        return {**self.facts, "inputs": lines_of(self.found.names.files)}


class FactCollector:
    """The gatherer of the facts of a hook's jobs. The answer of a command counts for all jobs that ask it."""

    def __init__(self, occasion: Occasion) -> None:
        self.occasion = occasion
        self._answers: dict[object, tuple[str, float]] = {}  # of `uptodate` commands, and when they came

    def tree(self, jobs: "list[Job]", contents: "Contents", memory: "IndexMemory") -> "Tree":
        """Return the working tree of this moment, for these jobs. Raises Undecidable."""
        from dodo_hooks.results.tree import Tree

        lists = [path for job in jobs for path in self._list(job)]
        return Tree(self.occasion.repo, self.occasion.git_environ, contents, jobs, lists, memory)

    def known(self, job: "Job", tree: "Tree | CommitTree", part_of: "Parts") -> Known:
        """Return the key of a job.

        `part_of` returns what a need contributes (K5).

        Raises:
            Undecidable: a fact cannot be had.
        """
        found, hook = tree.inputs(job), self.occasion.hook
        environ = self.occasion.environ_of(job) if self._asks_environment(job) else {}
        facts: dict[str, Value] = {
            "name": job.name,
            "argv": job.execution.argv,
            "root": job.execution.root,
            "env": {name: digest_of(value) for name, value in job.execution.env},
            **({"patch": digest_of(repr(job.execution.patch))} if job.execution.patch else {}),
            "env_inputs": {name: _digest(environ.get(name)) for name in job.results.env_inputs},
            "event": {name: _digest(environ.get(name)) for name in self._ours_in(job, environ)},
            "stdin": digest_of(self.occasion.stdin) if job.execution.use_stdin else None,
            "script": tree.about(encode_path(job.execution.script)) if job.execution.script else None,
            "uptodate": {command: self._answer(job, command, environ) for command in job.results.uptodate},
            "inputs": found.digest,
            "files": None,
            "needs": {hook.jobs[need].name: part_of(need) for need in job.order.needs},
        }
        if job.workspace:  # without what git ignores, one tree is not the other
            facts["workspace"] = job.workspace
        if hook.name in _FILE_ARGUMENTS:
            facts["argument_files"] = self._argument_files(environ)
        listed = {path: tree.about(path) or b"" for path in self._list(job)}
        if is_given_list(job) and not job.results.is_per_file:
            facts["files"] = lines_of(listed)
        return Known(key_of(facts), facts, found, listed)

    def _asks_environment(self, job: "Job") -> bool:
        """Return whether the job's key can depend on a variable: to find them all takes as long as the key itself."""
        is_named = any(ours in word for word in job.execution.argv for ours in _OURS)
        return (
            is_named
            or bool(job.results.env_inputs or job.results.uptodate)
            or self.occasion.hook.name in _FILE_ARGUMENTS
        )

    def _argument_files(self, environ: "Mapping[str, str]") -> "dict[str, Value]":
        """Return digests of the files that git names in the arguments of this hook, such as the commit message.

        Raises:
            Undecidable: one cannot be read.
        """
        digests: dict[str, Value] = {}
        for place, path in enumerate(self._file_arguments(environ), 1):
            try:
                digests[str(place)] = digest_of(read_file(joined(self.occasion.repo.top, path)))
            except OSError as error:
                raise Undecidable(f"cannot read {path}: {error.strerror}") from error
        return digests

    def _file_arguments(self, environ: "Mapping[str, str]") -> "list[str]":
        count = _FILE_ARGUMENTS.get(self.occasion.hook.name, 0)
        return [path for place in range(1, count + 1) if (path := environ.get(f"DODO_ARG{place}")) is not None]

    def _ours_in(self, job: "Job", environ: "Mapping[str, str]") -> "list[str]":
        """Return our variables that the command reads, the hook's arguments among them; no places."""
        text, files = " ".join(job.execution.argv), self._file_arguments(environ)
        return [
            name
            for name, value in environ.items()
            if name.startswith(_OURS) and name in text and name not in _PLACES and value not in files
        ]

    def _list(self, job: "Job") -> "list[bytes]":
        if not is_given_list(job):
            return []
        below = job.below
        return [below + path for path in self.occasion.files.get(job.number, ())]

    def _answer(self, job: "Job", command: str, environ: "Mapping[str, str]") -> str:
        """Return a digest of what an `uptodate` command prints.

        Raises:
            Undecidable: it fails, or takes more than 10 s.
        """
        key = (command, job.execution.root, job.execution.env)
        if key in self._answers and monotonic_s() - self._answers[key][1] < _FRESH_S:
            return self._answers[key][0]
        top = self.occasion.repo.top
        from dodo_hooks.host.capture import capture_command

        try:
            done = capture_command(
                command, f"{top}/{job.execution.root}" if job.execution.root else top, environ, UPTODATE_LIMIT_S
            )
        except OSError as error:
            raise Undecidable(f"cannot run {command!r} (uptodate): {error.strerror}") from error
        if done.is_late or done.exit_code:
            why = f"took more than {UPTODATE_LIMIT_S:g} s" if done.is_late else f"failed with {done.exit_code}"
            raise Undecidable(f"{command!r} (uptodate) {why}")
        self._answers[key] = digest_of(done.output), monotonic_s()
        return self._answers[key][0]


def is_given_list(job: "Job") -> bool:
    """Return whether a job is given its list of files; another one is only selected by it."""
    return job.selection.files is not None and not job.selection.files.counts_deleted


def file_part(job: "Job", contents: "Contents") -> "tuple[Value, bool]":
    """Return what the file outputs of a need contribute, and whether it has outputs that are no files (K5).

    Raises:
        Undecidable: one cannot be read.
    """
    files: dict[str, Value] = {}
    for path in job.results.outputs:
        about = contents.about(encode_path(path))
        if about is not None:
            files[path] = about
    return files, len(files) < len(job.results.outputs)


def _digest(value: "str | None") -> "str | None":
    return None if value is None else digest_of(value)
