"""The entry point of a fired hook, which the shim calls (HOT, from the shim to the first job).

A firing without jobs must be cheap. So the modules that a run needs are imported only when there is a run.
"""

from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.git_hooks import AFTER_REPLAY, NEW_COMMIT, OFTEN_UNSEEN, WITH_STDIN, is_amend, is_gate
from dodo_hooks.git.event import derived_hooks, mark_fired, needs_recovery
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.files.private_files import expect_private_directory
from dodo_hooks.host.posix import os, read_rest
from dodo_hooks.plans.plan_cache import load_compiled, note_fired
from dodo_hooks.store import layout
from dodo_hooks.store.identity import known_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.core.plan import Hook
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.git.worktree_status import StatusQuery
    from dodo_hooks.host.world import World
    from dodo_hooks.plans.compiled_plan import Compiled

HANGUP = 129  # 128 + SIGHUP
# What a run with foreground jobs takes 4 ms to import, in parts.
_OF_A_RUN = (
    "dodo_hooks.fire.select.job_filter",  # if its jobs depend on files or conditions
    "dodo_hooks.git.index_flags",
    "dodo_hooks.store.writer",
    "dodo_hooks.engine.waves.wave_set",
    "dodo_hooks.engine.loop",
    "dodo_hooks.engine.foreground",
    "dodo_hooks.fire.phases",
)


def fire(world: "World", words: "Sequence[str]") -> int:
    """Run a hook that git has fired, and return the exit code for git.

    `words` are the shim's arguments: `[--global|--pinned] [--kept FILE] HOOK [ARG...]`.

    Raises:
        HooksError: the hook file cannot be used, or nothing could be started.
    """
    flag, words = (words[0], words[1:]) if words and words[0] in ("--global", "--pinned") else ("", words)
    kept, hook, args = _parse(words)
    git = os.getppid()
    stdin = _read_stdin(hook)
    repo = find_repo(world.environ, world.cwd)  # first of all: nothing in another user's repository may be read
    code = _run_legacy(world, kept, args, stdin) if kept else 0
    if code and is_gate(hook, args):
        return code
    if os.getppid() != git:  # git was killed meanwhile, and nothing runs for a dead git (R17)
        return HANGUP
    if world.environ.get("DODO_HOOKS") == "0":
        return code
    if not repo.top:  # a bare repository has no hook file
        return max(code, _gate_bare_push(world, repo, flag, args, stdin or b"")) if hook == "pre-push" else code
    if world.environ.get("LEFTHOOK"):
        from dodo_hooks.fire.select.lefthook_variables import is_turned_off

        if is_turned_off(world, repo.top):
            return code
    expect_private_directory(layout.own_dir(world.state))
    if hook not in OFTEN_UNSEEN:
        _print_failure_notices(world, repo)
    if needs_recovery(repo):
        from dodo_hooks.fire.recovery import recover_before_hook

        recover_before_hook(world, repo, hook, args)
        if os.getppid() != git:  # git may have been killed during the wait
            return HANGUP
    return max(code, _fire_ours(world, repo, flag, hook, args, stdin or b""))


def _fire_ours(world: "World", repo: "Repo", flag: str, hook: str, args: "tuple[str, ...]", stdin: bytes) -> int:
    """Run the jobs of the hook file, if they are allowed to run, and return the exit code (section 8)."""
    code = 0
    derived = derived_hooks(hook, args, repo)
    hooks = [hook, *(derived if derived and mark_fired(repo) else ())]
    admitted = None if flag else load_compiled(world, repo.top)
    if admitted is None or admitted[0].rules.trust:
        from dodo_hooks.trust.policy import admit

        admitted = admit(world, repo, flag, hooks, args)
    if admitted is None:
        return 0
    compiled, is_new = admitted
    if compiled.settings is None and hook == "pre-push" and flag != "--global":
        from dodo_hooks.host.console import say

        say(f"{hook}: no hook file in {repo.top}, so nothing was checked")
    if is_new:  # not for a file that nobody has accepted
        _install_needed_shims(world, repo, compiled, has_shims=flag == "--global")
        note_fired(world, repo.top, compiled)
    if compiled.rules.has_unknown_hooks or compiled.rules.unresolved_hooks:
        compiled = _resolve(world, repo, compiled, hooks)
    if compiled.rules.diagnostics:
        from dodo_hooks.fire.report.file_warnings import print_warnings

        print_warnings(world, repo, compiled.rules)
    for name in hooks:
        body = compiled.hook(name)
        if body is not None:
            code = max(code, _run(world, repo, compiled, body, args, stdin))
    if hook in NEW_COMMIT and not is_amend(hook, args):
        code = max(code, _run_other_hooks(world, repo, compiled, hook, stdin))
    return code


def _resolve(world: "World", repo: "Repo", compiled: "Compiled", hooks: "Sequence[str]") -> "Compiled":
    from dodo_hooks.fire.select.pre_commit_variables import skipped_ids
    from dodo_hooks.plans.resolve_hooks import resolve_for

    return resolve_for(world, repo.top, compiled, hooks, skipped_ids(world.environ))


def _run_other_hooks(world: "World", repo: "Repo", compiled: "Compiled", hook: str, stdin: bytes) -> int:
    """Run the jobs of other hooks that a new commit starts: required ones (V2), and those of a replay's end (R12)."""
    is_end, has_required = hook == AFTER_REPLAY, bool(compiled.rules.required_hooks)
    if not is_end and not has_required:
        return 0
    from dodo_hooks.git.replay import clear_deferred, deferred_hooks, replay_of

    code, replay = 0, replay_of(repo, world.environ, hook)
    deferred = {} if replay is None else deferred_hooks(replay)
    if is_end and replay is not None:  # now: a hook below drops what it finds deferred, as by an abandoned replay
        clear_deferred(replay, *deferred)
    if has_required:
        from dodo_hooks.fire.verdicts.dispatch import run_required

        code = run_required(world, repo, compiled, hook, deferred)
    if not is_end:
        return code
    for name, args in deferred.items():
        body = compiled.hook(name)
        if body is not None:
            code = max(code, _run(world, repo, compiled, body, args, only_background=True))
    if has_required:
        from dodo_hooks.fire.verdicts.dispatch import run_on_each

        code = max(code, run_on_each(world, repo, compiled, stdin))
    return code


def _gate_bare_push(world: "World", repo: "Repo", flag: str, args: "tuple[str, ...]", stdin: bytes) -> int:
    from dodo_hooks.fire.verdicts.bare_push import find_bare_push

    push = find_bare_push(world, repo, flag, args, stdin)
    return 0 if push is None else push.gate({})


def _print_failure_notices(world: "World", repo: "Repo") -> None:
    """Print the failure notices of background runs since the last command.

    This lists one directory, which mostly does not exist.
    """
    identity = known_id(repo.common_dir)
    if identity is None:
        return
    repository_dir = layout.repository_dir(world.state, identity)
    try:
        if not os.listdir(layout.failed_dir(repository_dir)):
            return
    except OSError:
        return
    from dodo_hooks.fire.report.failures import print_failures

    print_failures(world, repository_dir)


def _parse(words: "Sequence[str]") -> "tuple[str | None, str, tuple[str, ...]]":
    kept = None
    if words[:1] == ["--kept"] and len(words) > 1:
        kept, words = words[1], words[2:]
    if not words:
        raise UsageError("`dodo-hooks fire` is for git's shims; run a hook with `dodo-hooks run HOOK`")
    return kept, words[0], tuple(words[1:])


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
    from dodo_hooks.core.statuses import CONDITION, SKIPPED, Outcome
    from dodo_hooks.fire.commit_status import query_status
    from dodo_hooks.fire.left_out import left_out_by_variable

    out = left_out_by_variable(world, compiled.plan, hook, os.getppid())
    if only_background:
        done = Outcome(SKIPPED, CONDITION, "ran already, while git replayed the commits")
        out.update({job.number: done for job in hook.jobs if job.phase == FOREGROUND})
    if hook.name in compiled.rules.required_hooks:
        from dodo_hooks.fire.verdicts.dispatch import left_to_each

        out.update(left_to_each(world, repo, compiled, hook, AFTER_REPLAY if only_background else hook.name))
    if hook.gates_commits:
        from dodo_hooks.fire.verdicts.gate import Push

        code = Push(world, repo, compiled, hook, args, stdin).gate(out)
        if code:
            return code
    status = query_status(world, repo, hook, out)
    from dodo_hooks.fire.firing import BY_GIT, make_firing, select_files

    firing = make_firing(world, repo, compiled.rules, hook, args, BY_GIT, out, stdin)._replace(status=status)
    if status is not None:
        _import_ahead(status, _OF_A_RUN if hook.has_to_ask else _OF_A_RUN[1:])
    firing = select_files(firing)
    if firing.is_idle and not firing.reports_idle:
        return 0
    from dodo_hooks.fire.phases import run_firing

    return run_firing(firing)


def _import_ahead(status: "StatusQuery", modules: "Sequence[str]") -> None:
    """Import what a run needs while git works, and no more than fits in: perhaps no job applies."""
    for name in modules:
        if status.has_answered():
            return
        __import__(name)


def _read_stdin(hook: str) -> "bytes | None":
    """Return everything that git writes to the hook's standard input, since several jobs may read it (G3).

    Returns None where git writes nothing.
    """
    if hook not in WITH_STDIN or os.isatty(0):
        return None
    return read_rest(0)


def _run_legacy(world: "World", path: str, args: "tuple[str, ...]", stdin: "bytes | None") -> int:
    from dodo_hooks.fire.legacy_hook import run_legacy

    return run_legacy(world, path, args, stdin)


def _install_needed_shims(world: "World", repo: "Repo", compiled: "Compiled", has_shims: bool) -> None:
    """Install the shims that a new or changed hook file needs, and refresh the bundle (G2)."""
    from dodo_hooks.git.install.required_shims import install_missing
    from dodo_hooks.git.install.shim_state import shims_needed
    from dodo_hooks.git.install.shims import refresh_bundle
    from dodo_hooks.host.bundle import is_in_use
    from dodo_hooks.host.console import say

    if not is_in_use(__name__):
        refresh_bundle(repo)
    plan = None if has_shims else compiled.plan()
    for sentence in install_missing(world, repo, shims_needed(plan)) if plan else ():
        say(sentence)
