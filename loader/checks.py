"""What no single key can tell: names, needs, cycles and modes that do not go together (R4, C4, C5)."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from dodo_hooks.core.graph import find_cycle
from dodo_hooks.core.names import name_fault
from dodo_hooks.loader.schema import HookBody
from dodo_hooks.loader.tree import Finding, Mark, Node, key_mark_at, mark_at
from dodo_hooks.loader.wording import did_you_mean, quoted

_MOST_CYCLES = 20  # said in one run; each costs a walk through the graph
_MOST_NEIGHBOURS = 500  # names among which the nearest is sought, for each unknown one


def check_names(hook: str, body: HookBody, tree: Node) -> list[Finding]:
    """Names that are not allowed, and names that two jobs have (C4, R4)."""
    findings: list[Finding] = []
    first: dict[str, Mark] = {}
    for number, job in enumerate(body.jobs):
        if job.name is None:
            continue
        mark = mark_at(tree, ["hooks", hook, "jobs", number, "name"])
        fault = name_fault(job.name)
        if fault:
            findings.append(Finding(mark, f"a name {fault}", _who(job.name)))
        elif job.name in first:
            line = first[job.name].line
            findings.append(
                Finding(mark, f"the job at line {line} has this name too: one of them needs another", _who(job.name))
            )
        first.setdefault(job.name, mark)
    return findings


def check_modes(hook: str, body: HookBody, tree: Node) -> list[Finding]:
    """Two modes at once, and a chain that is to be detached as a whole (C5)."""
    modes = [mode for mode, is_on in (("piped", body.piped), ("follow", body.follow)) if is_on]
    written = [*modes, *(["parallel"] if body.parallel is not None else [])]
    who = f"hook {quoted(hook)}"
    findings: list[Finding] = []
    if modes and len(written) > 1:
        mark = max((key_mark_at(tree, ["hooks", hook, mode]) for mode in written), key=lambda mark: mark.line)
        both = " and ".join(map(quoted, written))
        findings.append(Finding(mark, f"{both} are two modes at once: keep the one that you mean", who))
    if modes and body.background:
        mark = key_mark_at(tree, ["hooks", hook, "background"])
        message = (
            f'a hook that is {quoted(modes[0])} cannot be detached as a whole: write "background: true" at its jobs'
        )
        findings.append(Finding(mark, message, who))
    return findings


def checked_needs(
    hook: str, body: HookBody, names: Mapping[str, Sequence[str]], tree: Node
) -> tuple[list[list[int]], list[Finding]]:
    """The needs of each job as numbers, each once, and those that cannot be: unknown, of itself, in a circle (R4).

    `names` are the jobs' names of every hook, in order.
    """
    number_of = {name: number for number, name in enumerate(names[hook])}
    needs: list[list[int]] = []
    findings: list[Finding] = []
    for number, job in enumerate(body.jobs):
        needs.append([])
        for place, need in enumerate(job.needs):
            needed = number_of.get(need)
            if needed is None or needed == number:
                message = "a job cannot need itself" if needed == number else _unknown(need, hook, names, number)
                mark = mark_at(tree, ["hooks", hook, "jobs", number, "needs", place])
                findings.append(Finding(mark, message, _who(names[hook][number])))
            elif needed not in needs[-1]:
                needs[-1].append(needed)
    return needs, findings + _cycles(hook, body, names[hook], needs, tree)


def _unknown(need: str, hook: str, names: Mapping[str, Sequence[str]], number: int) -> str:
    others = [other for other, its_names in names.items() if other != hook and need in its_names]
    if others:
        return f"it needs {quoted(need)}, a job of the hook {quoted(others[0])}: a need names a job of the same hook"
    own = [name for other, name in enumerate(names[hook]) if other != number]
    near = did_you_mean(need, own[:_MOST_NEIGHBOURS])
    return f"it needs {quoted(need)}, and no job of {quoted(hook)} is called so{near}"


def _cycles(hook: str, body: HookBody, names: Sequence[str], needs: list[list[int]], tree: Node) -> list[Finding]:
    """A finding for each cycle; no two of them share an edge."""
    findings: list[Finding] = []
    left = [list(its_needs) for its_needs in needs]
    while len(findings) < _MOST_CYCLES and (cycle := find_cycle(left)):
        path = " -> ".join(names[number] for number in cycle)
        place = next(i for i, need in enumerate(body.jobs[cycle[0]].needs) if need == names[cycle[1]])
        mark = mark_at(tree, ["hooks", hook, "jobs", cycle[0], "needs", place])
        findings.append(
            Finding(mark, f"its needs lead back to it: {path}; take one of them out", _who(names[cycle[0]]))
        )
        for job, need in pairwise(cycle):
            left[job].remove(need)
    return findings


def _who(name: str) -> str:
    return f"job {quoted(name)}"
