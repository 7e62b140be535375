"""NumPy: array functions are pure but for those that write, load, or draw random numbers."""

from __future__ import annotations

from typing import Any, Final

from xcs.frontend.classification import Classification, mutator, pure
from xcs.frontend.detectors.identity import Identity, identify
from xcs.frontend.detectors.tables import (
    CONSOLE,
    ENVIRONMENT,
    HIGHER_ORDER,
    MUTATOR,
    PURE_ENTRY,
    RANDOM,
    READS_FILES,
    UNKNOWN,
    WRITES_FILES,
    Entry,
    Table,
    entries,
    lookup,
)

PRIORITY = -20


def _numpy(path: str) -> Classification:
    return pure(f"{path} is a NumPy function of its operands", kind="numpy")


_MUTATOR: Final[Entry] = lambda path: mutator(f"{path} writes into its operand", kind="numpy")

_TABLE: Final[Table] = (
    entries("", "numpy", _numpy)
    | entries("numpy", "copyto put place putmask fill_diagonal put_along_axis ufunc.at", _MUTATOR)
    | entries(
        "numpy.ndarray",
        "fill sort resize partition put itemset setflags setfield __setitem__ __delitem__"
        " __iadd__ __isub__ __imul__ __itruediv__ __ifloordiv__ __imod__ __ipow__ __iand__"
        " __ior__ __ixor__ __ilshift__ __irshift__ __imatmul__ __setstate__",
        _MUTATOR,
    )
    | entries("numpy.ndarray", "tofile dump", WRITES_FILES)
    | entries("numpy", "save savez savez_compressed savetxt memmap open_memmap", WRITES_FILES)
    | entries("numpy", "load loadtxt genfromtxt fromfile fromregex DataSource", READS_FILES)
    | entries(
        "numpy",
        "set_printoptions seterr seterrcall setbufsize set_string_function printoptions errstate"
        " geterr geterrcall",
        ENVIRONMENT,
    )
    | entries("numpy", "info show_config show_runtime", CONSOLE)
    | entries("", "numpy.testing numpy.f2py numpy.distutils numpy.ctypeslib", UNKNOWN)
    | entries("numpy.testing", "assert_allclose assert_array_equal assert_equal", _numpy)
    | entries(
        "numpy", "apply_along_axis apply_over_axes fromfunction piecewise fromiter", HIGHER_ORDER
    )
    | entries("", "numpy.random", RANDOM)
    | entries("", "numpy.random.SeedSequence numpy.random.Generator.spawn", PURE_ENTRY)
    # Each generator owns its stream: a draw changes the generator, nothing else.
    | entries("", "numpy.random._generator.Generator", MUTATOR)
    | entries("", "numpy.random.Generator", MUTATOR)
)

_GENERATOR_TYPES: Final = ("Generator", "RandomState", "BitGenerator")


def detect(fn: Any) -> Classification | None:
    """Recognise NumPy functions, universal functions, dtypes and array methods."""
    identity = identify(fn)
    if identity.root != "numpy":
        return None
    if _calls_python(fn, identity):
        return None
    if identity.is_constructor and identity.name in _GENERATOR_TYPES:
        return PURE_ENTRY(identity.path)
    return lookup(_TABLE, identity.path)


def _calls_python(fn: Any, identity: Identity) -> bool:
    """``np.vectorize(f)`` and ``np.frompyfunc(f, ...)`` do what ``f`` does."""
    return identity.path == "numpy.vectorize.__call__" or identity.name.endswith("(vectorized)")
