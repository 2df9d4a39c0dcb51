"""The packages that dodo-hooks needs: whether they are there, in versions that its metadata allow."""

from __future__ import annotations

import re
from importlib import metadata

_NAME = re.compile(r"[\w.-]+")
_LIMIT = re.compile(r"(>=|<)([\d.]+)")  # all that our own metadata use; there is no need for `packaging`


def wrong_packages() -> dict[str, str]:
    """Return what is wrong with packages that we need, each by its requirement, such as `doit<0.38,>=0.37`.

    Where we are not installed as a package ourselves nothing is known of what we need.
    """
    try:
        needed = metadata.requires("dodo-hooks") or ()
    except metadata.PackageNotFoundError:
        return {}
    return {one: text for one in needed if ";" not in one and (text := _wrong(one))}


def _wrong(requirement: str) -> str:
    name = _NAME.match(requirement)
    assert name is not None, requirement
    try:
        version = metadata.version(name[0])
    except metadata.PackageNotFoundError:
        return f"no {name[0]}, but needs {requirement}"
    return "" if _allows(requirement, version) else f"{name[0]} {version}, but needs {requirement}"


def _allows(requirement: str, version: str) -> bool:
    numbers = _numbers(version)
    return all((numbers >= _numbers(limit)) == (operator == ">=") for operator, limit in _LIMIT.findall(requirement))


def _numbers(version: str) -> list[int]:
    """Return the numbers of a release, such as [0, 37]; what follows them, as in `6.0rc1`, does not count."""
    release = re.match(r"[\d.]*\d", version)
    return [int(number) for number in release[0].split(".")] if release else []
