"""The form of a plan in the cache: one bytes value of marshal for each hook (HOT)."""

import marshal
import sys

from dodo_hooks import __version__
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import (
    Changes,
    Execution,
    FileRule,
    Hook,
    Job,
    Order,
    Plan,
    Report,
    ResultRule,
    Retention,
    Selection,
)
from dodo_hooks.host.files.private_files import read_private
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dodo_hooks.core.diagnostics import Diagnostic
    from dodo_hooks.core.plan_parts import Condition

    Stat = tuple[int, ...]
    # Path; its stat, None: absent; its bytes if it was young, else their digest or that of its names, None: unread
    Source = tuple[str, Stat | None, bytes | str | None]

_FORMAT = 21
KEY = (
    _FORMAT,
    __version__,
    sys.hexversion,
    sys.implementation.cache_tag,
    sys.platform,
    os.uname().machine,
)


_new = tuple.__new__  # KEY says that there are as many values as the class has fields


def read_compiled(path: str, top: str) -> "Compiled | None":
    """Return a plan that was written for this working tree, whether it is still valid or not; None where none is."""
    try:
        fields = marshal.loads(read_private(path))
    except (OSError, ValueError, EOFError, TypeError):  # not there, or not marshal
        return None
    if not isinstance(fields, tuple) or len(fields) != len(Compiled._fields) or fields[0] != KEY or fields[1] != top:
        return None
    return Compiled(*fields)


class Compiled(Record):
    """A plan in the form in which it is cached."""

    key: "tuple[int | str | None, ...]"
    top: str
    sources: "tuple[Source, ...]"
    settings: "tuple[Any, ...] | None"  # a bare Plan without its hooks; None: there is no hook file
    hooks: "tuple[tuple[str, bytes], ...]"
    trusted: "tuple[str, ...]" = ()  # the `trusted:` of the user's own configuration (section 8)
    has_fired: bool = False  # a hook has fired with it, so that its shims are there (G2)

    def hook(self, name: str) -> "Hook | None":
        for its_name, data in self.hooks:
            if its_name == name:
                return _hook_from(data)
        return None

    @property
    def rules(self) -> Plan:
        """The plan without its hooks; the plan of an empty file where there is none."""
        if self.settings is None:
            return Plan("", None, ())
        plan = Plan._make(self.settings)
        diagnostics = _diagnostics_from(plan.diagnostics) if plan.diagnostics else ()
        return plan._replace(retention=Retention._make(plan.retention), diagnostics=diagnostics)

    def plan(self) -> "Plan | None":
        if self.settings is None:
            return None
        return self.rules._replace(hooks=tuple(_hook_from(data) for _, data in self.hooks))


def _diagnostics_from(fields: "tuple[Any, ...]") -> "tuple[Diagnostic, ...]":
    from dodo_hooks.core.diagnostics import Diagnostic, Location

    return tuple(Diagnostic(Location(*location), *others) for location, *others in fields)


def _hook_from(data: bytes) -> Hook:
    hook = Hook._make(marshal.loads(data))
    hook = hook._replace(jobs=tuple(_job_from(fields) for fields in hook.jobs))
    if hook.tag_tables is not None:
        from dodo_hooks.core.files.file_tags import TagTables

        hook = hook._replace(tag_tables=TagTables._make(hook.tag_tables))
    if not hook.checks and not hook.requires:
        return hook
    from dodo_hooks.core.plan_parts import Check, Requirement

    checks = tuple(Check(is_only, tuple(map(_condition_from, parts))) for is_only, parts in hook.checks)
    return hook._replace(checks=checks, requires=tuple(map(Requirement._make, hook.requires)))


def _job_from(fields: "tuple[Any, ...]") -> Job:
    job = _new(Job, fields)
    order, selection, changes = _new(Order, job.order), _new(Selection, job.selection), _new(Changes, job.changes)
    results = _new(ResultRule, job.results)
    if selection.files is not None:
        selection = selection._replace(files=_rule_from(selection.files))
    if order.groups or results.inputs or job.shares or changes.conduct is not None:
        from dodo_hooks.core.plan_parts import Conduct, Group, Input, Share

        order = order._replace(groups=tuple(map(Group._make, order.groups)))
        results = results._replace(inputs=tuple(map(Input._make, results.inputs)))
        job = job._replace(shares=tuple(map(Share._make, job.shares)))
        if changes.conduct is not None:
            changes = changes._replace(conduct=Conduct._make(changes.conduct))
    return job._replace(
        execution=_new(Execution, job.execution),
        order=order,
        selection=selection,
        changes=changes,
        results=results,
        report=_new(Report, job.report),
    )


def _rule_from(fields: "tuple[Any, ...]") -> FileRule:
    rule = _new(FileRule, fields)
    if rule.tags is None:
        return rule
    from dodo_hooks.core.plan_parts import TagRule

    return rule._replace(tags=TagRule._make(rule.tags))


def _condition_from(fields: "tuple[Any, ...]") -> "Condition":
    from dodo_hooks.core.plan_parts import Condition

    condition = Condition._make(fields)
    return condition._replace(parts=tuple(map(_condition_from, condition.parts))) if condition.parts else condition


def numbers_of(stat: "os.stat_result") -> "Stat":
    """Return the numbers that differ when a file has changed."""
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino, stat.st_dev
