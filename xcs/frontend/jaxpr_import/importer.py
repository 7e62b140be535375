"""The importer: a walk over the equations of a jaxpr, and of those that it calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import jax.extend.core as jex
import numpy as np
from xdsl.dialects import func
from xdsl.dialects.builtin import (
    BytesAttr,
    DenseIntOrFPElementsAttr,
    FixedBitwidthType,
    LocationAttr,
    StringAttr,
    SymbolRefAttr,
    TensorType,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.creation import create_op
from xcs.dialects.xtensor import dims_attr, tensor_type
from xcs.frontend.jaxpr_import.functions import Functions
from xcs.frontend.jaxpr_import.locations import UNKNOWN, location_of
from xcs.frontend.jaxpr_import.registry import (
    INLINED,
    KEY_RULES,
    RULES,
    TAKES_KEYS,
    Values,
    has_shardings,
)
from xcs.frontend.jaxpr_import.settings import settings_of
from xcs.frontend.jaxpr_import.single_primitive import stablehlo_of
from xcs.frontend.jaxpr_import.types import (
    UnsupportedJaxpr,
    array_type,
    aval_to_type,
    has_keys,
    is_literal,
)


class Importer:
    """Makes ops of the equations of a jaxpr, and of those that it calls, in order."""

    def __init__(self, constants: dict[int, SSAValue], functions: Functions | None = None) -> None:
        self.functions = functions
        self.ops: list[Operation] = []
        self.location: LocationAttr = UNKNOWN
        # The equations of a layer that is called in a loop have equal tracebacks each time.
        self._locations: dict[Any, LocationAttr] = {}
        self._array_constants = constants
        self._constants: dict[tuple[Any, tuple[int, ...], bytes], SSAValue] = {}

    def emit(
        self,
        op: type[Operation],
        operands: Values,
        results: Sequence[TensorType],
        properties: Mapping[str, Attribute] = {},
        regions: Sequence[Region] = (),
    ) -> Values:
        """Append an op, unchecked: the equation has passed JAX's own type rules."""
        created = create_op(op, operands, results, properties, self.location, regions)
        self.ops.append(created)
        return created.results

    def inner(self) -> Importer:
        """An importer for a region of the next op, which makes its own scalar constants."""
        inner = Importer(self._array_constants, self.functions)
        inner.location = self.location
        inner._locations = self._locations
        return inner

    def region(
        self,
        arguments: Sequence[TensorType],
        body: Callable[[Importer, Values], Values],
        *,
        isolated: bool = False,
    ) -> Region:
        """Return a region of arguments of these types, which yields what `body` makes of them.

        An isolated one does not use the arrays that are operands of the whole program either.
        """
        block = Block(arg_types=arguments)
        inner = self.inner()
        if isolated:
            inner._array_constants = {}
            inner.functions = None
        try:
            inner.emit(xtensor.YieldOp, body(inner, block.args), ())
        except UnsupportedJaxpr:
            inner.discard()  # leaves no uses of values from outside
            raise
        block.add_ops(inner.ops)
        return Region(block)

    def discard(self) -> None:
        """Erase all ops made so far."""
        for op in reversed(self.ops):
            op.erase()

    def broadcast(self, value: SSAValue, shape: tuple[int, ...]) -> SSAValue:
        """Return the value in the given shape, by the rule of lax's elementwise primitives."""
        source = cast(TensorType, value.type)
        if source.get_shape() == shape:
            return value
        # Each use gets a broadcast of its own, as in JAX's lowering: where one is shared, XLA fuses
        # differently, and gradients come out other in the last bit.
        (result,) = self.emit(
            xtensor.BroadcastInDimOp,
            [value],
            [tensor_type(shape, source.element_type)],
            {"broadcast_dimensions": dims_attr(tuple(range(source.get_num_dims())))},
        )
        return result

    def convert(self, value: SSAValue, element: Attribute) -> SSAValue:
        """Return the value converted to an element type."""
        source = cast(TensorType, value.type)
        if source.element_type == element:
            return value
        converted = tensor_type(source.get_shape(), element)
        (result,) = self.emit(xtensor.ConvertElementTypeOp, [value], [converted])
        return result

    def constant(self, value: np.ndarray) -> SSAValue:
        """Return a constant, bit for bit."""
        data = value.tobytes()
        key = (value.dtype, value.shape, data)
        if (known := self._constants.get(key)) is None:
            result = array_type(value.shape, value.dtype)
            if value.dtype == np.bool_:
                data = (-value.view(np.int8)).tobytes()  # xDSL sets all bits of true
            attribute = DenseIntOrFPElementsAttr(cast(Any, result), BytesAttr(data))
            (known,) = self.emit(xtensor.ConstantOp, [], [result], {"value": attribute})
            self._constants[key] = known
        return known

    def zeros(self, result: TensorType) -> SSAValue:
        """Return a tensor whose bits are all zero."""
        element = cast(FixedBitwidthType, result.element_type)
        scalar = tensor_type((), result.element_type)
        data = BytesAttr(bytes(element.compile_time_size))
        attribute = DenseIntOrFPElementsAttr(cast(Any, scalar), data)
        (zero,) = self.emit(xtensor.ConstantOp, [], [scalar], {"value": attribute})
        return self.broadcast(zero, result.get_shape())

    def closed_constant(self, value: Any) -> SSAValue:
        """Return a value that a jaxpr closes over: a kernel argument, or a literal."""
        if (known := self._array_constants.get(id(value))) is not None:
            return known
        return self.constant(np.asarray(value))

    def run(self, jaxpr: Any, args: Values, consts: Values) -> list[SSAValue]:
        """Append the equations of an open jaxpr; return its results."""
        env: dict[Any, SSAValue] = dict(zip(jaxpr.constvars, consts, strict=True))
        env.update(zip(jaxpr.invars, args, strict=True))
        for eqn in jaxpr.eqns:
            self.location = self.locate(eqn.source_info.traceback)
            with settings_of(eqn):
                self.equation(eqn, env)
        return [self.read(env, atom) for atom in jaxpr.outvars]

    def run_closed(self, callee: Any, args: Values) -> list[SSAValue]:
        """Append the equations of a jaxpr, closed or not; return its results."""
        if not isinstance(callee, jex.ClosedJaxpr):
            return self.run(callee, args, ())
        consts = [self.closed_constant(value) for value in callee.consts]
        return self.run(callee.jaxpr, args, consts)

    def locate(self, traceback: Any) -> LocationAttr:
        """Return the location of a traceback."""
        if (known := self._locations.get(traceback)) is None:
            known = self._locations[traceback] = location_of(traceback)
        return known

    def read(self, env: dict[Any, SSAValue], atom: Any) -> SSAValue:
        """Return the value of a variable or a literal."""
        if is_literal(atom):
            return self.constant(np.asarray(atom.val, dtype=atom.aval.dtype))
        return env[atom]

    def equation(self, eqn: Any, env: dict[Any, SSAValue]) -> None:
        """Append one equation by its rule, or through JAX; set its variables."""
        name = eqn.primitive.name
        values: Values | None = None
        if (param := INLINED.get(name)) is not None and not has_shardings(eqn.params):
            operands = [self.read(env, v) for v in eqn.invars]
            values = self.call(eqn, operands) or self.run_closed(eqn.params[param], operands)
        else:
            rules = KEY_RULES if name not in TAKES_KEYS and has_keys(eqn) else RULES
            if (rule := rules.get(name)) is not None:
                operands = [self.read(env, atom) for atom in eqn.invars]
                values = rule(self, eqn, operands, [aval_to_type(v.aval) for v in eqn.outvars])
        if values is None:
            values = self.primitive(eqn, env)
        env.update(zip(eqn.outvars, values, strict=True))

    def call(self, eqn: Any, operands: Values) -> Values | None:
        """Append a call of a function; None where the callee is to be inlined."""
        if self.functions is None or eqn.primitive.name != "jit":
            return None
        if (function := self.functions.of(eqn, self)) is None:
            return None
        results = cast(list[TensorType], list(function.function_type.outputs))
        callee = SymbolRefAttr(function.sym_name.data)
        return self.emit(func.CallOp, operands, results, {"callee": callee})

    def primitive(self, eqn: Any, env: dict[Any, SSAValue]) -> Values:
        """Append an equation as the StableHLO that JAX lowers it to; literals stay inside."""
        inputs = list(dict.fromkeys(v for v in eqn.invars if not is_literal(v)))
        return self.emit(
            xtensor.PrimitiveOp,
            [env[v] for v in inputs],
            [aval_to_type(v.aval) for v in eqn.outvars],
            {
                "name": StringAttr(eqn.primitive.name),
                "stablehlo": StringAttr(stablehlo_of(eqn, inputs, eqn.outvars)),
            },
        )
