"""doit's runner without what only its command line and its parallel runners need (HOT).

`import doit` offers an API, so it imports all commands, and for their plugins importlib.metadata and with it the
package `email`; its actions import a debugger, and its runner multiprocessing. The jobs of a background phase wait
until their coordinator has imported doit, and it keeps that in memory until the last one has ended. So the modules that
run a graph are imported below a package `doit` with nothing in it. Meanwhile stand-ins take the place of the modules of
the standard library that they import and do not use where tasks are only put in order (R7).
"""

import collections.abc  # noqa: F401 - as all else that doit needs, before there are stand-ins
import io  # noqa: F401
import os  # noqa: F401
import sys
from types import ModuleType

# What some function of doit uses: imported when that is called. These modules belong to the interpreter, so that no
# job can have changed them (coordinator.py).
_LATER = "copy dbm fnmatch getopt hashlib importlib inspect json re subprocess traceback"
# What doit uses for tasks of other kinds, and for its parallel runners alone.
_UNUSED = "cloudpickle multiprocessing pathlib pdb pickle queue threading"


class _Later(ModuleType):
    """A module that is imported when one of its names is used."""

    def __getattr__(self, name: str) -> object:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        __import__(self.__name__)
        return getattr(sys.modules[self.__name__], name)


class _Unused(ModuleType):
    """A module whose names are all this class, of which nothing is an instance."""

    def __getattr__(self, name: str) -> object:
        return _Unused


def import_runner() -> None:
    """Import `doit.runner` and what it takes to run tasks; no effect in a process that has imported doit already.

    Afterwards `doit` itself has no names in this process but those of its imported modules.
    """
    if "doit" in sys.modules:
        return
    specs = (finder.find_spec("doit", None) for finder in sys.meta_path)
    spec = next(filter(None, specs), None)
    if spec is None or spec.submodule_search_locations is None:  # not installed: the import will say so
        return
    package = ModuleType("doit")
    package.__spec__ = spec
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules["doit"] = package
    stand_ins = {name: _Later(name) for name in _LATER.split()} | {name: _Unused(name) for name in _UNUSED.split()}
    stand_ins = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        __import__("doit.runner")
        __import__("doit.control")
    finally:
        for name, module in stand_ins.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
