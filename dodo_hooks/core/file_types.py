"""What `file_types:` can ask for (C7; HOT). docs/reference.md says the same for people.

A MIME type is told by the ending of the name; where that is none of these, by the `#!` line; what is known by neither
and is text is `text/plain`. Programs that look at the content itself know hundreds of them. These are the ones that
somebody checks before a commit.
"""

TEXT = "text"
BINARY = "binary"
EXECUTABLE = "executable"
NOT_EXECUTABLE = "not executable"
SYMLINK = "symlink"
NOT_SYMLINK = "not symlink"
KINDS = (TEXT, BINARY, EXECUTABLE, NOT_EXECUTABLE, SYMLINK, NOT_SYMLINK)  # all that are given must hold

PLAIN = "text/plain"
# MIME type -> endings, interpreters.
_TABLE: "dict[str, tuple[str, str]]" = {
    "application/gzip": ("gz tgz", ""),
    "application/json": ("json", ""),
    "application/pdf": ("pdf", ""),
    "application/toml": ("toml", ""),
    "application/wasm": ("wasm", ""),
    "application/x-ndjson": ("ndjson jsonl", ""),
    "application/x-tar": ("tar", ""),
    "application/yaml": ("yaml yml", ""),
    "application/zip": ("zip", ""),
    "image/gif": ("gif", ""),
    "image/jpeg": ("jpg jpeg", ""),
    "image/png": ("png", ""),
    "image/svg+xml": ("svg", ""),
    "image/webp": ("webp", ""),
    "image/x-icon": ("ico", ""),
    "text/css": ("css", ""),
    "text/csv": ("csv", ""),
    "text/html": ("html htm xhtml", ""),
    "text/javascript": ("js mjs cjs", "node nodejs bun deno"),
    "text/markdown": ("md markdown", ""),
    PLAIN: ("txt", ""),
    "text/rtf": ("rtf", ""),
    "text/tab-separated-values": ("tsv", ""),
    "text/typescript": ("ts mts cts", "ts-node tsx"),
    "text/x-c": ("c h", ""),
    "text/x-c++": ("cc cpp cxx hh hpp hxx", ""),
    "text/x-go": ("go", ""),
    "text/x-java": ("java", ""),
    "text/x-lua": ("lua", "lua luajit"),
    "text/x-perl": ("pl pm", "perl"),
    "text/x-php": ("php", "php"),
    "text/x-python": ("py pyi pyw", "python pypy"),
    "text/x-ruby": ("rb gemspec rake", "ruby jruby"),
    "text/x-rust": ("rs", ""),
    "text/x-shellscript": ("sh bash dash ksh zsh", "sh bash dash ash ksh mksh zsh"),
    "text/x-tcl": ("tcl", "tclsh wish"),
    "text/xml": ("xml xsd xsl xslt", ""),
}
# Other names of some of them.
_SAME = {
    "application/javascript": "text/javascript",
    "application/x-gzip": "application/gzip",
    "application/x-httpd-php": "text/x-php",
    "application/x-javascript": "text/javascript",
    "application/x-php": "text/x-php",
    "application/x-python": "text/x-python",
    "application/x-ruby": "text/x-ruby",
    "application/x-sh": "text/x-shellscript",
    "application/x-shellscript": "text/x-shellscript",
    "application/x-yaml": "application/yaml",
    "application/xml": "text/xml",
    "text/json": "application/json",
    "text/rust": "text/x-rust",
    "text/x-ruby-script": "text/x-ruby",
    "text/x-script.python": "text/x-python",
    "text/x-script.sh": "text/x-shellscript",
    "text/x-sh": "text/x-shellscript",
    "text/x-toml": "application/toml",
    "text/x-yaml": "application/yaml",
    "text/yaml": "application/yaml",
}
FILE_TYPES = (*KINDS, *sorted({*_TABLE, *_SAME}))  # every word that `file_types:` knows


def check_file_type(name: str) -> None:
    """Raises ValueError if this is no word that `file_types:` knows; says which is near."""
    if name in FILE_TYPES:
        return
    from dodo_hooks.core.nearest import nearest  # when a file is loaded

    near = nearest(name, FILE_TYPES)
    hint = f"did you mean {near!r}?" if near else f"it may be {', '.join(KINDS)}, or a MIME type of the reference"
    raise ValueError(f"{name!r} is not a file type that is known here: {hint}")


def canonical(name: str) -> str:
    """The one name of a MIME type."""
    return _SAME.get(name, name)


def mime_type_by_name(path: bytes) -> "str | None":
    """The MIME type that the ending of a path tells."""
    name, dot, ending = path.rpartition(b"/")[2].rpartition(b".")
    return _find(0, ending.lower().decode("latin-1")) if dot and name else None


def mime_type_by_interpreter(content: bytes) -> "str | None":
    """The MIME type that the `#!` line of a file tells."""
    if not content.startswith(b"#!"):
        return None
    words = content[2:].partition(b"\n")[0].split()
    if words and words[0].endswith(b"/env"):  # with options, or variables that it sets
        words = [word for word in words[1:] if not word.startswith(b"-") and b"=" not in word]
    name = words[0].rpartition(b"/")[2].decode("latin-1") if words else ""
    return _find(1, name.rstrip("0123456789."))


def is_text(content: bytes) -> bool:
    """Whether a file that begins like this is text: no "binary data byte" of mimesniff.spec.whatwg.org, or a mark of
    UTF-8, 16 or 32 at its beginning. An empty file is."""
    return content.startswith(_MARKS) or not content.translate(None, _TEXT_BYTES)


_MARKS = (b"\xef\xbb\xbf", b"\x00\x00\xfe\xff", b"\xff\xfe", b"\xfe\xff")
_BINARY_BYTES = {*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)}
_TEXT_BYTES = bytes(byte for byte in range(256) if byte not in _BINARY_BYTES)


def _find(column: int, word: str) -> "str | None":
    if not word:
        return None
    for name, row in _TABLE.items():
        if word in row[column].split():
            return name
    return None
