"""The key of a job: one digest over everything that its result may depend on (K1; HOT).

The facts are a mapping from a name to a plain value. Its encoding is canonical: each value has its type and its length
before it, and a mapping is sorted. So two different mappings never have one encoding, and neither an order, nor a
locale, nor the directory of the working tree can change a key.
"""

from dodo_hooks.core.digests import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Value = bytes | str | int | None | tuple["Value", ...] | Mapping[str, "Value"]
    Facts = Mapping[str, Value]

FORMAT = 1  # of the facts: a change of their meaning makes every key another one


def key_of(facts: "Facts") -> str:
    """Return the key of a job with these facts: 64 hexadecimal digits (K1)."""
    return digest_of({"format": FORMAT, **facts})


def digest_of(value: "Value") -> str:
    """Return the SHA-256 of the canonical encoding of a value."""
    return sha256(encode(value)).hexdigest()


def encode(value: "Value") -> bytes:
    """Return the canonical encoding of a value: its type, the length of what follows, and its content."""
    if value is None:
        return b"n0:"
    if isinstance(value, bytes):
        return b"b%d:%b" % (len(value), value)
    if isinstance(value, str):
        content = value.encode("utf-8", "surrogateescape")
        return b"s%d:%b" % (len(content), content)
    if isinstance(value, int):
        content = b"%d" % value
        return b"i%d:%b" % (len(content), content)
    if isinstance(value, tuple):
        content = b"".join(map(encode, value))
        return b"t%d:%b" % (len(content), content)
    content = b"".join(sorted(encode(name) + encode(item) for name, item in value.items()))
    return b"m%d:%b" % (len(content), content)
