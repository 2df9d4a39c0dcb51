"""The keys of a run's jobs in the working tree, and what their outputs are, as of one moment (K1, K4, K6; HOT)."""

from dodo_hooks.host.posix import S_ISDIR, decode_path, encode_path, os
from dodo_hooks.results.contents import Contents, stamp_of
from dodo_hooks.results.facts import FactCollector, Known, Occasion
from dodo_hooks.results.found import Undecidable
from dodo_hooks.results.index_memory import IndexMemory
from dodo_hooks.results.input_watch import begin
from dodo_hooks.results.kept import KeptResults, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.results.facts import Parts
    from dodo_hooks.results.input_watch import Begun
    from dodo_hooks.results.tree import Tree


class WorktreeKeys:
    """The keys of one run's jobs. The tree is read once, until `read_again`."""

    def __init__(self, occasion: Occasion, kept: KeptResults, part_of: "Parts") -> None:
        """Prepare the keys. `part_of` returns what a need contributes (K5)."""
        self.contents = Contents(occasion.repo, kept.own_file("stats"))
        self._memory = IndexMemory(kept.own_file("index"), kept.own_file("converted"))
        self._collector = FactCollector(occasion)
        self._part_of = part_of
        self._top = occasion.repo.top
        self._tree: Tree | None = None
        self._known: dict[int, Known | Undecidable] = {}  # of the tree

    def find(self, number: int) -> "Known | Undecidable":
        """Return the key of a job and what it rests on, or why it cannot be known."""
        if number not in self._known:
            job = self._collector.occasion.hook.jobs[number]
            try:
                if self._tree is None:
                    self._tree = self._read_tree()
                self._tree.expect_untracked_outputs(job)
                self._known[number] = self._collector.known(job, self._tree, self._part_of)
            except Undecidable as error:
                self._known[number] = error
            except RecursionError:  # a long chain of needs that are not part of this run
                self._known[number] = Undecidable("too many needs, one after the other, are not part of this run")
        return self._known[number]

    def begin(self, number: int) -> "Begun | None":
        """Note what a job starts from; None where its key is not known."""

        def look(is_late: bool) -> "Known | Undecidable":
            if is_late:
                self.read_again()
            return self.find(number)

        return begin(self._collector.occasion.repo, look)

    def read_again(self, environ: "Mapping[str, str] | None" = None) -> None:
        """Forget the tree. `environ`: that of git from here on, where it is another one."""
        if environ is not None:
            self._collector.occasion = self._collector.occasion._replace(git_environ=environ)
        self._tree = None
        self._known = {}

    def input_paths(self, number: int) -> "list[str]":
        """Return the inputs of a job that are there now. No command is run. Raises Undecidable."""
        job = self._collector.occasion.hook.jobs[number]
        tree = self._collector.tree([job], self.contents, self._memory)
        return [decode_path(path) for path in tree.inputs(job).names.files]

    def output(self, path: str) -> "Output | None":
        """Return what is there of an output; None where nothing is, or it cannot be read."""
        try:
            stat = os.lstat(f"{self._top}/{path}")
            about = self.contents.about(encode_path(path))
        except (OSError, Undecidable):
            return None
        return Output(path, () if about is None else stamp_of(stat), about or b"")

    def is_as_made(self, output: Output) -> bool:
        """Return whether an output is there as it was kept. Raises Undecidable."""
        try:
            stat = os.lstat(f"{self._top}/{output.path}")
        except OSError:
            return False
        if not output.about:
            return S_ISDIR(stat.st_mode)
        return stamp_of(stat) == tuple(output.stamp) or self.contents.about(encode_path(output.path)) == output.about

    def save(self) -> None:
        """Keep what was learned about files, for the next run."""
        self.contents.save()
        self._memory.save()

    def _read_tree(self) -> "Tree":
        jobs = self._collector.occasion.hook.jobs
        mine = [job for job in jobs if job.results.is_incremental and not job.workspace]
        return self._collector.tree(mine, self.contents, self._memory)
