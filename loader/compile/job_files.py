"""`inputs` and `outputs` of jobs -> the plan's records, and the needs that come from them (K2, K10).

An entry is relative to the job's root; with a leading slash it is from the top of the working tree. One without
wildcards is a path: a file, or a folder with all that is in it. A pattern is one as in `glob`. A job that has an output
of another job of its hook among its inputs needs that job. A pattern reaches an output where it matches it, or where
the folder that it looks into lies in it: `dist/**` reaches `dist`, and `**/*.js` does not, since it would make each
such job need whatever installs `node_modules`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from dodo_hooks.core.diagnostics import Diagnostic, parts_of
from dodo_hooks.core.matching import matches
from dodo_hooks.core.plan import ResultRule
from dodo_hooks.core.plan_parts import Input
from dodo_hooks.core.text.terminal_text import quote
from dodo_hooks.host.posix import encode_path
from dodo_hooks.loader.compile.flatten import Flat, Member, root_of
from dodo_hooks.loader.globs.compile_globs import compile_glob
from dodo_hooks.loader.globs.from_top import WILDCARDS, path_from_top, pattern_from_top
from dodo_hooks.loader.read.nodes import Node, Path, key_mark_at, mark_at
from dodo_hooks.loader.schema.value_parsers import made_path, read_path

IsTracked = Callable[[list[str]], set[str]]  # which of these paths git tracks, or hold something that it tracks


@dataclass(frozen=True, slots=True)
class FileNeed:
    """A need that comes from a file: the job reads what the other one makes."""

    job: int
    need: int
    output: str
    path: Path  # of the input in the tree


def result_rule(member: Member, root: str, outputs: Iterable[str]) -> ResultRule:
    """Return what says whether a job has to run again; `outputs` are those of the whole plan."""
    body = member.body
    return ResultRule(
        inputs=inputs_of(body.inputs, root, outputs),
        outputs=tuple(_outputs_of(member)),
        env_inputs=tuple(body.env_inputs),
        uptodate=tuple(body.uptodate),
        is_incremental=bool(body.inputs or body.uptodate or body.incremental),
        is_per_file=bool(body.incremental),
        cache=body.cache,
    )


def _outputs_of(member: Member) -> list[str]:
    return [path_from_top(text, root_of(member)) for text in member.body.outputs]


def inputs_of(texts: Iterable[str], root: str, outputs: Iterable[str]) -> tuple[Input, ...]:
    """Return the inputs of a job; `outputs` are those of the whole plan."""
    made = [output.encode("utf-8", "surrogateescape") for output in outputs]
    found = []
    for text in texts:
        one = _input(text, root)
        lies_in = any(one.path == output or one.path.startswith(output + b"/") for output in made)
        found.append(one._replace(reaches_outputs=lies_in))
    return tuple(found)


def _input(text: str, root: str) -> Input:
    if not WILDCARDS.search(text):
        path = path_from_top(text, root)
        return Input(text, encode_path(path), None) if path != "." else Input(text, b"", compile_glob("**"))
    folder, pattern = pattern_from_top(text, root)
    inside = pattern.removeprefix("/").removeprefix("./").split("/")[:-1]
    wild = next((place for place, name in enumerate(inside) if WILDCARDS.search(name)), len(inside))
    looks_into = "/".join([*filter(None, [folder]), *inside[:wild]])
    return Input(text, encode_path(looks_into), compile_glob(pattern, folder=folder))


def _makers(flat: Flat) -> list[tuple[int, Member]]:
    return [(number, member) for number, member in enumerate(flat.members) if member.body.outputs]


def file_needs(flat: Flat) -> list[FileNeed]:
    """Return the needs between the jobs of a hook that come from their files, each pair once.

    A job in a snapshot has none: its inputs are those of a commit, and no job makes them.
    """
    found: dict[tuple[int, int], FileNeed] = {}
    makers = [(number, output) for number, member in _makers(flat) for output in _outputs_of(member)]
    if not makers:
        return []
    for number, member in enumerate(flat.members):
        if number in flat.snapshots:
            continue
        for place, text in enumerate(member.body.inputs):
            one = _input(text, root_of(member))
            for maker, output in makers:
                if maker != number and _reads(one, encode_path(output)):
                    found.setdefault((number, maker), FileNeed(number, maker, output, (*member.path, "inputs", place)))
    return list(found.values())


def _reads(one: Input, output: bytes) -> bool:
    if one.path == output or one.path.startswith(output + b"/"):
        return True
    if one.matcher is None:
        return output.startswith(one.path + b"/")
    return matches(one.matcher, output)


def check_paths(flat: Flat, tree: Node) -> Iterator[Diagnostic]:
    """Yield errors about inputs and outputs that are not in the working tree (K10)."""
    for name, member in zip(flat.names, flat.members, strict=True):
        body, root = member.body, root_of(member)
        inputs = ((read_path, "inputs", place, text) for place, text in enumerate(body.inputs))
        outputs = ((made_path, "outputs", place, text) for place, text in enumerate(body.outputs))
        for check, key, place, text in chain(inputs, outputs):
            try:
                check(text, pattern_from_top(text, root)[0] if WILDCARDS.search(text) else path_from_top(text, root))
            except ValueError as error:
                message, fix = parts_of(error)
                yield Diagnostic(mark_at(tree, [*member.path, key, place]), message, f"job {quote(name)}", fix=fix)


def check_outputs(flat: Flat, tree: Node, is_tracked: IsTracked) -> list[Diagnostic]:
    """Return errors about outputs that two jobs make, or that git tracks (K10)."""
    errors: list[Diagnostic] = []
    makers: list[tuple[str, int]] = []
    written = [
        (output, number, mark_at(tree, [*member.path, "outputs", place]), f"job {quote(flat.names[number])}")
        for number, member in _makers(flat)
        for place, output in enumerate(_outputs_of(member))
    ]
    tracked = is_tracked([output for output, *_ in written]) if written else set[str]()
    for output, number, mark, who in written:
        if output in tracked:
            fix = "remove it with `git rm --cached`, or from outputs"
            errors.append(Diagnostic(mark, f"output {quote(output)} is tracked by git", who, fix=fix))
        for other, maker in makers:
            if maker != number and _overlap(output, other):
                names = quote(other) if other != output else "it"
                message = f"output {quote(output)}: job {quote(flat.names[maker])} makes {names} already"
                errors.append(Diagnostic(mark, message, who))
        makers.append((output, number))
    return errors


def check_lists(flat: Flat, takes_list: Sequence[bool], tree: Node) -> Iterator[Diagnostic]:
    """Yield errors about `incremental` without a list of files, or with outputs (K8)."""
    for name, member, takes in zip(flat.names, flat.members, takes_list, strict=True):
        if not member.body.incremental or (takes and not member.body.outputs):
            continue
        message, fix = "needs a list of files, such as {staged_files}", "for other jobs write inputs"
        if member.body.outputs:
            message, fix = "cannot be combined with outputs: such a job only checks its files", ""
        mark = key_mark_at(tree, [*member.path, "incremental"])
        yield Diagnostic(mark, f'"incremental" {message}', f"job {quote(name)}", fix=fix)


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def outputs_in(flats: Iterable[Mapping[str, Flat]]) -> tuple[str, ...]:
    """Return the outputs of all jobs of a file."""
    members = (member for by_name in flats for flat in by_name.values() for _, member in _makers(flat))
    return tuple(dict.fromkeys(output for member in members for output in _outputs_of(member)))
