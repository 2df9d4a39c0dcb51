"""Where a repository comes from, read from its configuration without starting git (HOT)."""

from dodo_hooks.host.posix import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.git.repo import Repo


def remote_url(repo: "Repo") -> str:
    """The URL of `origin`, or of the first remote that there is; "" without any. Files that are included are not read.

    Raises:
        OSError: the configuration cannot be read.
    """
    try:
        content = read_file(f"{repo.common_dir}/config")
    except FileNotFoundError:  # git can do without
        return ""
    first, remote = "", ""
    for line in content.decode("utf-8", "surrogateescape").split("\n"):
        line = line.strip()
        if line.startswith("["):
            header, _, line = line[1:].partition("]")
            kind, _, name = header.partition(" ")
            remote = name.strip().strip('"') if kind.strip().lower() == "remote" else ""
            line = line.strip()
        key, equals, value = line.partition("=")
        if remote and equals and key.strip().lower() == "url":
            url = value.strip().strip('"')
            if remote == "origin":
                return url
            first = first or url
    return first
