"""Folders of ours in the working tree, for a short time, which git ignores (G5; HOT)."""

from dodo_hooks.host.files.file_owner import inherit_owner, make_folder
from dodo_hooks.host.posix import S_ISDIR, os

_IGNORED = b"# dodo-hooks keeps files here while a hook runs\n*\n"


def make_ignored_folder(folder: bytes) -> None:
    """Make a folder with a `.gitignore` for itself; one that is ours already will do.

    Raises:
        OSError: it cannot be made, or something of somebody else's is there.
    """
    try:
        make_folder(folder, 0o700)
    except FileExistsError:
        status = os.lstat(folder)
        if not S_ISDIR(status.st_mode) or os.geteuid() not in (0, status.st_uid):
            raise
    path = folder + b"/.gitignore"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    inherit_owner(descriptor, path)
    os.write(descriptor, _IGNORED)
    os.close(descriptor)
