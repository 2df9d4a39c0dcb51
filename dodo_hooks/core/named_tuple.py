"""Named tuples that cost nothing at the prompt (HOT).

`typing.NamedTuple` and `dataclasses` each take longer to import than a whole hook may last (10 and 16 ms beside a
budget of 6), so at run time `Record` is the forty lines of them that we use. Type checkers see `NamedTuple` itself:
fields, types, defaults and immutability are checked as usual. Annotations are written as strings where they name
anything that is not built in, because Python evaluates them when the class is made.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as Record
else:
    from _collections import _tuplegetter  # what collections.namedtuple builds its fields of

    _GETTERS = []  # by index; the classes share them, since each costs as much as its use in a class

    class Record(tuple):
        """An immutable tuple whose fields have the names, the order and the defaults of the class's annotations."""

        __slots__ = ()
        _fields = ()
        _field_defaults = None

        def __init_subclass__(cls):
            fields, names = tuple(cls.__annotations__), cls.__dict__
            cls._fields, cls._field_defaults = fields, {name: names[name] for name in fields if name in names}
            while len(_GETTERS) < len(fields):
                _GETTERS.append(_tuplegetter(len(_GETTERS), ""))
            for name, getter in zip(fields, _GETTERS, strict=False):
                setattr(cls, name, getter)

        def __new__(cls, *values, **named):
            if named or len(values) != len(cls._fields):
                missing = cls._fields[len(values) :]
                given, wanted = {**cls._field_defaults, **named}, set(missing)
                if len(values) > len(cls._fields) or not named.keys() <= wanted <= given.keys():
                    raise TypeError(f"{cls.__name__} takes {', '.join(cls._fields)}")
                values += tuple(map(given.__getitem__, missing))
            return tuple.__new__(cls, values)

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, **named):
            values = tuple(map(named.pop, self._fields, self))  # one step in C for each field
            if named:
                raise TypeError(f"{self.__class__.__name__} has no {', '.join(named)}")
            return self.__class__(*values)

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            return f"{self.__class__.__name__}({', '.join(f'{k}={v!r}' for k, v in self._asdict().items())})"

        def __getnewargs__(self):
            return tuple(self)


__all__ = ["Record"]
