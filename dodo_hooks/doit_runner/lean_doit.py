"""doit's runner without what only its command line and its parallel runners need.

`import doit` offers an API, so it imports all commands, and for their plugins importlib.metadata and with it the
package `email`; its actions import a debugger, and its runner multiprocessing. That is 5 MB of memory for every
coordinator that waits, and 30 ms. Here the modules that run a graph are imported below a package `doit` with nothing in
it, and with empty stand-ins for what they name and we never use (R7).
"""

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType

# A module of doit, and the modules that it imports without a use of them here. Each is imported after those before it.
_UNUSED = {
    "doit.dependency": (),
    "doit.cmdparse": (),
    "doit.action": ("pdb",),
    "doit.runner": ("cloudpickle", "multiprocessing", "pickle"),
}


def import_runner() -> None:
    """Import `doit.runner` and what it takes to run tasks; no effect in a process that has imported doit already.

    Afterwards `doit` itself has no names in this process but those of its imported modules.
    """
    if "doit" in sys.modules:
        return
    spec = PathFinder.find_spec("doit")
    if spec is None or spec.submodule_search_locations is None:  # not installed: the import will say so
        return
    package = ModuleType("doit")
    package.__spec__ = spec
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules["doit"] = package
    for name, unused in _UNUSED.items():
        _import_without(name, [one for one in unused if one not in sys.modules])


def _import_without(name: str, unused: "list[str]") -> None:
    """Import a module; each of the `unused` is for it a module whose names are all None, and for nobody else."""
    for one in unused:
        sys.modules[one] = stand_in = ModuleType(one)
        stand_in.__getattr__ = lambda _: None  # type: ignore[method-assign]
    try:
        import_module(name)
    finally:
        for one in unused:
            del sys.modules[one]
