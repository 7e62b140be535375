"""Classes told by annotations and constructors: of parameters, and of attributes of instances.

An annotation that names a class is taken to be true, as a reader of the code would take it. The
object may be of any class below; so what a method does is what all known overrides of it do.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from xcs.frontend.abstract_values import Hint, Value, is_immutable_class, join_hints
from xcs.frontend.detectors import registry
from xcs.frontend.interpretation.lookup import (
    RESULT_CLASSES,
    class_attribute,
    class_files,
    is_generated,
    is_python_class,
)
from xcs.frontend.interpretation.summary import MISSING
from xcs.frontend.names import FunctionNode, parameters
from xcs.frontend.source import SourceFile, function_source, own_nodes, source_file

_MAX_CLASSES: Final = 4
_MAX_OVERRIDES: Final = 6
_MAX_SUBCLASSES: Final = 4000

_TRANSPARENT: Final = frozenset({"Annotated", "ClassVar", "Final", "Optional", "Union"})
_CONTAINERS: Final = frozenset(
    {"list", "tuple", "set", "frozenset", "dict", "deque", "defaultdict", "List", "Tuple", "Set"}
    | {"FrozenSet", "Dict", "Deque", "DefaultDict", "Sequence", "MutableSequence", "Iterable"}
    | {"Iterator", "Collection", "Container", "Mapping", "MutableMapping", "AbstractSet"}
    | {"MutableSet", "KeysView", "ValuesView", "Reversible", "OrderedDict", "Generator"}
)
_CONTAINER_CLASSES: Final = {cls.__name__: cls for cls in (list, tuple, set, frozenset, dict)} | {
    "List": list,
    "Tuple": tuple,
    "Set": set,
    "FrozenSet": frozenset,
    "Dict": dict,
}


def annotated(node: ast.expr | None, space: Mapping[str, Any], file: SourceFile) -> Hint | None:
    """What an annotation says, None where it says nothing that is of use."""
    if node is None:
        return None
    classes, items = _Reader(space, file).read(node)
    if classes is None or len(classes) > _MAX_CLASSES:
        return Hint((), items) if items is not None else None
    return Hint(tuple(classes), items) if classes or items is not None else None


def hinted(value: Value, hint: Hint | None) -> Value:
    """The value, of which a hint tells more. What can only be immutable has no place."""
    if hint is None or value.is_bottom:
        return value
    if hint.classes and all(map(is_immutable_class, hint.classes)):
        return Value(cls=hint.classes[0] if len(hint.classes) == 1 else None)
    exact = hint.classes[0] if len(hint.classes) == 1 and hint.classes[0] in _EXACT else None
    return replace(value, cls=value.cls or exact, hint=hint)


_EXACT: Final = (list, dict, set, tuple, frozenset)
"""Builtin containers, of which hardly anybody derives."""


class _Reader:
    """Reads one annotation."""

    def __init__(self, space: Mapping[str, Any], file: SourceFile) -> None:
        self.space = space
        self.file = file

    def read(self, node: ast.expr) -> tuple[list[type] | None, Hint | None]:
        """The classes that it names, None if it names more than classes; and of its items."""
        match node:
            case ast.Constant(value=None):
                return [], None
            case ast.Constant(value=str(text)):
                try:
                    return self.read(ast.parse(text, mode="eval").body)
                except SyntaxError:
                    return None, None
            case ast.BinOp(left=left, right=right, op=ast.BitOr()):
                return self._union([left, right])
            case ast.Subscript(value=base, slice=index):
                return self._subscript(base, index)
            case ast.Name() | ast.Attribute():
                return self._named(self.resolve(node))
        return None, None

    def _union(self, parts: list[ast.expr]) -> tuple[list[type] | None, Hint | None]:
        classes: list[type] = []
        items: list[Hint | None] = []
        for part in parts:
            found, inner = self.read(part)
            if found is None:
                return None, None
            classes += found
            if inner is not None:
                items.append(inner)
        return list(dict.fromkeys(classes)), items[0] if len(items) == 1 else None

    def _subscript(self, base: ast.expr, index: ast.expr) -> tuple[list[type] | None, Hint | None]:
        name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
        parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]
        if name == "Annotated":
            return self.read(parts[0])
        if name in _TRANSPARENT:
            return self._union(parts)
        if name in _CONTAINERS:
            parts = [p for p in parts if not (isinstance(p, ast.Constant) and p.value is ...)]
            if name == "Generator":
                parts = parts[:1]
            classes, inner = self._union(parts)
            cls = _CONTAINER_CLASSES.get(name)
            items = Hint(tuple(classes), inner) if classes else inner and Hint((), inner)
            return [cls] if cls is not None else [], items
        if name in ("type", "Type"):
            return None, None
        return self._named(self.resolve(base))

    def _named(self, found: Any) -> tuple[list[type] | None, Hint | None]:
        if isinstance(found, typing.TypeVar):
            bound = found.__bound__
            return ([bound], None) if isinstance(bound, type) else (None, None)
        if typing.get_origin(found) in (typing.Union, types.UnionType):
            parts = [part for part in typing.get_args(found) if part is not type(None)]
            whole = all(isinstance(part, type) for part in parts)
            return (parts, None) if whole else (None, None)
        if isinstance(origin := typing.get_origin(found), type):
            found = origin  # an alias of a generic class
        if not isinstance(found, type) or found in (object, type, typing.Any):
            return None, None
        if found.__name__ in _CONTAINERS and found.__module__ in ("collections.abc", "typing"):
            return [], None
        return [found], None

    def resolve(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Attribute):
            owner = self.resolve(node.value)
            return getattr(owner, node.attr, MISSING) if _is_namespace(owner) else MISSING
        if not isinstance(node, ast.Name):
            return MISSING
        if node.id in self.space:
            return self.space[node.id]
        if (found := getattr(builtins, node.id, MISSING)) is not MISSING:
            return found
        return _imported_for_typing(self.file, str(self.space.get("__package__") or ""), node.id)


def _is_namespace(owner: Any) -> bool:
    return isinstance(owner, types.ModuleType | type)


def _imported_for_typing(file: SourceFile, package: str, name: str) -> Any:
    """A name that a file imports under ``if TYPE_CHECKING``, where its module is loaded."""
    table = file.facts.get("imports for typing")
    if not isinstance(table, dict):
        table = dict(_typing_imports(file.tree))
        file.facts["imports for typing"] = table
    if name not in table:
        return MISSING
    module, level, own = table[name]
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - level + 1]) if level else ""
    home = sys.modules.get(".".join(part for part in (base, module) if part))
    if own is None:
        return home if home is not None else MISSING
    return getattr(home, own, MISSING)


def _typing_imports(tree: ast.Module) -> Iterator[tuple[str, tuple[str, int, str | None]]]:
    for block in tree.body:
        if not isinstance(block, ast.If):
            continue
        for node in block.body:
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield alias.asname or alias.name, (node.module or "", node.level, alias.name)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.asname or alias.name.partition(".")[0], (alias.name, 0, None)


# Attributes of instances


@functools.lru_cache(maxsize=4096)
def field_hint(cls: type, name: str) -> Hint | None:
    """What an attribute of instances holds, told from annotations and from constructors.

    Nothing is told where other methods of the class's own files store to it: `lookup.class_files`.
    """
    found: list[Hint] = []
    for base in cls.__mro__[:-1]:
        source = _class_source(base)
        if source is None:
            continue
        space, file, node = source
        for hint in _told(node, name, space, file):
            if hint is None:
                return None
            found.append(hint)
        if found:
            break
    return functools.reduce(join_hints, found) if found else None


@functools.lru_cache(maxsize=4096)
def stores_field(cls: type, name: str) -> bool:
    """Whether code of the class's own files may store an attribute of that name to instances.

    Annotated ones are fields, which generated constructors store.
    """
    if any(name in vars(base).get("__annotations__", ()) for base in cls.__mro__):
        return True
    for file in class_files(cls):
        if file is None:
            return True
        stored = file.facts.get("stored attributes")
        if not isinstance(stored, frozenset):
            stored = frozenset(_stored_attributes(file.tree))
            file.facts["stored attributes"] = stored
        if name in stored:
            return True
    return False


def _stored_attributes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value=str(name)), *_]):
                yield name


def _told(
    cls: ast.ClassDef, name: str, space: Mapping[str, Any], file: SourceFile
) -> Iterator[Hint | None]:
    """What each place of a class that says something about an attribute says."""
    said = False
    for node in cls.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=own), annotation=annotation) if own == name:
                said = True
                yield annotated(annotation, space, file)
    if said:
        return
    for method in cls.body:
        if not isinstance(method, ast.FunctionDef) or not method.args.args:
            continue
        this = method.args.args[0].arg
        for node in own_nodes(method):
            match node:
                case ast.AnnAssign(
                    target=ast.Attribute(value=ast.Name(id=owner), attr=own),
                    annotation=annotation,
                ) if owner == this and own == name:
                    yield annotated(annotation, space, file)
                    return
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        match target:
                            case ast.Attribute(value=ast.Name(id=owner), attr=own) if (
                                owner == this and own == name
                            ):
                                if not _is_none(value):
                                    yield _stored(value, method, space, file)


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _stored(
    value: ast.expr, method: FunctionNode, space: Mapping[str, Any], file: SourceFile
) -> Hint | None:
    """What a value that a method stores is: built on the spot, or an annotated parameter."""
    match value:
        case ast.List() | ast.ListComp():
            return Hint((list,))
        case ast.Dict() | ast.DictComp():
            return Hint((dict,))
        case ast.Set() | ast.SetComp():
            return Hint((set,))
        case ast.Tuple():
            return Hint((tuple,))
        case ast.JoinedStr():
            return Hint((str,))
        case ast.Constant(value=constant):
            return Hint((type(constant),))
        case ast.IfExp(body=body, orelse=orelse):
            hints = [
                _stored(part, method, space, file) for part in (body, orelse) if not _is_none(part)
            ]
            return hints[0] if hints and all(hint == hints[0] for hint in hints) else None
        case ast.Call(func=ast.Attribute(value=ast.Call(func=maker), attr=name)):
            owner = _Reader(space, file).resolve(maker)
            made = class_attribute(owner, name) if isinstance(owner, type) else MISSING
            return Hint((types.GeneratorType,)) if inspect.isgeneratorfunction(made) else None
        case ast.Call(func=ast.Subscript(value=func)) | ast.Call(func=func):
            return _built(_Reader(space, file).resolve(func))
        case ast.Name(id=name):
            for parameter in parameters(method.args):
                if parameter.arg == name:
                    return annotated(parameter.annotation, space, file)
    return None


def _built(function: Any) -> Hint | None:
    """What calling a class, or a function whose result is known, gives."""
    if isinstance(function, type):
        return Hint((function,))
    if function is MISSING or (known := registry.recognise(function)) is None:
        return None
    cls = RESULT_CLASSES.get(known.returns or "")
    return Hint((cls,)) if cls is not None else None


@functools.lru_cache(maxsize=2048)
def _class_source(cls: type) -> tuple[Mapping[str, Any], SourceFile, ast.ClassDef] | None:
    """The syntax of a class, found around one of its methods or by its name."""
    module = sys.modules.get(cls.__module__)
    if module is None:
        return None
    functions = (f for f in vars(cls).values() if isinstance(f, types.FunctionType))
    paths = [f.__code__.co_filename for f in functions if not is_generated(f)]
    for path in (str(getattr(module, "__file__", "")), *paths[:1]):
        file = source_file(path) if path.endswith(".py") else None
        for node in ast.walk(file.tree) if file is not None else ():
            if isinstance(node, ast.ClassDef) and node.name == cls.__name__:
                return vars(module), file, node  # type: ignore[return-value]
    return None


# Overrides


def implementations(cls: type, name: str) -> list[tuple[type, Any]] | None:
    """The class attributes that looking up a name may find, in a class and all known below it.

    None if there are too many. What is abstract is left out where anything is not.
    """
    found: dict[int, tuple[type, Any]] = {}
    for owner in _with_subclasses(cls):
        own = class_attribute(cls, name) if owner is cls else owner.__dict__.get(name, MISSING)
        if own is not MISSING:
            found.setdefault(id(own), (owner, own))
            if len(found) > _MAX_OVERRIDES:
                return None
    return [entry for entry in found.values() if not is_abstract(entry[1])]


def classes_below(cls: type, name: str) -> list[type]:
    """The classes below one that know an attribute which it does not know itself.

    An object that has the attribute is of one of these. Empty if they are many.
    """
    found: list[type] = []
    for owner in _with_subclasses(cls)[1:]:
        said = name in owner.__dict__ or name in vars(owner).get("__annotations__", ())
        if said and not any(issubclass(owner, known) for known in found):
            found.append(owner)
            if len(found) > _MAX_CLASSES:
                return []
    return found


def _with_subclasses(cls: type) -> list[type]:
    seen: dict[type, None] = {cls: None}
    standard = cls.__module__.partition(".")[0] in sys.stdlib_module_names
    todo = [cls] if is_python_class(cls) and not standard else []
    while todo and len(seen) < _MAX_SUBCLASSES:
        try:
            below = type.__subclasses__(todo.pop())
        except TypeError:
            continue
        todo += [sub for sub in below if sub not in seen]
        seen |= dict.fromkeys(below)
    return list(seen)


def is_abstract(found: Any) -> bool:
    """Whether an attribute is only there to be overridden."""
    if isinstance(found, property):
        found = found.fget
    function = getattr(found, "__func__", found)
    if getattr(function, "__isabstractmethod__", False):
        return True
    if not isinstance(function, types.FunctionType):
        return False
    source = function_source(function)
    if source is None or not isinstance(source.node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    body = source.node.body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        if isinstance(body[0].value.value, str) and len(body) > 1:
            body = body[1:]
    match body:
        case [ast.Expr(value=ast.Constant(value=value))]:
            return value is ...
        case [ast.Raise(exc=ast.expr() as error)]:
            named = error.func if isinstance(error, ast.Call) else error
            return isinstance(named, ast.Name) and named.id == "NotImplementedError"
    return False
