"""The variables that belong to one git command, and the environment of a background job without them (R11; HOT)."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.git.repo import Repo

# `git rev-parse --local-env-vars` of git 2.39 to 2.50: git itself takes them away before it enters another repository.
_OF_A_REPOSITORY = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
)
# What git's commands and options set besides. The editors are among them although a person may have set them, since
# git puts ":" there for its hooks, and a job without a terminal can use neither.
_OF_A_COMMAND = (
    "GIT_EXEC_PATH",
    "GIT_EDITOR",
    "GIT_SEQUENCE_EDITOR",
    "GIT_REFLOG_ACTION",
    "GIT_CHERRY_PICK_HELP",
    "GIT_QUARANTINE_PATH",
    "GIT_CLONE_PROTECTION_ACTIVE",
    "GIT_PAGER_IN_USE",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_ATTR_SOURCE",
)
LOCAL_VARIABLES = _OF_A_REPOSITORY + _OF_A_COMMAND
# Variables that are numbered, or named after a commit.
LOCAL_PREFIXES = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "GIT_PUSH_OPTION_", "GITHEAD_")
_SAFE = "safe.directory"
# The author of the commit that git is making.
AUTHOR_VARIABLES = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE")


def user_configuration(environ: "Mapping[str, str]") -> "tuple[str, ...]":
    """Return the files of the user's configuration of git, those that win last: git-config(1), FILES."""
    named = environ.get("GIT_CONFIG_GLOBAL")
    return (f"{user_folder(environ)}/config", f"{environ.get('HOME', '')}/.gitconfig") if named is None else (named,)


def user_folder(environ: "Mapping[str, str]") -> str:
    """Return the directory of git's in the user's configuration."""
    return f"{environ.get('XDG_CONFIG_HOME') or environ.get('HOME', '') + '/.config'}/git"


def without_local(environ: "Mapping[str, str]") -> "dict[str, str]":
    """Return the environment as it was before git added the variables of its command, but with its `safe.directory`."""
    dropped: set[str] = set(LOCAL_VARIABLES)
    # git commit sets all three, the date as "@SECONDS ZONE", which distinguishes them from a person's own: a commit
    # that a job makes later must not get the author and the date of this one.
    if environ.get("GIT_AUTHOR_DATE", "").startswith("@"):
        dropped.update(AUTHOR_VARIABLES)
    clean = {
        name: value for name, value in environ.items() if name not in dropped and not name.startswith(LOCAL_PREFIXES)
    }
    if "GIT_CONFIG_COUNT" in environ or "GIT_CONFIG_PARAMETERS" in environ:
        clean.update(_safe_directories(environ))
    return clean


def _safe_directories(environ: "Mapping[str, str]") -> "dict[str, str]":
    """Return the settings of git's command line that name safe directories.

    They are about the machine and who uses it. Without them git would refuse to a job what it allows to its hook.
    """
    kept: dict[str, str] = {}
    values = [value for key, value in _numbered_settings(environ) if key.lower() == _SAFE]
    for number, value in enumerate(values):
        kept[f"GIT_CONFIG_KEY_{number}"], kept[f"GIT_CONFIG_VALUE_{number}"] = _SAFE, value
    if values:
        kept["GIT_CONFIG_COUNT"] = str(len(values))
    words = [word for word in _quoted_words(environ.get("GIT_CONFIG_PARAMETERS", "")) if _names_safe(word)]
    if words:
        kept["GIT_CONFIG_PARAMETERS"] = " ".join(words)
    return kept


def _numbered_settings(environ: "Mapping[str, str]") -> "list[tuple[str, str]]":
    count = environ.get("GIT_CONFIG_COUNT", "")
    found: list[tuple[str, str]] = []
    while count.isascii() and count.isdigit() and len(count) < 7 and len(found) < int(count):
        key, value = (environ.get(f"GIT_CONFIG_{part}_{len(found)}") for part in ("KEY", "VALUE"))
        if key is None or value is None:  # git refuses all of them then
            return []
        found.append((key, value))
    return found


def _quoted_words(text: str) -> "list[str]":
    """Return the words of GIT_CONFIG_PARAMETERS, with their quotes: `'key'='value'`, of an older git `'key=value'`."""
    words, word, is_quoted, characters = [], "", False, iter(text)
    for character in characters:
        if character == " " and not is_quoted:
            words.append(word)
            word = ""
            continue
        if character == "'":
            is_quoted = not is_quoted
        word += character
        if character == "\\" and not is_quoted:
            word += next(characters, "")
    return [*words, word]


def _names_safe(word: str) -> bool:
    bare = word.replace("'", "").lower()
    return bare == _SAFE or bare.startswith(f"{_SAFE}=")


def background_environ(environ: "Mapping[str, str]", repo: "Repo", discoverable: bool) -> "dict[str, str]":
    """Return the environment of background jobs: no per-command variables of git's, no lock that git can do without.

    `discoverable` is the result of `repo.is_discoverable`: if False, GIT_DIR and GIT_WORK_TREE lead to the repository.
    """
    clean = without_local(environ)
    clean["GIT_OPTIONAL_LOCKS"] = "0"
    if not discoverable:
        clean["GIT_DIR"] = repo.git_dir
        if repo.top:
            clean["GIT_WORK_TREE"] = repo.top
    return clean
