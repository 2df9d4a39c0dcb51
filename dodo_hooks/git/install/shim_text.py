"""The text of the shims: the few lines of sh that git starts (G1).

A shim starts the recorded interpreter, isolated (-I), without site-packages (-S) and with UTF-8 for all names (-X utf8,
which also starts sooner than with a locale), on the launcher. It finds the launcher, and the legacy hook, relative to
its own path, so that a repository can be moved and copied. It starts no process but that one. When Python or launcher
are gone it says so itself: a gate fails, other hooks pass.

The launcher is run by a few words of Python (-c). Python looks into a file that it is given, to see if it is a ZIP
archive. That takes 0.3 ms, in which a Ctrl-C prints a traceback, or is lost. What is left of that is the time in which
Python makes its standard streams, 0.2 ms: nobody can take a signal there, or quietly, without silencing all errors of
an interpreter that is broken.
"""

import os

from dodo_hooks.core.git_hooks import GATES, OFTEN_UNSEEN, REFERENCE_TRANSACTION
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.posix import read_file

# This line marks a shim as ours, whatever else was done to it.
MARKER_LINE = b"# dodo-hooks shim: written by `dodo-hooks install`, taken away by `dodo-hooks uninstall`."

# Where a hook file may be, for the shims that fire in every repository: they do not start Python where there is none.
# Each with any of the endings. More than there are costs a start in vain; a test sees to it that none is missing.
HOOK_FILES = (
    *(
        f"{folder}{name}"
        for name in ("hooks.dodo", "daft", "lefthook", "lefthook-local")
        for folder in ("", ".", ".config/")
    ),
    ".pre-commit-config",
)
ENDINGS = ("", ".yml", ".yaml", ".toml", ".json", ".jsonc")

_SHIM = b"""\
#!/bin/sh
%(marker)s
case $0 in */*) dodo_here=${0%%/*} ;; *) dodo_here=. ;; esac
dodo_python=%(python)s
dodo_launcher=%(launcher)s
%(find_kept)sif [ "$DODO_HOOKS" = 0 ]%(or_no_file)s; then
  %(run_kept)sexit 0
fi
if [ -x "$dodo_python" ] && [ -f "$dodo_launcher" ] && [ -r "$dodo_launcher" ]; then
  exec "$dodo_python" -I -S -X utf8 -c '%(start)s' "$dodo_launcher" fire %(flag)s%(kept_option)s%(hook)s "$@"
fi
"""
# Python for `-c`, with the launcher as its first word. Until the `try` is compiled a Ctrl-C prints a traceback, and the
# less there is to compile the sooner that is done.
START = '''\
try: exec("""
import posix, sys
del sys.argv[0]
file = posix.open(sys.argv[0], 0)
text = posix.read(file, 1 << 20)
posix.close(file)
exec(text)
""")
except KeyboardInterrupt: raise SystemExit(130)'''
_KEPT = b"""dodo_kept=%s
"""
# A hook of the repository's own that git does not run, because core.hooksPath leads here. Where it is a shim of ours,
# installed in that repository, it does all there is to do.
_OF_REPOSITORY = b"""dodo_git=${GIT_DIR:-.git}
if [ -f "$dodo_git" ]; then
  IFS= read -r dodo_line <"$dodo_git"
  dodo_git=${dodo_line#gitdir: }
fi
dodo_common=$dodo_git
if [ -f "$dodo_git/commondir" ]; then
  IFS= read -r dodo_line <"$dodo_git/commondir"
  case $dodo_line in /*) dodo_common=$dodo_line ;; *) dodo_common=$dodo_git/$dodo_line ;; esac
fi
dodo_kept=$dodo_common/hooks/%(hook)s
dodo_line=
[ -x "$dodo_kept" ] && [ -r "$dodo_kept" ] && { IFS= read -r dodo_line && IFS= read -r dodo_line; } <"$dodo_kept"
case $dodo_line in '# dodo-hooks shim: '*) exec "$dodo_kept" "$@" ;; esac
"""
# Python is not started where there is nothing for it to do.
_LOOK_FOR_FILE = b"""dodo_file=
for dodo_name in %(names)s; do
  for dodo_end in %(endings)s; do
    [ -e "$dodo_name$dodo_end" ] || [ -h "$dodo_name$dodo_end" ] && dodo_file=1 && break 2
  done
done
# That the file is gone is a change, where only what was accepted may run.
[ -e %(pinned)s ] && dodo_file=1
"""
_RUN_KEPT = b"""[ -x "$dodo_kept" ] && exec "$dodo_kept" "$@"
"""
_SAY_GONE = b"""\
[ -x "$dodo_python" ] && dodo_python=$dodo_launcher
dodo_fix="install dodo-hooks again and run \\`%(install)s\\`, or %(fix)s"
printf '%%s\\n' "dodo-hooks: %(hook)s cannot be run ($dodo_python is gone): $dodo_fix." >&2
"""
_FIX_REMOVE = b"remove $0"
_FIX_RESTORE = b"move $dodo_kept back to $0"
_FIX_UNSET = b"run \\`git config --global --unset core.hooksPath\\`"
_INSTALL = b"dodo-hooks install"
_INSTALL_GLOBAL = b"dodo-hooks install --global"

OF_ALL = b"--global"  # for `fire`: the hook comes from the global install
PINNED = b"--pinned"  # for `fire`: the hook files were accepted as they are (section 8)


class Chain(Record):
    """The other hooks that a shim runs, and the conditions under which it starts Python."""

    kept: "str | None" = None  # the hook that is kept; relative to the hooks directory
    flag: bytes = b""  # OF_ALL (nothing of ours is done where there is no hook file), PINNED or nothing
    is_for_all: bool = False  # the shim lies in a directory that all repositories use, and runs each one's own hook


def shim_text(hook: str, interpreter: str, launcher: str, chain: Chain) -> bytes:
    """Return the shim of one of git's hooks.

    A `launcher` that is not absolute is relative to the hooks directory.
    """
    name = hook.encode()
    has_kept = chain.is_for_all or chain.kept is not None
    looks_for_file = chain.flag == OF_ALL
    find_kept = b""
    if chain.is_for_all:
        find_kept = _OF_REPOSITORY % {b"hook": name}
    elif chain.kept is not None:
        find_kept = _KEPT % _from_here(chain.kept)
    if looks_for_file:
        endings = " ".join(ending or "''" for ending in ENDINGS)
        find_kept += _LOOK_FOR_FILE % {
            b"names": " ".join(HOOK_FILES).encode(),
            b"endings": endings.encode(),
            b"pinned": b'"%s/dodo-hooks/pinned"' % (b"$dodo_common" if chain.is_for_all else b"$dodo_here/.."),
        }
    text = _SHIM % {
        b"marker": MARKER_LINE,
        b"python": _sh_quoted(os.fsencode(interpreter)),
        b"launcher": _from_here(launcher),
        b"find_kept": find_kept,
        b"or_no_file": b' || [ -z "$dodo_file" ]' if looks_for_file else b"",
        b"run_kept": _RUN_KEPT + b"  " if has_kept else b"",
        b"start": START.encode(),
        b"flag": chain.flag + b" " if chain.flag else b"",
        b"kept_option": b'--kept "$dodo_kept" ' if has_kept else b"",
        b"hook": name,
    }
    return text + _when_gone(hook, chain, has_kept)


def _when_gone(hook: str, chain: Chain, has_kept: bool) -> bytes:
    """Return the end of a shim: it prints one sentence, and a gate fails.

    The user's own hook still runs where possible.
    """
    fix = _FIX_UNSET if chain.is_for_all else _FIX_RESTORE if chain.kept else _FIX_REMOVE
    say = _SAY_GONE % {
        b"hook": hook.encode(),
        b"install": _INSTALL_GLOBAL if chain.is_for_all else _INSTALL,
        b"fix": fix,
    }
    if hook in GATES:
        return say + b"exit 1\n"
    leave = (_RUN_KEPT if has_kept else b"") + b"exit 0\n"
    if hook == REFERENCE_TRANSACTION:  # fires two or three times for one change: it says it once
        return b'if [ "$1" = prepared ]; then\n' + say + b"exit 1\nfi\n" + leave
    if hook in OFTEN_UNSEEN:  # fires at each `git status`, too: another hook prints the sentence
        return leave
    return say + leave


def _from_here(path: str) -> bytes:
    return _sh_quoted(os.fsencode(path)) if path.startswith("/") else b"$dodo_here/" + _sh_quoted(os.fsencode(path))


def _sh_quoted(value: bytes) -> bytes:
    return b"'" + value.replace(b"'", b"'\\''") + b"'"


def is_shim(path: str, hook: str = "") -> bool:
    """Return whether this file is a shim of ours, be it any or that of a hook."""
    if os.path.islink(path) or not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        text = file.read()
    return MARKER_LINE in text.splitlines() and (not hook or b' %s "$@"\n' % hook.encode() in text)


def differs(path: str, text: bytes) -> bool:
    """Return whether a file has other content, or cannot be read."""
    try:
        return read_file(path) != text
    except OSError:
        return True


def is_of_template(path: str) -> bool:
    """Return whether a shim was copied out of the template, and so asks for trust."""
    if not is_shim(path):
        return False
    with open(path, "rb") as file:
        return b" fire %s " % OF_ALL in file.read()


def recorded_interpreter(shim: bytes) -> "str | None":
    """Return the interpreter that a shim starts."""
    for line in shim.splitlines():
        if line.startswith(b"dodo_python='"):
            return os.fsdecode(line[len(b"dodo_python=") + 1 : -1].replace(b"'\\''", b"'"))
    return None
