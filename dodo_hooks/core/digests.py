"""SHA-1 and SHA-256 without `hashlib`, which is OpenSSL and takes as long to load as a whole hook (HOT)."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import sha1 as sha1
    from hashlib import sha256 as sha256
else:
    try:
        from _sha1 import sha1

        from _sha2 import sha256
    except ImportError:
        try:
            from _sha256 import sha256  # as it is called before Python 3.12
        except ImportError:
            from hashlib import sha1, sha256

__all__ = ["sha1", "sha256"]
