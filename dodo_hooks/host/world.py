"""The environment of the program: made once by `main`, passed down, never read again (HOT)."""

import sys
import time

from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class World(Record):
    """The environment variables, the current directory, and the options that come from outside."""

    environ: "Mapping[str, str]"  # undecodable bytes as surrogates, as `os.environ` has them
    cwd: str
    site: "tuple[str, ...]" = ()  # where third-party packages lie, when the interpreter was started with -S
    colors: "bool | None" = None  # what `--color` says; None: nothing, or `auto`

    @property
    def state(self) -> str:
        """The directory for data that must outlive a run: $XDG_STATE_HOME, by the XDG base directory rules."""
        return self._directory("XDG_STATE_HOME", ".local/state")

    @property
    def config(self) -> str:
        """The directory for a user's configuration: $XDG_CONFIG_HOME, by the same rules."""
        return self._directory("XDG_CONFIG_HOME", ".config")

    @property
    def cache(self) -> str:
        """The directory for what can be made again: $XDG_CACHE_HOME, by the same rules."""
        return self._directory("XDG_CACHE_HOME", ".cache")

    @property
    def data(self) -> str:
        """The directory for a user's data that are no configuration: $XDG_DATA_HOME, by the same rules."""
        return self._directory("XDG_DATA_HOME", ".local/share")

    def _directory(self, name: str, default: str) -> str:
        path = self.environ.get(name, "")  # "all paths must be absolute"; others are to be ignored
        return path if path.startswith("/") else f"{_home(self.environ)}/{default}"

    @property
    def is_ci(self) -> bool:
        return self.is_set("CI")

    def is_set(self, name: str) -> bool:
        """Return whether a variable says yes: it is there, and not empty, 0 or false."""
        return self.environ.get(name, "").lower() not in ("", "0", "false")


def make_world(site: "tuple[str, ...]" = ()) -> World:
    """Return the world of this process."""
    encoding = sys.getfilesystemencoding()
    raw = os.environ  # bytes in `posix`, text in `os`: whichever a test has put there
    environ = {_text(key, encoding): _text(value, encoding) for key, value in raw.items()}
    return World(environ, _current_directory(environ), site)


def reach_site(world: World) -> None:
    """Make third-party packages importable (an interpreter under -S knows only the standard library)."""
    sys.path.extend(path for path in world.site if path not in sys.path)


def open_standard_descriptors() -> None:
    """Make sure that 0, 1 and 2 are open: else a file of ours would get one of these numbers (R14)."""
    while True:
        descriptor = os.open("/dev/null", os.O_RDWR)
        if descriptor > 2:
            os.close(descriptor)
            return
        os.set_inheritable(descriptor, True)


def expect_utf8() -> None:
    """Make sure that Python is in its UTF-8 mode where the locale has another encoding (-X utf8).

    The shim asks for it; else this program is started again. The names of files have no encoding, and hook files are
    UTF-8. So paths have one encoding, whoever made them. Only what is printed by Python itself is in that of the
    terminal.
    """
    if "utf8" in sys._xoptions:
        environ: Mapping[bytes, bytes] = os.environ  # type: ignore[assignment]  # that of `posix`
        locale = next(filter(None, map(environ.get, (b"LC_ALL", b"LC_CTYPE", b"LANG"))), b"C")
        if locale not in (b"C", b"POSIX") and b"utf" not in locale.lower():
            _print_in_locale()
    elif sys.getfilesystemencoding() != "utf-8" and sys.executable:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def _print_in_locale() -> None:
    from _locale import CODESET, nl_langinfo
    from io import TextIOWrapper

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=nl_langinfo(CODESET) or "utf-8", errors="backslashreplace")


def boot_id() -> "str | None":
    """Return an id that differs after each start of the machine; None where the system has none to read."""
    try:
        descriptor = os.open("/proc/sys/kernel/random/boot_id", os.O_RDONLY)
    except OSError:
        return None
    text = os.read(descriptor, 64).decode("ascii").strip()
    os.close(descriptor)
    return text


def wall_ns() -> int:
    """Return the nanoseconds since 1970, for records."""
    return time.time_ns()


def monotonic_s() -> float:
    """Return the seconds on a clock that nobody sets, for timeouts and durations (R15)."""
    return time.monotonic()


def timestamp(at_ns: int) -> str:
    """Return RFC 3339 in UTC with microseconds: `2026-11-24T07:55:00.123456Z`."""
    seconds, rest_ns = divmod(at_ns, 1_000_000_000)
    return "{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}.{:06d}Z".format(*time.gmtime(seconds)[:6], rest_ns // 1000)


def local_time(at_ns: int) -> str:
    """Return a moment in local time: `14:02`, or with its date where that is another day."""
    then, now = time.localtime(at_ns // 1_000_000_000), time.localtime()
    is_today = then[:3] == now[:3]
    return time.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M", then)


def _home(environ: "Mapping[str, str]") -> str:
    """Return $HOME or, where that is missing or no absolute path, the home directory that the system knows.

    It is never the current directory, which is a working tree, where the next `git add` would take what lies there.
    """
    home = environ.get("HOME", "")
    if home.startswith("/"):
        return home
    import pwd  # C, and rarely needed

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        raise StoreError("no directory for records; set HOME or XDG_STATE_HOME to an absolute path") from None


def _text(value: "bytes | str", encoding: str) -> str:
    return value.decode(encoding, "surrogateescape") if isinstance(value, bytes) else value


def _current_directory(environ: "Mapping[str, str]") -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed under us; git itself would not be here then
        return environ.get("PWD", "/")
