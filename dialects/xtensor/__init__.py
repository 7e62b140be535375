"""The tensor dialect: functional, statically shaped array code with the semantics of ``jax.lax``.

Every op is named after the lax primitive it stands for, and belongs to one class, carried as a
trait: elementwise, contraction, reduction, reindexing, generation, control or library. Rules for
lowering, batching and fusion are written per class. There is one base class per op class (or per
arity within it) that holds operands, results, assembly format and verification, so that most ops
are one line: naming the primitive defines and registers the op.

Where lax broadcasts operands of an elementwise op implicitly, this dialect does not: operands have
one shape, and the importer makes the ``broadcast_in_dim`` explicit. Weak types are not in the IR.
"""

# The op classes are one file each; users of the dialect see one namespace. Star imports keep adding
# an op to one line in one file.
# ruff: noqa: F403

from xdsl.ir import Dialect

from xcs.dialects.xtensor.base import *
from xcs.dialects.xtensor.base import OPERATIONS
from xcs.dialects.xtensor.contraction import *
from xcs.dialects.xtensor.contraction import DotAlgorithmAttr, PrecisionAttr
from xcs.dialects.xtensor.control import *
from xcs.dialects.xtensor.convolution import *
from xcs.dialects.xtensor.cumulative import *
from xcs.dialects.xtensor.elementwise import *
from xcs.dialects.xtensor.elementwise import AccuracyAttr, RoundingMethodAttr
from xcs.dialects.xtensor.generation import *
from xcs.dialects.xtensor.generation import RngAlgorithmAttr
from xcs.dialects.xtensor.indexing import *
from xcs.dialects.xtensor.indexing import IndexModeAttr
from xcs.dialects.xtensor.library import *
from xcs.dialects.xtensor.library import FftTypeAttr
from xcs.dialects.xtensor.linalg import *
from xcs.dialects.xtensor.linalg import SvdAlgorithmAttr
from xcs.dialects.xtensor.reduction import *
from xcs.dialects.xtensor.reindexing import *
from xcs.dialects.xtensor.windowed_reduction import *
from xcs.dialects.xtensor.windowed_reduction import SelectionAttr

XTensor = Dialect(
    "xtensor",
    OPERATIONS,
    [
        AccuracyAttr,
        DotAlgorithmAttr,
        FftTypeAttr,
        IndexModeAttr,
        PrecisionAttr,
        RngAlgorithmAttr,
        RoundingMethodAttr,
        SelectionAttr,
        SvdAlgorithmAttr,
    ],
)
