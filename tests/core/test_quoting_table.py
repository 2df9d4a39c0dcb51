"""C6, case by case: the result for a command with placeholders, or its error."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core.plan import as_argument
from dodo_hooks.loader.shell.quoting import (
    QuotedCommand,
    Template,
    TemplateError,
    escape_braces,
    expand_placeholders,
    find_doubtful_braces,
)

B, ONE = '"${DODO_BRANCH-}"', '"${DODO_ARG1-}"'
WORDS = '${DODO_ARG1+"$DODO_ARG1"} ${DODO_ARG2+"$DODO_ARG2"} ${DODO_ARG3+"$DODO_ARG3"}'
JOINED = "${DODO_ARG1-}${DODO_ARG2+ $DODO_ARG2}${DODO_ARG3+ $DODO_ARG3}"


def expand(command: str, hook: str = "post-checkout", **macros: str) -> QuotedCommand:
    return expand_placeholders(command, "sh", Template(hook, 3, macros))


PLACED = {
    # a scalar in each kind of quotes
    "x {branch}": f"x {B}",
    "x 'a {branch} b'": f"x 'a '{B}' b'",
    "x '{branch}'": f"x {B}",
    'x "{branch}"': f"x {B}",
    'x "a {branch} b"': 'x "a ${DODO_BRANCH-} b"',
    "x pre{branch}post": f"x pre{B}post",
    "x {branch}{1}": f"x {B}{ONE}",
    "x {job} {hook} {worktree}": 'x "${DODO_JOB-}" "${DODO_HOOK-}" "${DODO_WORKTREE-}"',
    "v={branch} w='{1}' x": f"v={B} w={ONE} x",
    "export v={branch}": f"export v={B}",
    "x $(y {branch})": f"x $(y {B})",
    "x \"$(y '{branch}')\"": f'x "$(y {B})"',
    'x "a$(y "$(z {branch})")"': f'x "a$(y "$(z {B})")"',
    "x > {branch} 2>&1 <{1}": f"x > {B} 2>&1 <{ONE}",
    # in every kind of command
    "if ! x {1}; then y; elif z; then :; else w {1}; fi": f"if ! x {ONE}; then y; elif z; then :; else w {ONE}; fi",
    "case {branch} in a|{1}) x {1};; (*) y;; esac; z {1}": f"case {B} in a|{ONE}) x {ONE};; (*) y;; esac; z {ONE}",
    "x $(case {1} in a) y {1};; esac)": f"x $(case {ONE} in a) y {ONE};; esac)",
    "while x {1}; do y {1}; done | z {1}": f"while x {ONE}; do y {ONE}; done | z {ONE}",
    "x && { y {1}; } || (z {1}) & w {1}": f"x && {{ y {ONE}; }} || (z {ONE}) & w {ONE}",
    '[[ "{3}" == 1 ]] && x': '[[ "${DODO_ARG3-}" == 1 ]] && x',
    "[ {1} -eq 1 ]": f"[ {ONE} -eq 1 ]",
    "x \\\n  {1} \\\n  # {1}": f"x \\\n  {ONE} \\\n  # {{1}}",
    "printf '%s\\n' {branch}": f"printf '%s\\n' {B}",
    '"$x" {staged_files}': '"$x" "$@"',
    "$SUDO x {branch}": f"$SUDO x {B}",
    "./bin/{branch} x": f"./bin/{B} x",
    # lists
    "x {staged_files}": 'x "$@"',
    "bash -c 'x \"$@\"' _ {staged_files}": 'bash -c \'x "$@"\' _ "$@"',
    "sh -n {staged_files}": 'sh -n "$@"',
    "sh -- {staged_files}": 'sh -- "$@"',
    "v={1}; x $(( (1 + 2) * 3 )) ${y%.py} ${y:-z}": f"v={ONE}; x $(( (1 + 2) * 3 )) ${{y%.py}} ${{y:-z}}",
    "v={1}; x $v; r=$?; [[ $r -ne 0 ]] && exit $((r + 1))": f"v={ONE}; x $v; r=$?; [[ $r -ne 0 ]] && exit $((r + 1))",
    "f() { i=1; x $((i+1)); }; v={1}; [[ ${#v} -le 72 ]] && f {1}": (
        f"f() {{ i=1; x $((i+1)); }}; v={ONE}; [[ ${{#v}} -le 72 ]] && f {ONE}"
    ),
    'v={1}; echo "please let it be"': f'v={ONE}; echo "please let it be"',
    'cat {1} | "$TOOL" check': f'cat {ONE} | "$TOOL" check',
    "npx prettier -c {staged_files}": 'npx prettier -c "$@"',
    "npx --package prettier prettier -c {staged_files}": 'npx --package prettier prettier -c "$@"',
    "env CI=1 npx yamllint -c .yamllint {staged_files}": 'env CI=1 npx yamllint -c .yamllint "$@"',
    "sudo -u me x -c {1}": f"sudo -u me x -c {ONE}",
    "{worktree}/bin/x {1}": f'"${{DODO_WORKTREE-}}"/bin/x {ONE}',
    "v={branch}; x `date`": f"v={B}; x `date`",
    "x {1} &>log; y &>>log": f"x {ONE} &>log; y &>>log",
    "x {1}\ncat <<E > y.txt\nit's $x\nE\ny {1}": f"x {ONE}\ncat <<E > y.txt\nit's $x\nE\ny {ONE}",
    "if [[ ! $x =~ ^(a|b): && -n ${#x} ]]; then y {1}; fi": f"if [[ ! $x =~ ^(a|b): && -n ${{#x}} ]]; then y {ONE}; fi",
    "shellcheck -s bash {staged_files}": 'shellcheck -s bash "$@"',
    "make FILES={staged_files}": 'make FILES="$@"',
    "sed -i 's/a/b/' {staged_files}": "sed -i 's/a/b/' \"$@\"",
    "sed -i '' -e 's/a/b/' {staged_files}": "sed -i '' -e 's/a/b/' \"$@\"",
    "perl -pi -e 's/a/b/' {staged_files}": "perl -pi -e 's/a/b/' \"$@\"",
    'cat <<E\nusage: $(x "y")\nE\nz {staged_files}': 'cat <<E\nusage: $(x "y")\nE\nz "$@"',
    'f() { y "$1"; }; [[ $x =~ ^(a|b)$ ]] || z {staged_files}': 'f() { y "$1"; }; [[ $x =~ ^(a|b)$ ]] || z "$@"',
    "x '{staged_files}' \"{staged_files}\"": 'x "$@" "$@"',
    'x --files={staged_files} -f"{staged_files}"': 'x --files="$@" -f"$@"',
    'for f in {push_files}; do x "$f"; done': 'for f in "$@"; do x "$f"; done',
    "i=0; for f in {staged_files}; do i=$((i+1)); done": 'i=0; for f in "$@"; do i=$((i+1)); done',
    'x "$(y {staged_files})"': 'x "$(y "$@")"',
    '[ -n "{staged_files}" ] && x': '[ -n "$*" ] && x',
    'case "{staged_files}" in *.py*) x;; esac': 'case "$*" in *.py*) x;; esac',
    "set -euo pipefail; x {staged_files}": 'set -euo pipefail; x "$@"',
    "v=\"{staged_files}\" x; export w='{staged_files}'": 'v="$*" x; export w="$*"',
    "x < {staged_files}": 'x < "${1-}${2+/: only one file can be read here, and there are more}"',
    "sh -c 'x \"$@\"' sh {staged_files}": 'sh -c \'x "$@"\' sh "$@"',
    # all arguments
    "x {0} '{0}'": f"x {WORDS} {WORDS}",
    'x "all: {0}" v={0}': f'x "all: {JOINED}" v={WORDS}',
    "v={0}; [ -n {0} ]": f'v="{JOINED}"; [ -n "{JOINED}" ]',
    # arguments of programs, that are no programs
    "sh -ceu 'x \"$1\"' -- {1}": f"sh -ceu 'x \"$1\"' -- {ONE}",
    'bash "$DIR/script.sh" {1}': f'bash "$DIR/script.sh" {ONE}',
    "bash script.sh -c {1}": f"bash script.sh -c {ONE}",
    "python3 -m black {staged_files}": 'python3 -m black "$@"',
    "ruby -c {staged_files}": 'ruby -c "$@"',
    "awk -v b={branch} '{print b}' {1}": f"awk -v b={B} '{{print b}}' {ONE}",
    "awk -v b={branch} 'BEGIN { print b }' {1}": f"awk -v b={B} 'BEGIN {{ print b }}' {ONE}",
    "sed -n 1p {1}": f"sed -n 1p {ONE}",
    "cat {staged_files} | pwsh -NoProfile -Command '$input'": "cat \"$@\" | pwsh -NoProfile -Command '$input'",
    "pwsh -CommandWithArgs 'x' {staged_files}": "pwsh -CommandWithArgs 'x' \"$@\"",
    "xargs -n 1 x {branch} < list": f"xargs -n 1 x {B} < list",
    "find . -name {branch} -exec rm '{}' ';'": f"find . -name {B} -exec rm '{{}}' ';'",
    "echo {staged_files} | xargs -n1 -P4 php -l": 'echo "$@" | xargs -n1 -P4 php -l',
    "echo {staged_files} | xargs -n1 node --check": 'echo "$@" | xargs -n1 node --check',
    "echo {staged_files} | xargs -I {} php -l {}": 'echo "$@" | xargs -I {} php -l {}',
    "echo {staged_files} | python scripts/check.py -": 'echo "$@" | python scripts/check.py -',
    "rsync -avz -e ssh {files} host:": 'rsync -avz -e ssh "$@" host:',
    "npm run watch {files}": 'npm run watch "$@"',
    "tar -czf {branch}.tgz -I zstd {files}": f'tar -czf {B}.tgz -I zstd "$@"',
    "awk -v b={branch} '{print b, system_name}' {1}": f"awk -v b={B} '{{print b, system_name}}' {ONE}",
    'git commit -m "sh -c {branch}"': 'git commit -m "sh -c ${DODO_BRANCH-}"',
}

LEFT_ALONE = [
    "x # {branch} {stagedfiles} '", "# it's {staged_files}\nx", "x a#b", "x ${branch} ${v}",
    "x @{u} @{push} stash@{0} HEAD@{1}", "x \\{branch} '\\{branch}' \"\\{branch}\"", "x {a,b} {1..3}",
    "x '{{branch}}' {{ branch }}", "x {9} {4}", "x '<{7} ' 'a{2,3}'", "awk '{print $1}'", "awk '{print}' '{next}'",
    "jq '{name, path, dir}'", "x '{\"a\": 1}'", "{ x; }", "x {} {name} {text}", "x 'unclosed", "if x",
    "curl -w '%{http_code}'", "x {remove} {fields} {tiles} {log} {path} {filename} {base} {argv}",
    "x {pre-commit} {user_id} {url} {changed} {unknown_word}", "y $((1 << 2))", "x {01} {00}",
]  # fmt: skip

REFUSED = {
    "a={branch}; b=$a; x $((b))": "could be evaluated where this calculates",
    "a={1}; b=$a; x ${v[b]}": "could be evaluated where this calculates",
    "a={1}; b=a; x $((b))": "could be evaluated where this calculates",
    "c=$b; b=$a; a={1}; x $((c))": "could be evaluated where this calculates",
    "for a in {files}; do b=$a; x $((b)); done": "could be evaluated where this calculates",
    "a={1}; for b in $a; do x $((b)); done": "could be evaluated where this calculates",
    "a={1}; f() { x $(($1)); }; f $a": "could be evaluated where this calculates",
    "a={1}; v[a]=1": "could be evaluated where this calculates",
    "a={1}; x ${v:a}": "could be evaluated where this calculates",
    "a={1}; [[ a -eq 1 ]]": "could be evaluated where this calculates",
    "a={1}; [[ 1 -lt $a ]]": "could be evaluated where this calculates",
    "a={1}; let b=a": "could be evaluated where this calculates",
    "f() { x $(($1)); }; f {1}": "could be evaluated where this calculates",
    "f() { local n=$1; x $((n)); }; f {1}": "could be evaluated where this calculates",
    "echo {1} | $SHELL": "would be read as a program by this command",
    'echo {1} | "$SHELL" -s': "would be read as a program by this command",
    "echo {1} | xargs -0 env A=1": "would be a command that xargs starts",
    'a={1}; eval "$a"': "could be evaluated where this calculates",
    "X={1} ./x 'eval \"$X\"'": "could be evaluated where this calculates",
    'f() { eval "$1"; }; f {1}': "could be evaluated where this calculates",
    "npx -y -c 'x {1}'": "a program by npx",
    "npm exec -c {1}": "a program by npm",
    "env npx sh -c {1}": "a program by sh",
    "f() { shift; }; x {staged_files}": "with set or shift",
    '[[ "{3}" == 1 && "{1}" != "{2}" ]]': "cannot be used with a [[ that does not end",
    "printf '%s\\0' {staged_files} | xargs -0 bash -n": "would be read as a program by bash",
    "case x in {files}) y;; esac": "where one word is expected",
    "for PS4 in {staged_files}; do set -x; done": "a name or a number; give it another argument",
    "select PS4 in {staged_files}; do set -x; done": "a name or a number; give it another argument",
    "RANDOM={branch}": "would be run as a command",
    "SRANDOM={branch}; x": "would be run as a command",
    "OPTIND={1}; x": "would be run as a command",
    "PATH={branch}:$PATH x": "would be run as a command",
    "LD_PRELOAD={branch} x": "would be run as a command",
    "runuser -c {branch} x": "a program by runuser",
    "r={branch}; x ${!r}": "could be evaluated where this calculates",
    "r={branch}; x ${r@P}": "could be evaluated where this calculates",
    "r={branch}; x $((r))": "could be evaluated where this calculates",
    "for r in {staged_files}; do x $((r)); done": "could be evaluated where this calculates",
    "x ${PS4:={branch}}": "",
    "x <(y {branch})": "cannot be used with a <( here",
    "sh -- <(x {1})": "cannot be used with a <( here",
    "sh -c + {1}": "a program by sh",
    "sh -c - -e {1}": "a program by sh",
    "sh - {1}": "a program by sh",
    "sh -c {staged_files}": "a program by sh",
    "python {branch}": "a program by python",
    "perl -pi -e 's/a/b/' {branch}": "a program by perl",
    "sed -itemp {1} f": "a program by sed",
    "sed -i {staged_files}": "a program by sed",
    "x {staged_files}; set -- y": "with set or shift",
    "coproc sh; echo {1} >&3": "cannot be used with a coproc that does not end in its line",
    "echo {1} > >(sh)": "cannot be used with a >( here",
    # read once more, as a program
    "eval x {branch}": "would be read as a program by eval",
    'eval "$(x {branch})"': "would be read as a program by eval",
    "command eval {1}": "by eval",
    "sh -c 'x {branch}'": "a program by sh",
    'bash -o pipefail -ec "{1}"': "by bash",
    'env A=1 sh -c "x {1}"': "by sh",
    'sudo -u me dash -c "x {1}"': "by dash",
    "xargs -n 1 sh -c 'x {1}'": "by sh",
    "find . -exec sh -c '{1}' ';'": "by sh",
    "docker exec -i c bash -c '{1}'": "by bash",
    "\"$SHELL\" -c '{1}'": "would be read as a program by this command",
    "\\sh -c '{1}'": "by sh",
    "ssh host x {branch}": "by ssh; send it on standard input",
    "su -c 'x {1}'": "by su",
    "npx -c 'x {1}'": "by npx",
    "nix-shell --run 'x {1}'": "nix-shell",
    "python3.11 -Ic 'x({1})'": "a program by python",
    "$PYTHON -c \"x('{1}')\"": "a program by",
    "perl -pi -e 's/{1}//' f": "by perl",
    "ruby -e 'x {1}'": "by ruby",
    "node -pe '{1}'": "by node",
    "node --eval='{1}'": "by node",
    "pwsh -Command x {1}": "by pwsh",
    "pwsh --Comm x {1}": "by pwsh",
    "cat {staged_files} | pwsh -Command -": "by pwsh",
    "cat {staged_files} | pwsh -NoExit -Command x": "by pwsh",
    'cat {staged_files} | pwsh -Command "$X"': "by pwsh",
    "awk '{print \"{branch}\"}'": "by awk",
    "gawk -i inplace '{ {1} }' f": "by gawk",
    "sed -i '' -e 's/x/{1}/' f": "by sed",
    "trap 'rm {1}' EXIT": "by trap",
    "alias x={1}": "by alias",
    ". {1}": "would be read by . as a program",
    "bash <(x {1})": "cannot be used with a <( here",
    "sh <<E\nx {branch}\nE": "cannot be used in a here-document",
    "ssh h <<E\n{1}\nE": "cannot be used in a here-document",
    "(cd x && sh) <<E\n{1}\nE": "cannot be used in a here-document",
    "echo 'x {1}' | sh": "by sh",
    "cat <<E | bash -s\n{1}\nE": "cannot be used with a here-document",
    "sh <<<{1}": "cannot be used with a <<<",
    "echo {1} | bash -s -- x": "by bash",
    "x # {branch}\necho {1} | sh": "by sh",
    "echo {1} | xargs sh": "by sh",
    "f() { local -i n=$1; }; f {1}": "could be evaluated where this calculates",
    "[[ a & {1} == b ]]": "cannot be used with a [[ that does not end in its line",
    "eval &>log x {1}": "cannot be used with a & here",
    "echo &>log {1}": "cannot be used with a & here",
    "echo {1} | at now": "by at",
    "watch 'x {1}'": "by watch",
    "echo {branch} | (cat | sh)": "by sh",
    "echo {branch} | cat | sh": "by sh",
    "echo {1} |\n tee x |\n sh": "by sh",
    "echo {1} | { x; sh; }": "by sh",
    "{ echo {1}; x; } | sh": "by sh",
    "echo {1} | while x; do sh -s; done": "by sh",
    "if x; then cat; fi <<E | sh\n{1}\nE": "cannot be used with a here-document",
    # ... and what xargs and find put into one
    "echo {staged_files} | xargs -I {} sh -c 'echo {}'": "by sh",
    "printf '%s\\0' {staged_files} | xargs -0 -I% bash -c 'x % y'": "by bash",
    "printf '%s\\n' {files} | grep x | xargs -n1 -i sh -c 'x {}'": "by sh",
    "xargs -I% sh -c % <<E\n{1}\nE": "cannot be used in a here-document",
    "echo {1} | xargs --replace=F ssh host F": "by ssh",
    "echo {1} | xargs -n1 sh -c": "by sh",
    "echo {1} | xargs ssh host": "by ssh",
    "echo {1} | xargs python -c": "by python",
    "echo {files} | parallel x": "by parallel",
    "find {staged_files} -exec sh -c 'echo {}' ';'": "by sh",
    "find {1} -name x -execdir bash -c 'x {}' +": "by bash",
    "npx concurrently 'x {branch}' y": "by concurrently",
    "yarn run-p 'x {1}'": "by run-p",
    "concurrently 'x {branch}'": "by concurrently",
    "git -c 'alias.x=!{branch}' x": "by git",
    "git -c core.pager={1} log": "by git",
    "git -C x rebase -i -x 'x {1}' main": "by git",
    "git rebase --exec='x {1}'": "by git",
    "git submodule foreach --recursive 'x {1}'": "by git",
    "rsync -ave 'ssh {1}' x y": "by rsync",
    "tar -x --checkpoint-action=exec={1}": "by tar",
    "emacs --batch --eval '(x \"{1}\")'": "by emacs",
    "python - x <<E\n{1}\nE": "cannot be used in a here-document",
    "PS4='{job} '": "run as a command",
    "GIT_EDITOR='x {1}' git commit": "run as a command",
    "$x eval {branch}": "would be read as a program by this command",
    "eval a=(x {1})": "cannot be used with a ( in such a place",
    "$(x)test -v {1}": "could be an operator of test or evaluated",
    "$x {staged_files}": "quotes around a variable",
    '"$BIN/python" -c "{1}"': "by python",
    '"$@" eval {1}': "would be read as a program by this command",
    "$RUN -c {branch}": "would be read as a program by this command",
    "sh -c +$x {branch}": "by sh",
    "env $x -e {1}": "would choose the command",
    # read once more, by the shell
    "for ((i=0; i<3; i++)); do x {1}; done": "cannot be used with a (( here",
    "printf -v x -v {1} y": "by printf",
    "printf 'on {branch}: %s' {1}": "a format by printf",
    "printf -- {1}": "by printf",
    "[ {1} {2} ]": "could be an operator of [",
    "test -{1} x": "could be an operator of test or evaluated",
    "env PAGER={1} x": "run as a command",
    "x $(({1} + 1))": "arithmetic",
    "(( {1} > 1 ))": "cannot be used with a (( here",
    "[[ {1} -eq 1 ]]": "could be an operator of [[ or evaluated",
    "x $[ {1} ]": "cannot be used with a $[ here",
    "declare -i n={1}": "could be evaluated where this calculates",
    "local -n r={1}": "could be evaluated where this calculates",
    "let n={1}": "could be evaluated where this calculates",
    "read {branch}": "by read",
    "unset {1}": "by unset",
    "declare ={0}": "by declare",
    "export {branch}=x": "by export",
    "printf -v {1} x": "by printf",
    "test -v {1}": "could be an operator of test or evaluated",
    "printf {1}": "a format by printf",
    "{branch}=x": "would choose the command",
    "a{1}=x y": "would choose the command",
    "v[{1}]=x": "would choose the command",
    "v=([{1}]=x)": "cannot be used with a ( in such a place",
    "for {1} in a; do x; done": "would be read by for as a program",
    "{1}() { x; }": "cannot be used with a () { in such a place",
    "[[ -n x || {1} == {2} ]]": "cannot be used with a [[ that does not end in its line",
    "[[ x\n{1} ]]": "cannot be used with a [[ that does not end in its line",
    "[[ x &&\na -eq {1} ]]": "cannot be used with a [[ that does not end in its line",
    "{branch} x": "would choose the command",
    "command {staged_files}": "would choose the command",
    "$(x {1}) y": "would choose",
    # where an expansion would not be one
    "x <<'E'\n{branch}\nE": "cannot be used in a here-document",
    "x <<\\E\n{1}\nE": "cannot be used with a here-document",
    "x >&{1}": "cannot be used in the target of >& or <&",
    "{ x; } >& {1}": "cannot be used in the target of >& or <&",
    'x "`y {branch}`"': "write $( ) instead",
    "x `y \\`z {1}\\``": "cannot be used with backticks",
    "x $'{1}'": "cannot be used in $'...'",
    "x ${v/{1}/y}": "cannot be used with a ${ } with more than a name and plain text",
    'x "${v:-"{1}"}"': "cannot be used with a ${ } with more than a name and plain text",
    "x ${v:{1}}": "cannot be used with a ${ } with more than a name and plain text",
    "x ${v[{1}]}": "cannot be used with a ${ } with more than a name and plain text",
    # lists
    "f() { x {staged_files}; }": "cannot be used in a function",
    "set -- a; x {staged_files}": "cannot be used with set or shift",
    "while x {staged_files}; do shift; done": "cannot be used with set or shift",
    "eval 'set -- a'; x {staged_files}": "cannot be used with set or shift",
    "x {staged_files} {files}": "second list beside {staged_files}",
    "x <<E\n{files}\nE": "in a here-document",
    'x "a {staged_files}"': "a word of its own",
    "x ${v-{staged_files}}": "cannot be used with a ${ } with more than a name and plain text",
    "v={staged_files}": "is a list where one word is expected",
    "export v={staged_files}": "is a list where one word is expected",
    "x > {files}": "loop over it",
    "[ -n {staged_files} ]": "is a list where one word is expected",
    "case {files} in *) x;; esac": "is a list where one word is expected",
    "for x do eval {1}; done": "would be read by for as a program",
    'v=({staged_files}); x "${v[@]}"': "cannot be used with a ( in such a place",
    # what cannot be read
    'x "{branch}': 'cannot be used with something that has no " at its end',
    "x '{branch}": "cannot be used with something that has no ' at its end",
    "x $(y {1}": "cannot be used with something that has no ) at its end",
    "x {1} )": "closes nothing",
    "x <<E\n{1}": "cannot be used with a here-document",
    "x $'it\\'s' {1}": "cannot be used with $'...'",
    "cat <<E $(x\n)\nE\ny {1}": "cannot be used with a here-document",
    "x $(cat <<E) {1}\nE": "cannot be used with a here-document",
    "x ;; {1} \\": "would choose the command",
    # nearly placeholders
    "x {staged_file}": "did you mean {staged_files}",
    "x {stagedfiles}": "{staged_files}",
    "x '{Branch}'": "{branch}",
    "x {file}": "did you mean {files}",
    "x {push-files}": "{push_files}",
    "x {unstaged_files}": "{staged_files}",
    "x {worktreepath}": "{worktree_path}",
    "x {hooks}": "{hook}",
    "x {ALL_FILES}": "{all_files}",
    # safe, and outside of the narrow grammar
    "v=`x {branch}`": "cannot be used in backticks",
    "x ${v:-{branch}}": "cannot be used with a ${ } with more than a name and plain text",
    'x "${v:-{branch}}"': "cannot be used with a ${ } with more than a name and plain text",
    'x "${v#{branch}}" ${v%{branch}}': "cannot be used with a ${ } with more than a name and plain text",
    "x <<E\n{branch} '{1}' \"{0}\"\nE\n": "cannot be used in a here-document",
    "x <<-E\n\t$(y {branch})\n\tE": "cannot be used in a here-document",
    "x <<A <<'B'\n{1}\nA\nit's \"\nB\ny {1}": "cannot be used with a here-document",
    "cat <<<{branch}": "cannot be used with a <<<",
    "f() { x {branch}; }; f": "cannot be used in a function",
    "function f { x {branch}; }": "cannot be used with a function that does not end in its line",
    "function f\n{ x {staged_files}; }; f": "cannot be used with a function that does not end in its line",
    "f() ( x {0} )": "cannot be used with a ( in such a place",
    "[[ {branch} == main && $x =~ ^(a|b)$ ]] && y {1}": "cannot be used with a [[ that does not end in its line",
    "command -v {branch}": "would choose the command",
    "x {staged_files}; shift": "cannot be used with set or shift",
    'echo "Linting {staged_files}: {staged_files}"': "cannot be used with other text in quotes",
    "printf '%s\\n' 'on {staged_files}[1]'": "cannot be used with other text in quotes",
    "cat {1} | sh": "would be read as a program by sh",
    "echo {1} | xargs sh -c 'x \"$@\"' _": "would be read as a program by sh",
    "echo {1} | xargs -I % sh -c 'x \"$1\"' _ %": "would be read as a program by sh",
    "echo {1}; x | sh": "would be read as a program by sh",
    "echo {1} && x\ny | sh": "would be read as a program by sh",
    "find {files} -exec sh -c 'x \"$1\"' _ {} ';'": "would be read as a program by sh",
    "git cherry-pick -x {1}; git clean -x {1}": "would be read as a program by git",
    "git -c user.name={1} commit -m {branch}": "would be read as a program by git",
}


@pytest.mark.parametrize(("command", "text"), PLACED.items())
def test_c6_placeholders_become_expansions_quoted_for_their_place(command: str, text: str) -> None:
    assert expand(command).text == text


@pytest.mark.parametrize("command", LEFT_ALONE)
def test_c6_other_braces_stay_as_they_are(command: str) -> None:
    assert expand(command) == QuotedCommand(command)


@pytest.mark.parametrize(("command", "sentence"), REFUSED.items())
def test_c6_what_cannot_be_kept_safe_is_refused_and_shows_a_way_out(command: str, sentence: str) -> None:
    with pytest.raises(TemplateError) as refused:
        expand(command)
    assert sentence in str(refused.value)
    assert "DODO_" in refused.value.fix or "did you mean" in refused.value.message
    assert command[refused.value.offset or 0] == "{"


@pytest.mark.parametrize("command", ["x {files}", "x {files} {files}", "x '{files}' -- {branch} \"{files}\" '{files}'"])
def test_c6_a_list_is_named_and_its_uses_are_counted(command: str) -> None:
    assert expand(command)[1:3] == ("files", command.count("{files}"))


@pytest.mark.parametrize(
    ("command", "hook", "event"),
    [
        ("x {branch} {staged_files}", "pre-push", ""),
        ("x {branch} {2} {1}", "post-checkout", "2"),
        ("x '{0}'", "post-checkout", "0"),
        ("x {push_files}", "pre-commit", "push_files"),
        ("x {changed_files} {1}", "post-checkout", "1"),
        ("x {changed_files}", "post-checkout", "changed_files"),
        ("x {remote}", "pre-push", "remote"),
        ("x {remote_url} {remote}", "pre-push", "remote_url"),
        ("x {remote}", "post-clone", ""),
        ("x # {1}", "post-checkout", ""),
    ],
)
def test_c6_the_first_placeholder_that_needs_an_event_is_known(command: str, hook: str, event: str) -> None:
    assert expand(command, hook).event == event


def test_c6_a_shell_that_is_not_posix_gets_no_placeholders() -> None:
    template = Template("commit-msg", 1, {})
    for command in ("Get-Item @{u}", "print('{name} {0:>3}')", "x {staged_file}", "x 'unclosed"):
        assert expand_placeholders(command, "pwsh", template).text == command
    for command, variable in {"x {branch}": "DODO_BRANCH", "x {files}": "DODO_FILES0", "x # {1}": "DODO_ARG1"}.items():
        with pytest.raises(TemplateError, match=f"needs a POSIX shell.* {variable}"):
            expand_placeholders(command, "python3", template)


@pytest.mark.parametrize("shell", ["zsh", "ksh"])
def test_c6_a_shell_that_evaluates_numbers_gets_no_placeholders(shell: str) -> None:
    with pytest.raises(TemplateError, match="needs a POSIX shell"):
        expand_placeholders("[ {3} -eq 1 ]", shell, Template("post-checkout", 3, {}))


def test_c6_in_another_tools_file_a_word_that_is_nearly_a_placeholder_is_reported_alone() -> None:
    template = Template("pre-commit", 0, {"in-box": "x"}, is_own=False)
    text = "x {pushed_files} {staged_files} {in-box} {unknown}"
    assert expand_placeholders(text, "sh", template).text == 'x {pushed_files} "$@" x {unknown}'
    assert [offset for offset, *_ in find_doubtful_braces(text, template)] == [2]


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("x {lbrace}branch} {lbrace}brnach}", "x {branch} {brnach}"),
        ("x '{lbrace}branch}' \"{lbrace}1}\"", "x '{branch}' \"{1}\""),
        ("cat <<E\n{lbrace}brnach}\nE\n", "cat <<E\n{brnach}\nE\n"),
        ("x {lbrace}{branch}}", 'x {"${DODO_BRANCH-}"}'),
        ("{lbrace} x; }", "{ x; }"),
        ("x {lbrace}lbrace} \\{lbrace} {{lbrace}}", "x {lbrace} \\{lbrace} {{lbrace}}"),
        ("x {lbrace}in} {in}", "x {in} {brnach} "),
        ("python -c '{lbrace}branch}'", "python -c '{branch}'"),
    ],
)
def test_c6_a_literal_brace_begins_no_placeholder_wherever_it_stands(command: str, text: str) -> None:
    assert expand(command, **{"in": "{lbrace}brnach} "}).text == text


_PIECES = (
    "{",
    "}",
    "{branch}",
    "brnach",
    "{brnach}",
    "{lbrace}",
    "{in}",
    "lbrace",
    "\\",
    "@",
    "$",
    "'",
    '"',
    " ",
    "{1}",
)


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_c6_an_escaped_command_of_another_tool_is_the_same_command_in_a_file_of_ours(command: str) -> None:
    macro = "{brnach}{lbrace} "
    theirs = Template("commit-msg", 1, {"in": macro}, is_own=False)
    ours = Template("commit-msg", 1, {"in": escape_braces(macro, {"in": ""})})
    escaped = escape_braces(command, ours.macros)
    try:
        expected = expand_placeholders(command, "sh", theirs)
    except TemplateError:
        with pytest.raises(TemplateError):
            expand_placeholders(escaped, "sh", ours)
    else:
        assert expand_placeholders(escaped, "sh", ours) == expected


def test_c6_no_shell_takes_a_name_for_an_option(tmp_path: Path) -> None:
    """`+n` would have it run what it was to check alone."""
    (tmp_path / "+n").touch()
    (tmp_path / "x.sh").write_text("echo ran\n")
    files = [as_argument(name) for name in (b"+n", b"x.sh")]
    for shell in filter(shutil.which, ("sh", "bash")):
        text = expand(f"{shell} -n {{staged_files}}").text
        done = subprocess.run(
            [shell, "-c", text, shell, *map(os.fsdecode, files)], cwd=tmp_path, capture_output=True, check=True
        )
        assert done.stdout == b""


# What the documentation shows

PAGE = (Path(__file__).parents[2] / "docs" / "placeholders.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^    run: (.*?)(?: {2,}#.*)?$", PAGE, re.MULTILINE)
INSTEAD = re.findall(r"^\| `+ ?(.*?) ?`+ \| (`.*`) \|$", PAGE.partition("| instead of |")[2], re.MULTILINE)


def test_c6_what_the_page_shows_is_accepted_and_what_it_warns_of_is_refused() -> None:
    assert len(SHOWN) >= 10 and len(INSTEAD) >= 8
    for command in SHOWN:
        assert expand(command).text != command
    for bad, better in INSTEAD:
        with pytest.raises(TemplateError):
            expand(bad.replace("\\|", "|"))
        for command in re.findall("`([^`]+)`", better.replace("\\|", "|")):
            expand(command)


# Macros


def test_c6_a_template_of_the_file_is_pasted_as_text_and_its_placeholders_are_not() -> None:
    macros = {"in-box": "docker run {flags} box", "flags": "--rm -e 'B={branch}'"}
    assert expand("{in-box} x {staged_files}", **macros).text == f"docker run --rm -e 'B='{B}'' box x \"$@\""
    assert expand("'{in-box}' ${flags} \\{flags} {{flags}}", flags="f", **{"in-box": "a' 'b"}).text == (
        "'a' 'b' ${flags} \\{flags} {{flags}}"
    )
    assert expand("x@{version} y", version="1").text == "x@1 y"


def test_c6_offsets_are_those_of_the_command_as_it_is_written() -> None:
    for command, at in {
        "{m} {m} x {file}": 10,
        "{m} x; {bad} y": 7,
        "{m} 'x {files}": 7,
        "{m}{m}{staged_file}": 6,
    }.items():
        with pytest.raises(TemplateError) as refused:
            expand(command, m="some longer text", bad="sh -c 'x {branch}'")
        assert refused.value.offset == at


def test_c6_templates_that_hold_themselves_or_grow_without_end_are_refused() -> None:
    for macros in ({"m": "{m}"}, {"m": "x {n}", "n": "y {m}"}):
        with pytest.raises(TemplateError, match="does it contain itself") as refused:
            expand("x {m}", **macros)
        assert refused.value.offset == 2
    with pytest.raises(TemplateError, match="longer than 100,000"):
        expand("{a}", a="{b}" * 100, b="{c}" * 100, c="{d}" * 100, d="x")
    assert expand("{a}", a="{b}", b="{c}", c="{d}", d="{e}", e="x").text == "x"


def test_c6_a_template_with_a_name_like_the_word_is_offered_too() -> None:
    with pytest.raises(TemplateError, match=r"did you mean \{in-box\}"):
        expand("{in_box} x", **{"in-box": "y"})


def test_c6_no_nesting_is_too_deep_and_no_command_too_long() -> None:
    for opening in ("$(", "${x-", "`echo $(", "<(", "$(( $(", '"$(', "( ", "{ ", "f() {"):
        with pytest.raises(TemplateError, match="cannot be used with"):
            expand(f"x {opening * 3000} {{branch}}" if opening[0] not in "({f" else f"{opening * 3000} {{branch}}")
    many = "x" + " {branch} '{1}'" * 3000
    assert expand(many).text == "x" + f" {B} {ONE}" * 3000
