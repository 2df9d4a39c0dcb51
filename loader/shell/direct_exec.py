"""When a command can be executed without a shell, which saves a millisecond per job.

The promise is that nobody can tell the difference: a command goes without `sh` only if every POSIX shell would split
it at its blanks, expand nothing in it, and start the program of that name. Whatever is in doubt is left to `sh`.
"""

import re

# A word may hold these in every shell without being expanded, redirected, cut off or read as an assignment.
_WORD = re.compile(r"[A-Za-z0-9_./+@-][A-Za-z0-9_./+,:@%=-]*")
_FIRST_WORD = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./+-]*")
_PLAIN = re.compile(r"[A-Za-z0-9_./+,:@%= \t-]+")

# What is no program: the reserved words of POSIX (XCU 2.4), bash, ksh and zsh; the builtins of dash, bash, ksh93, mksh,
# busybox ash and zsh, of which an external twin may differ (`echo -n`), so that even `true` is left to the shell; and
# functions that distributions export to every `sh` that is bash (environment modules and software collections).
NOT_PROGRAMS = frozenset(
    """
    case coproc do done elif else end esac fi for foreach function if in namespace nocorrect noglob repeat select then
    time until while

    . : [ alias autoload bg bind bindkey break builtin bye caller cap cat cd chdir clone command comparguments
    compcall compctl compdescribe compfiles compgen compgroups complete compopt compquote comptags comptry
    compvalues continue declare dirs disable disown echo echotc echoti emulate enable eval exec exit export false fc
    fg float functions getcap getconf getln getopts global hash help hist history integer jobs kill let limit local
    log login logout mapfile newgrp print printf private pushd pushln popd pwd r read readarray readonly
    realpath rehash rename return sched set setcap setopt shift shopt sleep source stat stop suspend sync test times
    trap true ttyctl type typeset ulimit umask unalias unfunction unhash unlimit unset unsetopt vared vmstate vpath
    wait whence where which zcompile zformat zftp zle zmodload zparseopts zprof zpty zregexparse zsocket zstat
    zstyle ztcp

    ml module scl switchml
    """.split()  # noqa: SIM905
)


def argv_of(command: str) -> "tuple[str, ...]":
    """Return the words of `command` when no shell would make anything else of it, else `("sh", "-c", command)`."""
    line = command.strip(" \t\n")  # a block scalar of YAML ends in a newline
    if _PLAIN.fullmatch(line):
        words = line.split()
        if _FIRST_WORD.fullmatch(words[0]) and words[0] not in NOT_PROGRAMS and all(map(_WORD.fullmatch, words[1:])):
            return tuple(words)
    return ("sh", "-c", command)


def argv_with_list(command: str, placeholder: str) -> "tuple[tuple[str, ...], int] | None":
    """Return the words of `command` without the one that is `{placeholder}`, and where among them the list goes.

    None when a shell is needed: where `argv_of` would want one, or where the placeholder is not there once, as a word
    of its own and not the first. `quoting.expand_placeholders` has the say whether it may stand there at all.
    """
    words = command.strip(" \t\n").replace("\t", " ").split(" ")
    name = f"{{{placeholder}}}"
    if words.count(name) != 1:
        return None
    words = [word for word in words if word]
    place = words.index(name)
    rest = tuple(words[:place] + words[place + 1 :])
    return (rest, place) if place > 0 and argv_of(" ".join(rest)) == rest else None
