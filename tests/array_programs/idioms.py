"""How Python is written around arrays: objects, containers, closures, contexts."""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import typing

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.experimental import io_callback
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P
from jax.tree_util import Partial

from tests.array_programs import PROGRAMS, Program, normal, program


class Activation(enum.Enum):
    RELU = "relu"
    TANH = "tanh"


ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225])
CONFIG = {"layers": 2, "act": "relu", "dims": [3, 4]}
KEY = jax.random.key(42)


@program(lambda: (normal(0, 2, 3),), static_argnames="act")
def enum_static_and_tables(x, act=Activation.TANH):
    return ACTIVATIONS[act.value](x) + (1 if act is Activation.RELU else 0)


@program(lambda: (normal(0, 2, 4, 4, 3),))
def numpy_constants(images):
    x = (images - MEAN) / STD
    return (
        x.mean((1, 2)) @ np.eye(3, 2, dtype=np.float32),
        np.prod(x.shape),
        x * np.float32(2),
        np.pi * x[0, 0],
    )


@program(lambda: (normal(0, 3, 3),))
def config_from_a_global_dict(x):
    for i in range(CONFIG["layers"]):
        x = ACTIVATIONS[CONFIG["act"]](x) + CONFIG["dims"][i]
    return x


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    width: int = 4
    depth: int = 2
    dropout: float = 0.1
    dtype: typing.Any = jnp.bfloat16


@program(lambda: ({"w": normal(0, 2, 4, 4)}, normal(1, 4), ModelConfig()), static_argnums=2)
def config_as_static_argument(params, x, config):
    x = x.astype(config.dtype)
    for i in range(config.depth):
        x = jnp.tanh(x @ params["w"][i].astype(config.dtype)) * (1 - config.dropout)
    return x.astype(jnp.float32), x


class Linear:
    def __init__(self, n, m, key):
        self.weight = jax.random.normal(key, (n, m))
        self.bias = jnp.zeros(m)

    def __call__(self, x):
        return x @ self.weight + self.bias


class Net:
    def __init__(self):
        k = jax.random.split(jax.random.key(0), 3)
        self.layers = {"a": Linear(3, 4, k[0]), "b": Linear(4, 4, k[1])}
        self.head = Linear(4, 2, k[2])
        self.training = True

    @property
    def depth(self):
        return len(self.layers)

    def __call__(self, x):
        for _name, layer in self.layers.items():
            x = jnp.tanh(layer(x))
        if self.training:
            x = x / self.depth
        return self.head(x)


net = Net()


@program(lambda: (normal(0, 5, 3),))
def bound_method_of_a_net(x):
    return net(x)


@functools.partial(
    jax.tree_util.register_dataclass, data_fields=["params", "opt"], meta_fields=["apply", "rate"]
)
@dataclasses.dataclass
class Train:
    params: typing.Any
    opt: typing.Any
    apply: typing.Callable
    rate: float

    def update(self, grads):
        opt = jax.tree.map(lambda m, g: 0.9 * m + g, self.opt, grads)
        params = jax.tree.map(lambda p, m: p - self.rate * m, self.params, opt)
        return dataclasses.replace(self, params=params, opt=opt)


def apply_fn(params, x):
    return jnp.tanh(x @ params["w"]) + params["b"]


@program(
    lambda: (
        Train(
            {"w": normal(0, 3, 2), "b": jnp.zeros(2)},
            {"w": jnp.zeros((3, 2)), "b": jnp.zeros(2)},
            apply_fn,
            0.1,
        ),
        (normal(1, 4, 3), normal(2, 4, 2)),
    ),
    donate_argnums=0,
)
def state_with_methods(state, batch):
    x, y = batch

    def loss(params):
        out = state.apply(params, x)
        return ((out - y) ** 2).mean(), out

    (value, _), grads = jax.value_and_grad(loss, has_aux=True)(state.params)
    norms = {
        jax.tree_util.keystr(k): jnp.linalg.norm(v)
        for k, v in jax.tree_util.tree_leaves_with_path(grads)
    }
    return state.update(grads), {"loss": value, **norms}


@program(lambda: (normal(0, 4), jnp.int32(2)))
def callbacks(x, n):
    jax.debug.print("n={n} {x}", n=n, x=x.sum())
    y = jax.pure_callback(
        lambda a: np.sort(a), jax.ShapeDtypeStruct(x.shape, x.dtype), x, vmap_method="sequential"
    )
    z = io_callback(
        lambda a: np.float32(a * 2), jax.ShapeDtypeStruct((), jnp.float32), n, ordered=True
    )
    jax.debug.callback(lambda a: None, y)
    return y + z


@program(lambda: (normal(0, 3), 3))
def partials_and_recursion(x, n):
    def power(f, k):
        return f if k == 1 else lambda v: f(power(f, k - 1)(v))

    step = Partial(lambda a, v: a * jnp.sin(v), 0.5)
    compose = functools.reduce(
        lambda f, g: lambda v: g(f(v)), [jnp.sin, jnp.cos, functools.partial(jnp.multiply, 2)]
    )
    return power(step, 3)(x), compose(x), lax.fori_loop(0, n, lambda i, v: step(v), x)


@program(lambda: (normal(0, 3, 2), normal(1, 3, 2)))
def generator_and_comprehension_style(a, b):
    def pairs():
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            yield i, x @ y

    total = sum(v for _, v in pairs())
    named = {f"row{i}": v for i, v in pairs() if i}
    first, *rest = a
    matrix = jnp.array([[v * i for i, v in enumerate(row)] for row in rest])
    text = ", ".join(sorted(named))
    acc = []
    for x in rest:
        acc.append(x)
        acc += [x * 2]
    acc[0] = acc[0] + len(text)
    while len(acc) < 6:
        acc.insert(0, first)
    del acc[-1]
    return total, named, matrix, jnp.stack(acc), jnp.concatenate([*acc, b.ravel()]), text and 1


@program(lambda: (normal(0, 3),))
def try_assert_lambda_walrus(x):
    assert x.ndim == 1, "vector"
    try:
        y = x.reshape(2, 2)
    except TypeError:
        y = x[None]
    finally:
        z = x * 2
    if (n := len(x)) == 3:
        y = y + n
    with jax.named_scope("block"):
        z = z if n else None
    s = slice(1, None)
    return y, jnp.asarray(z)[s], (lambda v, *, k=2: v**k)(x), x.at[s].set(0), [*range(n)], None


@program(lambda: ((jnp.arange(3), {"a": [1, 2.5, True]}, None),))
def tree_utilities(tree):
    leaves, structure = jax.tree.flatten(tree)
    doubled = jax.tree.unflatten(structure, [leaf * 2 for leaf in leaves])
    paths = jax.tree_util.tree_map_with_path(lambda path, leaf: leaf + len(path), tree)
    return (
        doubled,
        paths,
        jax.tree.reduce(lambda a, b: a + jnp.sum(b), tree, 0.0),
        jax.tree.transpose(
            jax.tree.structure([0, 0]), jax.tree.structure((0, 0)), [(1, leaves[0]), (2, leaves[0])]
        ),
        jax.flatten_util.ravel_pytree(tree)[0] if hasattr(jax, "flatten_util") else 0,
    )


@program(lambda: (normal(0, 4), normal(1, 4)))
def host_scalars_and_shapes(x, y):
    n = int(np.ceil(x.shape[0] / 3))
    w = math.comb(4, 2) + max(x.shape) + min(len(x), 7)
    grid = np.arange(n)[:, None] * np.ones(2)
    h = jnp.asarray(grid, x.dtype)
    eps = jnp.finfo(x.dtype).eps
    top = np.iinfo(np.int32).max
    return (
        h * w,
        x * eps,
        jnp.int32(top),
        x.size / y.size,
        x.shape,
        str(x.dtype) == "float32",
        jnp.result_type(x, y) == x.dtype,
        np.float64(2.5) * x,
        x * np.array(3),
        np.int8(4),
    )


operator_table = {"logaddexp": lambda x: x.sum()}


def attention(q, k, v, bias=None, *, scale=None, causal=False):
    scale = scale or q.shape[-1] ** -0.5
    logits = jnp.einsum("...qd,...kd->...qk", q, k) * scale
    if bias is not None:
        logits += bias
    if causal:
        logits = jnp.where(
            jnp.tril(jnp.ones(logits.shape[-2:], bool)), logits, jnp.finfo(logits.dtype).min
        )
    return jax.nn.softmax(logits) @ v


@jax.custom_batching.custom_vmap
def batched_norm(x):
    return x / jnp.linalg.norm(x)


@batched_norm.def_vmap
def _(size, batched, x):
    return x / jnp.linalg.norm(x, axis=-1, keepdims=True), True


@jax.custom_gradient
def clip_gradient(x):
    return x, lambda g: (jnp.clip(g, -0.1, 0.1),)


@program(lambda: (normal(0, 4, 3),))
def custom_rules(x):
    return (
        jax.vmap(batched_norm)(x),
        jax.grad(lambda v: jnp.sum(jnp.square(jnp.asarray(clip_gradient(v)))))(x),
        jax.jvp(jnp.sin, (x,), (x,)),
        jax.linear_transpose(lambda v: v @ x.T, x)(x @ x.T),
    )


@program(lambda: (normal(0, 4, 3),))
def refs_and_mutable_arrays(x):
    ref = jax.new_ref(jnp.zeros(3))

    def body(i, _):
        ref[...] += x[i]

    lax.fori_loop(0, 4, body, None)
    return ref[...]


def fgh(x):
    return jnp.tanh(x) * 2


program(lambda: (normal(0, 4),))(jax.jit(fgh))
PROGRAMS["vmap(grad)"] = Program(jax.vmap(jax.grad(fgh)), lambda: (normal(0, 4),), {})
PROGRAMS["partial"] = Program(
    functools.partial(attention, causal=True), lambda: (normal(0, 3, 4),) * 3, {}
)
PROGRAMS["lambda"] = (
    Program(lambda *args, **kw: sum(args) * kw["s"], lambda: (normal(0, 3), 2.0), {})
    if False
    else Program(lambda *args: sum(args), lambda: (normal(0, 3), 2.0), {})
)
PROGRAMS["bound"] = Program(net.__call__, lambda: (normal(0, 5, 3),), {})
PROGRAMS["callable object"] = Program(net, lambda: (normal(0, 5, 3),), {})
PROGRAMS["checkpoint"] = Program(jax.checkpoint(fgh), lambda: (normal(0, 4),), {})
PROGRAMS["shard_map"] = Program(
    jax.shard_map(
        lambda x: x - lax.pmean(x, "d"),
        mesh=Mesh(np.array(jax.devices()[:1]), ("d",)),
        in_specs=P("d"),
        out_specs=P("d"),
    ),
    lambda: (normal(0, 4),),
    {},
)
