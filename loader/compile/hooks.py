"""Models -> the plan's hooks: names, needs, modes, phases, commands, files, conditions (C4 to C8, R4, R8, R9).

Everything that can be decided before a hook fires is decided here, so that the prompt only counts integers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dodo_hooks.core.dependency_graph import dependents_of, topological_order
from dodo_hooks.core.diagnostics import ERROR, WARNING, Diagnostic, Location
from dodo_hooks.core.file_sets import default_file_set, has_changes
from dodo_hooks.core.plan import (
    ALL,
    BACKGROUND,
    CHANGED,
    COMMAND,
    FOREGROUND,
    PUSHED,
    STAGED,
    Changes,
    Execution,
    FileRule,
    Hook,
    Job,
    Order,
    Report,
    Selection,
)
from dodo_hooks.core.plan_parts import Group
from dodo_hooks.core.text.names import directory_name
from dodo_hooks.core.text.nearest import choose_from
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.loader.compile import job_commands
from dodo_hooks.loader.compile.config_hooks import command_of_hook, conduct_of_hook, patch_of_hook, rule_of_hook
from dodo_hooks.loader.compile.flatten import (
    Flat,
    Member,
    concurrency_of,
    env_of,
    files_of,
    flatten,
    is_background,
    root_of,
    tags_of,
    timeout_of,
    type_rule_of,
)
from dodo_hooks.loader.compile.job_commands import (
    Command,
    Platform,
    Setting,
    command_of,
    refusing_command,
    scalars_here,
)
from dodo_hooks.loader.compile.job_conditions import Checks, matchers
from dodo_hooks.loader.compile.job_conduct import check_conduct, conduct_of
from dodo_hooks.loader.compile.job_files import (
    IsTracked,
    check_lists,
    check_outputs,
    check_paths,
    file_needs,
    outputs_in,
    result_rule,
)
from dodo_hooks.loader.compile.nested_runs import find_nested_runs
from dodo_hooks.loader.compile.order_edges import HookEdges, add_mode_edges
from dodo_hooks.loader.compile.query_commands import check_query_commands
from dodo_hooks.loader.compile.requirements import add_requirements
from dodo_hooks.loader.compile.snapshot_keys import check_snapshots, with_snapshot
from dodo_hooks.loader.compile.validation import (
    check_keys,
    check_mode_cycles,
    check_modes,
    check_names,
    check_needs,
    check_version,
    owners,
    subject_of_job,
)
from dodo_hooks.loader.formats.pre_commit.config_hook import ConfigHook
from dodo_hooks.loader.globs.type_tags import tag_tables
from dodo_hooks.loader.read.nodes import Node, mark_at, mark_inside, node_at
from dodo_hooks.loader.schema.file_models import HookFile
from dodo_hooks.loader.schema.job_models import HookBody
from dodo_hooks.loader.shell.quoting import TemplateError, find_doubtful_braces, with_literal_braces

BACKGROUND_TIMEOUT_S = 3600.0  # of a job that names none; in the foreground there is no limit (R15)

_SOURCES = {"staged_files": STAGED, "push_files": PUSHED, "all_files": ALL, "changed_files": CHANGED}
_OF_AN_EVENT = {PUSHED: "{push_files}", CHANGED: "{changed_files}"}

IsThere = Callable[[str], bool]  # whether a file is there; the path is relative to the top of the working tree


@dataclass(frozen=True, slots=True)
class CompileContext:
    """The machine and the working tree that the plan is compiled for, and the tool whose file it is."""

    machine: Platform
    is_there: IsThere
    is_tracked: IsTracked
    # In a file of another tool what is doubtful is no error, but a job that fails: those that its translation refused,
    # and why. None: the file is one of ours.
    refused: Mapping[Location, str] | None
    config_hooks: Mapping[str, ConfigHook] = field(default_factory=dict[str, ConfigHook])  # those of pre-commit's file
    installed: tuple[str, ...] | None = None  # the hooks that `install` installs; None: all that have jobs

    @property
    def is_own(self) -> bool:
        return self.refused is None


def compile_hooks(file: HookFile, tree: Node, context: CompileContext) -> tuple[list[Hook], list[Diagnostic]]:
    """Compile the hooks and tasks of `file`; `tree` is the tree that it was read from, with locations.

    They are in the order of the file, the tasks behind the hooks. One with errors is left out.
    """
    diagnostics = check_version(file, tree)
    hooks: list[Hook] = []
    sections = {"hooks": file.hooks, "tasks": file.tasks}
    flat_sections = {
        section: {name: flatten((section, name), body) for name, body in bodies.items()}
        for section, bodies in sections.items()
    }
    outputs = outputs_in(flat_sections.values())
    for section, flats in flat_sections.items():
        for name, body in sections[section].items():
            setting = Setting(file, name, section == "tasks", context.is_own)
            hook = _Compiler(setting, body, flats[name], tree, context, diagnostics, outputs).hook(flats)
            if hook is not None:
                hooks.append(hook)
    return add_requirements(hooks, sections, flat_sections, tree, diagnostics), diagnostics


@dataclass(frozen=True, slots=True)
class _Compiler:
    """A compiler for one hook."""

    setting: Setting
    body: HookBody
    flat: Flat
    tree: Node
    context: CompileContext
    diagnostics: list[Diagnostic]  # more of them are put in
    outputs: tuple[str, ...]  # of all jobs of the file

    def hook(self, flats: dict[str, Flat]) -> Hook | None:
        """Return the hook; None if it has errors, which are added to the diagnostics."""
        name, flat = self.setting.hook, self.flat
        every = owners(name, flat)
        needs, errors = check_needs(name, flat, every, flats, self.tree, file_needs(flat))
        misplaced = [*check_paths(flat, self.tree)]
        errors += misplaced or check_outputs(flat, self.tree, self.context.is_tracked)
        errors += [*check_names(every, self.tree), *check_modes(name, self.body, flat, self.tree)]
        errors += check_keys(name, self.body, flat, self.tree)
        errors += check_snapshots(name, self.body, flat, every, self.tree, needs)
        severity = ERROR if self.context.is_own else WARNING
        errors += check_query_commands(self.setting, every, self.tree, severity)
        found = [self._command(number) for number in range(len(flat.members))]
        errors += [one for one in found if isinstance(one, Diagnostic)]
        takes_list = [isinstance(one, Command) and one.takes_list for one in found]
        errors += [*check_lists(flat, takes_list, self.tree), *check_conduct(flat, takes_list, self.tree)]
        self.diagnostics.extend(errors)
        if any(one.severity == ERROR for one in errors):
            return None
        background = self._background()
        chains = add_mode_edges(flat, self._with_setup(needs), background)
        if tangled := [*check_mode_cycles(name, chains, flat, self.tree)]:
            self.diagnostics.extend(tangled)
            return None
        return self._hook(chains, background, [one for one in found if isinstance(one, Command)])

    def _background(self) -> list[bool]:
        """Return which jobs are declared in the background.

        The `setup` commands are in the background if all other jobs are.
        """
        members = self.flat.members
        is_all_late = all(is_background(member, self.body) for member in members if not member.is_setup)
        return [is_all_late if member.is_setup else is_background(member, self.body) for member in members]

    def _with_setup(self, needs: list[list[int]]) -> list[list[int]]:
        """Add the needs that run the `setup` commands one by one, and before all jobs without needs."""
        setups = [number for number, member in enumerate(self.flat.members) if member.is_setup]
        if not setups:
            return needs
        before = {number: [number - 1] for number in setups[1:]}
        return [
            before.get(number, []) if number in setups else its_needs or [setups[-1]]
            for number, its_needs in enumerate(needs)
        ]

    def _command(self, number: int) -> Command | Diagnostic:
        """Return the command of a job, or an error about it."""
        member = self.flat.members[number]
        if member.body.pre_commit is not None:
            hook = self._config_hook(member)
            return self._unknown_hook(member, number) if hook is None else command_of_hook(hook)
        key = "run" if member.body.script is None else "script"
        text: str | None
        if member.body.script is not None:
            text = job_commands.script_text(member, self.setting, self._is_local(member.body.script))
            key = "args" if member.body.args is not None else key
        else:
            text = job_commands.text_here(member.body.run, self.context.machine)
            if text is None:
                return job_commands.absent_command(member.body.run, self.context.machine)
        return self._checked(text, member, [*member.path, key], subject_of_job(self.flat.names[number]))

    def _config_hook(self, member: Member) -> ConfigHook | None:
        """Return the hook of pre-commit's file that a job runs: that of this name, or of this alias."""
        name = member.body.pre_commit
        hooks = self.context.config_hooks
        if name is None or name in hooks:
            return hooks[name] if name else None
        return next((hook for hook in hooks.values() if hook.alias == name), None)

    def _unknown_hook(self, member: Member, number: int) -> Diagnostic:
        mark, subject = mark_at(self.tree, [*member.path, "pre_commit"]), subject_of_job(self.flat.names[number])
        if not self.context.config_hooks:
            fix = 'add "extends: .pre-commit-config.yaml"'
            return Diagnostic(mark, "there are no hooks of pre-commit's below this file", subject, fix=fix)
        near = choose_from(member.body.pre_commit or "", self.context.config_hooks)
        return Diagnostic(mark, f"the config file has no hook {quote(member.body.pre_commit or '')}{near}", subject)

    def _checked(self, text: str, member: Member, path: list[str | int], subject: str) -> Command | Diagnostic:
        """Return the command of a text, or an error.

        In another tool's file, a command that must not be executed only fails its own job (C6).
        """
        refused: TemplateError | None = None
        for at, message, fix in find_doubtful_braces(text, self.setting.template):
            self.diagnostics.append(Diagnostic(self._location(path, text, at), message, subject, WARNING, fix))
        for message, fix in find_nested_runs(text, self.setting):
            self.diagnostics.append(Diagnostic(self._location(path, text, None), message, subject, WARNING, fix))
        try:
            command = command_of(text, member, self.setting)
        except TemplateError as error:
            command, refused = refusing_command(text, self.setting), error
        if no_list := self._check_list(command.list_name):
            command, refused = replace(command, list_name="", event=""), refused or no_list
        if refused:
            mark = self._location(path, text, refused.offset)
            if self.context.is_own:
                return Diagnostic(mark, refused.message, subject, fix=refused.fix)
            message = f"the job fails without being run: {refused.message}"
            self.diagnostics.append(Diagnostic(mark, message, subject, WARNING, refused.fix))
        why = str(refused or "") or self._refused_before(member)
        return replace(command, refused=why) if why else command

    def _location(self, path: list[str | int], text: str, offset: int | None) -> Location:
        """Return the location of the braces at `offset` of a text; that of the whole text for None."""
        mark, node = mark_at(self.tree, path), node_at(self.tree, path)
        return mark if offset is None else mark_inside(scalars_here(node, self.context.machine), mark, text, offset)

    def _refused_before(self, member: Member) -> str:
        """Return why the translation of another tool's file has refused the job, or ""."""
        refused = self.context.refused
        job = node_at(self.tree, member.path) if refused else None
        return refused.get(job.mark, "") if refused and job else ""

    def _check_list(self, name: str) -> TemplateError | None:
        """Return an error if git has no files for this placeholder in this hook.

        Without this error the job would be skipped each time, and a gate would pass.
        """
        hook = self.setting.hook
        fix = "use {files} or {all_files}"
        if name == "push_files" and hook != "pre-push":
            return TemplateError(f"{{push_files}} is for pre-push: in {hook} nothing is pushed", fix)
        if name == "changed_files" and not has_changes(hook):
            return TemplateError(f"{{changed_files}} is empty in {hook}, which changes no files", fix)
        return None

    def _is_local(self, script: str) -> bool:
        return self.context.is_there(job_commands.script_file(script, self.setting, is_local=True))

    def _hook(self, chains: HookEdges, background: Sequence[bool], found: Sequence[Command]) -> Hook:
        made_by = {(one.job, one.need) for one in file_needs(self.flat)}
        checks = Checks(self.context.is_own)
        checks.of([self.body])  # they come first, also where there is no job (requirements.py)
        dependents, followers = dependents_of(chains.needs), dependents_of(chains.after)
        jobs: list[Job] = []
        for number, member in enumerate(self.flat.members):
            order = Order(
                needs=tuple(chains.needs[number]),
                after=tuple(chains.after[number]),
                dependents=tuple(dependents[number]),
                followers=tuple(followers[number]),
                made_by=tuple(need for need in chains.needs[number] if (number, need) in made_by),
                priority=member.body.priority,
                groups=self._groups(member),
                is_setup=member.is_setup,
            )
            phase = BACKGROUND if background[number] and number not in chains.in_front else FOREGROUND
            job = self._job(number, member, found[number], checks, phase)
            if number in self.flat.snapshots:
                job = with_snapshot(job, member, self.body)
            jobs.append(job._replace(order=order, declared_background=background[number]))
        in_order = topological_order([[*job.order.needs, *job.order.after] for job in jobs])
        body = self.body
        return Hook(
            name=self.setting.hook,
            jobs=tuple(jobs),
            order=tuple(in_order),
            fail_fast=body.fail_fast,
            timeout_s=body.timeout,
            checks=tuple(checks.all),
            warns=body.fail_mode == "warn",
            is_task=self.setting.is_task,
            is_on_demand=self._is_on_demand(),
            tag_tables=tag_tables() if any(job.selection.files and job.selection.files.tags for job in jobs) else None,
        )

    def _job(self, number: int, member: Member, command: Command, checks: Checks, phase: str) -> Job:
        """Return a job without its order."""
        body, name, hook = member.body, self.flat.names[number], self._config_hook(member)
        known = conduct_of_hook(hook) if hook else None
        is_declared = body.reads is not None or body.writes is not None
        return Job(
            number=number,
            name=name,
            directory=directory_name(number, name),
            execution=self._execution(member, command, phase),
            phase=phase,
            selection=self._selection(number, member, command, checks),
            changes=Changes(
                body.stage_fixed,
                self._fails_on_changes(member) if phase == FOREGROUND else (),
                conduct_of(body, known) if is_declared else known,
            ),
            results=result_rule(member, root_of(member), self.outputs),
            report=Report(
                fail_text=body.fail_text,
                is_silent=body.background_output == "silent",
                max_log_bytes=body.log.max_log_size,
                retention_s=body.log.retention,
            ),
            description=body.description or (hook.title if hook else ""),
            label=self.flat.labels[number],
            tags=tags_of(member),
            within=self._within(member, hook),
        )

    def _execution(self, member: Member, command: Command, phase: str) -> Execution:
        body, timeout_s, hook = member.body, timeout_of(member), self._config_hook(member)
        return Execution(
            command=command.shown,
            argv=command.argv,
            root=root_of(member),
            env=env_of(member, self.setting.file.env, self.body.env),
            files_at=command.files_at,
            files_uses=command.files_uses,
            script=self._script(body.script),
            refused=command.refused,
            timeout_s=BACKGROUND_TIMEOUT_S if timeout_s is None and phase == BACKGROUND else timeout_s,
            nice=body.nice,
            interactive=body.interactive,
            use_stdin=body.use_stdin,
            patch=patch_of_hook(hook) if hook else (),
            is_unresolved=hook is not None and hook.is_unresolved,
        )

    def _selection(self, number: int, member: Member, command: Command, checks: Checks) -> Selection:
        rule = None if command.absent else self._files(member, command)
        return Selection(
            files=rule,
            checks=checks.of([self.body, *member.levels]),
            absent=command.absent or self._absent(member),
            needs_event=self._event_of(number, command, rule),
        )

    def _event_of(self, number: int, command: Command, rule: FileRule | None) -> str:
        """Return the placeholder that has a value only in a hook with such an event, or ""."""
        event = command.event
        if rule is not None and not event:
            event = _OF_AN_EVENT.get(rule.source, "")
        # Those of a snapshot are what its commit changed (S7).
        return "" if event == _OF_AN_EVENT[CHANGED] and number in self.flat.snapshots else event

    def _within(self, member: Member, hook: ConfigHook | None) -> tuple[str, ...]:
        """Return the names by which a job can be selected beside its own: those of its groups, its id and its alias."""
        others = (hook.id, hook.alias) if hook else ()
        names = (*(group.name for group in member.around), *others)
        return tuple(dict.fromkeys(name for name in names if name and name != member.body.name))

    def _is_on_demand(self) -> bool:
        """Return whether only pre-commit's file has jobs for this event, and would not have it installed."""
        installed, event = self.context.installed, self.setting.hook
        if installed is None or event in installed or self.setting.is_task:
            return False
        hooks = [self._config_hook(member) for member in self.flat.members]
        return all(hook is not None and event in hook.stages for hook in hooks)

    def _script(self, script: str | None) -> str:
        return "" if script is None else job_commands.script_file(script, self.setting, self._is_local(script))

    def _fails_on_changes(self, member: Member) -> tuple[str, ...]:
        own = member.body.fail_on_changes
        return self.body.fail_on_changes if own is None else own

    def _files(self, member: Member, command: Command) -> FileRule | None:
        """Return the rule for the list that a job is given, or that decides whether it applies.

        It is None for a job that is not about files.
        """
        if (hook := self._config_hook(member)) is not None:
            return rule_of_hook(hook, self.setting.hook, member)
        levels = member.levels
        lister = files_of(member, self.body)
        if lister and self.context.is_own:
            lister = with_literal_braces(lister)
        patterns = next((body.glob for body in reversed(levels) if body.glob), [])
        types = next((body.file_types for body in reversed(levels) if body.file_types), [])
        excludes = [*self.body.exclude, *(pattern for body in levels for pattern in body.exclude)]
        tags = type_rule_of(member)
        is_asked = bool(patterns or types or tags or any(body.exclude or body.files for body in levels))
        is_asked = is_asked or member.body.stage_fixed  # what it changed among its files is staged (G6)
        if not (command.list_name or command.names_files or is_asked):
            return None
        source = _SOURCES.get(command.list_name)
        if source is None:
            source = COMMAND if lister is not None else default_file_set(self.setting.hook)
        return FileRule(
            source=source,
            command=(lister or "") if source == COMMAND else "",
            globs=matchers(patterns),
            excludes=matchers(excludes),
            types=tuple(types),
            counts_deleted=not (command.list_name or command.names_files),
            tags=tags,
        )

    def _absent(self, member: Member) -> str:
        """Return why the job never applies here, or ""."""
        machine = self.context.machine
        wanted = next((body.arch for body in reversed(member.levels) if body.arch), [])
        if wanted and machine.architecture not in wanted:
            return f"only for {' and '.join(wanted)} (this is {machine.architecture})"
        excluded = sorted(set(tags_of(member)).intersection(self.body.exclude_tags))
        if excluded:
            return f'excluded by tag "{excluded[0]}"'
        return ""

    def _groups(self, member: Member) -> tuple[Group, ...]:
        """Return the concurrency groups of a job in the order of their names, in which they are taken."""
        groups: dict[str, Group] = {}
        for body, is_shared in concurrency_of(member, self.body):
            groups[body.group] = Group(body.group, body.on_conflict, is_shared, body.wait)
        return tuple(groups[name] for name in sorted(groups))
