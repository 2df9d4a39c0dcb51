"""Functions of the C library that Python does not wrap (HOT).

Importing `ctypes` takes half as long as starting Python, and since 3.14 it imports `threading`. What is used here is
its part in C, of which `ctypes` makes all the rest.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def libc_function(name: str, signature: str) -> "Callable[..., int] | None":
    """Return a function of libc that returns an `int`, and that sets what `last_errno` returns.

    None: libc has none of this name, or this Python was built without libffi.

    `signature`: a letter for each argument, those of `ctypes`: i is `int`, I `unsigned int`, q `int64_t`, z `char *`.
    """
    try:
        import _ctypes
    except ImportError:
        return None
    simple: Any = _ctypes._SimpleCData
    types = {code: type(simple)(code, (simple,), {"_type_": code}) for code in {"i", *signature}}
    base: Any = _ctypes.CFuncPtr

    class Function(base):  # type: ignore[misc]
        _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_USE_ERRNO
        _argtypes_ = tuple(types[code] for code in signature)
        _restype_ = types["i"]

    class Library:
        _handle = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # all that this process has loaded

    try:
        return Function((name, Library))
    except AttributeError:
        return None


def last_errno() -> int:
    """Return the error of the last call of such a function."""
    import _ctypes

    return _ctypes.get_errno()
