"""The child process that asks pre-commit's library: nothing else imports it (P3).

`resolve.py resolve` reads a request from its standard input, JSON of `plans/resolve_hooks.py`, and prints lines. A line
that begins with `P ` is progress, for people; one with `W ` a warning; the last one, with `R ` or `E `, has the result
or the error. `resolve.py run SPEC [FILE]...` runs a hook whose language does more than start a command: docker, julia,
r.

It clones and installs into pre-commit's own store, under the lock of that, so two at once install once. An interrupted
one leaves nothing half done: the library removes what it has begun, and a Ctrl-C, SIGTERM and the death of who has
started this all end it by an exception.

Of an environment it returns the changes that entering it makes, as the library asks for them: the recorder stands in
the place of the language's `envcontext`. Comparing `os.environ` before and after would miss what is unset and was not
set, and could not tell what is put before a PATH from the rest of it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_STATE_FILES = (".install_state_v2", ".install_state_v1")
_STOPPED = 130


def resolve(request: Mapping[str, Any], progress: _Progress) -> list[dict[str, Any]]:
    """Return what is to be known of each hook of the file.

    The hooks of the stage that are not skipped are installed, where their environments are missing.
    """
    import cfgv
    from pre_commit.clientlib import CONFIG_SCHEMA
    from pre_commit.repository import all_hooks, install_hook_envs
    from pre_commit.store import Store

    config = cfgv.apply_defaults(cfgv.validate(request["config"], CONFIG_SCHEMA), CONFIG_SCHEMA)
    logging.getLogger("pre_commit").addHandler(progress)
    logging.getLogger("pre_commit").setLevel(logging.INFO)
    store = Store()
    hooks = all_hooks(config, store)
    for hook in hooks:
        if _is_wanted(hook, request):
            progress.hook = hook.name
            install_hook_envs([hook], store)
    store.mark_config_used(request["file"])
    positions = [(repo, place) for repo, its in enumerate(config["repos"]) for place in range(len(its["hooks"]))]
    manifests = _manifests(config, store)
    return [
        {"position": position, "values": manifests.get(position, {}), **_facts(hook)}
        for position, hook in zip(positions, hooks, strict=True)
    ]


def _is_wanted(hook: Any, request: Mapping[str, Any]) -> bool:
    """Return whether a hook has to be there."""
    names = {hook.id, hook.alias} - {""}
    if names & {*request["skip"]} or (request["only"] is not None and not names & {*request["only"]}):
        return False
    return bool(names & {*request["ids"]} or {*request["stages"]} & {*hook.stages})


def _manifests(config: Mapping[str, Any], store: Any) -> dict[tuple[int, int], dict[str, Any]]:
    """Return the manifest of each hook of a repository."""
    import pre_commit.constants
    from pre_commit.clientlib import load_manifest

    found: dict[tuple[int, int], dict[str, Any]] = {}
    for number, repo in enumerate(config["repos"]):
        if repo["repo"] in ("local", "meta"):
            continue
        path = os.path.join(store.clone(repo["repo"], repo["rev"]), pre_commit.constants.MANIFEST_FILE)
        by_id = {hook["id"]: hook for hook in load_manifest(path)}
        for place, hook in enumerate(repo["hooks"]):
            found[number, place] = by_id[hook["id"]]
    return found


def _facts(hook: Any) -> dict[str, Any]:
    """Return the directory of a hook, its command line, its environment, and whether that is there."""
    from pre_commit import lang_base
    from pre_commit.all_languages import languages

    language = languages[hook.language]
    is_local = hook.src in ("local", "meta")
    directory = "." if is_local and language.ENVIRONMENT_DIR is None else hook.prefix.prefix_dir
    proofs = [] if is_local else [hook.prefix.path(".pre-commit-hooks.yaml")]
    is_installed = True
    if language.ENVIRONMENT_DIR is not None:
        folder = lang_base.environment_dir(hook.prefix, language.ENVIRONMENT_DIR, hook.language_version)
        states = [path for name in _STATE_FILES if os.path.exists(path := os.path.join(folder, name))]
        is_installed = bool(states)
        python = os.path.join(folder, "bin", "python")  # a link to one that may be upgraded
        proofs += [*states, *([python] if os.path.exists(python) else [])]
    argv: Sequence[str] = ()
    patch: list[Any] = []
    if getattr(language, "run_hook", None) is lang_base.basic_run_hook:
        with contextlib.suppress(ValueError):  # no command line: the library fails, too, when it is to run
            argv = lang_base.hook_cmd(hook.entry, hook.args)
        patch = _patch_of(language, hook)
    elif hook.language not in ("pygrep", "fail", "script", "unsupported_script"):
        argv = (sys.executable, "-I", os.path.abspath(__file__), "run", json.dumps(_spec_of(hook, directory)))
    return {
        "directory": directory,
        "argv": list(argv),
        "patch": patch,
        "is_installed": is_installed,
        "proofs": proofs,
    }


def _patch_of(language: Any, hook: Any) -> list[Any]:
    """Return the changes that `in_env` of a language makes in the environment, as the library asks for them."""
    from pre_commit.envcontext import UNSET

    asked: list[Any] = []

    @contextlib.contextmanager
    def record(patch: Sequence[Any], _env: Any = None) -> Iterator[None]:
        asked.extend(patch)
        yield

    kept = getattr(language, "envcontext", None)
    if kept is not None:
        language.envcontext = record
    try:
        with language.in_env(hook.prefix, hook.language_version):
            pass
    finally:
        if kept is not None:
            language.envcontext = kept
    return [[name, None if value is UNSET else _parts_of(value)] for name, value in asked]


def _parts_of(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [value]
    return [part if isinstance(part, str) else [part.name, part.default] for part in value]


# Languages that run their hooks in a way of their own


def _spec_of(hook: Any, directory: str) -> dict[str, Any]:
    return {
        "site": [path for path in sys.path if path],
        "directory": directory,
        "is_local": hook.src == "local",
        **{key: getattr(hook, key) for key in ("language", "language_version", "entry", "args", "require_serial")},
    }


def run(spec: Mapping[str, Any], files: Sequence[str]) -> int:
    """Run a hook by the library, print its output, and return its exit code."""
    from pre_commit.all_languages import languages
    from pre_commit.prefix import Prefix

    language, prefix = languages[spec["language"]], Prefix(spec["directory"])
    with language.in_env(prefix, spec["language_version"]):
        code, output = language.run_hook(
            prefix,
            spec["entry"],
            spec["args"],
            files,
            is_local=spec["is_local"],
            require_serial=spec["require_serial"],
            color=False,
        )
    sys.stdout.buffer.write(output)
    return int(code)


# The protocol


class _Progress(logging.Handler):
    """A handler of the library's log: progress and warnings are printed, what else it explains is not."""

    hook = ""
    error = ""  # the last one that was logged
    step = ""  # what is under way

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if record.levelno >= logging.ERROR:
            self.error = message
        elif record.levelno >= logging.WARNING:
            _print("W", message)
        elif message.startswith("Initializing environment for "):
            self._begin(f"fetching {message.removeprefix('Initializing environment for ').rstrip('.')}")
        elif message.startswith("Installing environment for "):
            self._begin(f"installing {self.hook}")

    def _begin(self, step: str) -> None:
        self.step = step
        _print("P", step)


def _print(kind: str, value: object) -> None:
    sys.stdout.write(f"{kind} {json.dumps(value)}\n")
    sys.stdout.flush()


def _stop(number: int, _frame: object) -> None:
    raise KeyboardInterrupt(number)


def _end_with_parent() -> None:
    """Let the end of who has started this end it, too: Linux sends a signal (prctl(2))."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGHUP, _stop)
    if sys.platform == "linux":
        import ctypes

        parent = os.getppid()
        ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


def _explain(error: BaseException) -> str:
    """Return an error of the library in one line: of a command, what it printed last."""
    said = getattr(error, "stderr", None) or getattr(error, "stdout", None)
    if isinstance(said, bytes):
        command = " ".join(getattr(error, "cmd", ())[:2])
        lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
        return f"{os.path.basename(command)}: {lines[-1]}" if lines else f"{command} failed"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].removeprefix("=====> ") if lines else type(error).__name__


def main(words: Sequence[str]) -> int:
    if words[0] == "run":
        spec = json.loads(words[1])
        sys.path.extend(path for path in spec["site"] if path not in sys.path)
        return run(spec, words[2:])
    request = json.load(sys.stdin)
    _end_with_parent()
    sys.path.extend(path for path in request["site"] if path not in sys.path)
    progress = _Progress()
    try:
        _print("R", resolve(request, progress))
    except KeyboardInterrupt:
        return _STOPPED
    except SystemExit:  # the library has logged why
        _print("E", progress.error)
    except Exception as error:
        _print("E", _explain(error) + (f" (while {progress.step})" if progress.step else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
