"""The hook file of a commit, and its layers, read by the loader without a checkout (V3)."""

from __future__ import annotations

from dodo_hooks.git.command import run_git_at_top
from dodo_hooks.git.repo import Repo
from dodo_hooks.git.target import Target, list_tree, without_replacements
from dodo_hooks.host.posix import decode_path
from dodo_hooks.host.world import World
from dodo_hooks.loader.read.sources import Seen, SourceError, Sources, expect_size

_FILES = (b"100644", b"100755")


class CommittedSources(Sources):
    """The files of a commit, as if they lay below the repository's top. What lies elsewhere is read from the disk."""

    def __init__(self, world: World, repo: Repo, target: Target) -> None:
        """List the commit.

        Raises:
            GitError: that is not possible.
        """
        super().__init__()
        self._repo = repo
        self._environ = without_replacements(world.environ)
        self._files = {decode_path(path): about for path, about in list_tree(repo, world.environ, target).items()}
        self._folders: dict[str, set[str]] = {"": set()}  # each with the names in it
        for path in self._files:
            while path:
                folder, _, name = path.rpartition("/")
                self._folders.setdefault(folder, set()).add(name)
                path = folder

    def is_there(self, path: str) -> bool:
        name = self._name(path)
        return super().is_there(path) if name is None else name in self._files or name in self._folders

    def is_folder(self, path: str) -> bool:
        name = self._name(path)
        return super().is_folder(path) if name is None else name in self._folders

    def names_in(self, folder: str) -> list[str]:
        name = self._name(folder)
        return super().names_in(folder) if name is None else sorted(self._folders.get(name, ()))

    def read(self, path: str) -> bytes:
        name = self._name(path)
        if name is None:
            return super().read(path)
        if name not in self._files:
            raise SourceError("expected a hook file, found a directory" if name in self._folders else "no such file")
        mode, _, blob = self._files[name].partition(b" ")
        if mode not in _FILES:
            raise SourceError("expected a hook file, found a link or a submodule in the commit")
        content = run_git_at_top(self._repo, self._environ, ("cat-file", "blob", blob.decode("ascii")))
        expect_size(len(content))
        self.seen[path] = Seen(None, content)
        return content

    def _name(self, path: str) -> str | None:
        """Return the path relative to the top; None where it lies elsewhere."""
        top = self._repo.top
        return path[len(top) + 1 :] if f"{path}/".startswith(f"{top}/") else None
