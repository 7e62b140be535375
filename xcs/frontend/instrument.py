"""Instrumented functions: the same code, whose calls, reads and stores go through hooks.

A function is compiled a second time from its syntax tree. Python runs the result as it would run
the original, with its file and its lines; all of the language works. The hooks are variables of an
enclosing scope, so whoever makes a function of the code says what they do.
"""

from __future__ import annotations
import __future__

import ast
import copy
import types
import weakref
from collections.abc import Iterator
from typing import Any, Final

from xcs.frontend.names import FUNCTION_NODES, FunctionNode, local_names, stored_names
from xcs.frontend.source import function_node
from xcs.frontend.unsupported import Unsupported

CALL: Final = "__xcs_call__"
"""``f(*a, **k)`` is ``call(f, *a, **k)``."""
GLOBAL: Final = "__xcs_global__"
"""A read of a global or builtin is ``read("name", name)``."""
CELL: Final = "__xcs_cell__"
"""A read of a variable around the function is ``read("name", name)``."""
ATTRIBUTE: Final = "__xcs_attribute__"
"""``x.a`` is ``attribute(x, "a")``."""
BINARY: Final = "__xcs_binary__"
"""``x + y``, for operators that put containers together or write text, is ``binary("+", x, y)``."""
SLICE: Final = "__xcs_slice__"
"""``x[a:b:c]`` is ``slice(x, a, b, c)``."""
MADE: Final = "__xcs_made__"
"""Given each container that the code makes, it gives that back."""
CHANGED: Final = "__xcs_changed__"
"""Given each object an item or attribute of which is stored or deleted, it gives that back."""
UPDATED: Final = "__xcs_updated__"
"""Given each object an item or attribute of which is changed in place, it gives that back."""
IN_PLACE: Final = "__xcs_in_place__"
"""Called with the old value, and the method's name, before ``x += y``."""
SHOWN: Final = "__xcs_shown__"
"""Given each value that becomes text in an f-string, it gives that back."""
CONTEXT: Final = "__xcs_context__"
"""Gives the context manager to use in place of one."""
DECORATOR: Final = "__xcs_decorator__"
"""Gives the function to call in place of a decorator."""
MATCHED: Final = "__xcs_matched__"
"""Given each value whose attributes a pattern may read, it gives that back."""
CAUGHT: Final = "__xcs_caught__"
"""Called first in each handler of exceptions."""

HOOKS: Final = (
    *(CALL, GLOBAL, CELL, ATTRIBUTE, BINARY, SLICE, MADE, CHANGED, UPDATED),
    *(IN_PLACE, SHOWN, CONTEXT, DECORATOR, MATCHED, CAUGHT),
)

_SYMBOLS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "+",
    ast.Mult: "*",
    ast.BitOr: "|",
    ast.Mod: "%",
}
"""Operators that put containers together, or write text."""

_IN_PLACE_METHODS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "__iadd__",
    ast.Sub: "__isub__",
    ast.Mult: "__imul__",
    ast.MatMult: "__imatmul__",
    ast.Div: "__itruediv__",
    ast.FloorDiv: "__ifloordiv__",
    ast.Mod: "__imod__",
    ast.Pow: "__ipow__",
    ast.LShift: "__ilshift__",
    ast.RShift: "__irshift__",
    ast.BitAnd: "__iand__",
    ast.BitOr: "__ior__",
    ast.BitXor: "__ixor__",
}

_codes: dict[tuple[types.CodeType, str], types.CodeType] = {}
_instrumented: weakref.WeakSet[types.CodeType] = weakref.WeakSet()
_MAX_CODES: Final = 4096


def instrumented_code(function: types.FunctionType) -> types.CodeType:
    """The instrumented code of a function. Raises `Unsupported` where there can be none.

    Its free variables are the function's own, and those of `HOOKS` that it uses.
    """
    original = function.__code__
    key = original, original.co_filename
    if (code := _codes.get(key)) is None:
        if len(_codes) >= _MAX_CODES:
            _codes.clear()
        code = _codes[key] = _compile(function_node(function), original)
        _instrumented.update(_with_inner(code))
    return code


def is_instrumented(code: types.CodeType) -> bool:
    """Whether the code is that of an instrumented function, or of one that it defines."""
    return code in _instrumented


def _compile(node: FunctionNode, original: types.CodeType) -> types.CodeType:
    if isinstance(node, ast.AsyncFunctionDef):
        raise Unsupported("an async function", node)
    owner = _private_class(original.co_qualname)
    tree = _Instrument(frozenset(original.co_freevars), owner).function(copy.deepcopy(node))
    body: list[ast.stmt] = [ast.Expr(tree) if isinstance(tree, ast.Lambda) else tree]
    if is_method := owner is not None or "__class__" in original.co_freevars:
        # Names that begin with two underscores are the class's, and so is what `super` needs.
        body = [ast.ClassDef(owner or "Owner", [], [], body, [])]
        if owner is not None and owner not in original.co_freevars:
            body.insert(0, ast.Global([owner]))  # the class that the code names is not this one
    around = ast.FunctionDef("around", _variables(original.co_freevars), body, [])
    module = ast.Module([around], [])
    for part in (around, *body):
        ast.copy_location(part, node)
    ast.fix_missing_locations(module)
    flags = original.co_flags & __future__.annotations.compiler_flag
    code = compile(module, original.co_filename, "exec", flags, dont_inherit=True)
    for _ in range(3 if is_method else 2):
        code = next(part for part in code.co_consts if isinstance(part, types.CodeType))
    return code.replace(co_qualname=original.co_qualname)


def _variables(names: tuple[str, ...]) -> ast.arguments:
    """Parameters of the function around, which the instrumented one closes over."""
    return ast.arguments(
        posonlyargs=[],
        args=[ast.arg(name) for name in dict.fromkeys((*names, *HOOKS)) if name != "__class__"],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )


def _private_class(qualname: str) -> str | None:
    """The class that a function's code is written in, if it is in one."""
    *around, _ = qualname.split(".")
    while around and around[-1] == "<locals>":
        around = around[:-2]
    return around[-1] if around else None


def _with_inner(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            yield from _with_inner(part)


class _Instrument(ast.NodeTransformer):
    """Rewrites one function, and those inside of it."""

    def __init__(self, free: frozenset[str], owner: str | None) -> None:
        self._free = free
        self._owner = owner
        self._scopes: list[tuple[type[ast.AST], frozenset[str]]] = []

    def function(self, node: ast.FunctionDef | ast.Lambda) -> ast.FunctionDef | ast.Lambda:
        """The function alone: what is evaluated where it is defined is left out."""
        arguments = node.args
        arguments.defaults = [ast.Constant(None) for _ in arguments.defaults]
        arguments.kw_defaults = [d and ast.Constant(None) for d in arguments.kw_defaults]
        for parameter in ast.walk(arguments):
            if isinstance(parameter, ast.arg):
                parameter.annotation = None
        if isinstance(node, ast.FunctionDef):
            node.decorator_list, node.returns = [], None
        self._body(node)
        return node

    def _body(self, node: ast.FunctionDef | ast.Lambda) -> None:
        self._scopes.append((type(node), local_names(node)))
        options = node.args.kwarg
        made = options and self._hook(node, MADE, ast.Name(options.arg, ast.Load()))
        if isinstance(node, ast.Lambda):
            node.body = self.visit(node.body)
            if made is not None:
                both = ast.Tuple([made, node.body], ast.Load())
                last = ast.Subscript(both, ast.Constant(1), ast.Load())
                node.body = ast.fix_missing_locations(ast.copy_location(last, node.body))
        else:
            node.body = self._statements(node.body)
            if made is not None:
                node.body.insert(_after_docstring(node.body), _expression(made))
        self._scopes.pop()

    def _statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for statement in body:
            found = self.visit(statement)
            made.extend(found if isinstance(found, list) else [found])
        return made

    # --- scopes ---

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.decorator_list = [self._hook(d, DECORATOR, self.visit(d)) for d in node.decorator_list]
        self._defaults(node.args)
        self._body(node)
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        raise Unsupported("an async function", node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        self._defaults(node.args)
        self._body(node)
        return node

    def _defaults(self, arguments: ast.arguments) -> None:
        arguments.defaults = [self.visit(d) for d in arguments.defaults]
        arguments.kw_defaults = [d and self.visit(d) for d in arguments.kw_defaults]

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        node.decorator_list = [self._hook(d, DECORATOR, self.visit(d)) for d in node.decorator_list]
        node.bases = [self.visit(base) for base in node.bases]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        around, self._owner = self._owner, node.name
        self._scopes.append((ast.ClassDef, frozenset(stored_names(node.body))))
        node.body = self._statements(node.body)
        self._scopes.pop()
        self._owner = around
        return node

    def _comprehension(self, node: Any) -> ast.expr:
        generators: list[ast.comprehension] = node.generators
        generators[0].iter = self.visit(generators[0].iter)
        targets = [name for g in generators for name in stored_names(g.target)]
        self._scopes.append((type(node), frozenset(targets)))
        for position, generator in enumerate(generators):
            if generator.is_async:
                raise Unsupported("an async comprehension", node)
            generator.target = self.visit(generator.target)
            if position:
                generator.iter = self.visit(generator.iter)
            generator.ifs = [self.visit(test) for test in generator.ifs]
        for part in ("elt", "key", "value"):
            if (value := getattr(node, part, None)) is not None:
                setattr(node, part, self.visit(value))
        self._scopes.pop()
        return self._hook(node, MADE, node)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def _is_local(self, name: str) -> bool:
        """Whether the name is a variable of the function, or of one inside of it."""
        innermost = len(self._scopes) - 1
        return any(
            name in names
            for position, (kind, names) in enumerate(self._scopes)
            if kind is not ast.ClassDef or position == innermost
        )

    def visit_Global(self, node: ast.Global) -> ast.AST:
        raise Unsupported("a function that rebinds globals", node)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.Nonlocal:
        around = [names for kind, names in self._scopes[:-1] if issubclass(kind, FUNCTION_NODES)]
        if not all(any(name in names for names in around) for name in node.names):
            raise Unsupported("a function that rebinds names of an enclosing one", node)
        return node

    # --- names, attributes and items ---

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if not isinstance(node.ctx, ast.Load) or self._is_local(node.id):
            return node
        hook = CELL if node.id in self._free else GLOBAL
        return self._hook(node, hook, ast.Constant(node.id), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        value = self.visit(node.value)
        if isinstance(node.ctx, ast.Load):
            return self._hook(node, ATTRIBUTE, value, ast.Constant(self._mangled(node.attr)))
        node.value = self._hook(node.value, CHANGED, value)
        return node

    def _mangled(self, name: str) -> str:
        owner = (self._owner or "").lstrip("_")
        if owner and name.startswith("__") and not name.endswith("__"):
            return f"_{owner}{name}"
        return name

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        value = self.visit(node.value)
        if not isinstance(node.ctx, ast.Load):
            node.value = self._hook(node.value, CHANGED, value)
        elif isinstance(node.slice, ast.Slice):
            parts = (node.slice.lower, node.slice.upper, node.slice.step)
            bounds = [ast.Constant(None) if p is None else self.visit(p) for p in parts]
            return self._hook(node, SLICE, value, *bounds)
        else:
            node.value = value
        node.slice = self.visit(node.slice)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt | list[ast.stmt]:
        target, node.value = node.target, self.visit(node.value)
        if isinstance(target, ast.Name):
            method = ast.Constant(_IN_PLACE_METHODS[type(node.op)])
            old = ast.copy_location(ast.Name(target.id, ast.Load()), target)
            return [_expression(self._hook(node, IN_PLACE, old, method)), node]
        target.value = self._hook(target.value, UPDATED, self.visit(target.value))
        if isinstance(target, ast.Subscript):
            target.slice = self.visit(target.slice)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        node.target = self.visit(node.target)
        node.value = node.value and self.visit(node.value)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        starred = [
            part.value.id
            for target in node.targets
            for part in ast.walk(target)
            if isinstance(part, ast.Starred) and isinstance(part.value, ast.Name)
        ]
        rest = [self._hook(node, MADE, ast.Name(name, ast.Load())) for name in starred]
        return [node, *map(_expression, rest)] if rest else node

    # --- calls and operators ---

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            node.args = [self.visit(argument) for argument in node.args]
            return node  # it looks at the frame that it is called from
        self.generic_visit(node)
        call = self._hook(node, CALL, node.func, *node.args)
        call.keywords = node.keywords
        return call

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if (symbol := _SYMBOLS.get(type(node.op))) is None:
            return node
        return self._hook(node, BINARY, ast.Constant(symbol), node.left, node.right)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        self.generic_visit(node)
        node.value = self._hook(node, SHOWN, node.value)
        return node

    def _display(self, node: ast.List | ast.Dict | ast.Set) -> ast.expr:
        self.generic_visit(node)
        loaded = not isinstance(node, ast.List) or isinstance(node.ctx, ast.Load)
        return self._hook(node, MADE, node) if loaded else node

    visit_List = visit_Dict = visit_Set = _display

    # --- statements ---

    def visit_With(self, node: ast.With) -> ast.With:
        self.generic_visit(node)
        for item in node.items:
            item.context_expr = self._hook(item.context_expr, CONTEXT, item.context_expr)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        self.generic_visit(node)
        node.body.insert(0, _expression(self._hook(node, CAUGHT)))
        return node

    def visit_Match(self, node: ast.Match) -> list[ast.stmt]:
        node.subject = self.visit(node.subject)
        read: list[ast.stmt] = []
        for case in node.cases:
            for part in ast.walk(case.pattern):
                if isinstance(part, ast.MatchClass):
                    read.append(_expression(self.visit(copy.deepcopy(part.cls))))
                elif isinstance(part, ast.MatchValue):
                    read.append(_expression(self.visit(copy.deepcopy(part.value))))
            case.guard = case.guard and self.visit(case.guard)
            case.body = self._statements(case.body)
        if any(isinstance(p, ast.MatchClass) for c in node.cases for p in ast.walk(c.pattern)):
            node.subject = self._hook(node.subject, MATCHED, node.subject)
        return [*read, node]

    def _hook(self, node: ast.AST, name: str, *values: ast.expr) -> ast.Call:
        call = ast.Call(ast.Name(name, ast.Load()), list(values), [])
        for part in (call, call.func, *values):
            if not hasattr(part, "lineno"):
                ast.copy_location(part, node)
        return call


def _expression(value: ast.expr) -> ast.Expr:
    return ast.copy_location(ast.Expr(value), value)


def _after_docstring(body: list[ast.stmt]) -> int:
    first = body[0]
    return int(
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
