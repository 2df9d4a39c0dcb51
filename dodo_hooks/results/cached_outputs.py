"""The output cache as the results of a run use it: for jobs with `cache: true`, under their keys (K9; HOT)."""

from dodo_hooks.core.errors import HooksError
from dodo_hooks.host.posix import encode_path, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dodo_hooks.core.plan import Job
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.results.contents import Contents


class CachedOutputs:
    """The outputs of jobs in one worktree, and those that are stored."""

    def __init__(
        self, cache: str, identity: str, repo: "Repo", limit_bytes: "int | None", say: "Callable[[str], None]"
    ) -> None:
        """Name the cache.

        `cache`: the user's directory. `identity`: the repository's id. `limit_bytes`: of the whole cache; None: the
        default. `say` prints one sentence.
        """
        self._cache, self._identity = cache, identity
        self._repo = repo
        self._limit_bytes = limit_bytes
        self._say = say

    @property
    def _directory(self) -> str:
        from dodo_hooks.results.outputs.output_cache import repository_cache  # here: most hooks have no such job

        return repository_cache(self._cache, self._identity)

    def digest(self, job: "Job", contents: "Contents") -> str:
        """Return the digest of the manifest of the outputs that are there; "" where there can be none.

        They are read unless the stat of each of them is known.
        """
        from dodo_hooks.results.outputs.manifest import list_outputs, newest_ns, read_manifest, stamp_of_all

        paths = _paths(job)
        contents.now_ns()  # what changes from here on is younger than this
        try:
            found = list_outputs(self._repo.top, paths)
            stamp = stamp_of_all(found)
            digest = contents.known_tree(paths, stamp)
            if not digest:
                digest = read_manifest(self._repo.top, found).digest
                contents.learn_tree(paths, stamp, newest_ns(found), digest)
        except (OSError, ValueError):
            return ""
        return digest

    def has(self, key: str) -> bool:
        """Return whether something is stored under the key."""
        return os.access(f"{self._directory}/{key}", os.F_OK)

    def restore(self, keyed: "Sequence[tuple[Job, str]]", environ: "Mapping[str, str]") -> "list[str]":
        """Put what is stored under the key of each job in the place of its outputs.

        Return the digests of their manifests, which every restored file was compared with; "" where nothing was
        restored.
        """
        from dodo_hooks.results.outputs.restore_outputs import restore_all

        results = restore_all(self._directory, [(key, _paths(job)) for job, key in keyed], self._repo, environ)
        for (job, _), result in zip(keyed, results, strict=True):
            if result.reason:
                self._say(f"the outputs of {job.name} were not restored: {result.reason}")
        return [result.manifest.digest if result.manifest is not None else "" for result in results]

    def store(self, job: "Job", key: str, contents: "Contents") -> str:
        """Store the outputs, and return the digest of their manifest.

        What cannot be stored is one sentence, since the job's success stands: and the digest is "" if there is none.
        """
        from dodo_hooks.results.outputs.output_cache import DEFAULT_LIMIT_BYTES, store_outputs

        limit_bytes = self._limit_bytes or DEFAULT_LIMIT_BYTES
        try:
            manifest = store_outputs(self._directory, key, self._repo, _paths(job), job.results.cache, limit_bytes)
        except HooksError as error:
            self._say(f"the outputs of {job.name} are not cached: {error}")
        except ValueError as error:
            self._say(f"the outputs of {job.name} cannot be restored exactly, so they are not cached: {error}")
            return ""
        else:
            return manifest.digest if manifest is not None else ""
        return self.digest(job, contents)

    def remove(self, key: str) -> None:
        from dodo_hooks.results.outputs.cache_entry import remove_stored

        remove_stored(f"{self._directory}/{key}")


def _paths(job: "Job") -> "tuple[bytes, ...]":
    return tuple(encode_path(output) for output in job.results.outputs)
