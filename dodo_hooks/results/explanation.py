"""The reasons that would make a job run: its facts now against those of its last kept success (K11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dodo_hooks.host.posix import decode_path
from dodo_hooks.results.found import Undecidable
from dodo_hooks.results.kept import PassedFiles, plain

if TYPE_CHECKING:
    from dodo_hooks.core.job_key import Facts
    from dodo_hooks.core.plan import Job
    from dodo_hooks.results.facts import Known
    from dodo_hooks.results.kept import KeptResults
    from dodo_hooks.results.run_results import RunResults

_MOST_FILES = 20  # that are named
_ID_DIGITS = 8
_SIMPLE = {
    "argv": "the command",
    "root": "the folder that it runs in",
    "script": "the script",
    "stdin": "the standard input of the hook",
    "name": "its name",
}
_NAMED = {
    "env": "the variable {} (env)",
    "env_inputs": "the variable {} (env_inputs)",
    "event": "the variable {}",
    "argument_files": "the content of the file in argument {}",
    "uptodate": "the output of `{}` (uptodate)",
    "needs": "what {} made, or its result",
}
_LISTS = {"inputs": "input", "files": "file"}


def explain(results: RunResults, number: int) -> list[str]:
    """Return sentences on what would make a job run."""
    job, kept = results.jobs[number], results.kept
    if not job.results.is_incremental:
        return [f"{job.name} runs each time: it has neither inputs nor uptodate"]
    if (outcome := results.check(number, restores=False)) is not None:
        return [f"{job.name} {'has' if job.workspace else 'is'} {outcome.reason}"]
    try:
        known = results.known(number)
        if job.results.is_per_file:
            left = PassedFiles(job, kept, known.key, known.listed).left
            return [f"{job.name} would run for files that have not passed:", *(f"  {decode_path(one)}" for one in left)]
        if not job.workspace and (success := kept.find(job, known.key)):
            bad = [output.path for output in success.outputs if not results.is_as_made(output)] or job.results.outputs
            what = "be restored or run" if job.results.cache else "run"
            return [f"{job.name} would {what}:", *(f"  output {path} is gone, or was changed" for path in bad)]
        return [f"{job.name} would run:", *(f"  {line}" for line in _reasons(kept, job, known))]
    except Undecidable as error:
        return [f"{job.name} would run: {error}"]


def differences(before: Mapping[str, Any], now: Facts) -> list[str]:
    """Return a line for each fact that differs."""
    lines: list[str] = []
    for name, value in now.items():
        old = before.get(name)
        if plain(value) == old:
            continue
        if name in _LISTS:
            lines += _file_lines(_LISTS[name], _files(old), _files(value))
        elif name in _NAMED:
            lines += _named_lines(_NAMED[name], old, value)
        else:
            lines.append(f"{_SIMPLE.get(name, name)} has changed")
    return lines


def _named_lines(words: str, old: Any, new: Any) -> Iterator[str]:
    before, now = old if isinstance(old, dict) else {}, new if isinstance(new, Mapping) else {}
    for one in sorted({*before, *now}):
        if one not in now:
            yield f"{words.format(one)} no longer counts"
        elif one not in before:
            yield f"{words.format(one)} counts now"
        elif before[one] != plain(now[one]):
            gone = " (unset now)" if now[one] is None else " (it was unset)" if before[one] is None else ""
            yield f"{words.format(one)} has changed{gone}"


def _file_lines(what: str, before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for path in sorted({*before, *now}):
        if before.get(path) == now.get(path):
            continue
        its_name = path or "./"  # the whole tree of a commit
        if path not in now:
            lines.append(f"{what} {its_name} is gone ({_short(before[path])})")
        elif path not in before:
            lines.append(f"{what} {its_name} is new ({_short(now[path])})")
        else:
            lines.append(f"{what} {its_name} has changed ({_short(before[path])} -> {_short(now[path])})")
    rest = len(lines) - _MOST_FILES
    return lines if rest <= 1 else [*lines[:_MOST_FILES], f"and {rest} more"]


def _short(about: str) -> str:
    mode, _, identity = about.partition(" ")
    return f"{identity[:_ID_DIGITS]}, executable" if mode == "100755" else identity[:_ID_DIGITS]


def _files(value: Any) -> dict[str, str]:
    """Return path -> mode and id, of the lines that the facts hold."""
    lines = value.split(b"\0") if isinstance(value, bytes) else ()
    pairs = (decode_path(line).rpartition("\t") for line in lines if line)
    return {path: about for path, _, about in pairs}


def _reasons(kept: KeptResults, job: Job, known: Known) -> list[str]:
    """Return sentences on why there is no success under the job's key. Raises Undecidable."""
    why, before = kept.why_not_kept(job), kept.last_facts(job)
    lines = [f"its last success is not kept: {why}"] if why else []
    if before is None:
        return lines or ["no success of it is stored here"]
    found = [*lines, *differences(before, known.named_facts)]
    return found or ["its last run here with these inputs did not succeed"]
