"""Which attributes can be read and written without running code of the user's.

Reading an attribute may run a property, a `__getattr__` or a descriptor, and writing one a
`__setattr__`; what these do is not known, so they run in their turn. All others are state, like the
entries of a dict.
"""

from __future__ import annotations

from collections import namedtuple
from enum import Enum, auto
from types import (
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from xcs.runtime.heap import MISSING, has_own

_HEAP_TYPE, _IMMUTABLE_TYPE = 1 << 9, 1 << 8
"""CPython's Py_TPFLAGS_HEAPTYPE and Py_TPFLAGS_IMMUTABLETYPE. Classes made by a class statement
have the first; of those written in C, some have both."""
_BINDING = (
    FunctionType, staticmethod, classmethod, ClassMethodDescriptorType, MethodDescriptorType,
    MethodWrapperType, WrapperDescriptorType,
)  # fmt: skip
"""What binds to the instance, and does nothing else."""
_TUPLE_FIELD = type(vars(namedtuple("_Named", "field"))["field"])
_FIELDS = (GetSetDescriptorType, MemberDescriptorType, _TUPLE_FIELD)


def is_user_class(cls: type) -> bool:
    """Whether a class was made by a class statement, so that its methods may run anything."""
    return cls.__flags__ & (_HEAP_TYPE | _IMMUTABLE_TYPE) == _HEAP_TYPE


class _Plain(Enum):
    """Whether an attribute of the instances of a class can be read without running code."""

    YES = auto()
    NO = auto()
    IF_OWN = auto()
    """If the instance itself has the attribute, which hides what the class has."""
    ASK = auto()
    """It depends on the very object."""


class Attributes:
    """What is known of the attributes of classes, as long as no code runs that may change that."""

    __slots__ = ("_reads", "_writes")

    def __init__(self) -> None:
        self._reads: dict[tuple[type, str], _Plain] = {}
        self._writes: dict[tuple[type, str, str], bool] = {}

    def forget(self) -> None:
        """Code has run that may have changed a class."""
        self._reads.clear()
        self._writes.clear()

    def read_is_plain(self, target: Any, name: str) -> bool:
        """What the function of this name says."""
        cls = type(target)
        plain = self._reads.get((cls, name))
        if plain is None:
            plain = self._reads[cls, name] = _read_of(cls, name)
        return plain is _Plain.YES or _decide(plain, target, name)

    def write_is_plain(self, target: Any, name: str, method: str) -> bool:
        """What the function of this name says."""
        key = (type(target), name, method)
        plain = self._writes.get(key)
        if plain is None:
            plain = self._writes[key] = write_is_plain(target, name, method)
        return plain


def read_is_plain(target: Any, name: str) -> bool:
    """Whether ``target.name`` runs no code of the user's."""
    return _decide(_read_of(type(target), name), target, name)


def _read_of(cls: type, name: str) -> _Plain:
    if cls is ModuleType or issubclass(cls, type | Enum):
        return _Plain.ASK
    if not is_user_class(cls):
        return _Plain.YES
    if is_user_class(_definer(cls, "__getattribute__")):
        return _Plain.NO
    found = class_entry(cls, name)
    if found is MISSING:
        return _Plain.YES if class_entry(cls, "__getattr__") is MISSING else _Plain.IF_OWN
    if _is_data_descriptor(found):
        is_field = isinstance(found, _FIELDS) and name != "__dict__"
        return _Plain.YES if is_field else _Plain.NO
    return _Plain.IF_OWN if _runs_code(found) else _Plain.YES


def _decide(plain: _Plain, target: Any, name: str) -> bool:
    if plain is _Plain.IF_OWN:
        return has_own(target, name)
    return plain is _Plain.YES or (plain is _Plain.ASK and _object_read_is_plain(target, name))


def _object_read_is_plain(target: Any, name: str) -> bool:
    """The same for modules, classes and members of enumerations."""
    if isinstance(target, type(Enum)):
        return name in target.__members__
    if isinstance(target, type):
        return type(target) is type and not _runs_code(class_entry(target, name))
    if isinstance(target, Enum):
        found = class_entry(type(target), name)
        return name in ("name", "value") or not (_is_data_descriptor(found) or _runs_code(found))
    return name in vars(target) or "__getattr__" not in vars(target)


def write_is_plain(target: Any, name: str, method: str) -> bool:
    """Whether ``target.name = value`` only sets an entry; ``method`` is what it would call."""
    cls = type(target)
    if not is_user_class(cls) or isinstance(target, type | ModuleType):
        return False
    if is_user_class(_definer(cls, method)) or is_user_class(_definer(cls, "__getattribute__")):
        return False
    found = class_entry(cls, name)
    if type(found) is MemberDescriptorType:
        return True
    return hasattr(target, "__dict__") and not _is_data_descriptor(found)


def is_state(cls: type, name: str) -> bool:
    """Whether what instances have under a name is data, which is read without running code."""
    found = class_entry(cls, name)
    return isinstance(found, _FIELDS) or class_entry(type(found), "__get__") is MISSING


def class_entry(cls: type, name: str) -> Any:
    """What a class has under a name, without binding it; `MISSING` if it has nothing."""
    for base in cls.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return MISSING


def bound_class_entry(target: Any, name: str) -> Any:
    """An attribute of an instance that has none of its own under the name.

    Raises AttributeError.
    """
    found = class_entry(type(target), name)
    if found is MISSING:
        cls = type(target).__name__
        raise AttributeError(f"'{cls}' object has no attribute '{name}'", name=name, obj=target)
    get = class_entry(type(found), "__get__")
    return found if get is MISSING else get(found, target, type(target))


def _definer(cls: type, name: str) -> type:
    return next(base for base in cls.__mro__ if name in base.__dict__)


def _is_data_descriptor(found: Any) -> bool:
    cls = type(found)
    return any(class_entry(cls, name) is not MISSING for name in ("__set__", "__delete__"))


def _runs_code(found: Any) -> bool:
    cls = type(found)
    return class_entry(cls, "__get__") is not MISSING and not isinstance(found, _BINDING + _FIELDS)
