"""Rules as PDL, which xDSL's own passes run: `apply-pdl`, and `apply-pdl-interp` after conversion.

PDL has no computed attributes, conditions or types of right-hand sides. They are native constraints
here, some of which give results; `NATIVE` holds what they call, by name. Rules about views that are
not one op by its definition, and those with function variables or that are procedures, are not
expressible. PDL knows no costs either: a pattern is applied wherever it matches, and matches
operands of commutative ops in the order in which the rule is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from xdsl.context import Context
from xdsl.dialects import pdl
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    impl_external,
    register_impls,
)
from xdsl.interpreters.pdl_interp import PDLInterpFunctions
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.pattern_rewriter import PatternRewriteWalker
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.test_value import create_ssa_value

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import same
from xcs.transforms.rules.rule import Equation, Rule
from xcs.transforms.rules.terms import Apply, Attr, Computed, Term, Variable
from xcs.transforms.rules.views import VIEWS, Emitter, View, python_value


class NotExpressible(Exception):
    """A rule has no form in PDL; the message says why."""


NATIVE: dict[str, Callable[[Sequence[Any]], tuple[bool, tuple[Any, ...]]]] = {}
"""What the native constraints of emitted patterns call: whether one holds, and its results."""

_FROM_RESULT: Mapping[str, Callable[[Any], Any]] = {
    "shape": lambda of: of.get_shape(),
    "element": lambda of: of.element_type,
}
"""Attributes of views that are read off an op's result type."""


def pdl_module(rules: Iterable[Rule]) -> tuple[ModuleOp, dict[str, str]]:
    """Return a module of one pattern for each rule, and why the others are left out, by name."""
    patterns: list[Operation] = []
    left_out: dict[str, str] = {}
    for rule in rules:
        try:
            patterns.append(pdl_pattern(rule))
        except NotExpressible as reason:
            left_out[rule.name] = str(reason)
    return ModuleOp(patterns), left_out


def pdl_pattern(rule: Rule) -> pdl.PatternOp:
    """Return the pattern of a rule.

    Raises:
        NotExpressible: if PDL has no form for it.
    """
    if not isinstance(rule, Equation):
        raise NotExpressible("it is a procedure")
    return _Pattern(rule).made


class _Pattern:
    """Makes one pattern."""

    def __init__(self, rule: Equation) -> None:
        self._rule = rule
        self._block = Block()
        self._values: dict[Any, SSAValue] = {}
        self._types: dict[Any, SSAValue] = {}
        self._symbol = rule.name.replace(" ", "_").replace(",", "")
        self._natives = 0
        root = self._matched(rule.rewrite.left)
        for condition in rule.where:
            self._native(condition.reason, condition.function, condition.arguments, None)
        body = Block()
        result = self._result(rule.rewrite.right, body, self._types[rule.rewrite.left])
        body.add_op(pdl.ReplaceOp(root, None, [result]))
        self._block.add_op(pdl.RewriteOp(root, Region(body)))
        self.made = pdl.PatternOp(1, self._symbol, Region(self._block))

    def _add(self, op: Operation) -> SSAValue:
        self._block.add_op(op)
        return op.results[0]

    # --- Left-hand sides ----------------------------------------------------------------------

    def _matched(self, term: Term) -> SSAValue:
        """Match a term that is no variable; return the operation."""
        view = _plain(term)
        term = cast(Apply, term)
        operands = [self._operand(operand) for operand in term.operands]
        names, attributes = [], []
        shared = self._type_of_elementwise(view, term)
        result = self._add(pdl.TypeOp()) if shared is None else shared
        self._types[term] = result
        for name, attribute in zip(view.attributes, term.attributes, strict=True):
            if name in _FROM_RESULT:
                self._read_off(name, attribute, result)
            elif attribute is not None:
                names.append(StringAttr(name))
                attributes.append(self._attribute(attribute))
            else:
                raise NotExpressible(f"PDL cannot say that there is no {name}")
        return self._add(pdl.OperationOp(view.roots[0].name, names, operands, attributes, [result]))

    def _type_of_elementwise(self, view: View, term: Apply) -> SSAValue | None:
        """The one type of operands and result of most elementwise ops."""
        (root,) = view.roots
        if not issubclass(root, xtensor.UnaryOp | xtensor.BinaryOp):
            return None
        return self._types[term.operands[0]] if _keeps_type(root) else None

    def _operand(self, term: Term) -> SSAValue:
        if not isinstance(term, Variable):
            if term not in self._values:
                operation = self._matched(term)
                self._values[term] = self._add(pdl.ResultOp(0, operation))
            return self._values[term]
        if term not in self._values:
            self._types[term] = self._add(pdl.TypeOp())
            self._values[term] = self._add(pdl.OperandOp(self._types[term]))
        return self._values[term]

    def _attribute(self, attribute: Any) -> SSAValue:
        if isinstance(attribute, Attr):
            if attribute not in self._values:
                self._values[attribute] = self._add(pdl.AttributeOp())
            return self._values[attribute]
        return self._add(pdl.AttributeOp(_as_attribute(attribute)))

    def _read_off(self, name: str, attribute: Any, result: SSAValue) -> None:
        """An attribute that the result's type says; its variable stands for that type."""
        if not isinstance(attribute, Attr):
            raise NotExpressible(f"{name} is given")
        self._types[attribute] = result
        _READ[attribute] = _FROM_RESULT[name]

    # --- Computed -----------------------------------------------------------------------------

    def _native(
        self,
        what: str,
        function: Callable[..., Any],
        arguments: Sequence[Any],
        gives: Attribute | None,
    ) -> SSAValue | None:
        """Call a function on what the arguments stand for: a constraint, with a result or not."""
        self._natives += 1
        name = f"{self._symbol}.{self._natives}"
        leaves: list[Any] = []
        _collect(arguments, leaves)
        values = [self._types[v] if v in self._types else self._values[v] for v in leaves]
        if not values:
            raise NotExpressible("a native constraint needs an argument")

        def call(given: Sequence[Any]) -> tuple[bool, tuple[Any, ...]]:
            bound = {
                leaf: _READ.get(leaf, lambda v: v)(v) if leaf in self._types else python_value(v)
                for leaf, v in zip(leaves, given, strict=True)
            }
            try:
                found = function(*(_evaluated(argument, bound) for argument in arguments))
            except VerifyException:
                return False, (None,) if gives is not None else ()
            if gives is None:
                return bool(found), ()
            return True, (found if isinstance(found, Attribute) else _as_attribute(found),)

        NATIVE[name] = call
        op = pdl.ApplyNativeConstraintOp(name, values, [] if gives is None else [gives])
        self._block.add_op(op)
        return op.results[0] if gives is not None else None

    # --- Right-hand sides ---------------------------------------------------------------------

    def _result(self, term: Term, body: Block, wanted: SSAValue | None) -> SSAValue:
        if isinstance(term, Variable):
            return self._values[term]
        view = _plain(term)
        term = cast(Apply, term)
        operands = [self._result(operand, body, None) for operand in term.operands]
        names, attributes = [], []
        for name, attribute in zip(view.attributes, term.attributes, strict=True):
            if name in _FROM_RESULT:
                continue
            if attribute is None:
                continue
            names.append(StringAttr(name))
            if isinstance(attribute, Computed):
                made = self._native(name, attribute.function, attribute.arguments, _ATTRIBUTE)
                assert made is not None
                self._values[attribute] = made
                attributes.append(made)
            else:
                attributes.append(self._attribute(attribute))
        if wanted is None:
            wanted = self._native(
                "type", _type_of(view), (*map(_TypeOf, term.operands), *term.attributes), _TYPE
            )
            assert wanted is not None
        self._types[term] = wanted
        op = pdl.OperationOp(view.roots[0].name, names, operands, attributes, [wanted])
        body.add_op(op)
        result = pdl.ResultOp(0, op.results[0])
        body.add_op(result)
        return result.results[0]


class _TypeOf:
    """The type of a term, as an argument of a native function."""

    def __init__(self, term: Term) -> None:
        self.term = term


_READ: dict[Attr, Callable[[Any], Any]] = {}
_ATTRIBUTE, _TYPE = pdl.AttributeType(), pdl.TypeType()


def _collect(arguments: Iterable[Any], leaves: list[Any]) -> None:
    """The variables, and the types of terms, that arguments are computed from."""
    for argument in arguments:
        match argument:
            case Variable() | Attr():
                found = argument
            case _TypeOf():
                found = argument.term
            case Computed():
                _collect(argument.arguments, leaves)
                continue
            case _:
                continue
        if found not in leaves:
            leaves.append(found)


def _evaluated(argument: Any, bound: Mapping[Any, Any]) -> Any:
    match argument:
        case Variable() | Attr():
            return bound[argument]
        case _TypeOf():
            return bound[argument.term]
        case Computed():
            return argument.function(*(_evaluated(part, bound) for part in argument.arguments))
        case _:
            return argument


def _keeps_type(op: type[Operation]) -> bool:
    return cast(Any, op).result_element is same


def _plain(term: Term) -> View:
    """The view of a term that is one op by its definition."""
    if not isinstance(term, Apply):
        raise NotExpressible("it has a function variable")
    view = term.view
    generated = VIEWS[view.name] is view and view.name in _BY_DEFINITION
    if len(view.roots) != 1 or not generated:
        raise NotExpressible(f"{view.name} is not one op by its definition")
    return view


_BY_DEFINITION = frozenset(op.name.removeprefix("xtensor.") for op in xtensor.OPERATIONS)


def _type_of(view: View) -> Callable[..., Attribute]:
    """A function from operand types and attributes to the type of what a view builds."""

    def infer(*arguments: Any) -> Attribute:
        operands = [create_ssa_value(of) for of in arguments[: view.operands]]
        emit = Emitter(xtensor.YieldOp())
        assert view.build is not None
        found = view.build(emit, operands, arguments[view.operands :]).type
        emit.discard()
        return found

    return infer


def _as_attribute(value: Any) -> Attribute:
    if isinstance(value, tuple):
        return xtensor.as_dims(value)
    return xtensor.as_int(value) if isinstance(value, int) else value


# --- Running --------------------------------------------------------------------------------------


def apply_by_pdl(rules: Sequence[Rule], module: ModuleOp, context: Context) -> None:
    """Apply rules by xDSL's own machinery: PDL, converted to pdl_interp, and interpreted.

    Raises:
        NotExpressible: for a rule that PDL has no form for.
    """
    from xdsl.transforms.apply_pdl_interp import PDLInterpRewritePattern
    from xdsl.transforms.convert_pdl_to_pdl_interp.conversion import ConvertPDLToPDLInterpPass

    patterns = ModuleOp([pdl_pattern(rule) for rule in rules])
    ConvertPDLToPDLInterpPass().apply(context, patterns)
    interpreter = Interpreter(patterns)
    functions = PDLInterpFunctions()
    PDLInterpFunctions.set_ctx(interpreter, context)
    interpreter.register_implementations(functions)
    interpreter.register_implementations(_natives())
    (matcher,) = (
        op
        for op in patterns.walk()
        if op.name == "pdl_interp.func" and cast(Any, op).sym_name.data == "matcher"
    )
    walker = PatternRewriteWalker(
        PDLInterpRewritePattern(cast(Any, matcher), interpreter, functions)
    )
    walker.rewrite_module(module)


def _natives() -> InterpreterFunctions:
    """The native constraints of all patterns emitted so far, as xDSL's interpreter takes them."""

    def external(name: str) -> Any:
        def call(_: Any, interpreter: Interpreter, op: Operation, args: PythonValues) -> Any:
            return NATIVE[name](args)

        return impl_external(name)(call)

    members = {f"native_{number}": external(name) for number, name in enumerate(NATIVE)}
    return register_impls(type("Natives", (InterpreterFunctions,), members))()
