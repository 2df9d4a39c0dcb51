"""What the shim and `dodo-hooks run` call (HOT, from the shim to the first job).

A firing that has nothing to do must cost next to nothing, so what a run needs is imported once there is one.
"""

from dodo_hooks.core.errors import GitError, UsageError
from dodo_hooks.core.events import AFTER_REPLAY, BEFORE_COMMIT, OFTEN_UNSEEN, WITH_STDIN, is_gate
from dodo_hooks.core.plan import BACKGROUND
from dodo_hooks.fire.plan_cache import load_compiled
from dodo_hooks.git.event import derived_hooks, is_anything_owed, mark_fired
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.posix import os
from dodo_hooks.store import layout
from dodo_hooks.store.identity import known_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.core.plan import Hook
    from dodo_hooks.core.selection import Selectors
    from dodo_hooks.core.status import Outcome
    from dodo_hooks.fire.plan_cache import Compiled
    from dodo_hooks.fire.run import Firing
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World

HANGUP = 129  # 128 + SIGHUP


def fire(world: "World", words: "Sequence[str]") -> int:
    """A hook that git has fired: `[--global|--pinned] [--kept FILE] HOOK [ARG...]`; returns the exit code for git.

    Raises:
        HooksError: the hook file cannot be used, or nothing could be started.
    """
    flag, words = (words[0], words[1:]) if words and words[0] in ("--global", "--pinned") else ("", words)
    kept, hook, args = _parse(words)
    git = os.getppid()
    stdin = _read_stdin(hook)
    code = _run_kept(world, kept, args, stdin) if kept else 0
    if code and is_gate(hook, args):
        return code
    if os.getppid() != git:  # it was killed meanwhile, and nothing is done for a dead git (R17)
        return HANGUP
    if world.environ.get("DODO_HOOKS") == "0":
        return code
    repo = find_repo(world.environ, world.cwd)
    if not repo.top:  # a bare repository has no hook file
        return code
    if hook not in OFTEN_UNSEEN:
        _tell_news(world, repo)
    _make_whole(world, repo, hook, args)
    return max(code, _fire_ours(world, repo, flag, hook, args, stdin or b""))


def _fire_ours(world: "World", repo: "Repo", flag: str, hook: str, args: "tuple[str, ...]", stdin: bytes) -> int:
    """What the hook file says, where it may (section 8)."""
    code = 0
    hooks = [hook, *_derived(hook, args, repo)]
    if flag:
        from dodo_hooks.fire.trust import stops_here

        if (stop := stops_here(world, repo, flag, hooks, args)) is not None:
            return stop
    compiled, is_new = load_compiled(world, repo.top)
    if is_new:
        _welcome(world, repo, compiled, has_shims=flag == "--global")
    if (flag or compiled.rules.trust) and (hook == AFTER_REPLAY or any(name in hooks for name, _ in compiled.hooks)):
        from dodo_hooks.fire.trust import refusal

        if (stop := refusal(world, repo, compiled, hook, args)) is not None:
            return stop
    for name in hooks:
        body = compiled.hook(name)
        if body is not None:
            code = max(code, _run(world, repo, compiled, body, args, stdin))
    if hook == AFTER_REPLAY:
        code = max(code, _run_owed(world, repo, compiled))
    return code


def _make_whole(world: "World", repo: "Repo", hook: str, args: "tuple[str, ...]") -> None:
    """See to it that nothing is set aside here any more (G5, G6).

    Raises:
        GitError: that cannot be done, and this hook is a gate.
    """
    if not is_anything_owed(repo):
        return
    from dodo_hooks.fire.whole import make_whole

    try:
        make_whole(world, repo, waits=True)
    except GitError as error:
        if is_gate(hook, args):
            raise
        from dodo_hooks.fire.run import say

        say(str(error))


def _tell_news(world: "World", repo: "Repo") -> None:
    """What went wrong in the background since the last command: a look into one directory, mostly not there."""
    identity = known_id(repo.common_dir)
    if identity is None:
        return
    repository_dir = layout.repository_dir(world.state, identity)
    try:
        if not os.listdir(layout.failed_dir(repository_dir)):
            return
    except OSError:
        return
    from dodo_hooks.fire.news import tell_news

    tell_news(world, repository_dir)


def run_by_hand(
    world: "World",
    hook: str,
    args: "Sequence[str]" = (),
    jobs: "Sequence[str]" = (),
    tags: "Sequence[str]" = (),
    skip: "Sequence[str]" = (),
    phase: "str | None" = None,
    slots: "int | None" = None,
    dry_run: bool = False,
    files: "Sequence[bytes] | None" = None,
    verbose: bool = False,
) -> int:
    """Fire a hook, or a task, from the command line; returns its exit code. `files`: what its jobs are to be about,
    relative to the top, instead of what the event would give.

    Raises:
        UsageError: there is no such hook or job. HooksError: as for `fire`.
    """
    from dodo_hooks.core.selection import BY_COMMAND, BY_VARIABLE, Selectors, left_out
    from dodo_hooks.fire.run import BY_HAND
    from dodo_hooks.fire.trust import expect_accepted

    repo = find_repo(world.environ, world.cwd)
    if repo.top and not dry_run:
        _make_whole(world, repo, hook, tuple(args))
    compiled, _ = load_compiled(world, repo.top)
    body = compiled.hook(hook)
    if body is None:
        raise UsageError(_no_such_hook(hook, compiled))
    expect_accepted(world, repo, compiled)
    selectors = Selectors(tuple(jobs), tuple(tags), tuple(skip))
    out = {**left_out(body, _from_environ(world), said_by=BY_VARIABLE), **left_out(body, selectors, said_by=BY_COMMAND)}
    firing = _firing(world, repo, compiled, body, tuple(args), BY_HAND, out, _stdin_by_hand(body))
    firing = firing._replace(phase=phase or firing.phase, slots=slots or firing.slots)
    # Who names the files wants them as they are: nothing is set aside then.
    firing = (
        asked(looked_at(firing))
        if files is None and not dry_run
        else asked(firing, None if files is None else tuple(files))
    )
    if dry_run:
        from dodo_hooks.fire.dry_run import describe

        for line in describe(firing):
            print(line)
        return 0
    if verbose:
        from dodo_hooks.fire.dry_run import left_out_lines

        for line in left_out_lines(firing):
            print(line)
    from dodo_hooks.fire.phases import run_firing

    return run_firing(firing)


def fire_by_command(world: "World", repo: "Repo", hook: str, args: "tuple[str, ...]") -> int:
    """A hook that a command of ours fires in the working tree `repo`: attached, since that may be about to vanish.
    Returns 0 where no hook file names it, and where the hooks of the repository may not run (section 8).

    Raises:
        HooksError: as for `fire`.
    """
    from dodo_hooks.fire.run import ATTACHED, BY_HAND
    from dodo_hooks.fire.trust import may_run

    compiled, _ = load_compiled(world, repo.top)
    body = compiled.hook(hook)
    if body is None or world.environ.get("DODO_HOOKS") == "0" or not may_run(world, repo, compiled, hook):
        return 0
    from dodo_hooks.core.selection import BY_VARIABLE, left_out
    from dodo_hooks.fire.phases import run_firing

    out = left_out(body, _from_environ(world), said_by=BY_VARIABLE)
    return run_firing(asked(_firing(world, repo, compiled, body, args, BY_HAND, out)._replace(phase=ATTACHED)))


def _stdin_by_hand(hook: "Hook") -> bytes:
    """Who runs such a hook by hand gives what git would: `echo ... | dodo-hooks run pre-push -- origin URL`."""
    wants = hook.name in WITH_STDIN or any(job.use_stdin for job in hook.jobs)
    if not wants or os.isatty(0):
        return b""
    from dodo_hooks.host.process import read_all

    return read_all(0)


def slots_of(wanted: "int | None") -> int:
    """How many jobs may run at once: what is asked for, else one for each processor that we may use."""
    if wanted is not None:
        return wanted
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def phase_of(world: "World") -> str:
    """What DODO_HOOKS_PHASE says about background jobs.

    Raises:
        UsageError: it says something that we do not know.
    """
    from dodo_hooks.fire.run import AUTO, PHASES

    phase = world.environ.get("DODO_HOOKS_PHASE") or AUTO
    if phase not in PHASES:
        raise UsageError(f"DODO_HOOKS_PHASE is {phase!r}, and may be one of {', '.join(PHASES)}")
    return phase


def _parse(words: "Sequence[str]") -> "tuple[str | None, str, tuple[str, ...]]":
    kept = None
    if words[:1] == ["--kept"] and len(words) > 1:
        kept, words = words[1], words[2:]
    if not words:
        raise UsageError("fire is what git's hooks call: dodo-hooks fire HOOK [ARG...]; use dodo-hooks run HOOK")
    return kept, words[0], tuple(words[1:])


def _run_owed(world: "World", repo: "Repo", compiled: "Compiled") -> int:
    """Begin the background phases that were put off while git replayed commits (R12)."""
    from dodo_hooks.git.replay import owed_hooks, replay_of, settle

    replay = replay_of(repo, AFTER_REPLAY)
    if replay is None:
        return 0
    code = 0
    for name, args in owed_hooks(replay).items():
        settle(replay, name)
        body = compiled.hook(name)
        if body is not None:
            code = max(code, _run(world, repo, compiled, body, args, only_background=True))
    return code


def _run(
    world: "World",
    repo: "Repo",
    compiled: "Compiled",
    hook: "Hook",
    args: "tuple[str, ...]",
    stdin: bytes = b"",
    only_background: bool = False,
) -> int:
    from dodo_hooks.core.plan import FOREGROUND
    from dodo_hooks.core.status import CONDITION, SKIPPED, Outcome
    from dodo_hooks.fire.phases import run_firing
    from dodo_hooks.fire.run import BY_GIT

    out = {}
    if world.environ.get("DODO_HOOKS_SKIP"):
        from dodo_hooks.core.selection import BY_VARIABLE, left_out

        out = left_out(hook, _from_environ(world), said_by=BY_VARIABLE)
    if only_background:
        done = Outcome(SKIPPED, CONDITION, "ran already, while git replayed the commits")
        out.update({job.number: done for job in hook.jobs if job.phase == FOREGROUND})
    firing = _firing(world, repo, compiled, hook, args, BY_GIT, out, stdin)
    return run_firing(asked(looked_at(firing)))


def looked_at(firing: "Firing") -> "Firing":
    """The firing with the question to git what is staged and what is not, if it is that of a commit: it is answered
    while we get ready (G5). Not for a hook inside a job, which would wait for the run that it is inside of."""
    if firing.hook.name != BEFORE_COMMIT or all(
        job.phase == BACKGROUND or job.number in firing.left_out for job in firing.hook.jobs
    ):
        return firing
    from dodo_hooks.fire.nesting import nesting_of

    if nesting_of(firing.world.environ).within is not None:
        return firing
    if is_anything_owed(firing.repo):
        from dodo_hooks.git.aside_lock import is_held_around_us

        if is_held_around_us(firing.repo):
            return firing
    from dodo_hooks.git.partial import StatusQuery

    return firing._replace(status=StatusQuery(firing.repo, firing.world.environ))


def asked(firing: "Firing", given: "tuple[bytes, ...] | None" = None) -> "Firing":
    """The firing with the lists of its jobs, and without the jobs that do not apply (C7, G4). `given`: files that a
    person named, instead of those of the event.

    Raises:
        HooksError: git does not say what there is to know.
    """
    if not firing.hook.has_to_ask:
        return firing
    from dodo_hooks.fire.applies import what_applies
    from dodo_hooks.fire.run import BY_GIT

    applies = what_applies(
        firing.world,
        firing.repo,
        firing.hook,
        firing.args,
        firing.stdin,
        given=given,
        left_out=firing.left_out,
        status=firing.status,
        is_fired=firing.trigger == BY_GIT,
    )
    if applies.sentences:
        from dodo_hooks.fire.run import say

        for sentence in applies.sentences:
            say(sentence)
    return firing._replace(left_out=applies.left_out, files=applies.files)


def _firing(
    world: "World",
    repo: "Repo",
    compiled: "Compiled",
    hook: "Hook",
    args: "tuple[str, ...]",
    trigger: str,
    out: "dict[int, Outcome]",
    stdin: bytes = b"",
) -> "Firing":
    from dodo_hooks.fire.run import Firing

    rules = compiled.rules
    slots = slots_of(rules.slots)
    return Firing(world, repo, hook, args, trigger, phase_of(world), slots, rules, out, stdin=stdin)


def _from_environ(world: "World") -> "Selectors":
    from dodo_hooks.core.selection import selectors_from

    return selectors_from(world.environ.get("DODO_HOOKS_SKIP", ""))


def _derived(hook: str, args: "tuple[str, ...]", repo: "Repo") -> "tuple[str, ...]":
    derived = derived_hooks(hook, args, repo)
    return derived if derived and mark_fired(repo) else ()


def _read_stdin(hook: str) -> "bytes | None":
    """What git tells the hook (G3), all of it, since several may want it; None where it tells nothing."""
    if hook not in WITH_STDIN or os.isatty(0):
        return None
    from dodo_hooks.host.process import read_all

    return read_all(0)


def _run_kept(world: "World", path: str, args: "tuple[str, ...]", stdin: "bytes | None") -> int:
    """The hook that was there before ours: it runs first, with the same arguments and standard input (G1)."""
    if not os.access(path, os.X_OK):
        return 0
    actions = []
    if stdin is not None:
        from dodo_hooks.host.process import spool

        actions.append((os.POSIX_SPAWN_DUP2, spool(stdin, path.rpartition("/")[0]), 0))
    try:
        pid = os.posix_spawn(path, (path, *args), world.environ, file_actions=actions)
    except OSError as error:
        if error.errno != 8:  # ENOEXEC: a script without `#!`, which git gives to sh
            raise UsageError(f"the hook that was here before cannot be started: {path}: {error.strerror}") from error
        pid = os.posix_spawn("/bin/sh", ("sh", path, *args), world.environ, file_actions=actions)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256


def _welcome(world: "World", repo: "Repo", compiled: "Compiled", has_shims: bool) -> None:
    """The hook file is new or has changed: say what its reader noticed, and see to the shims that it needs (G2)."""
    from dodo_hooks.fire.run import say
    from dodo_hooks.host.bundle import is_in_use

    for notice in compiled.rules.notices:
        say(notice)
    from dodo_hooks.fire.shims import install_missing, shims_needed
    from dodo_hooks.git.shim import refresh_bundle

    if not is_in_use(__name__):
        refresh_bundle(repo)
    plan = None if has_shims else compiled.plan()
    for sentence in install_missing(world, repo, shims_needed(plan)) if plan else ():
        say(sentence)


def _no_such_hook(hook: str, compiled: "Compiled") -> str:
    names = [name for name, _ in compiled.hooks]
    if not names:
        return f"there is no hook file here that names {hook}: write one, hooks.dodo, at the top of the working tree"
    from difflib import get_close_matches

    near = get_close_matches(hook, names, 1)
    hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(names)}"
    return f"{compiled.rules.file} has no hook called {hook}: {hint}"
