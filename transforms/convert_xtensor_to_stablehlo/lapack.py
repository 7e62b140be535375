"""Lowering of the ops on matrices for CPUs: calls of LAPACK, as JAX makes them.

A table says for each op which routine computes it: its name, what it takes and gives in the
notation of signatures, its parameters, and which results share an operand's memory. The calling
convention is that of the handlers that come with jaxlib: matrices are column-major, batches are in
front, and where a routine may fail the last result is its `info`, a number for each matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import nan
from typing import Any, TypeAlias

from xdsl.dialects.builtin import (
    ArrayAttr,
    BoolAttr,
    BytesAttr,
    ComplexType,
    DenseIntOrFPElementsAttr,
    DictionaryAttr,
    IndexType,
    IntAttr,
    IntegerAttr,
    IntegerType,
    Signedness,
    StringAttr,
    TensorType,
    f32,
    f64,
    i1,
    i32,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.exceptions import DiagnosticException

from xcs.dialects import xtensor
from xcs.dialects.creation import create_op
from xcs.dialects.sdy import batch_rule
from xcs.dialects.stablehlo import elementwise, generation
from xcs.dialects.stablehlo.attributes import ComparisonDirection, OutputOperandAliasAttr, dims_attr
from xcs.dialects.stablehlo.chlo import ConjOp
from xcs.dialects.stablehlo.library import CustomCallOp
from xcs.dialects.xtensor import tensor_type
from xcs.dialects.xtensor.signature import parse_signature
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Emitter,
    Rule,
    Values,
    int_attr,
    type_of,
)
from xcs.transforms.convert_xtensor_to_stablehlo.library import solve_triangular

LETTERS: Mapping[Attribute, str] = {
    f32: "s",
    f64: "d",
    ComplexType(f32): "c",
    ComplexType(f64): "z",
}
"""The first letter of a routine's name, by the type of elements."""

COMPLEX_NAN = complex(nan, nan)

Parameters: TypeAlias = Callable[[Any], Mapping[str, Attribute]]
Selection: TypeAlias = Callable[[Emitter, Any, Values], Values]

UI8 = IntegerType(8, Signedness.UNSIGNED)


@cache
def letter(value: str) -> Attribute:
    """A parameter of one letter."""
    return IntegerAttr(ord(value), UI8)


def no_parameters(op: Operation) -> Mapping[str, Attribute]:
    return {}


def leading(emit: Emitter, op: Operation, values: Values) -> Values:
    """As many values as the op has results."""
    return values[: len(op.results)]


@dataclass(frozen=True)
class Routine:
    """A LAPACK routine, and what of its results an op gives."""

    name: str
    """Without the letter of the element type; after a slash the name for complex elements."""
    signature: str
    complex_signature: str = ""
    """Where it differs for complex elements."""
    overwrites: Mapping[int, int] | None = None
    """The result that has an operand's memory, by operand; by default the first has the first's."""
    parameters: Parameters = no_parameters
    gives: Selection = leading
    """What the op gives, of the routine's results but for `info`."""

    @property
    def may_fail(self) -> bool:
        return self.signature.endswith(",():i32")

    def call(self, emit: Emitter, op: Operation, operands: Sequence[SSAValue]) -> Values:
        """Make the call; give all that the routine gives."""
        types = [type_of(value) for value in operands]
        element = types[0].element_type
        is_complex = isinstance(element, ComplexType)
        name, _, complex_name = self.name.partition("/")
        if element not in LETTERS:
            raise DiagnosticException(f"{op.name}: LAPACK has no routine for {element}")
        text = (is_complex and self.complex_signature) or self.signature
        results = parse_signature(text).result_types(types)
        target = f"lapack_{LETTERS[element]}{(is_complex and complex_name) or name}_ffi"
        aliases = {0: 0} if self.overwrites is None else self.overwrites
        return call_handler(emit, target, operands, results, self.parameters(op), aliases)

    def lower(self, emit: Emitter, op: Operation, *operands: SSAValue) -> Values:
        """Make the call; give the op's results, which are NaN where the routine failed."""
        values = self.call(emit, op, operands)
        if not self.may_fail:
            return self.gives(emit, op, values)
        *values, info = values
        given = self.gives(emit, op, values)
        ok = emit.compare(ComparisonDirection.EQ, info, emit.full_like(0, info))
        return [nan_where_failed(emit, ok, value) for value in given]


def call_handler(
    emit: Emitter,
    target: str,
    operands: Sequence[SSAValue],
    results: Sequence[TensorType],
    parameters: Mapping[str, Attribute],
    overwrites: Mapping[int, int],
) -> Values:
    """Call a handler that comes with jaxlib on batches of matrices."""
    types = [type_of(value) for value in operands]
    rank = max(tensor.get_num_dims() for tensor in types)
    call = create_op(
        CustomCallOp,
        operands,
        results,
        {
            "call_target_name": StringAttr(target),
            "backend_config": StringAttr(""),
            "operand_layouts": _layouts(types, rank),
            "result_layouts": _layouts(results, rank),
            "output_operand_aliases": ArrayAttr(
                # A result counts as one of a tuple only if there are several.
                OutputOperandAliasAttr(
                    dims_attr((result,) if len(results) > 1 else ()),
                    IntAttr(operand),
                    dims_attr(()),
                )
                for operand, result in overwrites.items()
            ),
        },
        emit.location,
    )
    call.attributes["mhlo.backend_config"] = DictionaryAttr(parameters)
    call.attributes["mhlo.frontend_attributes"] = DictionaryAttr(
        {"num_batch_dims": StringAttr(str(rank - 2))}
    )
    call.attributes["sdy.sharding_rule"] = batch_rule(rank - 2, types, results)
    emit.ops.append(call)
    return call.results


def _layouts(types: Sequence[TensorType], matrix_rank: int) -> Attribute:
    ranks = (tensor.get_num_dims() for tensor in types)
    return ArrayAttr(_layout(rank, rank == matrix_rank) for rank in ranks)


@cache
def _layout(rank: int, column_major: bool) -> DenseIntOrFPElementsAttr:
    """The order of dimensions in memory, from the one whose elements are next to each other."""
    order = list(reversed(range(rank)))
    if column_major:
        order[0], order[1] = order[1], order[0]
    index = IndexType()
    data = BytesAttr(index.pack(order))
    return DenseIntOrFPElementsAttr(TensorType(index, (rank,)), data)  # type: ignore[arg-type]


def nan_where_failed(emit: Emitter, ok: SSAValue, value: SSAValue) -> SSAValue:
    """The value, but all NaN for each element of the batch that is not ok."""
    batch, tensor = type_of(ok).get_shape(), type_of(value)
    rank = tensor.get_num_dims()
    expanded = tensor_type((*batch, *(1,) * (rank - len(batch))), i1)
    predicate = emit.broadcast(ok, expanded, tuple(range(len(batch))))
    is_complex = isinstance(tensor.element_type, ComplexType)
    failed = emit.full_like(COMPLEX_NAN if is_complex else nan, value)
    everywhere = tensor_type(tensor.get_shape(), i1)
    return emit.select(emit.broadcast(predicate, everywhere, tuple(range(rank))), value, failed)


# --- The routines ---------------------------------------------------------------------------------


def _triangle(op: Any) -> Mapping[str, Attribute]:
    return {"uplo": letter("L" if op.lower else "U")}


def _vectors(flag: Attribute | None) -> Attribute:
    return letter("V" if flag else "N")


def _svd_mode(op: xtensor.SvdOp) -> Mapping[str, Attribute]:
    if op.compute_uv is None:
        return {"mode": letter("N")}
    return {"mode": letter("S" if op.full_matrices is None else "A")}


def _trsm_parameters(op: xtensor.TriangularSolveOp) -> Mapping[str, Attribute]:
    transposed = "C" if op.conjugate_a else "T"
    return {
        "side": letter("L" if op.left_side else "R"),
        "uplo": letter("L" if op.lower else "U"),
        "trans_x": letter(transposed if op.transpose_a else "N"),
        "diag": letter("U" if op.unit_diagonal else "N"),
    }


def _hessenberg_parameters(op: xtensor.HessenbergOp) -> Mapping[str, Attribute]:
    size = type_of(op.inputs[0]).get_shape()[-1]
    return {"low": IntegerAttr(1, i32), "high": IntegerAttr(size, i32)}


def _asked_for(emit: Emitter, op: xtensor.EigOp, values: Values) -> Values:
    """The eigenvalues, of which LAPACK gives two parts for real matrices, and the eigenvectors."""
    *parts, left, right = values
    if len(parts) == 2:
        eigenvalues = tensor_type(type_of(parts[0]).get_shape(), type_of(left).element_type)
        parts = [emit.one(elementwise.ComplexOp, parts, eigenvalues)]
    if op.compute_left_eigenvectors:
        parts.append(left)
    if op.compute_right_eigenvectors:
        parts.append(right)
    return parts


ROUTINES: Mapping[type[Operation], Routine] = {
    xtensor.CholeskyOp: Routine(
        "potrf", "(n,n)->(n,n),():i32", parameters=lambda op: {"uplo": letter("L")}
    ),
    xtensor.EigOp: Routine(
        "geev",
        "(n,n)->(n),(n),(n,n):complex,(n,n):complex,():i32",
        complex_signature="(n,n)->(n),(n,n),(n,n),():i32",
        overwrites={},
        parameters=lambda op: {
            "compute_left": _vectors(op.compute_left_eigenvectors),
            "compute_right": _vectors(op.compute_right_eigenvectors),
        },
        gives=_asked_for,
    ),
    xtensor.EighOp: Routine(
        "syevd/heevd",
        "(n,n)->(n,n),(n):real,():i32",
        parameters=lambda op: {"mode": letter("V"), **_triangle(op)},
    ),
    xtensor.Geqp3Op: Routine("geqp3", "(m,n),(n):i32->(m,n),(n):i32,(r)", overwrites={0: 0, 1: 1}),
    xtensor.GeqrfOp: Routine("geqrf", "(m,n)->(m,n),(r)"),
    xtensor.HessenbergOp: Routine(
        "gehrd", "(n,n)->(n,n),(n-1),():i32", parameters=_hessenberg_parameters
    ),
    xtensor.HouseholderProductOp: Routine("orgqr/ungqr", "(m,n),(k)->(m,n)"),
    xtensor.OrmqrOp: Routine(
        "ormqr/unmqr",
        "(m,n),(k),(p,q)->(p,q)",
        overwrites={2: 0},
        parameters=lambda op: {
            "left": BoolAttr.from_bool(op.left is not None),
            "transpose": BoolAttr.from_bool(op.transpose is not None),
        },
    ),
    xtensor.SchurOp: Routine(
        "gees",
        "(n,n)->(n,n),(n,n),(n),(n),():i32,():i32",
        complex_signature="(n,n)->(n,n),(n,n),(n),():i32,():i32",
        parameters=lambda op: {"mode": _vectors(op.compute_schur_vectors), "sort": letter("N")},
    ),
    xtensor.TridiagonalOp: Routine(
        "sytrd/hetrd",
        "(n,n)->(n,n),(n):real,(n-1):real,(n-1),():i32",
        parameters=_triangle,
    ),
}
"""The routine of each op that one routine computes."""

LU = Routine("getrf", "(m,n)->(m,n),(r):i32,():i32")

SVD: Mapping[tuple[str, bool], Routine] = {
    (name, is_full): Routine(
        name,
        f"(m,n)->(m,n),(r):real,{vectors},():i32",
        parameters=_svd_mode,
        gives=lambda emit, op, values: values[1 : 1 + len(op.results)],
    )
    for name in ("gesdd", "gesvd")
    for is_full, vectors in ((True, "(m,m),(n,n)"), (False, "(m,r),(r,n)"))
}
"""The routines for singular values, and whether there are enough vectors for square matrices."""

TRIANGULAR_SOLVE = Routine(
    "trsm", "(n,n),(p,q)->(p,q)", overwrites={1: 0}, parameters=_trsm_parameters
)
TRIDIAGONAL_SOLVE = Routine(
    "gtsv",
    "(n),(n),(n),(n,p)->(n),(n),(n),(n,p),():i32",
    overwrites={0: 0, 1: 1, 2: 2, 3: 3},
    gives=lambda emit, op, values: values[3:],
)


# --- Ops that take more than one routine ----------------------------------------------------------


def _lower_lu(emit: Emitter, op: xtensor.LuOp, matrix: SSAValue) -> Values:
    """A singular matrix has factors as well: `info` then says where, and is not negative."""
    factors, pivots, info = LU.call(emit, op, (matrix,))
    from_zero = emit.same(elementwise.SubtractOp, pivots, emit.full_like(1, pivots))
    ok = emit.compare(ComparisonDirection.GE, info, emit.full_like(0, info))
    return nan_where_failed(emit, ok, factors), from_zero


def _lower_svd(emit: Emitter, op: xtensor.SvdOp, matrix: SSAValue) -> Values:
    if 0 in type_of(matrix).get_shape()[-2:]:
        # LAPACK takes no empty matrix: there are no singular values, and any vectors will do.
        return [identity(emit, type_of(result)) for result in op.results]
    is_qr = op.algorithm is not None and op.algorithm.data is xtensor.SvdAlgorithm.QR
    routine = SVD["gesvd" if is_qr else "gesdd", op.full_matrices is not None]
    return routine.lower(emit, op, matrix)


def identity(emit: Emitter, result: TensorType) -> SSAValue:
    """A batch of matrices with ones on the diagonal, or what has no elements."""
    shape = result.get_shape()
    if 0 in shape:
        return emit.broadcast(emit.scalar(result.element_type, 0), result, ())
    rank = len(shape)
    indices = tensor_type(shape, i32)
    row, column = (
        emit.one(generation.IotaOp, (), indices, {"iota_dimension": int_attr(axis)})
        for axis in (rank - 2, rank - 1)
    )
    is_diagonal = emit.compare(ComparisonDirection.EQ, row, column)
    return emit.one(elementwise.ConvertOp, (is_diagonal,), result)


def _lower_triangular_solve(
    emit: Emitter, op: xtensor.TriangularSolveOp, matrix: SSAValue, right: SSAValue
) -> Values:
    if type_of(matrix).element_type not in LETTERS:
        return solve_triangular(emit, op, matrix, right)
    if op.conjugate_a and not op.transpose_a:
        matrix = emit.same(ConjOp, matrix)
    return TRIANGULAR_SOLVE.lower(emit, op, matrix, right)


def _lower_tridiagonal_solve(
    emit: Emitter, op: xtensor.TridiagonalSolveOp, *operands: SSAValue
) -> Values:
    if op.perturb_singular is None:
        return TRIDIAGONAL_SOLVE.lower(emit, op, *operands)
    types = [type_of(result) for result in op.results]
    return call_handler(emit, "tridiagonal_solve_perturbed_ffi", operands, types, {}, {})


RULES: dict[type[Operation], Rule] = {
    **{op: routine.lower for op, routine in ROUTINES.items()},
    xtensor.LuOp: _lower_lu,
    xtensor.SvdOp: _lower_svd,
    xtensor.TriangularSolveOp: _lower_triangular_solve,
    xtensor.TridiagonalSolveOp: _lower_tridiagonal_solve,
}
