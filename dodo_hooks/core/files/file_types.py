"""The words of `file_types:`: kinds of files, and MIME types with their endings and interpreters (C7; HOT).

Programs that inspect the content itself know hundreds of types. These are the ones that somebody checks before a
commit. docs/files.md has the same table for people.
"""

TEXT = "text"
BINARY = "binary"
EXECUTABLE = "executable"
NOT_EXECUTABLE = "not executable"
SYMLINK = "symlink"
NOT_SYMLINK = "not symlink"
KINDS = (TEXT, BINARY, EXECUTABLE, NOT_EXECUTABLE, SYMLINK, NOT_SYMLINK)  # all that are given must hold

PLAIN = "text/plain"
# MIME type -> endings, interpreters, separated by blanks.
MIME_TYPES: "dict[str, tuple[str, str]]" = {
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
OTHER_NAMES = {
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
FILE_TYPES = (*KINDS, *sorted({*MIME_TYPES, *OTHER_NAMES}))  # every word that `file_types:` knows
