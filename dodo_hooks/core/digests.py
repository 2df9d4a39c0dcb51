"""SHA-1 and SHA-256 without `hashlib`, which is OpenSSL and takes as long to load as a whole hook (HOT)."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _hashlib import HASH
    from collections.abc import Callable
    from hashlib import sha1 as sha1
    from hashlib import sha256 as sha256
    from typing import Any

    Hasher = Callable[..., Any]
else:
    import sys

    try:
        if sys.version_info >= (3, 12):
            from _sha2 import sha256
        else:  # to look for the other in vain takes as long as to import this one
            from _sha256 import sha256
    except ImportError:
        from hashlib import sha256

    def sha1(content):
        """Return a digest that begins with this. Few processes need it."""
        try:
            from _sha1 import sha1
        except ImportError:
            from hashlib import sha1
        return sha1(content)


_SHA256_DIGITS = 64
_LITTLE = 1 << 20  # bytes in all, for which loading OpenSSL takes longer than it saves, though it is six times as fast


def sha256_for(size_bytes: int) -> "Hasher":
    """Return the constructor of SHA-256 that is faster for this many bytes in all."""
    if size_bytes <= _LITTLE:
        return sha256
    import hashlib

    return hashlib.sha256


def blob_digest(size_bytes: int, digits: int) -> "HASH":
    """Return the digest of a git blob of this size, before its bytes. `digits`: of the ids in its repository.

    It is SHA-1 or SHA-256 of a header and the bytes: gitformat-loose(5).
    """
    return (sha256 if digits == _SHA256_DIGITS else sha1)(b"blob %d\0" % size_bytes)


__all__ = ["blob_digest", "sha1", "sha256", "sha256_for"]
