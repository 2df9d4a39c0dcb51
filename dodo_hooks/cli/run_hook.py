"""A manual run of a hook, from the values of its options.

Nothing heavy is imported, since people wait for `dodo-hooks run` as they wait for git.
"""

import os

from dodo_hooks.cli.options.pre_commit_words import choose_hook
from dodo_hooks.cli.options.tables import RUN
from dodo_hooks.cli.repository import no_hook, no_hook_file, print_once, with_tree
from dodo_hooks.cli.terminal_table import say
from dodo_hooks.core.errors import UsageError
from dodo_hooks.core.git_hooks import BEFORE_COMMIT, WITHOUT_ARGUMENTS, known_hooks
from dodo_hooks.core.text.terminal_text import quote, shell_word
from dodo_hooks.fire.report.file_warnings import print_unless_printed, print_warnings
from dodo_hooks.fire.select.selectors import TAG, Selectors, names_in
from dodo_hooks.git.configuration import expect_configuration
from dodo_hooks.git.event import needs_recovery
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host import console
from dodo_hooks.plans.plan_cache import load_compiled
from dodo_hooks.results import IGNORE, RENEW, USE
from dodo_hooks.store.identity import records_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from dodo_hooks.core.plan import Hook, Plan
    from dodo_hooks.fire.manual.manual_run import Request
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World
    from dodo_hooks.plans.compiled_plan import Compiled

_CHOOSE_FILES = ("files", "files_from", "all_files", "from_ref", "to_ref", "last_commit", "globs", "excludes")
_DECIDE = (*_CHOOSE_FILES, "force", "no_cache", "no_stage_fixed", "config")  # what jobs do


def run_hook(world: "World", values: "Mapping[str, Any]") -> int:
    """Run the jobs of a hook or task, and return the exit code.

    `values`: those of options/tables.py, and `hook`, `words` and `args`, the words after `--`.

    Raises:
        HooksError: the values contradict each other, there is no such hook or job, or as for `fire`.
    """
    if values["detach"] and values["phase"] is not None:
        raise UsageError("--detach and --phase cannot be used together")
    if values["verbose"] and values["quiet"]:
        raise UsageError("--verbose and --quiet cannot be used together")
    files, args = _files_and_args(values)
    values = {**values, "files": files}
    repo = with_tree(find_repo(world.environ, world.cwd))
    if _is_turned_off(world, repo):
        return 0
    if not values["dry_run"] and needs_recovery(repo):
        from dodo_hooks.fire.recovery import recover_before_hook

        recover_before_hook(world, repo, values["hook"] or BEFORE_COMMIT, args)
    compiled = _compiled(world, repo, values["config"])
    hook, of_pre_commit = choose_hook(compiled, values["hook"], values["hook_stage"])
    if values["config"] is None and not values["dry_run"]:
        compiled = _resolved(world, repo, compiled, hook, of_pre_commit)
    print_warnings(world, repo, compiled.rules)
    world = _with_refs(world, values)
    selectors = Selectors((*values["jobs"], *of_pre_commit), values["tags"], values["skip"])
    body = compiled.hook(hook)
    if body is None and hook in known_hooks() and selectors == Selectors():
        _report_no_jobs(world, repo, compiled.rules, hook)
        return 0
    if body is None:
        raise no_hook(hook, compiled.rules.file, [name for name, _ in compiled.hooks])
    _check_selectors(body, selectors)
    given = _given_files(world, values)
    if not values["dry_run"]:
        expect_configuration(repo, world.environ)

    from dodo_hooks.fire.manual.manual_run import run_manually

    request = _request(values, args, selectors, given)
    return run_manually(world, repo, compiled, body, request, is_own_file=values["config"] is None)


def _request(
    values: "Mapping[str, Any]",
    args: "tuple[str, ...]",
    selectors: Selectors,
    files: "tuple[bytes, ...] | None",
) -> "Request":
    from dodo_hooks.fire.manual.manual_run import Request

    return Request(
        args,
        selectors,
        values["phase"],
        values["slots"],
        files,
        is_forced=values["force"],
        results=IGNORE if values["no_cache"] else RENEW if values["force"] else USE,
        stages_fixed=not values["no_stage_fixed"],
        is_detached=values["detach"],
        is_dry=values["dry_run"],
        is_verbose=values["verbose"],
        is_quiet=values["quiet"],
        again=_typed_again(values),
    )


def _files_and_args(values: "Mapping[str, Any]") -> "tuple[tuple[str, ...], tuple[str, ...]]":
    """Return the named files and the arguments of the hook: the words between HOOK and `--` may be either."""
    words, files, args = values["words"], values["files"], values["args"]
    if files:
        return (*files, *words), args
    if words and values["hook"] in WITHOUT_ARGUMENTS:
        named = " ".join(map(shell_word, words))
        raise UsageError(f"{values['hook']} has no arguments; name files with `--files {named}`")
    return (), (*words, *args)


def _is_turned_off(world: "World", repo: "Repo") -> bool:
    """Return whether a variable makes the run do nothing, after saying which."""
    if world.environ.get("DODO_HOOKS") == "0":
        console.say("nothing run: DODO_HOOKS is 0")
        return True
    if world.environ.get("LEFTHOOK"):
        from dodo_hooks.fire.select.lefthook_variables import is_turned_off

        if is_turned_off(world, repo.top):
            say("nothing run: LEFTHOOK is 0, and a lefthook file is in use")
            return True
    return False


def _report_no_jobs(world: "World", repo: "Repo", plan: "Plan", hook: str) -> None:
    """Print that the file has no jobs for a hook.

    Where a hook of git's calls us, that is printed once for each content of the file: git fires it at each commit.
    Where a job calls us, the loader has warned of it.
    """
    sentence = f"{os.path.relpath(plan.file, world.cwd)} has no jobs for {hook}: nothing to run"
    if world.environ.get("DODO_INVOCATION_DIR", "").startswith(f"{records_dir(world.state, repo.common_dir)}/"):
        return
    if "GIT_EXEC_PATH" in world.environ:  # git sets it for what it starts
        print_unless_printed(world, repo, f"{plan.digest} {hook}", [sentence])
    else:
        say(sentence)


def _compiled(world: "World", repo: "Repo", config: "str | None") -> "Compiled":
    """Return the plan of the hook file; `config`: of that of `--config`."""
    if config is None:
        compiled, _ = load_compiled(world, repo.top)
    else:
        from dodo_hooks.plans.compile_plan import compile_file

        compiled = compile_file(world, config, repo.top)
    if compiled.settings is None:
        raise no_hook_file(repo.top)
    return compiled


def _with_refs(world: "World", values: "Mapping[str, Any]") -> "World":
    """Return the world in which hooks of pre-commit's see the range of commits that options choose."""
    if values["from_ref"] is None:
        return world
    from dodo_hooks.fire.select.pre_commit_variables import of_range

    return world._replace(environ={**world.environ, **of_range(values["from_ref"], values["to_ref"] or "HEAD")})


def _resolved(world: "World", repo: "Repo", compiled: "Compiled", hook: str, only: "tuple[str, ...]") -> "Compiled":
    """Return the plan with the hooks of pre-commit's installed that are to run (P3)."""
    if not compiled.rules.has_unknown_hooks and not compiled.rules.unresolved_hooks:
        return compiled
    from dodo_hooks.fire.select.pre_commit_variables import skipped_ids
    from dodo_hooks.plans.resolve_hooks import resolve_for
    from dodo_hooks.trust.policy import expect_accepted

    expect_accepted(world, repo, compiled.rules)
    return resolve_for(world, repo.top, compiled, (hook,), skipped_ids(world.environ), only or None)


def _given_files(world: "World", values: "Mapping[str, Any]") -> "tuple[bytes, ...] | None":
    """Return the files that options choose; None where none does."""
    if not any(values[key] or values[key] == "" for key in _CHOOSE_FILES):
        return None
    from dodo_hooks.cli.given_files import select_files

    return select_files(world, values, print_once())


def _typed_again(values: "Mapping[str, Any]") -> "tuple[str, ...] | None":
    """Return the options that decide what jobs do, as they are typed.

    None where the files came from standard input, which nobody can read again.
    """
    if values["files_from"] == "-":
        return None
    return tuple(word for option in RUN if option.key in _DECIDE for word in option.typed(values[option.key]))


def _check_selectors(hook: "Hook", selectors: Selectors) -> None:
    """Raise UsageError for an unknown name: a typo must not look like a successful run."""
    tags = [tag for job in hook.jobs for tag in job.tags]
    names = names_in(hook)
    _expect(selectors.jobs, names, "job", hook.name)
    _expect(selectors.tags, tags, "tag", hook.name)
    _expect(selectors.skip, [*names, *(TAG + tag for tag in tags)], "job", hook.name)


def _expect(names: "Iterable[str]", known: "list[str]", what: str, hook: str) -> None:
    for name in names:
        if name not in known:
            from dodo_hooks.core.text.nearest import choose_from

            raise UsageError(f"no {what} {quote(name)} in {hook}{choose_from(name, known)}")
