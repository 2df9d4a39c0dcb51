"""A git hook that does what ours does around one job with `stage_fixed`: it makes `good` of every `bad`.

The files that are staged for the commit are the job's files. KILLED=1: the hook is killed when it has staged the fixes.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from dodo_hooks.git.repo import find_repo
from dodo_hooks.git.unstaged.hide import hide_unstaged, restore_interrupted
from dodo_hooks.git.unstaged.job_writes import Ending
from dodo_hooks.git.unstaged.stage_fixed import FixStager
from dodo_hooks.git.unstaged.sync_index import sync_index


def main(hook: str) -> int:
    environ = dict(os.environ)
    repo = find_repo(environ, os.getcwd())
    if hook == "post-commit":
        sync_index(repo, environ)
        return 0
    restore_interrupted(repo, environ, waits=True)
    against = "HEAD^" if "--amend" in environ.get("AMENDS", "") else "HEAD"
    listed = subprocess.run(
        ["git", "diff", "--cached", "--name-only", "--no-renames", "-z", against], stdout=subprocess.PIPE, check=True
    )
    files = listed.stdout.split(b"\0")[:-1]
    hidden = hide_unstaged(repo, environ)
    stager = FixStager(repo, environ, hidden, files)
    watch = stager.before(files)
    for name in files:
        path = Path(os.fsdecode(name))
        if path.is_file() and b"bad" in path.read_bytes():
            path.write_bytes(path.read_bytes().replace(b"bad", b"good"))
    said = [*stager.after(watch).sentences]
    if "KILLED" in environ:
        os.kill(os.getpid(), signal.SIGKILL)
    result = hidden.restore(Ending(True, {})) if hidden else None
    said += result.sentences if result else ()
    sys.stderr.write("".join(f"{sentence}\n" for sentence in said))
    return int(bool(result and result.conflict))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
