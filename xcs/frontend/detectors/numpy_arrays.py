"""NumPy: functions of arrays, and those that write, load, or draw random numbers.

What has no row is judged by its source.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from xcs.frontend.classification import Classification
from xcs.frontend.detectors import numpy_names as names
from xcs.frontend.detectors.identity import Identity, class_path, identify
from xcs.frontend.detectors.tables import (
    ENTROPY,
    ENVIRONMENT,
    HIGHER_ORDER,
    MUTATOR,
    PRINTS,
    PROCESS,
    PURE_ENTRY,
    RANDOM,
    READS_ENVIRONMENT,
    READS_FILES,
    SETTINGS,
    UNKNOWN,
    WRITES_FILES,
    Row,
    Table,
    changing,
    entries,
    find_callable,
    private,
    streaming,
)

PRIORITY = -20

_NUMPY: Final = Row("is a NumPy function of its operands", kind="numpy")
_MUTATOR: Final = replace(MUTATOR, says="writes into its operand", kind="numpy")
_SETTINGS: Final = replace(SETTINGS, kind="numpy")

_FUNCTIONS: Final[Table] = (
    entries("numpy", names.FUNCTIONS, _NUMPY)
    | entries("numpy.linalg", names.LINALG, _NUMPY)
    | entries("numpy.fft", names.FFT, _NUMPY)
    | entries("numpy.polynomial.polynomial", names.POLYNOMIAL, _NUMPY)
    | entries("numpy.strings", names.STRINGS, _NUMPY)
    | entries("numpy.char", names.CHARS, _NUMPY)
    | entries("numpy.lib.stride_tricks", "as_strided sliding_window_view", _NUMPY)
    | entries("numpy", "copyto", changing((0, "dst"), row=_MUTATOR))
    | entries("numpy", "fill_diagonal put putmask", changing((0, "a"), row=_MUTATOR))
    | entries("numpy", "place put_along_axis", changing((0, "arr"), row=_MUTATOR))
    | entries("numpy", "nditer nested_iters", changing((0, "op"), row=_MUTATOR))
    | entries("numpy", "save savez savez_compressed savetxt memmap", WRITES_FILES)
    | entries("numpy.lib.format", "open_memmap", WRITES_FILES)
    | entries("numpy", "load loadtxt genfromtxt fromfile fromregex", READS_FILES)
    | entries(
        "numpy", "set_printoptions seterr seterrcall setbufsize printoptions errstate", ENVIRONMENT
    )
    | entries("numpy", "get_printoptions getbufsize geterr geterrcall", READS_ENVIRONMENT)
    | entries("numpy", "array2string array_repr array_str", _SETTINGS)
    | entries("numpy", "info", streaming((2, "output")))
    | entries("numpy", "show_config show_runtime", PRINTS)
    | entries("numpy.testing", "assert_allclose assert_array_equal assert_equal", _NUMPY)
    | entries("", "numpy.testing numpy.f2py numpy.ctypeslib", UNKNOWN)
    | entries("numpy", "test", PROCESS)
    | entries(
        "numpy", "apply_along_axis apply_over_axes fromfunction piecewise fromiter", HIGHER_ORDER
    )
)

_CLASSES: Final[Table] = (
    entries(
        "",
        "numpy.ndarray numpy.generic numpy.dtype numpy.ufunc numpy.flatiter numpy.broadcast"
        " numpy.poly1d numpy.matrix numpy.ma numpy.rec.recarray numpy.record"
        " numpy.char.chararray numpy.polynomial._polybase.ABCPolyBase"
        " numpy.lib._index_tricks_impl numpy._core.getlimits",
        _NUMPY,
    )
    | entries("numpy.ufunc", "at", changing((0, "a"), row=_MUTATOR))
    | entries(
        "numpy.ndarray",
        "fill sort resize partition put setflags setfield byteswap __setitem__ __delitem__"
        " __iadd__ __isub__ __imul__ __itruediv__ __ifloordiv__ __imod__ __ipow__ __iand__"
        " __ior__ __ixor__ __ilshift__ __irshift__ __imatmul__ __setstate__",
        _MUTATOR,
    )
    | entries("numpy.ndarray", "tofile dump", WRITES_FILES)
    | entries("numpy.ndarray", "__str__ __repr__ __format__", _SETTINGS)
    | entries("numpy.ma", "put putmask set_fill_value harden_mask soften_mask", _MUTATOR)
)

_RANDOM: Final[Table] = (
    entries("numpy.random", names.RANDOM, RANDOM)
    | entries("numpy.random", "shuffle", changing((0, "x"), row=RANDOM))
    | entries("numpy.random", "default_rng", ENTROPY)
    | entries("numpy.random.mtrand", "RandomState", private(RANDOM))
    | entries("numpy.random.mtrand.RandomState", "shuffle", private(changing((0, "x"), row=RANDOM)))
    # Each generator owns its stream: a draw changes the generator, nothing else.
    | entries("numpy.random", "_generator.Generator bit_generator.BitGenerator", MUTATOR)
    | entries("numpy.random", "_generator.Generator.spawn bit_generator.SeedSequence", PURE_ENTRY)
    | entries(
        "numpy.random",
        "_generator.Generator() mtrand.RandomState() _mt19937.MT19937() _pcg64.PCG64()"
        " _pcg64.PCG64DXSM() _philox.Philox() _sfc64.SFC64()",
        PURE_ENTRY,
    )
)

TABLE: Final[Table] = _FUNCTIONS | _CLASSES | _RANDOM


def detect(fn: Any) -> Classification | None:
    """Recognise NumPy functions, universal functions, dtypes and array methods."""
    identity = identify(fn)
    if _is_scalar_type(identity):
        return _NUMPY(identity.path)
    if identity.root != "numpy" or _calls_python(identity):
        return None
    row = find_callable(TABLE, identity)
    return row and row(identity.path)


def _is_scalar_type(identity: Identity) -> bool:
    """Whether it builds a scalar, of NumPy's own kinds or those of an extension."""
    scalars = any(class_path(owner) == "numpy.generic" for owner in identity.owners)
    return scalars and identity.is_constructor


def _calls_python(identity: Identity) -> bool:
    """``np.vectorize(f)`` and ``np.frompyfunc(f, ...)`` do what ``f`` does."""
    return identity.path == "numpy.vectorize.__call__" or identity.name.endswith("(vectorized)")
