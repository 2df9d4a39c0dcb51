"""The plugin that plain `doit` finds, by an entry point of the group `doit.BACKEND` (section 5).

doit has no plugin that could load tasks without being configured: a loader has to be named in the project's settings,
and commands of ours would replace those of every project in the environment. But every doit command imports the module
of every backend before it asks its loader for tasks. Therefore this module has a backend, which is useful in itself,
and wraps one method, `DodoTaskLoader.setup`: where a command line means a hook file, the loader becomes a `HookLoader`.

Ordinary projects must not notice. The loader is changed only if its class is exactly doit's own, and the command line
names a hook file, or there is a hook file and no `dodo.py`. Nothing here may raise while it is imported, since that
would end every doit command of the environment: only the standard library and doit are imported before a hook file was
found, and all code that touches doit at import is in a `try`.
"""

import functools
import glob
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

try:
    import doit.loader as doit_loader  # type: ignore[import-untyped]
    from doit.cmd_base import DodoTaskLoader  # type: ignore[import-untyped]
    from doit.exceptions import InvalidCommand, InvalidDodoFile  # type: ignore[import-untyped]

    from dodo_hooks.doit_runner.database import HookDB
except Exception:  # a doit that we do not know: change nothing in it; the classes below must still be defined
    doit_loader = None
    DodoTaskLoader = object
    HookDB = object  # type: ignore[assignment,misc]
    InvalidCommand = InvalidDodoFile = Exception

TYPE_CHECKING = False
if TYPE_CHECKING:
    from doit.task import Task  # type: ignore[import-untyped]

    from dodo_hooks.core.plan import Hook, Job, Plan
    from dodo_hooks.fire.manual.job_statuses import PlanStatuses
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World

    Find = Callable[[Mapping[str, str], str], Repo]

BACKEND = "dodo-hooks"  # the name of the entry point
ENDINGS = (".dodo", ".yml", ".yaml", ".toml", ".json", ".jsonc")
_SHOW_FILES = ("info", "list", "reset-dep", "strace")
NO_SELECTION = "no job selected; try `doit run bg`, `doit run {hook}`, or a name that `doit list` shows"


class HookLoader(DodoTaskLoader):  # type: ignore[misc]
    """The loader of a hook file's tasks, with the options of doit's own loader: `-f`, `-d`, `-k`."""

    plan: "Plan"
    world: "World"
    repo: "Repo | None"
    top: str  # the directory of the jobs: the top of the working tree or, outside of git, the hook file's directory

    def setup(self, opt_values: Any) -> None:
        """Read the hook file and change to its directory, as doit changes to that of a dodo.py.

        Raises:
            InvalidDodoFile: the hook file cannot be used. doit prints it without a traceback, exit code 3.
            InvalidCommand: `--backend` is another one, or the directory of `-d` is missing.
        """
        from dodo_hooks.core.errors import ConfigError, HooksError
        from dodo_hooks.core.text.terminal_text import escape
        from dodo_hooks.fire.report.diagnostic_text import format_diagnostics
        from dodo_hooks.git.repo import find_repo
        from dodo_hooks.host.files.private_files import expect_private_directory
        from dodo_hooks.host.world import expect_utf8, make_world
        from dodo_hooks.plans.compile_plan import load_file
        from dodo_hooks.plans.plan_cache import load_plan
        from dodo_hooks.store.layout import own_dir

        expect_utf8()
        _refuse_other_backends(opt_values)
        doit_loader.initial_workdir = os.getcwd()
        directory, file = _hook_file(opt_values) or (os.getcwd(), None)
        self.world = make_world()._replace(cwd=directory)
        try:
            expect_private_directory(own_dir(self.world.state))
            self.repo = _repo_of(self.world.environ, directory, find_repo)
            self._database = _database_of(self.world, self.repo)
            plan = load_file(self.world, file) if file else load_plan(self.world, directory)
        except ConfigError as error:
            raise InvalidDodoFile(format_diagnostics(error.diagnostics).rstrip("\n")) from error
        except HooksError as error:
            raise InvalidDodoFile(escape(str(error))) from error
        if plan is None:
            raise InvalidDodoFile(escape(f"no hook file in {directory}"))
        self.plan, self.top = plan, (self.repo and self.repo.top) or directory
        _change_directory(opt_values.get("cwdPath"), directory)

    def load_doit_config(self) -> dict[str, Any]:
        """Return doit's settings: our backend, and a database outside the repository unless `--db-file` names one."""
        return {"backend": BACKEND, "dep_file": self._database}

    def load_tasks(self, cmd: Any, pos_args: list[str]) -> "list[Task]":
        """Return the tasks of the plan, and adapt the selection where doit's own would not do what people expect."""
        from dodo_hooks.loader.tasks import tasks_of

        statuses = self._statuses(cmd)
        files = statuses.files if statuses is not None and cmd.get_name() in _SHOW_FILES else (lambda hook, job: ())
        tasks = tasks_of(self.plan, self._run_attached, files)
        _adapt_selection(cmd, pos_args, tasks)
        if cmd.get_name() in ("run", "list"):
            from dodo_hooks.fire.report.file_warnings import print_warnings_here

            print_warnings_here(self.world, self.plan)
        if cmd.execute_tasks:
            self._prepare_run(cmd)
        return tasks

    def _statuses(self, cmd: Any) -> "PlanStatuses | None":
        """Let the command see the results of incremental jobs; None where our own runner checks them (K7)."""
        from doit.cmd_run import Run  # type: ignore[import-untyped]

        from dodo_hooks.doit_runner.job_dependency import JobDependency
        from dodo_hooks.fire.manual.job_statuses import PlanStatuses

        repo = self.repo
        is_incremental = any(job.results.is_incremental for hook in self.plan.hooks for job in hook.jobs)
        if type(cmd) is Run or not is_incremental or repo is None or not repo.top or not hasattr(cmd, "dep_manager"):
            return None
        statuses = PlanStatuses(self.plan, self.world, repo)
        database = self._database if cmd.dep_manager is None else str(cmd.dep_manager.name)
        cmd.dep_manager = JobDependency(database, statuses, executes=cmd.execute_tasks)
        return statuses

    def _prepare_run(self, cmd: Any) -> None:
        """Let our engine run the selected tasks, if the command is doit's own `run`."""
        from doit.cmd_run import Run

        if not cmd.sel_tasks:  # doit would run every task of the file
            raise InvalidCommand(NO_SELECTION.format(hook=self.plan.hooks[0].name if self.plan.hooks else "HOOK"))
        if type(cmd) is not Run:  # doit's runner, or the project's own, runs the jobs
            self._expect_accepted()
        else:
            cmd._execute = functools.partial(_execute, self.plan, self.world, cmd)

    def _expect_accepted(self) -> None:
        """Raise InvalidCommand if the jobs of this file must not run here (section 8)."""
        from dodo_hooks.core.errors import HooksError
        from dodo_hooks.core.text.terminal_text import escape
        from dodo_hooks.trust.policy import expect_file_accepted

        try:
            if self.repo:
                expect_file_accepted(self.world, self.repo, self.plan)
        except HooksError as error:
            raise InvalidCommand(escape(str(error))) from error

    def _run_attached(self, hook: "Hook", job: "Job") -> "Callable[[], bool]":
        """Return the action of a task, for a runner that is not ours, such as that of a project's own `run` command.

        The action runs the job's command in its directory, waits for the end, and keeps no record.
        """

        def run() -> bool:
            executed = job.execution
            directory, environ = os.path.join(self.top, executed.root), {**os.environ, **dict(executed.env)}
            return subprocess.call(executed.argv, cwd=directory, env=environ) == 0

        return run


def _execute(
    plan: "Plan",
    world: "World",
    cmd: Any,
    outfile: Any,
    verbosity: "int | None",
    always: bool,
    reporter: Any,
    num_process: int,
    single: bool,
    failure_verbosity: int,
) -> int:
    """Replace `Run._execute`; doit inspects the names of the parameters and passes those options."""
    from dodo_hooks.core.errors import HooksError
    from dodo_hooks.core.text.terminal_text import escape
    from dodo_hooks.doit_runner.job_notes import RunOptions
    from dodo_hooks.fire.manual.doit_run import run_selection

    if num_process < 0:
        raise InvalidCommand(f"invalid -n {num_process}: the number of parallel jobs is 0 or more")
    options = RunOptions(always, num_process or None, single, verbosity)
    cmd.control = _select(cmd.task_list, cmd.sel_tasks, single)
    with _opened(outfile, for_machines=reporter == "json") as cmd.outstream:
        options_of_reporter = {"failure_verbosity": failure_verbosity, "colors": plan.has_colors}
        chosen = _reporter(cmd, reporter, options_of_reporter)
        try:
            return run_selection(plan, world, cmd.control, chosen, cmd.dep_manager, options)
        except HooksError as error:
            sys.stderr.write(f"ERROR: {escape(str(error))}\n")
            return error.exit_code


def _reporter(cmd: Any, chosen: Any, options: dict[str, Any]) -> Any:
    """Return the reporter of that name; `console` and `json` are ours here, and doit's everywhere else."""
    from dodo_hooks.doit_runner.console_reporter import ConsoleReporter
    from dodo_hooks.doit_runner.json_reporter import JsonReporter

    ours: dict[str, Any] = {"console": ConsoleReporter, "json": JsonReporter}
    reporter = (ours.get(chosen) or cmd.reporters[chosen]) if isinstance(chosen, str) else chosen
    return reporter(cmd.outstream, options) if isinstance(reporter, type) else reporter


def _select(tasks: "list[Task]", names: Sequence[str], single: bool) -> Any:
    """Return a TaskControl that has these tasks selected.

    The name of a task selects that task, whatever characters are in it; any other name with a `*` is a pattern.

    Raises:
        InvalidCommand: a name or a pattern matches no task.
    """
    from doit.control import TaskControl  # type: ignore[import-untyped]

    control = TaskControl(tasks)
    selected: dict[str, None] = {}
    for name in names:
        found = [name]
        if name not in control.tasks:
            control.process([name])
            found = control.selected_tasks
        if not found:  # a pattern without a match is a typing error, and doit would run nothing and succeed
            raise InvalidCommand(not_found=name)
        selected.update(dict.fromkeys(found))
    control.selected_tasks = list(selected)
    if single:
        _remove_needs(control.tasks, control.selected_tasks)
    return control


def _remove_needs(tasks: "dict[str, Task]", names: Sequence[str]) -> None:
    """Remove the needs of the selected jobs, and of those in the selected groups, for `-s`."""
    for name in names:
        if tasks[name].has_subtask:
            _remove_needs(tasks, tasks[name].task_dep)
        else:
            tasks[name].task_dep = []


def _adapt_selection(cmd: Any, pos_args: list[str], tasks: "list[Task]") -> None:
    """Replace, in place, the arguments of `forget`, `ignore`, `clean` and `info` by the tasks that they mean."""
    from dodo_hooks.loader.tasks import jobs_below

    command = cmd.get_name()
    names = {task.name for task in tasks}
    if command == "forget" and not cmd.sel_tasks:
        cmd.sel_tasks = [task.name for task in tasks if not task.subtask_of]  # doit raises a TypeError here
    elif command in ("forget", "ignore"):  # doit goes one level down only, and `bg` has its jobs two levels down
        below = [job for name in list(pos_args) for job in jobs_below(tasks, name)]
        pos_args += [job for job in dict.fromkeys(below) if job not in pos_args]
    elif command == "clean":  # doit takes a `*` for a pattern even where it is in the name of a task
        pos_args[:] = [glob.escape(name) if "*" in name and name in names else name for name in pos_args]
    elif command == "info" and len(pos_args) == 1 and pos_args[0] not in names:
        raise InvalidCommand(not_found=pos_args[0])  # doit raises a KeyError


def _refuse_other_backends(opt_values: Any) -> None:
    """Refuse `--backend` with another backend: only ours can be written by several programs at once.

    The engine writes the database while jobs run.

    Raises:
        InvalidCommand: the command line names another backend.
    """
    explicit = getattr(opt_values, "_non_default_keys", ())  # a setting in doit.cfg is not meant for hook files
    if "backend" in explicit and opt_values["backend"] != BACKEND:
        raise InvalidCommand(f"hook files need the backend {BACKEND}; run the command without --backend")


def _hook_file(opt_values: Any) -> "tuple[str, str | None] | None":
    """Return the directory of the hook file, and the file if the command line names it; None if none is meant."""
    from dodo_hooks.loader.layers.discover import find_hook_file

    named = opt_values.get("dodoFile")
    if named != "dodo.py":
        is_ours = str(named).endswith(ENDINGS) and os.path.lexists(named)
        return (os.path.dirname(os.path.abspath(named)), os.path.abspath(named)) if is_ours else None
    if opt_values.get("seek_file") or os.path.lexists(named):
        return None
    from dodo_hooks.git.repo import locate_repo

    repo = _repo_of(os.environ, os.getcwd(), locate_repo)
    top = (repo and repo.top) or os.getcwd()
    is_ours = not os.path.lexists(os.path.join(top, named)) and find_hook_file(top) is not None
    return (top, None) if is_ours else None


def _database_of(world: "World", repo: "Repo | None") -> str:
    """Return the dependency database of the repository, or else of the directory."""
    from dodo_hooks.store.identity import repository_id
    from dodo_hooks.store.layout import doit_database

    if repo:
        return doit_database(world.state, repository_id(repo.common_dir))
    stat = os.stat(world.cwd)  # an id would be a file in a directory that is not git's
    return doit_database(world.state, f"at-{stat.st_dev:x}-{stat.st_ino:x}")


def _repo_of(environ: "Mapping[str, str]", directory: str, find: "Find") -> "Repo | None":
    """Return the repository of a directory; None outside of any, where a hook file can still be listed.

    Raises:
        UnsafeRepositoryError: the repository belongs to another user.
    """
    from dodo_hooks.core.errors import GitError, UnsafeRepositoryError

    try:
        return find(environ, directory)
    except UnsafeRepositoryError:
        raise
    except GitError:
        return None


def _change_directory(wanted: "str | None", directory: str) -> None:
    """Change to the directory of `-d`, or else to that of the hook file.

    Raises:
        InvalidCommand: `-d` is no directory.
    """
    if wanted is not None and not os.path.isdir(wanted):
        raise InvalidCommand(f"no such directory (-d): {wanted}")
    os.chdir(directory if wanted is None else wanted)


@contextmanager
def _opened(outfile: Any, for_machines: bool) -> Generator[Any, None, None]:
    """Open the output of `-o`: a file name, or by default a stream.

    Output for machines must not be mixed with the output of the jobs: while the stream is standard output, jobs write
    both of theirs to standard error.
    """
    if isinstance(outfile, str):
        try:
            stream = open(outfile, "w", encoding="utf-8")  # noqa: SIM115 (closed below)
        except OSError as error:
            raise InvalidCommand(f"cannot write {outfile}: {error.strerror}") from error
        try:
            yield stream
        finally:
            with suppress(OSError):  # a full disk: the records have the rest
                stream.close()
    elif for_machines and outfile is sys.stdout:
        outfile.flush()
        stream = open(os.dup(1), "w", encoding="utf-8")  # noqa: SIM115 (closed below)
        os.dup2(2, 1)
        try:
            yield stream
        finally:
            os.dup2(stream.fileno(), 1)
            with suppress(OSError):  # nobody reads it, or the disk is full
                stream.close()
    else:
        yield outfile


def _wrap_setup() -> None:
    """Wrap `setup` of doit's own loader: the loader becomes ours where the command line means a hook file."""
    stock_setup = DodoTaskLoader.setup

    @functools.wraps(stock_setup)
    def setup(self: Any, opt_values: Any) -> None:
        if type(self) is DodoTaskLoader and _means_hook_file(opt_values):
            self.__class__ = HookLoader
            self.setup(opt_values)
        else:
            stock_setup(self, opt_values)

    DodoTaskLoader.setup = setup


def _means_hook_file(opt_values: Any) -> bool:
    try:
        return _hook_file(opt_values) is not None
    except Exception:  # an error of ours must not change doit
        return False


with suppress(Exception):
    _wrap_setup()
