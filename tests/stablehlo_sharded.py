"""Prints, as JSON, what JAX lowers functions on eight devices to; run in a process of its own.

The argument says whether shardings are written in Shardy's dialect, `shardy`, or as text, `gspmd`.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.sharding import AxisType, NamedSharding, PartitionSpec

P = PartitionSpec
REPLICATED = P()
MESH = jax.make_mesh((4, 2), ("x", "y"), axis_types=(AxisType.Auto,) * 2)
EXPLICIT = jax.make_mesh((4, 2), ("x", "y"), axis_types=(AxisType.Explicit,) * 2)


def on(spec: PartitionSpec) -> NamedSharding:
    """The sharding of a spec."""
    return NamedSharding(MESH, spec)


def array(*shape: int, spec: PartitionSpec = REPLICATED, dtype: Any = jnp.float32) -> Any:
    """An array of this shape that is sharded like this."""
    return jax.ShapeDtypeStruct(shape, dtype, sharding=on(spec))


def mapped(
    function: Callable[..., Any], inputs: Any, outputs: Any, **options: Any
) -> Callable[..., Any]:
    """The function on each device's part."""
    return jax.shard_map(function, mesh=MESH, in_specs=inputs, out_specs=outputs, **options)


X = array(8, 16, spec=P("x", "y"))
XY = P("x", "y")
CASES: dict[str, tuple[Any, ...]] = {
    "matmul": (
        jax.jit(jnp.matmul, in_shardings=(on(P("x")), on(P(None, "y"))), out_shardings=on(XY)),
        array(8, 16, spec=P("x")),
        array(16, 4, spec=P(None, "y")),
    ),
    "constraint": (lambda a: lax.with_sharding_constraint(a * 2, on(P(("x", "y")))), X),
    "unconstrained": (
        lambda a: lax.with_sharding_constraint(a * 2, on(P(P.UNCONSTRAINED, "y"))),
        X,
    ),
    "psum": (mapped(lambda a: lax.psum(a, "x"), XY, P(None, "y")), X),
    "psum_pair": (mapped(lambda a: lax.psum((a, a * 2), ("x", "y")), XY, P()), X),
    "pmax": (mapped(lambda a: lax.pmax(a, "x"), XY, P(None, "y")), X),
    "all_gather": (
        mapped(lambda a: lax.all_gather(a, "x", tiled=True), XY, P(None, "y"), check_vma=False),
        X,
    ),
    "ppermute": (mapped(lambda a: lax.ppermute(a, "x", [(0, 1), (1, 2)]), XY, XY), X),
    "psum_scatter": (
        mapped(
            lambda a: lax.psum_scatter(a, "x", scatter_dimension=1, tiled=True),
            P(),
            P(None, "x"),
            check_vma=False,
        ),
        X,
    ),
    "all_to_all": (
        mapped(lambda a: lax.all_to_all(a, "x", 1, 0, tiled=True), P("x"), P(None, "x")),
        array(8, 16, spec=P("x")),
    ),
    "axis_index": (mapped(lambda a: a + lax.axis_index("x"), XY, XY), X),
    "partial": (mapped(lambda a: lax.psum(a, "x"), P("x"), P(), axis_names={"x"}), X),
    "scan": (
        mapped(
            lambda a: lax.scan(lambda c, y: (c + lax.psum(y.sum(), "x"), y), 0.0, a)[1],
            XY,
            XY,
            check_vma=False,
        ),
        X,
    ),
    "donate": (jax.jit(lambda a: a + 1, donate_argnums=0), X),
    "reshard": (
        lambda a: jax.sharding.reshard(a, NamedSharding(EXPLICIT, P("y", "x"))),
        jax.ShapeDtypeStruct((8, 16), jnp.float32, sharding=NamedSharding(EXPLICIT, XY)),
    ),
    "grad": (jax.grad(lambda w, x: jnp.tanh(x @ w).sum()), array(16, 4, spec=P("y")), X),
    "pmap": (
        jax.pmap(lambda x: lax.psum(x, "i"), axis_name="i"),
        jax.ShapeDtypeStruct((8, 3), jnp.float32),
    ),
}


def main() -> None:
    """Print the text of each case by name."""
    jax.config.update("jax_use_shardy_partitioner", sys.argv[1] == "shardy")
    texts: dict[str, str] = {}
    for name, (function, *arguments) in CASES.items():
        compiled = function if hasattr(function, "lower") else jax.jit(function)
        texts[name] = compiled.lower(*arguments).as_text()
    json.dump(texts, sys.stdout)


if __name__ == "__main__":
    main()
