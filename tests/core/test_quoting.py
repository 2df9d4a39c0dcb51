"""C6: any value arrives unchanged, and no shell interprets it."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dodo_hooks.core.plan import as_argument
from dodo_hooks.loader.shell.quoting import QuotedCommand, Template, TemplateError, expand_placeholders
from kit.process import DEADLINE_S

SHELLS = [shell for shell in ("dash", "bash") if shutil.which(shell)] or ["sh"]


def expand(command: str) -> QuotedCommand:
    return expand_placeholders(command, "sh", Template("post-checkout", 3, {}))


# What a real shell makes of it. A template is written together with what has to arrive, as pieces: a placeholder is
# itself, in angle brackets.

Word = tuple[str, list[str]]  # its text, and the arguments it becomes
SCALARS = {"branch": "DODO_BRANCH", "job": "DODO_JOB", "1": "DODO_ARG1", "remote_url": "DODO_REMOTE_URL"}
scalars = st.sampled_from(sorted(SCALARS))
plain = st.sampled_from(["", "a", "b c", "x=", "--flag=", ".", "(", "#", "*", ";"])
bare_plain = st.sampled_from(["", "a", "x=", "--flag=", "a/", "é", "a#"])


def around(name: str, before: str, after: str) -> list[Word]:
    """Draw the words of one argument with a scalar in quotes, or in a substitution."""
    value = f"<{name}>"
    return [
        (f"'{before}{{{name}}}{after}'", [f"{before}{value}{after}"]),
        (f'"{before}{{{name}}}{after}"', [f"{before}{value}{after}"]),
        (f'"$(printf %s. {{{name}}})"', [f"{value}."]),
        (f'"$(printf "%s." "{{{name}}}$(printf %s. \'{{{name}}}{after}\')")"', [f"{value}{value}{after}.."]),
        (f'"$(case {{{name}}} in "{{{name}}}") printf y ;; (*) echo n ;; esac; printf x; # it\'s "\n)"', ["yx"]),
        (f"\"${{UNSET-a}}\"'{{{name}}}'", [f"a{value}"]),
        (f'"$(( (1 + 2) * 3 )){before}{{{name}}}"', [f"9{before}{value}"]),
    ]


def bare(name: str, before: str, after: str) -> list[Word]:
    return [
        (f"{before}{{{name}}}{after}", [f"{before}<{name}>{after}"]),
        (f"{before}{{{name}}}{{{name}}}", [f"{before}<{name}><{name}>"]),
        (f"\\{{{name}}}\"{{{name}}}\"'{{{name}}}'", [f"{{{name}}}<{name}><{name}>"]),
        (f"$UNSET{{{name}}}${{UNSET:+x}}", [f"<{name}>"]),
    ]


LISTS = [
    *((text, ["<files>"]) for text in ("{staged_files}", "'{staged_files}'", '"{staged_files}"', "\\\n{staged_files}")),
    ("--f={staged_files}", ["--f=<files>"]),
    ("-f\"{staged_files}\"'.'", ["-f<files>."]),
]
one_word = st.one_of(
    st.builds(around, scalars, plain, plain).flatmap(st.sampled_from),
    st.builds(bare, scalars, bare_plain, bare_plain).flatmap(st.sampled_from),
    st.sampled_from([("{0}", ["<0>"]), ("'{0}'", ["<0>"]), ('"a {0} b"', ["a <1> <2> <3> b"])]),
    st.sampled_from([("'a{b,c}'", ["a{b,c}"]), ("@{u}", ["@{u}"]), ("'<{7} {{job}}'", ["<{7} {{job}}"])]),
    st.sampled_from(LISTS),
)

# Around a simple command: what of it runs once, in order. `@` is the command, or several.
SURROUNDINGS = [
    "@", "if true; then @; fi", "if @; then :; else false; fi", "for i in 1; do @\ndone", "{ @; }", "( @ )",
    "case x in (y) false ;; x|z) @;; esac", "true && @ || false", "echo | @", "@ | cat", "while @; do break; done",
    ': "$( @ )"', ": $( ( @ ) )", 'x="$(if true; then @; fi)"', "if ! { @ # it's {branch} `\n}; then :; fi",
    "@ >&2 2>/dev/null", "cat <<'E' >/dev/null\n$( ` \"\nE\n@", "cat >/dev/null <<-E\n\t\"it's\n\tE\n@",
    "VAR={branch}; @", ": $((1 + (2 * 3))); @", "(: ) ; @", "f() { :; }; f; @", "set -e; @", ": `echo a`; @",
    "until @; do :; done &&\n\n:", "for x in {staged_files} {1}; do :; done; @", "case {1} in {branch}|y) :; esac; @",
    "if [ -n {branch} ] && [ {1} = \"{branch}\" ]; then :; fi; @", "if [[ {branch} == {1} ]]; then :; fi; @",
    "[[ a == b || ! c ]] || :; @", "cat >/dev/null <<E\n$UNSET\\\\ '\nE\n@",
    ": >/dev/null; @ &&\n:", "v='{1}'\"{branch}\"; : \"$v\"; @",
]  # fmt: skip

# Text around a placeholder, where none is allowed.
NOWHERE = [
    "show <<E\n@\nE", "show <<'E'\n@\nE", 'show "$(cat <<-E\n\t$(show @)\n\tE\n)"', "show `show @`", 'show "`show @`"',
    "show ${UNSET-@}", 'show "${UNSET-@}"', "show ${UNSET:-'@'}", "show ${x#@}", "show $((@ + 1))", "((@))",
    "f() { show @; }; f", "function f { show @; }", "f() (\nshow @\n)", "show $'@'", "eval show @", 'sh -c "show @"',
    "env A=1 bash -ec 'show @'", "echo @ | sh", "echo @ | xargs sh -c 'show'", "@ x", "$x @", "trap @ EXIT", "@=x show",
    "read @", "show <<<@", "cat <(show @)", "python3 -c 'print(\"@\")'", "node -e @", "ssh host @", ". @",
    "awk '{ print \"@\" }'", "printf @", "test -v @", "[ @ @ ]", "let @", "export @", "show >&@", "x=(a [@]=b)",
    "for @ in x; do show; done", "if [[ a && @ == x ]]; then :; fi", "[[ 1 -eq @ ]]", "x=@; : $((x))",
    "x=@; y=$x; : $((y))", "f() { : $(($1)); }; f @", "npx -c @", "npm exec -c 'show @'", "sed -e @", "sed @ x",
    "perl -pe @", "echo a | xargs sh -c @", "show @; cat <<E | cat\nE",
    "find . -exec sh -c 'show @' ';'", "git rebase -x 'show @' a", "PS4=@; set -x", "PATH=@ show", "alias show=@",
]  # fmt: skip

Script = tuple[str, list[list[str]]]


def call(words: list[Word]) -> Script:
    return "show " + " ".join(text for text, _ in words), [[part for _, parts in words for part in parts]]


def surround(inner: Script, around: str) -> Script:
    return around.replace("@", inner[0]), inner[1]


def both(first: Script, second: Script, between: str) -> Script:
    return first[0] + between + second[0], first[1] + second[1]


scripts: st.SearchStrategy[Script] = st.lists(one_word, min_size=1, max_size=4).map(call)
for _ in range(3):
    scripts = (
        scripts
        | st.builds(surround, scripts, st.sampled_from(SURROUNDINGS))
        | st.builds(both, scripts, scripts, st.sampled_from(["\n", "; ", " ;\n\n"]))
    )
each = st.just(('for f in {staged_files}; do show "$f"; done', [["<each>"]]))
behind = st.sampled_from(["{staged_files}", "'{staged_files}' --"]).map(
    lambda text: (f"sh -c 'show \"$@\"' _ {text}", [["<files>", *text.split()[1:]]])
)


HOSTILE = [
    b" ", b"'", b'"', b"$(touch PWNED)", b"`touch PWNED`", b"\n", b"-", b"-n", b";", b"*", b"\\", b"\xff", b"\xe9",
    b"; touch PWNED #", b"$PATH", b"${PATH}", b"{branch}", b"a[$(touch PWNED)]", b"\t", b"&", b"|", b"<", b">", b"(",
    b")", b"#", b"!", b"~", b"a", b"EOF", b"E", b"\nE\n", b"%s", b"$((1))", b"\r", b"''", b"}", b"{", b"?", b"[a]",
    b"eval",
]  # fmt: skip
values = st.lists(st.sampled_from(HOSTILE), max_size=4).map(b"".join)
words = st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=4).map(b"".join)


def arrived(parts: list[str], env: dict[bytes, bytes], files: list[bytes]) -> list[bytes]:
    """Return the arguments that `parts` stand for.

    A list becomes one argument for each of its items, with the adjoining text at its ends.
    """
    arguments = []
    given = [env[f"DODO_ARG{number}".encode()] for number in (1, 2, 3)]
    for part in parts:
        for name, several in (("<files>", files), ("<0>", given)):
            if name in part:
                before, _, after = part.partition(name)
                if several:
                    stuck = [*several]
                    stuck[0] = before.encode() + stuck[0]
                    stuck[-1] += after.encode()
                    arguments += stuck
                elif before or after:
                    arguments.append((before + after).encode())
                break
        else:
            arguments.append(filled(part.encode(), env))
    return arguments


def filled(part: bytes, env: dict[bytes, bytes]) -> bytes:
    names = {**SCALARS, "2": "DODO_ARG2", "3": "DODO_ARG3"}
    result = b""
    while part:
        name = next((name for name in names if part.startswith(f"<{name}>".encode())), None)
        result += env[names[name].encode()] if name else part[:1]
        part = part[len(name) + 2 :] if name else part[1:]
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a program `show` that records its arguments, and names that a glob would match."""
    folder = tmp_path_factory.mktemp("quoting")
    (folder / "bin").mkdir()
    show = folder / "bin" / "show"
    show.write_text('#!/bin/sh\n{ printf \'%s\\0\' "$#" "$@"; } >>"$SHOWN"\n')
    show.chmod(0o755)
    (folder / "here").mkdir()
    (folder / "sh-only").mkdir()
    (folder / "sh-only" / "sh").symlink_to(shutil.which("sh") or "/bin/sh")
    (folder / "here" / "a").touch()
    return folder


def run(shell: str, text: str, files: list[bytes], env: dict[bytes, bytes], folder: Path) -> list[list[bytes]]:
    shown = folder / "shown"
    shown.write_bytes(b"")
    paths = {b"PATH": os.fsencode(folder / "bin") + b":" + os.environb[b"PATH"], b"SHOWN": os.fsencode(shown)}
    done = subprocess.run(
        [shell, "-c", text, "sh", *files],
        env={**env, **paths},
        cwd=folder / "here",
        capture_output=True,
        timeout=DEADLINE_S,
    )
    assert os.listdir(folder / "here") == ["a"], "a value was executed"
    calls, fields = [], shown.read_bytes().split(b"\0")[:-1]
    while fields:
        count = int(fields.pop(0))
        calls.append(fields[:count])
        del fields[:count]
    assert done.returncode in (0, 1), done.stderr
    return calls


@pytest.mark.timeout(600)  # of the nightly profile
@given(
    script=st.one_of(scripts, each, behind),
    scalar=st.tuples(values, values, values, values),
    given_=st.tuples(values, values),
    files=st.lists(words, max_size=3),
)
def test_c6_every_byte_reaches_a_real_shell_as_it_is(
    folder: Path, script: Script, scalar: tuple[bytes, ...], given_: tuple[bytes, ...], files: list[bytes]
) -> None:
    env = {variable.encode(): value for variable, value in zip(SCALARS.values(), scalar, strict=True)}
    env |= {b"DODO_ARG2": given_[0], b"DODO_ARG3": given_[1]}
    template, calls = script
    text = expand(template).text
    for shell in SHELLS:
        shown = run(shell, text, files, env, folder)
        wanted = calls
        if calls[0] == ["<each>"]:
            assert shown == [[name] for name in files]
            continue
        assert shown == [arrived(parts, env, files) for parts in wanted], f"{shell}: {text}"


@pytest.mark.timeout(600)  # of the nightly profile
@given(
    before=scripts,
    nowhere=st.sampled_from(NOWHERE),
    placeholder=st.sampled_from(["{branch}", "{staged_files}", "{1}"]),
    around=st.sampled_from(SURROUNDINGS),
)
def test_c6_no_surroundings_make_a_place_a_good_one(
    before: Script, nowhere: str, placeholder: str, around: str
) -> None:
    text = around.replace("@", nowhere.replace("@", placeholder))
    with pytest.raises(TemplateError) as refused:
        expand(f"{before[0]}\n{text}\n")
    assert "DODO_" in refused.value.fix


# Whatever is written, well-formed or not: what is let through never runs a value.

FRAGMENTS = [
    "'", '"', "$(", ")", "`", "${x:-", "${x#", "}", "<<E\n", "<<'E'\n", "<<-E\n", "\nE\n", "\\", "#", " ", " ", " ",
    ";", "|", "&", "case x in ", "esac", "x) ", ";;", "if ", "then ", "fi ", "((", "$((", "))", "[[ ", " ]]", "$'",
    "$[", "]", "eval ", "sh -c ", "[ ", "-eq ", "test -v ", "printf -v ", "{branch}", "{branch}", "{staged_files}",
    "{1}", "{0}", "a", "=", "\n", "f() ", "{ ", " }", "for x in ", "do ", "done ", "<(", "a=(", "a[", "declare ",
    "-i ", "export ", ". ", "<<<", "<", ">&", "\\\n", "$", "1", "read ", "let ", "set ", "shift", "echo ", "command ",
    "!", "\t", "~", "*", "//", ":", "+", "/dev/stdin", "[[ a && ", "(a|b) ", "&>x ", "&>", "x=", "x={1} ", "; f ",
    "$((x))", "${v[x]}", "${y:x}", "${!x}", "[[ x -eq 1 ]]", "; a[x]=1 ", "; let x", "<<E >x\n$(\nE\n", "cat <<E",
    "$UNSET ", "${x%.y}", "| $UNSET", '"$x" ', "time ", "env ", ";; ", "'\\''", "in ",
]  # fmt: skip
PAYLOADS = [
    b"$(>PWNED)", b"`>PWNED`", b";>PWNED;", b"\n>PWNED\n", b"a[$(>PWNED)]", b"'$(>PWNED)'", b"')>PWNED", b'">PWNED"',
    b"}>PWNED", b"eval >PWNED", b"E\n>PWNED", b"x[$(>PWNED)]=1", b"$((a[$(>PWNED)]))", b">PWNED", b"*) >PWNED;;",
    b"# \n>PWNED",
]  # fmt: skip


@pytest.mark.timeout(600)  # of the nightly profile
@given(
    fragments=st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=14),
    payload=st.sampled_from(PAYLOADS),
    files=st.lists(st.sampled_from([*PAYLOADS, b"eval", b"-v", b"-c", b"-exec", b"["]), max_size=3),
)
def test_c6_whatever_is_let_through_never_runs_a_value(
    folder: Path, fragments: list[str], payload: bytes, files: list[bytes]
) -> None:
    template = "".join(fragments)
    assume("${1}" not in template)  # who writes this has the value parsed, not we
    try:
        text, list_name, _, _ = expand(template)
    except TemplateError:
        return
    files = [as_argument(file) for file in files]
    here = folder / "fuzz"
    here.mkdir(exist_ok=True)
    env = {name: payload for name in (b"DODO_BRANCH", b"DODO_ARG1", b"DODO_ARG2", b"DODO_ARG3")}
    env[b"PATH"] = os.fsencode(folder / "sh-only")
    for shell in SHELLS:
        argv = [os.fsencode(shutil.which(shell) or shell), b"-c", text.encode(), b"sh", *(files if list_name else ())]
        with suppress(subprocess.TimeoutExpired):  # one that waits for something
            subprocess.run(argv, env=env, cwd=here, stdin=subprocess.DEVNULL, capture_output=True, timeout=2)
        assert not (here / "PWNED").exists(), f"{shell}: {text}"
