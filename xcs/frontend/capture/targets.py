"""Assignment to names, items, attributes and patterns of them."""

from __future__ import annotations

import ast
from typing import Any

from xcs.dialects import orch
from xcs.frontend.capture.elements import elements_home, join_keys, store_key
from xcs.frontend.capture.evaluate import class_of, evaluate, get_item
from xcs.frontend.capture.names import (
    delete_attribute,
    holding,
    load_name,
    store_attribute,
    store_in,
)
from xcs.frontend.capture.order import ELEMENTS
from xcs.frontend.capture.state import Capture
from xcs.frontend.capture.values import UNBOUND, Dyn, Frame, Generator, Pack, Static, Value
from xcs.frontend.interpretation.lookup import class_attribute
from xcs.frontend.unsupported import Unsupported


def assign(c: Capture, frame: Frame, target: ast.expr, value: Value) -> None:
    """``target = value``."""
    with c.at(frame, target):
        match target:
            case ast.Name(id=name):
                bind(c, frame, name, value)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                unpack(c, frame, targets, value)
            case ast.Starred(value=inner):
                assign(c, frame, inner, value)
            case ast.Subscript(value=base, slice=index):
                container = evaluate(c, frame, base)
                set_item(c, container, evaluate(c, frame, index), value)
            case ast.Attribute(value=base, attr=name):
                store_attribute(c, frame, evaluate(c, frame, base), name, value)
            case _:
                raise Unsupported(f"assignment to {type(target).__name__}", target)


def bind(c: Capture, frame: Frame, name: str, value: Value) -> None:
    """Give a variable its value. Where a handler may look at it, it is kept for that as well."""
    owner = frame.owner_of(name)
    if owner is None:
        _bind_outside(c, frame, name, value)
        return
    set_variable(c, owner, name, value)


def set_variable(c: Capture, frame: Frame, name: str, value: Value) -> None:
    """Give a variable of a frame its value, also where handlers look at it."""
    frame.env[name] = value
    for box in c.boxes:
        if box.frame is frame and name in box.names:
            set_item(c, box.value, Static(name), value)


def _bind_outside(c: Capture, frame: Frame, name: str, value: Value) -> None:
    """A global or a closure variable of the function that was given is set in its place."""
    cell = frame.cell(name)
    c.escape(value)
    if cell is not None:
        operands = {"cell": c.ssa(Static(cell)), "value": c.ssa(value)}
        source, names = "cell.cell_contents = value", list[str]()
        (token,) = c.host_block(source, operands, names, frame=frame, effects="ordered", token=True)
    else:
        operands = {"value": c.ssa(value), "name": c.ssa(Static(name))}
        source = f"globals()[{name!r}] = value"
        (token,) = c.host_block(source, operands, [], frame=frame, effects="ordered", token=True)
    c.change_world(token)


def set_item(c: Capture, container: Value, index: Value, value: Value) -> None:
    """``container[index] = value``."""
    from xcs.frontend.capture.calls import call_special

    base = c.dyn(container)
    if call_special(c, base, "__setitem__", [index, value]) is not None:
        return
    home = c.home_of(base)
    inner = c.home_of(value)
    is_slice = class_of(index) is slice
    if home is not None and is_slice and inner is not None:
        c.order.merge(home.field(ELEMENTS), elements_home(c, value))
    elif home is not None:
        store_key(c, base, index)
        store_in(c, home.field(ELEMENTS), value)
    # A slice takes the elements that the value has by now; any other item is the value itself.
    may_be_slice = is_slice or (base.cls is list and class_of(index) is None)
    stored = c.read_whole(value, structure=is_slice, exact=True) if may_be_slice else c.ssa(value)
    homes = c.reached(base)
    after, linked = c.chain(homes, write=True)
    op = orch.SetItemOp(base.ssa, c.read_whole(index), stored, after=after, token=linked)
    c.add(op)
    c.place(homes, op, linked, write=True)


def delete(c: Capture, frame: Frame, target: ast.expr) -> None:
    """``del target``."""
    with c.at(frame, target):
        match target:
            case ast.Name(id=name):
                load_name(c, frame, name)
                owner = frame.owner_of(name)
                if owner is None:
                    raise Unsupported(f"'del {name}' of a global", target)
                bind(c, frame, name, Static(UNBOUND))
            case ast.Subscript(value=base, slice=index):
                from xcs.frontend.capture.calls import call_special

                container = c.dyn(evaluate(c, frame, base))
                position = evaluate(c, frame, index)
                if call_special(c, container, "__delitem__", [position]) is not None:
                    return
                homes = c.reached(container)
                key = c.read_whole(position)
                after, linked = c.chain(homes, write=True)
                op = orch.DelItemOp(container.ssa, key, after=after, token=linked)
                c.add(op)
                c.place(homes, op, linked, write=True)
            case ast.Attribute(value=base, attr=name):
                delete_attribute(c, frame, evaluate(c, frame, base), name)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for inner in targets:
                    delete(c, frame, inner)


def unpack(c: Capture, frame: Frame, targets: list[ast.expr], value: Value) -> None:
    """``a, *b = value``."""
    starred = [i for i, t in enumerate(targets) if isinstance(t, ast.Starred)]
    if isinstance(value, Generator):
        from xcs.frontend.capture.generators import whole

        value = whole(c, frame.node, value, None if starred else len(targets) + 1)
    if isinstance(value, Static) and type(value.obj) in (tuple, list, str):
        value = Pack(tuple(Static(part) for part in value.obj))
    if isinstance(value, Pack) and not starred and len(value.items) == len(targets):
        for target, part in zip(targets, value.items, strict=True):
            assign(c, frame, target, part)
        return
    for target, part in zip(targets, _parts(c, frame, targets, value), strict=True):
        assign(c, frame, target, part)


def _parts(c: Capture, frame: Frame, targets: list[ast.expr], value: Value) -> list[Value]:
    names = [f"v{i}" for i in range(len(targets))]
    listed = [
        f"*{name}" if isinstance(target, ast.Starred) else name
        for name, target in zip(names, targets, strict=True)
    ]
    source = f"[{', '.join(listed)}] = value"
    elements = elements_home(c, value)
    plain = class_of(value) in (tuple, str, list)
    whole = c.read_whole(value, structure=True)
    op = orch.HostOp(
        source,
        {"value": whole},
        [orch.ANY] * len(names),
        effects="pure" if plain else "ordered",
        checked=not plain,
        out_names=names,
        scope=None,
    )
    c.add(op)
    parts: list[Value] = []
    for target, result in zip(targets, op.results, strict=True):
        if isinstance(target, ast.Starred):
            fresh = c.order.fresh("rest")
            c.order.merge(fresh.field(ELEMENTS), elements)
            parts.append(Dyn(result, list, fresh))
        else:
            cls, home = holding(c, elements)
            parts.append(Dyn(result, cls, home))
    return parts


_IN_PLACE: dict[type[ast.operator], str] = {
    ast.Add: "iadd", ast.Sub: "isub", ast.Mult: "imul", ast.MatMult: "imatmul",
    ast.Div: "itruediv", ast.FloorDiv: "ifloordiv", ast.Mod: "imod", ast.Pow: "ipow",
    ast.LShift: "ilshift", ast.RShift: "irshift", ast.BitAnd: "iand", ast.BitOr: "ior",
    ast.BitXor: "ixor",
}  # fmt: skip
_NEVER_CHANGES = frozenset({str, int, float, bool, bytes, complex, tuple, frozenset, type(None)})


def augment(c: Capture, frame: Frame, node: ast.AugAssign) -> None:
    """``target op= value``: reads the target, then the value, then writes the target."""
    match node.target:
        case ast.Name(id=name):
            old = load_name(c, frame, name)
            value = evaluate(c, frame, node.value)
            bind(c, frame, name, in_place(c, frame, node, old, value))
        case ast.Subscript(value=base_node, slice=index_node):
            base = evaluate(c, frame, base_node)
            index = evaluate(c, frame, index_node)
            old = get_item(c, base, index)
            value = evaluate(c, frame, node.value)
            set_item(c, base, index, in_place(c, frame, node, old, value))
        case ast.Attribute(value=base_node, attr=attr):
            from xcs.frontend.capture.names import load_attribute

            base = evaluate(c, frame, base_node)
            old = load_attribute(c, frame, base, attr)
            value = evaluate(c, frame, node.value)
            store_attribute(c, frame, base, attr, in_place(c, frame, node, old, value))


def in_place(c: Capture, frame: Frame, node: ast.AugAssign, old: Value, value: Value) -> Value:
    """What ``old op= value`` binds: a new value if it is immutable, else perhaps `old` itself."""
    from xcs.frontend.capture.calls import call_special
    from xcs.frontend.capture.evaluate import binary

    if class_of(old) in _NEVER_CHANGES or c.home_of(old) is None:
        return binary(c, node.op, old, value)
    name = f"__{_IN_PLACE[type(node.op)]}__"
    if _always_takes(old, name) and (found := call_special(c, old, name, [value])) is not None:
        return found
    return method_in_place(c, old, name, node, value)


def _always_takes(old: Value, name: str) -> bool:
    """Whether a method of the user's never leaves an operator to the other operand."""
    if not isinstance(old, Dyn) or old.cls is None:
        return False
    code = getattr(class_attribute(old.cls, name), "__code__", None)
    return code is not None and "NotImplemented" not in code.co_names


def method_in_place(c: Capture, old: Value, name: str, node: ast.AugAssign, value: Value) -> Value:
    """A change in place of what may be changed: an op on the object, decided when it runs."""
    base = c.dyn(old)
    home = c.home_of(base)
    assert home is not None
    if (elements := elements_home(c, value)) is not None:
        c.order.merge(home.field(ELEMENTS), elements)
    if base.cls not in (list, set):
        join_keys(c, home)
    homes = c.reached(base)
    after, linked = c.chain(homes, write=True)
    whole = c.read_whole(value, keeps=True)
    op: Any = orch.MethodOp(base.ssa, name, [whole], after=after, token=linked)
    c.add(op)
    c.place(homes, op, linked, write=True)
    return Dyn(op.results[0], base.cls, home)
