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
from xcs.dialects.xtensor.contraction import PrecisionAttr
from xcs.dialects.xtensor.control import *
from xcs.dialects.xtensor.elementwise import *
from xcs.dialects.xtensor.elementwise import RoundingMethodAttr
from xcs.dialects.xtensor.generation import *
from xcs.dialects.xtensor.library import *
from xcs.dialects.xtensor.reduction import *
from xcs.dialects.xtensor.reindexing import *

XTensor = Dialect("xtensor", OPERATIONS, [PrecisionAttr, RoundingMethodAttr])
