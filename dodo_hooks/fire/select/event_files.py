"""The files and the branch of an event, each queried when it is first needed (G4; HOT)."""

from dodo_hooks.core.errors import GitError, HooksError
from dodo_hooks.core.file_sets import listed_paths
from dodo_hooks.core.plan import ALL, CHANGED, COMMAND, MESSAGE, NO_FILES_OF_EVENT, STAGED
from dodo_hooks.host.posix import encode_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dodo_hooks.core.files.file_tags import Tags, TagTables
    from dodo_hooks.core.plan import FileRule, Hook, Job
    from dodo_hooks.git.files import Changes, GitQuery
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.git.target import Target
    from dodo_hooks.git.worktree_status import Change, StatusQuery
    from dodo_hooks.host.world import World


class FilesError(HooksError):
    """A failure of git, or of the command that lists a job's files."""


class EventFiles:
    """The event of one firing, its file sets, and the branch."""

    def __init__(
        self,
        world: "World",
        repo: "Repo",
        hook: "Hook",
        args: "tuple[str, ...]",
        stdin: bytes,
        given: "tuple[bytes, ...] | None" = None,
        status: "StatusQuery | None" = None,
        target: "Target | None" = None,
        branch: "str | None" = None,
        checked: "Target | None" = None,
    ) -> None:
        """Prepare the event.

        `given`: files, relative to the top, that replace all file sets. `status`: the `git status` query of this
        commit, started already; None: none. `target`: what the jobs in
        snapshots are about. `branch`: the one that it is about; None: the one that is checked out. `checked`: the
        commit that it is about, of a check; None: what is at work in the working tree.
        """
        self.world = world
        self.repo = repo
        self.hook = hook
        self.args = args
        self.given = given
        self._stdin = stdin
        self._status = status
        self._target = target
        self.checked = checked
        self._changes: dict[str, Changes | None] = {}  # by the source
        self._lists: dict[object, tuple[bytes, ...]] = {}  # by the command and its variables
        self._failures: dict[object, str] = {}  # of either, so that nothing is tried twice
        self._to_come: dict[bool, dict[bytes, Change]] = {}  # by whether it is for jobs in snapshots
        self._tags: dict[bool, dict[bytes, Tags | None]] = {}  # likewise
        self._branch = branch

    def list_job_files(self, job: "Job", rule: "FileRule") -> "Changes | None":
        """Return the files of a rule's source, deleted ones too; None where the event does not name them.

        Raises:
            FilesError: the files cannot be listed.
        """
        if rule.source == COMMAND:
            return dict.fromkeys(self._run_command(rule.command, job.execution.env), False)
        if rule.source == MESSAGE:
            return {encode_path(self.args[0]): False} if self.args else None
        if rule.source == NO_FILES_OF_EVENT:
            return {}
        if job.workspace and self._target is not None:
            return self._list_in_target(rule.source, self._target)
        if rule.source == STAGED and rule.is_of_pre_commit:
            return self._list_as_pre_commit(rule)
        return self.list_changes(rule.source)

    def _list_as_pre_commit(self, rule: "FileRule") -> "Changes | None":
        """Return what pre-commit takes for staged (P4). Raises FilesError: git failed."""
        from dodo_hooks.git.content.pre_commit_files import is_in_conflict, list_resolved, list_with_submodules

        is_resolved = is_in_conflict(self.repo)
        if not is_resolved and (rule.tags is None or "file" in rule.tags.types):  # no submodule is a file
            return self.list_changes(STAGED)
        source = f"{STAGED} {is_resolved}"
        self._raise_failure(source)
        if source not in self._changes:
            try:
                self._changes[source] = (list_resolved if is_resolved else list_with_submodules)(self.git_query())
            except GitError as error:
                self._failures[source] = str(error)
                raise FilesError(str(error)) from error
        return self._changes[source]

    def _list_in_target(self, source: str, target: "Target") -> "Changes":
        """Return all files of a commit, or those in which it differs from its first parent (S7). Raises FilesError."""
        from dodo_hooks.git.repo import SUBMODULE
        from dodo_hooks.git.target import list_changes, list_tree

        try:
            if source == ALL:
                files = list_tree(self.repo, self.world.environ, target)
                return {path: False for path, about in files.items() if not about.startswith(SUBMODULE)}
            return list_changes(self.repo, self.world.environ, target)
        except GitError as error:
            raise FilesError(str(error)) from error

    def list_condition_changes(self, source: str) -> "Changes | None":
        """Return the changed files that conditions are about; None where the event has none. Raises FilesError."""
        return self.list_changes(source) if self.checked is None else self._list_in_target(source, self.checked)

    def list_changes(self, source: str) -> "Changes | None":
        """Return the files of a source that git lists, deleted ones too; None where the event does not name them.

        Raises:
            FilesError: git failed.
        """
        self._raise_failure(source)
        if source not in self._changes:
            try:
                if self._status is not None and source in (STAGED, CHANGED):
                    self._changes[source] = self._status.answer().staged
                else:
                    from dodo_hooks.git.files import Event, list_files

                    event = Event(self.hook.name, self.args, self._stdin)
                    self._changes[source] = list_files(source, self.git_query(), event)
            except GitError as error:
                self._failures[source] = str(error)
                raise FilesError(self._failures[source]) from error
        return self._changes[source]

    def regular_files(self, source: str) -> "frozenset[bytes]":
        """Return those files of a source of which git has said just now that they will be regular files for jobs."""
        if self._status is None or self.given is not None or source not in (STAGED, CHANGED):
            return frozenset()
        return self._status.answer().regular

    def files_to_come(self, job: "Job") -> "dict[bytes, Change]":
        """Return the files that a job will find otherwise than they are in the working tree now, by their paths.

        These are those of its commit, in a snapshot, and what is staged, where unstaged changes are hidden. Raises
        GitError.
        """
        is_private = bool(job.workspace)
        if is_private not in self._to_come:
            found: Iterable[Change] = ()
            if is_private and self._target is not None:
                from dodo_hooks.git.target import unlike_working_tree

                found = unlike_working_tree(self.repo, self.world.environ, self._target)
            elif not is_private and self._status is not None and self.given is None:
                found = self._status.answer().unstaged()
            self._to_come[is_private] = {one.path: one for one in found if one.mode}
        return self._to_come[is_private]

    @property
    def tag_tables(self) -> "TagTables":
        """The tables for the tags of files. The plan has them where a job needs them."""
        assert self.hook.tag_tables is not None
        return self.hook.tag_tables

    def tags_of(self, job: "Job", paths: "Sequence[bytes]") -> "dict[bytes, Tags]":
        """Return the tags of these files as the job will find them; a missing one is left out.

        Raises:
            FilesError: git does not know the content of one.
        """
        from dodo_hooks.git.content.tagged_files import tags_in_git
        from dodo_hooks.host.files.tags_on_disk import tags_on_disk

        tables = self.tag_tables
        known = self._tags.setdefault(bool(job.workspace), {})
        new = [path for path in paths if path not in known]
        try:
            entries = self.files_to_come(job) if new else {}
            staged = (entries[path] for path in new if path in entries)
            known.update(tags_in_git(self.repo, self.world.environ, staged, tables))
        except GitError as error:
            raise FilesError(str(error)) from error
        base = encode_path(f"{self.repo.top}/")
        for path in new:
            if path not in known:
                file = path if path.startswith(b"/") else base + path  # git names a message's file in either way
                known[path] = tags_on_disk(path, file, tables)
        return {path: tags for path in paths if (tags := known[path]) is not None}

    def git_query(self) -> "GitQuery":
        from dodo_hooks.git.files import GitQuery

        return GitQuery(self.repo, self.world.environ)

    def branch(self) -> str:
        """Return the branch; "" where HEAD is detached."""
        if self._branch is None:
            from dodo_hooks.git.head import head_of

            self._branch = head_of(self.repo, self.world.environ)[0] or ""
        return self._branch

    def command_environ(self) -> "dict[str, str]":
        """Return the environment for commands of conditions and file lists.

        It is the hook's environment, and the variables about the event that jobs have.
        """
        environ = {
            **self.world.environ,
            "DODO_HOOK": self.hook.name,
            "DODO_WORKTREE": self.repo.top,
            "DODO_GIT_DIR": self.repo.git_dir,
            "DODO_BRANCH": self.branch(),
            "DODO_ARGS": str(len(self.args)),
        }
        environ.update((f"DODO_ARG{number}", argument) for number, argument in enumerate(self.args, 1))
        return environ

    def _run_command(self, command: str, env: "tuple[tuple[str, str], ...]") -> "tuple[bytes, ...]":
        key = (command, env)
        self._raise_failure(key)
        if key not in self._lists:
            printed, why = self._output_of(command, dict(env))
            if why:
                self._failures[key] = f"`files` command failed ({command}): {why}"
            self._raise_failure(key)
            top = f"{self.repo.top}/".encode("utf-8", "surrogateescape")
            self._lists[key] = tuple(path.removeprefix(top) for path in listed_paths(printed))
        return self._lists[key]

    def _output_of(self, command: str, env: "dict[str, str]") -> "tuple[bytes, str]":
        """Return the output of a command, and an error if the command failed; else ""."""
        from dodo_hooks.host.capture import capture_command

        environ = {**self.command_environ(), **env}
        try:
            done = capture_command(command, self.repo.top, environ, self.hook.timeout_s)
        except OSError as error:
            return b"", f"cannot start: {error.strerror}"
        if done.is_late:
            return b"", f"timed out after the {self.hook.timeout_s:g} s of the hook"
        return done.output, (done.last_words or f"exit code {done.exit_code}") if done.exit_code else ""

    def _raise_failure(self, key: object) -> None:
        if key in self._failures:
            raise FilesError(self._failures[key])
