"""Library ops on matrices: factorisations, and solutions of equations.

An op works on each matrix of a batch: operands and results have the same leading dimensions. What
comes after these is written as a signature. Numbers are those that LAPACK gives for an argument; a
factorisation that fails gives NaN.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from typing import Any

from xdsl.dialects.builtin import FloatAttr, UnitAttr
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import (
    Attribute,
    Operation,
    OpResult,
    SpacedOpaqueSyntaxAttribute,
    SSAValue,
    SSAValues,
)
from xdsl.irdl import (
    ParsePropInAttrDict,
    irdl_attr_definition,
    opt_prop_def,
    prop_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from xcs.dialects.xtensor.base import (
    TENSOR,
    CompositeOp,
    Kind,
    LaxOp,
    Library,
    check_result_types,
    kind_of,
    type_of,
)
from xcs.dialects.xtensor.signature import Signature, parse_signature


class LinalgOp(LaxOp, ABC):
    """A matrix algorithm; flags that are not given are false."""

    inputs = var_operand_def(TENSOR)
    outputs = var_result_def(TENSOR)

    traits = traits_def(Pure(), Library())
    irdl_options = (ParsePropInAttrDict(),)

    assembly_format = "$inputs attr-dict `:` functional-type(operands, results)"

    def __init_subclass__(cls, *, signature: str = "", **kwargs: Any) -> None:
        if signature:
            cls.signature_text = lambda self: signature
        super().__init_subclass__(**kwargs)

    def __init__(
        self,
        inputs: Sequence[SSAValue | Operation],
        properties: Mapping[str, Attribute] = {},
    ) -> None:
        # The signature depends on the properties.
        super().__init__(operands=[inputs], result_types=[[]], properties=dict(properties))
        types = self.signature().result_types([type_of(value) for value in inputs])
        self.results = SSAValues(OpResult(tensor, self, i) for i, tensor in enumerate(types))

    def signature_text(self) -> str:
        """Return what the op takes and gives, which may depend on its flags."""
        raise NotImplementedError

    def signature(self) -> Signature:
        """Return what the op takes and gives."""
        return parse_signature(self.signature_text())

    def verify_(self) -> None:
        types = [type_of(value) for value in self.inputs]
        if types and not kind_of(types[0].element_type) & Kind.INEXACT:
            raise VerifyException(f"expected float or complex elements, got {types[0]}")
        check_result_types(self.outputs, self.signature().result_types(types))


# --- Factorisations of symmetric (Hermitian) matrices ---------------------------------------------


class CholeskyOp(LinalgOp, lax="cholesky", signature="(n,n)->(n,n)"):
    """The lower triangular factor of a positive-definite matrix, whose lower triangle is read.

    The upper triangle of the result is undefined.
    """


class EighOp(LinalgOp, lax="eigh", signature="(n,n)->(n,n),(n):real"):
    """The eigenvectors and eigenvalues of a symmetric matrix, of which one triangle is read."""

    lower = opt_prop_def(UnitAttr)
    sort_eigenvalues = opt_prop_def(UnitAttr)


class TridiagonalOp(
    LinalgOp, lax="tridiagonal", signature="(n,n)->(n,n),(n):real,(n-1):real,(n-1)"
):
    """A symmetric matrix in tridiagonal form.

    Gives the reflectors, the diagonal, the diagonal next to it, and the reflectors' factors.
    """

    lower = opt_prop_def(UnitAttr)


# --- Factorisations of general matrices -----------------------------------------------------------


class EigOp(LinalgOp, lax="eig"):
    """The eigenvalues of a matrix, then its left and its right eigenvectors as asked for."""

    compute_left_eigenvectors = opt_prop_def(UnitAttr)
    compute_right_eigenvectors = opt_prop_def(UnitAttr)

    def signature_text(self) -> str:
        asked = (self.compute_left_eigenvectors, self.compute_right_eigenvectors)
        return "(n,n)->(n):complex" + ",(n,n):complex" * sum(flag is not None for flag in asked)


class HessenbergOp(LinalgOp, lax="hessenberg", signature="(n,n)->(n,n),(n-1)"):
    """A matrix in Hessenberg form above its reflectors, and the reflectors' factors."""


class LuOp(LinalgOp, lax="lu", signature="(m,n)->(m,n),(r):i32"):
    """The triangular factors of a matrix in one, and the row swaps of partial pivoting from zero.

    Where lax's primitive gives the permutation as well, that is an op of its own.
    """


class SchurOp(LinalgOp, lax="schur"):
    """The Schur form of a matrix, then its Schur vectors as asked for."""

    compute_schur_vectors = opt_prop_def(UnitAttr)

    def signature_text(self) -> str:
        return "(n,n)->(n,n)" + (",(n,n)" if self.compute_schur_vectors else "")


class SvdAlgorithm(StrEnum):
    """How singular values are found."""

    DEFAULT = "default"
    DIVIDE_AND_CONQUER = "divide_and_conquer"
    QR = "qr"


@irdl_attr_definition
class SvdAlgorithmAttr(EnumAttribute[SvdAlgorithm], SpacedOpaqueSyntaxAttribute):
    name = "xtensor.svd_algorithm"


class SvdOp(LinalgOp, lax="svd"):
    """The singular values of a matrix, then the left and the right singular vectors as asked for.

    The right vectors are rows. With ``full_matrices`` there are as many as make a square matrix.
    """

    compute_uv = opt_prop_def(UnitAttr)
    full_matrices = opt_prop_def(UnitAttr)
    algorithm = opt_prop_def(SvdAlgorithmAttr)

    def signature_text(self) -> str:
        if self.compute_uv is None:
            return "(m,n)->(r):real"
        if self.full_matrices is None:
            return "(m,n)->(r):real,(m,r),(r,n)"
        return "(m,n)->(r):real,(m,m),(n,n)"


# --- The parts of a QR factorisation --------------------------------------------------------------


class GeqrfOp(LinalgOp, lax="geqrf", signature="(m,n)->(m,n),(r)"):
    """The triangular factor of a matrix above its reflectors, and the reflectors' factors."""


class Geqp3Op(LinalgOp, lax="geqp3", signature="(m,n),(n):i32->(m,n),(n):i32,(r)"):
    """As ``geqrf``, with columns in the order of the second result, which counts from one.

    A column whose number in the second operand is not zero goes to the front.
    """


class HouseholderProductOp(LinalgOp, lax="householder_product", signature="(m,n),(k)->(m,n)"):
    """The matrix with orthonormal columns that reflectors and their factors stand for."""


class OrmqrOp(LinalgOp, lax="ormqr"):
    """A matrix times the orthogonal one that reflectors and their factors stand for.

    That one is on the left or on the right, and may be transposed (conjugated, if complex).
    """

    left = opt_prop_def(UnitAttr)
    transpose = opt_prop_def(UnitAttr)

    def signature_text(self) -> str:
        return "(m,n),(k),(m,p)->(m,p)" if self.left else "(m,n),(k),(p,m)->(p,m)"


# --- Equations ------------------------------------------------------------------------------------


class TriangularSolveOp(LinalgOp, lax="triangular_solve"):
    """The solution ``x`` of ``op(a) x = b``, or of ``x op(a) = b``, for a triangular ``a``."""

    left_side = opt_prop_def(UnitAttr)
    lower = opt_prop_def(UnitAttr)
    transpose_a = opt_prop_def(UnitAttr)
    conjugate_a = opt_prop_def(UnitAttr)
    unit_diagonal = opt_prop_def(UnitAttr)

    def signature_text(self) -> str:
        return "(n,n),(n,p)->(n,p)" if self.left_side else "(n,n),(p,n)->(p,n)"


class TridiagonalSolveOp(LinalgOp, lax="tridiagonal_solve", signature="(n),(n),(n),(n,p)->(n,p)"):
    """The solution for a tridiagonal matrix: its lower, middle and upper diagonal, then ``b``.

    With ``perturb_singular``, pivots that are too small are changed, so that there is a solution.
    """

    perturb_singular = opt_prop_def(UnitAttr)


# --- Algorithms that are defined in terms of other ops --------------------------------------------


class CholeskyUpdateOp(CompositeOp, lax="cholesky_update", op_class=Library):
    """The triangular factor of ``r^T r + w w^T``, of the factor ``r`` and the vector ``w``."""


class LuPivotsToPermutationOp(CompositeOp, lax="lu_pivots_to_permutation", op_class=Library):
    """The permutation of rows that a sequence of row swaps amounts to."""


class QrOp(CompositeOp, lax="qr", op_class=Library):
    """A matrix with orthonormal columns, a triangular one, and the columns' order if asked for."""

    pivoting = opt_prop_def(UnitAttr)
    full_matrices = opt_prop_def(UnitAttr)


class SymmetricProductOp(CompositeOp, lax="symmetric_product", op_class=Library):
    """``alpha a a^T + beta c`` for a symmetric ``c``."""

    alpha = prop_def(FloatAttr)
    beta = prop_def(FloatAttr)
