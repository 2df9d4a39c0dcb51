"""Functions of the C library that Python does not wrap (HOT).

Importing `ctypes` takes half as long as starting Python, and since 3.14 it imports `threading`. What is used here is
its part in C, of which `ctypes` makes all the rest.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_CFunction: "Any" = None  # a class; None: this Python was built without libffi
try:
    import _ctypes
except ImportError:
    pass
else:
    _simple: "Any" = _ctypes._SimpleCData
    _TYPES = {code: type(_simple)(code, (_simple,), {"_type_": code}) for code in "iIqz"}

    class _Library:
        _handle = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # all that this process has loaded

    class _Function(_ctypes.CFuncPtr):
        _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_USE_ERRNO
        _restype_ = _TYPES["i"]

    _CFunction = _Function


def libc_function(name: str, signature: str) -> "Callable[..., int] | None":
    """Return a function of libc that returns an `int`, and that sets what `last_errno` returns.

    None: libc has none of this name, or this Python was built without libffi.

    `signature`: a letter for each argument, those of `ctypes`: i is `int`, I `unsigned int`, q `int64_t`, z `char *`.
    """
    if _CFunction is None:
        return None
    try:
        function = _CFunction((name, _Library))
    except AttributeError:
        return None
    function.argtypes = tuple(_TYPES[code] for code in signature)
    found: Callable[..., int] = function
    return found


def last_errno() -> int:
    """Return the error of the last call of such a function."""
    return _ctypes.get_errno()
