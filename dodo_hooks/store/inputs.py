"""What the jobs of a run were given, kept for a retry: lists of files, and the hook's standard input (section 7)."""

from dodo_hooks.core.errors import StoreError
from dodo_hooks.host.posix import read_file
from dodo_hooks.store import layout


def read_files(job_dir: str, job: str) -> tuple[bytes, ...]:
    """The list that a job was given.

    Raises:
        StoreError: it was not kept.
    """
    try:
        return tuple(read_file(layout.files_file(job_dir)).split(b"\0")[:-1])
    except OSError as error:
        raise StoreError(f"{job} cannot be retried: the files that it was given were not kept") from error


def read_stdin(invocation_dir: str) -> bytes:
    """What git gave to the hook.

    Raises:
        StoreError: it was not kept.
    """
    try:
        return read_file(layout.stdin_file(invocation_dir))
    except OSError as error:
        raise StoreError("this cannot be retried: the input that git gave to the hook was not kept") from error
