"""What `test_pmap` runs in a process of its own, where XLA has eight devices of the CPU."""

from __future__ import annotations

import threading
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import xcs


def same(function: Any, *args: Any, **options: Any) -> None:
    found = xcs.pmap(function, **options)(*args)
    expected = jax.pmap(function, **options)(*args)
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
        assert one.sharding.device_set == other.sharding.device_set


def array_code() -> None:
    x = jnp.arange(8.0)
    matrices = jnp.arange(48.0).reshape(8, 3, 2)
    same(lambda x: x**2, x)
    same(jnp.dot, matrices, jnp.swapaxes(matrices, 1, 2))
    same(lambda x: x / jax.lax.psum(x, axis_name="i"), x, axis_name="i")
    same(lambda x, y: (x + y, y * 2.0), x, 4.0, in_axes=(0, None))
    same(lambda x, y: (x + y, y), x, x[:, None], out_axes=(0, 1))
    same(lambda a, b: a["v"] * b, {"v": x}, x)
    same(lambda x, n: x * n, x, 3, static_broadcasted_argnums=1)
    same(lambda x: jax.lax.all_gather(x, "i"), x, axis_name="i")
    same(lambda x: jax.lax.ppermute(x, "i", [(k, (k + 1) % 8) for k in range(8)]), x, axis_name="i")
    same(lambda x: x + jax.lax.axis_index("i"), x[:4], axis_name="i", devices=jax.devices()[:4])

    for wrong in (x[:0].reshape(0), jnp.arange(9.0), None):
        messages = []
        for library in (xcs, jax):
            try:
                library.pmap(lambda x: x)(wrong)
            except ValueError as error:
                messages.append(str(error)[:40])
        assert len(set(messages)) <= 1, messages


@xcs.op
def rate(text: str) -> float:
    return float(len(text))


def hybrid() -> None:
    x, texts = jnp.arange(16.0).reshape(8, 2), [c * k for k, c in enumerate("abcdefgh")]
    devices: set[Any] = set()

    @xcs.op
    def look(value: Any) -> float:
        devices.update(value.devices())
        return 2.0

    def function(x: Any, text: str, scale: Any) -> Any:
        return {"y": jnp.sin(x) * rate(text) * scale * look(x), "text": text}

    mapped = xcs.pmap(function, in_axes=(0, 0, None))
    found = mapped(x, texts, jnp.asarray(0.5))
    expected = jnp.sin(x) * jnp.arange(8.0)[:, None]
    np.testing.assert_allclose(found["y"], expected, rtol=1e-6)
    assert found["text"] == texts
    assert found["y"].sharding.device_set == set(jax.devices())
    assert devices == set(jax.devices())
    last = xcs.pmap(lambda x: x * rate("ab"), in_axes=1, out_axes=-1)(x.T)
    np.testing.assert_allclose(last, (2 * x).T)
    static = xcs.pmap(lambda x, text: x * rate(text), static_broadcasted_argnums=1)(x, "abc")
    np.testing.assert_allclose(static, 3 * x)
    within = xcs.jit(lambda x: xcs.pmap(lambda v: v * rate("ab"))(x) + 1)
    np.testing.assert_allclose(within(x), 2 * x + 1)

    meeting = threading.Barrier(8, timeout=20)

    @xcs.op
    def meet(k: Any) -> float:
        meeting.wait()
        return 1.0

    np.testing.assert_array_equal(xcs.pmap(lambda v: v * meet(v))(x), x)
    with pytest.raises(ValueError, match="requires 9 logical devices, but only 8"):
        xcs.pmap(lambda v: v * rate("a"))(jnp.arange(9.0))

    @xcs.op
    def fail(v: Any) -> float:
        if float(v[0]) == 4.0:
            raise KeyError(float(v[0]))
        return 1.0

    with pytest.raises(KeyError) as error:
        xcs.pmap(lambda v: v * fail(v))(x)
    assert error.value.__notes__ == ["this is the error of element 2"]


if __name__ == "__main__":
    assert len(jax.devices()) == 8
    array_code()
    hybrid()
    print("as expected")
