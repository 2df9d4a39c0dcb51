"""The paths of the store, all of them, and only paths (section 7; HOT).

    STATE/dodo-hooks/jobs/REPO/repository.json     the path of the repository, for people
                              /clock               the newest invocation id, so that ids only grow
                              /pruned              the time of the last pruning
                              /notices             the contents of hook files whose warnings were printed
                              /live/INVOCATION     an empty file named after each invocation that has not ended
                              /failed/INVOCATION   the failure notice of a background run
                              /groups/               a file for each concurrency group; waiting/ has the tickets
                              /durations/            how long the jobs of each hook have taken (store/durations.py)
                              /checks/               the locks of jobs that run in a snapshot (results/run_locks.py)
                              /DAY/INVOCATION/     invocation.json lock alive s stdin
                                                   jobs/N-NAME/{meta.json,output.log,files}
    STATE/dodo-hooks/trust/KEY                     the decision about a repository (trust/decisions.py)
                          /KEY.skipped             the hooks that did not run while there was no decision
    STATE/dodo-hooks/plans/ID.plan                 compiled hook files
                          /ID.kept/                those used before (plans/kept_plans.py)
    STATE/dodo-hooks/doit/REPO.json                doit's dependency database
    STATE/dodo-hooks/results/REPO/JOB/KEY          a kept success (results/kept.py); KEY-WORKTREE where it has outputs
                                  /repository      the git common directory (store/cache_dirs.py)
                                  /stats-WORKTREE  content ids by stat
                                  /index-WORKTREE  digests of inputs; -NAME: lists (results/index_memory.py)
                                  /converted-WORKTREE   the ends of paths that git has converted

An invocation's id is its time, `20261124-075500-123456`, so its day can be read off it, and a live marker carries
the hook's name as well: `20261124-075500-123456.pre-commit`.
"""


def own_dir(state: str) -> str:
    """Return our own directory in the user's directory for state: everything below is made by us."""
    return f"{state}/dodo-hooks"


def jobs_dir(state: str) -> str:
    return f"{state}/dodo-hooks/jobs"


def repository_dir(state: str, repository: str) -> str:
    return f"{state}/dodo-hooks/jobs/{repository}"


def repository_file(repository_dir: str) -> str:
    return f"{repository_dir}/repository.json"


def clock_file(repository_dir: str) -> str:
    return f"{repository_dir}/clock"


def prune_stamp(repository_dir: str) -> str:
    return f"{repository_dir}/pruned"


def warnings_file(repository_dir: str) -> str:
    return f"{repository_dir}/notices"


def unknown_skips_file(repository_dir: str) -> str:
    return f"{repository_dir}/unknown-skips"


def live_dir(repository_dir: str) -> str:
    return f"{repository_dir}/live"


def live_marker(repository_dir: str, invocation: str, hook: str) -> str:
    return f"{repository_dir}/live/{invocation}.{hook}"


def failed_dir(repository_dir: str) -> str:
    return f"{repository_dir}/failed"


def failed_marker(repository_dir: str, invocation: str, hook: str) -> str:
    return f"{repository_dir}/failed/{invocation}.{hook}"


def repository_of(invocation_dir: str) -> str:
    """Return the directory of the repository that an invocation belongs to."""
    return invocation_dir.rpartition("/")[0].rpartition("/")[0]


def groups_dir(repository_dir: str) -> str:
    """Return the directory of the concurrency groups and their tickets (engine/groups.py)."""
    return f"{repository_dir}/groups"


def waiting_dir(groups_dir: str) -> str:
    """Return the directory of the tickets of waiting jobs: `NUMBER.INVOCATION.JOB`."""
    return f"{groups_dir}/waiting"


def hook_memory_file(repository_dir: str) -> str:
    """Return the file with what is known about the hooks of pre-commit (results/hook_memory.py)."""
    return f"{repository_dir}/hook-memory"


def run_locks_dir(repository_dir: str) -> str:
    return f"{repository_dir}/checks"


def own_group(hook: str, job: str, worktree: str) -> str:
    """Return the name of a job's own concurrency group. It begins with a NUL, so no person can write it.

    Checksums are enough: of two jobs with the same ones, one would wait for the other.
    """
    from zlib import adler32, crc32

    key = "\0".join((hook, job, worktree)).encode("utf-8", "surrogateescape")
    return f"\0{crc32(key):08x}{adler32(key):08x}"


def group_file(groups_dir: str, name: str) -> str:
    """Return the file of a group."""
    return f"{groups_dir}/{'own-' + name[1:] if name.startswith(chr(0)) else _file_name(name)}"


def durations_file(repository_dir: str, hook: str) -> str:
    return f"{repository_dir}/durations/{_file_name(hook)}"


def _file_name(name: str) -> str:
    """Return the name of a file for a name that may hold anything: one that is not plain is in hexadecimal digits."""
    is_plain = name.replace("-", "").replace("_", "").isalnum() and name.isascii()
    return "plain-" + name if is_plain else "hex-" + name.encode("utf-8", "surrogateescape").hex()


def day_of(invocation: str) -> str:
    """Return the name of the directory that holds an invocation, `2026-11-24`."""
    return f"{invocation[:4]}-{invocation[4:6]}-{invocation[6:8]}"


def invocation_dir(repository_dir: str, invocation: str) -> str:
    return f"{repository_dir}/{day_of(invocation)}/{invocation}"


def unfinished_dir(repository_dir: str, invocation: str) -> str:
    """Return the path at which an invocation is built, before it is renamed into place (R19)."""
    return f"{repository_dir}/{day_of(invocation)}/.{invocation}"


def trash_dir(repository_dir: str, invocation: str) -> str:
    """Return the path of an invocation that is being deleted."""
    return f"{repository_dir}/{day_of(invocation)}/.gone-{invocation}"


def invocation_file(invocation_dir: str) -> str:
    return f"{invocation_dir}/invocation.json"


def lock_file(invocation_dir: str) -> str:
    """Return the lock file that the writer of the records holds (R18)."""
    return f"{invocation_dir}/lock"


def alive_file(invocation_dir: str) -> str:
    """Return the lock file that every process that may still have a job holds (R18)."""
    return f"{invocation_dir}/alive"


SOCKET_NAME = "s"  # of the control socket, always relative: a path to a socket may be 104 or 108 bytes at most


def stdin_file(invocation_dir: str) -> str:
    """Return the file with git's standard input to the hook; it exists only if a job reads it."""
    return f"{invocation_dir}/stdin"


def job_dir(invocation_dir: str, directory: str) -> str:
    return f"{invocation_dir}/jobs/{directory}"


def meta_file(job_dir: str) -> str:
    return f"{job_dir}/meta.json"


def notify_log(invocation_dir: str) -> str:
    """Return the file with the output of the user's `notify:` command."""
    return f"{invocation_dir}/notify.log"


def files_file(job_dir: str) -> str:
    """Return the file with a job's file list, each name ended by a NUL."""
    return f"{job_dir}/files"


def log_file(job_dir: str) -> str:
    return f"{job_dir}/output.log"


def plan_file(state: str, device: int, inode: int) -> str:
    """Return the compiled plan of the working tree whose top directory has this device and inode."""
    return f"{state}/dodo-hooks/plans/{device:x}-{inode:x}.plan"


def doit_database(state: str, repository: str) -> str:
    return f"{state}/dodo-hooks/doit/{repository}.json"


def results_dir(state: str, repository: str) -> str:
    return f"{state}/dodo-hooks/results/{repository}"


def trust_dir(state: str) -> str:
    return f"{state}/dodo-hooks/trust"


def decision_file(state: str, key: str) -> str:
    return f"{trust_dir(state)}/{key}"


def skipped_file(state: str, key: str) -> str:
    return f"{trust_dir(state)}/{key}.skipped"
