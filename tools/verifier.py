"""Verification that names the operation at fault, and that uses follow definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, Region, SSAValue
from xdsl.irdl.dominance import DominanceInfo
from xdsl.traits import SymbolOpInterface, SymbolTable
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.sdy import verify_annotations
from xcs.tools.diagnostics import (
    AnySpan,
    LocatedVerifyException,
    file_location,
    summarize,
    underline,
)


def verify(module: ModuleOp, spans: Mapping[Operation, AnySpan]) -> None:
    """Verify every operation of a module, and that values are defined before they are used.

    Raises:
        LocatedVerifyException: at the first operation at fault, in the order of verification.
    """
    try:
        module.verify()
    except Exception as error:
        op, cause = next(_faults(module), (module, error))
        raise _located(op, cause, spans) from cause
    for op in module.walk():
        try:
            verify_annotations(op)
        except VerifyException as error:
            raise _located(op, error, spans) from error
        if isinstance(op, func.FuncOp):
            for user, message in _undominated_uses(op.body, set()):
                raise _located(user, VerifyException(message), spans)


def _faults(module: ModuleOp) -> Iterator[tuple[Operation, Exception]]:
    """Yield the operations whose own verifiers fail, nested ones first."""
    for op in module.walk(region_first=True):
        try:
            for block in (block for region in op.regions for block in region.blocks):
                if block.is_empty:
                    block.verify()
            op.verify(verify_nested_ops=False)
        except Exception as error:
            yield op, error


def _undominated_uses(region: Region, visible: set[SSAValue]) -> Iterator[tuple[Operation, str]]:
    """Yield the operations that use a value which is not defined on every path to them.

    xDSL's verifiers leave this out. Functions need it; the bodies of modules may be cyclic.
    """
    if (entry := region.first_block) is None:
        return
    dominance = DominanceInfo(region) if len(region.blocks) > 1 else None
    for block in region.blocks:
        scope = set(visible)
        if dominance is not None:
            if not dominance.dominates(entry, block):
                continue  # Never reached, so no path is missing a definition.
            for other in region.blocks:
                if dominance.strictly_dominates(other, block):
                    scope.update(other.args, *(op.results for op in other.ops))
        scope.update(block.args)
        for op in block.ops:
            for index, operand in enumerate(op.operands):
                if operand not in scope:
                    yield op, f"operand #{index} does not dominate this use"
            for nested in op.regions:
                yield from _undominated_uses(nested, scope)
            scope.update(op.results)


def _located(
    op: Operation, error: Exception, spans: Mapping[Operation, AnySpan]
) -> LocatedVerifyException:
    if isinstance(error, VerifyException):
        op = _redefined_in(op) or op
        message = f"Operation does not verify: {error}"
    elif isinstance(error, RecursionError):
        message = "Operation does not verify: its regions are nested too deeply"
    else:
        message = f"the verifier of {op.name} failed: {type(error).__name__}: {error}"
    return located(op, message, spans)


def _redefined_in(table: Operation) -> Operation | None:
    """The second op of a name in a symbol table: xDSL says that it is there, but not where."""
    if not table.has_trait(SymbolTable):
        return None
    seen: set[str] = set()
    for op in table.regions[0].block.ops if table.regions[0].blocks else ():
        symbol = op.get_trait(SymbolOpInterface)
        name = None if symbol is None else symbol.get_sym_attr_name(op)
        if name is not None and name.data in seen:
            return op
        seen.update(() if name is None else (name.data,))
    return None


def located(
    op: Operation, message: str, spans: Mapping[Operation, AnySpan]
) -> LocatedVerifyException:
    """The message about an op, as one that points at it."""
    if (span := spans.get(op)) is not None:
        return LocatedVerifyException(span.get_location(), message, underline(span))
    return LocatedVerifyException(location_of(op), message, summarize(op))


def location_of(op: Operation) -> str:
    """Return ``file:line:column`` of an operation, or of the nearest one around it that has one."""
    current: Operation | None = op
    while current is not None:
        if (location := file_location(current.location)) is not None:
            line, column = location.line.data, location.column.data
            return f"{location.filename.data}:{line}:{column}"
        current = current.parent_op()
    return "<unknown>"
