"""`reads` and `writes`: what a job does to tracked files, as far as that is declared or known (P6)."""

from collections.abc import Iterator, Sequence

from dodo_hooks.core.diagnostics import Diagnostic
from dodo_hooks.core.plan import ANYTHING, GIVEN, NOTHING
from dodo_hooks.core.plan_parts import Conduct
from dodo_hooks.loader.compile.flatten import Flat
from dodo_hooks.loader.compile.validation import subject_of_job
from dodo_hooks.loader.read.nodes import Node, key_mark_at
from dodo_hooks.loader.schema.job_models import JobBody


def conduct_of(body: JobBody, known: Conduct | None) -> Conduct:
    """Return the conduct that a job declares by its keys; the rest of it as `known` has it.

    `reads: false` declares that nothing is known, and nothing is learned then.
    """
    writes = NOTHING if body.reads else body.writes or ANYTHING
    reads = GIVEN if writes == GIVEN else ANYTHING
    return (known or Conduct(reads, writes))._replace(reads=reads, writes=writes, identity="")


def check_conduct(flat: Flat, takes_list: Sequence[bool], tree: Node) -> Iterator[Diagnostic]:
    """Yield errors about `reads` and `writes` together, with `stage_fixed`, or without a list of files."""
    for name, member, takes in zip(flat.names, flat.members, takes_list, strict=True):
        body = member.body
        for key, is_wrong, message, fix in (
            ("reads", body.reads and body.writes, '"reads" and "writes" cannot be combined', "keep one of them"),
            ("reads", body.reads and body.stage_fixed, '"reads: true" and "stage_fixed" cannot be combined', ""),
            ("writes", body.writes and not takes, '"writes: given" needs a list of files', "add {staged_files}"),
        ):
            if is_wrong:
                mark = key_mark_at(tree, [*member.path, key])
                yield Diagnostic(mark, message, subject_of_job(name), fix=fix)
