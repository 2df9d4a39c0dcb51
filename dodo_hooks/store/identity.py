"""The id under which a repository's records are kept (section 7; HOT).

It lies in a file in the git common directory, with the device and the inode of that directory: a copy of the
repository brings the file along but not the inode, and so gets an id of its own.
"""

from dodo_hooks.host.posix import os

_DIRECTORY = "dodo-hooks"
_FILE = "id"


def known_id(common_dir: str) -> "str | None":
    """The id of the repository, if it has one yet."""
    try:
        stat = os.stat(common_dir)
    except OSError:
        return None
    return _read(f"{common_dir}/{_DIRECTORY}/{_FILE}", f"{stat.st_dev:x} {stat.st_ino:x}")


def repository_id(common_dir: str) -> str:
    """The id of the repository whose git common directory this is; made at the first call.

    Where the directory cannot be written, the id is derived from its device and inode: nothing can be kept there, and
    nobody else has the two.
    """
    stat = os.stat(common_dir)
    place = f"{stat.st_dev:x} {stat.st_ino:x}"
    path = f"{common_dir}/{_DIRECTORY}/{_FILE}"
    known = _read(path, place)
    if known:
        return known
    try:
        return _make(common_dir, path, place)
    except OSError:
        return f"at-{stat.st_dev:x}-{stat.st_ino:x}"


def _read(path: str, place: str) -> "str | None":
    """The id in the file, if it was made for this place."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    text = os.read(descriptor, 200).decode("ascii", "replace").rstrip("\n")
    os.close(descriptor)
    identity, _, its_place = text.partition(" ")
    # The id becomes a directory's name: a file that somebody else wrote must not lead out of the store.
    return identity if its_place == place and identity.isalnum() else None


def _make(common_dir: str, path: str, place: str) -> str:
    from fcntl import LOCK_EX, flock

    from dodo_hooks.host.files.file_owner import inherit_owner, make_folder

    directory = f"{common_dir}/{_DIRECTORY}"
    try:
        make_folder(directory)
    except FileExistsError:
        pass
    holder = os.open(directory, os.O_RDONLY)
    try:
        try:
            flock(holder, LOCK_EX)  # two first hooks at once must agree; closing releases
        except OSError as error:
            from dodo_hooks.host.files.file_locks import is_unsupported

            if not is_unsupported(error):
                raise
        known = _read(path, place)
        if known:
            return known
        identity = os.urandom(8).hex()
        temporary = f"{path}.tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        inherit_owner(descriptor, temporary)
        os.write(descriptor, f"{identity} {place}\n".encode())
        os.close(descriptor)
        os.replace(temporary, path)
        return identity
    finally:
        os.close(holder)
