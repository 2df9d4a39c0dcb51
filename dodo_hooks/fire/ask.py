"""Asking the person at the terminal whether a repository is trusted (section 8; HOT)."""

from dodo_hooks.git.remote import remote_url
from dodo_hooks.host.posix import os
from dodo_hooks.store.trust import DENIED, TRUSTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.host.world import World

STDERR = 2


def can_ask(world: "World") -> bool:
    """Whether a person is there to answer: git was typed at a terminal, and no program reads what it prints."""
    environ = world.environ
    if environ.get("CI", "0").lower() not in ("", "0", "false") or environ.get("GIT_TERMINAL_PROMPT") == "0":
        return False
    if "DODO_INVOCATION" in environ or not os.isatty(STDERR):
        return False
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()  # else we would be stopped, and git with us
    except OSError:
        return False
    finally:
        os.close(terminal)


def ask(repo: "Repo", reason: str, hook: str) -> "str | None":
    """TRUSTED or DENIED; None for "not now"."""
    try:
        remote = remote_url(repo)
    except OSError:
        remote = ""
    reason = f"\n{plain(reason)}" if reason else ""
    where = plain(f"{repo.top}, from {remote}," if remote else repo.top)
    question = (
        f"dodo-hooks: {hook} of {where} would run commands that its hook file names.{reason}\n"
        "Trust this repository? [y]es, [n]ever, anything else: not today: "
    )
    answer = _answer_to(question).strip().lower()
    if answer in ("y", "yes"):
        return TRUSTED
    return DENIED if answer in ("n", "never", "no") else None


def _answer_to(question: str) -> str:
    """A line that is typed at the terminal; nothing, where it cannot be asked."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return ""
    try:
        os.write(terminal, question.encode("utf-8", "replace"))
        return os.read(terminal, 1000).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(terminal)


def plain(text: str) -> str:
    """The text without what moves a cursor about: a submodule's remote is what somebody else has written."""
    return "".join(one if one.isprintable() else "?" for one in text)
