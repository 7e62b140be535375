"""The importer: a walk over the equations of a jaxpr, and of those that it calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import jax.extend.core as jex
import numpy as np
from xdsl.dialects.builtin import (
    BytesAttr,
    DenseIntOrFPElementsAttr,
    LocationAttr,
    StringAttr,
    TensorType,
)
from xdsl.ir import Attribute, Operation, Region, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.creation import create_op
from xcs.dialects.xtensor import dims_attr, tensor_type
from xcs.frontend.jaxpr_import.locations import UNKNOWN, location_of
from xcs.frontend.jaxpr_import.registry import (
    INLINED,
    RULES,
    TAKES_KEYS,
    has_shardings,
)
from xcs.frontend.jaxpr_import.single_primitive import stablehlo_of
from xcs.frontend.jaxpr_import.types import (
    array_type,
    aval_to_type,
    has_keys,
    is_literal,
)


class Importer:
    """Makes ops of the equations of a jaxpr, and of those that it calls, in order."""

    def __init__(self, constants: dict[int, SSAValue]) -> None:
        self.ops: list[Operation] = []
        self.location: LocationAttr = UNKNOWN
        # The equations of a layer that is called in a loop have equal tracebacks each time.
        self._locations: dict[Any, LocationAttr] = {}
        self._array_constants = constants
        self._constants: dict[tuple[Any, bytes], SSAValue] = {}

    def emit(
        self,
        op: type[Operation],
        operands: Sequence[SSAValue],
        results: Sequence[TensorType],
        properties: Mapping[str, Attribute] = {},
        regions: Sequence[Region] = (),
    ) -> Sequence[SSAValue]:
        """Append an op, unchecked: the equation has passed JAX's own type rules."""
        created = create_op(op, operands, results, properties, self.location, regions)
        self.ops.append(created)
        return created.results

    def inner(self) -> Importer:
        """An importer for a region of the next op: it sees this one's constants, but not back."""
        inner = Importer(self._array_constants)
        inner.location = self.location
        inner._locations = self._locations
        inner._constants = dict(self._constants)
        return inner

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

    def constant(self, value: np.ndarray) -> SSAValue:
        """Return a scalar constant, bit for bit."""
        data = value.tobytes()
        key = (value.dtype, data)
        if (known := self._constants.get(key)) is None:
            result = array_type(value.shape, value.dtype)
            if value.dtype == np.bool_:
                data = (-value.view(np.int8)).tobytes()  # xDSL sets all bits of true
            attribute = DenseIntOrFPElementsAttr(cast(Any, result), BytesAttr(data))
            (known,) = self.emit(xtensor.ConstantOp, [], [result], {"value": attribute})
            self._constants[key] = known
        return known

    def closed_constant(self, value: Any) -> SSAValue:
        """Return a value that a jaxpr closes over: a kernel argument, or a scalar constant."""
        if (known := self._array_constants.get(id(value))) is not None:
            return known
        return self.constant(np.asarray(value))

    def run(
        self,
        jaxpr: Any,
        args: Sequence[SSAValue],
        consts: Sequence[SSAValue],
        used: Sequence[bool] | None = None,
    ) -> list[SSAValue | None]:
        """Append the equations of an open jaxpr that its used results need; return those results.

        JAX drops dead equations before it lowers, too: differentiation leaves many behind.
        """
        live = live_variables(jaxpr, used)
        env: dict[Any, SSAValue] = dict(zip(jaxpr.constvars, consts, strict=True))
        env.update(zip(jaxpr.invars, args, strict=True))
        for eqn in jaxpr.eqns:
            outputs = [v for v in eqn.outvars if v in live]
            if outputs:
                self.location = self.locate(eqn.source_info.traceback)
                self.equation(eqn, env, outputs)
        flags = used or [True] * len(jaxpr.outvars)
        return [
            self.read(env, atom) if keep else None
            for atom, keep in zip(jaxpr.outvars, flags, strict=True)
        ]

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

    def equation(self, eqn: Any, env: dict[Any, SSAValue], outputs: Sequence[Any]) -> None:
        """Append one equation by its rule, or through JAX; set the variables ``outputs``."""
        name = eqn.primitive.name
        values: Sequence[SSAValue | None] | None = None
        if (param := INLINED.get(name)) is not None and not has_shardings(eqn.params):
            values = self.call(eqn, env, eqn.params[param], outputs)
        elif (rule := RULES.get(name)) is not None and (name in TAKES_KEYS or not has_keys(eqn)):
            operands = [self.read(env, atom) for atom in eqn.invars]
            values = rule(self, eqn, operands, [aval_to_type(v.aval) for v in eqn.outvars])
        if values is None:
            env.update(zip(outputs, self.primitive(eqn, env, outputs), strict=True))
            return
        for v, value in zip(eqn.outvars, values, strict=True):
            if value is not None:
                env[v] = value

    def call(
        self, eqn: Any, env: dict[Any, SSAValue], callee: Any, outputs: Sequence[Any]
    ) -> list[SSAValue | None]:
        """Append the equations of the jaxpr that an equation calls."""
        args = [self.read(env, atom) for atom in eqn.invars]
        used = [v in outputs for v in eqn.outvars]
        if not isinstance(callee, jex.ClosedJaxpr):
            return self.run(callee, args, (), used)
        consts = [self.closed_constant(value) for value in callee.consts]
        return self.run(callee.jaxpr, args, consts, used)

    def primitive(
        self, eqn: Any, env: dict[Any, SSAValue], outputs: Sequence[Any]
    ) -> Sequence[SSAValue]:
        """Append an equation as the StableHLO that JAX lowers it to; literals stay inside."""
        inputs = list(dict.fromkeys(v for v in eqn.invars if not is_literal(v)))
        return self.emit(
            xtensor.PrimitiveOp,
            [env[v] for v in inputs],
            [aval_to_type(v.aval) for v in outputs],
            {
                "name": StringAttr(eqn.primitive.name),
                "stablehlo": StringAttr(stablehlo_of(eqn, inputs, outputs)),
            },
        )


def live_variables(jaxpr: Any, used: Sequence[bool] | None) -> set[Any]:
    """Return the variables that the used results of a jaxpr depend on."""
    flags = used or [True] * len(jaxpr.outvars)
    live = {v for v, keep in zip(jaxpr.outvars, flags, strict=True) if keep and not is_literal(v)}
    for eqn in reversed(jaxpr.eqns):
        if not live.isdisjoint(eqn.outvars):
            live.update(v for v in eqn.invars if not is_literal(v))
    return live
